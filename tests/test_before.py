"""What version 0.1.0 left behind is gone on with: its data dir, state dir, config, and batches.

``tests/data/before/`` was written by that version against the vendors' double, and is never
written anew: three batches and a sample of ``generate`` that are whole, a chain that ended
half-way (one batch stopped by a bound, one paused by a day's quota), and a batch that was killed
and has its samples in the journal. Its name of the machine, its addresses and lock files are gone.
"""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.program import Program, next_day
from tests.vendors import VendorServer

BEFORE = Path(__file__).parent / "data" / "before"
WHOLE = ("20261128-230039-gwd2", "20261128-230047-qygm", "20261128-230055-1np9")
STOPPED, PAUSED, KILLED = "20261128-230103-2g50", "20261128-230109-w783", "20261128-230117-yd57"
STATUSES = {
    **dict.fromkeys(WHOLE, "completed"),
    STOPPED: "stopped",
    PAUSED: "paused",
    KILLED: "interrupted",
}
SEALED, JOURNALLED = 9, 4
TARGETS = {STOPPED: 4, PAUSED: 4, KILLED: 12}
WRITTEN_S = 1_795_906_880.0
"""When it was left, in seconds since the epoch."""
USED_UP = "openai/gpt-oss-20b"


@pytest.fixture
def left(program: Program, vendors: VendorServer) -> Program:
    """A copy: the addresses are the double's of now, and what was learnt was learnt just now."""
    shutil.copytree(BEFORE, program.home, dirs_exist_ok=True)
    health = program.home / "state" / "health.json"
    known = json.loads(health.read_text().replace("http://127.0.0.1:9", vendors.url))
    health.write_text(json.dumps(moved(known, time.time() - WRITTEN_S)))
    return program


def moved(value: object, seconds: float) -> object:
    """With its times as much later: what is remembered for a day would else be forgotten."""
    if isinstance(value, dict):
        return {
            name: each + seconds
            if name in ("seen", "until", "at") and each
            else moved(each, seconds)
            for name, each in value.items()
        }
    return [moved(each, seconds) for each in value] if isinstance(value, list) else value


def test_verify_finds_the_dead_writer_and_nothing_else(left: Program) -> None:
    """Rows that are not sealed are a finding, as they were; the rest is whole."""
    ended = left.run("dataset", "verify", "--json")
    assert (ended.code, ended.json["rows"], len(ended.json["findings"])) == (1, SEALED, 1)
    assert left.run("dataset", "verify", "--repair").code == 0
    assert len(left.rows()) == SEALED + JOURNALLED


def test_history_knows_how_each_batch_ended(left: Program) -> None:
    """The ledger is read, and the one whose process is gone is called interrupted."""
    ended = left.run("history", "--json")
    assert (ended.code, {row["id"]: row["status"] for row in ended.json}) == (0, STATUSES)


@pytest.mark.parametrize(
    "command",
    [
        ("models",),
        ("history",),
        ("history", "--why", PAUSED),
        ("history", KILLED, "--json"),
        ("dataset", "stats"),
        ("dataset", "stats", "--batch", STOPPED, "--json"),
        ("dataset", "check", "data/train/data"),
        ("dataset", "verify", "--repair"),
        ("dataset", "compact", "--offline"),
        ("dataset", "export", "out.jsonl"),
        ("dataset", "export", "out.parquet", "--batch", WHOLE[0]),
        ("config", "show"),
        ("config", "path"),
        ("config", "taxonomy"),
        ("generate",),
        ("batch",),
        ("batch", "--plan"),
        ("batch", "--until-total", "10"),
    ],
    ids=" ".join,
)
def test_every_command_works(
    command: tuple[str, ...], left: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing has to be set, moved or converted first; no row is lost."""
    monkeypatch.chdir(left.home)
    before = Counter(row["id"] for row in left.rows())
    ended = left.run(*command)
    assert ended.code == 0, ended.err
    assert "Traceback" not in ended.err
    after = Counter(row["id"] for row in left.rows())
    assert (len(before), before - after, max(after.values())) == (SEALED, Counter(), 1)


def test_what_was_learnt_is_known(left: Program) -> None:
    """The day's quota that paused a batch is still used up; the config file says who writes."""
    rows = left.run("models", "--json").json["models"]
    states = {row["model"]: row["state"] for row in rows if row["provider"] == "groq"}
    assert states[USED_UP] == "exhausted"
    shown = {row["name"]: row for row in left.run("config", "show", "--json").json}
    assert (shown["count"]["value"], "config" in shown["count"]["origin"]) == ("4", True)


@pytest.mark.parametrize("batch", TARGETS)
def test_resume_ends_a_batch(batch: str, left: Program) -> None:
    """Each comes to its target, with the rows it had and no slot twice.

    The double begins its answers anew, so that some are refused as duplicates, and a slot that six
    of them meet is given up for another one.
    """
    next_day(left.home)  # the day of the used-up quota is over
    had = {row["id"] for row in left.rows()}
    ended = left.run("batch", batch, "--resume", "--json")
    assert (ended.code, ended.json["status"]) == (0, "completed"), ended.err
    slots = [row["slot"] for row in left.rows() if row["batch_id"] == batch]
    assert len(slots) == len(set(slots)) == TARGETS[batch]
    assert had <= {row["id"] for row in left.rows()}
    assert left.run("dataset", "verify").code == 0


def test_the_killed_batch_loses_nothing(left: Program) -> None:
    """What is in its journal becomes rows, and the rest is written."""
    [journal] = (left.home / "data" / "journal").iterdir()
    written = {json.loads(line)["row"]["id"] for line in journal.read_text().splitlines()[1:]}
    assert len(written) == JOURNALLED
    next_day(left.home)
    ended = left.run("batch", KILLED, "--resume", "--json")
    assert ended.code == 0, ended.err
    rows = {row["id"] for row in left.rows() if row["batch_id"] == KILLED}
    assert (written <= rows, len(rows)) == (True, TARGETS[KILLED])
    assert f"{JOURNALLED} rows, sealed" in ended.err


def test_resume_without_an_id_goes_on_with_the_newest(left: Program) -> None:
    """As it did: the batch that was killed last."""
    ended = left.run("batch", "--resume", "--json")
    assert (ended.code, ended.batch["id"], ended.batch["accepted"]) == (0, KILLED, 12), ended.err
