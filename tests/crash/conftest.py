"""What the tests of kills share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.crash.trial import BAD_ANSWERS, ForkServer, Vendors


@pytest.fixture(scope="module")
def separate_vendors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vendors]:
    """``vendors`` in a process of their own; every sixth answer is refused.

    Not called ``vendors``, as it would stand in the place of the ones that ``program`` asks for.
    """
    log = tmp_path_factory.mktemp("vendors") / "calls.jsonl"
    with Vendors.started(log, BAD_ANSWERS) as vendors:
        yield vendors


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    """Runs the program without importing it each time."""
    with ForkServer.started() as server:
        yield server
