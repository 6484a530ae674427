"""The gate: each code clearly over, clearly under and at its edge; what it mends; its table."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from legalgen import quality
from legalgen.citations import Authorities, parse
from legalgen.completion import Completion, Usage
from legalgen.duplicates import Thresholds as DuplicateThresholds
from legalgen.errors import ErrorCategory, Reason, UsageError
from legalgen.quality import (
    ALWAYS_REJECT,
    CODES,
    Corpus,
    Gate,
    Rules,
    Thresholds,
    TypeBounds,
    Verdict,
    mend,
    parties,
)
from legalgen.samples import Citation, Draft, DraftCitation
from legalgen.tasks import Task

TODAY = date(2026, 11, 23)
BOUNDS = TypeBounds((40, 100), (2, 4), 1)
GATE = Gate("full", TODAY)
TASK = Task(
    0, "uk", "england-wales", "land", "leases", "forfeiture", "basic", "concept", "2026-11", 7
)
QUESTION = "Amara let a shop to Tomasz and the rent is three months late: may she forfeit now?"
STEPS = (
    "Find the clause that reserves a right of re-entry.",
    "Apply the notice rules of the Law of Property Act 1925.",
)
OPENING = "Under the Law of Property Act 1925 rent is treated apart, so no notice is owed by Amara."


def text(words: int, start: str = OPENING) -> str:
    """``words`` words that begin with a sentence and repeat nothing."""
    own = start.split()
    return " ".join([*own, *(f"filler{number}" for number in range(words - len(own)))])


def draft(
    question: str = QUESTION,
    steps: tuple[str, ...] = STEPS,
    answer: str | None = None,
    cited: tuple[str, ...] = ("Law of Property Act 1925 s 146",),
    *,
    repaired: bool = False,
) -> Draft:
    citations = tuple(DraftCitation(item, "says so") for item in cited)
    return Draft(question, steps, text(60) if answer is None else answer, citations, repaired)


def completion(finish_reason: str = "stop") -> Completion:
    return Completion("{}", finish_reason, Usage(100, 512), "m", 1.0)


def severity(verdict: Verdict, code: str) -> str:
    found = [reason for reason in verdict.reasons if reason.code == code]
    if not found:
        return "clean"
    return "reject" if any(reason.reject for reason in found) else "flag"


def judge(given: Draft, code: str, gate: Gate = GATE, **changes: str) -> str:
    task = replace(TASK, **changes)  # type: ignore[arg-type] # only text fields are changed here
    return severity(gate.inspect(given, task, completion(), BOUNDS), code)


def test_a_good_sample_passes_clean() -> None:
    """The sample from which every other test departs has no reason against it."""
    assert GATE.inspect(draft(), TASK, completion(), BOUNDS) == Verdict(
        draft(),
        (),
        (
            Citation(
                "Law of Property Act 1925 s 146",
                "statute",
                "Law of Property Act 1925 s 146",
                "parsed",
            ),
        ),
        parse("Law of Property Act 1925 s 146"),
    )


# --- stage one: can it be read ---


@pytest.mark.parametrize(
    ("finish_reason", "expected"),
    [("length", "reject"), ("stop", "clean"), ("tool_calls", "clean")],
)
@pytest.mark.parametrize("mode", ["full", "structure"])
def test_truncated(finish_reason: str, expected: str, mode: str) -> None:
    """A cut answer is refused whatever it reads like, and says at what size it was cut."""
    gate = Gate("full" if mode == "full" else "structure", TODAY)

    verdict = gate.inspect(draft(), TASK, completion(finish_reason), BOUNDS)

    assert severity(verdict, "TRUNCATED") == expected
    assert verdict.truncated is (expected == "reject")


def test_rows_without_a_completion_are_judged_by_their_text() -> None:
    """A row of an old dataset has no completion and no task, and is still checked."""
    verdict = GATE.inspect(draft(answer=text(9)), None, None, BOUNDS)

    assert severity(verdict, "ANSWER_LENGTH") == "reject"
    assert severity(verdict, "TRUNCATED") == "clean"


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        (QUESTION, "", "reject"), (QUESTION, " \n ", "reject"), (QUESTION, "...", "reject"),
        ("", text(60), "reject"), ("\u2014", text(60), "reject"), (QUESTION, text(60), "clean"),
        (QUESTION, "1", "clean"),
    ],
)  # fmt: skip
def test_empty_field(question: str, answer: str, expected: str) -> None:
    """Blank, or nothing but punctuation, is no text."""
    assert judge(draft(question, answer=answer), "EMPTY_FIELD") == expected


@pytest.mark.parametrize(("repaired", "expected"), [(True, "flag"), (False, "clean")])
def test_json_repaired(repaired: bool, expected: str) -> None:
    """Mended JSON is kept, and known."""
    assert judge(draft(repaired=repaired), "JSON_REPAIRED") == expected


def test_the_first_stage_that_fails_ends_the_check() -> None:
    """What cannot be read is not measured; what can is told all that is wrong at once."""
    unread = GATE.inspect(draft(answer=""), TASK, completion("length"), BOUNDS)
    short = draft("Why so?", ("Too short.",), text(20), ("[2005] UKSC 12",))
    unfit = GATE.inspect(short, TASK, completion(), BOUNDS)

    assert [reason.code for reason in unread.reasons] == ["TRUNCATED", "EMPTY_FIELD"]
    assert [reason.code for reason in unfit.reasons] == [
        "QUESTION_LENGTH", "ANSWER_LENGTH", "STEPS_COUNT", "STEP_TEXT", "CITATION_IMPOSSIBLE",
    ]  # fmt: skip


# --- stage two: may it be used ---


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("I cannot help with that request.", "reject"),
        ("I\u2019m sorry, but I can\u2019t provide this.", "reject"),
        ("As an AI language model I may not say.", "reject"),
        ("I am unable to answer this question.", "reject"),
        ("Unfortunately, I cannot provide legal advice.", "reject"),
        ("I cannot recommend that you sign the lease today.", "clean"),
        ("The tenant says: I cannot help with that.", "clean"),
        ("As an employee you may claim.", "clean"),
    ],
)
def test_refusal(answer: str, expected: str) -> None:
    """Only an answer that begins by declining is one; an adviser's doubt is not."""
    assert judge(draft(answer=text(60, answer)), "REFUSAL") == expected


