"""verify.py: every fault is found and named, what can be mended is, and nothing is deleted."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from legalgen.dataset.compact import compact
from legalgen.dataset.dropping import drop
from legalgen.dataset.verify import Defect, Verified, repair, verify
from legalgen.dataset.wanted import Wanted
from legalgen.errors import DiskError, Reason
from legalgen.store.balances import Balance, ModelStats
from legalgen.store.files import DataDir
from legalgen.store.journal import BatchWriter, Rejected
from legalgen.store.ledger import Ledger
from legalgen.store.notes import RowNotes, Tombstone, notes_path, save_notes
from legalgen.store.parts import cell_of, iter_batches, parts, summarise
from legalgen.store.sample import arrow_schema, sample_id, to_json
from tests.crash.rows import BATCH, make_sample, to_table
from tests.crash.test_journal import in_child
from tests.dataset.shelf import NOW, filled, names_of, rows_of, written

RECORD = f"batches/{BATCH}.json"
FIRST = f"train-{BATCH}-00000.parquet"


@pytest.fixture
def data_dir(tmp_path: Path) -> DataDir:
    return filled(tmp_path / "data")


def kinds(found: Verified) -> list[str]:
    return [one.kind for one in found.findings]


def content(root: Path) -> list[bytes]:
    """The bytes of every file of rows under a folder, whatever it is called."""
    return sorted(path.read_bytes() for path in root.rglob("*") if path.is_file())


def test_a_whole_dataset_has_no_findings(data_dir: DataDir) -> None:
    """Rows and parts are counted, nothing is said, and looking changes nothing."""
    before = content(data_dir.root)
    assert verify(data_dir) == Verified(7, 4, ())
    assert content(data_dir.root) == before


def test_a_data_dir_that_cannot_be_written_can_be_verified(data_dir: DataDir) -> None:
    """Looking needs no right to write: no file is made or written again."""

    def files() -> dict[Path, int]:
        found = (path for path in data_dir.root.rglob("*") if path.is_file())
        return {path: path.stat().st_mtime_ns for path in found if path.name != "data.lock"}

    before = files()
    verify(data_dir)
    assert before
    assert files() == before


@pytest.mark.parametrize("name", ["notes.txt", "x.parquet.tmp", ".hidden.parquet"])
def test_a_stray_file_is_moved_aside(data_dir: DataDir, name: str) -> None:
    """It breaks readers of the folder; its content is kept."""
    (data_dir.parts() / name).write_bytes(b"mine")
    where = f"train/data/{name}"
    assert verify(data_dir).findings == (
        Defect("stray_file", where, "is no part: readers of the folder fail on it"),
    )
    found = repair(data_dir)
    aside = f"state/aside/train.data.{name}"
    assert found.findings == ()
    assert found.repaired == (f"{where}: moved to {aside}",)
    assert (data_dir.root / aside).read_bytes() == b"mine"


def test_a_folder_among_the_parts_is_moved_aside(data_dir: DataDir) -> None:
    """Also a folder with the name of a part."""
    stray = data_dir.parts() / "train-x-00009.parquet"
    stray.mkdir()
    (stray / "inside").write_text("kept")
    assert kinds(verify(data_dir))[0] == "stray_file"
    assert repair(data_dir).findings == ()
    aside = data_dir.state / "aside" / "train.data.train-x-00009.parquet"
    assert (aside / "inside").read_text() == "kept"


@pytest.mark.parametrize("damage", ["torn", "empty", "garbage"])
def test_a_damaged_part_is_found_and_moved_aside(data_dir: DataDir, damage: str) -> None:
    """The rest can be read again; that its rows are missing is noted in the record."""
    path = data_dir.parts() / FIRST
    raw = path.read_bytes()
    broken = {"torn": raw[: len(raw) // 2], "empty": b"", "garbage": b"PAR1" + b"x" * 99}[damage]
    path.write_bytes(broken)
    assert kinds(verify(data_dir)) == ["damaged_part", "ledger_disagrees"]
    found = repair(data_dir)
    assert kinds(found) == []
    assert f"{BATCH}: 2 samples gone ({FIRST}), noted by a repair" in found.notes
    record = Ledger(data_dir).load(BATCH)
    assert (record.accepted, record.lost) == (5, 2)
    assert (data_dir.state / "aside" / f"train.data.{FIRST}").read_bytes() == broken


def test_a_page_that_cannot_be_read_is_found(data_dir: DataDir) -> None:
    """A part whose footer is whole and whose pages are not is damaged all the same."""
    path = data_dir.parts() / FIRST
    raw = bytearray(path.read_bytes())
    raw[4:400] = os.urandom(396)
    path.write_bytes(raw)
    assert "damaged_part" in kinds(verify(data_dir))


def flipped(raw: bytes, bit: int) -> bytes:
    damaged = bytearray(raw)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


def test_no_flipped_bit_passes_as_whole(tmp_path: Path) -> None:
    """Anywhere in a part: pages, their headers, the checksum itself, the footer, both ends."""
    data_dir = filled(tmp_path / "data", rows=20, part_rows=1000)
    path = data_dir.parts() / FIRST
    raw = path.read_bytes()
    ends = [0, 8 * 4 - 1, 8 * (len(raw) - 4), 8 * len(raw) - 1]
    mark = 8 * raw.index(b"legalgen blake2b")
    rng = Random(14)
    bits = [*ends, mark, mark + 8 * 20, *(rng.randrange(8 * len(raw)) for _ in range(240))]
    passed = []
    for bit in bits:
        path.write_bytes(flipped(raw, bit))
        if "damaged_part" not in kinds(verify(data_dir)):
            passed.append(bit)
    assert passed == []
    path.write_bytes(raw)
    assert verify(data_dir).findings == ()


def older(path: Path) -> bytes:
    """A part as it was sealed before parts had checksums."""
    pq.write_table(pq.read_table(path), path, compression="zstd")
    return path.read_bytes()


def test_of_older_parts_it_is_said_what_can_be_proved(data_dir: DataDir) -> None:
    """Without a checksum only ids can be held against their texts; a compaction brings one."""
    older(data_dir.parts() / FIRST)
    (note,) = verify(data_dir).notes
    assert note == (
        "train/data/: parts sealed before there were checksums: 1; of them only the ids can be "
        "proved, that is questions and answers"
    )
    compact(data_dir, note_part=lambda *_: None)
    assert verify(data_dir) == Verified(7, 1, ())


def test_a_flipped_bit_in_an_older_part_is_no_bug(tmp_path: Path) -> None:
    """Whatever it makes of the file: verify and repair say so, and end."""
    data_dir = filled(tmp_path / "data", rows=20, part_rows=1000)
    path = data_dir.parts() / FIRST
    raw = older(path)
    rng = Random(14)
    for _ in range(120):
        path.write_bytes(flipped(raw, rng.randrange(8 * len(raw))))
        found = verify(data_dir)
        assert found.findings or found.notes


def test_rows_whose_ids_are_not_theirs_are_taken_out_of_an_older_part(data_dir: DataDir) -> None:
    """A text that changed on the disk does not take the other rows with it; all is kept aside."""
    path = data_dir.parts() / FIRST
    table = pq.read_table(path)
    answers = pa.array(["Yes, “0” is.\nIn the YK.", table["answer"][1].as_py()])
    table = table.set_column(table.schema.get_field_index("answer"), "answer", answers)
    pq.write_table(table, path, compression="zstd")
    raw = path.read_bytes()
    assert kinds(verify(data_dir)) == ["damaged_part"]
    assert repair(data_dir).repaired == (
        f"train/data/{FIRST}: 1 damaged row taken out; the old one is aside",
        f"{RECORD}: 1 sample noted as gone",
    )
    assert [row.slot for row in rows_of(data_dir)] == list(range(1, 7))
    assert raw in content(data_dir.state / "aside")


def test_a_row_with_another_id_than_its_text_has_is_given_that(tmp_path: Path) -> None:
    """Where its bytes are proved nothing of it is damaged, nor is the row whose id it says."""
    first, other = make_sample(0), make_sample(1)
    data_dir = written(tmp_path / "data", [first, replace(other, id=first.id)])
    assert kinds(verify(data_dir)) == ["damaged_part", "repeated_id"]
    found = repair(data_dir)
    assert (found.rows, found.findings) == (2, ())
    assert found.repaired == (
        f"train/data/{FIRST}: 1 row given the id of its text; the old one is aside",
    )
    assert rows_of(data_dir) == [first, other]


def test_a_row_that_was_taken_out_does_not_come_back_by_its_id(tmp_path: Path) -> None:
    """It is known to be gone by the id that it has, until a compaction leaves it out."""
    wrong = replace(make_sample(1), id="lg_zzz")
    data_dir = written(tmp_path / "data", [make_sample(0), wrong])
    drop(data_dir, ["lg_zzz"], Wanted())
    assert repair(data_dir).rows == 1
    compact(data_dir, note_part=Ledger(data_dir).note_part)
    assert (verify(data_dir).rows, verify(data_dir).findings) == (1, ())


def test_of_an_older_part_the_damaged_row_goes_alone(tmp_path: Path) -> None:
    """A row whose id it happens to say stays."""
    first, other = make_sample(0), make_sample(1)
    data_dir = written(tmp_path / "data", [first, replace(other, id=first.id)])
    older(data_dir.parts() / FIRST)
    assert repair(data_dir).repaired[0] == (
        f"train/data/{FIRST}: 1 damaged row taken out; the old one is aside"
    )
    assert rows_of(data_dir) == [first]


def test_a_part_without_rows_is_found(data_dir: DataDir) -> None:
    """load_dataset fails on it."""
    empty = data_dir.parts() / f"train-{BATCH}-00009.parquet"
    pq.write_table(arrow_schema().empty_table(), empty)
    assert "empty_part" in kinds(verify(data_dir))
    assert repair(data_dir).findings == ()
    assert not empty.exists()


def test_where_there_are_no_hard_links_the_old_part_is_copied(
    data_dir: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on exFAT, which no test can mount: the old one is aside before the new one stands."""

    def refused(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refused)
    path = data_dir.parts() / FIRST
    table = pq.read_table(path)
    at = table.schema.get_field_index("slot")
    pq.write_table(table.set_column(at, "slot", table["slot"].cast(pa.int16())), path)
    old = path.read_bytes()
    assert repair(data_dir).findings == ()
    assert (data_dir.state / "aside" / f"train.data.{FIRST}").read_bytes() == old


