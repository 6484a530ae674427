"""The gate: each code clearly over, clearly under and at its edge; what it mends; its table."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from datetime import date

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from legalgen.completion import Completion, Usage
from legalgen.errors import ErrorCategory, Reason, UsageError
from legalgen.law.axes import Filter
from legalgen.law.citations import Authorities, parse
from legalgen.law.planner import Task, TaskPlanner
from legalgen.law.prompts.seeds import draw
from legalgen.law.taxonomy import Taxonomy
from legalgen.quality import reading
from legalgen.quality.checks.elements import parties
from legalgen.quality.codes import ALWAYS_REJECT, CODES
from legalgen.quality.corpus import Corpus
from legalgen.quality.duplicates.index import DuplicateThresholds
from legalgen.quality.gate import Gate
from legalgen.quality.mending import mend
from legalgen.quality.rules import Rules, Thresholds, TypeBounds, Verdict
from legalgen.store.sample import Citation, Draft, DraftCitation

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


def naming(cited: Iterable[str]) -> str:
    """An answer that names each of some citations."""
    return f"{text(60)} So say {', '.join(cited)}."


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
    task = replace(TASK, **changes)
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
                "says so",
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


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("and the tenant may ask the", "reject"), ("the tenant, the landlord,", "reject"),
        ("the steps are these:", "reject"), ("and so on...", "reject"),
        ("the rule now stands in section", "reject"), ("and nobody else", "reject"),
        ("unless (a) it is void, or (b)", "reject"), ("under paragraph (a) or (b).", "clean"),
        ("what relief is for.", "clean"), ("under s 146", "clean"),
        ("(Hyde v Wrench)", "clean"), ("\n- form N244\n- the deed", "clean"),
        ("\n1. the form\n2) the deed", "clean"),
        ('he wrote "and so on..."', "clean"),
    ],
)  # fmt: skip
def test_an_answer_that_ends_in_the_middle_of_a_sentence_is_truncated(
    end: str, expected: str
) -> None:
    """A model may stop of its own accord where no sentence does; a list needs no full stop."""
    assert judge(draft(answer=f"{text(60)} {end}"), "TRUNCATED") == expected


def test_structure_mode_does_not_ask_where_an_answer_ends() -> None:
    """The rehearsal's model is stopped by its grammar, wherever it is."""
    gate = Gate("structure", TODAY)

    assert judge(draft(answer=f"{text(60)} and the"), "TRUNCATED", gate) == "clean"


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


@pytest.mark.parametrize(
    ("repaired", "mode", "expected"),
    [(True, "full", "flag"), (True, "structure", "flag"), (False, "full", "clean")],
)
def test_json_repaired(repaired: bool, mode: str, expected: str) -> None:
    """Mended JSON is kept, and known."""
    gate = Gate("full" if mode == "full" else "structure", TODAY)

    assert judge(draft(repaired=repaired), "JSON_REPAIRED", gate) == expected


LOOPS = ("\n#", "\n**", "; X v Y ", "[", "must not ", "section 1 of the ", "\u00a31 ", "\nq: why? ")
"""What a model says when it cannot stop; by some of it a check took minutes."""


