"""What the tests marked ``extended`` showed when they last ran: ``benchmarks/extended.json``.

They run seldom, so a figure that only they show is dated. A test tells its figures with pytest's
``record_property``; one that is skipped leaves what stood there. The property tests, which run with
them and draw new examples, have one entry together.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest

PROPERTIES = "property tests with new examples"
FILE = Path(__file__).parents[1] / "benchmarks" / "extended.json"


class Notes:
    """A plugin that writes down date, outcome, seconds and figures of each extended test."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: dict[str, dict[str, Any]] = {}
        self._properties: list[pytest.TestReport] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One phase of one test is over."""
        if report.when != "call" or report.skipped:
            return
        if "extended" in report.keywords:
            figures = dict(report.user_properties)
            self._found[report.nodeid] = _entry(report.outcome, report.duration, figures)
        elif "hypothesis" in report.keywords:
            self._properties.append(report)

    def pytest_sessionfinish(self) -> None:
        """Add what was found to what is known."""
        if self._properties:
            failed = sum(report.failed for report in self._properties)
            figures = {"tests": len(self._properties), "failed": failed,
                       "examples": hypothesis.settings().max_examples}  # fmt: skip
            seconds = sum(report.duration for report in self._properties)
            outcome = "failed" if failed else "passed"
            self._found[PROPERTIES] = _entry(outcome, seconds, figures)
        known = json.loads(self._path.read_text("utf-8")) if self._path.exists() else {}
        text = json.dumps(known | self._found, indent=1, sort_keys=True)
        self._path.write_text(text + "\n", "utf-8")


def _entry(outcome: str, seconds: float, figures: dict[str, Any]) -> dict[str, Any]:
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "outcome": outcome,
        "seconds": round(seconds),
        "figures": figures,
    }
