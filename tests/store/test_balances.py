"""balances.py: what a dead writer's last line tells, and that it counts once."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from legalgen.errors import Reason
from legalgen.store.balances import Balance, ModelStats, Teller, last_balance
from legalgen.store.files import DataDir
from legalgen.store.journal import BatchWriter, Rejected
from legalgen.store.ledger import Process, Record
from legalgen.store.sample import to_json
from tests.crash.rows import BATCH, make_sample

NOW = datetime(2026, 11, 23, 16, 15, tzinfo=UTC)
MODELS = ("groq/openai/gpt-oss-120b", "groq#2/openai/gpt-oss-20b", "groq/qwen/qwen3.8-27b (judge)")
FLAGS = ((), ("UNJUDGED", "LONG"))


def begun() -> Record:
    return Record(
        id=BATCH, kind="batch", status="running", command=("legalgen",),
        process=Process(1, "host"), version="0.1.0", started=NOW, updated=NOW,
    )  # fmt: skip


def spend(record: Record, model: str) -> None:
    """What a call does to a record."""
    stats = record.model(model)
    stats.calls += 1
    stats.input_tokens += 100
    stats.output_tokens += 10
    stats.cost_usd = (stats.cost_usd or 0.0) + 0.001
    stats.failures["timeout"] = stats.failures.get("timeout", 0) + 1
    record.days["2026-11-23"] = record.days.get("2026-11-23", 0.0) + 0.001


def counts(record: Record) -> object:
    names = ("lines", "accepted", "models", "days", "rejected", "flagged", "unjudged")
    return deepcopy([getattr(record, name) for name in names])


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("spend"), st.sampled_from(MODELS)),
        st.tuples(st.just("rows"), st.lists(st.sampled_from(MODELS[:2]), min_size=1, max_size=4)),
        st.tuples(st.just("reject"), st.sampled_from(("TOO_SHORT", "DUP_NEAR"))),
        st.tuples(st.just("save"), st.none()),
    ),
    max_size=25,
)


@given(STEPS, st.integers(0, 3))
def test_a_saved_record_and_the_last_line_are_all_that_was_counted(
    steps: list[tuple[str, object]], lost: int
) -> None:
    """Whenever the writer dies, also in the middle of a group of rows, what is read is how it stood
    at the last line or at the last save, whichever was later; and reading it twice changes nothing.
    """
    record = begun()
    teller = Teller(record)
    saved, lines = deepcopy(record), list[bytes]()
    stood = counts(record)
    for what, detail in steps:
        match what, detail:
            case "spend", str(model):
                spend(record, model)
            case "rows", list(models):
                samples = [
                    (model, make_sample(number, flags=FLAGS[number % 2]))
                    for number, model in enumerate(models)
                ]
                lines += teller.each(samples)
                for model, sample in samples:
                    record.lines += 1
                    record.accepted += 1
                    record.model(model).count(sample)
                    record.flagged += bool(sample.flags)
                    record.unjudged += "UNJUDGED" in sample.flags
                stood = counts(record)
            case "reject", str(code):
                record.rejected[code] = record.rejected.get(code, 0) + 1
                lines.append(to_json(teller.next()))
                record.lines += 1
                stood = counts(record)
            case _:
                saved = deepcopy(record)
                teller.saved()
                stood = counts(record)
    told = [msgspec.json.decode(line, type=Balance) for line in lines]
    assert [each.number for each in told] == list(range(1, len(told) + 1))
    found = deepcopy(saved).settled(told[-1] if told else None)
    assert counts(found) == stood
    assert counts(found.settled(told[-1] if told else None)) == stood
    torn = told[: len(told) - lost]
    fewer = deepcopy(saved).settled(torn[-1] if torn else None)
    assert fewer.lines == max(saved.lines, len(torn))
    assert sum(each.samples for each in fewer.models.values()) <= len(lines)


def refused(record: Record, text: str = "no") -> Rejected:
    reasons = (Reason("TOO_SHORT", "TOO_SHORT: 3 words"),)
    balance = Teller(record).next()
    record.lines += 1
    return Rejected(NOW, 1, "groq", "m", reasons, text, len(text), balance=balance)


@pytest.mark.parametrize("tail", [b"", b'{"at":"2026', b"\n\n", b"x" * 400_000])
@pytest.mark.parametrize("size", [10, 16_000, 70_000])
def test_the_last_whole_line_counts_however_long_and_whatever_is_torn(
    tmp_path: Path, tail: bytes, size: int
) -> None:
    """Lines are read from the end of a file, a stretch at a time."""
    data_dir, record = DataDir(tmp_path), begun()
    data_dir.create()
    spend(record, MODELS[0])
    path = data_dir.rejected / f"{BATCH}.jsonl"
    with path.open("wb") as file:
        for _ in range(9):
            file.write(to_json(refused(record, "é\x00" * size)) + b"\n")
        file.write(tail)
    found = last_balance(data_dir, BATCH)
    assert found == Balance(9, record.models, record.days)


def test_the_newest_of_both_files_counts_and_damage_is_passed_over(tmp_path: Path) -> None:
    """A balance whose bytes were changed tells nothing: the line before it does."""
    data_dir, record = DataDir(tmp_path), begun()
    data_dir.create()
    assert last_balance(data_dir, BATCH) is None
    writer = BatchWriter(data_dir, BATCH, note_part=lambda *_: None)
    writer.reject(refused(record))
    rows = [(MODELS[0], make_sample(0)), (MODELS[0], make_sample(1))]
    writer.append([row for _, row in rows], Teller(record).each(rows))
    found = last_balance(data_dir, BATCH)
    assert found is not None
    assert (found.number, found.models[MODELS[0]].samples) == (3, 2)
    path = next(data_dir.journal.glob("*.jsonl"))
    path.write_bytes(path.read_bytes().replace(b'"samples":2', b'"samples":9'))
    found = last_balance(data_dir, BATCH)
    assert found is not None
    assert (found.number, found.models[MODELS[0]].samples) == (2, 1)
    writer.close()


def test_lines_of_earlier_versions_tell_nothing(tmp_path: Path) -> None:
    """A row, or a refused answer, without a balance leaves the record as it is."""
    data_dir, record = DataDir(tmp_path), begun()
    data_dir.create()
    writer = BatchWriter(data_dir, BATCH, note_part=lambda *_: None)
    writer.append([make_sample(0)])
    old = json.loads(to_json(refused(record)))
    del old["balance"]
    (data_dir.rejected / f"{BATCH}.jsonl").write_text(json.dumps(old) + "\n")
    assert last_balance(data_dir, BATCH) is None
    writer.close()


def test_a_model_that_did_nothing_since_is_not_told_again() -> None:
    """A line bears what changed since the record was saved, and no more."""
    record = begun()
    teller = Teller(record)
    for model in MODELS:
        spend(record, model)
    teller.saved()
    spend(record, MODELS[1])
    assert set(teller.next().models) == {MODELS[1]}
    assert teller.next().models[MODELS[1]] == ModelStats(
        calls=2, input_tokens=200, output_tokens=20, cost_usd=0.002, failures={"timeout": 2}
    )


def test_samples_that_a_repair_found_gone_do_not_come_back() -> None:
    """The models' counts hold them still; what a resumed batch wrote since is counted."""
    record = begun()
    record.model(MODELS[0]).samples = 9
    record.accepted, record.lost = 6, 3
    newer = ModelStats(samples=11)
    balance = Balance(number=record.lines + 1, models={MODELS[0]: newer}, days={}, rejected={})
    assert record.settled(balance).accepted == 8


def test_a_line_that_the_disk_failed_at_takes_no_count_back() -> None:
    """The record was saved after it, and knows of calls that ended later; the sample counts."""
    usd = {"2026-11-24": 0.5}
    known = ModelStats(calls=5, samples=1, output_tokens=90, cost_usd=0.5, failures={"timeout": 1})
    line = ModelStats(calls=5, samples=2, output_tokens=30, cost_usd=0.2)
    record = replace(begun(), lines=1, models={"a/b": known, "a/c": ModelStats()}, days=usd)
    told = Balance(2, {"a/b": line, "a/d": line}, {"2026-11-24": 0.2, "2026-11-23": 0.1}, {"X": 1})
    found = record.settled(told)
    assert found.models["a/b"] == replace(known, samples=2)
    assert (found.models["a/c"], found.models["a/d"]) == (ModelStats(), line)
    assert (found.days, found.rejected) == ({**usd, "2026-11-23": 0.1}, {"X": 1})