@pytest.mark.parametrize("said", LOOPS)
def test_a_model_in_a_loop_is_refused_at_once(said: str) -> None:
    """In any field; little more is asked than how long it is."""
    endless, good = said * (100_000 // len(said)), draft()
    looped = {
        "question": replace(good, question=endless),
        "reasoning_steps": replace(good, reasoning_steps=(endless, *good.reasoning_steps)),
        "answer": replace(good, answer=endless),
        "citations": replace(good, citations=(DraftCitation(endless, "so"),)),
    }
    for name, one in looped.items():
        began = time.thread_time()
        verdict = GATE.inspect(one, TASK, completion(), BOUNDS)
        assert verdict.rejected, name
        assert severity(verdict, "ENDLESS") == "reject" or name == "citations", verdict.reasons
        assert time.thread_time() - began < LONGEST_LOOK_S, name


@pytest.mark.parametrize(
    "said", ["it is {}", "\u00a3{}", "0.{} percent", "[2019] UKSC {}", "section {}", "{} days"]
)
def test_a_number_without_end_is_refused(said: str) -> None:
    """In any field: Python reads none of more than 4,300 figures, and raises."""
    good, endless = draft(), said.format("7" * 5_000)
    for one in (
        replace(good, question=f"{good.question} {endless}"),
        replace(good, answer=f"{good.answer} {endless}"),
        replace(good, reasoning_steps=(endless, *good.reasoning_steps)),
        replace(good, citations=(DraftCitation(endless, "so"), *good.citations)),
    ):
        verdict = GATE.inspect(one, TASK, completion(), BOUNDS)
        assert severity(verdict, "ENDLESS") == "reject"
    assert severity(GATE.inspect(replace(good, answer=f"{good.answer} {said.format('7' * 500)}"),
                                 TASK, completion(), BOUNDS), "ENDLESS") == "clean"  # fmt: skip


@pytest.mark.parametrize("said", LOOPS)
def test_a_loop_that_is_just_no_endless_one_is_judged_in_seconds(said: str) -> None:
    """Everything is asked of it."""
    again = said * (18_000 // len(said))
    for one in (replace(draft(), answer=again), replace(draft(), reasoning_steps=(again,))):
        began = time.thread_time()
        assert GATE.inspect(one, TASK, completion(), BOUNDS).rejected
        assert time.thread_time() - began < LONGEST_LOOK_S


LONGEST_LOOK_S = 5.0
"""Of CPU, which a busy machine does not add to; it took 100 and more."""


def test_a_long_answer_that_was_asked_for_is_no_endless_one() -> None:
    """The bound grows with what a type of one's own asks for."""
    long = replace(draft(), answer=text(5_000))
    asked = TypeBounds(answer_words=(100, 6_000))
    assert severity(GATE.inspect(long, TASK, completion(), asked), "ENDLESS") == "clean"
    assert severity(GATE.inspect(long, TASK, completion(), BOUNDS), "ENDLESS") == "reject"


def test_the_first_stage_that_fails_ends_the_check() -> None:
    """What cannot be read is not measured; what can is told all that is wrong at once."""
    unread = GATE.inspect(draft(answer=""), TASK, completion("length"), BOUNDS)
    short = draft("Why so?", ("Too short.",), text(20), ("[2005] UKSC 12",))
    unfit = GATE.inspect(short, TASK, completion(), BOUNDS)

    assert [reason.code for reason in unread.reasons] == ["TRUNCATED", "EMPTY_FIELD"]
    assert [reason.code for reason in unfit.reasons] == [
        "QUESTION_LENGTH", "ANSWER_LENGTH", "STEPS_COUNT", "STEP_TEXT", "CITATION_IMPOSSIBLE",
        "CITATION_UNGROUNDED",
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
        ("I am ChatGPT\u2122 and can tell.", "reject"),
        ("As an A\u200bI assis\u00adtant I think so.", "reject"),
        ("I\u2019m ChatGPT, at your service.", "reject"),
        ("As of my last update in 2023 so it was.", "reject"),
        ("I hope this helps!", "reject"),
        ("I am not a lawyer, but so it is.", "reject"),
        ("More would violate my guidelines.", "reject"),
        ("The user wants a short question on rent.", "reject"),
        ("This is of basic difficulty.", "reject"),
        ("The mark ACME\u2122 is hers.", "clean"),
        ("Since my last update on 3 May the rent was paid.", "clean"),
        ("The user asks for a copy of his data.", "clean"),
        ("The difficulty is an intermediate one: expert evidence is needed.", "clean"),
        ("The prompt and the output of the tool are kept.", "clean"),
        ("This sample is of cloth and was sold as such.", "clean"),
    ],
)
def test_meta_talk(sentence: str, expected: str) -> None:
    """Talk of the writer, its maker or the dataset; not the law of such things, nor quotes."""
    assert judge(draft(answer=text(60, f"{OPENING} {sentence}")), "META_TALK") == expected


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("Certainly!", "reject"), ("Great question!", "reject"), ("Sure! Here it is:", "reject"),
        ("Here\u2019s a clear explanation of the rule:", "reject"),
        ("Below is the answer:", "reject"),
        ("Certainly not.", "clean"), ("Of course, rent is apart.", "clean"),
        ("Here is the point.", "clean"),
    ],
)  # fmt: skip
def test_an_answer_begins_as_no_chat_does(start: str, expected: str) -> None:
    """It begins with the substance; the same words in a sentence do not greet."""
    assert judge(draft(answer=f"{start} {text(60)}"), "META_TALK") == expected


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("(Word count: 61)", "reject"), ("(approx. 60 words)", "reject"),
        ("Word count: 61.", "reject"), ("The Act is old (1925).", "clean"),
        ("A brief has at most 13,000 words.", "clean"),
    ],
)  # fmt: skip
def test_an_answer_does_not_count_its_words(end: str, expected: str) -> None:
    """A year in brackets is no count."""
    assert judge(draft(answer=f"{text(60)} {end}"), "META_TALK") == expected


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("Let me check the word count again.", "reject"),
        ("Wait, the lease may say otherwise.", "reject"),
        ("We need to produce a JSON object now.", "reject"),
        ("I will now write the question.", "reject"),
        ("Wait for the day on which rent falls due.", "clean"),
        ("We have to produce the deed at trial.", "clean"),
        ("The landlord let me and others in.", "clean"),
    ],
)
def test_steps_do_not_think_aloud(step: str, expected: str) -> None:
    """A step is an inference, not a model at work; in an answer people may speak so."""
    assert judge(draft(steps=(*STEPS, step)), "META_TALK") == expected
    assert judge(draft(answer=text(60, f"Client: {step}")), "META_TALK") == "clean"


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
        ("The rent is \u00a3________ a month.", "reject"),
        ("Signed ___ on the day.", "reject"),
        ("Signed: .............", "reject"),
        ("The lease is of 3 May [20XX].", "reject"),
        ("The lease is of 3 May 20XX.", "reject"),
        ("Send it to [Recipient Name].", "reject"),
        ("Send it to {client_name}.", "reject"),
        ("The price is [\u25cf].", "reject"),
        ("[INST] Write it. [/INST]", "reject"),
        ("She wrote ... and then nothing.", "clean"),
        ("The file is a_b__c.", "clean"),
        ("So it was held (citation omitted) [citation omitted].", "clean"),
        ("The register shows [name withheld by order].", "clean"),
        ("Resolution 3452 (XXX) and Article XXX say so.", "clean"),
        ("In XXX v Persons Unknown so it was.", "clean"),
        ("In XXX the claimant won.", "reject"),
        ("Of that, sobre todo, much is written.", "clean"),
        ("TODO: find the Act.", "reject"),
    ],
)
def test_placeholder(sentence: str, expected: str) -> None:
    """Gaps left for somebody else are refused; the brackets of a quotation are not gaps."""
    assert judge(draft(answer=text(60, f"{OPENING} {sentence}")), "PLACEHOLDER") == expected


def test_a_rule_across_the_page_is_no_blank() -> None:
    """Three strokes on a line of their own part two paragraphs."""
    assert judge(draft(answer=f"{text(30)}\n\n___\n\n{text(30)}"), "PLACEHOLDER") == "clean"