def test_types_that_can_be_cast_without_loss_are(data_dir: DataDir) -> None:
    """Large strings and a column too many: the rows stay, the old file is aside."""
    path = data_dir.parts() / FIRST
    table = pq.read_table(path)
    table = table.set_column(1, "question", table["question"].cast(pa.large_string()))
    pq.write_table(table.append_column("note", pa.array(["a", "b"])), path)
    old, rows = path.read_bytes(), rows_of(filled(data_dir.root.parent / "same"))
    (finding,) = verify(data_dir).findings
    assert (finding.kind, finding.repairable) == ("wrong_schema", True)
    assert finding.what == "column note is not ours; question is large_string"
    assert repair(data_dir).findings == ()
    assert rows_of(data_dir) == rows
    assert (data_dir.state / "aside" / f"train.data.{FIRST}").read_bytes() == old


def test_a_missing_column_is_told_and_not_made_up(data_dir: DataDir) -> None:
    """What cannot be mended without inventing a value stays as it is."""
    path = data_dir.parts() / FIRST
    pq.write_table(pq.read_table(path).drop_columns(["answer"]), path)
    before = names_of(data_dir)
    found = repair(data_dir)
    assert [one.what for one in found.findings] == ["column answer is missing"]
    assert names_of(data_dir) == before


