"""Points: one list a topic, asked for like any call, kept, and dealt out to samples."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from legalgen.batch.bulk.opening import open_bulk_run
from legalgen.batch.generation import POINTS_ROLE, Stop
from legalgen.batch.intent import BulkOrder, Intent, Result
from legalgen.batch.opening import open_run
from legalgen.batch.preview import preview
from legalgen.batch.records import resumed_flags
from legalgen.dataset.report import report
from legalgen.errors import DiskError, UsageError
from legalgen.law.taxonomy import Taxonomy
from legalgen.settings.layers import Settings
from legalgen.store import parts
from legalgen.store.files import DataDir
from legalgen.store.journal import read_rejected
from legalgen.store.ledger import Record
from legalgen.telemetry import events
from legalgen.ui import screens
from tests.batch.test_preview import opened, seen
from tests.vendors import Config, VendorServer
from tests.vendors.answers import source
from tests.vendors.config import AnswerRequest

WRITER = "openai/gpt-oss-120b"
LISTER = f"groq/{WRITER}{POINTS_ROLE}"
FORMATION = "uk/contract/formation"
ASKED = "points as JSON."
"""What stands in a prompt that asks for points, and in no other."""


def settings_of(tmp_path: Path, server: VendorServer, **flags: object) -> Settings:
    given: dict[str, object] = {
        "provider": "groq", "model": WRITER, "count": "6", "seed": "1", "points": True,
        "topic": ["formation"], "jurisdiction": ["uk"], "concurrency": "1",
        "data_dir": str(tmp_path / "data"), "state_dir": str(tmp_path / "state"),
        "log_dir": str(tmp_path / "log"), **flags,
    }  # fmt: skip
    return Settings.load(given, server.environment(), None)


def run(
    tmp_path: Path,
    server: VendorServer,
    *,
    resume: Record | None = None,
    kind: str = "batch",
    save: bool = True,
    told: list[events.Event] | None = None,
    stop: Stop | None = None,
    **flags: object,
) -> Result:
    settings = settings_of(tmp_path, server, **flags)
    intent = Intent(
        count=settings.count, default_max_wait_s=20, resume=resume, kind=kind, save=save
    )  # fmt: skip
    listener = told.append if told is not None else lambda _: None
    opened = open_run(settings, intent, listener=listener, stop=stop or Stop())
    try:
        return opened.go()
    finally:
        opened.close()


def rows(tmp_path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    columns = ("slot", "subtopic", "sample_type", "answer", "seed_json", "prompt_version")
    for part in parts.iter_batches(DataDir(tmp_path / "data"), columns=columns):
        found += part.to_pylist()
    return sorted(found, key=lambda row: int(row["slot"]))


def points_of(tmp_path: Path) -> list[str]:
    """The point of each row, in the order of slots; empty where it has none."""
    return [json.loads(row["seed_json"]).get("point", "") for row in rows(tmp_path)]


def files_of(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "data" / "points").rglob("*.json"))


def record_of(result: Result) -> Record:
    assert result.record is not None
    return result.record


def bodies(server: VendorServer) -> list[dict[str, Any]]:
    """The requests that asked for points."""
    found = [call.request for call in server.calls() if call.request is not None]
    return [dict(each) for each in found if ASKED in json.dumps(each)]


def asked(server: VendorServer) -> int:
    return len(bodies(server))


def answering(listed: str) -> Any:
    """An answer source that lists ``listed`` and writes as the bank does."""
    good = source("good")

    def answer(request: AnswerRequest) -> str:
        return listed if ASKED in request.prompt else good(request)

    return answer


@pytest.fixture
def server() -> Iterator[VendorServer]:
    with VendorServer(Config.of("unlimited", keep_requests=True)) as one:
        yield one


def test_a_topic_is_asked_once_and_its_samples_differ_in_law(
    tmp_path: Path, server: VendorServer
) -> None:
    """Each sample has a point of its own subtopic, none twice, and is written on it; the call is
    in the ledger with what it cost, apart from those that write."""
    told: list[events.Event] = []
    result = run(tmp_path, server, count="12", told=told)
    record, points = record_of(result), points_of(tmp_path)
    of_conduct = [row["sample_type"] == "ethics" for row in rows(tmp_path)]
    assert (result.exit_code, asked(server)) == (0, 1)
    assert [not point for point in points] == of_conduct  # a rule of conduct is a point of its own
    assert len({point for point in points if point}) == 12 - sum(of_conduct)
    for row, point in zip(rows(tmp_path), points, strict=True):
        assert not point or point.startswith(f"Of {row['subtopic']}: ")
        assert not point or point[1:] in row["answer"]
    stats = record.models[LISTER]
    assert (stats.calls, stats.samples) == (1, 0)
    assert stats.output_tokens > 0
    assert stats.cost_usd is not None
    assert sum(record.days.values()) == pytest.approx(
        sum(one.cost_usd or 0.0 for one in record.models.values())
    )
    [note] = record.points
    assert (note.topic, note.model, note.points, note.asked) == (
        FORMATION, f"groq/{WRITER}", 20, True,
    )  # fmt: skip
    [event] = [each for each in told if isinstance(each, events.PointsListed)]
    assert (event.points, event.output_tokens) == (20, stats.output_tokens)
    assert screens.lists_of(record) == "of 1 topic listed for it"
    card = (tmp_path / "data" / "train" / "README.md").read_text("utf-8")
    assert "written on points" in card


def test_without_the_flag_nobody_is_asked(tmp_path: Path, server: VendorServer) -> None:
    """It is no default: neither call nor file, and the seeds of a row are those of before."""
    run(tmp_path, server, points=False)
    assert (asked(server), files_of(tmp_path), record_of_points(tmp_path)) == (0, [], [])
    assert "point" not in json.loads(rows(tmp_path)[0]["seed_json"])


def record_of_points(tmp_path: Path) -> list[object]:
    [path] = (tmp_path / "data" / "batches").glob("*.json")
    return list(json.loads(path.read_text("utf-8"))["points"])


def test_the_next_batch_goes_on_with_the_list(tmp_path: Path, server: VendorServer) -> None:
    """A list is paid for once: what was not written on yet comes next, until none is left."""
    flags: dict[str, Any] = {"sample_type": ["concept"]}
    run(tmp_path, server, count="15", **flags)
    assert len(set(points_of(tmp_path)) - {""}) == 15
    result = run(tmp_path, server, count="15", seed="2", **flags)
    assert (asked(server), len(files_of(tmp_path))) == (1, 1)
    assert [note.asked for note in record_of(result).points] == [False]
    assert screens.lists_of(record_of(result)) == "of 1 topic kept from earlier"
    written = [point for point in points_of(tmp_path) if point]
    assert len(written) == len(set(written)) == 20


def test_an_edited_list_is_checked_again(tmp_path: Path, server: VendorServer) -> None:
    """What a hand took out or spoilt is not in a prompt; of a list with nothing left a new one is
    asked for."""
    flags: dict[str, Any] = {"sample_type": ["concept"]}
    run(tmp_path, server, count="1", **flags)
    [path] = files_of(tmp_path)
    value = json.loads(path.read_text("utf-8"))
    good, bad = value["points"][4], {"subtopic": value["points"][4]["subtopic"], "text": "Bad\x07."}
    path.write_text(json.dumps(value | {"points": [good, bad]}), "utf-8")
    result = run(tmp_path, server, count="9", **flags)
    assert (asked(server), record_of(result).points[0].points) == (1, 1)
    assert set(points_of(tmp_path)[2:]) <= {"", good["text"]}
    path.write_text(json.dumps(value | {"points": [bad]}), "utf-8")
    run(tmp_path, server, count="1", **flags)
    assert (asked(server), len(files_of(tmp_path))) == (2, 2)
    assert not any("Bad" in point for point in points_of(tmp_path))


def test_a_resumed_batch_has_the_points_of_one_that_was_not_broken_off(
    tmp_path: Path, server: VendorServer
) -> None:
    """The plan, the list and so the point of each slot are the same."""
    run(tmp_path / "whole", server, count="10")
    begun = run(tmp_path / "half", server, count="10", max_calls="5")
    assert 0 < record_of(begun).accepted < 10
    flags = resumed_flags(record_of(begun), {})
    assert flags["points"] is True
    with pytest.raises(UsageError, match="--points cannot change on --resume"):
        resumed_flags(record_of(whole_without(tmp_path, server)), {"points": True})
    done = run(tmp_path / "half", server, resume=record_of(begun), count="10")
    assert done.exit_code == 0
    assert points_of(tmp_path / "half") == points_of(tmp_path / "whole")
    assert len(files_of(tmp_path / "half")) == 1


def whole_without(tmp_path: Path, server: VendorServer) -> Result:
    return run(tmp_path / "without", server, count="1", points=False)


def test_a_list_counts_in_the_bounds_of_a_batch(tmp_path: Path, server: VendorServer) -> None:
    """The call for it is one of ``--max-calls``: with one call there is a list and no sample."""
    result = run(tmp_path, server, max_calls="1")
    assert (result.exit_code, record_of(result).accepted) == (4, 0)
    assert (asked(server), len(server.calls()), len(files_of(tmp_path))) == (1, 1, 1)


@pytest.mark.parametrize(
    "listed",
    ["no JSON at all", '{"points": "one"}', '{"points": [{"subtopic": 1, "point": 7}]}', ""],
)
def test_a_list_that_cannot_be_used_costs_the_points_and_no_sample(
    tmp_path: Path, listed: str
) -> None:
    """It is asked for again with the reason, a bounded number of times; what was paid for is kept
    aside, and the samples are written without."""
    told: list[events.Event] = []
    config = Config.of("unlimited", answers=answering(listed), keep_requests=True)
    with VendorServer(config) as server:
        result = run(tmp_path, server, count="3", told=told)
        calls = asked(server)
    record = record_of(result)
    assert (result.exit_code, record.accepted, points_of(tmp_path)) == (0, 3, [""] * 3)
    assert 2 <= calls <= 6
    [note] = record.points
    assert (note.topic, note.points) == (FORMATION, 0)
    assert note.reason
    lists = [each for each in told if isinstance(each, events.PointsListed)]
    assert len(lists) == 1
    kept = list(read_rejected(DataDir(tmp_path / "data"), record.id))
    assert (len(kept), {one.model.partition(" ")[2] for one in kept}) == (calls, {"(points)"})
    assert files_of(tmp_path) == []
    refusals = report(DataDir(tmp_path / "data"), taxonomy=Taxonomy.builtin()).refusals
    assert (refusals.answers, refusals.mended) == (calls, None)  # no row was mended by them


def test_a_refusal_is_not_argued_with(tmp_path: Path) -> None:
    """Whoever refuses to list is not asked to mend it; the batch goes on without."""
    refusal = "I'm sorry, but I can't help with that request."
    config = Config.of("unlimited", answers=answering(refusal), keep_requests=True)
    with VendorServer(config) as server:
        result = run(tmp_path, server, count="2", no_failover=True)
        assert asked(server) == 1
    assert (result.exit_code, record_of(result).accepted) == (0, 2)
    assert record_of(result).models[LISTER].failures == {"content_filter": 1}


def test_another_model_lists_where_the_first_cannot_be_had(
    tmp_path: Path, server: VendorServer
) -> None:
    """The call takes the road of any: its failure moves it to the next of the route."""
    server.fail("groq", "model_not_found", model=WRITER)
    second = "openai/gpt-oss-20b"
    result = run(tmp_path, server, count="2", model=None, provider=None,
                 route=[f"groq/{WRITER}", f"groq/{second}"])  # fmt: skip
    [note] = record_of(result).points
    assert (result.exit_code, note.model, note.points) == (0, f"groq/{second}", 20)


def test_forms_of_answers_are_stepped_down_for_a_list_too(
    tmp_path: Path, server: VendorServer
) -> None:
    """A strict schema first; a model that takes none is asked in words."""
    server.fail("groq", "no_json_schema", model=WRITER, count=1)
    result = run(tmp_path, server, count="1")
    first, second = (body.get("response_format", {}) for body in bodies(server))
    assert first["json_schema"]["strict"] is True
    assert first["json_schema"]["name"] == "points"
    assert second != first
    assert [len(points_of(tmp_path)[0]) > 0, result.exit_code] == [True, 0]


def test_workers_of_one_topic_ask_once(tmp_path: Path, server: VendorServer) -> None:
    """While one worker asks, the others wait for its list: no sample leaves before it is there."""
    flags: dict[str, Any] = {"count": "6", "concurrency": "6", "sample_type": ["concept"]}
    with ThreadPoolExecutor(1) as pool, server.hold(prompt=ASKED) as gate:
        running = pool.submit(run, tmp_path, server, **flags)
        gate.wait_for(1)
        assert server.calls() == []
        gate.release()
        result = running.result(timeout=60)
    assert (result.exit_code, asked(server)) == (0, 1)
    points = [point for point in points_of(tmp_path) if point]
    assert len(set(points)) == len(points) > 0


def test_who_is_asked_to_stop_while_a_list_is_out_ends(
    tmp_path: Path, server: VendorServer
) -> None:
    """The call in flight is finished and its list kept; those who wait for it begin nothing."""
    flags: dict[str, Any] = {"count": "6", "concurrency": "6", "sample_type": ["concept"]}
    stop = Stop()
    with ThreadPoolExecutor(1) as pool, server.hold(prompt=ASKED) as gate:
        running = pool.submit(run, tmp_path, server, stop=stop, **flags)
        gate.wait_for(1)
        stop.request()
        gate.release()
        result = running.result(timeout=60)
    assert (result.status, record_of(result).accepted) == ("stopped", 0)
    assert (len(server.calls()), len(files_of(tmp_path))) == (1, 1)


def test_two_processes_at_once_go_on_with_one_list(tmp_path: Path, server: VendorServer) -> None:
    """Both asked before either list was there: both are kept, and the first of them counts."""
    with ThreadPoolExecutor(2) as pool, server.hold(prompt=ASKED) as gate:
        both = [
            pool.submit(run, tmp_path, server, count="1", kind="generate", seed=str(seed))
            for seed in (1, 2)
        ]
        gate.wait_for(2)
        gate.release()
        results = [each.result(timeout=60) for each in both]
    assert [each.exit_code for each in results] == [0, 0]
    assert (asked(server), [path.name for path in files_of(tmp_path)]) == (
        2, ["uk.contract.formation.1.json", "uk.contract.formation.2.json"],
    )  # fmt: skip
    run(tmp_path, server, count="1")
    assert asked(server) == 2


def test_a_sample_that_is_kept_nowhere_leaves_no_list(tmp_path: Path, server: VendorServer) -> None:
    """``generate --no-save`` makes no folder; the sample has its point all the same."""
    result = run(tmp_path, server, count="1", kind="generate", save=False)
    assert "point" in json.loads(result.samples[0].seed_json)
    assert not (tmp_path / "data").exists()


def test_what_is_too_new_for_a_model_of_the_route_is_not_asked_for(
    tmp_path: Path, server: VendorServer
) -> None:
    """A list serves every model of the route: it is as at the month of the one that knows least."""
    config = settings_of(tmp_path, server, model=None, provider=None,
                         route=[f"groq/{WRITER}", "groq/qwen/qwen3.8-27b"])  # fmt: skip
    opened_run = open_run(config, Intent(count=1), listener=lambda _: None, stop=Stop())
    months = {e.as_of for e in opened_run.executor._endpoints.values()}  # type: ignore[attr-defined]
    opened_run.close()
    run(tmp_path, server, count="1", model=None, provider=None,
        route=[f"groq/{WRITER}", "groq/qwen/qwen3.8-27b"])  # fmt: skip
    [body] = bodies(server)
    prompt = body["messages"][1]["content"]
    assert f"State the law as at {min(filter(None, months))}, no later." in prompt


def test_a_list_of_another_taxonomy_or_model_is_not_taken(
    tmp_path: Path, server: VendorServer
) -> None:
    """It is asked for anew; the old one stays where it is."""
    run(tmp_path, server, count="1")
    run(tmp_path, server, count="1", model="openai/gpt-oss-20b", no_failover=True)
    assert (asked(server), len(files_of(tmp_path))) == (2, 2)
    own = tmp_path / "own.toml"
    own.write_text(
        'schema = 1\nname = "own"\nextends = "builtin"\n[[area]]\nid = "contract"\n'
        'jurisdictions = ["uk"]\n[[area.topic]]\nid = "formation"\nname = "Formation"\n'
        'subtopics = ["offer"]\n', "utf-8",
    )  # fmt: skip
    run(tmp_path, server, count="1", taxonomy=str(own), sample_type=["concept"])
    assert (asked(server), len(files_of(tmp_path))) == (3, 3)


def test_passages_and_points_are_one_too_many(tmp_path: Path, server: VendorServer) -> None:
    """Grounded samples and those of a batch service refuse the flag in a sentence."""
    grounded = settings_of(tmp_path, server, grounded=True)
    with pytest.raises(UsageError, match=r"--points: .*--grounded.*leave out one of the two"):
        open_run(grounded, Intent(), listener=lambda _: None, stop=Stop())
    plain = settings_of(tmp_path, server)
    with pytest.raises(UsageError, match=r"--points: .*--bulk.*leave out one of the two"):
        open_bulk_run(plain, Intent(), BulkOrder(), listener=lambda _: None, stop=Stop())


def test_a_plan_counts_the_lists(tmp_path: Path, server: VendorServer) -> None:
    """One call a topic that has no list yet; what is kept costs nothing."""
    flags: dict[str, Any] = {"points": True, "practice_area": ["uk/contract"], "model": WRITER}
    with opened(tmp_path, server, 40, **flags) as plan:
        found = preview(plan)
    with opened(tmp_path, server, 40, **flags | {"points": False}) as plan:
        without = preview(plan)
    topics = len(found.spread()["topic"])
    assert found.listing is not None
    assert (found.listing.samples, without.listing) == (topics, None)
    assert found.as_json()["points"]["calls"] >= topics
    assert found.as_json()["tokens"] > without.as_json()["tokens"]
    assert any(line.strip().startswith("points groq/") for line in seen(found, 120))
    samples, lists = (replace(one, seconds=50_000.0) for one in (found.forecast, found.listing))
    assert not replace(found, forecast=samples, listing=lists).fits_today
    assert not any(line.strip().startswith("points groq/") for line in seen(without, 120))
    run(tmp_path, server, count="1")
    with opened(tmp_path, server, 40, **flags) as plan:
        again = preview(plan)
    assert again.listing is not None
    assert again.listing.samples == topics - 1


def test_a_folder_that_cannot_be_written_ends_as_a_failed_disk(
    tmp_path: Path, server: VendorServer
) -> None:
    """It is not worked around: what was accepted stays, the exit code is that of a disk."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "points").write_text("in the way", "utf-8")
    with pytest.raises(DiskError, match="points"):
        run(tmp_path, server)
