"""The points of topics: what decides cases within one, as a model listed it once.

A list is paid for, so it lies beside the dataset: ``points/<taxonomy>/<leaf>.<number>.json``, a
file that never changes. Of several that suit, that of the lowest number counts, whoever asks: two
processes that asked at once go on with the same list, and a resumed batch with that of its start.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from legalgen.settings.reading import check_regular
from legalgen.settings.writing import write_new
from legalgen.store.files import NOT_OURS, DataDir, disk, make_folder
from legalgen.store.parts import iter_batches
from legalgen.store.sample import to_json

LeafKey: TypeAlias = tuple[str, str, str]
"""Jurisdiction, practice area, topic."""
_LARGEST: Final = 1 << 20
"""Bytes; thirty sentences are some ten thousand."""


class Point(msgspec.Struct, frozen=True):
    """A rule, an exception or a fact that decides a case, in a sentence, and its subtopic."""

    subtopic: str
    text: str


class TopicPoints(msgspec.Struct, frozen=True):
    """The points of a topic: what they were made from, by whom, and what they took.

    ``taxonomy`` is a digest of it. ``as_of`` is the month as at which the law was asked for,
    ``YYYY-MM``; empty: no month was named. ``model`` is ``vendor/model``.
    """

    taxonomy: str
    jurisdiction: str
    practice_area: str
    topic: str
    as_of: str
    model: str
    prompt_version: str
    at: datetime
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    points: tuple[Point, ...]

    @property
    def leaf(self) -> LeafKey:
        """Jurisdiction, practice area and topic."""
        return self.jurisdiction, self.practice_area, self.topic

    def suits(self, models: Collection[str], as_of: str) -> bool:
        """Whether it was listed by one of ``models``, and as at ``as_of`` or a month before it."""
        in_time = not as_of or "" < self.as_of <= as_of
        return self.model in models and in_time


# msgspec works a type out at its first use, and two workers at once would end the process.
_DECODER: Final = msgspec.json.Decoder(TopicPoints)


def keep_points(data_dir: DataDir, found: TopicPoints) -> Path:
    """Write a list under the next free number.

    Raises:
        DiskError: it could not be written.
    """
    make_folder(_folder(data_dir, found.taxonomy))
    for path in _paths(data_dir, found.taxonomy, found.leaf):
        with disk(path, "write"):
            try:
                write_new(path, to_json(found))
            except FileExistsError:
                continue
            return path
    raise AssertionError("numbers do not end")


def kept_points(data_dir: DataDir, taxonomy: str, leaf: LeafKey) -> Iterator[TopicPoints]:
    """The lists that there are of a topic, in the order of their numbers.

    One that is torn, or is not of this form or topic, is passed by.

    Raises:
        DiskError: one cannot be read.
    """
    for path in _paths(data_dir, taxonomy, leaf):
        with disk(path, "read"):
            try:
                check_regular(path)
                with path.open("rb") as file:
                    content = file.read(_LARGEST)
            except (FileNotFoundError, NotADirectoryError):
                return
        try:
            found = _DECODER.decode(content)
        except NOT_OURS:
            continue
        if (found.taxonomy, found.leaf) == (taxonomy, leaf):
            yield found


class _Seeds(msgspec.Struct, frozen=True):
    """The part of a row's ``seed_json`` that is read here."""

    point: str = ""


def used_points(data_dir: DataDir) -> Iterator[tuple[LeafKey, str]]:
    """The topic and the point of each row that was written on one.

    Raises:
        DiskError: a part cannot be read.
    """
    import pyarrow.compute as pc  # heavy; only what touches parquet pays for it

    columns = ("jurisdiction", "practice_area", "topic", "seed_json")
    for batch in iter_batches(data_dir, columns=columns):
        for row in batch.filter(pc.match_substring(batch["seed_json"], '"point":')).to_pylist():
            try:
                seeds = msgspec.json.decode(row["seed_json"], type=_Seeds)
            except NOT_OURS:
                continue  # an imported row may hold anything
            yield (row["jurisdiction"], row["practice_area"], row["topic"]), seeds.point


def _folder(data_dir: DataDir, taxonomy: str) -> Path:
    return data_dir.points / taxonomy


def _paths(data_dir: DataDir, taxonomy: str, leaf: LeafKey) -> Iterator[Path]:
    """Where the lists of a topic lie, in the order of their numbers, without end."""
    for number in count(1):
        yield _folder(data_dir, taxonomy) / f"{'.'.join(leaf)}.{number}.json"
