"""What was learnt about targets, kept between processes: ``health.json`` in the state dir.

The third batch of a night shall know what the first one learnt: which models are gone or used
up until when, which limits bind, how large an answer usually is. What is reserved now is shared in
a file of its own (``shared``). Times here are seconds since the epoch, the only clock that outlives
a boot; inside a process they become monotonic.

The file is a memory, not a record: a torn or foreign one is set aside and begun anew, and no
batch ends because it cannot be written.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Final, TypeVar

import filelock
import msgspec
from msgspec.structs import replace

from legalgen.completion import DAY_S, LimitKind, LimitWindow, ModelRef
from legalgen.errors import LONGEST_HINT_S, ErrorCategory, Trouble
from legalgen.failover import Health, ProviderHealth, ProviderState, State
from legalgen.routing.rate_limits import Bucket
from legalgen.routing.remedies import account_trouble, kept_away
from legalgen.routing.router import Router
from legalgen.routing.targets import View
from legalgen.routing.unsupported import KEPT_S
from legalgen.settings.reading import read_whole
from legalgen.settings.writing import PRIVATE, clear_beside, make_folder, swapped_in
from legalgen.telemetry.clock import Clock

REMEMBER_GONE_S: Final = DAY_S
CLOCK_SLACK_S: Final = 60.0
FORGET_S: Final = 30 * DAY_S
PROBED_S: Final = 3600.0
"""A model that was left alone until not longer ago than this is asked once before it is trusted."""
REWRITE_S: Final = 10.0
"""How soon levels and latencies, which change with every call, are worth a write."""
LOCK_S: Final = 1.0
VERSION: Final = 1
_USERINFO: Final = r"(?<=://)[^/|]*@"
"""The user and password in a server's address, which do not belong in a name."""

EpochTime = Annotated[float, msgspec.Meta(ge=-1e11, le=1e11)]
"""Seconds since the epoch, until the year 5138: beyond it no date can be shown."""
Size = Annotated[int, msgspec.Meta(ge=0, le=10**15)]
Amount = Annotated[float, msgspec.Meta(ge=-1e16, le=1e16)]
Positive = Annotated[float, msgspec.Meta(ge=1e-6, le=1e15)]
"""What is learnt stays within these bounds; what is not comes from elsewhere, and no sum of it
overflows."""


class Budget(msgspec.Struct, frozen=True):
    """One budget of an account: ``level`` units were left of ``limit`` at ``at``. ``learnt``: the
    vendor said so, not the user. ``common``: all models of the provider share it."""

    kind: LimitKind
    window: LimitWindow
    limit: Positive
    level: Amount
    at: EpochTime
    learnt: bool = True
    common: bool = False


class Memory(msgspec.Struct, frozen=True):
    """What is remembered of one model of one account. ``seen`` is its last reply;
    ``unsupported`` is what it refuses of a request, with when that was learnt."""

    seen: EpochTime
    state: State = State.READY
    until: EpochTime = 0.0
    trouble: Trouble | None = None
    opened: Size = 0
    trickle: bool = False
    hinted: bool = False
    latency_s: Amount | None = None
    budgets: tuple[Budget, ...] = ()
    largest_request: Size | None = None
    largest_output: Size | None = None
    tokens_per_character: Positive | None = None
    shares: tuple[Positive, ...] = ()
    unsupported: dict[str, EpochTime] = {}


class ProviderMemory(msgspec.Struct, frozen=True):
    """What is remembered of one account at one provider."""

    seen: EpochTime
    state: ProviderState = ProviderState.UP
    until: EpochTime = 0.0
    trouble: Trouble | None = None
    opened: Size = 0


M = TypeVar("M", Memory, ProviderMemory)


class Memories(msgspec.Struct, frozen=True):
    """The whole file."""

    version: int = VERSION
    models: dict[str, Memory] = {}
    providers: dict[str, ProviderMemory] = {}


class Account(msgspec.Struct, frozen=True):
    """Whom a memory is about: a provider at one address with one key.

    ``fingerprint`` tells keys apart without giving one away.
    """

    provider: str
    base_url: str
    fingerprint: str

    @classmethod
    def of(cls, provider: str, base_url: str | None, key: str | None) -> Account:
        """The account behind a key, which is never stored; nor is a password in the address, or
        its query, where some servers take the key."""
        base_url, _, query = re.sub(_USERINFO, "", base_url or "").partition("?")
        whole = f"{key or ''}?{query}" if query else key or ""
        digest = hashlib.blake2b(whole.encode(), digest_size=6, person=b"legalgen")
        return cls(provider, base_url, digest.hexdigest())

    def key(self, model: str = "") -> str:
        """The name of the memory in the file."""
        return f"{self.provider}|{self.base_url}|{self.fingerprint}|{model}"