@pytest.mark.parametrize(
    ("cited", "expected"),
    [
        ("N/A", "reject"), ("None", "reject"), ("Not applicable.", "reject"), ("-", "reject"),
        ("\u2014", "reject"), ("No specific citation required", "reject"),
        ("None - general principles", "reject"), ("TBC", "reject"), ("See above.", "reject"),
        ("Varies by national law", "reject"), ("varies by state", "reject"),
        ("Varies by national law, but recognized under Schengen framework", "reject"),
        ("Depends on the contract", "reject"), ("Relevant national legislation", "reject"),
        ("Variation of Trusts Act 1958", "clean"), ("National Security Act 2023", "clean"),
        ("Various Claimants v Catholic Child Welfare Society [2012] UKSC 56", "clean"),
        ("NA v Nottinghamshire County Council [2017] UKSC 60", "clean"),
        ("None Such Ltd v Y [2010] UKSC 3", "clean"), ("some book", "clean"),
    ],
)  # fmt: skip
def test_a_citation_that_says_there_is_none_is_a_placeholder(cited: str, expected: str) -> None:
    """The list is left empty instead; parties may be called so."""
    assert judge(draft(cited=("Law of Property Act 1925 s 146", cited)), "PLACEHOLDER") == expected


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


FRENCH = (
    "Under the Act of 1925: les dettes des associes sont dans la masse, pour que une loi change."
)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Nach dem Gesetz ist die Miete nicht ein Fall, der unter das Verbot geht.", "reject"),
        ("Les dettes des associes sont dans la masse, pour que une loi change.", "reject"),
        ("Les dettes des associes sont dans la masse, que la loi change.", "reject"),
        (f"{FRENCH} So he wrote, and that must be read with what is not in it.", "reject"),
        (f'So he wrote: "{FRENCH}" That must be read with what is not in it.', "clean"),
        ("The maxim ex turpi causa non oritur actio is that of the case.", "clean"),
        ("Nemo dat quod non habet. That is the rule and the reason for it.", "clean"),
        (OPENING, "clean"),
    ],
)  # fmt: skip
def test_an_answer_is_in_english(answer: str, expected: str) -> None:
    """A sentence of another language is refused; a quotation and a Latin maxim are not."""
    assert judge(draft(answer=text(60, answer)), "LANGUAGE") == expected


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


SAME = "The landlord owes the tenant a duty to repair the roof."


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((SAME, SAME, SAME), "reject"), ((SAME, STEPS[0], SAME.upper()), "reject"),
        ((SAME, "A landlord owes his tenant the duty to repair the roof."), "reject"),
        ((SAME, "The landlord owes to the tenant the repair of the roof as a duty.",
          "The landlord owes the tenant repair of the roof, a clear duty."), "reject"),
        ((SAME, "The landlord owes the tenant a duty to repair the door."), "clean"),
        ((SAME, "The tenant owes the landlord a duty to report the leak."), "clean"),
        (("Ask if a duty is owed to Amara at all.", "Ask if a duty is owed to Tomasz at all."),
         "clean"),
        (("Section 12 implies a term of title.", "Section 13 implies a term of description.",
          "Section 14 implies a term of quality."), "clean"),
        (STEPS, "clean"),
    ],
)  # fmt: skip
def test_steps_that_say_the_same(steps: tuple[str, ...], expected: str) -> None:
    """Two to the telling word, three nearly; one rule applied to two parties is no repetition."""
    assert judge(draft(steps=steps), "REPETITION") == expected


@pytest.mark.parametrize(("times", "expected"), [(9, "reject"), (6, "reject"), (5, "clean")])
def test_a_sentence_again_and_again(times: int, expected: str) -> None:
    """Six times the same sentence is a loop."""
    loop = f"{text(30)}. " + "The veil stays in place. " * times

    assert judge(draft(answer=loop), "REPETITION") == expected


@pytest.mark.parametrize(
    ("paragraph", "expected"),
    [("p" * 200 + ".", "reject"), ("p" * 199 + ".", "clean"), ("Client: Yes, I did.", "clean")],
)
def test_a_paragraph_twice(paragraph: str, expected: str) -> None:
    """A long line is written once; two people may say yes."""
    answer = f"{paragraph}\n{text(40, 'Between them stands another.')}\n{paragraph}"

    assert judge(draft(answer=answer), "REPETITION") == expected


@pytest.mark.parametrize(
    ("different", "words", "expected"),
    [(10, 100, "reject"), (24, 100, "reject"), (25, 100, "clean"), (10, 99, "clean")],
)
def test_a_loop_without_sentences(different: int, words: int, expected: str) -> None:
    """Under a quarter of at least a hundred words are different ones."""
    loop = " ".join(f"w{number % different}" for number in range(words))

    assert judge(draft(answer=loop), "REPETITION") == expected


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


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ("<p>So it is.</p>", "reject"), ("So<br/>it is", "reject"), ("a &amp; b", "reject"),
        ('<div class="x">So.</div>', "reject"), ("So.\\n\\nThen", "reject"),
        ('the \\"Act\\" says', "reject"), ("landlord\\u2019s", "reject"),
        ('{"answer": "So."}', "reject"), ("It isn\u00e2\u20ac\u2122t so", "reject"),
        ("\u00c2\u00a35 a day", "reject"), ("a \ufffd sign", "reject"), ("So.<|end|>", "reject"),
        ("so \u30104\u2020source\u3011 it is", "reject"),
        ("```\ncode\n```", "flag"), ("\u2705 Yes", "flag"), ("the \u6cd5\u4eba acts", "flag"),
        ("\n\nCitations:\n- the Act", "flag"), ("\n\nReasoning steps:\n1. So.", "flag"),
        ("p < 0.05 and 3 > 2", "clean"), ("AT&T; R&D; and Marks & Co", "clean"),
        ("C:\\new is a folder", "clean"), ("S\u00c3O PAULO and \u00c2ngela", "clean"),
        ("\u2713 is a tick and \u2192 an arrow", "clean"),
        ('the "\u6cd5\u4eba" (\u6cd5\u4eba) acts', "clean"), ("**Rule.** So.", "clean"),
        ("the citations in it, and the reasoning steps", "clean"),
        ('it is the "question" - and the Act decides it', "clean"),
        ('"answer" - "It', "reject"),
    ],
)  # fmt: skip
def test_text_that_was_made_for_a_machine(mark: str, expected: str) -> None:
    """What no reader can read is refused; what a page wears is flagged; prose may stand."""
    assert judge(draft(answer=f"{text(60)} {mark} so.", steps=STEPS), "MARKUP") == expected


