"""health.json: what one process learnt, another one knows, whatever happened to file and clock."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import threading
from pathlib import Path
from random import Random

import filelock
import pytest
from hypothesis import given
from hypothesis import strategies as st

from legalgen.completion import Completion, LimitReading, ModelRef, Usage
from legalgen.errors import ErrorCategory, Failure
from legalgen.failover import ProviderState, Trail
from legalgen.routing.health import REMEMBER_GONE_S, Account, HealthBook, Memories
from legalgen.routing.rate_limits import Demand
from legalgen.routing.remedies import account_trouble
from legalgen.routing.router import Router
from legalgen.routing.targets import Lease, Target, View
from legalgen.telemetry.clock import Clock

C = ErrorCategory
A, B, D = ModelRef("groq", "a"), ModelRef("groq", "b"), ModelRef("cerebras", "d")
DEMAND = Demand(4300, 1000, 300)
ACCOUNTS = {
    "groq": Account.of("groq", "https://groq.invalid", "gsk-secret-of-mine"),
    "cerebras": Account.of("cerebras", None, "csk-secret-of-mine"),
}


class Process:
    """One process of a night: its own monotonic clock, the machine's time of day."""

    def __init__(self, path: Path, *, wall: float, monotonic: float = 50.0) -> None:
        self.wall, self.monotonic = wall, monotonic
        self.clock = Clock(lambda: self.monotonic, lambda: self.wall)
        self.notices: list[str] = []
        self.book = HealthBook(path, ACCOUNTS, clock=self.clock, notice=self.notices.append)
        targets = [Target(A), Target(B), Target(D)]
        self.router = Router(targets, clock=self.clock, random=Random(1))

    def pass_time(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds

    def call(self, ref: ModelRef) -> Lease:
        used_up = frozenset({A, B, D}) - {ref}
        lease = self.router.turn(Trail(used_up=used_up), lambda _: DEMAND)
        assert isinstance(lease, Lease)
        return lease

    def fail(self, ref: ModelRef, category: ErrorCategory, **known: object) -> None:
        failure = Failure(category, "words", **known)  # type: ignore[arg-type]
        self.router.failed(self.call(ref), failure, Trail())

    def reply(self, ref: ModelRef, *readings: LimitReading) -> None:
        usage = Usage(1000, 700)
        done = Completion("{}", "stop", usage, ref.model, 1.5, readings=readings)
        self.router.replied(self.call(ref), done)

    def view(self, ref: ModelRef) -> View:
        return next(view for view in self.router.registry.view() if view.ref == ref)

    def left(self, ref: ModelRef) -> tuple[str, float | None]:
        """State and seconds to go."""
        view = self.view(ref)
        seconds = view.until - self.monotonic if view.until is not None else None
        return view.state, None if seconds is None else round(seconds, 2)


NOON = 1_790_000_000.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "health.json"


def learnt(path: Path, category: ErrorCategory, **known: object) -> Process:
    """A process that met one failure at noon and wrote it down."""
    process = Process(path, wall=NOON)
    process.fail(A, category, **known)
    process.book.learn(process.router)
    return process


def taught(path: Path, *, later: float, **known: object) -> Process:
    """A process that begins so many seconds after noon."""
    process = Process(path, wall=NOON + later, monotonic=9.0)
    process.book.teach(process.router, **known)  # type: ignore[arg-type]
    return process


numbers = st.sampled_from(
    [0, -1, 1, 1.5, 5e-324, 1e15, 1e17, 1e308, -1e308, 2**63, 10**400, NOON, None, "9"]
)
budgets = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["requests", "tokens"]),
        "window": st.sampled_from(["minute", "day"]),
        "limit": numbers,
        "level": numbers,
        "at": numbers,
    }
)
memories = st.fixed_dictionaries(
    {"seen": st.one_of(st.just(NOON), numbers)},
    optional={
        "state": st.sampled_from(["ready", "open", "limited", "exhausted", "dropped", "x"]),
        "until": numbers,
        "opened": numbers,
        "latency_s": numbers,
        "largest_request": numbers,
        "largest_output": numbers,
        "tokens_per_character": numbers,
        "shares": st.lists(numbers, max_size=6),
        "budgets": st.lists(budgets, max_size=2),
    },
)


