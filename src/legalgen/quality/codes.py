"""The table of the gate: every code, when it is looked for, what it does and what it says.

One row a code (two, where it is looked for in two stages), in the order in which the checks run
within a stage. The checks themselves are in the modules of ``quality`` and are named here by their
function (``Gate.finders``), so that the table can be read, and settings be checked against it,
without loading them. The table of codes in ``docs/reference/sample.md`` is made from it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal

import msgspec

Severity = Literal["reject", "flag", "graded", "off"]
"""``graded`` is what the measured value makes of it: flag when near, reject when far."""
Stage = Literal["readable", "usable", "good", "set", "judged"]
"""``readable``, ``usable`` and ``good`` are what the gate asks of one answer, in this order; the
first stage with a refusal ends the check. ``set`` is asked against the dataset, ``judged`` of
another model's marks."""


class Check(msgspec.Struct, frozen=True):
    """One code of the gate.

    ``finder`` is the function that finds it; several codes may share one, and it is empty where
    another module than the gate finds it. ``when`` is the sentence for people. ``feedback`` is what
    the model is told: ``{found}`` stands for what was measured, and against what.
    """

    code: str
    stage: Stage
    severity: Severity
    finder: str
    when: str
    feedback: str = "{found}"


TABLE: Final = (
    # --- can it be read ---
    Check("BAD_JSON", "readable", "reject", "", "The answer is not one JSON object."),
    Check(
        "THINKING_ONLY", "readable", "reject", "",
        "The model only thought: its tokens went into reasoning, and no answer came.",
    ),
    Check(
        "NO_TEXT", "readable", "reject", "",
        "The server sent no text: an empty message, a tool call in its place, or no choice.",
    ),
    Check("SCHEMA", "readable", "reject", "", "A field is missing or of another type."),
    Check(
        "TRUNCATED", "readable", "reject", "form", "The answer was cut off by its token cap."
    ),
    Check("EMPTY_FIELD", "readable", "reject", "form", "Question or answer is blank."),
    Check(
        "ENDLESS", "readable", "reject", "form",
        "A field has over 20,000 characters, and over 20 for each word of the longest answer, or "
        "over 4,000 figures in a row.",
        "{found}: stop when all is said",
    ),
    Check("JSON_REPAIRED", "readable", "flag", "form", "The JSON had to be mended."),
    # --- does it rest on the passages that were given (grounded samples alone) ---
    Check(
        "GROUND_MISSING", "readable", "reject", "grounding",
        "Grounded: no statement rests on a quotation.",
    ),
    Check(
        "GROUND_UNKNOWN", "readable", "reject", "grounding",
        "Grounded: a citation names a passage that was not given.",
    ),
    Check(
        "QUOTE_SHORT", "readable", "reject", "grounding",
        "Grounded: a quotation of fewer than five words.",
    ),
    Check(
        "QUOTE_ALTERED", "readable", "reject", "grounding",
        "Grounded: the passage says it in other words.",
    ),
    Check(
        "QUOTE_MISATTRIBUTED", "readable", "reject", "grounding",
        "Grounded: the quotation stands in another passage.",
    ),
    Check(
        "QUOTE_NOT_FOUND", "readable", "reject", "grounding",
        "Grounded: the quotation stands in no passage.",
    ),
    Check(
        "OUTSIDE_SOURCE", "readable", "reject", "grounding",
        "Grounded: question, steps or answer cite what no passage holds.",
    ),
    Check(
        "QUOTE_LONG", "good", "flag", "grounding", "Grounded: a quotation of over 120 words."
    ),
    Check(
        "QUOTE_ELIDED", "good", "flag", "grounding",
        "Grounded: what may turn the sense (not, unless, except) stands right before the quotation "
        "or where an ellipsis is, or the ellipsis joins halves of two sentences.",
    ),
    Check(
        "NUMBER_UNGROUNDED", "good", "flag", "grounding",
        "Grounded: the answer holds a number that neither the passages nor the question has.",
    ),
    Check(
        "SOURCE_ECHO", "good", "flag", "grounding",
        "Grounded: more than half of the answer is copied from the passages.",
    ),
    # --- may it be used ---
    Check("REFUSAL", "usable", "reject", "refusal", "The model declines."),
    Check(
        "META_TALK", "usable", "graded", "meta_talk",
        "It speaks of AI or of the task, greets or offers more as a chat does, or thinks aloud; "
        "a sentence whose words may be such talk: flagged.",
        "{found}: write only about the law",
    ),
    Check(
        "META_TALK", "usable", "graded", "task_talk",
        "A sentence of words for an order, for a text and for what was done about it: flagged; of "
        "many, or a second such sentence: refused. So is what examiners say of marks and scripts, "
        "and what sets a text apart from others of its batch.",
        "{found}: write only about the law",
    ),
    Check(
        "PROMPT_LEAK", "usable", "reject", "prompt_leak",
        "Six words in a row are those of the instructions that were sent, or it tells its length.",
        "{found} are words of the instructions: write only about the law",
    ),
    Check(
        "PLACEHOLDER", "usable", "reject", "placeholder",
        '`[insert ...]`, `____`, `[20XX]`, `TBD`; a citation that says "N/A", "none" or "varies by '
        'national law".',
    ),
    Check(
        "LANGUAGE", "usable", "reject", "language",
        "Another language than English, be it in one sentence, or too many letters of other "
        "scripts; not in quotation marks or brackets.",
    ),
    Check(
        "ROLE_PLAY", "usable", "graded", "role_play",
        "Stage directions, or an invented character who speaks: refused. A single aside in a "
        "dialogue: flagged.",
        "{found}: write in the plain voice of a lawyer, without stage directions",
    ),
    Check(
        "ROLE_PLAY", "usable", "graded", "voice",
        "Words of a storyteller, or a writer who speaks of himself three times outside a talk, "
        "five times where he advises: flagged; more of either: refused.",
        "{found}: write in the plain voice of a lawyer, without stage directions",
    ),
    Check(
        "ADVERTISING", "usable", "graded", "advertising",
        "It praises a product or offers services, or gives addresses and numbers to get in touch; "
        "a sentence whose words may be an offer: flagged.",
        "{found}: leave out advertising and contact data",
    ),
    Check(
        "ADVERTISING", "usable", "graded", "brands",
        "A name that is neither the question's nor the law's stands where somebody says `we`, or "
        "where praise, an offer or a tool is: flagged, and refused where more of these come "
        "together.",
        "{found}: leave out advertising and contact data",
    ),
    Check(
        "HARMFUL", "usable", "graded", "registers",
        "It may advise to destroy or hide evidence or money, to backdate, or to lie: flagged. It "
        "plainly tells somebody to, and nothing in it says that this is forbidden: refused.",
        "{found}: advise nothing that the law forbids",
    ),
    Check(
        "HARMFUL", "usable", "graded", "hiding",
        "It is full of words of hiding and lying, tells somebody to, and says of nothing that it "
        "is forbidden: flagged; of more such words, or where the question asks how not to be found "
        "out: refused.",
        "{found}: advise nothing that the law forbids",
    ),
    Check(
        "NO_ANSWER", "usable", "graded", "no_answer",
        "Its words would fit any question (they weigh, announce, praise, or send to a lawyer): "
        "flagged from 36 % of them (25 %, if its sentences only say what is going to be said, 20 % "
        "where hardly a word says what the law is), refused from 44 %. From 25 % on, sentences "
        "that hedge, decline to say or send to somebody count as well: where they are 70 % of it, "
        "it is flagged at 25 % and refused at 35 %. Half of its telling words are the question's, "
        "and of 100 words fewer than 16 are new: flagged; fewer than 10: refused. It is asked for "
        "a time or a sum and gives none, promises three points and tells two, or is made of "
        "questions or of bare figures: flagged. It names questions at its beginning and never "
        "comes to one of them: flagged, refused where that one was asked or too few paragraphs "
        "follow. It is asked for a court and tells neither one nor where to sue, although the "
        "steps do: refused.",
        "{found}: state the rule and what follows from it",
    ),
    Check(
        "TRUNCATED", "usable", "reject", "cut",
        "It ends in the middle of a sentence, or with one that announces what does not come.",
    ),
    # --- is it good ---
    Check("QUESTION_LENGTH", "good", "reject", "lengths", "Fewer or more words than allowed."),
    Check(
        "ANSWER_LENGTH", "good", "graded", "lengths",
        "Outside the words of its type and difficulty.",
    ),
    Check("STEPS_COUNT", "good", "reject", "steps", "Fewer or more steps than its type has."),
    Check("STEP_TEXT", "good", "reject", "steps", "A step of too few words."),
    Check(
        "QUESTION_LEAK", "good", "reject", "overlap", "The answer repeats the question.",
        "{found}: do not repeat the question",
    ),
    Check(
        "STEPS_COPY", "good", "flag", "overlap", "The steps are largely repeated in the answer."
    ),
    Check(
        "REPETITION", "good", "reject", "repetition",
        "Steps that say the same, a sentence six times, or hardly a new word.",
    ),
    Check(
        "TELEGRAPHIC", "good", "flag", "shape", "Numbered catchwords instead of sentences.",
        "{found}: write sentences",
    ),
    Check(
        "MARKUP", "good", "graded", "shape",
        "HTML, JSON, LaTeX, lines of a program, a written-out `\\n` or garbled letters, a table: "
        "refused. Boxes, pictures, a code fence, a single line of a program, words of another "
        "script, another question with its answer, headings in a question or a short type: "
        "flagged.",
    ),
    Check(
        "LIST_ONLY", "good", "reject", "list_only",
        "A list of catchwords instead of an answer, or short pieces without verbs: of a hundred "
        "words one is a verb, or two where they are lines.",
        "{found}: write sentences",
    ),
    Check(
        "TELEGRAPHIC", "good", "flag", "list_only",
        "Somewhat longer pieces with as few verbs.",
        "{found}: write sentences",
    ),
    Check(
        "CITATIONS_IN_ANSWER", "good", "flag", "citations_in_answer",
        "The answer ends in a list of sources, or in notes, or a step is nothing but sources; they "
        "belong in `citations`.",
        "{found}: put sources into citations",
    ),
    # --- is it sound ---
    Check(
        "OFF_TOPIC", "good", "graded", "off_topic",
        "The answer has at most 5 % of the telling words of question and steps (of many 13 %), or "
        "at most a fifth and next to none of its topic: refused; at most 8 % (of many 17 %), or of "
        "few words none, or none of its topic: flagged. Names do not count. Where "
        "words that mean the same are taken for one: at most a quarter of those of question and "
        "steps, also of what the steps bring up: flagged; an eighth, or none for what both name "
        "again and again: refused.",
    ),
    Check(
        "STEPS_OFF_TOPIC", "good", "flag", "steps_off_topic",
        "The steps share at most one telling word with question and answer, or 60 % of their words "
        "would fit any question.",
        "{found}: let the steps lead to the answer",
    ),
    Check(
        "CONTRADICTION", "good", "graded", "contradiction",
        "The last step says no where the answer begins with yes, or the other way round; flagged "
        "where only most of their words are the same.",
        "{found}: decide one way, by the result of the steps",
    ),
    Check(
        "CONTRADICTION", "good", "graded", "verdicts",
        "Two sentences of the answer, or its first one and the last step, decide the opposite of "
        "one subject, also in other words (suppressed, put before the jury), or a party who wins "
        "by the last step loses in the first sentence: refused. Where it may be another subject, "
        "or no conclusion is drawn: flagged. A closing sentence that denies the last step, or the "
        "yes or no that the answer begins with, in the same words: refused.",
        "{found}: decide one way, by the result of the steps",
    ),
    Check(
        "FACTS_CHANGED", "good", "flag", "facts",
        "A party is called the other side of what the question makes of it, as the tenant "
        "landlord; its name is half another; or a period, a date or the sum of the same thing is "
        "another than the question's, which is not told; so is one from which a difference is "
        "worked out.",
        "{found}: keep to the facts of the question",
    ),
    Check(
        "INCONSISTENT", "good", "graded", "inconsistent",
        "An amount, a date or a period in the answer is another than in the steps; in its first "
        "sentence, or with figures exchanged: refused. Amounts are also read in words.",
        "{found}: let answer and steps have the same figures",
    ),
    Check(
        "INCONSISTENT", "good", "graded", "share_otherwise",
        "A share that the answer gives to somebody is another than the only one of the steps, "
        "which the numbers of the question have: `her two thirds` for 55 percent. A sum that the "
        "steps work out is left out of the answer, which has one in its stead to which no amounts "
        "lead: refused, of hours and days flagged.",
        "{found}: let answer and steps have the same figures",
    ),
    Check(
        "ARITHMETIC", "good", "graded", "arithmetic",
        "A sum that a sentence works out is wrong: `£48,000 less £700 leaves £47,000`.",
        "{found}: work it out again",
    ),
    Check(
        "ARITHMETIC", "good", "graded", "reckoning",
        "An amount is no share of any other as is said: flagged, refused where that stands right "
        "before it. The sum that the answer begins with or "
        "that a sentence reaches cannot be had from the other amounts, or what a year brings is "
        "multiplied wrong: flagged. What is called the rest, the difference or the total of "
        "others, and is not had from them by adding and taking away: refused where it stands "
        "beside them, else flagged.",
        "{found}: work it out again",
    ),
    Check(
        "ARITHMETIC", "good", "graded", "tallies",
        "A percentage is not that of the two numbers beside it, or the parts of a whole are more "
        "than all of it; an age does not follow from the birthday, nor a distance from its two "
        "days: refused. A date falls on another day of the week: flagged.",
        "{found}: work it out again",
    ),
    Check(
        "ARITHMETIC", "good", "graded", "comparisons",
        "A comparison in words is wrong: `$62,000, which is above the $75,000 required`.",
        "{found}: weigh the figures again",
    ),
    Check(
        "DEADLINE", "good", "graded", "deadline",
        "A claim is called late although its date lies before the end that the steps reach, or in "
        "time although it lies after, also a week after every period of the text, or to lie within "
        "a period that ended a week before: refused. A last day that no period reaches from any "
        "date, or an end that does not follow from the period and the day beside it: flagged, "
        "refused where it is over a month off, or the steps count the same period rightly. A day "
        "by which something must be done, after the end of every period: flagged, refused where "
        "there is one period and it is a week off.",
        "{found}: count the period again",
    ),
    Check(
        "STEPS_RESTATE", "good", "flag", "steps_restate",
        "The steps only say the question again, or what is to be written or was answered.",
        "{found}: each step draws an inference from law and facts",
    ),
    Check(
        "PARAPHRASE", "good", "graded", "paraphrase",
        "Paragraphs that say the same in other words: refused from three, two are flagged. "
        "Sentences that say an earlier one again: flagged from two, refused where they are half. "
        "Paragraphs that announce the same again, have the same figures each, or none of their "
        "own, and share their meanings; most of a paragraph after `in other words`: refused.",
        "{found}: say each thing once",
    ),
    Check(
        "PARAPHRASE", "good", "graded", "says_again",
        "Where words that stand for one another are taken for one, three paragraphs or most "
        "sentences share so many that they say one thing over and over: flagged or refused.",
        "{found}: say each thing once",
    ),
    Check(
        "TELEGRAPHIC", "good", "flag", "slips", "Arrows and signs stand for words.",
        "{found}: write sentences",
    ),
    Check(
        "STEPS_RESTATE", "good", "flag", "slips", "Two steps are each the other's reason.",
        "{found}: each step draws an inference from law and facts",
    ),
    Check(
        "CONTRADICTION", "good", "graded", "slips",
        "Its sentences say a thing and deny it at once: flagged.",
        "{found}: decide one way, by the result of the steps",
    ),
    Check(
        "META_TALK", "good", "graded", "slips",
        "It points to tables, boxes or chapters that no answer has: flagged.",
        "{found}: write only about the law",
    ),
    # --- is it law ---
    Check(
        "CITATION_MISSING", "good", "graded", "citation_count",
        "Fewer citations than its type expects; one given twice is one.",
    ),
    Check(
        "CITATION_UNPARSED", "good", "flag", "citation_count",
        "No citation has a form that is known, or one of them is a statement and no source.",
    ),
    Check(
        "CITATION_IMPOSSIBLE", "good", "reject", "citation_impossible",
        "It cannot exist: a court before its time, a year to come.",
    ),
    Check(
        "CITATION_JURISDICTION", "good", "reject", "citation_jurisdiction",
        "No citation is of the jurisdiction asked for.",
    ),
    Check(
        "CITATION_UNGROUNDED", "good", "flag", "citation_grounding",
        "The only citation is named neither in answer nor steps, by name or number. Where another "
        "is left, such a one is taken out. Or none of many words that are said of one is of the "
        "sample or its topic.",
    ),
    Check(
        "CITATION_FORMAT", "good", "flag", "citation_form",
        "Brackets or divisions as nobody cites.",
    ),
    Check(
        "CITATION_SUSPECT", "good", "flag", "citation_form",
        "A number of the kind that models invent, or a case with its parties the wrong way round.",
    ),
    Check(
        "CITATION_UNLISTED", "good", "graded", "citation_unlisted",
        "A case that the [policy](../explanation/citations.md) does not admit: taken out under "
        "`statute-first` and `apex-only`, flagged where its sentence has to stay, refused where "
        "the answer rests on it and under `menu`, flagged under `free` and in rows that are there "
        "already.",
    ),
    Check(
        "SECTION_NONEXISTENT", "good", "graded", "section_nonexistent",
        "A section or article beyond the last one of its Act, in citations, answer or steps: "
        "refused where the last one has a source, or it is far from it, else flagged. One with a "
        "letter (3C) that its Act never had, where all that it had are known: refused.",
        "{found}: name one that you are certain of, or none",
    ),
    Check(
        "ACT_UNKNOWN", "good", "flag", "act_unknown",
        "A British Act of this name and year is not among those that are known.",
        "{found} is no Act that is known: cite one that you are certain of",
    ),
    Check(
        "LAW_REPEALED", "good", "flag", "law_repealed",
        "An enactment or a section is cited that is no longer in force, or a case that was "
        "overruled; nothing says so, and the facts are not of its time.",
        "{found}: cite what is in force, or say that it is old law",
    ),
    Check(
        "LAW_LATER", "good", "flag", "law_later",
        "An Act is cited that is younger than every date of the facts, and nothing says that it "
        "reaches back.",
        "{found}: apply the law of the time of the facts",
    ),
    Check(
        "LAW_JURISDICTION", "good", "graded", "law_jurisdiction",
        "Terms of another legal system, and none of the one asked for: refused from two terms, "
        "or one that is nowhere else. Courts, Acts and doctrines of another part of the same "
        "state: one flags, two refuse, unless they are denied or compared.",
        "{found}: state the law of the place asked for",
    ),
    # --- has it what its type requires ---
    Check(
        "DIALOGUE_TURNS", "good", "reject", "required", "A dialogue without enough turns."
    ),
    Check("MISSING_PARTIES", "good", "flag", "required", "A hypothetical without named parties."),
    Check(
        "MISSING_IRAC", "good", "flag", "required",
        "An analysis without issue, rule, application or conclusion.",
    ),
    Check("MISSING_NEXT_STEPS", "good", "flag", "required", "Advice without next steps."),
    Check("MISSING_STATUTE", "good", "flag", "required", "No enactment is cited."),
    Check("MISSING_SECTION", "good", "flag", "required", "No section or article is named."),
    Check("MISSING_TIME_LIMIT", "good", "flag", "required", "A procedure without a time limit."),
    Check(
        "MISSING_JURISDICTIONS", "good", "flag", "required",
        "A comparison of fewer than two legal systems.",
    ),
    Check(
        "MISSING_CONDUCT_RULE", "good", "flag", "required",
        "No rule of professional conduct is named.",
    ),
    Check(
        "MISSING_APEX_CASE", "good", "flag", "required",
        "A case note without a case of a highest court.",
    ),
    Check(
        "DIFFICULTY", "good", "flag", "difficulty",
        "An expert answer without two views or a word of confidence; an advanced one of fewer than "
        "three steps that weighs nothing.",
    ),
    # --- against the dataset ---
    Check(
        "EXCLUDED", "set", "reject", "",
        "Too near to a question of a file that `--exclude` names.",
    ),
    Check("DUP_EXACT", "set", "reject", "", "The question is there already."),
    Check("DUP_NEAR", "set", "reject", "", "Nearly the question or the answer of another row."),
    Check("DUP_SOFT", "set", "flag", "", "Rather like another row."),
    Check(
        "OFF_QUESTION", "set", "graded", "",
        "With `--semantic`: the answer is far from the question in meaning.",
    ),
    Check(
        "DUP_MEANING", "set", "graded", "",
        "With `--semantic`: another row asks the same in other words; refused where the answers "
        "are near, too.",
    ),
    Check(
        "CITATION_CONFLICT", "set", "flag", "",
        "Another row gives the same reference another name.",
    ),
    Check("OPENING_OVERUSED", "set", "flag", "", "Too many questions begin with these words."),
    Check(
        "PARTY_OVERUSED", "set", "flag", "",
        "Too many questions have a party of this name; places, laws and bodies are none.",
    ),
    # --- by another model ---
    Check(
        "LOW_SCORE", "judged", "graded", "",
        "The lowest of a judge's marks is low; below `--min-score`: refused.",
    ),
    Check(
        "UNSUPPORTED", "judged", "flag", "",
        "Grounded: by the judge's mark, a quotation does not carry what it is quoted for.",
    ),
    Check("UNJUDGED", "judged", "flag", "", "A judge was asked for and none could be had."),
)  # fmt: skip
"""Every code and what it does unless a setting says otherwise."""

