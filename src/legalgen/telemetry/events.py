"""What a run tells while it goes: one value per thing that happened.

Every event can be written as one JSON object (``--events``); ``type`` names its kind. Times are
UTC. Listeners are called in the main thread, in the order in which things happened. What a batch
keeps of them is the entries of its record, the ``Note`` types of :mod:`legalgen.store.ledger`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec


class Event(msgspec.Struct, frozen=True, tag=True, tag_field="type", kw_only=True):
    """The root of all events."""

    at: datetime


class BatchStarted(Event, frozen=True, kw_only=True):
    """A batch begins, or goes on where it stopped."""

    batch: str
    target: int
    accepted: int
    route: tuple[str, ...]
    dataset: str
    resumed: bool = False


class CallFailed(Event, frozen=True, kw_only=True):
    """One call failed: what came back, what was decided, and until when.

    ``wrong_url``, ``credit`` and ``address`` are those of :class:`legalgen.errors.Failure`.
    """

    slot: int
    provider: str
    model: str
    category: str
    status: int | None
    message: str
    decided: str
    until: datetime | None = None
    hint_s: float | None = None
    codes: tuple[str, ...] = ()
    wrong_url: bool = False
    credit: bool = False
    address: str = ""


class Switched(Event, frozen=True, kw_only=True):
    """A task moved to another model because a call failed; ``out``: the model that it left takes
    no calls of other tasks either, for a time or for good."""

    slot: int
    source: str
    target: str
    category: str
    reason: str
    out: bool = False


class Waiting(Event, frozen=True, kw_only=True):
    """Nothing is ready: what is waited for, how long, and why."""

    target: str
    seconds: float
    until: datetime
    reason: str


class WaitingForLock(Event, frozen=True, kw_only=True):
    """Another process holds what this run needs: it goes on when that one is done.

    ``lock`` names what is held: ``batch`` is the right to run one in this data dir. ``holder`` is
    the batch that has it, where that is known; after ``seconds`` the run gives up waiting.
    """

    lock: str
    holder: str | None
    seconds: float
    reason: str


class StopRequested(Event, frozen=True, kw_only=True):
    """A signal asked the run to end: it finishes the calls in flight and begins none."""

    in_flight: int


class SampleAccepted(Event, frozen=True, kw_only=True):
    """A sample was accepted and is on disk."""

    slot: int
    sample: str
    provider: str
    model: str
    accepted: int
    flags: tuple[str, ...]
    latency_s: float
    input_tokens: int
    output_tokens: int
    cost_usd: float | None = None


class AnswerRejected(Event, frozen=True, kw_only=True):
    """An answer was paid for and not kept."""

    slot: int
    provider: str
    model: str
    codes: tuple[str, ...]
    message: str
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None


class TaskGivenUp(Event, frozen=True, kw_only=True):
    """A slot will not be filled; another is planned in its place."""

    slot: int
    topic: str
    failures: tuple[str, ...]
    reason: str


class PointsListed(Event, frozen=True, kw_only=True):
    """A topic's list of points is there: ``asked`` for now, or kept from earlier.

    With no ``points`` its samples are written without, because of ``reason``.
    """

    topic: str
    model: str = ""
    points: int = 0
    asked: bool = True
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    reason: str = ""


class Sealed(Event, frozen=True, kw_only=True):
    """Journalled samples became a part of the dataset."""

    part: str


class Alert(Event, frozen=True, kw_only=True):
    """A batch has had more switches or timeouts than it should."""

    kind: str
    message: str


class TroubleFound(Event, frozen=True, kw_only=True):
    """Something is wrong with an account, or rows lack the marks that were asked for; told once.

    ``remedy`` is a sentence that says it and what to do.
    """

    kind: str
    target: str
    remedy: str
    category: str = ""
    status: int | None = None
    message: str = ""
    instead_of: str = ""


class Spilled(Event, frozen=True, kw_only=True):
    """Another provider than the named one is paid, because of its pace or its limits; told once."""

    slot: int
    provider: str
    target: str
    reason: str


class Notice(Event, frozen=True, kw_only=True):
    """Something a user should know; one sentence."""

    text: str


class BatchFinished(Event, frozen=True, kw_only=True):
    """A batch ended: how, why, and when to come back."""

    batch: str
    status: str
    reason: str
    accepted: int
    target: int
    exit_code: int
    resume_after: datetime | None = None


Listener = Callable[[Event], None]


def encode(event: Event) -> bytes:
    """One JSON object, without a newline."""
    return msgspec.json.encode(event)
