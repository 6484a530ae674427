"""What it takes to index long texts of each form, and what a grounded row costs more than another.

The vendors' double quotes the passages that it is given, so that every row is looked up and kept.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks._harness import (
    Figure,
    Options,
    Room,
    Took,
    alternate,
    bare,
    main,
    median,
    recorded_request,
    room,
    run,
    say,
    vendors,
)
from benchmarks._texts import FORMS, write

SIZE = 100_000_000
PDF_SIZE = 5_000_000
"""Read by pypdf, in pure Python."""


COUNT = 300
_TOKENS = ("input_tokens", "output_tokens")


def measure(options: Options) -> list[Figure]:
    """CPU and tokens of grounded rows, then seconds and memory of ``sources add`` by form."""
    return [*_rows(options), *_indexing(options)]


def _rows(options: Options) -> list[Figure]:
    """The same number of rows, grounded and not, beside calls of the bare SDK."""
    tokens: dict[str, float] = {}
    with vendors() as server, tempfile.TemporaryDirectory() as folder:
        groq = server.only("GROQ_")
        path = write("CLML", 1_000_000, Path(folder))

        def batch(name: str, *flags: str) -> Took:
            server.reset()
            with room(groq) as here:
                if flags:
                    here.legalgen(
                        "sources", "add", str(path), "--jurisdiction", "uk", "--licence", "own"
                    )
                took = here.legalgen(
                    "batch", "-p", "groq", "-n", str(COUNT), "--seed", "1", "-q", *flags
                )
                tokens[name] = _tokens(here)
            return took

        def sdk() -> Took:
            server.reset()
            with room(server) as here:
                return run(bare(request, COUNT), here.env)

        request = recorded_request(Path(folder))
        sides: dict[str, Callable[[], Took]] = {
            "bare": sdk,
            "ungrounded": lambda: batch("ungrounded"),
            "grounded": lambda: batch("grounded", "--grounded"),
        }
        took = alternate(sides, options.rounds)
    cpu = {name: [1e3 * one.cpu_s / COUNT for one in runs] for name, runs in took.items()}
    more = [
        (grounded - ungrounded) / sdk
        for grounded, ungrounded, sdk in zip(
            cpu["grounded"], cpu["ungrounded"], cpu["bare"], strict=True
        )
    ]
    return [
        *(Figure(f"a row, {name}", median(found), "ms CPU") for name, found in cpu.items()),
        Figure("(grounded - ungrounded) ÷ bare", median(more), at_most=0.6),
        Figure("tokens a sample, ungrounded", tokens["ungrounded"], digits=0),
        Figure("tokens a sample, grounded", tokens["grounded"], digits=0),
    ]


def _tokens(here: Room) -> float:
    """Tokens that a sample of the newest batch took, in and out."""
    models = here.record()["models"].values()
    used = sum(model[name] for model in models for name in _TOKENS)
    return float(used) / COUNT


def _indexing(options: Options) -> list[Figure]:
    found = []
    for form in FORMS:
        size = PDF_SIZE if form == "PDF" else SIZE
        size = size // 20 if options.quick else size
        with tempfile.TemporaryDirectory(prefix="bench-") as folder, room() as here:
            path = write(form, size, Path(folder))
            say(f"sources: {path.name}, {path.stat().st_size:,} bytes")
            took = here.legalgen(
                "sources", "add", str(path), "--jurisdiction", "uk", "--licence", "own"
            )
        shown = f"{size // 1_000_000} MB of {form}"
        wanted = form != "PDF" and not options.quick
        found += [
            Figure(f"{shown}, CPU", took.cpu_s, "s", at_most=60 if wanted else None, digits=1),
            Figure(
                f"{shown}, peak memory",
                took.peak_mb,
                "MB",
                at_most=500 if wanted else None,
                digits=0,
            ),
        ]
    return found


if __name__ == "__main__":
    main("sources", __doc__ or "", measure)
