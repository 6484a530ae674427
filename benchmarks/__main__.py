"""Run the benchmarks one after another and write what they found.

``python -m benchmarks --all`` runs every one, writes ``results.json`` and the tables of
``README.md``; ``python -m benchmarks overhead startup`` runs those and renews their part.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks._harness import HERE, ROOT, Figure, machine, say

NAMES = (
    "overhead", "features", "throughput", "inflight", "startup", "failover", "quota", "tokens",
    "append", "growth", "bulk", "sources",
)  # fmt: skip
IDLE = ("startup", "overhead", "throughput", "inflight")
"""Those with seconds in them: ``--idle`` takes them in under ten minutes, on a machine that does
nothing else."""
RESULTS = HERE / "results.json"
README = HERE / "README.md"
OLDER = (
    "Taken with the benchmark as it was then: other answers or another way to count, and other "
    "targets than are set now."
)
BEGIN, END = "<!-- results: written by python -m benchmarks -->", "<!-- end of results -->"


def main() -> None:
    """Run what is asked for; what fails is told and ends with exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="NAME")
    parser.add_argument("--all", action="store_true", help=f"all of: {', '.join(NAMES)}")
    idle = f"for an idle machine, under ten minutes: {', '.join(IDLE)}"
    parser.add_argument("--idle", action="store_true", help=idle)
    parser.add_argument("--rounds", type=int, help="how often each side runs (5; --idle: 2)")
    parser.add_argument("--quick", action="store_true", help="smaller and rougher; writes nothing")
    given = parser.parse_args()
    names = NAMES if given.all else IDLE if given.idle else tuple(given.names)
    if not names:
        parser.print_help()
        return
    rounds = given.rounds or (2 if given.idle else 5)
    flags = [f"--rounds={rounds}", *(["--quick"] if given.quick else [])]
    found = {name: taken for name in names if (taken := _run(name, flags)) is not None}
    if not given.quick:
        _write(found)
    sys.exit(0 if len(found) == len(names) else 1)


def _run(name: str, flags: Sequence[str]) -> dict[str, Any] | None:
    """One benchmark in a process of its own; None when it failed."""
    say(f"== {name}")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        out = Path(folder) / "figures.json"
        argv = [sys.executable, "-m", f"benchmarks.{name}", *flags, f"--json={out}"]
        if subprocess.run(argv, cwd=ROOT, check=False).returncode:
            say(f"{name} failed")
            return None
        return {
            "taken": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
            "seconds": round(time.monotonic() - began),
            **json.loads(out.read_text("utf-8")),
        }


def _write(found: Mapping[str, Any]) -> None:
    """Renew what was measured, keep the rest."""
    kept = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    known = kept.get("benchmarks", {})
    told = {name: _with_history(taken, known.get(name)) for name, taken in found.items()}
    benchmarks = {**known, **told}
    results = {
        "machine": machine(),
        "benchmarks": {name: benchmarks[name] for name in NAMES if name in benchmarks},
    }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    before, _, rest = README.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    README.write_text(f"{before}{BEGIN}\n\n{_tables(results)}\n{END}{after}", "utf-8")


def _with_history(taken: Mapping[str, Any], before: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """What was measured, with what each figure was before, newest last; figures that are measured
    no more keep theirs."""
    history: dict[str, list[list[Any]]] = dict((before or {}).get("history", {}))
    for one in (before or {}).get("figures", ()):
        past = [*history.get(one["name"], []), [before["taken"], round(one["value"], 4)]]  # type: ignore[index]
        history[one["name"]] = past
    return {**taken, "history": history}


def _tables(results: Mapping[str, Any]) -> str:
    parts = [", ".join(f"{name} {value}" for name, value in results["machine"].items()), ""]
    for name, taken in results["benchmarks"].items():
        parts += [
            f"### {name}",
            "",
            f"`python -m benchmarks.{name}`, taken {taken['taken']} in {taken['seconds']} s.",
            "",
            "| figure | measured | target | met |",
            "|---|---:|---:|---|",
            *(_line(Figure(**one)) for one in taken["figures"]),
            "",
            f"It cannot show: {taken['cannot_show']}" if "cannot_show" in taken else OLDER,
            "",
        ]
    return "\n".join(parts)


def _line(figure: Figure) -> str:
    return f"| {figure.name} | {figure.shown} | {figure.target} | {figure.verdict} |"


if __name__ == "__main__":
    main()
