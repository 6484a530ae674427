"""Seconds until another model or provider delivers when Groq is dead, and what the dead one got.

Groq fails every call from the start in one of four ways; then one model of it alone dies in each
of six; then all models of all vendors die; then, unless ``--quick``, Groq dies in the middle of a
batch and comes back a minute later. Everything is read from the server's own record.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from benchmarks._harness import (
    Figure,
    Options,
    Vendors,
    litellm,
    main,
    recorded_request,
    room,
    run,
    say,
    vendors,
)

CANNOT_SHOW = "a vendor that fails only sometimes or only for some prompts; deaths here are whole."
COUNT = 40
LATENCY_S = 0.2
DEADLINE_S = 5.0
IN_FLIGHT = (1, 8, 32)
DEATHS: Mapping[str, Mapping[str, object]] = {
    "503": {"name": "over_capacity"},
    "429, 600 s": {"name": "rpm", "retry_after_s": 600},
    "reset": {"name": "reset"},
    "hang": {"name": "hang"},
}
SILENT = {"hang"}
ALONE = "openai/gpt-oss-120b"
ALONE_DEATHS = {**DEATHS, "close": {"name": "close"}, "cut off": {"name": "cut_chunked"}}
ALONE_IN_FLIGHT = (1, 4, 32)
ALL_DEATHS = ("503", "429, 600 s")
ALL_WAIT = "4s"
"""How long all models may be away before the batch pauses."""

Calls = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the server saw: seconds to the first sample, the calls that met the fault by model, and
    all others by vendor."""

    first_s: float
    by_model: Mapping[str, int]
    by_vendor: Mapping[str, int]

    @classmethod
    def of(cls, calls: Calls) -> Seen:
        """Read from the record of one run."""
        began = min(call["arrived_s"] for call in calls)
        good = [call["answered_s"] for call in calls if call["status"] == 200]
        dead = Counter(call["model"] for call in calls if call["fault"])
        vendors = Counter(call["vendor"] for call in calls if not call["fault"])
        return cls(min(good, default=float("inf")) - began, dead, vendors)

    @property
    def worst_model(self) -> int:
        """Calls to the model that got most."""
        return max(self.by_model.values(), default=0)


def measure(options: Options) -> list[Figure]:
    """Dead from the start, then dead for a minute."""
    with vendors(f"--latency={LATENCY_S}") as server, tempfile.TemporaryDirectory() as folder:
        request = recorded_request(Path(folder))
        figures = [one for death in DEATHS for one in _dead(server, death)]
        alone = ("reset", "cut off") if options.quick else ALONE_DEATHS
        figures += [one for death in alone for one in _alone(server, death)]
        figures += [one for death in ALL_DEATHS for one in _all(server, death)]
        deaths = ["503"] if options.quick else ["503", "hang"]
        for best in (False, True):
            figures += _peer(server, request, deaths, best=best)
    return figures if options.quick else figures + _back_after_a_minute()


# --- dead from the start -----------------------------------------------------------------------


def _dead(server: Vendors, death: str) -> list[Figure]:
    seen = {width: _one(server, death, width) for width in IN_FLIGHT}
    slowest = max(one.first_s for one in seen.values()) - LATENCY_S
    limit = 0.5 + (DEADLINE_S if death in SILENT else 0.0)
    totals = ", ".join(f"{sum(one.by_model.values())} at {width}" for width, one in seen.items())
    say(f"failover, {death}: calls to the dead provider {totals}")
    return [
        Figure(f"{death}: first sample, above one call's latency", slowest, "s", at_most=limit),
        Figure(
            f"{death}: most calls to one dead model",
            max(one.worst_model for one in seen.values()),
            at_most=3,
            digits=0,
        ),
    ]


def _alone(server: Vendors, death: str) -> list[Figure]:
    seen = {width: _one(server, death, width, model=ALONE) for width in ALONE_IN_FLIGHT}
    shares = {n: 100 * one.by_vendor.get("groq", 0) / COUNT for n, one in seen.items()}
    told = ", ".join(
        f"{one.worst_model} calls, {shares[n]:.0f} % at {n}" for n, one in seen.items()
    )
    say(f"failover, one model alone, {death}: {told}")
    return [
        Figure(
            f"{death}, one model alone: most calls to it",
            max(one.worst_model for one in seen.values()),
            at_most=3,
            digits=0,
        ),
        Figure(
            f"{death}, one model alone: least share of its provider",
            min(shares.values()),
            "%",
            at_least=None if death in SILENT else 50,
            digits=0,
        ),
    ]