@pytest.mark.parametrize(
    ("pair", "sample_type", "expected"),
    [
        ("Question: May a minor buy a boat on credit?\nAnswer: He may not.", "short_qa", "flag"),
        ("**Q:** May a minor buy a boat on credit?\n**A:** He may not.", "concept", "flag"),
        ("2) Question: May a minor buy a boat on credit?\n2) Answer: No.", "concept", "flag"),
        ("Q2: May a minor buy a boat on credit?\n\nA2: He may not.", "short_qa", "flag"),
        (f"Question: {QUESTION}\nAnswer: She may.", "concept", "clean"),
        ("Q: May a minor buy a boat on credit?\nHe may not.", "concept", "clean"),
    ],
)
def test_another_question_within_an_answer(pair: str, sample_type: str, expected: str) -> None:
    """With an answer of its own; the sample's own question, as a memorandum puts it, is none."""
    given = draft(answer=f"{text(60)} So it is.\n\n{pair}", steps=STEPS)
    assert judge(given, "MARKUP", sample_type=sample_type) == expected


@pytest.mark.parametrize("field", ["question", "steps", "cited"])
def test_markup_is_looked_for_in_every_field(field: str) -> None:
    """A tag is no better in a question, a step or a citation than in an answer."""
    marked = {
        "question": draft(f"<b>{QUESTION}</b>"),
        "steps": draft(steps=(STEPS[0], f"<li>{STEPS[1]}</li>")),
        "cited": draft(cited=("Law of Property Act 1925<br>s 146",)),
    }

    assert judge(marked[field], "MARKUP") == "reject"


PYTHON = """rate = 0.08
def owed(debt, days):
    return debt * rate * days / 365"""
SCRIPT = """const owed = (debt, days) => {
  return debt * days;
}"""


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (PYTHON, "reject"), (f"```python\n{PYTHON}\n```", "reject"), (SCRIPT, "reject"),
        ("SELECT name FROM tenants WHERE paid = 0;\nupdate(name)", "reject"),
        ("over = max(0, rent - cap)\nrent = cap", "reject"),
        ("owed += rent", "flag"), ("for debt, day in owed:\n    total += debt", "reject"),
        ("if days > 30:", "flag"), ("=SUM(A1:A12)", "flag"), ("owed = sum(debts)", "flag"),
        # words of the law, formulas and lists
        ("```\nThe rent is owed.\n```", "clean"), ("Tax = income - allowance", "clean"),
        ("interest = debt x 8% x days / 365\nfee = 5%", "clean"),
        ("She must (see section 2(1)):\nreturn the deposit;\nlet the agent know;", "clean"),
        ("If the rent exceeds \u00a3100 (or = \u00a3100):\n- the court may vary it", "clean"),
        ("The function of the board = advice (section 3)", "clean"),
        ("Select the lot from the sale; import duty = 5%", "clean"),
    ],
)  # fmt: skip
def test_lines_of_a_program(lines: str, expected: str) -> None:
    """With a fence, which is taken off a plain type, or without one."""
    given = draft(answer=f"{text(60)}\n{lines}\nSo it is.", steps=STEPS)
    assert judge(given, "MARKUP", sample_type="short_qa") == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("Claim | Period\n:--- | ---:\nDebt | six years", "reject"),
        ("|Claim|Period|\n|:-:|:-:|\n|Debt|six years|", "reject"),
        ("Claim | Period\n\nDebt | six years", "reject"),
        ("Claim | Period | |---|---| | Debt | six years |", "reject"),
        ("| Claim | Period | Start | | Debt | six years | breach |", "reject"),
        ("Claim\tPeriod\tStart\nDebt\tsix years\tbreach", "reject"),
        ("Claim     Period     Start\nDebt      six years   breach", "reject"),
        ("Claim    Period\nDebt    six years\nLand    twelve years", "reject"),
        ("+-----+-----+\n| Debt | six |", "reject"),
        ("The form says: name | address. Both are needed.\nSo is a date.", "clean"),
        ("1.\tThe debt.\n2.\tThe interest.\n3.\tThe costs.", "clean"),
        ("-   the debt\n-   the interest\n-   the costs", "clean"),
        ("Client:\tMay I?\nLawyer:\tYou may.\nClient:\tThen I will.", "clean"),
        ("   It is so.\n   It was so.\n   It will be so.", "clean"),
    ],
)
@pytest.mark.parametrize("sample_type", ["short_qa", "comparative"])
def test_tables(lines: str, sample_type: str, expected: str) -> None:
    """Columns are made for a page, in every type; items and speakers are none."""
    given = draft(answer=f"{text(60)}\n{lines}\nSo it is.", steps=STEPS)
    assert judge(given, "MARKUP", sample_type=sample_type) == expected


@pytest.mark.parametrize(
    ("question", "sample_type", "expected"),
    [
        (f"### Facts\n{QUESTION}", "concept", "flag"),
        (f"### Facts\n{QUESTION}", "short_qa", "clean"),
        (f"{QUESTION} See paragraph #3.", "concept", "clean"),
    ],
)
def test_headings_in_a_question(question: str, sample_type: str, expected: str) -> None:
    """A question is asked in prose; in short types the heading's sign is stripped."""
    assert judge(draft(question), "MARKUP", sample_type=sample_type) == expected


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
    given = draft(answer=naming(cited), cited=cited)

    assert judge(given, "CITATION_JURISDICTION", GATE, **changes) == expected


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
    assert judge(draft(answer=naming(cited), cited=cited), "CITATION_UNPARSED") == expected