def test_repeated_ids_and_slots_are_found(tmp_path: Path) -> None:
    """Across parts; each is named with its number of rows."""
    samples = [make_sample(0), make_sample(1), make_sample(0, id="lg_other", batch_id="b2")]
    samples += [make_sample(2, id=samples[0].id)]
    samples += [make_sample(0, id="lg_third")]
    data_dir = written(tmp_path / "data", samples, part_rows=1)
    found = {(one.kind, one.what) for one in verify(data_dir).findings}
    assert ("repeated_id", f"{samples[0].id}: 2 rows") in found
    assert ("repeated_slot", f"{BATCH} 0: 2 rows") in found
    assert ("no_record", "1 row of a batch without a record; --repair makes one from them") in found


@pytest.mark.parametrize(
    ("column", "kind", "what"),
    [
        ("id", "damaged_part", "None is not the id of its question and answer"),
        ("id", "repeated_id", "None: 2 rows"),
        ("slot", "repeated_slot", f"{BATCH} None: 2 rows"),
    ],
)
def test_a_row_without_its_id_or_slot_is_told(
    data_dir: DataDir, column: str, kind: str, what: str
) -> None:
    """Our schema allows it, though we never write it."""
    path = data_dir.parts() / FIRST
    table = pq.read_table(path)
    at, values = table.schema.get_field_index(column), table[column].to_pylist()
    values[:2] = [None, None]
    field = table.schema.field(column)
    pq.write_table(table.set_column(at, field, pa.array(values, field.type)), path)
    assert (kind, what) in {(one.kind, one.what) for one in verify(data_dir).findings}


