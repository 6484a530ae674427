"""parts.py: single rows of sealed parts, by their number."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from legalgen.errors import DiskError
from legalgen.store.parts import TextReader
from tests.crash.rows import make_sample, to_table


def test_each_row_is_read_by_its_number(tmp_path: Path) -> None:
    """However many row groups a part has, and in whatever order rows are asked for."""
    samples = [make_sample(number) for number in range(7)]
    path = tmp_path / "train-g1-00000.parquet"
    pq.write_table(to_table(samples), path, row_group_size=2)
    texts = TextReader()
    for number in (6, 0, 3, 2, 5, 1, 4, 6):
        sample = samples[number]
        assert texts.row(path, number) == (sample.id, sample.question, sample.answer)


def test_a_row_that_a_part_does_not_have_is_told(tmp_path: Path) -> None:
    """Somebody put a shorter part under the name of the one that was numbered."""
    path = tmp_path / "train-b-00000.parquet"
    pq.write_table(to_table([make_sample(0)]), path)
    with pytest.raises(DiskError):
        TextReader().row(path, 1)


def test_a_part_that_is_gone_or_damaged_is_told(tmp_path: Path) -> None:
    path = tmp_path / "train-b-00000.parquet"
    with pytest.raises(DiskError):
        TextReader().row(path, 0)
    path.write_bytes(b"no parquet at all" * 10)
    with pytest.raises(DiskError):
        TextReader().row(path, 0)
