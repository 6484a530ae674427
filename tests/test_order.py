"""Workers begin with what may take long, and no test is lost or run twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.order import dealt


def items_of(session: pytest.Session, name: str, marks: list[str]) -> list[pytest.Item]:
    """Tests of a file, the first of them with a marker each."""
    module = pytest.Module.from_parent(session, path=Path(__file__).with_name(name))
    found: list[pytest.Item] = []
    for number in range(4):
        item = pytest.Function.from_parent(module, name=f"test_{number}", callobj=lambda: None)
        for mark in marks[number : number + 1]:
            item.add_marker(mark)
        found.append(item)
    return found


def test_each_share_begins_with_what_may_take_long(request: pytest.FixtureRequest) -> None:
    """Files stay whole, the longest are dealt by turns, and the rest is cut evenly."""
    session = request.session
    short, one, two, three = (
        items_of(session, f"{name}.py", marks)
        for name, marks in {
            "short": [], "one": ["server"], "two": ["process"] * 2, "three": ["browser"] * 3,
        }.items()
    )  # fmt: skip
    assert dealt([*short, *one, *two, *three], 2) == [*three, *one, *short[:2], *two, *short[2:]]


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_no_test_is_lost_or_run_twice(request: pytest.FixtureRequest, workers: int) -> None:
    """For the tests of this run, whatever they are, and any number of workers."""
    before = [item.nodeid for item in request.session.items]
    after = [item.nodeid for item in dealt(request.session.items, workers)]
    assert len(after) == len(set(after)) == len(before)
    assert set(after) == set(before)
