"""What people found when they read rows: one line a mark, beside the dataset.

    <data dir>/marks/train.reviews.jsonl      one file a dataset, only ever written on

A mark is on the disk before the next row is shown. Of several marks of a row the last one counts. A
line that a crash has torn is passed over, and the next one begins on a line of its own.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from legalgen.settings.reading import open_regular, read_lines
from legalgen.settings.writing import make_folder, sync_folder, write_all
from legalgen.store.files import NOT_OURS, DataDir, disk, is_there
from legalgen.store.sample import to_json

FoundRight = Literal["right", "wrong", ""]


class ReviewMark(msgspec.Struct, frozen=True):
    """What a person found of one row; ``verdict`` is empty where there is only a ``remark``.

    ``scope`` says what the row was drawn from, empty for the whole dataset: only of such marks can
    a share of the dataset be told. ``by_sheet``: it was read from a CSV file. ``at`` is UTC.
    ``judge`` had marked the row, and ``marked_low`` or not (None: none had): kept here, because
    a row that is found wrong goes.
    """

    id: str
    verdict: FoundRight
    at: datetime
    batch_id: str = ""
    scope: str = ""
    remark: str = ""
    citations_ok: bool | None = None
    by_sheet: bool = False
    judge: str = ""
    marked_low: bool | None = None


def reviews_path(data_dir: DataDir, *, rehearsal: bool = False) -> Path:
    """The file of a dataset's marks."""
    return data_dir.marks / f"{data_dir.dataset(rehearsal=rehearsal).name}.reviews.jsonl"


def read_reviews(data_dir: DataDir, *, rehearsal: bool = False) -> dict[str, ReviewMark]:
    """The mark that counts of each row, by id; none where nobody has read any.

    Raises:
        DiskError: the file is there and cannot be read.
    """
    path = reviews_path(data_dir, rehearsal=rehearsal)
    found: dict[str, ReviewMark] = {}
    if not os.path.lexists(path):
        return found
    decoder = msgspec.json.Decoder(ReviewMark)
    with disk(path, "read"):
        for line in read_lines(path):
            with contextlib.suppress(*NOT_OURS):
                mark = decoder.decode(line)
                found[mark.id] = mark
    return found


def append_reviews(
    data_dir: DataDir, marks: Sequence[ReviewMark], *, rehearsal: bool = False
) -> None:
    """Add marks; durable when it returns.

    Raises:
        DiskError: the disk failed; of the marks those are kept whose lines are whole.
    """
    path = reviews_path(data_dir, rehearsal=rehearsal)
    with disk(path, "write"):
        make_folder(path.parent)
        new = not is_there(path)
        descriptor = open_regular(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        try:
            size = os.fstat(descriptor).st_size
            torn = size and os.pread(descriptor, 1, size - 1) != b"\n"
            lines = b"".join(to_json(mark) + b"\n" for mark in marks)
            write_all(descriptor, b"\n" + lines if torn else lines)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if new:
            sync_folder(path.parent)
