"""When a prompt is said to be at fault: by the answers of those who write, and no others."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from legalgen.batch.generation import ROLE
from legalgen.batch.watchdog import FAULTY_PROMPT_CALLS, Watchdog
from legalgen.completion import ModelRef
from legalgen.failover import LEFT_OUT
from legalgen.quality.codes import in_words
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
        assert dog.hopeless(nothing_else, went_on=went_on) is None
        dog.failed(failed("PLACEHOLDER"))
    ending = dog.hopeless(nothing_else, went_on=went_on)
    assert ending is not None
    assert ending.reason.startswith(f"every answer {words} was refused with PLACEHOLDER")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("MARKUP", "MARKUP (HTML, "),
        ("BAD_JSON", "BAD_JSON (the answer is not one JSON object)"),
        ("SCHEMA", "SCHEMA (a field is missing or of another type)"),
        ("NOT_KNOWN", "NOT_KNOWN"),
    ],
)
def test_a_code_is_explained_within_a_sentence(code: str, words: str) -> None:
    """What it means begins with a small letter, but for a name in capitals."""
    assert in_words(code).startswith(words)


def test_marks_that_cannot_be_read_are_no_answers() -> None:
    """A judge that answers in prose says nothing of the prompt of those who write."""
    dog = Watchdog(0.0, None)
    for _ in range(2 * FAULTY_PROMPT_CALLS):
        dog.failed(failed("SCHEMA", "m" + ROLE))
    assert dog.hopeless(nothing_else, went_on=False) is None
    for _ in range(FAULTY_PROMPT_CALLS - 1):
        dog.failed(failed("PLACEHOLDER"))
    assert dog.hopeless(nothing_else, went_on=False) is None


def test_what_one_provider_refuses_is_no_fault_of_the_prompt_while_there_is_another() -> None:
    """Its server may be the only one that refuses such requests; once both do, it is."""
    dog = Watchdog(0.0, None)
    there = {ModelRef("groq", "a"), ModelRef("cerebras", "b")}
    for _ in range(FAULTY_PROMPT_CALLS):
        dog.failed(refused("groq"))
    assert dog.hopeless(lambda: there, went_on=False) is None
    assert dog.hopeless(lambda: there - {ModelRef("cerebras", "b")}, went_on=False) is not None
    dog.failed(refused("cerebras"))
    ending = dog.hopeless(lambda: there, went_on=False)
    assert ending is not None
    assert ending.reason.startswith("every request so far was refused with bad_request")


def test_what_is_asked_again_with_less_is_no_fault_of_the_prompt() -> None:
    """A server that takes neither schema nor parameters may refuse many calls before its first."""
    dog = Watchdog(0.0, None)
    for _ in range(2 * FAULTY_PROMPT_CALLS):
        dog.failed(replace(refused("groq"), decided=LEFT_OUT))
    assert dog.hopeless(nothing_else, went_on=False) is None


def test_what_some_models_filter_is_no_fault_of_the_prompt_while_there_is_another() -> None:
    """Filters are set for a model or for an account; once no model is left, the prompt it is."""
    dog = Watchdog(0.0, None)
    there = {ModelRef("groq", "a"), ModelRef("groq", "b")}
    for _ in range(2 * FAULTY_PROMPT_CALLS):
        dog.failed(filtered("a"))
    assert dog.hopeless(lambda: there, went_on=False) is None
    assert dog.hopeless(lambda: there - {ModelRef("groq", "b")}, went_on=False) is not None
    dog.failed(filtered("b"))
    ending = dog.hopeless(lambda: there, went_on=False)
    assert ending is not None
    assert ending.reason.startswith("every answer so far was refused with content_filter")


def nothing_else() -> frozenset[ModelRef]:
    """No model is left to be asked."""
    return frozenset()


def refused(provider: str) -> events.CallFailed:
    """A request that a server refused."""
    return replace(failed(""), provider=provider, category="bad_request", status=400, codes=())


def filtered(model: str) -> events.CallFailed:
    """A request that a filter of the server refused."""
    return replace(failed("", model), category="content_filter", status=400, codes=())
