"""What the tests marked ``extended`` showed when they last ran: ``benchmarks/extended.json``.

They run seldom, so a figure that only they show is dated. A test tells its figures with pytest's
``record_property``; one that is skipped leaves what stood there.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).parents[1] / "benchmarks" / "extended.json"


class Notes:
    """A plugin that writes down date, outcome, seconds and figures of each extended test."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: dict[str, dict[str, Any]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One phase of one test is over."""
        if report.when == "call" and "extended" in report.keywords and not report.skipped:
            self._found[report.nodeid] = {
                "date": f"{datetime.now(UTC):%Y-%m-%d}",
                "outcome": report.outcome,
                "seconds": round(report.duration),
                "figures": dict(report.user_properties),
            }

    def pytest_sessionfinish(self) -> None:
        """Add what was found to what is known."""
        known = json.loads(self._path.read_text("utf-8")) if self._path.exists() else {}
        text = json.dumps(known | self._found, indent=1, sort_keys=True)
        self._path.write_text(text + "\n", "utf-8")
