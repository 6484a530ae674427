"""Two processes at one duplicate index: what the one is writing, the other leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from legalgen.quality.duplicates.index import DuplicateIndex
from legalgen.quality.duplicates.rows import IndexedPart
from tests.crash.killer import intercept

ROW = ("lg_1", "May the tenant leave before the lease has ended, and what is owed?", "No. " * 40)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_another_start_does_not_break_a_seal(tmp_path: Path, moment: str) -> None:
    """A second process opens the index around the swap of a segment whose part it has not seen."""
    index = DuplicateIndex(tmp_path)
    index.open([])
    index.add(*ROW)

    def handle(name: str, real: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if name != "replace" or not str(args[1]).endswith(".segment"):
            return real(*args, **kwargs)
        if moment == "before":
            DuplicateIndex(tmp_path).open([])
        done = real(*args, **kwargs)
        if moment == "after":
            DuplicateIndex(tmp_path).open([])
        return done

    with intercept(handle):
        part = IndexedPart("train-a-00000.parquet", 1, lambda: [ROW], [ROW].__getitem__)
        index.sealed(part, [ROW[0]])
    match = index.check(*ROW[1:])
    assert match is not None
    assert (match.code, match.id) == ("DUP_EXACT", ROW[0])


def test_what_a_dead_process_was_writing_is_cleared(tmp_path: Path) -> None:
    """A segment half written goes at the next start."""
    (tmp_path / "0123.segment.ab12cd34").write_bytes(b"half")
    DuplicateIndex(tmp_path).open([])
    assert list(tmp_path.iterdir()) == []
