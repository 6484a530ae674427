"""Start the double by hand: ``python -m tests.vendors --preset groq-free --latency 0.2``.

Prints the variables that point a program at it, one ``export`` a line, then serves until it is
interrupted. ``--help`` lists the options.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from . import CATALOGUE, PRESETS, Config, Fault, Limits, VendorServer


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.vendors",
        description="A double of Groq, Cerebras and an OpenAI-compatible server, on loopback.",
        epilog=f"faults: {', '.join(CATALOGUE)}",
    )
    add = parser.add_argument
    add("--port", type=int, default=0, help="the port (default: any free one)")
    add(
        "--preset",
        action="append",
        default=[],
        choices=[*PRESETS, "unlimited"],
        help="a tier's limits; may be given once a vendor (default: unlimited)",
    )
    add("--limits", action="append", default=[], metavar="VENDOR/MODEL:JSON",
        help='limits of one model, as groq/openai/gpt-oss-120b:{"tpm":8000,"rpm":30}')  # fmt: skip
    add("--latency", default="0", help="seconds to an answer: 0.2, or 0.2~0.5 (median~sigma)")
    add("--time-scale", type=float, default=1.0, help="quotas refill so many times faster")
    add("--scaled-hints", action="store_true", help="state waits in scaled seconds, not wall ones")
    add("--fault", action="append", default=[], metavar="JSON", help="a fault, or just its name")
    add("--faults", type=Path, metavar="FILE", help="a JSON list of faults")
    add("--answers", default="good", help="'good', or a JSON lines file")
    add("--seed", type=int, default=0, help="of answers and latencies")
    add("--log", type=Path, metavar="FILE", help="append every call as a line of JSON")
    return parser


def _faults(options: argparse.Namespace) -> tuple[Fault, ...]:
    values = [json.loads(text) if text[:1] in '{"' else text for text in options.fault]
    if options.faults:
        values += json.loads(options.faults.read_text("utf-8"))
    return tuple(map(Fault.parse, values))


def read(argv: Sequence[str]) -> Config:
    """The configuration that the command line asks for.

    Raises:
        ValueError: a fault, a limit or a latency cannot be read.
    """
    options = _parser().parse_args(argv)
    config = Config.of(
        *options.preset,
        latency=options.latency,
        port=options.port,
        time_scale=options.time_scale,
        hints="scaled" if options.scaled_hints else "wall",
        seed=options.seed,
        answers="good" if options.answers == "good" else Path(options.answers),
        log=options.log,
        keep_requests=False,
    )
    for text in options.limits:
        where, _, value = text.partition(":{")
        vendor, _, model = where.partition("/")
        limits = Limits(**json.loads("{" + value))
        config = config.with_model(vendor, model or None, limits=limits)
    return replace(config, faults=_faults(options))


def serve(config: Config) -> int:
    """Serve until SIGINT or SIGTERM."""
    ended = threading.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: ended.set())
    with VendorServer(config) as server:
        for name, value in server.environment().items():
            sys.stdout.write(f"export {name}={value}\n")
        sys.stdout.write(f"# control: {server.url}/_control/stats\n")
        sys.stdout.flush()
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(serve(read(sys.argv[1:])))
