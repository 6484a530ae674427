"""Is an answer well made: lengths, steps, overlap, repetition, shape."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from legalgen.errors.plurals import plural
from legalgen.quality.mending import HEADING
from legalgen.quality.reading import Finding, Reading, excerpt, likeness, stems
from legalgen.quality.rules import Thresholds
from legalgen.store.sample import words


def form(reading: Reading) -> Iterator[Finding]:
    """What makes a row unreadable: an empty field."""
    draft, completion = reading.draft, reading.completion
    if completion is not None and completion.finish_reason == "length":
        tokens = completion.usage.output_tokens
        yield "TRUNCATED", f"the answer ended at its cap of {tokens} tokens", None, True
    for name, text in (("question", draft.question), ("answer", draft.answer)):
        if not any(character.isalnum() for character in text):
            yield "EMPTY_FIELD", f"{name} is empty, need text", name, True
    for name in reading.endless:
        yield (
            "ENDLESS",
            f"{name} has more characters, or figures in a row, than any sample",
            name,
            True,
        )
    if draft.repaired:
        yield "JSON_REPAIRED", "the JSON had to be mended", None, True


def lengths(reading: Reading) -> Iterator[Finding]:
    """Words of the question and of the answer, against their ranges."""
    limits = reading.limits
    count = len(reading.draft.question.split())
    low, high = limits.question_min_words, limits.question_max_words
    if not low <= count <= high:
        yield "QUESTION_LENGTH", f"{plural(count, 'word')}, need {low}-{high}", "question", True
    low, high = reading.bounds.answer_words
    count, slack = reading.answer_words, limits.answer_tolerance
    if not low <= count <= high:
        far = count < low * (1 - slack) or count > high * (1 + slack)
        yield "ANSWER_LENGTH", f"{plural(count, 'word')}, need {low}-{high}", "answer", far


def steps(reading: Reading) -> Iterator[Finding]:
    """How many reasoning steps there are, and whether each says something."""
    steps = reading.draft.reasoning_steps
    low, high = reading.bounds.reasoning_steps
    if not low <= len(steps) <= high:
        yield (
            "STEPS_COUNT",
            f"{plural(len(steps), 'step')}, need {low}-{high}",
            "reasoning_steps",
            True,
        )
    least = reading.limits.step_min_words
    for number, step in enumerate(steps, 1):
        count = len(step.split())
        if count < least:
            need = f"need {least} or more"
            yield (
                "STEP_TEXT",
                f"step {number} has {plural(count, 'word')}, {need}",
                "reasoning_steps",
                True,
            )


def overlap(reading: Reading) -> Iterator[Finding]:
    """Question and steps that stand in the answer word for word."""
    leak = _leak(reading, reading.limits)
    if leak is not None:
        yield "QUESTION_LEAK", leak, "answer", True
    most = reading.limits.steps_copy
    share = reading.copied(reading.steps, most)
    if share > most:
        what = f"{share:.0%} of the steps stand in the answer, at most {most:.0%}"
        yield "STEPS_COPY", what, "reasoning_steps", True


def _leak(reading: Reading, limits: Thresholds) -> str | None:
    question = reading.question
    whole = f" {' '.join(question)} "
    if len(question) >= limits.question_min_words and whole in reading.answer_line:
        return "the question stands in the answer word for word"
    if len(question) < limits.leak_min_words:
        return None
    share = reading.copied(question, limits.leak_share)
    if share < limits.leak_share:
        return None
    return f"{share:.0%} of the question stands in the answer, need under {limits.leak_share:.0%}"


LOOP_WORDS = 100

LOOP_SHARE = 0.25
"""Of so many words at least this share are different ones; in good answers it is over 0.4."""

LOOP_SENTENCES = 6
"""So often nobody says the same sentence."""

LONG_LINE = 200
"""Characters; a longer line is a paragraph, and nobody writes it twice."""

LIKE_STEPS = 0.8
"""Likeness (Jaccard) of the telling words from which three steps are one."""

MOST_COMPARED = 100
"""Steps, each with each; nobody asks for more than ten, and a model in a loop writes thousands."""


def repetition(reading: Reading) -> Iterator[Finding]:
    """Loops, and steps or sentences that say the same again."""
    again = _steps_again(reading)
    if again:
        yield "REPETITION", f"{again}: each step says something new", "reasoning_steps", True
    count, different = len(reading.answer), len(reading.answer_vocabulary)
    if count >= LOOP_WORDS and different < LOOP_SHARE * count:
        what = f"only {different} of {count} words differ: say each thing once"
        yield "REPETITION", what, "answer", True
        return
    paragraphs = [line for line in reading.draft.answer.split("\n") if len(line) > LONG_LINE]
    if len(set(paragraphs)) < len(paragraphs):
        yield "REPETITION", "a paragraph stands there twice: say each thing once", "answer", True
        return
    sentences = reading.draft.answer.rstrip(".").replace(".\n", ". ").split(". ")
    if len(sentences) - len(set(sentences)) < LOOP_SENTENCES - 1:
        return
    sentence, times = Counter(filter(str.split, sentences)).most_common(1)[0]
    if times >= LOOP_SENTENCES and len(sentence.split()) >= 4:
        what = f'"{excerpt(sentence, 0)}" stands there {times} times: say each thing once'
        yield "REPETITION", what, "answer", True


def _steps_again(reading: Reading) -> str:
    """Which steps say the same, if any do: two alike to the word, or three nearly so.

    Two that differ in a word may apply one rule to two facts, and are left alone.
    """
    lines = reading.steps_text.casefold().split("\n")
    count = len(lines)
    if len({line[:16] for line in lines}) == len({line[-16:] for line in lines}) == count:
        return ""  # whatever is said again begins or ends alike
    steps = [tuple(filter(_tells, words(line))) for line in lines]
    said: dict[tuple[str, ...], int] = {}
    for number, step in enumerate(steps, 1):
        if step and said.setdefault(step, number) != number:
            return f"steps {said[step]} and {number} say the same"
    told = [(number, frozenset(step)) for number, step in enumerate(steps, 1) if step]
    told = told[:MOST_COMPARED]
    for number, mine in told:
        like = [at for at, other in told if likeness(mine, other) >= LIKE_STEPS]
        if len(like) >= 3 and like[0] == number:
            return f"steps {', '.join(map(str, like))} say nearly the same"
    return ""


def _tells(word: str) -> bool:
    return len(word) > 3 or word in ("no", "not") or word.isdigit()


_NUMBERED_ITEM = re.compile(r"(?<!\w)\(?\d{1,2}\)\s")

_MARKED_UP = re.compile(
    r"</?(?:p|br|div|span|[biua]|em|strong|[uo]l|li|h[1-6r]|table|t[rdh]|thead|tbody|su[bp]|code"
    r"|pre|blockquote|font|html|body|section)(?:\s[^<>]*)?/?>"
    r"|&(?:nbsp|amp|lt|gt|quot|apos|sect|pound|euro|[lr][sd]quo|[mn]dash|#\d{2,5}|#x[\da-f]{2,4});"
    r"|\\(?:[nrt](?![a-z])|\"|u[\da-f]{4})"
    r"|[\"'](?:question|answer|reasoning_steps|citations)[\"']\s*(?:[:=]|[\u2013-]\s*[\"'\[{])"
    r"|<\|[a-z_]+\|>|\u3010[^\u3011]{0,40}\u3011|\[\^\w{1,3}\]",
    re.I,
)
"""Tags, entities, what JSON escapes, its keys, marks of notes and of a model's own dialogue."""

