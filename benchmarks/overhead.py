"""CPU and memory of a batch against a server that answers at once, beside the bare Groq SDK."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks._harness import (
    Figure,
    Options,
    Took,
    Vendors,
    alternate,
    bare,
    litellm,
    main,
    median,
    ratio,
    recorded_request,
    room,
    run,
    vendors,
)

COUNT = 300


def measure(options: Options) -> list[Figure]:
    """The bare SDK in a loop; legalgen as it comes, one call at a time, and with a smaller gate.

    Both sides know one vendor. With a second key a batch loads that vendor's SDK, too: the first
    calls go to both, because nobody knows yet how soon either answers.
    """
    with vendors() as server, tempfile.TemporaryDirectory() as folder:
        took = alternate(_sides(server, recorded_request(Path(folder))), options.rounds)
    cpu = {name: [one.cpu_s for one in runs] for name, runs in took.items()}
    peak = {name: max(one.peak_mb for one in runs) for name, runs in took.items()}
    figures = [
        Figure("bare SDK loop, CPU", median(cpu["bare"]), "s"),
        Figure("legalgen, CPU", median(cpu["default"]), "s"),
        Figure("legalgen ÷ bare", ratio(cpu["default"], cpu["bare"]), at_most=2.0),
        Figure("legalgen -c 1 ÷ bare", ratio(cpu["one"], cpu["bare"]), at_most=2.0),
        Figure("--gate structure ÷ bare", ratio(cpu["structure"], cpu["bare"]), at_most=1.6),
        Figure("legalgen with a second vendor ÷ bare", ratio(cpu["two"], cpu["bare"])),
        Figure("bare SDK loop, peak memory", peak["bare"], "MB", digits=0),
        Figure("legalgen, peak memory", peak["default"], "MB", at_most=150, digits=0),
    ]
    if "litellm" in took:
        figures += [
            Figure("litellm router ÷ bare", ratio(cpu["litellm"], cpu["bare"])),
            Figure("litellm router, peak memory", peak["litellm"], "MB", digits=0),
        ]
    return figures


def _sides(server: Vendors, request: Path) -> dict[str, Callable[[], Took]]:
    groq = server.only("GROQ_")

    def batch(*flags: str, vendors: Vendors = groq) -> Took:
        server.reset()
        with room(vendors) as here:
            return here.legalgen(
                "batch", "-p", "groq", "-n", str(COUNT), "--seed", "1", "-q", *flags
            )

    def other(argv: list[str]) -> Took:
        server.reset()
        with room(server) as here:
            return run(argv, here.env)

    sides: dict[str, Callable[[], Took]] = {
        "bare": lambda: other(bare(request, COUNT)),
        "default": batch,
        "one": lambda: batch("-c", "1"),
        "structure": lambda: batch("--gate", "structure"),
        "two": lambda: batch(vendors=server),
    }
    if peer := litellm(request, COUNT):
        sides["litellm"] = lambda: other(peer)
    return sides


if __name__ == "__main__":
    main("overhead", __doc__ or "", measure)
