"""What a worker reports of a test: of one that passes the call alone.

Each report is packed, sent and unpacked, half a millisecond for two processes; that setup and
teardown passed nobody reads, except where they are timed or listed one by one.
"""

from __future__ import annotations

import pytest
from _pytest.runner import runtestprotocol


def are_all_read(config: pytest.Config) -> bool:
    """Whether the reports of phases that passed are for somebody."""
    return config.getoption("durations") is not None or config.getoption("xmlpath") is not None


class WithoutPhasesThatPassed:
    """A plugin for a worker of pytest-xdist."""

    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """As pytest's own, but for the reports that are left out."""
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for report in runtestprotocol(item, log=False, nextitem=nextitem):
            if report.when == "call" or not report.passed:
                item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True
