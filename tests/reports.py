"""What a worker reports of a test: of one that passes the call alone.

Each report is packed, sent and unpacked, half a millisecond for two processes; that setup and
teardown passed nobody reads, nor that a test begins and is done, except where they are timed or
listed one by one.
"""

from __future__ import annotations

import pytest
from _pytest.runner import runtestprotocol


def are_all_read(config: pytest.Config) -> bool:
    """Whether the reports of phases that passed are for somebody."""
    timed, listed = config.getoption("durations"), config.getoption("xmlpath")
    return timed is not None or listed is not None or config.get_verbosity() > 0


class WithoutPhasesThatPassed:
    """A plugin for a worker of pytest-xdist."""

    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """As pytest's own, but for the reports that are left out."""
        for report in runtestprotocol(item, log=False, nextitem=nextitem):
            if report.when == "call" or not report.passed:
                item.ihook.pytest_runtest_logreport(report=report)
        return True
