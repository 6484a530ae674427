"""Samples a minute under the free tiers' quotas, as a share of what these allow in sum.

The server's quota clock and legalgen's run ``SCALE`` times faster than the wall. Beside it, on the
same quotas: one model asked again when its ``retry-after`` says, and the SDK with its own retries.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks._harness import (
    HERE,
    Figure,
    Options,
    bare,
    main,
    recorded_request,
    room,
    run,
    say,
    vendors,
)
from tests.vendors import PRESETS
from tests.vendors.quotas import RULES, Limits

CANNOT_SHOW = "limits that a vendor does not state, and others who use the same key."
SCALE = 30
MINUTES = 20
LATENCY_S = 2.0
TIERS = ("groq-free", "cerebras-trial")
WIDTH = 8
EXPECTED_OUTPUT = 2.16
"""What Groq's limit on output tokens counts per token that is asked for, before a call runs."""

Call = Mapping[str, Any]


def measure(options: Options) -> list[Figure]:
    """legalgen over its default route, then the two usual ways with one model."""
    minutes = MINUTES // 4 if options.quick else MINUTES
    figures = _legalgen(minutes)
    with tempfile.TemporaryDirectory() as folder:
        request = recorded_request(Path(folder))
        figures += _one_model("one model, retry-after", request, minutes, ["--patient"])
        figures += _one_model("SDK with its retries", request, minutes, ["--retries=2"])
    return figures


def _server_flags(*more: str) -> list[str]:
    tiers = [f"--preset={tier}" for tier in TIERS]
    return [*tiers, f"--latency={LATENCY_S / SCALE}~0.3", f"--time-scale={SCALE}", *more]


def _legalgen(minutes: float) -> list[Figure]:
    with vendors(*_server_flags("--scaled-hints")) as server, room(server) as here:
        command = [sys.executable, str(HERE / "_scaled_run.py"), str(SCALE)]
        flags = ("-n", "100000", "--max-time", f"{minutes}m", "-q")
        run([*command, "batch", "-p", "groq", *flags], here.env, codes=(4, 75))
        accepted, calls = here.record()["accepted"], server.calls()
    every = _allowed(calls, refusing=False)
    allowed = _allowed(calls)
    none = [model for model, most in allowed.items() if not most]
    for model, most in allowed.items():
        made = sum(call["paid"] for call in map(_with_paid, calls) if _model(call) == model)
        say(f"quota: {model}: {made} calls of {most:.1f}")
    limited = sum(call["status"] == 429 for call in calls)
    share = 100 * accepted / sum(allowed.values())
    ideal = 100 * accepted / sum(every.values())
    lost = sum(every[model] for model in none) / _minutes(calls)
    say(f"quota: no usual call fits {', '.join(none) or 'nothing: all models can take one'}")
    return [
        Figure("legalgen", accepted / _minutes(calls), "a minute", digits=1),
        Figure("legalgen: share of what all quotas allow", share, "%", at_least=95, digits=1),
        Figure("models of the route", len(every), digits=0),
        Figure("of them, such that no usual sample fits", len(none), digits=0),
        Figure("what those would allow", lost, "a minute", digits=1),
        Figure("legalgen: share with those counted too", ideal, "%", digits=1),
        Figure("legalgen: 429s", 100 * limited / len(calls), "% of calls", at_most=1),
    ]


def _one_model(name: str, request: Path, minutes: float, flags: Sequence[str]) -> list[Figure]:
    seconds = 60 * minutes / SCALE
    with vendors(*_server_flags()) as server, room(server) as here:
        argv = bare(request, 100_000, threads=WIDTH, seconds=seconds)
        said = json.loads(run([*argv, *flags], here.env).stdout)
        calls = server.calls()
    limited = sum(call["status"] == 429 for call in calls)
    begun = said["answers"] + said["refused"]
    return [
        Figure(name, said["answers"] / _minutes(calls), "a minute", digits=1),
        Figure(f"{name}: 429s", 100 * limited / len(calls), "% of calls"),
        Figure(f"{name}: samples given up", 100 * said["refused"] / begun, "%"),
    ]


# --- what the quotas allow ---------------------------------------------------------------------


def _model(call: Call) -> str:
    return f"{call['vendor']}/{call['model']}"


def _with_paid(call: Call) -> Call:
    return {**call, "paid": call["completion_tokens"] > 0}


def _minutes(calls: Iterable[Call]) -> float:
    """From the first call's arrival to the last answer, on the quotas' clock."""
    calls = list(calls)
    began = min(call["arrived_s"] for call in calls)
    return float(max(call["answered_s"] for call in calls) - began) * SCALE / 60


def _allowed(calls: Sequence[Call], *, refusing: bool = True) -> dict[str, float]:
    """Calls that each model's quotas allow in the time, at what its calls really took.

    A bucket gives what it holds at first and what flows in; the scarcest one decides.
    ``refusing``: a model allows none where one usual call is larger than a bucket.
    """
    minutes = _minutes(calls)
    paid: dict[str, list[Call]] = defaultdict(list)
    for call in map(_with_paid, calls):
        if call["paid"]:
            paid[_model(call)].append(call)
    usual = [call for made in paid.values() for call in made]
    allowed = {}
    for tier in TIERS:
        vendor = PRESETS[tier]
        for model in vendor.models:
            if "safeguard" in model.id:
                continue  # a classifier: no route of ours holds it
            name = f"{vendor.name}/{model.id}"
            allowed[name] = _calls_within(model.limits, paid.get(name) or usual, minutes)
            if refusing and _too_large(model.limits, usual):
                allowed[name] = 0.0
    return allowed


def _too_large(limits: Limits, made: Sequence[Call]) -> bool:
    usual: float = sum(call["completion_tokens"] for call in made) / len(made)
    return limits.otpm is not None and usual * EXPECTED_OUTPUT > limits.otpm


def _calls_within(limits: Limits, made: Sequence[Call], minutes: float) -> float:
    rooms: list[float] = []
    for rule in RULES:
        limit = getattr(limits, rule.field)
        if limit is not None:
            room_for = limit * (1 + 60 * minutes / rule.seconds)
            rooms.append(room_for / (sum(_amount(rule.kind, call) for call in made) / len(made)))
    return min(rooms)


def _amount(kind: str, call: Call) -> int:
    fresh: int = call["prompt_tokens"] - call["cached_tokens"]
    amounts: dict[str, int] = {
        "requests": 1,
        "tokens": fresh + call["completion_tokens"],
        "total": call["prompt_tokens"] + call["completion_tokens"],
        "input": fresh,
        "output": call["completion_tokens"],
    }
    return amounts[kind]


if __name__ == "__main__":
    main("quota", __doc__ or "", measure, cannot_show=CANNOT_SHOW)
