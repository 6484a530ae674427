"""Which side of a split a row goes to, so that nothing of the test set was seen in training.

Rows of one passage stay together, and with ``--split-by`` those of a whole text or topic. So do
rows that the duplicate index calls too near (``DUP_EXACT``, ``DUP_NEAR``), with all that they stay
together with: the whole goes where its oldest row would go by itself, so that rows which are there
stay where they are when others are added, unless a new one is near to rows of both sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final, Literal

import msgspec

from legalgen.errors import UsageError
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
        group = group_of(row, self.by)
        return self.side_of(self.tied.get(group, group))

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
    """What a row is put on one side with: all rows of a chunk, a text or a topic."""
    chunks = [source["id"] for source in row.get("sources") or ()]
    match by:
        case "topic":
            return f"{row['jurisdiction']}/{row['practice_area']}/{row['topic']}"
        case "source" if chunks:
            return str(chunks[0]).partition("#")[0]
        case _:
            return str(chunks[0]) if chunks else str(row["id"])


def tied(
    data_dir: DataDir, near: Iterable[Sequence[str]], by: SplitBy, *, rehearsal: bool = False
) -> dict[str, str]:
    """The groups that go with another one because rows of both are near, and which that is.

    ``near`` are ids of rows that are near to each other, group by group.

    Raises:
        DiskError: a part cannot be read.
    """
    related = [set(ids) for ids in near]
    wanted = set[str]().union(*related)
    if not wanted:
        return {}
    groups = {
        row["id"]: group_of(row, by)
        for row in _rows(data_dir, rehearsal=rehearsal)
        if row["id"] in wanted
    }
    joined = _joined({groups[each] for each in ids if each in groups} for ids in related)
    oldest = _oldest(data_dir, frozenset(joined), by, rehearsal=rehearsal)
    first: dict[str, str] = {}
    for group, of in joined.items():
        first[of] = min(group, first.get(of, group), key=lambda each: oldest[each])
    return {group: first[of] for group, of in joined.items() if first[of] != group}


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


def _rows(data_dir: DataDir, *more: str, rehearsal: bool) -> Iterator[Mapping[str, Any]]:
    for batch in iter_batches(data_dir, (*GROUP_COLUMNS, *more), rehearsal=rehearsal):
        yield from batch.to_pylist()
