"""Tokens sent, reserved and wasted per accepted sample, and what a prompt cache can keep."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise, takewhile
from typing import Any

from benchmarks._harness import LEGALGEN, Figure, Options, main, room, run
from legalgen.batch.prompting import prompter_of
from legalgen.completion import Prompt
from legalgen.law.from_settings import task_space_of, taxonomy_of
from legalgen.settings.layers import Settings
from tests.vendors import Config, VendorServer
from tests.vendors.chat import tokens

CANNOT_SHOW = (
    "a real tokenizer: the double counts a token for every four characters, as a rule of thumb; "
    "nor which faults a model really has."
)
COUNT = 300
FAULTS = ("wrong_schema", "truncated", "duplicate", "short", "fenced")
EVERY = 25
"""One call in so many is answered badly, in each of the five ways: a fifth of all."""
REFUSED = (0.1, 0.2, 0.4)
"""Shares of answers that are too short, and so are refused and asked for again."""
CORRECTION_TOKENS = 60
"""What a loop that corrects sends beside the whole talk so far: its sentence on what is wrong."""
MOST_PROMPT, LEAST_SAME = 520, 60
"""Set on 2026-11-29, before they were measured over all cells."""


def measure(options: Options) -> list[Figure]:
    """Every cell's prompt; then a batch of good answers, and others with a share of bad ones."""
    count = COUNT // 5 if options.quick else COUNT
    calls, accepted = _run(count)
    sent = sum(call.prompt_tokens for call in calls)
    made = sum(call.completion_tokens for call in calls)
    asked = sum(call.max_completion_tokens or 0 for call in calls)
    spoilt, kept = _run(count, _fifth_bad())
    figures = [
        *_cells(),
        Figure("prompt tokens sent per sample of a batch", sent / accepted, digits=0),
        Figure("completion tokens per sample", made / accepted, digits=0),
        Figure("tokens reserved per sample", (sent + asked) / accepted, digits=0),
        Figure("reserved ÷ used", (sent + asked) / (sent + made)),
        Figure("wasted, good answers", _waste(calls, accepted), "%", digits=1),
        Figure("wasted, a fifth of the answers bad", _waste(spoilt, kept), "%", digits=1),
    ]
    for share in REFUSED[1:2] if options.quick else REFUSED:
        figures += _refused(count, share)
    return figures


# --- every cell ----------------------------------------------------------------------------------


def _cells() -> list[Figure]:
    """The prompts of as many tasks as there are cells, as a batch over nothing plans them."""
    settings = Settings.load({}, {}, None)
    space = task_space_of(settings)
    prompter = prompter_of(settings, taxonomy_of(settings))
    tasks = space.planner({}, seed=1).planned(space.cells)
    prompts = [prompter.build(task) for task in tasks]
    schema = tokens(json.dumps(prompts[0].schema))
    usual = sum(map(_tokens, prompts)) / len(prompts)
    return [
        Figure("cells", space.cells, digits=0),
        Figure("prompt tokens, average of all cells", usual, at_most=MOST_PROMPT, digits=0),
        Figure("schema beside it", schema, "tokens", digits=0),
        Figure("prompt bytes same as the call before", _same(prompts), "%", at_least=LEAST_SAME,
               digits=0),
    ]  # fmt: skip


def _tokens(prompt: Prompt) -> int:
    """As the double counts them."""
    return sum(tokens(message.content) + 4 for message in prompt.messages) + 3


def _same(prompts: Iterable[Prompt]) -> float:
    """The share of prompt bytes that begin as the prompt before did."""
    texts = ["\n".join(message.content for message in prompt.messages) for prompt in prompts]
    shared = sum(_shared(*pair) for pair in pairwise(texts))
    return 100 * shared / sum(len(text.encode()) for text in texts[1:])


def _shared(before: str, after: str) -> int:
    """Bytes at the start of ``after`` that ``before`` began with too."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False))
    return sum(len(character.encode()) for character, _ in same)


# --- batches -------------------------------------------------------------------------------------


def _fifth_bad() -> list[Mapping[str, Any]]:
    return [
        {"fault": fault, "after": 5 + 5 * at, "every": EVERY} for at, fault in enumerate(FAULTS)
    ]


def _refused(count: int, share: float) -> list[Figure]:
    """What a kept sample takes where such a share of the answers is refused.

    Beside it, by arithmetic and not run: a loop that sends the whole talk again with each
    correction, as Data Designer's does with ``max_correction_steps``; it is given the same luck.
    """
    calls, kept = _run(count, [{"fault": "short", "after": 5, "every": round(1 / share)}])
    spent = sum(call.prompt_tokens + call.completion_tokens for call in calls if call.paid)
    good = [call for call in calls if call.paid and not call.fault]
    prompt = sum(call.prompt_tokens for call in good) / len(good)
    answer = sum(call.completion_tokens for call in good) / len(good)
    talk, looped = prompt, 0.0
    for times in range(12):
        looped += share**times * (talk + answer)
        talk += answer + CORRECTION_TOKENS
    name = f"{share:.0%} of the answers refused"
    return [
        Figure(f"{name}: tokens a kept sample", spent / kept, digits=0),
        Figure(f"{name}: a prompt-and-correct loop", looped, digits=0),
    ]


def _run(count: int, faults: Sequence[Mapping[str, Any]] = ()) -> tuple[Sequence[Any], int]:
    """The server's record of one batch, with request bodies, and how many samples it kept."""
    with VendorServer(Config(seed=7)) as server, room() as here:
        for fault in faults:
            server.fail("groq", **fault)
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


if __name__ == "__main__":
    main("tokens", __doc__ or "", measure, cannot_show=CANNOT_SHOW)