@pytest.mark.parametrize(
    ("answer", "cited", "expected"),
    [
        ("Nothing is named.", ("Hyde v Wrench (1840) 3 Beav 334",), "flag"),
        ("In Hyde the offer died.", ("Hyde v Wrench (1840) 3 Beav 334",), "clean"),
        ("Section 172 binds her.", ("Companies Act 2006 s 172",), "clean"),
        ("The CA binds her.", ("Companies Act 2006",), "clean"),
        ("Nothing is named.", ("[1932] AC 562",), "flag"),
        ("It stands at [1932] AC 562.", ("[1932] AC 562",), "clean"),
        ("Fair use is a defence.", ("17 U.S.C. \u00a7 107",), "flag"),
        ("Section 107 is a defence.", ("17 U.S.C. \u00a7 107",), "clean"),
        ("So says 17 U.S.C. \u00a7 107.", ("17 U.S.C. \u00a7 107",), "clean"),
        ("The GDPR binds her.", ("Regulation (EU) 2016/679",), "clean"),
        ("Regulation 2016/679 binds her.", ("Regulation (EU) 2016/679",), "clean"),
        ("So held the Court in C-131/12.", ("Case C-131/12",), "clean"),
        ("The Court so held.", ("Case C-131/12",), "flag"),
        ("A search is unreasonable.", ("U.S. Const. amend. IV",), "flag"),
        ("The Fourth Amendment forbids it.", ("U.S. Const. amend. IV",), "clean"),
        ("It is in some book.", ("Some book of hers",), "clean"),
        ("The Court refused it in Barcelona and did not say why.",
         ("Barcelona Traction, Judgment, ICJ Reports 1970, p 3",), "clean"),
        ("The Court refused it and gave Judgment.",
         ("Barcelona Traction, Judgment, ICJ Reports 1970, p 3",), "flag"),
        ("Article 46(1) asks for safeguards.", ("Regulation (EU) 2016/679, art 46(1)",), "clean"),
        ("Article 6 asks for a basis.", ("Regulation (EU) 2016/679, art 46(1)",), "flag"),
        ("There are 46 of them.", ("Regulation (EU) 2016/679, art 46(1)",), "flag"),
    ],
)  # fmt: skip
def test_citation_ungrounded(answer: str, cited: tuple[str, ...], expected: str) -> None:
    """The only citation flags where the answer does not name it, by its name or its number."""
    steps = ("Find out what was said.", "Say what follows from it.")

    assert judge(
        draft(steps=steps, answer=text(60, answer), cited=cited), "CITATION_UNGROUNDED"
    ) == (expected)


@pytest.mark.parametrize(
    ("answer", "cited", "kept"),
    [
        ("In Hyde the offer died.",
         ("Foss v Harbottle (1843) 2 Hare 461", "Hyde v Wrench (1840) 3 Beav 334"), (1,)),
        ("Nothing is named.",
         ("Foss v Harbottle (1843) 2 Hare 461", "Hyde v Wrench (1840) 3 Beav 334"), (0,)),
        ("Section 107 is a defence.", ("17 U.S.C. \u00a7 107", "17 U.S.C. \u00a7 512"), (0,)),
        ("Section 172 binds her.", ("Companies Act 2006 s 172", "a book on trusts"), (0,)),
    ],
)  # fmt: skip
def test_a_citation_that_is_named_nowhere_goes(
    answer: str, cited: tuple[str, ...], kept: tuple[int, ...]
) -> None:
    """It is taken out as long as another is left, and nothing is said of it."""
    steps = ("Find out what was said.", "Say what follows from it.")
    given = draft(steps=steps, answer=text(60, answer), cited=cited)
    verdict = GATE.inspect(given, TASK, completion(), BOUNDS)

    assert [item.text for item in verdict.citations] == [cited[at] for at in kept]
    assert [item.text for item in verdict.draft.citations] == [cited[at] for at in kept]
    assert verdict.fixes == ("unnamed citations",)
    assert severity(verdict, "CITATION_UNGROUNDED") == (
        "flag" if answer == "Nothing is named." else "clean"
    )