GROUNDING: Final = frozenset(
    check.code for check in TABLE if check.finder == "grounding" and check.severity == "reject"
)
"""What a grounded row is free of; it would not be grounded otherwise."""

ALWAYS_REJECT: Final = (
    frozenset({"BAD_JSON", "THINKING_ONLY", "NO_TEXT", "SCHEMA", "TRUNCATED", "EMPTY_FIELD"})
    | frozenset({"ENDLESS"})
    | GROUNDING
)
"""No setting turns these off: a row could not be read, or would not be called grounded."""

CODES: Final[Mapping[str, Severity]] = {check.code: check.severity for check in TABLE}
"""The severity of each code."""

FEEDBACK: Final[Mapping[str, str]] = {check.code: check.feedback for check in TABLE}
"""What the model is told of each code, with ``{found}`` where the measured value goes."""


def meaning(code: str) -> str:
    """What a code means, as the reference page of the sample has it; empty where it is unknown."""
    said = next((check.when for check in TABLE if check.code == code), "")
    return re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", said).replace("`", "")


def is_of_judge(code: str) -> bool:
    """Whether a code tells of another model's marks."""
    return any(check.code == code and check.stage == "judged" for check in TABLE)


def in_words(code: str) -> str:
    """The code with what it means: ``TRUNCATED (the answer was cut off by its token cap)``."""
    said = meaning(code)
    if not said[1:2].isupper():  # the name of a form of text (HTML) stays as it is
        said = said[:1].lower() + said[1:]
    return f"{code} ({said.rstrip('.')})" if said else code