def test_a_dead_writers_journal_waits_and_is_recovered(data_dir: DataDir) -> None:
    """Rows that were accepted and not sealed: found, and sealed by a repair."""

    def work() -> None:
        writer = BatchWriter(data_dir, BATCH, note_part=lambda *_: None)
        writer.append([make_sample(7)])
        os.kill(os.getpid(), signal.SIGKILL)

    assert in_child(work)[0] == signal.SIGKILL
    assert kinds(verify(data_dir)) == ["journal_waiting"]
    found = repair(data_dir)
    assert (found.rows, found.findings) == (8, ())
    assert Ledger(data_dir).load(BATCH).accepted == 8


def test_a_living_writers_journal_is_no_finding(data_dir: DataDir) -> None:
    """It is being written, and a repair leaves it alone."""
    with BatchWriter(data_dir, "20261124-living", note_part=lambda *_: None) as writer:
        writer.append([make_sample(7)])
        assert verify(data_dir).findings == ()
        assert repair(data_dir).findings == ()
        assert list(data_dir.journal.glob("*.jsonl"))


def test_a_part_that_the_ledger_does_not_name_is_noted_again(data_dir: DataDir) -> None:
    """A crash between the part and its note."""
    ledger = Ledger(data_dir)
    record = ledger.load(BATCH)
    record.parts, record.accepted = record.parts[:-1], 6
    ledger.save(record, force=True)
    assert kinds(verify(data_dir)) == ["part_not_noted"]
    assert repair(data_dir).findings == ()
    assert ledger.load(BATCH).accepted == 7