_MARKED_UP_SIGNS = ("<", "&", "\\", "[^", '":', "':", '"-', '"=', "\u3010")

_GARBLED = re.compile(
    "\ufffd|\u00e2\u20ac|\u00c2[\u00a0-\u00bf]|\u00c3[\u0080-\u00bf\u0192\u201a\u201e\u2026]"
)
"""UTF-8 that was read as something else."""

_GARBLED_HINTS = ("\ufffd", "\u00e2", "\u00c2", "\u00c3")

_SYMBOLS = re.compile("[\u2500-\u259f\u2705\u274c\u2b50\U0001f300-\U0001faff]")
"""Boxes and pictures; ticks and crosses of plain type may stand."""

_SCRIPTS = "[\u0400-\u06ff\u0900-\u0dff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
"""A pattern that takes 2 ms to compile, for the few answers with such letters."""

_ASIDE = re.compile(r"\([^)]*\)|\"[^\"]*\"|\u201c[^\u201d]*\u201d")
"""Where a term of a foreign law may stand in its own script."""

_PARTS = re.compile(r"^[\W_]*(?:citations?|reasoning steps|final answer)[\W_]*$", re.I | re.M)
_PARTS_HINTS = ("citation", "reasoning steps", "final answer")


def shape(reading: Reading) -> Iterator[Finding]:
    """Markup, symbols, broken characters and headings in plain text."""
    if reading.answer_words < reading.limits.telegraphic_words:
        items = len(_NUMBERED_ITEM.findall(reading.draft.answer))
        if items >= reading.limits.telegraphic_items:
            what = f"{items} numbered items in {reading.answer_words} words"
            yield "TELEGRAPHIC", what, "answer", True
    whole = reading.whole
    if reading.has_signs(_MARKED_UP_SIGNS):
        yield from _found(_MARKED_UP, reading.fields)
    if not whole.isascii() and any(hint in whole for hint in _GARBLED_HINTS):
        yield from _found(_GARBLED, reading.fields)
    yield from _notation(reading)
    yield from _program(reading)
    what, where = _beyond_prose(reading)
    if what:
        yield "MARKUP", f"{what} in the {where}", where, False