def test_a_row_of_a_dataset_keeps_its_citations() -> None:
    """Only an answer that was just written is changed; a check tells of it instead."""
    given = draft(cited=("Law of Property Act 1925 s 146", "Foss v Harbottle (1843) 2 Hare 461"))
    verdict = replace(GATE, prunes=False).inspect(given, None, None, BOUNDS)

    assert (len(verdict.citations), severity(verdict, "CITATION_UNGROUNDED")) == (2, "flag")


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
    """Listed, parsed, named where nobody could look it up, unparsed: never valid."""
    gate = replace(GATE, authorities=LISTED)
    cited = (
        "Hyde v Wrench (1840) 3 Beav 334", "Bowman v Fels [2005] EWCA Civ 226", "some book",
        "ICO guidance on consent", "section 12", "Foo v Bar", "Vienna Convention 1969 art 31",
    )  # fmt: skip
    given = draft(answer=naming(cited), cited=cited)

    assert gate.inspect(given, TASK, completion(), BOUNDS).citations == (
        Citation(cited[0], "uk_report", "(1840) 3 Beav 334", "listed", "says so"),
        Citation(cited[1], "uk_neutral", "ewca/civ/2005/226", "parsed", "says so"),
        Citation("some book", "", "", "unparsed", "says so"),
        Citation(cited[3], "guidance", "ICO guidance on consent", "named", "says so"),
        Citation(cited[4], "section", "s 12", "named", "says so"),
        Citation(cited[5], "case_name", "Foo v Bar", "named", "says so"),
        Citation(cited[6], "treaty", "Vienna Convention 1969 art 31", "parsed", "says so"),
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


@pytest.mark.parametrize(
    ("cited", "expected"),
    [
        ("Wrench v Hyde (1840) 3 Beav 334", "flag"), ("Hyde v Wrench (1840) 3 Beav 334", "clean"),
        ("Wrench v Hyde [1951] 2 KB 215", "clean"),
        ("Rock Advertising Ltd v MWB Exchange Ltd [2018] UKSC 24", "clean"),
    ],
)  # fmt: skip
def test_parties_the_wrong_way_round_are_suspect(cited: str, expected: str) -> None:
    """Of a reported case that is listed; on appeal a court's own number goes with either name."""
    listed = [
        "Hyde v Wrench (1840) 3 Beav 334",
        "MWB Exchange Ltd v Rock Advertising Ltd [2018] UKSC 24",
    ]
    checked = replace(GATE, authorities=Authorities.of(listed))

    assert judge(draft(cited=(cited,)), "CITATION_SUSPECT", checked) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("A driver owes a duty of care to pedestrians who cross the road at night.", "flag"),
        ("A counter-offer by the buyer kills the offer of the seller.", "clean"),
        ("Effect of registered dispositions.", "clean"),
        ("", "clean"),
    ],
)
def test_what_is_said_of_a_citation_is_of_the_sample(said: str, expected: str) -> None:
    """None of five telling words stands anywhere: it was said of another case, or for another."""
    given = draft(answer=text(60, "In Hyde the buyer made a counter-offer."))
    given = replace(given, citations=(DraftCitation("Hyde v Wrench (1840) 3 Beav 334", said),))

    assert judge(given, "CITATION_UNGROUNDED") == expected


# --- stage three: what the type requires ---


@pytest.mark.parametrize(
    ("element", "code", "answer", "cited", "expected"),
    [
        ("parties", "MISSING_PARTIES", "The tenant Tomasz loses.", (), "clean"),
        ("parties", "MISSING_PARTIES", "The tenant loses.", (), "flag"),
        ("parties", "MISSING_PARTIES", "The tomasz of the story loses.", (), "flag"),
        ("irac", "MISSING_IRAC", "Therefore the claim fails.", (), "clean"),
        ("irac", "MISSING_IRAC", "The claim is one of many.", (), "flag"),
        ("irac", "MISSING_IRAC", "To conclude, the claim fails.", (), "clean"),
        ("next_steps", "MISSING_NEXT_STEPS", "You should write at once.", (), "clean"),
        ("next_steps", "MISSING_NEXT_STEPS", "The rule is old.", (), "flag"),
        ("next_steps", "MISSING_NEXT_STEPS", "I recommend a letter.", (), "clean"),
        ("time_limit", "MISSING_TIME_LIMIT", "Appeal within 21 days.", (), "clean"),
        ("time_limit", "MISSING_TIME_LIMIT", "Claim in three months.", (), "clean"),
        ("time_limit", "MISSING_TIME_LIMIT", "Appeal promptly.", (), "flag"),
        ("section", "MISSING_SECTION", "Under s 146 notice is due.", (), "clean"),
        ("section_number", "MISSING_SECTION", "Under article 6 it is.", (), "clean"),
        ("section", "MISSING_SECTION", "Under Article V of the Convention it is.", (), "clean"),
        ("section", "MISSING_SECTION", "Under Title VII it is unlawful.", (), "clean"),
        ("section_number", "MISSING_SECTION", "Under the section it is.", (), "flag"),
        ("statute_citation", "MISSING_STATUTE", "So.", ("Companies Act 2006",), "clean"),
        ("statute_citation", "MISSING_STATUTE", "So.", ("[1932] AC 562",), "flag"),
        ("statute_citation", "MISSING_STATUTE", "The Companies Act 2006.", (), "flag"),
        ("two_jurisdictions", "MISSING_JURISDICTIONS", "England and Germany differ.", (), "clean"),
        ("two_jurisdictions", "MISSING_JURISDICTIONS", "English law is clear.", (), "flag"),
        ("two_jurisdictions", "MISSING_JURISDICTIONS", "England and Scotland differ.", (), "clean"),
        ("two_jurisdictions", "MISSING_JURISDICTIONS", "The UK is not Scotland.", (), "flag"),
        ("two_jurisdictions", "MISSING_JURISDICTIONS", "New York has what Delaware lacks.", (),
         "clean"),
        ("two_jurisdictions", "MISSING_JURISDICTIONS", "English law.", ("1 U.S.C. 1",), "clean"),
        ("conduct_rule", "MISSING_CONDUCT_RULE", "The SRA forbids it.", (), "clean"),
        ("conduct_rule", "MISSING_CONDUCT_RULE", "It is wrong.", (), "flag"),
        ("conduct_rule", "MISSING_CONDUCT_RULE", "So.", ("SRA Code of Conduct",), "clean"),
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
    assert parties("He sold 5\u00d7Turin.") == ("Turin",)  # no sign begins a name


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


@pytest.mark.parametrize(
    ("label", "kept"),
    [
        ("Question: ", ""),
        ("**Question:** ", ""),
        ("Q: ", ""),
        ("### Question\n", ""),
        ("Question time is over. ", "Question time is over. "),
    ],
)
def test_a_question_loses_its_label(label: str, kept: str) -> None:
    """The column says that it is a question."""
    assert mend(draft(f"{label}{QUESTION}"))[0].question == f"{kept}{QUESTION}"


@pytest.mark.parametrize(
    ("label", "kept"),
    [
        ("Answer: ", ""),
        ("**Final answer:** ", ""),
        ("Response:\n", ""),
        ("Answering that takes care. ", "Answering that takes care. "),
        ("A: So. B: No. ", "A: So. B: No. "),
    ],
)
def test_an_answer_loses_its_label(label: str, kept: str) -> None:
    """But a dialogue keeps its speakers."""
    assert mend(draft(answer=f"{label}{text(60)}"))[0].answer == f"{kept}{text(60)}"


@pytest.mark.parametrize(
    ("end", "sample_type", "kept"),
    [
        ("It is so. Would you like me to draft the letter?", "advice", "It is so."),
        ("It is so.\n\nDo you want me to go on?", "concept", "It is so."),
        ("B: So. Would you like me to go on?", "dialogue", "B: So. Would you like me to go on?"),
        ("Is it so?", "advice", "Is it so?"),
    ],
)
def test_an_answer_loses_its_last_offer(end: str, sample_type: str, kept: str) -> None:
    """A chat offers more; a person in a dialogue may."""
    assert mend(draft(answer=f"{text(60)}. {end}"), sample_type)[0].answer == f"{text(60)}. {kept}"


@pytest.mark.parametrize(
    ("blank", "kept"),
    [("_____", "_____"), ("__soon__", "soon"), ("**_soon_**", "_soon_"), ("____", "____")],
)
def test_blanks_are_no_emphasis(blank: str, kept: str) -> None:
    """What stripping would take for bold stays, so that it can be refused."""
    assert mend(draft(answer=f"Pay {blank} now"), "short_qa")[0].answer == f"Pay {kept} now"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("*Hyde v Wrench* (1840) 3 Beav 334", "Hyde v Wrench (1840) 3 Beav 334"),
        ("2. **Companies Act 2006**", "Companies Act 2006"),
        ("_Hyde v Wrench_", "Hyde v Wrench"),
        ("- Companies Act 2006", "Companies Act 2006"),
        ("42 U.S.C. 1983", "42 U.S.C. 1983"),
    ],
)
def test_citations_are_plain_text(given: str, kept: str) -> None:
    """Emphasis, bullets and numbers are of a page, not of an authority."""
    assert [item.text for item in mend(draft(cited=(given,)))[0].citations] == [kept]


