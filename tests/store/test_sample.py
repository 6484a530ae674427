"""samples.py: the identity of a row, its Arrow and JSON forms, and how an answer is read."""

from __future__ import annotations

import contextlib
import json
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from legalgen.completion import Completion, Usage
from legalgen.errors import AnswerRefused, ErrorCategory, Reason
from legalgen.store.sample import (
    _TYPOGRAPHY,
    ADDED,
    ANSWER_SCHEMA,
    SCHEMA_VERSION,
    Citation,
    Draft,
    DraftCitation,
    GroundingText,
    Marks,
    Sample,
    arrow_schema,
    clean,
    from_json,
    from_table,
    in_version,
    normalise,
    read,
    sample_id,
    spaced_words,
    to_json,
    upgraded,
    version_of,
    words,
)
from tests.crash.rows import make_sample, to_table

ANSWER = {
    "question": "Is it binding?",
    "reasoning_steps": ["Step 1: Find the offer", "2. Find the acceptance"],
    "answer": "Yes.\n\nIt is.",
    "citations": [{"text": "Carlill [1893] 1 QB 256", "proposition": "unilateral offers bind"}],
}
TEXT = json.dumps(ANSWER)
DRAFT = Draft(
    question="Is it binding?",
    reasoning_steps=("Find the offer", "Find the acceptance"),
    answer="Yes.\n\nIt is.",
    citations=(DraftCitation("Carlill [1893] 1 QB 256", "unilateral offers bind"),),
)
DRAFTED = json.dumps(ANSWER | {"question": "Or this?"})
ANALYSIS = f"<|channel|>analysis<|message|>Plan: {DRAFTED} So."


def answered(text: str, finish_reason: str = "stop") -> Completion:
    return Completion(text, finish_reason, Usage(output_tokens=9), "m", 1.0)


def refusal(text: str, finish_reason: str = "stop") -> AnswerRefused:
    with pytest.raises(AnswerRefused) as caught:
        read(answered(text, finish_reason))
    return caught.value


# --- identity ----------------------------------------------------------------------------------


def test_an_id_survives_typography() -> None:
    """Hyphens, spaces, quotes, case and white space do not make another sample."""
    plain = sample_id("Is C-189/11 'good law'?", 'Yes, "it" is.')
    fancy = sample_id("  IS C\u2011189/11 \u2018good\u00a0law\u2019?\n", "Yes,\t\u201cit\u201d is.")
    assert plain == fancy
    assert plain == "lg_" + plain.removeprefix("lg_").lower()
    assert len(plain) == len("lg_") + 16


def test_an_id_is_the_same_for_ever() -> None:
    """The ids of rows that are on people's disks do not change with the program."""
    assert sample_id("What is consideration?", "A price.") == "lg_94d5249e2906c876"


def test_the_border_between_question_and_answer_counts() -> None:
    """Words that move from the question to the answer make another sample."""
    assert sample_id("a b", "c") != sample_id("a", "b c")


@settings(deadline=None)
@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    """normalise is idempotent, for any text."""
    assert normalise(normalise(text)) == normalise(text)


ODD = "\u00a3\u00a7\u00bd\u2019\u2014\u00ad\u00a0\u00c9\u0130\u1e9e\ufb01\u0301\u1100\u1161\u11a8"


@given(st.text(st.sampled_from("aAeI \n" + ODD), max_size=12) | st.text())
def test_normalising_is_nfkc_and_case_folding(text: str) -> None:
    """However few characters of a text are not ASCII, and whether or not they join others."""
    table = str.maketrans(dict(_TYPOGRAPHY))
    folded = unicodedata.normalize("NFKC", text).translate(table).casefold()
    wanted = " ".join(unicodedata.normalize("NFKC", folded).translate(table).split())
    assert normalise(text) == wanted
    found = spaced_words(text).decode("utf-8", "surrogatepass")
    assert found.split() == re.findall(r"\w+", wanted)


@given(st.text())
def test_words_are_what_the_pattern_finds(text: str) -> None:
    """The quick way to words finds the runs of word characters, in any script."""
    assert list(words(text)) == re.findall(r"\w+", normalise(text))


# --- rows --------------------------------------------------------------------------------------


