"""Flags that say nothing without another, or beside one: told, not passed by in silence.

What depends on settings, which a variable or the file may give too, is checked where they are used.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final

NEEDED: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "history": {"by": ("spend",)},
    "dataset export": {"split_by": ("split",), "split_seed": ("split", "distractors")},
    "dataset page": {"limit": ("rows",), "seed": ("rows",)},
    "dataset stats": {"review_rows": ("review",)},
}
"""By command and parameter: those of which one must be given, or the parameter says nothing."""

_FILTERS = ("limit", "status", "provider", "since")
OVERRIDING: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "batch": {
        "stop": (
            "until_total", "wait", "wait_max", "bulk", "follow", "finish_online", "yes", "strict",
        ),
    },
    "history": {
        "batch_id": ("spend", *_FILTERS),
        "why": ("spend", *_FILTERS),
        "spend": ("limit",),
    },
    "dataset check": {"drop": ("strict",), "write_flags": ("strict",)},
    "dataset list": {"rejected": ("rehearsal",)},
    "dataset review": {"sheet": ("rows", "seed")},
    "dataset sample": {"rejected": ("rehearsal",)},
    "dataset show": {"rejected": ("rehearsal",)},
}  # fmt: skip
"""By command and parameter: those that say nothing beside it."""


def ineffective(path: str, given: Collection[str], typed: Callable[[str], str]) -> str | None:
    """What is wrong where a parameter of the command ``path`` was ``given`` and has no effect.

    ``typed`` is how the user writes a parameter.
    """
    for name, others in NEEDED.get(path, {}).items():
        if name in given and not any(each in given for each in others):
            wanted = " or ".join(map(typed, others))
            return f"{typed(name)} is for {wanted}: add it, or leave {typed(name)} out"
    for name, others in OVERRIDING.get(path, {}).items():
        for each in others:
            if name in given and each in given:
                return f"{typed(each)} says nothing beside {typed(name)}: leave out one of the two"
    return None
