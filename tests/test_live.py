"""What ``make live`` does, against the double of the vendors."""

from __future__ import annotations

import pytest

from tests import live
from tests.program import Program
from tests.vendors import VendorServer

pytestmark = pytest.mark.process


def test_every_step_ends_as_it_should(
    program: Program, vendors: VendorServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """generate, a batch in two turns, verify; then what differs from the catalog."""
    assert live.main({**program.environ, "CI": ""}) == 0
    told = capsys.readouterr().out
    for words in ("legalgen generate: 0", "--max-calls 4: 4", "--resume --max-calls 60: 0",
                  "legalgen dataset verify: 0", "spent: "):  # fmt: skip
        assert words in told
    assert not program.data_dir.root.exists()


def test_never_in_ci(program: Program, vendors: VendorServer) -> None:
    """Whatever keys a runner has, it pays nobody."""
    with pytest.raises(SystemExit, match="does not run in CI"):
        live.main({**program.environ, "CI": "true"})
    assert vendors.calls() == []