def test_a_refusal_is_told_apart_from_a_bad_answer() -> None:
    """Failover sends refusals elsewhere at once, so the category differs."""
    refused = GATE.inspect(draft(answer="I cannot assist with this."), TASK, completion(), BOUNDS)
    filtered = GATE.inspect(draft(), TASK, completion("content_filter"), BOUNDS)
    short = GATE.inspect(draft(answer="Too short."), TASK, completion(), BOUNDS)

    assert [item.category for item in (refused, filtered, short)] == [
        ErrorCategory.CONTENT_FILTER,
        ErrorCategory.CONTENT_FILTER,
        ErrorCategory.OUTPUT_INVALID,
    ]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("As an AI assistant, I think so.", "reject"),
        ("I was trained on UK company law.", "reject"),
        ("I am Pactoria and advise on this.", "reject"),
        ("This synthetic example shows the rule.", "reject"),
        ("My training data ends in 2024.", "reject"),
        ("The training data of a model may infringe copyright.", "clean"),
        ("She acts as an AI provider under the regulation.", "clean"),
        ("The witness wrote \u201cas an AI assistant I know\u201d in her statement.", "clean"),
        ("My employer will not pay for my training.", "clean"),
        ("I am a founder building an AI tool for hospitals.", "clean"),
        ("I was trained as a nurse.", "clean"),
    ],
)
def test_meta_talk(sentence: str, expected: str) -> None:
    """Talk of the writer, its maker or the dataset; not the law of such things, nor quotes."""
    assert judge(draft(answer=text(60, f"{OPENING} {sentence}")), "META_TALK") == expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Write to [insert name] today.", "reject"),
        ("The date is TBD by the court.", "reject"),
        ("No citation provided", "reject"),
        ("Dear <client name>, we advise.", "reject"),
        ("Pay {{amount}} now.", "reject"),
        ("See [2013] UKSC 34 at [12].", "clean"),
        ("The court said \u201c[t]he landlord\u201d loses.", "clean"),
        ("The income is < 5 and the cost > 3.", "clean"),
    ],
)
def test_placeholder(sentence: str, expected: str) -> None:
    """Gaps left for somebody else are refused; the brackets of a quotation are not gaps."""
    assert judge(draft(answer=text(60, f"{OPENING} {sentence}")), "PLACEHOLDER") == expected


@pytest.mark.parametrize(
    ("foreign", "expected"), [(100, "reject"), (16, "reject"), (15, "clean"), (0, "clean")]
)
def test_language(foreign: int, expected: str) -> None:
    """More than 15 % of letters that are not Latin; 15 % exactly is allowed."""
    letters = "\u0436" * foreign + "a" * (100 - foreign)
    question = " ".join(letters[start : start + 10] for start in range(0, 100, 10))
    task_free = GATE.inspect(draft(question, (), "1"), None, None, TypeBounds((0, 9), (0, 0)))

    assert severity(task_free, "LANGUAGE") == expected


def test_accents_are_latin() -> None:
    """French and Polish names do not make an answer foreign."""
    assert judge(draft(answer="\u00e9\u0142\u0105\u00fc\u00df\u0151 " * 50), "LANGUAGE") == "clean"


# --- stage three: lengths and form ---


