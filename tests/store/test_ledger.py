"""ledger.py: records that survive, histories that do not fail, and who is still alive."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from legalgen.errors import BatchRunning, DiskError, UsageError
from legalgen.store.balances import ModelStats
from legalgen.store.files import DataDir, check_batch_id
from legalgen.store.journal import BatchWriter, recover
from legalgen.store.ledger import (
    MAX_NOTES,
    AlertNote,
    CoverageCount,
    GivenUpNote,
    Ledger,
    Process,
    Record,
    SwitchNote,
    UnreadableRecord,
    WaitNote,
    is_alive,
    new_batch_id,
    this_process,
)
from legalgen.store.parts import Cell, Part
from tests.crash.rows import BATCH, make_sample

NOW = datetime(2026, 11, 23, 16, 15, tzinfo=UTC)
CELL: Cell = ("uk", "contract", "formation", "basic", "short_qa")
DEAD = Process(2**22 + 1, "elsewhere", "another-boot", "1")


@pytest.fixture
def data_dir(tmp_path: Path) -> DataDir:
    made = DataDir(tmp_path / "data")
    made.create()
    return made


@pytest.fixture
def ledger(data_dir: DataDir) -> Ledger:
    return Ledger(data_dir)


def begun(batch_id: str = BATCH, **changes: object) -> Record:
    fields: dict[str, object] = {
        "id": batch_id,
        "kind": "batch",
        "status": "running",
        "command": ("legalgen", "batch", "--count", "500"),
        "process": this_process(),
        "version": "0.1.0",
        "started": NOW,
        "updated": NOW,
        "target": 500,
    }
    return Record(**(fields | changes))  # type: ignore[arg-type]  # the fields are Record's own


def full() -> Record:
    """A record with something in every field."""
    record = begun(
        finished=NOW + timedelta(hours=1),
        resume_after=NOW + timedelta(days=1),
        resumed=[NOW],
        parameters={"concurrency": "auto", "route": ["groq/a"], "max_time_s": 3600.5},
        seed=7,
        accepted=3,
        flagged=1,
        reason="quota",
        rejected={"ANSWER_LENGTH": 2},
    )
    stats = record.model("groq/a")
    stats.calls, stats.cost_usd, stats.failures = 5, 0.25, {"timeout": 2}
    record.note(SwitchNote(NOW, "groq/a", "cerebras/b", "rate_limit"))
    record.note(WaitNote(NOW, 12.5, ("groq/a",), "rate_limit"))
    record.note(AlertNote(NOW, "switches", "more than 10 switches"))
    record.note(GivenUpNote(4, CELL, ("BAD_JSON",)))
    record.note_part(Part("train-x-00000.parquet", 3))
    return record


# --- one record --------------------------------------------------------------------------------


def test_a_record_comes_back_as_it_was(ledger: Ledger) -> None:
    """Everything that was noted is read back, coverage counts included."""
    record = full()
    counts = Counter({CELL: 3, ("us", "torts", "duty", "expert", "advice"): 1})
    ledger.create(record, counts)
    assert record.coverage == CoverageCount(4, 2, f"{BATCH}.coverage.jsonl")
    assert ledger.load(BATCH) == record
    assert ledger.coverage(record) == counts


def test_a_record_is_json_that_others_can_read(data_dir: DataDir, ledger: Ledger) -> None:
    """Plain JSON: times in UTC as ISO 8601, the switch's ends named from and to."""
    ledger.create(full())
    fields = json.loads((data_dir.batches / f"{BATCH}.json").read_text())
    assert (fields["started"], fields["status"]) == ("2026-11-23T16:15:00Z", "running")
    assert fields["switches"] == [
        {
            "at": "2026-11-23T16:15:00Z",
            "from": "groq/a",
            "to": "cerebras/b",
            "reason": "rate_limit",
        }
    ]
    assert list(data_dir.tmp.iterdir()) == []


def test_an_empty_coverage_is_a_coverage(ledger: Ledger) -> None:
    """The first batch of a data dir starts from nothing, and resumes from nothing."""
    ledger.create(begun(), {})
    assert ledger.coverage(ledger.load(BATCH)) == Counter()


