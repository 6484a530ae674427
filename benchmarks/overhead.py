"""CPU and memory of a batch against a server that answers at once, beside the bare Groq SDK.

Each answer of the bank cites authorities that no other cites (``_bank``). With ``--answers FILE``
both sides get those of the file, and the ratios are by call: what the gate refuses is asked again.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from benchmarks._harness import (
    Figure,
    Options,
    Took,
    Vendors,
    alternate,
    bare,
    main,
    median,
    peers,
    ratio,
    recorded_request,
    room,
    run,
    vendors,
)

CANNOT_SHOW = (
    "what a vendor's own network costs: loopback has no TLS, no latency and no lost packets."
)
COUNT = 300
FLAGS = {
    "legalgen": (),
    "-c 1": ("-c", "1"),
    "-c 8": ("-c", "8"),
    "-c 32": ("-c", "32"),
    "--gate structure": ("--gate", "structure"),
    "--gate structure -c 1": ("--gate", "structure", "-c", "1"),
    "--gate structure -c 32": ("--gate", "structure", "-c", "32"),
}
"""What is compared, as people have it: two vendors' keys, and no setting but these."""
ONE_KEY = "one vendor's key"
AT_MOST, AT_MOST_STRUCTURE, AT_MOST_MB = 2.0, 1.5, 130
"""Set on 2026-11-29, before anything was measured on this bank."""
CODES = (0, 4, 6, 75)
"""Answers of a file may be refused until the batch gives up."""


def measure(options: Options) -> list[Figure]:
    """The bare SDK in a loop; legalgen as it comes, by calls in flight, and with a smaller gate."""
    with vendors(*options.server_flags) as server, tempfile.TemporaryDirectory() as folder:
        sides = _Sides(server, recorded_request(Path(folder)))
        took = alternate(sides.all(), 1 if options.quick else options.rounds)
    calls = {name: made[-len(took[name]) :] for name, made in sides.calls.items()}
    cpu = {
        name: [one.cpu_s / n for one, n in zip(runs, calls[name], strict=True)]
        for name, runs in took.items()
    }
    peak = {name: max(one.peak_mb for one in runs) for name, runs in took.items()}
    full = (name for name in FLAGS if "structure" not in name)
    figures = [
        Figure("bare SDK loop, CPU a call", 1e3 * median(cpu["bare"]), "ms"),
        Figure("legalgen, CPU a call", 1e3 * median(cpu["legalgen"]), "ms"),
        *(_over(name, cpu, AT_MOST) for name in full),
        *(_over(name, cpu, AT_MOST_STRUCTURE) for name in FLAGS if "structure" in name),
        _over(ONE_KEY, cpu, None),
        Figure("bare SDK, 32 threads ÷ its loop", ratio(cpu["bare 32"], cpu["bare"])),
        Figure("bare SDK loop, peak memory", peak["bare"], "MB", digits=0),
        Figure(
            "legalgen, peak memory of all these",
            max(peak[name] for name in (*FLAGS, ONE_KEY)),
            "MB",
            at_most=AT_MOST_MB,
            digits=0,
        ),
    ]
    if options.answers:
        figures.append(Figure("calls of 300 samples", median(calls["legalgen"]), digits=0))
    for name in sides.peers:
        figures += [
            Figure(f"{name} ÷ bare", ratio(cpu[name], cpu["bare"])),
            Figure(f"{name}, peak memory", peak[name], "MB", digits=0),
        ]
    return figures


def _over(name: str, cpu: dict[str, list[float]], at_most: float | None) -> Figure:
    return Figure(f"{name} ÷ bare loop", ratio(cpu[name], cpu["bare"]), at_most=at_most)


class _Sides:
    """The commands that are compared; ``calls`` are those that each run of each had answered."""

    def __init__(self, server: Vendors, request: Path) -> None:
        self._server = server
        self._request = request
        self.calls: dict[str, list[int]] = defaultdict(list)
        self.peers: dict[str, list[str]] = {}

    def all(self) -> dict[str, Callable[[], Took]]:
        """Each by its name."""
        argv = {
            "bare": bare(self._request, COUNT),
            "bare 32": bare(self._request, COUNT, threads=32),
        }
        self.peers = peers(self._request, COUNT)
        argv |= self.peers
        sides: dict[str, Callable[[], Took]] = {
            name: (lambda name=name, one=one: self._other(name, one))
            for name, one in argv.items()  # type: ignore[misc]
        }
        for name, flags in FLAGS.items():
            sides[name] = lambda name=name, flags=flags: self._batch(name, self._server, flags)  # type: ignore[misc]
        sides[ONE_KEY] = lambda: self._batch(ONE_KEY, self._server.only("GROQ_"), ())
        return sides

    def _batch(self, name: str, servers: Vendors, flags: tuple[str, ...]) -> Took:
        self._server.reset()
        with room(servers) as here:
            asked = ("batch", "-p", "groq", "-n", str(COUNT), "--seed", "1", "-q", *flags)
            took = here.legalgen(*asked, codes=CODES)
        self.calls[name].append(sum(call["status"] == 200 for call in self._server.calls()))
        return took

    def _other(self, name: str, argv: list[str]) -> Took:
        self._server.reset()
        self.calls[name].append(COUNT)
        with room(self._server) as here:
            return run(argv, here.env)


if __name__ == "__main__":
    main("overhead", __doc__ or "", measure, cannot_show=CANNOT_SHOW)
