"""Which side of a split a row goes to, so that nothing of the test set was seen in training.

Rows that share a passage stay together, and with ``--split-by`` those of a whole text or topic; one
text stays one under whatever ids it was added. So do rows that the duplicate index calls too near
(``DUP_EXACT``, ``DUP_NEAR``), with all that they stay together with: the whole goes where its
oldest row would go by itself, so that rows which are there stay where they are when others are
added, unless a new one belongs to rows of both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from itertools import chain
from typing import Any, Final, Literal

import msgspec

from legalgen.errors import UsageError
from legalgen.sources.chunk import Chunk
from legalgen.sources.collection import SourceCollection
from legalgen.store.files import DataDir
from legalgen.store.parts import iter_batches

SplitBy = Literal["chunk", "source", "topic"]
SPLITS: Final[tuple[SplitBy, ...]] = ("chunk", "source", "topic")
GROUP_COLUMNS: Final = ("id", "jurisdiction", "practice_area", "topic", "sources")
"""What ``group_of`` reads of a row; ``sources`` is not in every dataset."""


class Split(msgspec.Struct, frozen=True):
    """``share`` (0 to 1) of the rows becomes the test set; ``seed`` says which.

    ``by`` is what stays together; ``tied`` are the groups that go with another, of :func:`tied`.

    Raises:
        UsageError: ``share`` is none.
    """

    share: float
    seed: int = 0
    by: SplitBy = "chunk"
    tied: Mapping[str, str] = {}

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise UsageError(f"--split {self.share:g}: take a share between 0 and 1, such as 0.1")

    def side(self, row: Mapping[str, Any]) -> str:
        """``"train"`` or ``"test"``, of a row with ``GROUP_COLUMNS``."""
        return self.side_of(self.group(row))

    def group(self, row: Mapping[str, Any]) -> str:
        """What decides the side of a row; the same for all rows that stay together."""
        group = group_of(row, self.by)
        return self.tied.get(group, group)

    def side_of(self, group: str) -> str:
        """The side of a group that stands alone."""
        return "test" if in_test(group, self.share, self.seed) else "train"


def in_test(name: str, share: float, seed: int) -> bool:
    """Whether the group of this name belongs to the test split; the same in every export.

    A group keeps its side when the dataset grows, and stays in the test set when ``share`` does.
    """
    digest = blake2b(f"{seed}:{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") < share * 2**64


def group_of(row: Mapping[str, Any], by: SplitBy) -> str:
    """What a row is put on one side with before any ties: its first passage, its text or topic."""
    chunks = [source["id"] for source in row.get("sources") or ()]
    match by:
        case "topic":
            return f"{row['jurisdiction']}/{row['practice_area']}/{row['topic']}"
        case "source" if chunks:
            return _source_of(chunks[0])
        case _:
            return str(chunks[0]) if chunks else str(row["id"])


def tied(
    data_dir: DataDir, near: Iterable[Sequence[str]], by: SplitBy, *, rehearsal: bool = False
) -> dict[str, str]:
    """The groups that go with another one because rows of both share a passage or are near.

    ``near`` are ids of rows that are near to each other, group by group.

    Raises:
        DiskError: a part or, by source, what is known of a text cannot be read.
    """
    related = [set(ids) for ids in near]
    wanted = set[str]().union(*related)
    names_of = _PassageNames(data_dir, by)
    groups: dict[str, str] = {}
    holders: dict[str, str] = {}
    sharing: set[tuple[str, str]] = set()
    for row in _rows(data_dir, rehearsal=rehearsal, only_grounded=not wanted):
        group = group_of(row, by)
        if row["id"] in wanted:
            groups[row["id"]] = group
        for name in names_of.row(row):
            if (other := holders.setdefault(name, group)) != group:
                sharing.add((other, group))
    near_groups = ({groups[each] for each in ids if each in groups} for ids in related)
    if not (joined := _joined(chain(map(set, sharing), near_groups))):
        return {}
    oldest = _oldest(data_dir, frozenset(joined), by, rehearsal=rehearsal)
    first: dict[str, str] = {}
    for group, of in joined.items():
        first[of] = min(group, first.get(of, group), key=lambda each: oldest[each])
    return {group: first[of] for group, of in joined.items() if first[of] != group}


def held_out(
    data_dir: DataDir, split: Split, *, rehearsal: bool = False
) -> Callable[[Chunk], bool]:
    """Whether a passage is of the test set: a row of it was written from this or, by source, from
    another passage of the same text.

    Raises:
        DiskError: a part or, by source, what is known of a text cannot be read.
    """
    names_of = _PassageNames(data_dir, split.by)
    names = {
        name
        for row in _rows(data_dir, rehearsal=rehearsal, only_grounded=True)
        if split.side(row) == "test"
        for name in names_of.row(row)
    }
    return lambda chunk: not names.isdisjoint(names_of.passage(chunk.id, chunk.sha256))


class _PassageNames:
    """What only one side may have of a passage: its id and its words, by source its text's too."""

    def __init__(self, data_dir: DataDir, by: SplitBy) -> None:
        self._whole = by == "source"
        known = SourceCollection(data_dir).all() if self._whole else ()
        self._digests = {each.id: each.sha256 for each in known}

    def row(self, row: Mapping[str, Any]) -> Iterator[str]:
        """Of all passages that a row was written from."""
        for source in row.get("sources") or ():
            yield from self.passage(source["id"], source.get("sha256"))

    def passage(self, chunk_id: str, sha256: str | None) -> Iterator[str]:
        """Of one passage; ``sha256`` is of its words, None where a row does not tell it."""
        source = _source_of(chunk_id)
        texts = (source, self._digests.get(source)) if self._whole else ()
        yield from filter(None, (chunk_id, sha256, *texts))


def _source_of(chunk_id: str) -> str:
    return chunk_id.partition("#")[0]


def _joined(related: Iterable[set[str]]) -> dict[str, str]:
    """For each group one of those that hang together with it, the same for all of these."""
    of: dict[str, str] = {}

    def root(group: str) -> str:
        while of[group] != group:
            of[group] = group = of[of[group]]
        return group

    for groups in related:
        for group in groups:
            of.setdefault(group, group)
        roots = sorted(map(root, groups))
        of.update(dict.fromkeys(roots, roots[0]) if roots else {})
    return {group: root(group) for group in list(of)}


def _oldest(
    data_dir: DataDir, groups: frozenset[str], by: SplitBy, *, rehearsal: bool
) -> dict[str, tuple[datetime, str]]:
    """When the oldest row of each group was made, and its id."""
    found: dict[str, tuple[datetime, str]] = {}
    for row in _rows(data_dir, "created_at", rehearsal=rehearsal):
        if (group := group_of(row, by)) in groups:
            made = (row["created_at"], row["id"])
            found[group] = min(made, found.get(group, made))
    return found


def _rows(
    data_dir: DataDir, *more: str, rehearsal: bool, only_grounded: bool = False
) -> Iterator[Mapping[str, Any]]:
    """Rows with ``GROUP_COLUMNS``; ``only_grounded``: those without passages may be left out."""
    for batch in iter_batches(data_dir, (*GROUP_COLUMNS, *more), rehearsal=rehearsal):
        if only_grounded and (
            "sources" not in batch.schema.names
            or batch.column("sources").null_count == batch.num_rows
        ):
            continue  # 10,000 rows at once, in place of one after another
        yield from batch.to_pylist()