def test_a_ledger_that_promises_more_than_there_is(data_dir: DataDir) -> None:
    """What is gone is told with a remedy, until a repair notes it; put back, it counts again."""
    last = parts(data_dir)[-1]
    kept = last.read_bytes()
    last.unlink()
    (finding,) = verify(data_dir).findings
    assert (finding.kind, finding.where, finding.repairable) == ("ledger_disagrees", BATCH, True)
    assert finding.what == (
        "the record says 7 samples, the dataset holds 6: put parts back (a backup, state/aside/); "
        "--repair notes what is gone"
    )
    found = repair(data_dir)
    assert found.repaired == (f"{RECORD}: 1 sample noted as gone",)
    assert (found.findings, len(found.notes)) == ((), 1)
    assert repair(data_dir).repaired == ()
    record = Ledger(data_dir).load(BATCH)
    assert (record.accepted, record.lost) == (6, 1)
    assert [part.name for part in record.lost_parts] == [last.name]

    last.write_bytes(kept)
    assert kinds(verify(data_dir)) == ["part_not_noted"]
    assert repair(data_dir).findings == ()
    record = Ledger(data_dir).load(BATCH)
    assert (record.accepted, record.lost, record.lost_parts) == (7, 0, [])
    assert len(record.parts) == 4


def test_a_part_that_cannot_be_read_now_is_not_lost(data_dir: DataDir) -> None:
    """Nothing is noted as gone by who could not look."""
    path = data_dir.parts() / FIRST
    pq.write_table(pq.read_table(path).drop_columns(["batch_id"]), path)
    repair(data_dir)
    record = Ledger(data_dir).load(BATCH)
    assert (record.accepted, record.lost) == (7, 0)


def test_what_cannot_be_read_now_is_no_damage(data_dir: DataDir) -> None:
    """A repair ends there and moves nothing; nobody is told that it would help, and no other count
    is called wrong. A link in a circle stands for a disk that fails and for a lack of descriptors.
    """
    path = data_dir.parts() / FIRST
    kept = path.rename(data_dir.root / "kept")
    path.symlink_to(path)
    record = data_dir.root / RECORD
    (data_dir.batches / "another.json").symlink_to("another.json")
    before = record.read_bytes()
    found = verify(data_dir)
    assert [(one.kind, one.where, one.repairable) for one in found.findings] == [
        ("not_readable_now", f"train/data/{FIRST}", False),
        ("not_readable_now", "batches/another.json", False),
    ]
    assert "repair" not in "".join(one.what for one in found.findings)
    with pytest.raises(DiskError, match=rf"cannot read .*{FIRST}: Too many levels[^;]*$"):
        repair(data_dir)
    assert (path.is_symlink(), record.read_bytes()) == (True, before)
    assert not (data_dir.state / "aside").exists()
    kept.rename(path)
    assert kinds(repair(data_dir)) == ["not_readable_now"]


@pytest.mark.parametrize(
    "lack",
    [
        pa.ArrowException("Unknown error: Failed to launch worker thread: Resource temporarily"),
        pa.ArrowMemoryError("malloc of size 40832 failed"),
        OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)),
    ],
    ids=lambda lack: type(lack).__name__,
)
def test_a_part_is_not_to_blame_for_a_lack_of_memory_or_threads(
    data_dir: DataDir, monkeypatch: pytest.MonkeyPatch, lack: Exception
) -> None:
    """It is told as it is, by whoever looks and by a repair, which moves nothing."""

    def fails(*_: object, **__: object) -> None:
        raise lack

    # A limit that is met in this very call, and in no import before it, cannot be set.
    monkeypatch.setattr(pq, "ParquetFile", fails)
    before = content(data_dir.root)
    for look in (verify, repair):
        with pytest.raises(type(lack)) as told:
            look(data_dir)
        assert told.value is lack
    assert content(data_dir.root) == before