_LATEX_COMMAND = re.compile(
    r"\\(?:[A-Za-z]{2,}\s*[{\\\[]|(?:frac|times|cdot|sum|leq?|geq?|neq?|approx|sqrt|alpha|beta|pm"
    r"|div|ldots|quad"
    r"|infty|rightarrow|implies|in|forall|item|noindent|par|textsc|S)\b|[()\[\]])"
    r"|\$\$|\$[^$\n]{0,80}[\^_\\][^$\n]{0,80}\$|\$[A-Za-z]{1,3}\$"
    r"|\$[A-Za-z][^$\n\d]{0,30}[<>=+][^$\n]{0,40}\$"
)
"""Commands, and formulas between dollars; a dollar before a number is money."""
_LATEX_RAISED = re.compile(r"[\w)][\^_]\{|\b[A-Za-z]\^\d")
"""Raised and lowered letters."""

_JSON = re.compile(
    r"\{\s*[\"'\u201c]?[A-Za-z_][\w -]{0,40}[\"'\u201d]?\s*:\s*[\"'\u201c\[{\dtfn]"
    r"|(?:^|\n)\s*\[\s*\"[^\"\n]{1,80}\"\s*,"
    r"|<(?P<tag>[a-z_]{3,20})>[^<]{0,400}</(?P=tag)>|(?:^|\n)\w+:\s*\n(?:\s+- \w|\s{2,}\w+:)"
)
"""Objects, arrays of objects or texts, elements of somebody's own, and nested keys."""

_COLUMN_SIGNS = ("|", "\t", "   ", "+--")
"""What divides columns; without one of these there is no table."""
_RULE = re.compile(
    r"(?:^|\|)[ \t]*:?-+:?[ \t]*\|[ \t]*:?-+:?[ \t]*(?:\||$)|^[ \t]*\+-{2,}(?:\+-{2,})*\+", re.M
)
"""A rule of dashes between columns, on a line of its own or within one."""
_GAP_OF_COLUMNS = re.compile(r"[ \t]*\t[ \t]*| {3,}")
_MARK_OF_ITEM = re.compile(r"(?:[-*\u2022\u2013]|\(?\w{1,4}[.)]|.*:)")
"""What stands before a gap that makes no column: a bullet, a number, a speaker."""
MOST_PIPES = 3
"""So many a line of prose may have; more divide a table that lost its line ends."""


