"""Workers report what somebody reads: no failure is lost with the phases that passed."""

from __future__ import annotations

import pytest

from tests.reports import WithoutPhasesThatPassed, are_all_read

pytest_plugins = ["pytester"]

TESTS = """
import pytest

@pytest.fixture
def broken(): assert False

@pytest.fixture
def leaking():
    yield
    assert False

def test_good(): pass
def test_bad(): assert False
def test_without_its_fixture(broken): pass
def test_whose_fixture_cannot_end(leaking): pass
@pytest.mark.skip
def test_skipped(): pass
@pytest.mark.xfail
def test_known(): assert False
"""


def test_every_outcome_is_reported_in_its_phase(pytester: pytest.Pytester) -> None:
    """Of a test that passes the call; of all others also what failed, was skipped, is known."""
    pytester.makepyfile(TESTS)
    run = pytester.inline_run(plugins=[WithoutPhasesThatPassed()])
    reports = run.getreports("pytest_runtest_logreport")
    assert [(each.nodeid.partition("::test_")[2], each.when, each.outcome) for each in reports] == [
        ("good", "call", "passed"),
        ("bad", "call", "failed"),
        ("without_its_fixture", "setup", "failed"),
        ("whose_fixture_cannot_end", "call", "passed"),
        ("whose_fixture_cannot_end", "teardown", "failed"),
        ("skipped", "setup", "skipped"),
        ("known", "call", "skipped"),
    ]
    assert run.getcalls(["pytest_runtest_logstart", "pytest_runtest_logfinish"]) == []


@pytest.mark.parametrize(
    ("durations", "xml", "verbose", "all_read"),
    [
        (None, None, 0, False),
        (None, None, -1, False),
        (3, None, 0, True),
        (0, None, 0, True),
        (None, "tests.xml", 0, True),
        (None, None, 1, True),
    ],
)
def test_phases_are_all_reported_where_they_are_timed_or_listed(
    durations: int | None,
    xml: str | None,
    verbose: int,
    *,
    all_read: bool,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """``--durations`` and ``--junitxml`` show setup and teardown as well, ``-v`` each beginning."""
    options = request.config.option  # a configuration of its own would take 80 ms to make
    monkeypatch.setattr(options, "durations", durations)
    monkeypatch.setattr(options, "xmlpath", xml)
    monkeypatch.setattr(options, "verbose", verbose)
    assert are_all_read(request.config) is all_read