def test_the_arrow_schema_is_frozen() -> None:
    """The columns of every part, letter by letter: changing one needs a new schema version."""
    first = "text: string, kind: string, key: string, status: string"
    more = "proposition: string, source: string, pinpoint: string, quote: string"
    citation = f"struct<{first}, {more}, start: int64, end: int64>"
    source = "id: string, title: string, pinpoint: string, licence: string, as_of: string"
    marks = "correctness: int64, relevance: int64, reasoning: int64, citation_use: int64"
    assert {field.name: str(field.type) for field in arrow_schema()} == {
        "id": "string",
        "question": "string",
        "answer": "string",
        "reasoning_steps": "list<item: string>",
        "citations": f"list<item: {citation}>",
        "jurisdiction": "string",
        "sub_jurisdiction": "string",
        "practice_area": "string",
        "topic": "string",
        "subtopic": "string",
        "difficulty": "string",
        "sample_type": "string",
        "as_of": "string",
        "seed_json": "string",
        "provider": "string",
        "model": "string",
        "prompt_version": "string",
        "batch_id": "string",
        "slot": "int64",
        "attempts": "int64",
        "input_tokens": "int64",
        "output_tokens": "int64",
        "flags": "list<item: string>",
        "score": "double",
        "judge": "string",
        "thinking": "string",
        "latency_s": "double",
        "cost_usd": "double",
        "reasoning_tokens": "int64",
        "created_at": "timestamp[us, tz=UTC]",
        "schema_version": "int64",
        "grounded": "bool",
        "sources": f"list<item: struct<{source}, sha256: string>>",
        "marks": f"struct<{marks}, consistent: int64, safe: int64>",
        "remark": "string",
    }
    assert tuple(arrow_schema().names) == Sample.__struct_fields__
    assert arrow_schema() == arrow_schema(SCHEMA_VERSION)


def test_version_1_is_frozen_too() -> None:
    """Parts that are there are of exactly these columns: those of version 2 less what it added."""
    first, second = arrow_schema(1), arrow_schema(2)
    assert first.names == [name for name in second.names if name not in ADDED]
    assert str(first.field("citations").type) == (
        "list<item: struct<text: string, kind: string, key: string, status: string>>"
    )
    others = [name for name in first.names if name != "citations"]
    assert [first.field(name) for name in others] == [second.field(name) for name in others]
    assert [version_of(one) for one in (first, second)] == [1, 2]
    assert version_of(first.remove(0)) is None


def test_a_row_of_version_1_is_the_row_without_what_came_later() -> None:
    """Written in version 1 and brought to 2, a row differs from the other in those fields alone."""
    cited = (Citation("[1893] 1 QB 256", "uk_report", "k", "parsed", "offers bind"),)
    marks = Marks(correctness=4, relevance=5)
    rows = [make_sample(0, citations=cited, marks=marks, remark="fine"), make_sample(1)]
    rows.append(make_sample(2, citations=()))
    first = to_table(rows, 1)
    assert first.schema == arrow_schema(1)
    assert first["schema_version"].to_pylist() == [1, 1, 1]
    bare = [
        msgspec.structs.replace(
            row,
            citations=tuple(Citation(*_four(one)) for one in row.citations),
            marks=None,
            remark=None,
        )
        for row in rows
    ]
    batches = [upgraded(batch) for batch in first.to_batches()]
    assert from_table(pa.Table.from_batches(batches, schema=arrow_schema())) == bare
    # a slice of a batch has offsets that do not begin at nought
    slices = [upgraded(batch.slice(1)) for batch in first.to_batches()]
    assert from_table(pa.Table.from_batches(slices, schema=arrow_schema())) == bare[1:]


def _four(citation: Citation) -> tuple[str, str, str, str]:
    return citation.text, citation.kind, citation.key, citation.status


_TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
_SMALL = st.none() | st.integers(min_value=0, max_value=9)
_STRATEGIES: dict[object, st.SearchStrategy[object]] = {
    str: _TEXT,
    int: st.integers(min_value=-(2**63), max_value=2**63 - 1),
    float | None: st.none() | st.floats(allow_nan=False, allow_infinity=False),
    str | None: st.none() | _TEXT,
    int | None: st.none() | st.integers(min_value=0, max_value=2**63 - 1),
    tuple[str, ...]: st.lists(_TEXT, max_size=3).map(tuple),
    bool | None: st.none() | st.booleans(),
    tuple[Citation, ...]: st.lists(
        st.builds(Citation, _TEXT, _TEXT, _TEXT, _TEXT, st.none() | _TEXT, start=_SMALL),
        max_size=3,
    ).map(tuple),
    tuple[GroundingText, ...] | None: st.none()
    | st.lists(st.builds(GroundingText, _TEXT, st.none() | _TEXT), max_size=2).map(tuple),
    Marks | None: st.none() | st.builds(Marks, _SMALL, _SMALL),
    datetime: st.integers(min_value=0, max_value=4 * 10**15).map(
        lambda us: datetime.fromtimestamp(0, UTC) + timedelta(microseconds=us)
    ),
}


