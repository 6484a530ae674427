"""The points of a topic: a list as the prompt asks for one, and the point that a prompt names.

The list depends on the law and the subtopics alone, as that of a model at temperature 0 would.
"""

from __future__ import annotations

import json
import random
import re

_WANTED = re.compile(r"^List (\d+) points as JSON\.$", re.MULTILINE)
_SUBTOPIC = re.compile(r"^(\d+)\. (.+)$", re.MULTILINE)
_NAMED = re.compile(r"^Decided by: (.+?) Facts raise it", re.MULTILINE)

_FACTS = (
    "the other side knew of the defect", "notice came after the period had run",
    "the document was signed by an agent without authority", "the payment was made under protest",
    "both parties shared the mistake", "the loss lay outside what could be foreseen",
    "the right had been waived by conduct", "the claimant came with unclean hands",
    "performance had become impossible without fault", "a minor was a party",
    "the term was never brought to notice", "the burden lay on the defendant",
    "the public interest weighed more", "the formality was missing", "a later statute said so",
    "the decision maker had closed its mind", "the promise was not supported by anything in return",
    "the chain of causation was broken by a third person", "the register showed another owner",
    "the time limit was suspended while talks went on",
)  # fmt: skip
_RESULTS = (
    "the claim fails", "the defence is lost", "only damages remain", "the transaction is voidable",
    "the court has a discretion", "liability is strict", "the loss is shared",
    "an exception to the rule applies",
)  # fmt: skip


def wanted(prompt: str) -> bool:
    """Whether a prompt asks for points."""
    return _WANTED.search(prompt) is not None


def listed(prompt: str) -> str:
    """The answer to a prompt that asks for points."""
    found = _WANTED.search(prompt)
    subtopics = [name for _, name in _SUBTOPIC.findall(prompt)]
    assert found is not None
    rng = random.Random(" ".join(subtopics))
    facts = rng.sample(_FACTS, len(_FACTS))
    value = [
        {
            "subtopic": at % len(subtopics) + 1,
            "point": (
                f"Of {subtopics[at % len(subtopics)]}: where {facts[at % len(facts)]}, "
                f"{_RESULTS[(at + at // len(facts)) % len(_RESULTS)]}."
            ),
        }
        for at in range(int(found[1]))
    ]
    return json.dumps({"points": value}, ensure_ascii=False)


def point_in(prompt: str) -> str:
    """The point that a prompt names; empty where it names none."""
    found = _NAMED.search(prompt)
    return found[1] if found else ""


def applied(point: str) -> str:
    """A sentence that applies a point."""
    return f"What settles it is this: {point[0].lower()}{point[1:]}"
