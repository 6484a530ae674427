"""The month as at which a model is asked for the law: its own, the user's, or none at all."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from legalgen.errors import UsageError
from legalgen.law.from_settings import law_month, month_warnings
from legalgen.providers.catalog import Catalog
from legalgen.routing import from_settings as routing
from tests.program import Program, next_day
from tests.routing.test_from_settings import loaded
from tests.vendors import VendorServer

GPT, QWEN = "groq/openai/gpt-oss-120b", "groq/qwen/qwen3.8-27b"
VERSION_1 = Path(__file__).parent.parent / "data" / "version1"
KILLED = "20261128-222444-5r1g"


def lines(server: VendorServer, model: str) -> set[str]:
    """What the calls to a model said of the date of the law, in the cell."""
    found = set()
    for call in server.calls(model=model.partition("/")[2]):
        said = [one for one in user(call).splitlines() if one.startswith("State the law")]
        found.add(said[0] if said else "")
    return found


def user(call: Any) -> str:
    return str(call.request["messages"][1]["content"])


def system(call: Any) -> str:
    return str(call.request["messages"][0]["content"])


def systems(server: VendorServer) -> set[str]:
    return set(map(system, server.calls()))


def test_each_model_is_asked_as_at_the_month_that_it_knows(
    program: Program, vendors: VendorServer
) -> None:
    """The row stores what was sent; a model whose maker names no month is told none."""
    assert program.run("batch", "--route", GPT, "-n", "2", "-q").code == 0
    assert program.run("batch", "--route", QWEN, "-n", "2", "-q").code == 0
    assert lines(vendors, GPT) == {"State the law as at 2024-06, no later."}
    assert lines(vendors, QWEN) == {""}
    rows = {(f"{row['provider']}/{row['model']}", row["as_of"]) for row in program.rows()}
    assert rows == {(GPT, "2024-06"), (QWEN, None)}
    assert len(systems(vendors)) == 1
    for row in program.rows():
        year = json.loads(row["seed_json"])["date"].split()[2:]
        assert year == [] if row["as_of"] is None else int(year[0]) < 2025


def test_a_task_that_moves_to_another_model_takes_that_model_s_month(
    program: Program, vendors: VendorServer
) -> None:
    """The date is written when the target is chosen, not when the task is planned."""
    vendors.fail("groq", "service_unavailable", model=GPT.partition("/")[2])
    ended = program.run("batch", "--route", f"{GPT},{QWEN}", "-n", "3", "-c", "1", "-q")
    assert (ended.code, {row["as_of"] for row in program.rows()}) == (0, {None})
    assert lines(vendors, GPT) == {"State the law as at 2024-06, no later."}


def test_the_user_s_month_holds_for_all_and_is_warned_of(
    program: Program, vendors: VendorServer
) -> None:
    """Later than is known: one line; earlier: none. It is kept over a resume."""
    vendors.fail("groq", "rpd", after=2, retry_after_s=2700.0)
    first = program.run("batch", "--route", QWEN, "-n", "3", "-c", "1", "--as-of", "2025-02")
    assert (first.code, "is later than" in first.err) == (75, False)
    vendors.heal()
    next_day(program.home)
    other = program.run("batch", "--resume", "--as-of", "2025-03")
    assert (other.code, "--as-of cannot change on --resume" in other.err) == (2, True)
    second = program.run("batch", "--resume", environ={"LEGALGEN_AS_OF": "2020-01"})
    assert (second.code, {row["as_of"] for row in program.rows()}) == (0, {"2025-02"})
    late = program.run("batch", "--route", GPT, "-n", "1", "--as-of", "2025-02")
    assert f"--as-of 2025-02 is later than is known to {GPT} (2024-06)" in late.err


def test_a_resumed_batch_of_an_earlier_version_takes_the_rule(
    program: Program, vendors: VendorServer
) -> None:
    """Its record names the month in which it began; what is still missing is dated by the rule."""
    shutil.copytree(VERSION_1, program.data_dir.root)
    assert program.run("batch", KILLED, "--resume", "-q").code == 0
    found = [row["as_of"] for row in program.rows() if row["batch_id"] == KILLED]
    assert found == ["2026-11"] * 4 + ["2024-06"] * 5
    assert lines(vendors, GPT) == {"State the law as at 2024-06, no later."}


def test_a_month_to_come_and_what_is_no_month_are_refused(tmp_path: Path) -> None:
    """The law of a month that has not come is known to nobody."""
    settings = loaded(tmp_path, {"as_of": "2099-01", "provider": "groq"}, {}, "")
    entries = routing.plan_route(settings, Catalog.load()).entries
    models = [(place.ref, place.spec.knowledge) for place in entries]
    with pytest.raises(UsageError, match="--as-of 2099-01 has not come yet"):
        month_warnings(settings, models, f"{datetime.now(UTC):%Y-%m}")
    with pytest.raises(UsageError, match="not a month"):
        loaded(tmp_path, {"as_of": "2026-13"}, {}, "")


def test_a_month_that_a_model_knows_is_never_later_than_today(tmp_path: Path) -> None:
    """The earlier of the two."""
    settings = loaded(tmp_path, {}, {}, "")
    spec = Catalog.load().spec("groq", "openai/gpt-oss-120b")
    assert law_month(settings, spec.knowledge, "2026-11") == "2024-06"
    assert law_month(settings, spec.knowledge, "2024-01") == "2024-01"