def samples() -> st.SearchStrategy[Sample]:
    """Samples with any values their columns can hold."""
    fields = {field.name: _STRATEGIES[field.type] for field in msgspec.structs.fields(Sample)}
    return st.fixed_dictionaries(fields).map(lambda values: msgspec.convert(values, Sample))


@settings(deadline=None)
@given(st.lists(samples(), max_size=3))
def test_rows_survive_arrow_and_json(rows: list[Sample]) -> None:
    """Whatever a sample holds comes back from a table and from a line, unchanged."""
    assert from_table(to_table(rows)) == [in_version(row, SCHEMA_VERSION) for row in rows]
    assert [from_json(to_json(row)) for row in rows] == rows


def test_a_table_has_the_frozen_schema_even_when_all_is_null() -> None:
    """Columns of None keep their types: a null-typed column would break the dataset."""
    row = make_sample(0, latency_s=None, cost_usd=None, reasoning_steps=(), citations=())
    assert to_table([row]).schema == arrow_schema()
    assert to_table([]).schema == arrow_schema()


def test_half_a_surrogate_pair_is_replaced_in_json() -> None:
    """A vendor's broken escape in the thinking text cannot stop a sample from being kept."""
    row = make_sample(0, thinking="so \ud800 it is")
    assert from_json(to_json(row)) == msgspec.structs.replace(row, thinking="so \ufffd it is")


# --- the answer's schema -----------------------------------------------------------------------


def _objects(schema: object) -> list[dict[str, object]]:
    if isinstance(schema, dict):
        inner = [found for value in schema.values() for found in _objects(value)]
        return [schema, *inner] if schema.get("type") == "object" else inner
    return []


def test_the_answer_schema_is_one_that_strict_decoders_take() -> None:
    """Every object is closed, all fields are required, and no bound is in it."""
    for one in _objects(ANSWER_SCHEMA):
        properties = one["properties"]
        assert isinstance(properties, dict)
        assert one["additionalProperties"] is False
        assert one["required"] == list(properties)
    words = json.dumps(ANSWER_SCHEMA)
    assert not [
        bad for bad in ("minItems", "maxItems", "pattern", "format", "$ref") if bad in words
    ]


def test_the_answer_schema_has_the_fields_in_the_order_of_writing() -> None:
    """The model reasons before it answers, and cites last."""
    assert ANSWER_SCHEMA["required"] == ["question", "reasoning_steps", "answer", "citations"]


# --- reading -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        json.dumps(ANSWER, indent=2),
        f"```json\n{TEXT}\n```",
        f"Here is {{the}} sample:\n{TEXT}\nI hope {{it}} helps.",
        f'<think>{{"question": "draft"}} hm</think>\n{TEXT}',
        f"<thinking>one</thinking><think>two</think>{TEXT}",
        f"The template opened it.</think>{TEXT}",
        f"<think>never closed, then {TEXT}",
        json.dumps({"topic": "unasked", **ANSWER}),
        json.dumps({"sample": ANSWER}),
        json.dumps([ANSWER]),
        json.dumps(TEXT),
        f"[THINK]Plan: {DRAFTED}[/THINK]{TEXT}",
        f"{ANALYSIS}<|end|><|start|>assistant<|channel|>final<|message|>{TEXT}<|return|>",
        f"{ANALYSIS}<|end|><|channel|>final <|constrain|>json<|message|>{TEXT}",
        f"analysisPlan: {DRAFTED} So.assistantfinal{TEXT}",
        f'<tool_call>{{"name": "answer", "arguments": {TEXT}}}</tool_call>',
        f"{TEXT}</think>",
    ],
)
def test_an_intact_answer_is_read_out_of_its_wrapping(text: str) -> None:
    """Fences, prose, thinking, wrappers and unasked fields do not hide a whole object."""
    assert read(answered(text)) == DRAFT


