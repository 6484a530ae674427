"""What was learnt about targets, kept between processes: ``health.json`` in the state dir.

The third batch of a night shall know what the first one learnt: which models are gone or used
up until when, which limits bind, how large an answer usually is. Processes share what was
learnt, never reservations. Times in the file are seconds since the epoch (the only clock that
two processes share); inside a process they become monotonic.

The file is a memory, not a record: a torn or foreign one is set aside and begun anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, TypeVar

import filelock
import msgspec

from legalgen.completion import LimitKind, LimitWindow, ModelRef
from legalgen.errors import DiskError, ErrorCategory
from legalgen.failover import Health, ProviderHealth, ProviderState, State
from legalgen.limits import Bucket
from legalgen.router import Clock, Router, View

REMEMBER_GONE_S: Final = 24 * 3600.0
LONGEST_S: Final = 24 * 3600.0
CLOCK_SLACK_S: Final = 60.0
FORGET_S: Final = 30 * 24 * 3600.0


class Budget(msgspec.Struct, frozen=True):
    """One budget: ``level`` units were left of ``limit`` at ``at``."""

    kind: LimitKind
    window: LimitWindow
    limit: float
    level: float
    at: float


class Memory(msgspec.Struct, frozen=True):
    """What is remembered of one model of one account. ``seen`` is its last reply."""

    seen: float
    state: State = State.READY
    until: float = 0.0
    why: str = ""
    category: ErrorCategory | None = None
    opened: int = 0
    trickle: bool = False
    latency_s: float | None = None
    usable: tuple[bool, ...] = ()
    budgets: tuple[Budget, ...] = ()
    largest_request: int | None = None
    tokens_per_character: float | None = None
    shares: tuple[float, ...] = ()


class ProviderMemory(msgspec.Struct, frozen=True):
    """What is remembered of one account at one provider."""

    seen: float
    state: ProviderState = ProviderState.UP
    until: float = 0.0
    why: str = ""
    category: ErrorCategory | None = None
    opened: int = 0


M = TypeVar("M", Memory, ProviderMemory)


class Memories(msgspec.Struct, frozen=True):
    """The whole file."""

    version: int = 1
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
        """The account behind a key, which is never stored."""
        digest = hashlib.blake2b((key or "").encode(), digest_size=6, person=b"legalgen")
        return cls(provider, base_url or "", digest.hexdigest())

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

    def read(self) -> Memories:
        """What is remembered; nothing where the file is missing or cannot be read."""
        try:
            raw = self._path.read_bytes()
        except FileNotFoundError:
            return Memories()
        except OSError as error:
            self._notice(f"{self._path} cannot be read ({error.strerror}): it is ignored")
            return Memories()
        try:
            return msgspec.json.decode(raw, type=Memories)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self._notice(f"{self._path} is torn or not ours: it is begun anew")
            return Memories()

    def teach(self, router: Router, *, explicit: frozenset[ModelRef] = frozenset()) -> None:
        """Give a new router what is remembered of its targets.

        A model named by the user gets one try even if it was gone yesterday.
        """
        memories = self.read()
        for target in router.targets:
            ref = target.ref
            memory = memories.models.get(self._accounts[ref.provider].key(ref.model))
            if memory is not None:
                self._teach_model(router, ref, memory, explicit=ref in explicit)
        for provider in router.provider_health():
            remembered = memories.providers.get(self._accounts[provider].key())
            if remembered is not None and self._left(remembered.until, remembered.seen) > 0:
                router.restore_provider(provider, self._provider_health(remembered))

    def learn(self, router: Router) -> None:
        """Write what this run learnt; another process's newer memory of a target is kept.

        Raises:
            DiskError: the state dir cannot be written.
        """
        models = {
            self._accounts[view.ref.provider].key(view.ref.model): self._memory(view)
            for view in router.view()
            if view.seen is not None
        }
        providers = {
            self._accounts[name].key(): self._provider_memory(health)
            for name, health in router.provider_health().items()
            if self._is_known(name, router)
        }
        if models or providers:
            self._merge(models, providers)

    # ------------------------------------------------------------------ reading

    def _teach_model(
        self, router: Router, ref: ModelRef, memory: Memory, *, explicit: bool
    ) -> None:
        left = self._left(memory.until, memory.seen)
        gone = memory.state is State.DROPPED
        lasts = left > 0 and memory.state is not State.READY and not (gone and explicit)
        router.restore(
            ref,
            health=Health(
                state=memory.state if lasts else State.READY,
                until=self._clock.monotonic() + left if lasts else 0.0,
                why=memory.why if lasts else "",
                category=memory.category if lasts else None,
                opened=memory.opened,
                trickle=memory.trickle and lasts,
                latency_s=memory.latency_s,
                usable=memory.usable,
            ),
            buckets=tuple(self._bucket(budget) for budget in memory.budgets),
            largest_request=memory.largest_request,
            tokens_per_character=memory.tokens_per_character,
            shares=memory.shares,
        )

    def _left(self, until: float, seen: float) -> float:
        """Seconds still to go; a clock that was set back meanwhile cannot stretch them."""
        now = self._clock.wall()
        if seen > now + CLOCK_SLACK_S:
            until -= seen - now
        return min(until - now, LONGEST_S)

    def _bucket(self, budget: Budget) -> Bucket:
        age = max(0.0, self._clock.wall() - budget.at)
        at = self._clock.monotonic() - age
        return Bucket(budget.kind, budget.window, budget.limit, budget.level, at)

    def _provider_health(self, memory: ProviderMemory) -> ProviderHealth:
        left = self._left(memory.until, memory.seen)
        return ProviderHealth(
            state=ProviderState.OPEN,
            until=self._clock.monotonic() + left,
            why=memory.why,
            category=memory.category,
            opened=memory.opened,
        )

    # ------------------------------------------------------------------ writing

    def _memory(self, view: View) -> Memory:
        health, now = view.health, self._clock.monotonic()
        gone = health.state is State.DROPPED and (
            health.category is ErrorCategory.MODEL_UNAVAILABLE
        )
        keeps = gone or health.state in (State.LIMITED, State.OPEN, State.EXHAUSTED)
        until = now + REMEMBER_GONE_S if gone else health.until
        return Memory(
            seen=self._wall(view.seen or now),
            state=health.state if keeps else State.READY,
            until=self._wall(until) if keeps else 0.0,
            why=health.why if keeps else "",
            category=health.category if keeps else None,
            opened=health.opened,
            trickle=health.trickle,
            latency_s=health.latency_s,
            usable=health.usable,
            budgets=tuple(
                Budget(b.kind, b.window, b.limit, b.level, self._wall(b.at))
                for b in view.budgets.buckets.values()
            ),
            largest_request=view.budgets.largest_request,
            tokens_per_character=(
                view.experience.tokens_per_character if view.experience.calibrated else None
            ),
            shares=tuple(view.experience.shares)[-30:],
        )

    def _provider_memory(self, health: ProviderHealth) -> ProviderMemory:
        opened = health.state is ProviderState.OPEN
        return ProviderMemory(
            seen=self._clock.wall(),
            state=ProviderState.OPEN if opened else ProviderState.UP,
            until=self._wall(health.until) if opened else 0.0,
            why=health.why if opened else "",
            category=health.category if opened else None,
            opened=health.opened,
        )

    def _is_known(self, provider: str, router: Router) -> bool:
        return any(v.ref.provider == provider and v.seen is not None for v in router.view())

    def _merge(self, models: Mapping[str, Memory], providers: Mapping[str, ProviderMemory]) -> None:
        with self._locked():
            stored = self.read()
            forget = self._clock.wall() - FORGET_S
            merged = Memories(
                models={
                    name: memory
                    for name, memory in _newer(stored.models, models).items()
                    if memory.seen > forget
                },
                providers=_newer(stored.providers, providers),
            )
            self._replace(msgspec.json.format(msgspec.json.encode(merged), indent=1))

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(self._path.with_suffix(".lock"))
            with lock.acquire(timeout=10):
                yield
        except filelock.Timeout as error:
            message = f"{self._path}: locked by another process for over 10 s"
            raise DiskError(message, self._path) from error
        except OSError as error:
            raise DiskError(f"{self._path}: {error.strerror}", self._path) from error

    def _replace(self, content: bytes) -> None:
        aside = self._path.with_suffix(f".{os.getpid()}.tmp")
        try:
            aside.write_bytes(content)
            aside.replace(self._path)
        finally:
            aside.unlink(missing_ok=True)

    def _wall(self, monotonic: float) -> float:
        return monotonic + self._clock.wall() - self._clock.monotonic()


def _newer(stored: Mapping[str, M], ours: Mapping[str, M]) -> dict[str, M]:
    merged = dict(stored)
    for name, memory in ours.items():
        known = merged.get(name)
        if known is None or known.seen <= memory.seen:
            merged[name] = memory
    return merged