def _is_table(text: str) -> bool:
    """Whether neighbouring lines are divided into columns.

    Two lines by pipes; by tabs or runs of spaces two into three columns, or three into two.
    """
    lines = list(filter(None, map(str.strip, text.split("\n"))))
    if _RULE.search(text) or any(line.count("|") > MOST_PIPES for line in lines):
        return True
    piped = spaced = wide = 0
    for line in lines:
        cells = [cell for cell in line.split("|") if cell.strip()]
        piped = piped + 1 if len(cells) > 1 else 0
        gaps = _GAP_OF_COLUMNS.split(line)
        if len(gaps) > 1 and _MARK_OF_ITEM.fullmatch(gaps[0]):
            del gaps[0]
        spaced = spaced + 1 if len(gaps) > 1 else 0
        wide = wide + 1 if len(gaps) > 2 else 0
        if piped > 1 or wide > 1 or spaced > 2:
            return True
    return False


_JSON_HINTS = ("{", '["', '[ "', "[\n", "</", ":\n")
_NOTATION_SIGNS = ("{", '["', "</", "\\", "$", "^")


def _notation(reading: Reading) -> Iterator[Finding]:
    """LaTeX, JSON and tables: what is made for another program, or for a page."""
    whole = reading.whole
    noted = reading.has_signs(_NOTATION_SIGNS) or "[\n" in whole or ":\n" in whole
    for name, text in reading.texts if noted else ():
        if found := _latex(text):
            yield "MARKUP", f'"{found[0]}" in {name}: write it in words', name, True
        if any(hint in text for hint in _JSON_HINTS) and (found := _JSON.search(text)):
            yield "MARKUP", f'"{excerpt(found[0], 0)}" in {name}: write sentences', name, True
    answer = reading.draft.answer
    if any(sign in answer for sign in _COLUMN_SIGNS) and _is_table(answer):
        yield "MARKUP", "a table in the answer: write sentences", "answer", True


_CODE_SIGNS = ("=", "{", "<", ">", "SELECT")
_STATEMENT = re.compile(
    r"^[ \t]*(?:(?:async )?def \w+\(.*\).*:|class [A-Z]\w*(?:\(.*\))?:|.*\) ?(?:=> ?)?\{"
    r"|(?:async |export )*function \w*\(.*\)|(?:else )?(?:if|for|while) ?\(.*[<>=!;].*\)"
    r"|(?:el)?if [^:\n]{1,80}[<>=!]=?[^:\n]{1,80}:(?: ?(?:raise|return|print|pass)\b.*)?"
    r"|for \w+(?:, \w+)* in [\w.]+\(.*\):|for \w+(?:, \w+)+ in [\w.]+:"
    r"|(?:else|try|finally|except\b[\w ]*):|return [\w.\[\]]+ ?(?:[<>=!]=?|[-+*/%]) ?[\w.\[\]]+;?"
    r"|return [\w.()\[\]]+;|return \w+\(.*\)|[A-Za-z_]\w* [-+*/]= .+"
    r"|(?:var|let|const|int|float|double|final|string|bool(?:ean)?) \w+ ?=.+"
    r"|[A-Za-z_$][\w.]* ?[-+*/]?= ?(?:new )?[A-Za-z_][\w.]*\(.*\)[\w\[\]:.,-]*;?"
    r"|(?:print|printf|console\.\w+|System\.out\.\w+)\(.*\);?|<\?php.*|=[A-Z]{2,}\(.*\)"
    r"|SELECT\b.+\bFROM\b.*|(?:INSERT INTO|UPDATE \w+ SET|DELETE FROM)\b.*)[ \t]*$",
    re.M,
)
"""A line that only a program has."""
_LIKE_CODE = re.compile(
    r"^[ \t]*(?:[A-Za-z_$][\w.]* ?[-+*/:]?= ?[\w.\"'\[\]]+(?: ?(?:[-+*/%]|//) ?[\w.\[\]]+)*;?|\}.*"
    r"|(?:from [\w.]+ )?import [\w.]+(?: as \w+)?|for \w+ in [\w.\[\]]+:"
    r"|\w+(?:\.\w+)*\([^()]*\);?|return [\w.]+;?)[ \t]*$",
    re.M,
)
"""And one that a program may have."""


