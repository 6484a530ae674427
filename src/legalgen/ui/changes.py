"""Events as sentences: of all that happens, the changes that a person can use.

A model that fails is told once, when a call goes elsewhere because of it, and again when it is
back. What each call met is in the log, and in ``history --why``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from legalgen.completion import ModelRef
from legalgen.errors.category import ErrorCategory as C
from legalgen.errors.plurals import plural
from legalgen.telemetry import events
from legalgen.telemetry.clock import local_time
from legalgen.ui import words

STEADY = timedelta(seconds=30)
"""A model is back when it delivers and has not failed for so long: one that comes and goes is
away."""
SAME_WAIT = timedelta(minutes=5)
"""A wait for a model is told once in so long; the report of every 30 s says the present one."""
_OF_PROVIDER = frozenset({C.AUTHENTICATION, C.CONNECTION_ERROR, C.OVERLOADED})
"""Failures that are a provider's, where a call leaves it for another."""
_OF_TASK = frozenset({C.OUTPUT_INVALID, C.CONTENT_FILTER, C.BAD_REQUEST})
"""Failures that say nothing of a model that stays in use: another is tried for this sample."""
_LEAVE_A_PROVIDER = frozenset({"key_refused", "network_refused", "no_credit", "wrong_address"})
"""Troubles after which nothing is asked of a provider."""
_FOR_GOOD = frozenset({C.CONTEXT_LENGTH, C.MODEL_UNAVAILABLE, C.AUTHENTICATION})
"""Failures that no later sample of the same model takes back."""


class Saying(msgspec.Struct, frozen=True):
    """One line for people; lines with the same ``key`` (not None) say the same thing again."""

    text: str
    key: object = None


class Away(msgspec.Struct):
    """Who was told to be failing: with what, and when it last did."""

    category: str
    failed: datetime


class Changes:
    """What was told of a run so far; ``hear`` says what is new."""

    def __init__(self) -> None:
        self._away: dict[str, Away] = {}
        self._waits: dict[str, datetime] = {}
        self._troubled: set[str] = set()
        """Providers whose trouble was told; who is paid in their place will be, too."""
        self._say: dict[type[events.Event], Callable[[Any], Saying | None]] = {
            events.BatchStarted: _started,
            events.CallFailed: self._failed,
            events.Switched: self._switched,
            events.SampleAccepted: self._accepted,
            events.Waiting: self._waiting,
            events.WaitingForLock: _waiting_for_lock,
            events.TaskGivenUp: _given_up,
            events.PointsListed: _points,
            events.Alert: lambda e: Saying(f"ALERT: {e.message}"),
            events.TroubleFound: self._trouble,
            events.Notice: lambda e: Saying(str(e.text)),
            events.Spilled: lambda e: Saying(f"{e.target} is paid, too: {e.provider}: {e.reason}"),
        }

    def hear(self, event: events.Event) -> Saying | None:
        """The event as a line; None for one that changes nothing that was told."""
        say = self._say.get(type(event))
        return say(event) if say is not None else None

    def _failed(self, event: events.CallFailed) -> None:
        """It is told when a call goes elsewhere; until then it only shows who is not back yet."""
        for subject in (event.provider, f"{event.provider}/{event.model}"):
            if subject in self._away:
                self._away[subject].failed = event.at

    def _switched(self, event: events.Switched) -> Saying | None:
        if event.category in _OF_TASK and not event.out:
            return None
        source, target = ModelRef.parse(event.source), ModelRef.parse(event.target)
        elsewhere = source.provider != target.provider
        subject = event.source
        if elsewhere and event.category in _OF_PROVIDER:
            subject = source.provider
        known = self._away.get(subject)
        self._away[subject] = Away(event.category, event.at)
        told = elsewhere and source.provider in self._troubled and target.provider != "local"
        if told or (known is not None and known.category == event.category):
            return None
        instead = target.provider if elsewhere else target.model
        return Saying(f"{subject} is {words.is_(event.category)}, going on with {instead}")

    def _trouble(self, event: events.TroubleFound) -> Saying:
        if event.kind in _LEAVE_A_PROVIDER:
            self._troubled.add(event.target)
        return Saying(f"TROUBLE: {event.remedy}")

    def _accepted(self, event: events.SampleAccepted) -> Saying | None:
        """Of a provider that is back the model that showed it is not told, too."""
        both = (event.provider, f"{event.provider}/{event.model}")
        back = [subject for subject in both if self._is_back(subject, event.at)]
        for subject in back:
            del self._away[subject]
        return Saying(f"{back[0]} is back") if back else None

    def _is_back(self, subject: str, now: datetime) -> bool:
        away = self._away.get(subject)
        return away is not None and away.category not in _FOR_GOOD and now - away.failed >= STEADY

    def _waiting(self, event: events.Waiting) -> Saying | None:
        told = self._waits.get(event.target)
        if told is not None and event.at - told < SAME_WAIT:
            return None
        self._waits[event.target] = event.at
        why = words.told(event.reason).partition(": ")[0]
        until = f"{local_time(event.until):%H:%M:%S}"
        return Saying(f"waiting {event.seconds:.0f} s for {event.target} until {until}: {why}")


def _started(event: events.BatchStarted) -> Saying:
    verb = "resumed" if event.resumed else "started"
    count = plural(event.target, "sample")
    done = f", {event.accepted} of them written" if event.accepted else ""
    toy = "; a rehearsal: a toy model writes, nothing goes to train/"
    end = toy if event.dataset == "rehearsal" else ""
    return Saying(f"batch {event.batch} {verb}: {count}{done}, {event.route[0]} first{end}")


def _given_up(event: events.TaskGivenUp) -> Saying:
    reason = event.reason.removesuffix(": given up").removesuffix(": the task is given up")
    topic = event.topic.replace("_", " ")
    last = f" ({words.told_of(event.failures[-1])})" if event.failures else ""
    return Saying(f"a sample on {topic} is given up: {reason}{last}", (type(event), reason))


def _points(event: events.PointsListed) -> Saying | None:
    if event.points:
        return None
    return Saying(f"no points for {event.topic}: its samples are written without ({event.reason})")


def _waiting_for_lock(event: events.WaitingForLock) -> Saying:
    return Saying(f"waiting for another process: {event.reason}", (event.lock, event.holder))
