"""How sentences count, and that none counts by hand."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

import legalgen
from legalgen.errors.plurals import plural

SOURCE = Path(legalgen.__file__).parent
THINGS = (
    "answer", "batch", "call", "cell", "chunk", "citation", "error", "file", "finding", "flag",
    "line", "model", "pair", "part", "record", "request", "row", "sample", "segment", "source",
    "step", "switch", "task", "topic", "wait",
)  # fmt: skip
"""What the program counts, and of which there can be one."""
COUNTED = re.compile(rf" (?:[a-z]+ )?(?:{'|'.join(THINGS)})e?s\b")
NO_NUMBERS = {"form", "name", "path", "provider"}
BY_HAND = {
    # said where there are at least two
    ("commands/sources.py", "len(files)"),
    ("dataset/refused.py", "len(batches)"),
    ("dataset/rows.py", "len(found)"),
    ("routing/remedies.py", "len(refs)"),
    ("batch/watchdog.py", "self._fruitless"),
    ("quality/substance.py", "len(steps)"),
    ("ui/plan_screen.py", "most"),
    ("ui/dataset_screens.py", "coverage.most"),
    # a URL "holds rows"; "3 with flags"; the table that models stand in
    ("dataset/push.py", "remote.url"),
    ("dataset/merging.py", "self._merge.shard.root"),
    ("ui/dataset_screens.py", "made.flagged"),
    ("routing/route.py", "self._table(provider)"),
    ("routing/route.py", "self._table(providers[0])"),
}


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (2057, "2,057 rows")]
)
def test_one_is_no_plural(number: int, said: str) -> None:
    """With thousands apart."""
    assert plural(number, "row") == said


def test_a_word_may_have_a_plural_of_its_own() -> None:
    """It is given."""
    assert [plural(n, "batch", "batches") for n in (1, 3)] == ["1 batch", "3 batches"]


def counts_by_hand(path: Path) -> Iterator[tuple[str, str]]:
    """Numbers in the f-strings of a module that stand before a thing in the plural."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        values = node.values if isinstance(node, ast.JoinedStr) else []
        for number, after in pairwise(values):
            if (
                isinstance(number, ast.FormattedValue)
                and isinstance(after, ast.Constant)
                and COUNTED.match(str(after.value))
            ):
                yield path.relative_to(SOURCE).as_posix(), ast.unparse(number.value)


def test_no_sentence_counts_by_hand() -> None:
    """`1 samples` comes of a number before a word in the plural: `plural` puts both together."""
    found = {each for path in sorted(SOURCE.rglob("*.py")) for each in counts_by_hand(path)}
    assert {each for each in found if each[1] not in NO_NUMBERS} - BY_HAND == set()