@pytest.mark.parametrize(
    ("words", "expected"),
    [(3, "reject"), (5, "reject"), (6, "clean"), (220, "clean"), (221, "reject")],
)
def test_question_length(words: int, expected: str) -> None:
    """Six to 220 words, both included."""
    assert judge(draft(text(words, "What of it?")), "QUESTION_LENGTH") == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (5, "reject"), (29, "reject"), (30, "flag"), (39, "flag"), (40, "clean"), (70, "clean"),
        (100, "clean"), (101, "flag"), (125, "flag"), (126, "reject"), (400, "reject"),
    ],
)  # fmt: skip
def test_answer_length(words: int, expected: str) -> None:
    """Outside the range by up to a quarter flags, by more rejects."""
    assert judge(draft(answer=text(words, "So.")), "ANSWER_LENGTH") == expected


def test_a_reason_quotes_measured_and_required() -> None:
    """The message can go back to the model as it is."""
    verdict = GATE.inspect(draft(answer=text(20)), TASK, completion(), BOUNDS)

    assert verdict.reasons == (
        Reason("ANSWER_LENGTH", "ANSWER_LENGTH: 20 words, need 40-100", "answer", reject=True),
    )


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, "reject"), (1, "reject"), (2, "clean"), (4, "clean"), (5, "reject"), (9, "reject")],
)
def test_steps_count(count: int, expected: str) -> None:
    """The type's range, both ends included."""
    steps = tuple(f"Look at point number {number} with care." for number in range(count))

    assert judge(draft(steps=steps), "STEPS_COUNT") == expected


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("Apply.", "reject"), ("Apply the rule.", "reject"), ("Apply the rule here.", "clean"),
        ("Step 2: Apply the rule.", "reject"), ("Step 2: Apply the rule here.", "clean"),
    ],
)  # fmt: skip
def test_step_text(step: str, expected: str) -> None:
    """Four words after the number has been taken off."""
    assert judge(draft(steps=(STEPS[0], step)), "STEP_TEXT") == expected


@pytest.mark.parametrize(
    ("shared", "expected"), [(40, "flag"), (21, "flag"), (20, "clean"), (0, "clean")]
)
def test_steps_copy(shared: int, expected: str) -> None:
    """More than half of the steps' 6-word runs in the answer; half exactly is allowed."""
    steps = [f"step{number}" for number in range(45)]  # 40 runs of six words
    answer = " ".join(steps[: shared + 5]) if shared else text(60)
    given = draft(steps=(" ".join(steps[:20]), " ".join(steps[20:])), answer=answer)

    assert judge(given, "STEPS_COPY") == expected


@pytest.mark.parametrize(
    ("shared", "expected"), [(20, "reject"), (10, "reject"), (9, "clean"), (0, "clean")]
)
def test_question_leak(shared: int, expected: str) -> None:
    """Half of the question's 6-word runs in the answer are too many."""
    question = [f"asked{number}" for number in range(25)]  # 20 runs of six words
    repeated = " ".join(question[: shared + 5]) if shared else "Nothing of it."

    assert judge(draft(" ".join(question), answer=text(60, repeated)), "QUESTION_LEAK") == expected


def test_a_short_question_leaks_only_whole() -> None:
    """Under ten words a share says nothing, the whole question does."""
    question = "What is the rule in Rylands?"

    whole = judge(draft(question, answer=text(60, f"{question} It is strict.")), "QUESTION_LEAK")
    part = judge(draft(question, answer=text(60, "The rule in Rylands is.")), "QUESTION_LEAK")
    assert (whole, part) == ("reject", "clean")


@pytest.mark.parametrize(
    ("items", "words", "expected"),
    [(4, 45, "flag"), (3, 59, "flag"), (2, 45, "clean"), (3, 60, "clean"), (0, 45, "clean")],
)
def test_telegraphic(items: int, words: int, expected: str) -> None:
    """Three numbered items in under 60 words."""
    start = " ".join(f"{number}) point" for number in range(1, items + 1))

    assert judge(draft(answer=text(words, start or "So it is.")), "TELEGRAPHIC") == expected


@pytest.mark.parametrize(
    ("mark", "sample_type", "expected"),
    [
        ("\u250c\u2500\u2500\u2510 box", "concept", "flag"),
        ("\u250c\u2500\u2500\u2510 box", "short_qa", "clean"),
        ("# Heading\n**bold**", "concept", "clean"),
        ("# Heading\n**bold**", "short_qa", "clean"),
        ("plain", "concept", "clean"),
    ],
)
def test_markup(mark: str, sample_type: str, expected: str) -> None:
    """Boxes are flagged in long types; in short ones all markup is stripped instead."""
    given = draft(answer=text(60, mark))

    assert judge(given, "MARKUP", sample_type=sample_type) == expected


# --- stage three: citations ---


