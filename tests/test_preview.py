"""``batch --plan``: what would be written, how it spreads, whether it fits; nothing is called."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from legalgen.generation import Stop
from legalgen.preview import preview
from legalgen.run import Intent, Run
from legalgen.settings import Settings
from tests.vendors import Config, VendorServer


@contextlib.contextmanager
def opened(tmp_path: Path, server: VendorServer, count: int, **flags: object) -> Iterator[Run]:
    given: dict[str, object] = {
        "provider": "groq", "seed": "7", "data_dir": str(tmp_path / "data"),
        "state_dir": str(tmp_path / "state"), **flags,
    }  # fmt: skip
    environ = {"GROQ_API_KEY": server.key("groq"), "GROQ_BASE_URL": server.base_url("groq")}
    settings = Settings.load(given, environ, None)
    run = Run(settings, Intent(count=count), listener=lambda _: None, stop=Stop())
    with contextlib.closing(run):
        yield run


def test_a_plan_calls_nobody_and_writes_nothing(tmp_path: Path) -> None:
    """The spread is that of the batch; no request leaves and no folder appears."""
    with VendorServer(Config.of("groq-free")) as server:
        with opened(tmp_path, server, 200) as run:
            found = preview(run)
        assert server.calls() == []
    assert list(tmp_path.iterdir()) == []
    assert set(found.spread()["topic"].values()) == {2}
    assert found.as_json()["samples"] == 200


def test_limits_are_assumed_until_known_and_then_known(tmp_path: Path) -> None:
    """Before the first call the smallest plan is assumed, and said; afterwards what was learnt."""
    with VendorServer(Config.of("groq-free")) as server:
        with opened(tmp_path, server, 50) as run:
            before = preview(run).forecast
        with opened(tmp_path, server, 1, model="openai/gpt-oss-120b", no_failover=True) as run:
            assert run.go().exit_code == 0
        with opened(tmp_path, server, 50) as run:
            after = preview(run).forecast
    assumed = {str(share.ref): share.assumed for share in before.shares}
    known = {str(share.ref): share.assumed for share in after.shares}
    assert set(assumed.values()) == {"the smallest plan"}
    assert known["groq/openai/gpt-oss-120b"] is None


def test_more_than_a_day_allows_is_said(tmp_path: Path) -> None:
    """Thousands of samples against a free tier: not today, and the daily limit is named."""
    with (
        VendorServer(Config.of("groq-free")) as server,
        opened(tmp_path, server, 5000) as run,
    ):
        found = preview(run)
    words = "\n".join(found.lines())
    assert not found.forecast.fits_today
    assert "does not fit" in words
    assert "per day" in words