@given(memory=memories, provider=memories)
def test_no_number_in_the_file_ends_a_batch(
    tmp_path_factory: pytest.TempPathFactory, memory: object, provider: object
) -> None:
    """Whatever stands there is believed within bounds, or begun anew: calls go on, all is shown."""
    path = tmp_path_factory.mktemp("health") / "health.json"
    groq = ACCOUNTS["groq"]
    held = {"models": {groq.key(A.model): memory}, "providers": {groq.key(): provider}}
    path.write_text(json.dumps(held), "utf-8")

    process = taught(path, later=60)
    turn = process.router.turn(Trail(), lambda _: DEMAND)
    if isinstance(turn, Lease):
        process.router.replied(turn, Completion("{}", "stop", Usage(1000, 700), "a", 1.5))
    process.book.learn(process.router, force=True)

    assert all(math.isfinite(view.until or 0.0) for view in process.router.registry.view())
    again = taught(path, later=61)
    assert again.notices == []


@pytest.mark.parametrize("content", ["[" * 100_000, '{"models": ' * 100_000, '{"version": 1e308}'])
def test_a_file_that_cannot_be_read_is_begun_anew(path: Path, content: str) -> None:
    """However deep it is nested."""
    path.parent.mkdir()
    path.write_text(content, "utf-8")

    process = taught(path, later=60)
    process.fail(A, C.OVERLOADED)
    process.book.learn(process.router)

    assert len(process.notices) == 1
    assert taught(path, later=61).left(A)[0] == "open"


def test_a_password_in_an_address_is_never_stored(path: Path) -> None:
    """Nor is one left that an earlier version has written."""
    before, now = "openai|http://me:hunter22@h/v1|f|m", "openai|http://h/v1|f|m"
    path.parent.mkdir()
    held = {"version": 1, "models": {before: {"seen": NOON}, now: {"seen": NOON}}}
    path.write_text(json.dumps(held), "utf-8")

    learnt(path, C.RATE_LIMIT)

    kept = json.loads(path.read_text("utf-8"))["models"]
    assert set(kept) == {now, ACCOUNTS["groq"].key(A.model)}
    assert "hunter" not in Account.of("openai", "http://me:hunter22@h/v1", "key").key()


@pytest.mark.parametrize(
    ("category", "known", "state", "seconds"),
    [
        (C.RATE_LIMIT, {"retry_after_s": 600.0}, "limited", 600),
        (C.QUOTA_EXHAUSTED, {"retry_after_s": 40_000.0, "window": "day"}, "exhausted", 40_000),
        (C.QUOTA_EXHAUSTED, {}, "exhausted", 3600),
        (C.OVERLOADED, {"retry_after_s": 600.0}, "open", 600),
    ],
)
def test_what_is_out_for_a_time_stays_out(
    path: Path, category: ErrorCategory, known: dict[str, object], state: str, seconds: float
) -> None:
    """LIMITED, EXHAUSTED and OPEN go on for what is left of them by the time of day."""
    learnt(path, category, **known)
    assert taught(path, later=100).left(A) == (state, seconds - 100)


def test_a_gone_model_is_remembered_for_a_day() -> None:
    """24 hours from the reply that said so."""
    assert REMEMBER_GONE_S == 86_400


@pytest.mark.parametrize(
    ("later", "explicit", "state"),
    [
        (3600.0, frozenset(), "dropped"),
        (86_399.0, frozenset(), "dropped"),
        (86_401.0, frozenset(), "ready"),
        (3600.0, frozenset({A}), "ready"),
        (3600.0, frozenset({B}), "dropped"),
    ],
)
def test_gone(path: Path, later: float, explicit: frozenset[ModelRef], state: str) -> None:
    """A model that is gone is not asked for a day, unless the user names it."""
    process = learnt(path, C.MODEL_UNAVAILABLE, status=404)
    process.pass_time(3000)  # a batch that goes on does not make the day longer
    process.book.learn(process.router, force=True)
    assert taught(path, later=later, explicit=explicit).left(A) == (state, None)


def test_settings_of_an_account_may_be_changed(path: Path) -> None:
    """A model that is there, and that the account allows nowhere, is asked again by the next."""
    process = Process(path, wall=NOON)
    failure = Failure(C.MODEL_UNAVAILABLE, "No endpoints found matching your data policy", 404)
    decision = process.router.failed(process.call(A), failure, Trail())
    assert decision.health.state == "dropped"
    process.book.learn(process.router)
    assert taught(path, later=60).left(A) == ("ready", None)


