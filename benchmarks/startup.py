"""How long legalgen takes to say something, beside a bare Typer program with as many commands."""

from __future__ import annotations

import random
import sys
from datetime import UTC, datetime, timedelta

from benchmarks._harness import (
    HERE,
    LEGALGEN,
    Figure,
    Options,
    Room,
    alternate,
    main,
    median,
    ratio,
    room,
    run,
    vendors,
)
from legalgen.commands.app import app
from legalgen.completion import ModelRef
from legalgen.store.files import DataDir
from legalgen.store.ledger import Ledger, Record, new_batch_id, this_process

CANNOT_SHOW = "a cold disk: every file was read a moment before."
BATCHES = 1_000


def measure(options: Options) -> list[Figure]:
    """``--help``, ``history`` over a thousand batches, and ``models``."""
    with vendors() as server, room(server) as here:
        _write_batches(here, BATCHES // 10 if options.quick else BATCHES)
        here.legalgen("models")
        typer = [sys.executable, str(HERE / "_bare_typer.py"), str(_commands()), "--help"]
        asked = {"_LEGALGEN_COMPLETE": "complete_bash", "COMP_CWORD": "3"}
        asked["COMP_WORDS"] = "legalgen batch --provider g"
        took = alternate(
            {
                "typer": lambda: run(typer, here.env),
                "help": lambda: here.legalgen("--help"),
                "history": lambda: here.legalgen("history"),
                "models": lambda: here.legalgen("models"),
                "completion": lambda: run([LEGALGEN], {**here.env, **asked}),
            },
            3 * options.rounds,
        )
    cpu = {name: [one.cpu_s for one in runs] for name, runs in took.items()}
    wall = {name: [one.wall_s for one in runs] for name, runs in took.items()}
    return [
        Figure("bare Typer --help", 1000 * median(wall["typer"]), "ms", digits=0),
        Figure("legalgen --help", 1000 * median(wall["help"]), "ms", digits=0),
        Figure("--help ÷ bare Typer, CPU", ratio(cpu["help"], cpu["typer"]), at_most=1.2),
        Figure("history ÷ bare Typer, CPU", ratio(cpu["history"], cpu["typer"]), at_most=1.8),
        Figure("models ÷ bare Typer, CPU", ratio(cpu["models"], cpu["typer"]), at_most=1.8),
        Figure("completion of a value, CPU", median(cpu["completion"]), "s", at_most=0.2),
    ]


def _commands() -> int:
    groups = [group.typer_instance for group in app.registered_groups]
    return len(app.registered_commands) + len([group for group in groups if group is not None])


def _write_batches(here: Room, count: int) -> None:
    """Records as batches leave them, in the ledger's own words."""
    data = DataDir(here.data)
    data.create()
    ledger = Ledger(data)
    began = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(count):
        started = began + timedelta(hours=number)
        record = Record(
            id=new_batch_id(started, random.Random(number)),
            kind="batch",
            status="completed",
            command=("legalgen", "batch", "--count", "100"),
            process=this_process(),
            version="0",
            started=started,
            updated=started,
            parameters={},
            seed=number,
            target=100,
        )
        record.accepted = 100
        record.model(ModelRef("groq", "openai/gpt-oss-120b")).samples = 100
        ledger.save(record, force=True)


if __name__ == "__main__":
    main("startup", __doc__ or "", measure, cannot_show=CANNOT_SHOW)
