"""Tokens sent, reserved and wasted per accepted sample, and what a prompt cache can keep."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise, takewhile
from typing import Any

from benchmarks._harness import LEGALGEN, Figure, Options, main, room, run
from tests.vendors import Config, VendorServer

CANNOT_SHOW = (
    "a real tokenizer: the double counts a token for every four characters, as a rule of thumb."
)
COUNT = 300
FAULTS = ("wrong_schema", "truncated", "duplicate", "short", "fenced")
EVERY = 25
"""One call in so many is answered badly, in each of the five ways: a fifth of all."""


def measure(options: Options) -> list[Figure]:
    """Against good answers, then with a fifth of them bad."""
    count = COUNT // 5 if options.quick else COUNT
    calls, accepted = _run(count, bad=False)
    sent = sum(call.prompt_tokens for call in calls)
    made = sum(call.completion_tokens for call in calls)
    asked = sum(call.max_completion_tokens or 0 for call in calls)
    spoilt, kept = _run(count, bad=True)
    return [
        Figure("prompt tokens sent per sample", sent / accepted, at_most=1_100, digits=0),
        Figure("completion tokens per sample", made / accepted, digits=0),
        Figure("tokens reserved per sample", (sent + asked) / accepted, digits=0),
        Figure("reserved ÷ used", (sent + asked) / (sent + made)),
        Figure("wasted, good answers", _waste(calls, accepted), "%", digits=1),
        Figure("wasted, a fifth of the answers bad", _waste(spoilt, kept), "%", digits=1),
        Figure("prompt bytes same as the call before", _same(calls), "%", digits=0),
    ]


def _run(count: int, *, bad: bool) -> tuple[Sequence[Any], int]:
    """The server's record of one batch, with request bodies, and how many samples it kept."""
    with VendorServer(Config(seed=7)) as server, room() as here:
        for offset, fault in enumerate(FAULTS if bad else ()):
            server.fail("groq", fault, after=5 + 5 * offset, every=EVERY)
        env = {**here.env, **server.environment()}
        flags = ("-n", str(count), "-c", "1", "--seed", "1", "-q")
        run([LEGALGEN, "batch", "-p", "groq", *flags], env)
        return server.calls(), here.record()["accepted"]


def _waste(calls: Iterable[Any], accepted: int) -> float:
    """The share of paid tokens that did not become a sample, in percent.

    Every sample took one call; what the others took was for nothing.
    """
    paid = [call.prompt_tokens + call.completion_tokens for call in calls if call.paid]
    usual: float = sum(paid) / len(paid)
    return 100.0 * max(0.0, 1 - usual * accepted / float(sum(paid)))


def _same(calls: Iterable[Any]) -> float:
    """The share of prompt bytes that begin as the call before to the same model did."""
    by_model: dict[str, list[str]] = {}
    for call in calls:
        messages = (call.request or {}).get("messages", [])
        text = "\n".join(str(message["content"]) for message in messages)
        by_model.setdefault(call.model, []).append(text)
    pairs = [pair for texts in by_model.values() for pair in pairwise(texts)]
    shared = sum(_shared(*pair) for pair in pairs)
    return 100 * shared / sum(len(after.encode()) for _, after in pairs)


def _shared(before: str, after: str) -> int:
    """Bytes at the start of ``after`` that ``before`` began with too."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False))
    return sum(len(character.encode()) for character, _ in same)


if __name__ == "__main__":
    main("tokens", __doc__ or "", measure, cannot_show=CANNOT_SHOW)
