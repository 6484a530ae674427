"""Events as sentences: what changed, once, in words that need no manual."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from legalgen.completion import ModelRef
from legalgen.errors.category import ErrorCategory
from legalgen.telemetry import events
from legalgen.ui import words
from legalgen.ui.changes import Changes

WALL = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
GROQ, SMALL = "groq/openai/gpt-oss-120b", "groq/openai/gpt-oss-20b"
CEREBRAS = "cerebras/gpt-oss-120b"


def at(seconds: float) -> datetime:
    return WALL + timedelta(seconds=seconds)


def switched(seconds: float, category: str, source: str = GROQ, to: str = CEREBRAS) -> events.Event:
    return events.Switched(
        at=at(seconds), slot=1, source=source, target=to, category=category, reason="words"
    )


def failed(seconds: float, category: str = "overloaded", target: str = GROQ) -> events.Event:
    ref = ModelRef.parse(target)
    return events.CallFailed(
        at=at(seconds), slot=1, provider=ref.provider, model=ref.model, category=category,
        status=503, message="prose of the vendor", decided="over capacity: no calls for a while",
    )  # fmt: skip


def accepted(seconds: float, target: str = GROQ) -> events.Event:
    ref = ModelRef.parse(target)
    return events.SampleAccepted(
        at=at(seconds), slot=1, sample="lg_1", provider=ref.provider, model=ref.model, accepted=1,
        flags=(), latency_s=1.0, input_tokens=1, output_tokens=1,
    )  # fmt: skip


def told(*heard: events.Event) -> list[str]:
    changes = Changes()
    said = (changes.hear(event) for event in heard)
    return [each.text for each in said if each is not None]


def test_a_model_that_a_refusal_puts_out_of_use_is_told() -> None:
    """Another is tried for one sample without a word; a model that is left by all is one line."""
    for_one = switched(0, "content_filter", to=SMALL)
    by_all = [replace(switched(n, "content_filter"), out=True) for n in (1, 2)]
    assert told(for_one, *by_all) == [f"{GROQ} is refusing to answer, going on with cerebras"]


def test_a_provider_that_leaves_and_returns_is_two_lines() -> None:
    """However many calls met it: who is over capacity, with whom it goes on, and who is back."""
    outage = [event for n in range(40) for event in (failed(n), switched(n, "overloaded"))]
    back = [accepted(100 + n) for n in range(5)]
    assert told(*outage, accepted(41, CEREBRAS), *back) == [
        "groq is over capacity, going on with cerebras",
        "groq is back",
    ]


def test_a_provider_that_is_back_is_one_line() -> None:
    """First one of its models was left for another, then all of it; both are back at once."""
    assert told(
        switched(0, "overloaded", to=SMALL), switched(1, "overloaded", SMALL), accepted(40)
    )[2:] == ["groq is back"]


def test_one_that_comes_and_goes_is_away() -> None:
    """A limit by the minute is met every minute: sixty samples under it are one line."""
    flapping = [
        event
        for n in range(60)
        for event in (
            failed(20 * n, "rate_limit"),
            switched(20 * n, "rate_limit"),
            accepted(20 * n + 9),
        )
    ]
    assert told(*flapping) == [f"{GROQ} is at its rate limit, going on with cerebras"]


def test_a_trouble_is_not_told_again_as_a_switch() -> None:
    """Two lines of one dead key: what to do, and who is paid; a later limit of that one is told."""

    def trouble(seconds: float, kind: str, target: str) -> events.TroubleFound:
        return events.TroubleFound(at=at(seconds), kind=kind, target=target, remedy=f"{kind}.")

    assert told(
        trouble(0, "key_refused", "groq"),
        switched(0, "authentication"),
        trouble(1, "paid_instead", "cerebras"),
        switched(2, "rate_limit", "cerebras/gpt-oss-120b", "local/smollm2-135m"),
    ) == [
        "TROUBLE: key_refused.",
        "TROUBLE: paid_instead.",
        "cerebras/gpt-oss-120b is at its rate limit, going on with local",
    ]


def test_a_model_is_left_for_another_of_its_provider() -> None:
    """Then the model is named, not the provider, which still delivers."""
    assert told(switched(0, "server_error", to=SMALL)) == [
        f"{GROQ} is answering with errors, going on with openai/gpt-oss-20b"
    ]


def test_a_limit_that_can_never_fit_is_said_once() -> None:
    """A model too small for the samples of a batch stays so: no second line, and it is not back."""
    events_ = [
        event
        for n in range(0, 600, 60)
        for event in (switched(n, "context_length", SMALL), accepted(n + 50, SMALL))
    ]
    assert told(*events_) == [f"{SMALL} is too small for such a sample, going on with cerebras"]


@pytest.mark.parametrize("category", ["output_invalid", "content_filter", "bad_request"])
def test_what_one_sample_met_is_no_change(category: str) -> None:
    """Another model for one answer that was refused is the gate at work."""
    assert told(failed(0, category), switched(0, category)) == []


def test_a_wait_is_told_in_a_persons_words_and_not_again_at_once() -> None:
    """Of the vendor's prose the kind of limit is left; the next within five minutes is not told."""
    waits = [
        events.Waiting(
            at=at(n), target=GROQ, seconds=41.0, until=at(n + 41), reason="rate_limit 429: prose"
        )
        for n in (0, 60, 120, 301)
    ]
    assert told(*waits) == [
        f"waiting 41 s for {GROQ} until {at(n + 41).astimezone():%H:%M:%S}: rate limit (429)"
        for n in (0, 301)
    ]


def test_every_category_has_words() -> None:
    """None of the program's own names for a failure reaches a person."""
    for category in ErrorCategory:
        [line] = told(switched(0, category)) or [""]
        assert "_" not in line
        assert "_" not in words.what(category)
        assert words.told(f"{category} 429: why") == f"{words.what(category)} (429): why"
    assert words.told("tokens per minute") == "tokens per minute"
    assert words.told_of(f"{GROQ}: output_invalid") == f"{GROQ}: answer not kept"
