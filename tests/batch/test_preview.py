"""``batch --plan``: what would be written, how it spreads, whether it fits; nothing is called."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from legalgen.batch.generation import Stop
from legalgen.batch.intent import Intent
from legalgen.batch.judging import is_drawn
from legalgen.batch.opening import RunParts, online, open_parts, session_of
from legalgen.batch.preview import Preview, preview
from legalgen.routing.forecast import forecast
from legalgen.settings.layers import Settings
from legalgen.ui import plan_screen
from legalgen.ui.console import Console
from tests.ui.test_console import Stream
from tests.vendors import Config, VendorServer

QWEN = "groq/qwen/qwen3.8-27b"


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


def seen(found: Preview, columns: int = 80) -> list[str]:
    """The lines of a terminal."""
    out = Stream(terminal=True)
    console = Console(out=out, err=Stream(), environ={"NO_COLOR": "1"}, columns=columns)
    console.plan(found)
    lines = [re.sub(r"\x1b\[[\d;]*m", "", line).rstrip() for line in out.getvalue().splitlines()]
    assert max(map(len, lines)) <= columns
    return lines


@pytest.mark.parametrize("columns", [40, 80, 120])
@pytest.mark.parametrize("count", [1, 200, 5000])
def test_a_plan_answers_in_its_first_three_lines(tmp_path: Path, count: int, columns: int) -> None:
    """What is written, what it costs in all, when it is done; and what stands in the rows adds up
    to what stands above them, at any width."""
    with (
        VendorServer(Config.of("groq-free")) as server,
        opened(tmp_path, server, count, judge=[QWEN]) as run,
    ):
        found = preview(run)
        assert server.calls() == []
    wide, narrow = seen(found, 200), seen(found, columns)
    samples = f"{count:,} samples on " if count > 1 else "1 sample on 1 topic"
    assert wide[0].startswith(samples)
    low, high = re.findall(r"\$([\d.,]+)", wide[1])
    assert re.search(r" in all, [\d,]+ tokens$", wide[1])
    assert wide[2].startswith("done in about ") or "30 days" in wide[2]
    plan = plan_screen.rows(found)
    total = plan_screen.in_all(plan)
    digits = len(low.partition(".")[2])
    assert (f"{total.low:,.{digits}f}", f"{total.high:,.{digits}f}") == (low, high)
    listed = [re.findall(r"\$([\d.,]+) to \$([\d.,]+)", line) for line in wide[3:]]
    *each, last = [found for (found,) in filter(None, listed)]
    for at, sum_shown in enumerate(last):
        added = sum(float(pair[at].replace(",", "")) for pair in each)
        assert f"{added:,.{digits}f}" == sum_shown
    assert total.made == sum(share.samples for share in found.forecast.shares)
    text = " ".join(" ".join(narrow).split())
    assert f"${low} to ${high} in all" in text


def test_a_bound_on_time_says_how_many(tmp_path: Path) -> None:
    """Half of the time is about half of the samples; a long one is said to suffice."""
    with VendorServer(Config.of("groq-free")) as server:
        with opened(tmp_path, server, 600) as run:
            whole = preview(run)
        with opened(tmp_path, server, 600, max_time=f"{whole.seconds / 2:.0f}s") as run:
            half = preview(run)
        with opened(tmp_path, server, 600, max_time="23h") as run:
            enough = preview(run)
    assert half.within is not None
    assert 200 < half.within < 500
    assert seen(half, 120)[2].startswith(f"about {half.within} of 600 by --max-time ")
    assert half.as_json()["samples_by_max_time"] == half.within
    assert seen(enough, 120)[2].endswith("within --max-time 23 h 00 min")
    assert whole.within is None


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("max_calls", "12", "12"),
        ("max_tokens", "30k", "30,000"),
        ("max_cost", "0.02", "$0.02"),
        ("max_cost_per_day", "0.02", "$0.02, $0.0200 of it left"),
        ("max_cost_per_month", "0.02", "$0.02, $0.0200 of it left"),
    ],
)
def test_a_bound_on_what_calls_take_says_how_many(
    tmp_path: Path, name: str, value: str, told: str
) -> None:
    """As many as the batch writes before it, near enough; one that suffices is not spoken of."""
    only = {"model": "openai/gpt-oss-120b", "no_failover": True, "concurrency": "1"}
    with VendorServer(Config.of("unlimited")) as server:
        with opened(tmp_path, server, 5, **only) as run:  # what its answers take is known then
            assert session_of(run, online(run)).go().exit_code == 0
        data = {"data_dir": str(tmp_path / "other")}
        with opened(tmp_path, server, 100, **only, **data, **{name: value}) as run:
            found = preview(run)
        with opened(tmp_path, server, 100, **only, **data, **{name: "9000000"}) as run:
            enough = preview(run)
        with opened(tmp_path, server, 100, **only, **data, **{name: value}) as run:
            result = session_of(run, online(run)).go()
    assert (result.exit_code, result.record and result.record.status) == (4, "stopped")
    written = result.record.accepted if result.record is not None else 0
    foretold = found.as_json()[f"samples_by_{name}"]
    assert 0.7 * written <= foretold <= 1.3 * written < 100, (foretold, written)
    flag = f"--{name.replace('_', '-')}"
    assert seen(found, 120)[3] == f"about {foretold} of 100 by {flag} {told}"
    assert seen(found, 120)[2].startswith("all in about ")
    assert enough.as_json()[f"samples_by_{name}"] == 100
    assert seen(enough, 120)[2].startswith("done in about ")
    assert flag not in " ".join(seen(enough, 120))


def test_a_bound_that_no_call_fits_is_told_as_by_the_run(tmp_path: Path) -> None:
    """In the same sentence but for the size of the call, and with no sample foretold."""
    with (
        VendorServer(Config.of("unlimited")) as server,
        opened(tmp_path, server, 10, max_cost="1e-9") as run,
    ):
        found, result = preview(run), session_of(run, online(run)).go()
        assert server.calls() == []
    assert (found.as_json()["samples_by_max_cost"], result.exit_code) == (0, 4)
    price = re.compile(r"may cost \$0\.\d+")
    assert price.sub("", found.spent) == price.sub("", result.reason)
    assert seen(found, 200)[3] == f"none of 10: {found.spent}"
    assert found.spent in " ".join(seen(found, 60))  # on several lines


def test_a_plan_has_no_more_calls_out_than_were_asked_for(tmp_path: Path) -> None:
    """A server whose limits nobody knows takes as many at once as ``--concurrency`` says."""
    own = {"provider": "openai", "model": "m", "base_url": "http://127.0.0.1:9/v1"}
    seconds = []
    for calls in ("1", "4"):
        flags = {**own, "no_failover": True, "concurrency": calls}
        with VendorServer(Config.of()) as server, opened(tmp_path, server, 40, **flags) as run:
            seconds.append(preview(run).seconds)
    assert seconds[0] > 300
    assert seconds[1] == pytest.approx(seconds[0] / 4, rel=0.02)


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
    shown = seen(found)
    assert not found.forecast.fits_today
    assert "It does not fit into one day." in shown
    assert any("of a day are used up after" in line for line in shown)


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
    [row] = [row for row in plan_screen.rows(found) if row.name == f"judge {QWEN}"]
    assert (row.made, row.calls) == (90, 100)
    assert plan_screen.in_all(plan_screen.rows(found)).made == 90
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


def test_a_judge_of_a_share_is_planned_for_that_share(tmp_path: Path) -> None:
    """Its calls are those that the batch will make; where none is drawn there is no judge."""
    flags = {"model": "openai/gpt-oss-120b", "judge": [QWEN], "seed": "1"}
    with VendorServer(Config.of("groq-free")) as server:
        with opened(tmp_path, server, 90, judge_share="20%", **flags) as run:
            found = preview(run)
        with opened(tmp_path, server, 1, judge_share="0.001", **flags) as run:
            assert preview(run).as_json()["judge"] is None
    drawn = [task for task in found.tasks if is_drawn(task, 0.2)]
    assert found.judging is not None
    assert sum(share.samples for share in found.judging.shares) == len(drawn)
    assert 9 <= len(drawn) <= 27


def test_a_batch_fits_no_sooner_than_its_judge(tmp_path: Path) -> None:
    """A judge with few requests a day makes the batch as long as its marks take."""
    with (
        VendorServer(Config.of("groq-free")) as server,
        opened(tmp_path, server, 150, model="openai/gpt-oss-120b", judge=[QWEN]) as run,
    ):
        quick = preview(run)
        assert quick.judging is not None
        slow = replace(quick, judging=replace(quick.judging, seconds=90_000.0))
        never = replace(quick, judging=forecast(150, [], 0.0))
    assert (quick.fits_today, slow.fits_today, never.fits_today) == (True, False, False)
    assert seen(slow)[2].startswith("done in about 25 h 00 min, at ")
    assert (slow.as_json()["seconds"], never.as_json()["seconds"]) == (90_000.0, None)
    assert seen(never)[2] == "does not fit: the judge cannot mark so many in 30 days"


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