@pytest.mark.parametrize(
    ("count", "minimum", "expected"),
    [(0, 0, "flag"), (1, 0, "clean"), (0, 2, "reject"), (1, 2, "reject"), (2, 2, "clean")],
)
def test_citation_missing(count: int, minimum: int, expected: str) -> None:
    """The type's minimum flags, for as a rule it makes models invent; the user's own rejects."""
    gate = replace(GATE, rules=Rules.of({"min_citations": minimum}))
    cited = ("Law of Property Act 1925", "Law of Property Act 1925 s 146")[:count]

    assert judge(draft(cited=cited), "CITATION_MISSING", gate) == expected


@pytest.mark.parametrize(
    ("cited", "expected"),
    [
        ("[2005] UKSC 12", "reject"), ("[2031] EWCA Civ 3", "reject"), ("C-12/27", "reject"),
        ("[2009] UKSC 1", "clean"), ("[1987] UKHL 8", "clean"), ("C-12/26", "clean"),
    ],
)  # fmt: skip
def test_citation_impossible(cited: str, expected: str) -> None:
    """What no court can have decided is refused in the list and in the prose alike."""
    listed = judge(draft(cited=(cited,)), "CITATION_IMPOSSIBLE")
    prose = judge(draft(answer=text(60, f"{OPENING} See {cited}.")), "CITATION_IMPOSSIBLE")

    assert (listed, prose) == (expected, expected)


@pytest.mark.parametrize(
    ("cited", "jurisdiction", "sample_type", "expected"),
    [
        (("17 U.S.C. 107",), "uk", "concept", "reject"),
        (("Companies Act 2006",), "us", "concept", "reject"),
        (("TFEU art 101",), "uk", "concept", "reject"),
        (("17 U.S.C. 107", "Companies Act 2006"), "uk", "concept", "clean"),
        (("17 U.S.C. 107",), "uk", "comparative", "clean"),
        (("17 U.S.C. 107",), "international", "concept", "clean"),
        (("17 U.S.C. 107", "ICO guidance"), "uk", "concept", "clean"),
        (("17 U.S.C. 107", "an unread thing"), "uk", "concept", "clean"),
        (("GDPR art 6",), "uk", "concept", "clean"),
        ((), "uk", "concept", "clean"),
    ],
)
def test_citation_jurisdiction(
    cited: tuple[str, ...], jurisdiction: str, sample_type: str, expected: str
) -> None:
    """Refused only where every citation shows that it belongs to another legal order."""
    changes = {"jurisdiction": jurisdiction, "sample_type": sample_type}

    assert judge(draft(cited=cited), "CITATION_JURISDICTION", GATE, **changes) == expected


@pytest.mark.parametrize(
    ("cited", "expected"),
    [
        (("as the courts say",), "flag"), (("one thing", "another thing"), "flag"),
        (("one thing", "Companies Act 2006"), "clean"), (("Companies Act 2006",), "clean"),
        ((), "clean"),
    ],
)  # fmt: skip
def test_citation_unparsed(cited: tuple[str, ...], expected: str) -> None:
    """Flagged where none of the citations can be read."""
    assert judge(draft(cited=cited), "CITATION_UNPARSED") == expected


@pytest.mark.parametrize(
    ("answer", "cited", "expected"),
    [
        ("Nothing is named.", ("Hyde v Wrench (1840) 3 Beav 334",), "reject"),
        ("In Hyde the offer died.", ("Hyde v Wrench (1840) 3 Beav 334",), "clean"),
        ("In Hyde the offer died.",
         ("Hyde v Wrench (1840) 3 Beav 334", "Foss v Harbottle (1843) 2 Hare 461"), "flag"),
        ("Section 172 binds her.", ("Companies Act 2006 s 172",), "clean"),
        ("The CA binds her.", ("Companies Act 2006",), "clean"),
        ("Nothing is named.", ("[1932] AC 562",), "clean"),
    ],
)  # fmt: skip
def test_citation_ungrounded(answer: str, cited: tuple[str, ...], expected: str) -> None:
    """An authority that the answer never mentions flags; where that is all of them, rejects."""
    steps = ("Find out what was said.", "Say what follows from it.")

    assert judge(
        draft(steps=steps, answer=text(60, answer), cited=cited), "CITATION_UNGROUNDED"
    ) == (expected)


LISTED = Authorities.of(["Hyde v Wrench (1840) 3 Beav 334"])


@pytest.mark.parametrize(
    ("cited", "policy", "expected"),
    [
        ("Foss v Harbottle (1843) 2 Hare 461", "menu", "reject"),
        ("Foss v Harbottle (1843) 2 Hare 461", "free", "flag"),
        ("Hyde v Wrench (1840) 3 Beav 334", "menu", "clean"),
        ("Companies Act 2006", "menu", "clean"),
    ],
)
def test_citation_unlisted(cited: str, policy: str, expected: str) -> None:
    """Cases outside the list flag, under the menu policy reject; Acts may always be cited."""
    menu = Gate("full", TODAY, authorities=LISTED, policy="menu" if policy == "menu" else "free")

    assert judge(draft(cited=(cited,)), "CITATION_UNLISTED", menu) == expected