class HealthBook:
    """Reads and writes ``health.json``; safe for several processes at once."""

    def __init__(
        self,
        path: Path,
        accounts: Mapping[str, Account],
        *,
        clock: Clock | None = None,
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._path = path
        self._accounts = accounts
        self._clock = clock or Clock()
        self._notice = notice
        self._noticed: set[str] = set()
        self._written: Memories | None = None
        self._written_at = -math.inf

    def read(self) -> Memories:
        """What is remembered; nothing where the file is missing or cannot be read."""
        try:
            return self._decoded() or Memories()
        except OSError as error:
            self._notice_once(f"{self._path} cannot be read ({error.strerror}): it is ignored")
            return Memories()

    def _decoded(self) -> Memories | None:
        """What the file holds; None where there is none, or none of ours."""
        try:
            memories = msgspec.json.decode(read_whole(self._path), type=Memories)
        except FileNotFoundError:
            return None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._notice_once(f"{self._path} is torn or not ours: it is begun anew")
            return None
        if memories.version != VERSION:
            self._notice_once(f"{self._path} is of another version: it is begun anew")
            return None
        return memories

    def teach(self, router: Router, *, explicit: frozenset[ModelRef] = frozenset()) -> None:
        """Give a new router what is remembered of its targets.

        A model named by the user gets one try even if it was gone yesterday.
        """
        memories = self.read()
        for target in router.registry.targets:
            ref = target.ref
            memory = memories.models.get(self._accounts[ref.provider].key(ref.model))
            if memory is not None:
                self._teach_model(router, ref, memory, explicit=ref in explicit)
        for provider in router.registry.provider_health():
            remembered = memories.providers.get(self._accounts[provider].key())
            if remembered is None or remembered.state is not ProviderState.OPEN:
                continue  # a refused key is tried again: it may have been mended
            if seconds_left(remembered, self._clock.wall()) > 0:
                router.registry.restore_provider(provider, self._provider_health(remembered))

    def learn(self, router: Router, *, force: bool = False) -> None:
        """Write what this run learnt; another process's newer memory of a target is kept.

        Cheap enough to be called every second: what changes with every call (levels, latencies)
        is written every ten seconds, or when ``force`` is set; a change of state at once. A file
        that cannot be written is noticed once, and no error.
        """
        ours = self._ours(router)
        if not (ours.models or ours.providers) or not self._is_due(ours, force):
            return
        try:
            self._merge(ours)
        except filelock.Timeout:
            return  # another process is writing: the next second will do
        except OSError as error:
            self._notice_once(
                f"{self._path} cannot be written ({error.strerror}): "
                "what this run learns is not remembered"
            )
        self._written, self._written_at = ours, self._clock.monotonic()

    def _ours(self, router: Router) -> Memories:
        views = [(view, view.seen) for view in router.registry.view() if view.seen is not None]
        in_order = sorted(views, key=lambda pair: pair[1])
        seen = {view.ref.provider: at for view, at in in_order}
        return Memories(
            models={
                self._accounts[view.ref.provider].key(view.ref.model): replace(
                    self._memory(view, at), unsupported=router.unsupported.learnt(view.ref)
                )
                for view, at in views
            },
            providers={
                self._accounts[name].key(): self._provider_memory(health, seen[name])
                for name, health in router.registry.provider_health().items()
                if name in seen
            },
        )

    def _is_due(self, ours: Memories, force: bool) -> bool:
        before = self._written
        if before is None or _gist(before) != _gist(ours):
            return True
        rested = self._clock.monotonic() - self._written_at >= REWRITE_S
        return (force or rested) and before != ours

    def _notice_once(self, text: str) -> None:
        if text not in self._noticed:
            self._noticed.add(text)
            self._notice(text)

    # ------------------------------------------------------------------ reading

    def _teach_model(
        self, router: Router, ref: ModelRef, memory: Memory, *, explicit: bool
    ) -> None:
        router.registry.restore(
            ref,
            health=self._health(memory, explicit=explicit),
            buckets=[self._bucket(each) for each in memory.budgets if not each.common],
            common=[self._bucket(each) for each in memory.budgets if each.common],
            largest_request=memory.largest_request,
            largest_output=memory.largest_output,
            tokens_per_character=memory.tokens_per_character,
            shares=memory.shares,
        )
        now = self._clock.wall()
        router.unsupported.restore(
            ref, {name: at for name, at in memory.unsupported.items() if now - KEPT_S < at}
        )

    def _health(self, memory: Memory, *, explicit: bool) -> Health:
        left = seconds_left(memory, self._clock.wall())
        known = Health(latency_s=memory.latency_s)
        least = -PROBED_S if memory.state is State.OPEN else 0.0
        given_a_try = memory.state is State.DROPPED and explicit
        if memory.state is State.READY or left <= least or given_a_try:
            return known
        until = self._clock.monotonic() + left
        return replace(
            known,
            state=memory.state,
            until=until,
            hinted=until if memory.hinted else 0.0,
            trouble=memory.trouble,
            opened=memory.opened,
            trickle=memory.trickle,
        )

    def _bucket(self, budget: Budget) -> Bucket:
        age = max(0.0, self._clock.wall() - budget.at)
        at = self._clock.monotonic() - age
        return Bucket(
            budget.kind, budget.window, budget.limit, budget.level, at, learnt=budget.learnt
        )

    def _provider_health(self, memory: ProviderMemory) -> ProviderHealth:
        left = seconds_left(memory, self._clock.wall())
        return ProviderHealth(
            state=ProviderState.OPEN,
            until=self._clock.monotonic() + left,
            trouble=memory.trouble,
            opened=memory.opened,
        )

    # ------------------------------------------------------------------ writing

    def _memory(self, view: View, seen: float) -> Memory:
        health, shared = view.health, view.budgets.common
        trouble = health.trouble
        gone = health.state is State.DROPPED and (
            trouble is not None
            and trouble.category is ErrorCategory.MODEL_UNAVAILABLE
            and not kept_away(trouble)
        )
        keeps = gone or health.state in (State.LIMITED, State.OPEN, State.EXHAUSTED)
        until = seen + REMEMBER_GONE_S if gone else health.until
        return Memory(
            seen=self._wall(seen),
            state=health.state if keeps else State.READY,
            until=self._wall(until) if keeps else 0.0,
            trouble=trouble if keeps else None,
            opened=health.opened,
            trickle=keeps and health.trickle,
            hinted=keeps and health.hinted >= health.until,
            latency_s=health.latency_s,
            budgets=tuple(
                Budget(
                    b.kind,
                    b.window,
                    b.whole or b.limit,
                    b.level / b.share,
                    self._wall(b.at),
                    b.learnt,
                    common=shared is not None and shared.buckets.get(key) is b,
                )
                for key, b in view.budgets.buckets.items()
            ),
            largest_request=view.budgets.largest_request,
            largest_output=view.budgets.largest_output,
            tokens_per_character=view.experience.tokens_per_character,
            shares=tuple(view.experience.shares)[-30:],
        )

    def _provider_memory(self, health: ProviderHealth, seen: float) -> ProviderMemory:
        trouble = health.trouble
        barred = health.state is ProviderState.DROPPED and (
            trouble is not None and account_trouble(trouble) is not None
        )
        keeps = barred or health.state is ProviderState.OPEN
        until = seen + REMEMBER_GONE_S if barred else health.until
        return ProviderMemory(
            seen=self._wall(seen),
            state=health.state if keeps else ProviderState.UP,
            until=self._wall(until) if keeps else 0.0,
            trouble=trouble if keeps else None,
            opened=health.opened,
        )

    def _merge(self, ours: Memories) -> None:
        make_folder(self._path.parent)
        lock = filelock.FileLock(self._path.with_suffix(".lock"), mode=PRIVATE)
        with lock.acquire(timeout=LOCK_S):
            stored = self._decoded()
            if stored is None:
                self._set_aside()
                stored = Memories()
            now = self._clock.wall()
            merged = Memories(
                models=_newer(stored.models, ours.models, now),
                providers=_newer(stored.providers, ours.providers, now),
            )
            self._replace(msgspec.json.format(msgspec.json.encode(merged), indent=1))

    def _set_aside(self) -> None:
        """Keep a file that is not ours: somebody may miss it."""
        with contextlib.suppress(FileNotFoundError):
            self._path.replace(self._path.with_suffix(".unreadable"))

    def _replace(self, content: bytes) -> None:
        clear_beside(self._path.parent)
        # Nothing is lost with it that the next calls do not teach: no batch waits for the disk.
        with swapped_in(self._path, PRIVATE, durable=False) as file:
            file.write(content)

    def _wall(self, monotonic: float) -> float:
        return round(self._clock.wall_at(monotonic), 3)


def seconds_left(memory: Memory | ProviderMemory, now: float) -> float:
    """How long what is remembered still holds; a clock that was set back meanwhile cannot stretch
    it."""
    ahead = memory.seen - now
    until = memory.until - ahead if ahead > CLOCK_SLACK_S else memory.until
    return min(until - now, LONGEST_HINT_S)


def _gist(memories: Memories) -> tuple[object, ...]:
    """What another process must know at once: who is out, and which limits there are."""
    models = {
        name: (
            memory.state,
            memory.until > 0 and round(memory.until),
            memory.largest_request,
            memory.largest_output,
            sorted(memory.unsupported),
            sorted((b.kind, b.window, b.limit) for b in memory.budgets),
        )
        for name, memory in memories.models.items()
    }
    providers = {
        name: (memory.state, round(memory.until)) for name, memory in memories.providers.items()
    }
    return models, providers


def _newer(stored: Mapping[str, M], ours: Mapping[str, M], now: float) -> dict[str, M]:
    """Of two memories the newer; what was seen in the future, before the clock was set back, is
    older than anything of now, and what was not seen for a month is forgotten."""
    merged = {
        name: memory
        for name, memory in stored.items()
        # earlier versions kept an address with its password
        if memory.seen > now - FORGET_S and not re.search(_USERINFO, name)
    }
    for name, memory in ours.items():
        known = merged.get(name)
        if known is None or known.seen <= memory.seen or known.seen > now + CLOCK_SLACK_S:
            merged[name] = memory
    return merged
