"""Lists of points on the disk: numbered, never changed, and only those that are whole are read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from legalgen.errors import DiskError
from legalgen.store.files import DataDir
from legalgen.store.points import Point, TopicPoints, keep_points, kept_points

LEAF = ("uk", "contract", "formation")
LISTED = TopicPoints(
    taxonomy="0123456789ab",
    jurisdiction="uk",
    practice_area="contract",
    topic="formation",
    as_of="2024-06",
    model="groq/openai/gpt-oss-120b",
    prompt_version="2026-11.c-00000000",
    at=datetime(2026, 11, 29, 12, tzinfo=UTC),
    input_tokens=327,
    output_tokens=692,
    cost_usd=0.0004,
    points=(Point("offer", "An offer ends when it is refused."),),
)


def read(folder: DataDir) -> list[TopicPoints]:
    return list(kept_points(folder, LISTED.taxonomy, LEAF))


def test_lists_are_numbered_and_the_first_stays_first(tmp_path: Path) -> None:
    """A later one replaces none: both were paid for."""
    folder, later = DataDir(tmp_path), replace(LISTED, as_of="2025-01")
    first, second = keep_points(folder, LISTED), keep_points(folder, later)
    assert [first.name, second.name] == [f"uk.contract.formation.{n}.json" for n in (1, 2)]
    assert read(folder) == [LISTED, later]
    assert list(kept_points(folder, LISTED.taxonomy, ("uk", "contract", "terms"))) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b"[" * 100_000, b'{"taxonomy": 1}', b"\xff\xfe", b'{"points": []}'],
)
def test_what_is_torn_or_foreign_is_passed_by(tmp_path: Path, content: bytes) -> None:
    """A kill between may leave half a file: the list is asked for again, under the next number."""
    folder = DataDir(tmp_path)
    keep_points(folder, LISTED).write_bytes(content)
    assert read(folder) == []
    assert keep_points(folder, LISTED).name.endswith(".2.json")
    assert read(folder) == [LISTED]


def test_a_list_under_the_name_of_another_topic_is_not_taken(tmp_path: Path) -> None:
    """Whoever moves files about gets no points of another topic, or of another taxonomy."""
    folder = DataDir(tmp_path)
    path = keep_points(folder, LISTED)
    path.rename(path.with_name("uk.contract.terms.1.json"))
    assert list(kept_points(folder, LISTED.taxonomy, ("uk", "contract", "terms"))) == []


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    """A folder in the place of a file is a fault of the disk, not a list that is not there."""
    folder = DataDir(tmp_path)
    path = keep_points(folder, LISTED)
    path.unlink()
    path.mkdir()
    with pytest.raises(DiskError, match="formation"):
        read(folder)


@pytest.mark.parametrize(
    ("kept", "route", "suits"),
    [
        ("2024-06", "2024-06", True), ("2024-06", "2025-01", True), ("2024-06", "", True),
        ("2024-06", "2023-10", False), ("", "2024-06", False), ("", "", True),
    ],
)  # fmt: skip
def test_a_list_serves_models_that_know_as_much(kept: str, route: str, suits: bool) -> None:
    """What was listed as at a later month, or as at none, may hold what a model cannot know."""
    one = replace(LISTED, as_of=kept)
    assert one.suits({one.model}, route) is suits
    assert not one.suits({"groq/other"}, route)