@pytest.mark.parametrize(
    ("category", "known"),
    [
        (C.AUTHENTICATION, {"status": 401}),
        (C.QUOTA_EXHAUSTED, {"credit": True, "status": 402}),
        (C.MODEL_UNAVAILABLE, {"wrong_url": True, "status": 404}),
    ],
)
def test_a_key_may_be_mended(path: Path, category: ErrorCategory, known: dict[str, object]) -> None:
    """What the user can put right between two batches is not held against the next one."""
    learnt(path, category, **known)
    process = taught(path, later=1)
    assert [process.left(ref) for ref in (A, B, D)] == [("ready", None)] * 3
    [account] = [each for each in process.book.read().providers.values() if each.until]
    assert account.state is ProviderState.DROPPED  # for those who look, not for those who call
    assert account.trouble is not None
    assert account_trouble(account.trouble) is not None


def test_an_account_that_works_again_is_no_trouble(path: Path) -> None:
    """A reply takes the place of what was remembered."""
    learnt(path, C.AUTHENTICATION, status=401)
    process = taught(path, later=60)
    process.reply(A)
    process.book.learn(process.router, force=True)
    assert {each.state for each in process.book.read().providers.values()} == {ProviderState.UP}


def test_another_key_is_another_account(path: Path) -> None:
    """What was learnt with one key says nothing of another, and no key is in the file."""
    learnt(path, C.QUOTA_EXHAUSTED, retry_after_s=40_000.0)
    process = Process(path, wall=NOON)
    accounts = {**ACCOUNTS, "groq": Account.of("groq", "https://groq.invalid", "another")}
    HealthBook(path, accounts, clock=process.clock).teach(process.router)
    assert process.left(A) == ("ready", None)
    assert "secret" not in path.read_text()


def test_a_provider_that_is_down(path: Path) -> None:
    """Two attempts without a connection open the provider for the next process, too."""
    process = Process(path, wall=NOON)
    process.fail(A, C.CONNECTION_ERROR, connected=False)
    process.pass_time(1)
    process.fail(A, C.CONNECTION_ERROR, connected=False)
    process.book.learn(process.router)
    assert taught(path, later=6).left(B) == ("open", 10)
    assert taught(path, later=17).left(B) == ("ready", None)


def test_what_was_open_is_probed(path: Path) -> None:
    """A model whose rest ended lately is asked once before it is trusted; after an hour it is."""
    learnt(path, C.OVERLOADED)
    assert taught(path, later=60).left(A) == ("probing", None)
    assert taught(path, later=4000).left(A) == ("ready", None)


def test_budgets_refill_meanwhile(path: Path) -> None:
    """The level that one process left, and what came back since, is what the next begins with."""
    process = Process(path, wall=NOON)
    process.reply(A, LimitReading("tokens", "minute", 8000, 1000))
    process.book.learn(process.router)
    following = taught(path, later=30)
    bucket = following.view(A).budgets.buckets["tokens", "minute"]
    assert (bucket.limit, bucket.level_at(following.monotonic)) == (8000, 5000)
    assert following.view(A).experience.tokens_per_character == 1000 / 4300
    assert list(following.view(A).experience.shares) == [0.7]
    assert following.view(A).health.latency_s == 1.5


def test_a_limit_of_the_whole_account_holds_for_all_its_models_until_another_is_told(
    path: Path,
) -> None:
    """A header that tells of a budget which the models share raises it for each of them."""

    def limits(process: Process) -> list[float]:
        found = [process.view(ref).budgets.buckets for ref in (A, B)]
        return [each["requests", "minute"].limit for each in found]

    first = Process(path, wall=NOON)
    first.reply(A, LimitReading("requests", "minute", 10, 9, scope="provider"))
    first.book.learn(first.router)
    later = taught(path, later=60.0)
    assert limits(later) == [10, 10]
    later.reply(A, LimitReading("requests", "minute", 100, 99, scope="provider"))
    assert limits(later) == [100, 100]