@pytest.mark.parametrize(
    "text",
    [
        TEXT[:-1],
        TEXT.replace('"answer":', '"answer" '),
        TEXT.replace("}]}", "},]},"),
        f"```json\n{TEXT[:-1]},}}\n```",
    ],
)
def test_a_damaged_answer_is_mended_and_says_so(text: str) -> None:
    """Small damage of the JSON is mended, and marked as repaired."""
    assert read(answered(text)) == msgspec.structs.replace(DRAFT, repaired=True)


@pytest.mark.parametrize("cut", range(7, len(TEXT), 7))
def test_an_answer_cut_at_its_cap_is_refused_before_it_can_be_mended(cut: int) -> None:
    """finish_reason length is TRUNCATED wherever the cut fell: a mended half looks whole."""
    error = refusal(TEXT[:cut], "length")
    assert ([r.code for r in error.reasons], error.truncated) == (["TRUNCATED"], True)


def test_an_open_end_without_a_clean_stop_is_truncated() -> None:
    """A vendor that does not say it stopped is not trusted with an object that does not close."""
    error = refusal(TEXT[:-30], "")
    assert ([r.code for r in error.reasons], error.truncated) == (["TRUNCATED"], True)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"Plan: {DRAFTED} Good.\n</think>\n", "THINKING_ONLY"),
        (f"<think>{DRAFTED}</think>", "THINKING_ONLY"),
        (ANALYSIS, "THINKING_ONLY"),
        (f"analysisPlan: {DRAFTED} So.assistantfinal{TEXT[:-30]}", "TRUNCATED"),
        (f"Plan: {DRAFTED}\n\n{TEXT[:-30]}", "TRUNCATED"),
    ],
)
def test_a_draft_is_never_taken_for_the_answer(text: str, code: str) -> None:
    """A model that thinks aloud writes whole objects on its way; what broke off after is none."""
    assert [reason.code for reason in refusal(text).reasons] == [code]


def test_a_filtered_answer_is_a_content_filter_failure() -> None:
    """finish_reason content_filter has its own category, so that failover does not ask again."""
    error = refusal("", "content_filter")
    assert [r.code for r in error.reasons] == ["CONTENT_FILTER"]
    assert error.category is ErrorCategory.CONTENT_FILTER


@pytest.mark.parametrize(
    "text",
    [
        "I cannot help with that.",
        "[]",
        "42",
        "null",
        "{}",
        pytest.param("[" * 20_000, id="deep"),
        pytest.param("{" * 60_000, id="braces"),
        pytest.param('{"question": ' * 10_000, id="questions"),
        pytest.param("x" * 200_001, id="long"),
    ],
)
def test_what_is_no_object_is_bad_json(text: str) -> None:
    """No JSON object, none: one reason, whatever was there instead."""
    assert [r.code for r in refusal(text).reasons] == ["BAD_JSON"]


@pytest.mark.parametrize(
    ("text", "ended", "more", "code"),
    [
        ("<think>only this", "length", {}, "THINKING_ONLY"),
        (None, "length", {"thinking": "Let me think. "}, "THINKING_ONLY"),
        (None, "stop", {"thinking": "Let me think. "}, "THINKING_ONLY"),
        (None, "stop", {"usage": Usage(500, 700, reasoning_tokens=700)}, "THINKING_ONLY"),
        (None, "length", {"usage": Usage(500, 700)}, "THINKING_ONLY"),
        (" \n" * 90, "length", {"usage": Usage(500, 700)}, "TRUNCATED"),
        (None, "length", {}, "TRUNCATED"),
        (None, "stop", {"usage": Usage(500, 700)}, "NO_TEXT"),
        (" \n", "tool_calls", {}, "NO_TEXT"),
        (None, "content_filter", {"thinking": "Let me think. "}, "CONTENT_FILTER"),
    ],
)
def test_what_has_no_text_says_whether_it_was_thought(
    text: str | None, ended: str, more: dict[str, Any], code: str
) -> None:
    """No prompt mends either, so they are told apart from an answer that is no object."""
    completion = Completion(**{**NOTHING, "text": text or "", "finish_reason": ended, **more})
    with pytest.raises(AnswerRefused) as caught:
        read(completion)
    refused = caught.value
    assert [reason.code for reason in refused.reasons] == [code]
    assert refused.truncated == (ended == "length")