@pytest.mark.parametrize("damage", ["", "{", '{"id": 3}', '{"id": "another"}', None])
def test_a_record_that_is_none_goes_aside_and_is_made_from_the_rows(
    data_dir: DataDir, damage: str | None
) -> None:
    """History is part of the dataset: what the rows know of it is enough to be whole again."""
    path = data_dir.root / RECORD
    known = Ledger(data_dir).load(BATCH)
    if damage is None:
        path.unlink()
    else:
        path.write_text(damage)
    found = verify(data_dir)
    assert kinds(found) == ["no_record" if damage is None else "ledger_unreadable"]
    assert "--repair" in found.findings[0].what
    found = repair(data_dir)
    assert found.findings == ()
    assert found.repaired[-1] == f"{RECORD}: made from its 7 rows"
    if damage is not None:
        assert (data_dir.state / "aside" / f"batches.{BATCH}.json").read_text() == damage
    made = Ledger(data_dir).load(BATCH)
    assert (made.accepted, made.target, made.lost, made.parts) == (7, 7, 0, known.parts)
    assert {name: stats.samples for name, stats in made.models.items()} == {
        "groq/openai/gpt-oss-120b": 4,
        "groq/openai/gpt-oss-20b": 3,
    }
    assert repair(data_dir).repaired == ()


def test_a_record_made_anew_knows_what_the_last_refusal_told(data_dir: DataDir) -> None:
    """Its line counts the calls that gave no row."""
    stats = {"groq/openai/gpt-oss-120b": ModelStats(calls=9, samples=4, cost_usd=0.5)}
    why = (Reason("SCHEMA", "no"),)
    told = Balance(12, stats, rejected={"SCHEMA": 5})
    refused = Rejected(NOW, 1, "groq", "m", why, "text", 4, balance=told)
    data_dir.rejected.mkdir(exist_ok=True)
    (data_dir.rejected / f"{BATCH}.jsonl").write_bytes(to_json(refused) + b"\n")
    (data_dir.root / RECORD).write_text("")
    assert repair(data_dir).findings == ()
    made = Ledger(data_dir).load(BATCH)
    assert (made.accepted, made.rejected) == (7, {"SCHEMA": 5})
    assert made.models["groq/openai/gpt-oss-120b"].calls == 9
    assert made.models["groq/openai/gpt-oss-20b"].calls == 3


def test_a_record_of_a_batch_that_runs_is_left_to_it(data_dir: DataDir) -> None:
    """Its writer writes it anew within a second."""
    (data_dir.root / RECORD).write_text("")
    with BatchWriter(data_dir, BATCH, note_part=lambda _batch, _part: None):
        assert "ledger_unreadable" in kinds(repair(data_dir))
    assert repair(data_dir).findings == ()


@pytest.mark.parametrize("text", [None, "# mine\n"])
def test_a_card_that_does_not_name_the_columns_is_written_anew(
    data_dir: DataDir, text: str | None
) -> None:
    """It is what fixes the types for load_dataset."""
    card = data_dir.train / "README.md"
    card.unlink()
    if text is not None:
        card.write_text(text)
    assert kinds(verify(data_dir)) == ["card"]
    assert repair(data_dir).findings == ()
    assert "  - name: thinking\n" in card.read_text()


def test_what_is_kept_aside_is_a_note_and_no_fault(data_dir: DataDir) -> None:
    """A torn line and a file that was moved are worth knowing, and nothing is to be done."""
    (data_dir.journal / f"{BATCH}-00000.jsonl.torn-0").write_bytes(b"x")
    found = verify(data_dir)
    assert (found.findings, len(found.notes)) == ((), 1)


def test_repair_on_a_whole_dataset_does_nothing(data_dir: DataDir) -> None:
    """It can be run at any time."""
    assert repair(data_dir) == verify(data_dir)
    assert repair(data_dir).repaired == ()


# --- many rows ---