def test_a_ratio_that_no_tokenizer_has_is_not_believed(path: Path) -> None:
    """One that an earlier version learnt of an odd reply ends with it."""
    process = Process(path, wall=NOON)
    process.reply(A)
    process.book.learn(process.router)
    written = json.loads(path.read_text())
    [memory] = written["models"].values()
    for ratio, kept in ((413_033.0, None), (2.5, None), (0.5, 0.5)):
        memory["tokens_per_character"] = ratio
        path.write_text(json.dumps(written))
        assert taught(path, later=30).view(A).experience.tokens_per_character == kept


def test_largest_requests_are_remembered(path: Path) -> None:
    """A refusal for size is not repeated by the next batch."""
    learnt(path, C.CONTEXT_LENGTH, kind="output_tokens", window="minute", limit=700, requested=1200)
    assert taught(path, later=1).view(A).budgets.largest_output == 500


@pytest.mark.parametrize("hours", [-30, -3, 3])
def test_the_clock_was_changed(path: Path, hours: float) -> None:
    """Set back, a wait keeps its length; set forward, it is over sooner; it is never longer."""
    learnt(path, C.QUOTA_EXHAUSTED, retry_after_s=7200.0)
    state, seconds = taught(path, later=hours * 3600).left(A)
    assert (state, seconds) == (("exhausted", 7200) if hours < 0 else ("ready", None))


def test_entries_of_the_future_give_way(path: Path) -> None:
    """After the clock was set back, what is learnt now is kept over what was learnt "later"."""
    learnt(path, C.QUOTA_EXHAUSTED, retry_after_s=7200.0)
    process = Process(path, wall=NOON - 10_000)
    process.reply(A)
    process.book.learn(process.router)
    assert taught(path, later=-10_000).left(A) == ("ready", None)


@pytest.mark.parametrize(
    "content",
    [
        b'{"version":1,"models":{"groq|h',
        b"\xff\xfe\x00",
        b"",
        b"[1, 2]",
        b'{"version":2,"models":{}}',
        b'{"models":{"x":{"seen":1,"tokens_per_character":0}}}',
        b'{"models":{"x":{"seen":1,"state":"asleep"}}}',
    ],
)
def test_a_torn_or_foreign_file(path: Path, content: bytes) -> None:
    """It is told once, set aside as it was, and begun anew."""
    path.parent.mkdir()
    path.write_bytes(content)
    process = Process(path, wall=NOON)
    process.book.teach(process.router)
    process.reply(A)
    process.book.learn(process.router)
    assert (path.parent / "health.unreadable").read_bytes() == content
    assert len(process.notices) == 1
    assert len(process.book.read().models) == 1


def test_no_file_is_no_notice(path: Path) -> None:
    """The first run of all begins in silence, and reading makes no file."""
    process = taught(path, later=0)
    assert (process.notices, path.exists()) == ([], False)
    process.book.learn(process.router)
    assert not path.exists()


def test_a_folder_that_cannot_be_written(path: Path) -> None:
    """What cannot be remembered is told once and ends no batch."""
    path.parent.write_text("a file where the folder should be")
    process = Process(path, wall=NOON)
    process.reply(A)
    for _ in range(3):
        process.pass_time(60)
        process.reply(A)
        process.book.learn(process.router)
    assert len(process.notices) == 1
    assert "cannot be written" in process.notices[0]