def _all(server: Vendors, death: str) -> list[Figure]:
    """Every model of every vendor dead: how many calls it costs to learn that, and how it ends."""
    server.reset()
    server.fail(*({**DEATHS[death], "vendor": vendor} for vendor in ("groq", "cerebras")))
    with room(server) as here:
        flags = ("-c", "32", "--timeout", f"{DEADLINE_S}s", "--max-wait", ALL_WAIT, "-q")
        took = here.legalgen("batch", "-p", "groq", "-n", str(COUNT), *flags, codes=range(256))
    seen = Seen.of(server.calls())
    say(f"failover, all dead, {death}: {dict(seen.by_model)}, exit code {took.code}")
    return [
        Figure(
            f"{death}, all dead: most calls to one model", seen.worst_model, at_most=3, digits=0
        ),
        Figure(f"{death}, all dead: calls in all", sum(seen.by_model.values()), digits=0),
        Figure(f"{death}, all dead: exit code (75: paused, nothing lost)", took.code, digits=0),
    ]


def _one(server: Vendors, death: str, width: int, model: str | None = None) -> Seen:
    server.reset()
    server.fail({**ALONE_DEATHS[death], "vendor": "groq", "model": model})
    with room(server) as here:
        flags = ("-c", str(width), "--timeout", f"{DEADLINE_S}s", "-n", str(COUNT), "-q")
        here.legalgen("batch", "-p", "groq", *flags)
        assert here.record()["accepted"] == COUNT
    return Seen.of(server.calls())


def _peer(server: Vendors, request: Path, deaths: Sequence[str], *, best: bool) -> list[Figure]:
    """The same with LiteLLM's router, eight in flight, where it is installed."""
    argv = litellm(request, COUNT, threads=8, timeout=DEADLINE_S)
    if argv is None:
        return []
    name = "litellm at its best" if best else "litellm by default"
    figures = []
    for death in deaths:
        server.reset()
        server.fail({**DEATHS[death], "vendor": "groq"})
        with room(server) as here:
            run([*argv, *(["--best"] if best else [])], here.env)
        seen = Seen.of(server.calls())
        figures += [
            Figure(f"{name}, {death}: first sample", seen.first_s - LATENCY_S, "s"),
            Figure(f"{name}, {death}: calls to a dead model", seen.worst_model, digits=0),
        ]
    return figures


# --- dead for a minute -------------------------------------------------------------------------

OUTAGE = (15.0, 75.0)
BATCH = 200
SLOW_S = 2.0
MINUTE_DEATHS = ("503", "reset")


def _back_after_a_minute() -> list[Figure]:
    """Two servers at once: both runs mostly wait."""
    with ThreadPoolExecutor(len(MINUTE_DEATHS)) as pool:
        return [one for figures in pool.map(_minute, MINUTE_DEATHS) for one in figures]


def _minute(death: str) -> list[Figure]:
    with vendors(f"--latency={SLOW_S}") as server, room(server) as here:
        server.reset()
        start, end = OUTAGE
        server.fail({**DEATHS[death], "vendor": "groq", "start_s": start, "end_s": end})
        here.legalgen("batch", "-p", "groq", "-n", str(BATCH), "-c", "2", "-q")
        lost = BATCH - here.record()["accepted"]
        calls = sorted(server.calls(), key=lambda call: float(call["arrived_s"]))
    probes = [call for call in calls if call["fault"]]
    back = [call for call in calls if call["arrived_s"] >= end]
    away = list(takewhile(lambda call: call["vendor"] != "groq", back))
    after = [call["vendor"] == "groq" for call in back[len(away) :]]
    return [
        Figure(f"{death} for a minute: samples lost", lost, at_most=0, digits=0),
        Figure(f"{death} for a minute: calls that failed", len(probes), digits=0),
        Figure(f"{death} for a minute: until it is asked again", _gap(back, len(away), end), "s"),
        Figure(
            f"{death} for a minute: its share from the first probe on",
            100 * sum(after) / max(1, len(after)),
            "%",
            at_least=90,
            digits=0,
        ),
    ]


def _gap(back: Calls, away: int, end: float) -> float:
    return float(back[away]["arrived_s"]) - end if away < len(back) else float("inf")


if __name__ == "__main__":
    main("failover", __doc__ or "", measure, cannot_show=CANNOT_SHOW)