NOTHING: Final = {"usage": Usage(), "model": "m", "latency_s": 1.0}


def test_every_fault_of_the_schema_is_told_at_once() -> None:
    """A model hears of all its mistakes in one go, with the field."""
    error = refusal(json.dumps({"question": 1, "reasoning_steps": "Step 1", "citations": None}))
    assert [(r.code, r.field) for r in error.reasons] == [
        ("SCHEMA", "question"),
        ("SCHEMA", "reasoning_steps"),
        ("SCHEMA", "answer"),
        ("SCHEMA", "citations"),
    ]
    assert error.reasons[2] == Reason("SCHEMA", "field 'answer' is missing", "answer")


@pytest.mark.parametrize(
    "name",
    [str.upper, str.title, lambda name: name.title().replace("_", " "),
     lambda name: name.title().replace("_", ""), lambda name: name.replace("_", "-")],
    ids=["upper", "title", "words", "camel", "hyphens"],
)  # fmt: skip
def test_a_field_is_known_by_its_letters(name: Callable[[str], str]) -> None:
    """A model that is held by no schema writes its name as a heading; its own name goes before."""
    text = json.dumps({name(field): value for field, value in ANSWER.items()})
    assert read(answered(text)) == msgspec.structs.replace(
        DRAFT, repaired=name("question") != "question"
    )
    assert read(answered(json.dumps({"ANSWER": "The other.", **ANSWER}))) == DRAFT


def test_blank_fields_are_refused_by_name() -> None:
    """Characters nobody can see are not a question."""
    text = json.dumps({**ANSWER, "question": " \u200b\n", "answer": "\x00"})
    assert [(r.code, r.field) for r in refusal(text).reasons] == [
        ("EMPTY_FIELD", "question"),
        ("EMPTY_FIELD", "answer"),
    ]


def test_citations_may_be_bare_strings_and_blank_ones_are_dropped() -> None:
    """A list of strings is the same citations without propositions."""
    text = json.dumps({**ANSWER, "citations": ["Companies Act 2006,\n s 172", " "]})
    assert read(answered(text)).citations == (DraftCitation("Companies Act 2006, s 172"),)


@pytest.mark.parametrize(
    ("step", "text"),
    [
        ("Step 1: Foo", "Foo"),
        ("**Step 2** \u2013 Foo", "Foo"),
        ("STEP 3. Foo", "Foo"),
        ("(4) Foo", "Foo"),
        ("5) Foo", "Foo"),
        ("- Foo", "Foo"),
        ("1.5 million is owed", "1.5 million is owed"),
        ("2 years pass", "2 years pass"),
        ("Step back and look", "Step back and look"),
        ("**Bold** start", "**Bold** start"),
    ],
)
def test_steps_lose_their_own_numbers_and_nothing_else(step: str, text: str) -> None:
    """The list numbers the steps; a number that belongs to the sentence stays."""
    assert read(answered(json.dumps({**ANSWER, "reasoning_steps": [step, " "]}))) == (
        msgspec.structs.replace(DRAFT, reasoning_steps=(text,))
    )


@pytest.mark.parametrize("mark", ["\u00ad", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff"])
def test_clean_text_holds_nothing_invisible(mark: str) -> None:
    """What no reader sees would part a word in two for every check and for a tokenizer."""
    assert clean(f"land{mark}lord") == "landlord"


@settings(deadline=None)
@given(st.text())
def test_clean_text_can_be_stored_and_is_clean(text: str) -> None:
    """clean is idempotent, and leaves nothing that UTF-8 or a terminal would choke on."""
    once = clean(text)
    once.encode()
    assert clean(once) == once
    assert not {char for char in once if ord(char) < 32} - {"\n"}


@settings(deadline=None)
@given(st.text(max_size=200), st.sampled_from(["stop", "", "length", "tool_calls"]))
def test_any_text_is_read_or_refused(text: str, finish_reason: str) -> None:
    """No answer, however odd, ends in another exception."""
    for wrapped in (text, f'{{"question": {text}', f"<think>{text}", f'{{"question": "{text}'):
        with contextlib.suppress(AnswerRefused):
            assert read(answered(wrapped, finish_reason)).question
