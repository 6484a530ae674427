"""Counters, alerts, and the textfile that Prometheus' own parser reads."""

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from legalgen.completion import ModelRef, Usage
from legalgen.errors import DiskError, ErrorCategory
from legalgen.telemetry.metrics import Metrics, ThresholdAlert, write_textfile

BIG = ModelRef("groq", "openai/gpt-oss-120b")
SMALL = ModelRef("groq", "openai/gpt-oss-20b")
OTHER = ModelRef("cerebras", "gpt-oss-120b")
NOON = 1_795_435_200.0

Sample = tuple[str, frozenset[tuple[str, str]]]


def read(path: Path) -> dict[Sample, float]:
    """Every sample of a textfile, by name and labels, as Prometheus' parser sees it."""
    text = path.read_text(encoding="utf-8")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def labelled(name: str, **labels: str) -> Sample:
    return name, frozenset(labels.items())


def a_batch() -> Metrics:
    metrics = Metrics(alert_switches=1, alert_timeouts=5)
    usage = Usage(input_tokens=1000, output_tokens=500, reasoning_tokens=200, cached_tokens=600)
    metrics.answered(BIG, usage, cost_usd=0.002, latency_s=1.5)
    metrics.accept(BIG, NOON, flags=["SHORT"])
    metrics.answered(
        BIG, usage, cost_usd=0.001, latency_s=0.5, refused=ErrorCategory.OUTPUT_INVALID
    )
    metrics.reject(["ANSWER_LENGTH", "NO_CITATION", "ANSWER_LENGTH"])
    metrics.failed(BIG, ErrorCategory.RATE_LIMIT)
    metrics.switched(BIG, SMALL, ErrorCategory.RATE_LIMIT)
    metrics.failed(SMALL, ErrorCategory.TIMEOUT)
    metrics.switched(SMALL, OTHER, ErrorCategory.TIMEOUT)
    metrics.trouble("key_refused", "groq")
    metrics.given_up += 1
    metrics.waited(41.5)
    metrics.finish("paused", 75, NOON + 60)
    return metrics


def test_the_textfile_holds_every_count(tmp_path: Path) -> None:
    """One batch of every kind of event comes out, sample by sample, and nothing else does."""
    path = tmp_path / "legalgen.prom"

    write_textfile(path, a_batch())

    big = {"provider": "groq", "model": "openai/gpt-oss-120b"}
    small = {"provider": "groq", "model": "openai/gpt-oss-20b"}
    assert read(path) == {
        labelled("legalgen_samples_accepted_total", **big): 1,
        labelled("legalgen_samples_flagged_total", code="SHORT"): 1,
        labelled("legalgen_answers_rejected_total", code="ANSWER_LENGTH"): 1,
        labelled("legalgen_answers_rejected_total", code="NO_CITATION"): 1,
        labelled("legalgen_tasks_given_up_total"): 1,
        labelled("legalgen_calls_total", category="ok", **big): 1,
        labelled("legalgen_calls_total", category="output_invalid", **big): 1,
        labelled("legalgen_calls_total", category="rate_limit", **big): 1,
        labelled("legalgen_calls_total", category="timeout", **small): 1,
        labelled("legalgen_call_seconds_total", **big): 2.0,
        labelled("legalgen_model_switches_total", category="rate_limit", **big): 1,
        labelled("legalgen_provider_switches_total", category="timeout", **small): 1,
        labelled("legalgen_rate_limit_hits_total", **big): 1,
        labelled("legalgen_timeouts_total", **small): 1,
        labelled("legalgen_tokens_total", kind="input", **big): 2000,
        labelled("legalgen_tokens_total", kind="output", **big): 1000,
        labelled("legalgen_tokens_total", kind="reasoning", **big): 400,
        labelled("legalgen_tokens_total", kind="cached", **big): 1200,
        labelled("legalgen_cost_usd_total", **big): 0.003,
        labelled("legalgen_wait_seconds_total"): 41.5,
        labelled("legalgen_trouble", kind="key_refused", target="groq"): 1,
        labelled("legalgen_alert", kind="switches"): 1,
        labelled("legalgen_alert", kind="timeouts"): 0,
        labelled("legalgen_batch_status", status="running"): 0,
        labelled("legalgen_batch_status", status="completed"): 0,
        labelled("legalgen_batch_status", status="stopped"): 0,
        labelled("legalgen_batch_status", status="paused"): 1,
        labelled("legalgen_batch_status", status="failed"): 0,
        labelled("legalgen_batch_exit_code"): 75,
        labelled("legalgen_last_sample_timestamp_seconds"): NOON,
    }


