"""What ``make live`` does, against the double of the vendors."""

from __future__ import annotations

import pytest

from legalgen.settings.layers import Settings
from tests import live
from tests.program import Program
from tests.vendors import Config, VendorServer

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


def stated(server: VendorServer) -> list[str]:
    """What lists and headers of the double differ in."""
    environ = {
        **{f"{name.upper()}_API_KEY": server.key(name) for name in ("groq", "cerebras")},
        **{f"{name.upper()}_BASE_URL": server.base_url(name) for name in ("groq", "cerebras")},
    }
    return list(live.stated(Settings.load({}, environ, None)))


def test_sizes_prices_and_headers_are_compared() -> None:
    """Each difference is a line, in the vendor's figure and the catalog's; what agrees is none."""
    config = Config.of("groq-free", "cerebras-trial")
    config = config.with_model("groq", "openai/gpt-oss-120b", price=("0.00000020", "0.0000006"))
    config = config.with_model("groq", "openai/gpt-oss-20b", max_completion_tokens=32_768)
    config = config.with_model("cerebras", "gpt-oss-120b", price=("0.35", "0.75"))

    with VendorServer(config) as server:
        found = stated(server)

    assert found == [
        "groq: openai/gpt-oss-120b: input costs $0.2 a million tokens, $0.15 in the catalog",
        "groq: openai/gpt-oss-20b: longest answer is 32768 tokens, 65536 in the catalog",
        "cerebras: gpt-oss-120b: longest answer is 32768 tokens, 32000 in the catalog",
        "cerebras: qwen-3.8-27b: longest answer is 32768 tokens, 32000 in the catalog",
    ]


def test_headers_that_come_no_more_or_that_nobody_reads_are_named() -> None:
    """A vendor's limits are known by them alone."""
    config = Config.of("groq-free", "cerebras-trial")
    config = config.with_vendor("cerebras", rate_headers=False)
    config = config.with_vendor("groq", more_headers=(("x-ratelimit-limit-images", "7"),))

    with VendorServer(config) as server:
        found = stated(server)

    assert "groq: the header x-ratelimit-limit-images: 7 is not read" in found
    assert "groq: its list states no prices: compare them with its page" in found
    gone = [line for line in found if "no header" in line]
    assert len(gone) == 6
    assert gone[0] == "cerebras: no header x-ratelimit-limit-requests-minute"