PEAK = """
import resource, sys
from pathlib import Path
from legalgen.dataset.verify import verify
from legalgen.store.files import DataDir
found = verify(DataDir(Path(sys.argv[1])))
kinds = sorted({one.kind for one in found.findings})
print(found.rows, *kinds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def many(folder: Path, rows: int, part_rows: int = 100_000) -> DataDir:
    """A dataset of many short rows: their ids, texts and slots are their own, all else is one's."""
    data_dir = DataDir(folder)
    data_dir.create()
    [constant] = to_table([make_sample(0)]).to_pylist()
    schema = to_table([make_sample(0)]).schema
    columns = {each.name: pa.array([constant[each.name]] * part_rows, each.type) for each in schema}
    for first in range(0, rows, part_rows):
        numbers = range(first, first + part_rows)
        columns["question"] = pa.array([f"q {number}" for number in numbers])
        columns["answer"] = pa.array([f"a {number}" for number in numbers])
        columns["slot"] = pa.array(numbers, schema.field("slot").type)
        columns["id"] = pa.array([sample_id(f"q {number}", f"a {number}") for number in numbers])
        name = f"train-{BATCH}-{first // part_rows:05}.parquet"
        pq.write_table(pa.table(columns, schema), data_dir.parts() / name, compression="zstd",
                       row_group_size=10_000)  # fmt: skip
    return data_dir


@pytest.mark.extended
@pytest.mark.parametrize("rows", [1_000_000, 10_000_000])
def test_many_rows_take_little_memory(
    rows: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Of each row 16 bytes are kept, and as many again while repeats are looked for."""
    data_dir = many(tmp_path / "data", rows)
    command = [sys.executable, "-c", PEAK, str(data_dir.root)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    record_property("peak MB", int(out[-1]))
    assert out[:-1] == [str(rows), "card", "no_record"]
    assert int(out[-1]) <= 1500


def test_rows_taken_out_that_went_with_their_part_are_counted_no_more(tmp_path: Path) -> None:
    """Nor against those that are left, nor by a compaction as written."""
    data_dir = filled(tmp_path / "data", rows=4, part_rows=2)
    first, _, third, _ = rows_of(data_dir)
    drop(data_dir, [first.id, third.id], Wanted())
    parts(data_dir)[0].write_bytes(b"junk")
    found = repair(data_dir)
    assert found.findings == ()
    assert any("marks/train.json: 1 row taken out and in no" in said for said in found.repaired)
    assert (found.rows, summarise(data_dir).rows) == (1, 1)
    compact(data_dir, note_part=lambda *_: None)
    Ledger(data_dir).forget_parts({path.name for path in parts(data_dir)})
    assert verify(data_dir).findings == ()


@pytest.mark.parametrize("damage", [b"", b'{"crc":"00000000","row":{}}\n', b"\xff\x00", b'{"crc"'])
def test_damaged_notes_are_found_and_put_aside(data_dir: DataDir, damage: bytes) -> None:
    """All that would go by them refuses to, with the way on; a repair says what it undoes."""
    dropped = rows_of(data_dir)[0]
    stone = Tombstone(
        codes=("X",), batch_id=dropped.batch_id, cell=cell_of(dropped), model="groq/m"
    )
    save_notes(data_dir, RowNotes(dropped={dropped.id: stone}))
    written = notes_path(data_dir, rehearsal=False)
    cut = written.read_bytes()[:-20] if damage == b"" else damage
    written.write_bytes(cut)
    for reads in (lambda: summarise(data_dir), lambda: list(iter_batches(data_dir))):
        with pytest.raises(DiskError, match="verify --repair"):
            reads()
    with pytest.raises(DiskError, match="verify --repair"):
        compact(data_dir, note_part=Ledger(data_dir).note_part)
    found = verify(data_dir)
    assert kinds(found) == ["damaged_notes"]
    assert found.findings[0].where == "marks/train.json"
    assert found.rows == 7
    mended = repair(data_dir)
    assert kinds(mended) == []
    assert "count again" in mended.repaired[0]
    assert (data_dir.state / "aside" / "marks.train.json").read_bytes() == cut
    assert summarise(data_dir).rows == 7


def test_notes_that_may_not_be_read_are_not_put_aside(data_dir: DataDir) -> None:
    """A link in a circle stands for all that cannot be read and is no damage."""
    path = notes_path(data_dir, rehearsal=False)
    path.parent.mkdir()
    path.symlink_to(path)
    for look in (verify, repair):
        with pytest.raises(DiskError, match="Too many levels"):
            look(data_dir)
    assert path.is_symlink()
