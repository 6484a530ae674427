"""The prose of the prompts that tells a model how to write, without what to write about.

An answer that repeats it speaks of the task. Facts, names and authorities of a cell are not in
it, and neither are the judge's prompt and the toy's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources
from typing import Final

from legalgen.law.prompts.seeds import form_texts
from legalgen.law.taxonomy import Taxonomy

_FILES: Final = (
    "system", "cell", "angle", "angle_abstract", "avoid", "case_menu", "point.", "policy_",
)  # fmt: skip
"""What the names of the files begin with."""
_GAP: Final = re.compile(r"\$\w+|\{[^{}]*\"question\"[\s\S]*?\}\]\}")
"""Where a value is filled in; and the example of the JSON, whose keys any answer has."""


def instructions(taxonomy: Taxonomy, *more: str) -> Iterator[str]:
    """Each piece of fixed prose, between the values that are filled in.

    ``more`` are instructions of the user's own.
    """
    for file in resources.files("legalgen.law.prompts").iterdir():
        if file.name.endswith(".txt") and file.name.startswith(_FILES):
            yield from _GAP.split(file.read_text(encoding="utf-8"))
    for kind in taxonomy.sample_types:
        yield kind.instructions
        yield f"Required: {kind.requirement}."
    for difficulty in taxonomy.difficulties:
        yield f"Difficulty: {difficulty.name} ({difficulty.features})"
    yield from form_texts()
    yield from more