def test_a_running_batch_has_no_exit_code(tmp_path: Path) -> None:
    """What has not happened is absent, not zero."""
    path = tmp_path / "legalgen.prom"

    write_textfile(path, Metrics())

    names = {name for name, _ in read(path)}
    assert "legalgen_batch_exit_code" not in names
    assert "legalgen_last_success_timestamp_seconds" not in names


def test_the_last_success_outlives_a_batch_that_failed(tmp_path: Path) -> None:
    """An alert on "no success for a day" still knows when the last one was."""
    path = tmp_path / "legalgen.prom"
    good, bad = Metrics(), Metrics()
    good.accept(BIG, NOON)
    good.finish("completed", 0, NOON + 5)
    bad.finish("failed", 3, NOON + 3600)

    write_textfile(path, good)
    write_textfile(path, bad)

    samples = read(path)
    assert samples[labelled("legalgen_last_success_timestamp_seconds")] == NOON + 5
    assert samples[labelled("legalgen_last_sample_timestamp_seconds")] == NOON
    assert samples[labelled("legalgen_batch_exit_code")] == 3


@pytest.mark.parametrize("rubbish", [b"legalgen_last_success {", b"\xff\xfe\x00", b""])
def test_a_file_that_is_not_ours_is_replaced(tmp_path: Path, rubbish: bytes) -> None:
    """An unreadable old file costs its timestamps and nothing else; no temporary file stays."""
    path = tmp_path / "legalgen.prom"
    path.write_bytes(rubbish)

    write_textfile(path, a_batch())

    assert read(path)[labelled("legalgen_batch_exit_code")] == 75
    assert [each.name for each in tmp_path.iterdir()] == ["legalgen.prom"]


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    """The error names the file, for the caller to warn with."""
    path = tmp_path / "missing" / "legalgen.prom"

    with pytest.raises(DiskError, match="cannot be written: No such file or directory") as caught:
        write_textfile(path, Metrics())

    assert caught.value.path == path


def test_switches_alert_once_and_not_before_the_eleventh() -> None:
    """Moves within and between providers count together; the alert comes with the one too many."""
    metrics = Metrics()

    alerts = [metrics.switched(BIG, SMALL, ErrorCategory.RATE_LIMIT) for _ in range(5)]
    alerts += [metrics.switched(BIG, OTHER, ErrorCategory.RATE_LIMIT) for _ in range(8)]

    assert alerts == [None] * 10 + [ThresholdAlert("switches", 10), None, None]
    assert metrics.alerts == [ThresholdAlert("switches", 10)]


def test_timeouts_alert_by_their_own_threshold() -> None:
    """The threshold is the caller's, 0 alerts at the first, and other failures do not count."""
    metrics = Metrics(alert_timeouts=0)

    alerts = [
        metrics.failed(BIG, ErrorCategory.SERVER_ERROR),
        metrics.failed(BIG, ErrorCategory.TIMEOUT),
        metrics.failed(OTHER, ErrorCategory.TIMEOUT),
    ]

    assert alerts == [None, ThresholdAlert("timeouts", 0), None]
    assert ThresholdAlert("timeouts", 0).message.startswith("More than 0 timeouts in this batch: ")


def test_a_model_named_with_quotes_and_line_breaks_keeps_the_file_whole(tmp_path: Path) -> None:
    """A model's id is the vendor's or a path of the user's; the format's own escapes hold it."""
    path = tmp_path / "legalgen.prom"
    odd = ModelRef("local", 'C:\\models\\"best"\none.gguf')
    metrics = Metrics()
    metrics.accept(odd, NOON)

    write_textfile(path, metrics)

    sample = labelled("legalgen_samples_accepted_total", provider="local", model=odd.model)
    assert read(path)[sample] == 1
