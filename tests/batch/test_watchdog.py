"""When a prompt is said to be at fault: by the answers of those who write, and no others."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from legalgen.batch.generation import ROLE
from legalgen.batch.watchdog import FAULTY_PROMPT_CALLS, Watchdog
from legalgen.telemetry import events


def failed(code: str, model: str = "m") -> events.CallFailed:
    return events.CallFailed(
        at=datetime(2026, 11, 23, tzinfo=UTC),
        slot=0,
        provider="groq",
        model=model,
        category="output_invalid",
        status=None,
        message="",
        decided="",
        codes=(code,),
    )


@pytest.mark.parametrize(("went_on", "words"), [(False, "so far"), (True, "since it went on")])
def test_one_code_for_every_answer_is_the_prompts_fault(went_on: bool, words: str) -> None:
    """Of a batch that was resumed the earlier answers are not spoken of."""
    dog = Watchdog(0.0, None)
    for _ in range(FAULTY_PROMPT_CALLS):
        assert dog.hopeless(went_on=went_on) is None
        dog.failed(failed("PLACEHOLDER"))
    ending = dog.hopeless(went_on=went_on)
    assert ending is not None
    assert ending.reason.startswith(f"every answer {words} was refused with PLACEHOLDER")


def test_marks_that_cannot_be_read_are_no_answers() -> None:
    """A judge that answers in prose says nothing of the prompt of those who write."""
    dog = Watchdog(0.0, None)
    for _ in range(2 * FAULTY_PROMPT_CALLS):
        dog.failed(failed("SCHEMA", "m" + ROLE))
    assert dog.hopeless(went_on=False) is None
    for _ in range(FAULTY_PROMPT_CALLS - 1):
        dog.failed(failed("PLACEHOLDER"))
    assert dog.hopeless(went_on=False) is None
