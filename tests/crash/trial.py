"""One crash and its recovery, judged by the server's own record of what was paid for."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import msgspec
import pyarrow.parquet as pq

from legalgen.dataset.verify import verify
from legalgen.store import journal, parts
from legalgen.store.files import DataDir, unframe
from legalgen.store.ledger import Ledger, Record
from legalgen.store.outlays import cost_of
from legalgen.store.sample import arrow_schema
from tests.crash.points import Order
from tests.program import environment, whole_lines
from tests.waiting import lives

ROOT = Path(__file__).parents[2]
TARGET = 10
CONCURRENCY = 2
PART_ROWS = 4
LATENCY_S = 0.01
MOST_ASKED = 3
"""Answers to one task that may be refused before another model is asked."""
BAD_ANSWERS = '{"name": "wrong_schema", "after": 2, "every": 6}'
_TOKENS = {"input_tokens": "prompt_tokens", "output_tokens": "completion_tokens"}
"""What a row calls them, and what the server does."""
LONGEST_S = 120.0
"""Nothing here takes this long, however busy the machine: what does, hangs."""
BATCH = ("batch", "--route", "groq/openai/gpt-oss-120b", "-c", str(CONCURRENCY), "-q")


class Vendors:
    """The double of the vendors in a process of its own, with its record in a file."""

    def __init__(self, process: subprocess.Popen[str], log: Path, environ: dict[str, str]) -> None:
        self.process = process
        self.log = log
        self.environ = environ

    @classmethod
    @contextmanager
    def started(cls, log: Path, *faults: str, latency_s: float = LATENCY_S) -> Iterator[Vendors]:
        """A server that runs for as long as the block."""
        options = [text for fault in faults for text in ("--fault", fault)]
        command = [sys.executable, "-m", "tests.vendors", "--latency", str(latency_s)]
        with subprocess.Popen(
            [*command, "--log", str(log), *options], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            environ = {}
            for line in process.stdout:
                if not line.startswith("export "):
                    break
                name, _, value = line.removeprefix("export ").strip().partition("=")
                environ[name] = value
            try:
                yield cls(process, log, environ)
            finally:
                process.terminate()

    @property
    def size(self) -> int:
        """How long the record is now, in bytes."""
        return self.log.stat().st_size if self.log.exists() else 0

    def paid(self, since: int) -> list[dict[str, Any]]:
        """The calls since then that brought an answer for which a model ran.

        Not those whose output the vendor's own validation refused: there is no answer to keep.
        """
        with self.log.open("rb") as file:
            file.seek(since)
            calls = [json.loads(line) for line in file.read().splitlines()]
        return [call for call in calls if call["status"] == 200 and call["completion_tokens"] > 0]


class ForkServer:
    """Runs orders in forks of a process that has imported the program."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[ForkServer]:
        """A fork server that lives for as long as the block."""
        with subprocess.Popen(
            [sys.executable, "-m", "tests.crash.launch"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield cls(process)
            finally:
                process.kill()

    def start(self, order: Order) -> int:
        """The pid of the run."""
        _pipe(self._process.stdin).write(msgspec.json.encode(order).decode() + "\n")
        _pipe(self._process.stdin).flush()
        return int(_pipe(self._process.stdout).readline())

    def end(self) -> int:
        """The exit code of the run; minus the signal that ended it."""
        return int(_pipe(self._process.stdout).readline())


class ColdStart:
    """Runs each order in an interpreter of its own, as a shell does."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, order: Order) -> int:
        """The pid of the run."""
        with open(order.out or os.devnull, "wb") as out, open(order.err or os.devnull, "wb") as err:  # noqa: PTH123 - either may be the null device
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.crash.launch", msgspec.json.encode(order).decode()],
                cwd=ROOT,
                env=order.environ,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        return self._process.pid

    def end(self) -> int:
        """The exit code of the run; minus the signal that ended it."""
        assert self._process is not None
        return self._process.wait(LONGEST_S)


def _pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


@dataclass(frozen=True, slots=True)
class Bill:
    """What the server was paid for, and what became of it.

    ``good`` and ``bad`` answers were paid for; ``late`` good ones were kept as rejected (they
    repeat another), ``refused`` bad ones. ``lost`` samples had been accepted.
    """

    good: int = 0
    rows: int = 0
    late: int = 0
    bad: int = 0
    refused: int = 0
    lost: int = 0
    doubled: int = 0

    def __add__(self, other: Bill) -> Bill:
        return Bill(
            self.good + other.good,
            self.rows + other.rows,
            self.late + other.late,
            self.bad + other.bad,
            self.refused + other.refused,
            self.lost + other.lost,
            self.doubled + other.doubled,
        )


@dataclass(slots=True)
class Trial:
    """A home of its own, in which commands are started, killed, and judged.

    ``kills`` and ``failures`` (of the disk) each cost at most the calls in flight.
    """

    home: Path
    vendors: Vendors
    starter: ForkServer | ColdStart
    kills: int = 0
    failures: int = 0
    problems: list[str] = field(default_factory=list)
    _runs: int = 0
    _since: int = 0

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self._since = self.vendors.size

    @property
    def data_dir(self) -> DataDir:
        """Where the runs of this trial keep things."""
        return DataDir(self.home / "data")

    def order(self, *arguments: str, **more: Any) -> Order:
        """An order of this home; ``more`` are its other fields."""
        self._runs += 1
        environ = {
            **environment(self.home, None),
            **self.vendors.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        told = ("--events", str(self.home / f"told-{self._runs}.jsonl"))
        return Order(
            home=str(self.home),
            arguments=(*arguments, *(told if arguments[0] == "batch" else ())),
            environ=environ,
            part_rows=PART_ROWS,
            acks=str(self.home / "acks"),
            out=str(self.home / f"out-{self._runs}"),
            err=str(self.home / f"err-{self._runs}"),
            **more,
        )

    def run(self, *arguments: str, **more: Any) -> int:
        """Run a command to its end, whatever that is; its exit code."""
        self.starter.start(self.order(*arguments, **more))
        code = self.starter.end()
        self.kills += code == -signal.SIGKILL
        return code

    def profiled(self, order: Order) -> tuple[int, Counter[str]]:
        """Run an order that does not kill: its exit code, and how often it passed each point."""
        profile = self.home / "profile.json"
        self.starter.start(msgspec.structs.replace(order, profile=str(profile)))
        return self.starter.end(), Counter(msgspec.json.decode(profile.read_bytes()))

    def run_killed_after(self, seconds: float, *arguments: str, begun: bool) -> int:
        """Kill a command so long after its start, or after its batch began; its exit code."""
        pid = self.starter.start(self.order(*arguments))
        told = self.home / f"told-{self._runs}.jsonl"
        end = time.monotonic() + LONGEST_S
        while begun and time.monotonic() < end and lives(pid):
            if told.exists() and told.stat().st_size:
                break
            time.sleep(0.002)
        time.sleep(seconds)
        if lives(pid):
            os.kill(pid, signal.SIGKILL)
        code = self.starter.end()
        self.kills += code == -signal.SIGKILL
        return code

    # -- what must hold -----------------------------------------------------------------------

    def promised(self) -> set[str]:
        """The ids of samples that were told as accepted, or whose append returned."""
        ids = {line.decode() for line in whole_lines(self.home / "acks")}
        for path in self.home.glob("told-*.jsonl"):
            for line in whole_lines(path):
                event = json.loads(line)
                if event["type"] == "SampleAccepted":
                    ids.add(event["sample"])
        return ids

    def look(self, *, readers: bool = False) -> None:
        """Right after a crash: whole parts and no stray file, for whoever reads."""
        train = self.data_dir.train
        strays = [
            str(path.relative_to(train))
            for path in train.rglob("*")
            if path.is_file()
            and path != train / "README.md"
            and not (path.parent == train / "data" and path.suffix == ".parquet")
        ]
        self._expect(not strays, f"stray files in the dataset: {strays}")
        seen: list[str] = []
        for path in parts.parts(self.data_dir):
            table = pq.read_table(path)
            self._expect(table.num_rows > 0, f"{path.name} is empty")
            self._expect(table.schema.equals(arrow_schema()), f"{path.name} has another schema")
            seen += table["id"].to_pylist()
        self._expect(len(seen) == len(set(seen)), "a row is in two parts")
        if readers and seen:
            self._expect_read(sorted(seen))

    def _expect_read(self, ids: list[str]) -> None:
        """Every library that people read with sees the same rows."""
        import datasets
        import duckdb
        import pandas as pd
        import polars as pl

        folder = self.data_dir.parts()
        cache = str(self.home / "cache")
        loaded = datasets.load_dataset(str(self.data_dir.train), cache_dir=cache)
        found = {
            "datasets": list(loaded["train"]["id"]),
            "pandas": pd.read_parquet(folder)["id"].tolist(),
            "polars": pl.read_parquet(folder)["id"].to_list(),
            "duckdb": [
                row[0]
                for row in duckdb.execute(
                    "select id from read_parquet(?)", [str(folder / "*.parquet")]
                ).fetchall()
            ],
        }
        for name, read in found.items():
            self._expect(sorted(read) == ids, f"{name} reads {len(read)} of {len(ids)} rows")

    def next_command(self) -> tuple[str, ...]:
        """Go on with the batch, or begin one where nothing was begun or all is done."""
        unfinished = [
            record
            for record in Ledger(self.data_dir).all()
            if isinstance(record, Record) and record.status != "completed"
        ]
        return (*BATCH, "--resume") if unfinished else (*BATCH, "-n", str(TARGET))

    def recover(self) -> None:
        """Run the next command to its end."""
        command = self.next_command()
        code = self.run(*command)
        self._expect(code == 0, f"{' '.join(command[-2:])} exits {code}: {self.error()}")

    def error(self) -> str:
        """The end of what the last command said on stderr."""
        path = self.home / f"err-{self._runs}"
        return path.read_text("utf-8")[-800:] if path.exists() else ""

    def rows(self) -> list[dict[str, Any]]:
        """All sealed rows."""
        return [row for batch in parts.iter_batches(self.data_dir) for row in batch.to_pylist()]

    def bill(self) -> Bill:
        """The server's record of this trial against what is on the disk."""
        rows = self.rows()
        ids = [row["id"] for row in rows]
        places = {(row["batch_id"], row["slot"]) for row in rows}
        names = [path.stem for path in self.data_dir.rejected.glob("*.jsonl")]
        rejected = [one for name in names for one in journal.read_rejected(self.data_dir, name)]
        faults = Counter(call["fault"] is None for call in self.vendors.paid(self._since))
        codes = Counter("SCHEMA" in {reason.code for reason in one.reasons} for one in rejected)
        return Bill(
            good=faults[True],
            rows=len(rows),
            late=codes[False],
            bad=faults[False],
            refused=codes[True],
            lost=len(self.promised() - set(ids)),
            doubled=2 * len(rows) - len(set(ids)) - len(places),
        )

    def judge(self) -> None:
        """After recovery: nothing lost but what was in flight, nothing doubled, all agree."""
        bill, in_flight = self.bill(), (self.kills + self.failures) * CONCURRENCY
        self._expect(bill.lost == 0, f"{bill.lost} accepted samples are lost")
        self._expect(bill.doubled == 0, f"{bill.doubled} rows are there twice")
        gone = bill.good - bill.rows - bill.late
        self._expect(0 <= gone <= in_flight, f"{gone} paid for and gone, {in_flight} in flight")
        # A worker whose answer was refused asks again at once: both may be on their way.
        gone = bill.bad - bill.refused
        self._expect(0 <= gone <= MOST_ASKED * in_flight, f"{gone} refused answers are gone")
        self._judge_ledger()
        left = [*self.data_dir.journal.glob("*.jsonl"), *self.data_dir.tmp.iterdir()]
        self._expect(not left, f"left behind: {[path.name for path in left]}")
        found = [f"{one.kind} {one.where}: {one.what}" for one in verify(self.data_dir).findings]
        self._expect(not found, f"verify: {found}")

    def _judge_ledger(self) -> None:
        rows = self.rows()
        paid = {call["question"] for call in self.vendors.paid(self._since)}
        self._expect({row["question"] for row in rows} <= paid, "rows that nobody answered")
        held = Counter(row["batch_id"] for row in rows)
        for record in Ledger(self.data_dir).all():
            assert isinstance(record, Record)
            counts = (record.accepted, sum(part.rows for part in record.parts), held[record.id])
            self._expect(len(set(counts)) == 1, f"{record.id}: ledger, parts, rows: {counts}")
            self._expect(record.status == "completed", f"{record.id} is {record.status}")
            self._expect(held[record.id] == TARGET, f"{record.id} has {held[record.id]} rows")
        self.judge_money()

    def paid(self) -> list[dict[str, Any]]:
        """The calls of this trial for which a model ran."""
        return self.vendors.paid(self._since)

    def judge_money(self, *, recovered: bool = True) -> None:
        """The ledger counts each answer that is on the disk once, and of those that were on their
        way into it at most what the server was paid for. ``recovered``: nothing is in a journal."""
        rows, records, paid = self.rows(), Ledger(self.data_dir).all(), self.paid()
        counted = dict.fromkeys(("usd", "samples", "input_tokens", "output_tokens"), 0.0)
        kept = dict(counted)
        for record in records:
            assert isinstance(record, Record)
            days = sum(record.days.values())
            self._expect(math.isclose(days, cost_of(record)), f"days {days}, not {cost_of(record)}")
            counted["usd"] += cost_of(record)
            for stats in record.models.values():
                for name in ("samples", *_TOKENS):
                    counted[name] += getattr(stats, name)
            refused = list(journal.read_rejected(self.data_dir, record.id))
            mine = [row for row in rows if row["batch_id"] == record.id]
            kept["samples"] += len(mine)
            for name in _TOKENS:
                kept[name] += sum(row[name] for row in mine)
                kept[name] += sum(getattr(each, name) for each in refused)
            kept["usd"] += sum(row["cost_usd"] for row in mine)
            kept["usd"] += sum(each.cost_usd or 0.0 for each in refused)
        more = self._in_journals()
        kept = {name: known + more[name] for name, known in kept.items()}
        self._expect(not recovered or not more["samples"], "rows are left in a journal")
        self._expect(counted["samples"] == kept["samples"], f"counted {counted}, kept {kept}")
        for name, told in _TOKENS.items():
            most = sum(call[told] for call in paid)
            fits = kept[name] <= counted[name] <= most
            self._expect(fits, f"{name}: kept {kept[name]}, counted {counted[name]}, paid {most}")
        # A worker whose answer was refused asks again at once, as in ``judge``.
        dearest = max((row["cost_usd"] for row in rows), default=0.01) * 1.5
        most_usd = kept["usd"] + dearest * MOST_ASKED * CONCURRENCY * (self.kills + self.failures)
        fits = kept["usd"] - 1e-9 <= counted["usd"] <= most_usd + 1e-9
        self._expect(fits, f"kept ${kept['usd']}, counted ${counted['usd']}, at most ${most_usd}")

    def _in_journals(self) -> Counter[str]:
        """What the rows in journals took that are in no part yet."""
        found: Counter[str] = Counter()
        sealed = {row["id"] for row in self.rows()}
        for path in self.data_dir.journal.glob("*.jsonl"):
            for line in path.read_bytes().splitlines()[1:]:
                row = json.loads(unframe(line) or b"{}")
                if not row or row["id"] in sealed:
                    continue
                found["samples"] += 1
                found["usd"] += row["cost_usd"]
                for name in _TOKENS:
                    found[name] += row[name]
        return found

    def _expect(self, holds: bool, problem: str) -> None:
        if not holds:
            self.problems.append(problem)