@pytest.mark.parametrize("damage", ["missing", "torn", "shorter"])
def test_a_damaged_coverage_stops_a_resume(data_dir: DataDir, ledger: Ledger, damage: str) -> None:
    """Another plan than the first would be replayed: better none."""
    record = begun()
    ledger.create(record, {CELL: 3, ("us", "torts", "duty", "expert", "advice"): 1})
    path = data_dir.batches / f"{BATCH}.coverage.jsonl"
    raw = path.read_bytes()
    path.write_bytes(raw[:-9] if damage == "torn" else raw.splitlines()[0])
    if damage == "missing":
        path.unlink()
    with pytest.raises(DiskError) as caught:
        ledger.coverage(record)
    assert caught.value.path == path


def test_a_batch_is_begun_once(ledger: Ledger) -> None:
    """A second record of the same id never replaces the first."""
    ledger.create(begun(target=1))
    with pytest.raises(BatchRunning, match=BATCH):
        ledger.create(begun(target=2))
    assert ledger.load(BATCH).target == 1


def test_a_record_is_written_at_most_once_a_second(data_dir: DataDir) -> None:
    """Saves in between cost nothing; a forced one is written at once."""
    now = [100.0]
    ledger = Ledger(data_dir, clock=lambda: now[0])
    record = begun()
    ledger.create(record)
    written = []
    for at, force in [
        (100.5, False),
        (101.0, False),
        (101.5, False),
        (101.6, True),
        (102.5, False),
    ]:
        now[0], record.accepted = at, record.accepted + 1
        written.append((ledger.save(record, force=bool(force)), ledger.load(BATCH).accepted))
    assert written == [(False, 0), (True, 2), (False, 2), (True, 4), (False, 4)]


def test_a_full_disk_leaves_the_old_record(data_dir: DataDir, ledger: Ledger) -> None:
    """A record that cannot be replaced stands as it was."""
    record = begun()
    ledger.create(record)
    record.accepted = 9
    data_dir.tmp.rmdir()
    with pytest.raises(DiskError):
        ledger.save(record, force=True)
    assert ledger.load(BATCH).accepted == 0


def test_half_a_surrogate_in_a_vendors_words_does_no_harm(ledger: Ledger) -> None:
    """A reason with a broken escape is noted with a replacement character."""
    record = begun(reason="so \ud800")
    ledger.create(record)
    assert ledger.load(BATCH).reason == "so \ufffd"


def test_lists_are_bounded_and_what_is_left_out_is_counted() -> None:
    """A night of switches does not grow the record without end."""
    record = begun()
    for _ in range(MAX_NOTES + 3):
        record.note(SwitchNote(NOW, "a/b", "c/d", "timeout"))
    assert (len(record.switches), record.omitted) == (MAX_NOTES, {"switches": 3})
    assert (record.count("switches"), record.count("waits")) == (MAX_NOTES + 3, 0)


def test_records_share_nothing() -> None:
    """The counts of one batch are not those of another."""
    one, other = begun(), begun()
    one.model("a/b").failures["timeout"] = 1
    one.note(WaitNote(NOW, 1.0, (), "x"))
    assert other == begun()
    assert other.model("a/b") == ModelStats()


def test_a_part_noted_twice_is_noted_once() -> None:
    """Recovery may tell of a part again."""
    record = begun(accepted=2)
    for _ in range(2):
        record.note_part(Part("train-a-00000.parquet", 3))
    assert (record.parts, record.accepted) == ([Part("train-a-00000.parquet", 3)], 2)


@pytest.mark.parametrize(("counted", "expected"), [(2, 5), (7, 7)])
def test_a_recount_never_falls_behind_what_is_sealed(counted: int, expected: int) -> None:
    """Rows of parts are all counted, those in the journal stay counted; the record is left be."""
    record = begun(accepted=counted)
    record.note_part(Part("train-a-00000.parquet", 3))
    record.note_part(Part("train-a-00001.parquet", 2))
    assert (record.recounted().accepted, record.accepted) == (expected, counted)


# --- fields of later versions ------------------------------------------------------------------


