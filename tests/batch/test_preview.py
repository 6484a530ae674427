"""``batch --plan``: what would be written, how it spreads, whether it fits; nothing is called."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from legalgen.batch.generation import Stop
from legalgen.batch.intent import Intent
from legalgen.batch.opening import RunParts, online, open_parts, session_of
from legalgen.batch.preview import preview
from legalgen.routing.forecast import forecast
from legalgen.settings.layers import Settings
from tests.vendors import Config, VendorServer


@contextlib.contextmanager
def opened(tmp_path: Path, server: VendorServer, count: int, **flags: object) -> Iterator[RunParts]:
    given: dict[str, object] = {
        "provider": "groq", "seed": "7", "data_dir": str(tmp_path / "data"),
        "state_dir": str(tmp_path / "state"), **flags,
    }  # fmt: skip
    environ = {"GROQ_API_KEY": server.key("groq"), "GROQ_BASE_URL": server.base_url("groq")}
    settings = Settings.load(given, environ, None)
    run = open_parts(settings, Intent(count=count), listener=lambda _: None, stop=Stop())
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
            assert session_of(run, online(run)).go().exit_code == 0
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


QWEN = "groq/qwen/qwen3.8-27b"


def test_a_judges_calls_are_counted_apart(tmp_path: Path) -> None:
    """A mark for each sample and some that are lost: calls, tokens, cost; nobody is called."""
    flags = {"model": "openai/gpt-oss-120b", "no_failover": True}
    with VendorServer(Config.of("groq-free")) as server:
        with opened(tmp_path, server, 90, **flags) as run:
            alone = preview(run)
        with opened(tmp_path, server, 90, judge=[QWEN], **flags) as run:
            found = preview(run)
        assert server.calls() == []
    assert alone.as_json()["judge"] is None
    assert found.forecast == alone.forecast
    said = found.as_json()
    assert said["models"] == alone.as_json()["models"]
    [model] = said["judge"]["models"]
    assert (model["provider"], model["model"]) == ("groq", "qwen/qwen3.8-27b")
    assert (model["samples"], model["calls"], said["judge"]["calls"]) == (90, 100, 100)
    assert model["limits_assumed"] == "the smallest plan"
    assert 0 < model["cost_usd_low"] < model["cost_usd_high"]
    assert model["output_tokens"] < model["input_tokens"] < 200_000
    assert list(found.lines())[-2].startswith(f"  judge {QWEN}: 90 marks in 100 calls, ")
    assert found.seconds == max(found.forecast.seconds, found.judging.seconds)  # type: ignore[union-attr]


def test_a_judge_is_shown_the_whole_answer(tmp_path: Path) -> None:
    """Longer answers make dearer marks."""
    tokens = {}
    for kind in ("short_qa", "case_analysis"):
        with (
            VendorServer(Config.of("groq-free")) as server,
            opened(tmp_path, server, 20, model="openai/gpt-oss-120b", judge=[QWEN],
                   sample_type=kind) as run,
        ):  # fmt: skip
            [model] = preview(run).as_json()["judge"]["models"]
        tokens[kind] = model["input_tokens"] / model["calls"]
    assert 500 < tokens["short_qa"] < tokens["case_analysis"] - 300


def test_a_batch_fits_no_sooner_than_its_judge(tmp_path: Path) -> None:
    """A judge with few requests a day makes the batch as long as its marks take."""
    with (
        VendorServer(Config.of("groq-free")) as server,
        opened(tmp_path, server, 200, model="openai/gpt-oss-120b", judge=[QWEN]) as run,
    ):
        quick = preview(run)
        assert quick.judging is not None
        slow = replace(quick, judging=replace(quick.judging, seconds=90_000.0))
        never = replace(quick, judging=forecast(200, [], 0.0))
    assert (quick.fits_today, slow.fits_today, never.fits_today) == (True, False, False)
    assert "about 25h: does not fit into one day" in slow.lines()
    assert (slow.as_json()["seconds"], never.as_json()["seconds"]) == (90_000.0, None)
    assert "It does not fit: the judge cannot give so many marks within 30 days." in never.lines()


def test_what_was_learnt_of_a_judge_is_used(tmp_path: Path) -> None:
    """The limits that an earlier batch met with its model are the judge's."""
    judge = "openai/gpt-oss-120b"
    with VendorServer(Config.of("groq-free")) as server:
        with opened(tmp_path, server, 1, model=judge, no_failover=True) as run:
            assert session_of(run, online(run)).go().exit_code == 0
        with opened(tmp_path, server, 50, model=QWEN, judge=[f"groq/{judge}"]) as run:
            found = preview(run)
    assert found.judging is not None
    assert [(share.ref.model, share.assumed) for share in found.judging.shares] == [(judge, None)]


def test_a_plan_under_menu_has_case_notes_only_where_a_case_is_listed(tmp_path: Path) -> None:
    """What is planned is what can be written: of two topics one has a case to be about."""
    topics = "".join(
        f'[[area.topic]]\nid = "{name}"\nname = "{name}"\nsubtopics = ["x"]\n'
        f'authorities = ["{text}"]\n'
        for name, text in (("acts", "Wills Act 1837"), ("cases", "Re Rose [1952] Ch 499"))
    )
    area = '[[area]]\nid = "mine"\nname = "Mine"\njurisdictions = ["uk"]\n'
    path = tmp_path / "mine.toml"
    path.write_text(f'name = "mine"\nextends = "none"\n{area}{topics}', encoding="utf-8")
    flags = {"taxonomy": str(path), "sample_type": "case_note,advice"}
    about = {}
    with VendorServer(Config.of("groq-free")) as server:
        for policy in ("menu", "free"):
            with opened(tmp_path, server, 40, citation_policy=policy, **flags) as run:
                planned = preview(run).tasks
            about[policy] = {task.topic for task in planned if task.sample_type == "case_note"}
    assert about == {"menu": {"cases"}, "free": {"acts", "cases"}}