def _program(reading: Reading) -> Iterator[Finding]:
    """Lines of a program, fenced or not: one is flagged, more are refused."""
    if not reading.has_signs(_CODE_SIGNS) and "):\n" not in reading.whole:
        return
    for name, text in reading.texts:
        plain = list(_STATEMENT.finditer(text))
        if plain:
            lines = {found.start() for found in (*plain, *_LIKE_CODE.finditer(text))}
            what = f'"{excerpt(plain[0][0].strip(), 0)}" in {name} is code: write it in words'
            yield "MARKUP", what, name, len(lines) > 1


def _latex(text: str) -> re.Match[str] | None:
    """The first piece of LaTeX in a text; letters are lowered only where something else is."""
    command = _LATEX_COMMAND.search(text) if "\\" in text or "$" in text else None
    marked = "^" in text or ("_{" in text and ("\\" in text or "$" in text))
    raised = _LATEX_RAISED.search(text) if marked else None
    found = [match for match in (command, raised) if match]
    return min(found, key=re.Match.start, default=None)


def _found(pattern: re.Pattern[str], fields: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    for name, text in fields:
        match = pattern.search(text)
        if match:
            yield "MARKUP", f'"{match[0]}" in {name}: write plain text', name, True


def _beyond_prose(reading: Reading) -> tuple[str, str]:
    """What the text holds beyond prose (headings, boxes, a code fence), and in which field."""
    question, answer = reading.draft.question, reading.draft.answer
    if "#" in question and HEADING.search(question):
        return "headings", "question"
    if reading.is_plain_text and "#" in answer and HEADING.search(answer):
        return "headings", "answer"
    if reading.foreign_letters and _SYMBOLS.search(answer):
        return "boxes or pictures", "answer"
    if reading.foreign_letters and re.search(_SCRIPTS, _ASIDE.sub("", answer)):
        return "words of another script", "answer"
    if "```" in answer:
        return "a code fence", "answer"
    return _beyond_one(reading)


def _beyond_one(reading: Reading) -> tuple[str, str]:
    """What the answer holds beyond one answer: another pair, fields of the sample."""
    if _has_second(reading):
        return "another question with its answer", "answer"
    return ("fields of the sample", "answer") if _has_parts(reading) else ("", "")


_PAIR = re.compile(
    r"\n[\W\d_]{0,12}(?:question|q) ?\d*[*_ ]*[:.][*_]* *(?P<question>\S[^\n]{9,})"
    r"\n{1,4}[\W\d_]{0,12}(?:answer|a) ?\d*[*_ ]*[:.]"
)
"""In folded text."""
MOST_ASKED_AGAIN = 0.5
"""Share of its telling words that a question in an answer has from the sample's own, from which it
is this question again, as a memorandum puts it."""


def _has_second(reading: Reading) -> bool:
    """Whether another question and its answer follow within the answer."""
    answer = reading.draft.answer
    if "\n" not in answer or "?" not in answer or reading.is_dialogue:
        return False
    found = _PAIR.search(reading.folded_answer)
    if found is None:
        return False
    asked = stems(words(found["question"]))
    again = asked & (reading.question_stems | reading.step_stems)
    return len(again) < MOST_ASKED_AGAIN * len(asked)


def _has_parts(reading: Reading) -> bool:
    hinted = any(hint in reading.folded_answer for hint in _PARTS_HINTS)
    return hinted and _PARTS.search(reading.draft.answer) is not None