def test_a_lock_that_is_held_is_no_matter(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another process writes, this one goes on and writes with the next call."""
    monkeypatch.setattr(
        "legalgen.routing.health.LOCK_S", 0.0
    )  # filelock waits by a clock of its own
    process = Process(path, wall=NOON)
    process.reply(A)
    path.parent.mkdir()
    with filelock.FileLock(path.with_suffix(".lock")):
        process.book.learn(process.router)
        assert not path.exists()
    process.book.learn(process.router)
    assert path.exists()


def test_it_writes_only_what_matters(path: Path) -> None:
    """A new level is written after ten seconds or at the end, a change of state at once."""
    process = Process(path, wall=NOON)

    def written() -> bool:
        path.unlink(missing_ok=True)
        process.book.learn(process.router)
        return path.exists()

    process.reply(A, LimitReading("tokens", "minute", 8000, 5000))
    assert written()
    assert not written()
    process.pass_time(1)
    process.reply(A, LimitReading("tokens", "minute", 8000, 4000))
    assert not written()
    process.fail(B, C.OVERLOADED)
    assert written()
    process.pass_time(1)
    process.reply(A, LimitReading("tokens", "minute", 8000, 3000))
    process.book.learn(process.router, force=True)
    assert path.exists()
    process.pass_time(11)
    process.reply(A, LimitReading("tokens", "minute", 8000, 3000))
    assert written()


def test_the_newer_of_two_is_kept(path: Path) -> None:
    """Two batches that share a model: what was seen last stands, and nothing else is lost."""
    first = learnt(path, C.RATE_LIMIT, retry_after_s=600.0)
    second = Process(path, wall=NOON + 10)
    second.reply(D)
    second.fail(A, C.QUOTA_EXHAUSTED, retry_after_s=5000.0)
    second.book.learn(second.router)
    first.fail(B, C.OVERLOADED, retry_after_s=700.0)
    first.book.learn(first.router)
    process = taught(path, later=20)
    assert [process.left(ref) for ref in (A, B, D)] == [
        ("exhausted", 4990),
        ("open", 680),
        ("ready", None),
    ]


def test_threads_that_write_at_once(path: Path) -> None:
    """Each of eight writers at once finds its own memory in a file that is whole."""
    accounts = {f"p{n}": Account.of(f"p{n}", None, "key") for n in range(8)}

    def work(number: int) -> None:
        ref = ModelRef(f"p{number}", "m")
        router = Router([Target(ref)], random=Random(1))
        book = HealthBook(path, accounts)
        for _ in range(10):
            lease = router.turn(Trail(), lambda _: DEMAND)
            assert isinstance(lease, Lease)
            router.replied(lease, Completion("{}", "stop", Usage(10, 10), "m", 1.0))
            book.learn(router, force=True)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    found = json.loads(path.read_bytes())["models"]
    assert len(found) == 8
    assert sorted(p.name for p in path.parent.iterdir()) == ["health.json", "health.lock"]


WRITER = """
import sys
from pathlib import Path
from legalgen.completion import Completion, ModelRef, Usage
from legalgen.failover import Trail
from legalgen.routing.health import Account, HealthBook
from legalgen.routing.rate_limits import Demand
from legalgen.routing.router import Router
from legalgen.routing.targets import Target
name = sys.argv[2]
router = Router([Target(ModelRef(name, "m"))])
book = HealthBook(Path(sys.argv[1]), {name: Account.of(name, None, "key")})
for _ in range(30):
    lease = router.turn(Trail(), lambda _: Demand(100, 100, 10))
    router.replied(lease, Completion("{}", "stop", Usage(10, 10), "m", 1.0))
    book.learn(router, force=True)
"""


def test_processes_that_write_at_once(path: Path) -> None:
    """Two processes write thirty times each; a third reads meanwhile and never finds it torn."""
    command = [sys.executable, "-c", WRITER, str(path)]
    writers = [subprocess.Popen([*command, name]) for name in ("p", "q")]
    notices: list[str] = []
    book = HealthBook(path, {}, notice=notices.append)
    memories = Memories()
    while any(writer.poll() is None for writer in writers):
        memories = book.read()
    assert [writer.wait(60) for writer in writers] == [0, 0]
    memories = book.read()
    assert (len(memories.models), len(memories.providers), notices) == (2, 2, [])


def test_a_limit_learnt_while_the_file_is_written_waits_for_the_next_write(path: Path) -> None:
    """Workers learn limits while the main thread writes down what is known of the same model."""
    process = Process(path, wall=NOON)
    process.reply(A, LimitReading("tokens", "minute", 8000, 7000))
    told = iter((LimitReading("requests", "day", 1000, 900),))

    def reads_the_clock() -> float:
        """Each level is written with its time of day: here a worker comes between two of them."""
        process.router.registry.state_limits(A, told)
        return process.wall

    clock = Clock(lambda: process.monotonic, reads_the_clock)
    book = HealthBook(path, ACCOUNTS, clock=clock)
    book.learn(process.router)
    assert limits_in(book) == {("tokens", "minute")}
    book.learn(process.router)
    assert limits_in(book) == {("tokens", "minute"), ("requests", "day")}


def limits_in(book: HealthBook) -> set[tuple[str, str]]:
    memory = book.read().models[ACCOUNTS[A.provider].key(A.model)]
    return {(budget.kind, budget.window) for budget in memory.budgets}