@pytest.mark.parametrize(
    ("cited", "kept"),
    [
        (("Companies Act 2006, s 172",) * 4, 1),
        (("Companies Act 2006, s 172", "Companies Act 2006 s. 172"), 1),
        (("some book", "Some Book"), 1),
        (("Companies Act 2006, s 172", "Companies Act 2006, s 173"), 2),
        (("Patel v Mirza [2016] UKSC 42 [35]", "Patel v Mirza [2016] UKSC 42 [60]"), 2),
    ],
)
def test_a_citation_counts_once(cited: tuple[str, ...], kept: int) -> None:
    """Repeating one fills no minimum; another section or paragraph is another citation."""
    given = draft(answer=naming(cited), cited=cited)
    verdict = GATE.inspect(given, TASK, None, replace(BOUNDS, min_citations=2))

    assert len(verdict.citations) == len(verdict.draft.citations) == kept
    assert ("repeated citations" in verdict.fixes) is (kept < len(cited))
    assert severity(verdict, "CITATION_MISSING") == ("flag" if kept < 2 else "clean")


@pytest.mark.parametrize(
    ("named", "cited"),
    [
        ("Ko\u0308bler", "K\u00f6bler v Republik \u00d6sterreich [2003] ECR I-10239"),
        ("K\u00f6bler", "Ko\u0308bler v Republik O\u0308sterreich [2003] ECR I-10239"),
        ("Kobler", "K\u00f6bler v Republik \u00d6sterreich [2003] ECR I-10239"),
    ],
)
def test_accents_do_not_hide_a_name(named: str, cited: str) -> None:
    """One letter or a letter and its mark: it is the same party; so it is stored as one letter."""
    verdict = GATE.inspect(draft(answer=text(60, f"So says {named}.")), TASK, None, BOUNDS)
    assert verdict.draft.answer.isascii() or "\u00f6" in verdict.draft.answer

    given = draft(answer=text(60, f"So says {named}."), cited=(cited,))
    assert judge(given, "CITATION_UNGROUNDED") == "clean"


def test_brackets_are_mended_in_list_and_answer() -> None:
    """The same citation keeps the same form in both places."""
    wrong, right = "R v Palmer (1971) 2 QB 163", "R v Palmer [1971] 2 QB 163"

    mended, fixes = mend(draft(answer=f"See {wrong}.", cited=(wrong,)))

    assert (mended, fixes) == (
        draft(answer=f"See {right}.", cited=(right,)),
        ("citation form",),
    )


@pytest.mark.parametrize(
    ("cited", "proposition", "exchanged"),
    [
        (
            "A promise is binding if it is relied on.",
            "Hughes v Metropolitan Rly (1877) 2 AC 439",
            1,
        ),
        ("The buyer may reject goods.", "Sale of Goods Act 1979, s 14; CRA 2015, s 20", 1),
        ("Hadley v Baxendale", "Loss is recoverable (1854) if it was in view.", 0),
        ("The law of the sea is a customary one.", "It was codified in 1982 at Montego Bay.", 0),
        ("Sale of Goods Act 1979, s 14", "Theft Act 1968, s 1", 0),
    ],
)
def test_a_source_that_stands_for_what_it_says_is_put_right(
    cited: str, proposition: str, exchanged: int
) -> None:
    """Text and proposition in each other's place: the answer is as good as it was."""
    given = (DraftCitation(cited, proposition), DraftCitation(proposition, cited))

    mended, _ = mend(replace(draft(), citations=given[:1]))

    assert mended.citations == (given[exchanged],)