def test_without_a_list_nothing_is_unlisted() -> None:
    """No list is not an empty list."""
    given = draft(cited=("Foss v Harbottle (1843) 2 Hare 461",))

    assert judge(given, "CITATION_UNLISTED") == "clean"


def test_citations_are_stored_with_what_is_known_of_them() -> None:
    """Listed, parsed, unparsed: never valid."""
    gate = replace(GATE, authorities=LISTED)
    cited = ("Hyde v Wrench (1840) 3 Beav 334", "Bowman v Fels [2005] EWCA Civ 226", "some book")

    assert gate.inspect(draft(cited=cited), TASK, completion(), BOUNDS).citations == (
        Citation(cited[0], "uk_report", "(1840) 3 Beav 334", "listed"),
        Citation(cited[1], "uk_neutral", "ewca/civ/2005/226", "parsed"),
        Citation("some book", "", "", "unparsed"),
    )


@pytest.mark.parametrize(
    ("cited", "expected"),
    [
        ("[2010] EWHC 12", "flag"), ("[1987] UKHL 8", "flag"), ("(1985) ICR 12", "clean"),
        ("[2010] EWHC 12 (Ch)", "clean"), ("[2001] UKHL 8", "clean"),
    ],
)  # fmt: skip
def test_citation_format(cited: str, expected: str) -> None:
    """Faults that are mended are gone; those that cannot be mended are flagged."""
    assert judge(draft(cited=(cited,)), "CITATION_FORMAT") == expected


@pytest.mark.parametrize(
    ("cited", "expected"),
    [
        ("[2009] EWCA Civ 1245", "flag"), ("[2009] EWCA Civ 1230", "flag"),
        ("[2009] EWCA Civ 1229", "clean"), ("[2009] EWCA Civ 1300", "clean"),
    ],
)  # fmt: skip
def test_citation_suspect(cited: str, expected: str) -> None:
    """The numbers that models invent, unless somebody has checked the citation."""
    checked = replace(GATE, authorities=Authorities.of([cited]))

    assert judge(draft(cited=(cited,)), "CITATION_SUSPECT") == expected
    assert judge(draft(cited=(cited,)), "CITATION_SUSPECT", checked) == "clean"


# --- stage three: what the type requires ---


@pytest.mark.parametrize(
    ("element", "code", "answer", "cited", "expected"),
    [
        ("parties", "MISSING_PARTIES", "The tenant Tomasz loses.", (), "clean"),
        ("parties", "MISSING_PARTIES", "The tenant loses.", (), "flag"),
        ("irac", "MISSING_IRAC", "Therefore the claim fails.", (), "clean"),
        ("irac", "MISSING_IRAC", "The claim is one of many.", (), "flag"),
        ("next_steps", "MISSING_NEXT_STEPS", "You should write at once.", (), "clean"),
        ("next_steps", "MISSING_NEXT_STEPS", "The rule is old.", (), "flag"),
        ("time_limit", "MISSING_TIME_LIMIT", "Appeal within 21 days.", (), "clean"),
        ("time_limit", "MISSING_TIME_LIMIT", "Claim in three months.", (), "clean"),
        ("time_limit", "MISSING_TIME_LIMIT", "Appeal promptly.", (), "flag"),
        ("section", "MISSING_SECTION", "Under s 146 notice is due.", (), "clean"),
        ("section_number", "MISSING_SECTION", "Under article 6 it is.", (), "clean"),
        ("section_number", "MISSING_SECTION", "Under the section it is.", (), "flag"),
        ("statute_citation", "MISSING_STATUTE", "So.", ("Companies Act 2006",), "clean"),
        ("statute_citation", "MISSING_STATUTE", "So.", ("[1932] AC 562",), "flag"),
        ("two_jurisdictions", "MISSING_JURISDICTIONS", "England and Germany differ.", (), "clean"),
        ("two_jurisdictions", "MISSING_JURISDICTIONS", "English law is clear.", (), "flag"),
        ("two_jurisdictions", "MISSING_JURISDICTIONS", "English law.", ("1 U.S.C. 1",), "clean"),
        ("conduct_rule", "MISSING_CONDUCT_RULE", "The SRA forbids it.", (), "clean"),
        ("conduct_rule", "MISSING_CONDUCT_RULE", "It is wrong.", (), "flag"),
        ("apex_case", "MISSING_APEX_CASE", "So.", ("[2013] UKSC 34",), "clean"),
        ("apex_or_listed", "MISSING_APEX_CASE", "So.", ("Hyde v Wrench (1840) 3 Beav 334",),
         "clean"),
        ("apex_or_listed", "MISSING_APEX_CASE", "So.", ("[2009] EWCA Civ 3",), "flag"),
        ("a word of the user's", "MISSING_PARTIES", "So.", (), "clean"),
    ],
)  # fmt: skip
def test_required_elements(
    element: str, code: str, answer: str, cited: tuple[str, ...], expected: str
) -> None:
    """Each element that can be seen is looked for; its absence flags."""
    gate = replace(GATE, authorities=LISTED)
    bounds = replace(BOUNDS, min_citations=0, requires=(element,))
    given = draft(answer=text(60, answer), cited=cited)

    assert severity(gate.inspect(given, None, None, bounds), code) == expected