def test_fields_of_a_later_version_are_tolerated_and_kept(
    data_dir: DataDir, ledger: Ledger
) -> None:
    """An older program shows a newer record, and notes a part in it without cutting it short."""
    ledger.create(begun())
    path = data_dir.batches / f"{BATCH}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"novelty": {"x": [1]}}))
    assert ledger.load(BATCH) == begun()
    ledger.note_part(BATCH, Part("train-a-00000.parquet", 3))
    assert json.loads(path.read_text())["novelty"] == {"x": [1]}
    assert ledger.load(BATCH).parts == [Part("train-a-00000.parquet", 3)]


def test_recovery_tells_the_ledger(data_dir: DataDir, ledger: Ledger) -> None:
    """A dead batch's record gets the part that recovery sealed; a missing record is no obstacle."""
    for batch_id in (BATCH, "20261123-161500-none"):
        writer = BatchWriter(data_dir, batch_id, note_part=lambda *_: None)
        writer.append([make_sample(0, batch_id)])
        path = next(data_dir.journal.iterdir())
        raw = path.read_bytes()
        writer.close()
        path.write_bytes(raw)
        for part in data_dir.parts().iterdir():
            part.unlink()
        if batch_id == BATCH:
            ledger.create(begun())
        recover(data_dir, note_part=ledger.note_part)
    record = ledger.load(BATCH)
    assert (record.parts, record.accepted) == ([Part(f"train-{BATCH}-00000.parquet", 1)], 1)


# --- history -----------------------------------------------------------------------------------


def test_of_batches_of_one_second_the_later_comes_first(ledger: Ledger) -> None:
    """Their ids tell no order: the records do, or ``--resume`` would go on with any of them."""
    for name, milliseconds in (("zzzz", 10), ("aaaa", 30), ("mmmm", 20)):
        started = NOW + timedelta(milliseconds=milliseconds)
        ledger.create(begun(f"20261123-161500-{name}", started=started))
    assert [one.id[-4:] for one in ledger.all()] == ["aaaa", "mmmm", "zzzz"]