@given(st.text(max_size=60), st.lists(st.text(max_size=30), max_size=3), st.text(max_size=120))
@example("0", [""], "0\n0")
@example("0", ["\n"], "\n")
@example("", [], "")
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
        ({"PROMPT_LEAK": "graded"}, "PROMPT_LEAK has no grades"),
        ({"EMPTY_FIELD": "off"}, "EMPTY_FIELD always rejects"),
        ({"near_answer": "high"}, "near_answer takes a share from 0 to 1, not 'high'"),
        ({"near_answer": -1}, "near_answer takes a share from 0 to 1, not -1"),
        ({"leak_share": 50}, "leak_share takes a share from 0 to 1, not 50"),
        ({"near_answer": float("nan")}, "near_answer takes a share from 0 to 1, not nan"),
        ({"min_citations": True}, "min_citations takes a whole number of at least 0, not True"),
        ({"min_citations": 1.5}, "min_citations takes a whole number of at least 0, not 1.5"),
        ({"min_citations": []}, "min_citations takes a whole number of at least 0, not []"),
        ({"answer_tolerance": float("inf")}, "answer_tolerance takes a number of at least 0, not"),
        ({"min_score": 9}, "min_score takes a mark from 1 to 5, or 0 for none, not 9"),
        ({"min_score": 0.5}, "min_score takes a mark from 1 to 5, or 0 for none, not 0.5"),
        ({"flag_score": 99}, "flag_score takes a mark from 1 to 5, or 0 for none, not 99"),
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
    assert Rules.of(msgspec.structs.asdict(Thresholds())).thresholds == Thresholds()


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


@pytest.mark.parametrize(
    ("score", "override", "expected"),
    [(None, "flag", False), (None, "reject", True), (None, "off", None), (5.0, "flag", None)],
)
def test_unjudged(score: float | None, override: str, expected: bool | None) -> None:
    """A judge was asked for and none could be had; a mark, however good, is none of that."""
    reason = replace(GATE, rules=Rules.of({"UNJUDGED": override})).score(score)

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


@pytest.mark.parametrize(("year", "expected"), [(1999, "flag"), (1993, "flag"), (1992, "clean")])
def test_one_name_with_years_far_apart_is_a_conflict(year: int, expected: str) -> None:
    """Three years between two references of one name; an appeal may take two."""
    corpus = Corpus()
    corpus.add("lg_1", QUESTION, parse("Foo v Barnaby [1990] 1 WLR 3"))

    verdict = review(corpus, draft(cited=(f"Foo v Barnaby [{year}] 1 WLR 3",)))

    assert severity(verdict, "CITATION_CONFLICT") == expected


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


@pytest.mark.parametrize(("every", "expected"), [(20, "flag"), (80, "clean")])
def test_rare_openings_are_forgotten(
    monkeypatch: pytest.MonkeyPatch, every: int, expected: str
) -> None:
    """However many there are, few are held, and those in one question of twenty are known."""
    monkeypatch.setattr("legalgen.quality.corpus.MOST_WORDS", 60)
    corpus = Corpus()
    for number in range(2_000):
        opening = f"q{number} is another matter" if number % every else "What is the rule"
        corpus.add(f"lg_{number}", f"{opening} for person{number}?", ())

    assert (
        severity(review(corpus, draft("What is the rule on rent?")), "OPENING_OVERUSED") == expected
    )
    assert len(corpus.kept().openings) <= 60
    assert len(corpus.kept().parties) <= 60


@pytest.mark.parametrize(
    ("same", "total", "expected"),
    [(30, 200, "flag"), (7, 200, "flag"), (6, 200, "clean"), (0, 200, "clean"), (30, 199, "clean")],
)
def test_party_overused(same: int, total: int, expected: str) -> None:
    """One name in more than 3 % of at least 200 questions."""
    corpus = Corpus()
    for number in range(total):
        name = "Tomasz" if number < same else f"person{number}"
        corpus.add(f"lg_{number}", f"q{number} asks whether {name} may sue?", ())

    assert severity(review(corpus, draft()), "PARTY_OVERUSED") == expected


@pytest.mark.parametrize(
    "phrase",
    [
        "the firm Inc or its Corp", "a Pte Ltd", "the Insolvency Act 1986", "in Leeds", "in Wigan",
        "the Financial Conduct Authority", "the Court of Appeal for the Ninth Circuit",
        "the German and the French seller", "the state of Belcastra", "the Claimant",
    ],
)  # fmt: skip
def test_laws_places_and_endings_are_never_overused(phrase: str) -> None:
    """What every question of an area has to name is no sign of one template."""
    corpus = Corpus()
    for number in range(300):
        corpus.add(f"lg_{number}", f"q{number} asks about {phrase} here?", ())

    verdict = review(corpus, draft(f"May she rely on {phrase} here and now?"))

    assert severity(verdict, "PARTY_OVERUSED") == "clean"


@pytest.mark.parametrize("jurisdiction", ["uk", "us", "eu", "international"])
def test_the_names_that_prompts_hand_out_are_not_overused(jurisdiction: str) -> None:
    """Drawn evenly, none of them is flagged but by chance while the dataset is small."""
    taxonomy, corpus, flagged = Taxonomy.builtin(), Corpus(), 0
    planner = TaskPlanner(taxonomy, Filter(jurisdictions=(jurisdiction,)), {}, 1, "2026-11")
    for task in planner.plan(1_000):
        seeds = draw(task, taxonomy.area(task.jurisdiction, task.practice_area).proceedings)
        question = f"q{task.slot} asks for {' and '.join(seeds.names)}"
        flagged += "PARTY_OVERUSED" in corpus.review(Verdict(draft(question))).flags
        corpus.add(f"lg_{task.slot}", question, ())

    assert flagged <= 5


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
    read = reading.Reading(given, None, BOUNDS, ())
    found = read.copied(read.steps)
    monkeypatch.setattr(reading, "MOST_SEARCHED", 0)
    assert read.copied(read.steps) == found


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