@pytest.mark.parametrize(
    ("speakers", "expected"),
    [
        (["Ada", "Ben", "Ada", "Ben"], "clean"), (["Ada", "Ben", "Ada", "Ben", "Ada"], "clean"),
        (["Ada", "Ben", "Ada"], "reject"), (["Ada", "Ada", "Ada", "Ada"], "reject"),
        ([], "reject"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("element", ["turns", "dialogue_turns"])
def test_dialogue_turns(speakers: list[str], expected: str, element: str) -> None:
    """Four turns that alternate; one voice four times is a monologue."""
    said = (f"{name}: words {number} are said here and they are many of them now."
            for number, name in enumerate(speakers))  # fmt: skip
    bounds = replace(BOUNDS, requires=(element,))
    given = draft(answer="\n".join(said) or text(60))

    assert severity(GATE.inspect(given, TASK, None, bounds), "DIALOGUE_TURNS") == expected


def test_parties_are_the_names_in_a_question() -> None:
    """Capitals in mid-sentence that are not the law's own words."""
    question = "Northwind Ltd owes Ngozi under the Companies Act in England. May Oyelaran sue?"

    assert parties(question) == ("Ngozi", "Oyelaran")


# --- structure mode, mending ---


def test_structure_mode_asks_only_that_a_row_can_be_read() -> None:
    """The toy model's rehearsal passes with text of no value; an empty field does not."""
    gate = Gate("structure", TODAY)
    poor = draft("Why?", (), "As an AI I cannot.", ("[2005] UKSC 12",))

    assert gate.inspect(poor, TASK, completion(), BOUNDS).rejected is False
    assert gate.inspect(draft(answer=" "), TASK, completion(), BOUNDS).rejected is True


@pytest.mark.parametrize(
    ("step", "mended"),
    [
        ("Step 1: Find the rule.", "Find the rule."),
        ("**Step 2 -** Find the rule.", "Find the rule."),
        ("3. Find the rule.", "Find the rule."),
        ("4) Find the rule.", "Find the rule."),
        ("Step 2 of the test asks for notice.", "Step 2 of the test asks for notice."),
        ("12 months are the limit.", "12 months are the limit."),
        ("2.5 per cent are due.", "2.5 per cent are due."),
        ("Find the rule.", "Find the rule."),
    ],
)
def test_steps_lose_their_numbers(step: str, mended: str) -> None:
    """A number that counts the step goes, a number that says something stays."""
    assert mend(draft(steps=(step,)))[0].reasoning_steps == (mended,)


def test_markup_goes_from_plain_types_only() -> None:
    """Emphasis, headings, fences and boxes leave a short answer and stay in a long one."""
    marked = "# Rule\n**Rent** is due, and __soon__.\n```\ncode\n```\n\u2502 cell \u2502 a * b"

    short, fixes = mend(draft(answer=marked), "short_qa")

    assert (short.answer, fixes) == (
        "Rule\nRent is due, and soon.\ncode\n cell  a * b",
        ("markup",),
    )
    assert mend(draft(answer=marked), "concept") == (draft(answer=marked), ())


def test_brackets_are_mended_in_list_and_answer() -> None:
    """The same citation keeps the same form in both places."""
    wrong, right = "R v Palmer (1971) 2 QB 163", "R v Palmer [1971] 2 QB 163"

    mended, fixes = mend(draft(answer=f"See {wrong}.", cited=(wrong,)))

    assert (mended, fixes) == (
        draft(answer=f"See {right}.", cited=(right,)),
        ("citation brackets",),
    )


@given(st.text(max_size=60), st.lists(st.text(max_size=30), max_size=3), st.text(max_size=120))
def test_any_draft_can_be_judged(question: str, steps: list[str], answer: str) -> None:
    """No text makes the gate raise, and every reason has a code of the table."""
    given = draft(question, tuple(steps), answer, (answer[:40],))

    verdict = GATE.inspect(given, TASK, completion(), BOUNDS)

    assert {reason.code for reason in verdict.reasons} <= CODES.keys()
    assert set(verdict.flags) == {item.code for item in verdict.reasons if not item.reject}


# --- the table and its settings ---


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({}, "reject"), ({"ANSWER_LENGTH": "flag"}, "flag"), ({"ANSWER_LENGTH": "off"}, "clean"),
        ({"ANSWER_LENGTH": "reject"}, "reject"), ({"answer_tolerance": 0.9}, "flag"),
        ({"answer_tolerance": "0.9"}, "flag"),
    ],
)  # fmt: skip
def test_settings_change_severities_and_thresholds(
    overrides: dict[str, object], expected: str
) -> None:
    """Each code can be made to flag or be switched off, each number replaced."""
    gate = replace(GATE, rules=Rules.of(overrides))

    assert judge(draft(answer=text(20)), "ANSWER_LENGTH", gate) == expected


def test_a_code_that_flags_can_be_made_to_reject() -> None:
    """Stricter is as easy as looser."""
    strict = replace(GATE, rules=Rules.of({"CITATION_SUSPECT": "reject"}))

    assert judge(draft(cited=("[2009] EWCA Civ 1245",)), "CITATION_SUSPECT", strict) == "reject"


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        ({"ANSWER_LENGHT": "flag"}, "did you mean ANSWER_LENGTH"),
        ({"answer_length": "flag"}, "did you mean ANSWER_LENGTH"),
        ({"near_anser": 0.7}, "did you mean near_answer"),
        ({"zzz": 1}, "[gate] zzz is neither a code nor a threshold"),
        ({"META_TALK": "maybe"}, "takes reject, flag, graded or off, not 'maybe'"),
        ({"META_TALK": "graded"}, "META_TALK has no grades"),
        ({"EMPTY_FIELD": "off"}, "EMPTY_FIELD always rejects"),
        ({"near_answer": "high"}, "a threshold is no number"),
        ({"near_answer": -1}, "near_answer cannot be negative"),
        ({"near_answer": float("nan")}, "near_answer cannot be negative"),
        ({"min_citations": True}, "min_citations takes a number"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_told(overrides: dict[str, object], says: str) -> None:
    """Unknown names come with what is close; values with what is allowed."""
    with pytest.raises(UsageError, match=re.escape(says)):
        Rules.of(overrides)


def test_duplicates_take_their_numbers_from_the_same_table() -> None:
    """The defaults of both rooms agree, and a setting reaches the index."""
    assert DuplicateThresholds(**Rules().duplicate_thresholds()) == DuplicateThresholds()
    changed = Rules.of({"near_answer": 0.7}).duplicate_thresholds()
    assert DuplicateThresholds(**changed) == DuplicateThresholds(near_answer=0.7)


@pytest.mark.parametrize(
    ("code", "given", "overrides", "expected"),
    [
        ("DUP_NEAR", True, {}, True), ("DUP_NEAR", True, {"DUP_NEAR": "flag"}, False),
        ("DUP_SOFT", False, {}, False), ("DUP_SOFT", False, {"DUP_SOFT": "reject"}, True),
        ("DUP_NEAR", True, {"DUP_NEAR": "off"}, None),
    ],
)  # fmt: skip
def test_reasons_from_other_rooms_obey_the_table(
    code: str, given: bool, overrides: dict[str, object], expected: bool | None
) -> None:
    """What the duplicate index found is weighed by the same settings."""
    applied = Rules.of(overrides).apply(Reason(code, "x", reject=given))

    assert (applied.reject if applied else None) is expected


def test_every_code_has_a_severity_and_every_threshold_a_number() -> None:
    """The table is whole: readable rows are never optional, no default is out of range."""
    assert {code for code in CODES if CODES[code] == "reject"} >= ALWAYS_REJECT
    assert all(value >= 0 for value in msgspec.structs.asdict(Thresholds()).values())


@pytest.mark.parametrize(
    ("score", "minimum", "expected"),
    [
        (5.0, 0.0, None), (3.5, 0.0, None), (3.4, 0.0, False), (3.4, 3.0, False),
        (2.9, 3.0, True), (3.9, 4.0, True), (4.0, 4.0, None),
    ],
)  # fmt: skip
def test_low_score(score: float, minimum: float, expected: bool | None) -> None:
    """Under 3.5 flags; under the user's own minimum rejects."""
    reason = replace(GATE, rules=Rules.of({"min_score": minimum})).score(score)

    assert (reason.reject if reason else None) is expected


# --- across samples ---


def review(corpus: Corpus, given: Draft) -> Verdict:
    return corpus.review(GATE.inspect(given, TASK, completion(), BOUNDS))


def test_a_conflict_flags_and_marks_the_citation() -> None:
    """The sample is kept, its citation says `conflict`."""
    corpus = Corpus()
    corpus.add("lg_1", QUESTION, parse("Hyde v Wrench (1840) 3 Beav 334"))

    verdict = review(corpus, draft(cited=("Scammell v Ouston (1840) 3 Beav 334",)))

    assert severity(verdict, "CITATION_CONFLICT") == "flag"
    assert [item.status for item in verdict.citations] == ["conflict"]


def test_citations_that_agree_are_left_alone() -> None:
    """The same case under the same name is what one hopes for."""
    corpus = Corpus()
    corpus.add("lg_1", QUESTION, parse("Hyde v Wrench (1840) 3 Beav 334"))

    verdict = review(corpus, draft(cited=("Hyde v Wrench (1840) 3 Beav 334",)))

    assert severity(verdict, "CITATION_CONFLICT") == "clean"
    assert [item.status for item in verdict.citations] == ["parsed"]


@pytest.mark.parametrize(
    ("same", "total", "expected"),
    [(50, 200, "flag"), (5, 200, "flag"), (4, 200, "clean"), (0, 200, "clean"), (50, 199, "clean")],
)
def test_opening_overused(same: int, total: int, expected: str) -> None:
    """One opening in more than 2 % of at least 200 questions."""
    corpus = Corpus()
    for number in range(total):
        opening = "What is the rule" if number < same else f"q{number} is another matter"
        corpus.add(f"lg_{number}", f"{opening} here and now?", ())

    verdict = review(corpus, draft("What is the rule on late rent?"))

    assert severity(verdict, "OPENING_OVERUSED") == expected


@pytest.mark.parametrize(
    ("same", "total", "expected"),
    [(30, 200, "flag"), (3, 200, "flag"), (2, 200, "clean"), (0, 200, "clean"), (30, 199, "clean")],
)
def test_party_overused(same: int, total: int, expected: str) -> None:
    """One name in more than 1 % of at least 200 questions."""
    corpus = Corpus()
    for number in range(total):
        name = "Tomasz" if number < same else f"person{number}"
        corpus.add(f"lg_{number}", f"q{number} asks whether {name} may sue?", ())

    assert severity(review(corpus, draft()), "PARTY_OVERUSED") == expected


@pytest.mark.parametrize(
    ("jurisdiction", "cited", "refused"),
    [
        ("uk", "Convention relating to the Status of Refugees 1951", False),
        ("eu", "Treaty on the Functioning of the European Union, Article 101(3)", False),
        ("ie", "Companies Act 2006 s 172", False),
        ("us", "Companies Act 2006 s 172", True),
        ("uk", "I.R.C. § 267A", True),
    ],
)
def test_a_treaty_belongs_to_no_one_place(jurisdiction: str, cited: str, refused: bool) -> None:
    """International law may be cited anywhere; of a user's own place nothing is known."""
    given = draft(answer=text(60, f"{OPENING} See {cited}."), cited=(cited,))
    task = replace(TASK, jurisdiction=jurisdiction)
    verdict = GATE.inspect(given, task, None, BOUNDS)
    assert ("CITATION_JURISDICTION" in {reason.code for reason in verdict.reasons}) == refused


def test_a_listed_case_may_be_cited_with_its_parallel_report() -> None:
    """Both references of one text are one case."""
    known = Authorities.of(["Patel v Mirza [2016] UKSC 42"])
    gate = replace(GATE, authorities=known, policy="menu")
    cited = "Patel v Mirza [2016] UKSC 42, [2017] AC 467"
    given = draft(answer=text(60, f"So held Patel. {OPENING}"), cited=(cited,))
    verdict = gate.inspect(given, TASK, None, BOUNDS)
    assert "CITATION_UNLISTED" not in {reason.code for reason in verdict.reasons}
    assert [item.status for item in verdict.citations] == ["listed"]


@pytest.mark.parametrize("size", [40, 4_000])
def test_copied_runs_are_counted_alike_in_short_and_long_texts(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the runs are looked for, the share is the same."""
    tokens = [f"word{number % 700}" for number in range(size)]
    given = draft(answer=" ".join(tokens[size // 2 :]), steps=(" ".join(tokens),))
    reading = quality._Reading(given, None, BOUNDS, ())
    found = reading.copied(reading.steps)
    monkeypatch.setattr(quality, "MOST_SEARCHED", 0)
    assert reading.copied(reading.steps) == found


@pytest.mark.parametrize(
    "begins",
    [
        "Here is the JSON you asked for.",
        "Certainly! Here's a sample question and answer pair that meets your requirements.",
        "As of my last training update in 2023 this was the law.",
        "This answer was generated by ChatGPT.",
        "I'm Claude, an assistant by Anthropic.",
        "<think>She may.</think> She may.",
        "<|im_start|>assistant She may.",
    ],
)
def test_a_model_that_speaks_of_its_work_is_refused(begins: str) -> None:
    """Greetings, names of models and left-over marks of their dialogues."""
    assert judge(draft(answer=f"{begins} {text(60)}"), "META_TALK") == "reject"


@pytest.mark.parametrize(
    "said",
    [
        "Claude Moreau, the tenant, may object.",
        "Evidence was generated by ChatGPT and relied on by counsel.",
        "Here is the clause that matters.",
        "They think the pair of leases is void.",
    ],
)
def test_words_alone_are_no_meta_talk(said: str) -> None:
    """A person may be called Claude, and a court may have to speak of ChatGPT."""
    assert judge(draft(answer=f"{said} {text(60)}"), "META_TALK") != "reject"