def test_history_is_newest_first_and_shows_what_it_cannot_read(
    data_dir: DataDir, ledger: Ledger
) -> None:
    """Torn, foreign and misnamed files are entries with their error; the rest is unharmed."""
    records = [begun("20261101-000000-aaaa"), begun("20261103-000000-cccc")]
    for record in records:
        ledger.create(record, {CELL: 1})
    raw = (data_dir.batches / "20261101-000000-aaaa.json").read_bytes()
    strange = {"20261102-000000-torn": raw[: len(raw) // 2], "20261100-other": raw, "0": b"\xff{}"}
    for name, content in strange.items():
        (data_dir.batches / f"{name}.json").write_bytes(content)
    (data_dir.batches / "00.json").mkdir()
    found = ledger.all()
    assert [one.id for one in found] == [
        "20261103-000000-cccc",
        "20261102-000000-torn",
        "20261101-000000-aaaa",
        "20261100-other",
        "00",
        "0",
    ]
    assert [one for one in found if isinstance(one, Record)] == records[::-1]
    errors = [one.error for one in found if isinstance(one, UnreadableRecord)]
    starts = ["not a record", "the record of another batch", "cannot be read", "not a record"]
    assert [error.startswith(start) for error, start in zip(errors, starts, strict=True)] == [
        True
    ] * 4


@given(st.binary(max_size=300))
def test_no_content_makes_history_fail(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    """Whatever a file holds, all() shows it."""
    data_dir = DataDir(tmp_path_factory.mktemp("data"))
    data_dir.create()
    (data_dir.batches / "x.json").write_bytes(content)
    assert [one.id for one in Ledger(data_dir).all()] == ["x"]


def test_a_history_before_the_first_batch_is_empty(tmp_path: Path) -> None:
    """No data dir, no records, no error."""
    assert Ledger(DataDir(tmp_path / "none")).all() == []


def test_a_batch_is_found_by_the_beginning_of_its_id(ledger: Ledger) -> None:
    """A unique prefix is enough; none, several or an empty one is a usage error that helps."""
    for batch_id in ("20261101-a", "20261101-ab", "20261102-c"):
        ledger.create(begun(batch_id))
    assert ledger.find("20261102") == begun("20261102-c")
    assert ledger.find("20261101-a") == begun("20261101-a")
    for prefix, message in {
        "20261101": "may be 20261101-a, 20261101-ab",
        "2027": "there is no batch '2027'",
        "": "there is no batch ''",
        "../../etc/passwd": "there is no batch",
    }.items():
        with pytest.raises(UsageError, match=message):
            ledger.find(prefix)


@pytest.mark.parametrize("bad", ["../x", "/etc/passwd", "a/b", "", ".."])
def test_no_id_leads_out_of_the_ledger(ledger: Ledger, bad: str) -> None:
    """Path traversal is refused on every way in."""
    for way in (
        lambda: ledger.load(bad),
        lambda: ledger.create(begun(bad)),
        lambda: ledger.save(begun(bad)),
        lambda: ledger.note_part(bad, Part("x", 1)),
    ):
        with pytest.raises(UsageError):
            way()


def test_a_missing_record_says_so(ledger: Ledger) -> None:
    """load of an unknown id is a usage error."""
    with pytest.raises(UsageError, match="there is no such batch"):
        ledger.load("20261101-a")


# --- ids ---------------------------------------------------------------------------------------


@given(st.lists(st.integers(min_value=0, max_value=4 * 10**9), min_size=2, max_size=2))
def test_ids_sort_by_time_and_name_files(seconds: list[int]) -> None:
    """Of two ids the later one sorts behind, to the second; both are valid."""
    rng = Random(1)
    first, second = (datetime.fromtimestamp(one, UTC) for one in sorted(seconds))
    ids = [check_batch_id(new_batch_id(time, rng)) for time in (first, second)]
    assert first == second or ids == sorted(ids)


def test_an_id_is_made_of_its_time() -> None:
    """The form that users see."""
    assert new_batch_id(NOW, Random(3)) == f"20261123-161500-{new_batch_id(NOW, Random(3))[-4:]}"


# --- who lives ---------------------------------------------------------------------------------


def test_this_process_lives_and_another_life_of_its_pid_does_not() -> None:
    """A reused pid, another boot and an unknown start are not taken for life."""
    me = this_process()
    assert me.pid == os.getpid()
    assert is_alive(me)
    for change in ({"started_ticks": "1"}, {"boot_id": "x"}, {"started_ticks": "", "boot_id": ""}):
        assert not is_alive(msgspec.structs.replace(me, **change))


def test_a_killed_process_is_interrupted(ledger: Ledger) -> None:
    """A record says running until its process is gone; then it is interrupted, unasked."""
    program = "import sys; from legalgen.store.ledger import this_process; import msgspec, time;"
    program += "print(msgspec.json.encode(this_process()).decode(), flush=True); time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    ) as child:
        assert child.stdout is not None
        process = msgspec.json.decode(child.stdout.readline(), type=Process)
        record = begun(process=process)
        assert ledger.status_of(record) == "running"
        child.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert ledger.status_of(record) == "interrupted"  # nobody has waited for it yet
    assert ledger.status_of(record) == "interrupted"


def test_a_batch_in_another_container_runs_as_long_as_its_journal_is_locked(
    data_dir: DataDir, ledger: Ledger
) -> None:
    """A process that cannot be seen from here is known by its lock."""
    record = begun(process=DEAD)
    with BatchWriter(data_dir, BATCH, note_part=lambda *_: None):
        assert ledger.status_of(record) == "running"
    assert ledger.status_of(record) == "interrupted"


@pytest.mark.parametrize("status", ["completed", "stopped", "paused", "failed"])
def test_an_ended_batch_keeps_its_status(ledger: Ledger, status: str) -> None:
    """Only running is doubted."""
    assert ledger.status_of(begun(status=status, process=DEAD)) == status


def test_a_record_names_no_part_that_is_gone(ledger: Ledger) -> None:
    """`compact` made one part of two: the record of the batch keeps what there still is."""
    record = begun(status="stopped", process=DEAD)
    for name in ("train-a-00000.parquet", "train-a-00001.parquet"):
        record.note_part(Part(name, 2))
    ledger.create(record, {})
    ledger.forget_parts({"train-a-00001.parquet"})
    assert [part.name for part in ledger.load(BATCH).parts] == ["train-a-00001.parquet"]
