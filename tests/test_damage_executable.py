"""The executable over damaged parts: exit 74 with the file and the cure; new batches go on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from legalgen.store.parts import parts
from tests.program import MODES_BIND, Program
from tests.vendors import VendorServer

MODEL = "openai/gpt-oss-120b"
ONE = ("--route", f"groq/{MODEL}")
CURE = "legalgen dataset verify --repair"


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def flip_in_a_page(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[200] ^= 1
    path.write_bytes(raw)


def flip_in_the_footer(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[-300] ^= 1
    path.write_bytes(raw)


DAMAGES = [cut, emptied, flip_in_a_page, flip_in_the_footer]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_named_and_stops_no_new_batch(
    program: Program, vendors: VendorServer, damage: object, tmp_path: Path
) -> None:
    """Stats, export and compact end with 74; a batch says once what it passed by, and writes."""
    first = program.run("batch", *ONE, "-n", "3", "--json").batch["id"]
    (path,) = parts(program.data_dir)
    damage(path)  # type: ignore[operator]  # one of the functions above
    for words in (
        ("dataset", "stats"),
        ("dataset", "export", str(tmp_path / "out.jsonl")),
        ("dataset", "compact"),
        ("models", "--compare"),
    ):
        ended = program.run(*words)
        if words[1] == "compact" and ended.code == 0:
            continue  # a single part is not rewritten, and so not read
        assert (ended.code, str(path) in ended.err, CURE in ended.err) == (74, True, True), (
            words,
            ended.err,
        )
    ended = program.run("batch", *ONE, "-n", "2", "--json")
    assert (ended.code, ended.batch["accepted"]) == (0, 2), ended.err
    assert ended.err.count("it is passed by") == 1
    found = program.run("dataset", "verify", "--json")
    assert found.code == 1
    assert "damaged_part" in {one["kind"] for one in found.json["findings"]}
    program.run("dataset", "verify", "--repair")
    assert path not in parts(program.data_dir)
    assert program.run("dataset", "stats").code == 0
    assert program.run("batch", first, "--resume").code in (0, 2)


@MODES_BIND
def test_a_part_that_may_not_be_read_is_named(vendors: VendorServer, tmp_path: Path) -> None:
    """Permissions are no bug of the program, and no damage that a repair puts aside."""
    program = Program(tmp_path, vendors, powerless=True)
    program.run("batch", *ONE, "-n", "3")
    (path,) = parts(program.data_dir)
    path.chmod(0)
    for words in ("stats", "verify --repair"):
        ended = program.run("dataset", *words.split())
        assert (ended.code, f"chmod u+rwX {path}" in ended.err, CURE in ended.err) == (
            74, True, False
        )  # fmt: skip
    assert program.run("batch", *ONE, "-n", "2").code == 0
    assert path in parts(program.data_dir)


@pytest.mark.parametrize("damage", DAMAGES)
def test_rows_that_cannot_be_counted_are_not_bought_again(
    damage: object, program: Program, vendors: VendorServer
) -> None:
    """--until-total needs all parts, whatever bounds the calls."""
    program.run("batch", *ONE, "-n", "3")
    (path,) = parts(program.data_dir)
    damage(path)  # type: ignore[operator]  # one of the functions above
    before = len(vendors.calls())
    for bound in ((), ("--max-calls", "9")):
        ended = program.run("batch", *ONE, "--until-total", "5", *bound)
        assert (ended.code, str(path) in ended.err, CURE in ended.err) == (74, True, True)
    assert len(vendors.calls()) == before


def test_damaged_notes_on_rows_can_be_got_rid_of(program: Program, vendors: VendorServer) -> None:
    """Every command that goes by them names the way on, no call is made, and it is one."""
    assert program.run("batch", *ONE, "-n", "3").code == 0
    [name] = {row["id"] for row in program.rows() if row["slot"] == 0}
    assert program.run("dataset", "drop", name).code == 0
    marks = program.data_dir.marks / "train.json"
    os.truncate(marks, marks.stat().st_size - 30)
    before = len(vendors.calls())
    for words in (("dataset", "stats"), ("batch", *ONE, "-n", "1"), ("dataset", "compact"),
                  ("dataset", "export", str(program.home / "x.jsonl"))):  # fmt: skip
        ended = program.run(*words)
        assert (ended.code, CURE in ended.err, str(marks) in ended.err) == (74, True, True), words
    assert len(vendors.calls()) == before
    found = program.run("dataset", "verify", "--json")
    assert [one["kind"] for one in found.json["findings"]] == ["damaged_notes"]
    mended = program.run("dataset", "verify", "--repair")
    assert (mended.code, "count again" in mended.err) == (0, True), mended.err
    assert program.run("batch", *ONE, "-n", "1").code == 0
    assert len(program.rows()) == 4


def test_a_damaged_list_of_moves_is_named(program: Program, vendors: VendorServer) -> None:
    """By all that would go on with it; the dataset can be written and read meanwhile."""
    assert program.run("batch", *ONE, "-n", "2").code == 0
    moves = program.data_dir.state / "compact" / "train" / "moves.json"
    moves.parent.mkdir(parents=True)
    moves.write_text('{"new": [')
    for words in ("compact", "verify --repair"):
        ended = program.run("dataset", *words.split())
        assert (ended.code, str(moves) in ended.err) == (74, True)
    assert program.run("batch", *ONE, "-n", "3").code == 0
    assert program.run("dataset", "verify", "--json").json["findings"][0]["kind"] == (
        "compaction_left"
    )


def test_a_killed_export_leaves_nothing_for_long(
    program: Program, vendors: VendorServer, tmp_path: Path
) -> None:
    """The next export into the folder clears what the dead one left, and nothing else."""
    program.run("batch", *ONE, "-n", "3")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / ".mine.tmp").touch()
    (folder / ".yesterday.jsonl.0a1b2c3d.legalgen.tmp").write_bytes(b"half")
    assert program.run("dataset", "export", str(folder / "today.jsonl")).code == 0
    assert {path.name for path in folder.iterdir()} == {
        ".mine.tmp", "today.jsonl", "today.trainers.md"
    }  # fmt: skip


def test_a_row_beyond_the_schema_is_put_aside_and_told(
    program: Program, vendors: VendorServer
) -> None:
    """Whoever comes first says so in a line and seals the rest; the batch can go on."""
    from tests.store.test_store import poisoned

    program.kill_after(4, vendors, "batch", *ONE, "-n", "12", "-c", "1")
    (segment,) = program.data_dir.journal.glob("*.jsonl")
    header, first, second, *rest = segment.read_bytes().splitlines(keepends=True)
    bad = poisoned(second, output_tokens=2**63)
    segment.write_bytes(b"".join([header, first, bad, *rest]))
    ended = program.run("dataset", "compact")
    assert (ended.code, "1 row was put aside" in ended.err) == (0, True), ended.err
    assert len(program.rows()) == 1 + len(rest)
    assert program.run("dataset", "verify", "--repair").code in (0, 1)
    assert program.run("batch", "--resume").code == 0
    assert [row["slot"] for row in program.rows()] == list(range(12))
    assert program.run("dataset", "verify").code == 0


@pytest.mark.parametrize("period", ["day", "month"])
def test_no_cap_goes_by_records_that_cannot_be_read(
    period: str, program: Program, vendors: VendorServer
) -> None:
    """What the last batch spent may be all there is: nobody is paid, and --spend says so."""
    assert program.run("batch", *ONE, "-n", "2").code == 0
    [path] = program.data_dir.batches.glob("*.json")
    os.truncate(path, 100)
    before = len(vendors.calls())
    order = ("batch", *ONE, "-n", "1", f"--max-cost-per-{period}", "1")
    for words in (order, (*order, "--plan")):
        ended = program.run(*words)
        assert (ended.code, ended.err.count(f"{path}: not a record: ")) == (74, 1), ended.err
        assert f"what is left of --max-cost-per-{period}: move" in ended.err
    assert len(vendors.calls()) == before
    spend = program.run("history", "--spend")
    assert (spend.code, "1 record cannot be read" in spend.err) == (0, True)
    os.utime(path, (0, 0))  # nothing can have been spent since
    assert program.run(*order).code == 0
    assert program.run("batch", *ONE, "-n", "1").code == 0


def test_without_its_record_a_batch_names_the_command_that_seals_its_samples(
    program: Program, vendors: VendorServer
) -> None:
    """``--resume`` knows no batch whose record somebody took away under it."""
    with (
        vendors.hold() as held,
        program.start("batch", *ONE, "-n", "4", "-c", "1", "--quiet") as running,
    ):
        held.release(2)
        running.wait_for("SampleAccepted", 2)
        held.wait_for(1)
        shutil.rmtree(program.data_dir.batches)
        sealed = program.data_dir.parts()
        shutil.rmtree(sealed)
        sealed.touch()  # no part can be written
        held.release()
        ended = running.end()
    assert ended.code == 74, ended
    sealed.unlink()
    assert f"safe in the journal: `{CURE}` seals" in ended.err
    assert program.run("dataset", "verify", "--repair").code == 0
    assert len(program.rows()) >= 2
