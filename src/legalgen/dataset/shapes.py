"""Records in the shapes that trainers read, as records with a question and an answer.

    messages            {"messages": [{"role", "content"}]}            also with a system message
    sharegpt            {"conversations": [{"from", "value"}]}
    alpaca              {"instruction", "input", "output"}
    prompt-completion   {"prompt", "completion"}                       texts, or messages each
    kto                 any of them with a "label"                     false: no answer to keep;
                        a prompt's may be a number or a word           as 0 or bad
    legacy, legalgen    {"question", "answer", ...}

What ``export`` has written comes back with what its form holds: steps that stand in a message's
``reasoning_content``, between ``<think>`` tags or before the answer are steps again, and passages
before a question go. Where only the text could tell, the row's id does, which is a digest of
question and answer: nothing is taken apart on a guess.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from legalgen.dataset.cells import UnreadableCellError, unpacked
from legalgen.errors import UsageError
from legalgen.store.sample import sample_id

Form = Literal[
    "legalgen", "legacy", "question-answer", "messages", "sharegpt", "alpaca", "prompt-completion",
]  # fmt: skip
FORMS: Final[Mapping[Form, str]] = {
    "legalgen": "the columns of a sample",
    "legacy": "the old columns",
    "question-answer": "question and answer",
    "messages": "messages",
    "sharegpt": "ShareGPT conversations",
    "alpaca": "instruction and output",
    "prompt-completion": "prompt and completion",
}
"""How each is said."""
TARGETS: Final = (
    "question", "answer", "reasoning", "citations", "topic", "difficulty", "id", "model",
    "created_at", "thinking",
)  # fmt: skip
"""What ``--map`` may name."""
_NAMES: Final = frozenset(
    {*TARGETS, "messages", "conversations", "instruction", "input", "output", "prompt",
     "completion", "response", "label"}
)  # fmt: skip
"""Columns that are read in whichever case they are written."""
_ROLES: Final = {
    "user": "user", "human": "user", "prompter": "user",
    "assistant": "assistant", "gpt": "assistant", "model": "assistant", "chatgpt": "assistant",
    "bot": "assistant",
    "system": "system", "developer": "system",
}  # fmt: skip
SYSTEM: Final = "system message"
PASSAGES: Final = "passages before the question"
"""What is named as left out, beside columns."""
_MOST_PLACES: Final = 200
"""Blank lines at which a text is tried to be taken apart."""


class Shaped(msgspec.Struct, frozen=True):
    """A record with ``question`` and ``answer``, where it has them, and which form it had.

    ``used`` are the columns that went into them, ``left`` what of them has no place in a row.
    """

    record: Mapping[str, Any]
    form: Form | None = None
    used: frozenset[str] = frozenset()
    left: tuple[str, ...] = ()


class _UnusableError(ValueError):
    """A record of a known form that is no question with one answer; the text says why."""


def shaped(record: Mapping[str, Any], mapping: Mapping[str, str]) -> Shaped | str:
    """The record by the names of ours, or what is wrong with it.

    ``mapping`` names the column of the file for a name of ours.
    """
    named = _named(record, mapping)
    good = _label(named)
    if good is False:
        return f"its label ({str(named['label'])!r}) says that the answer is no good one"
    if good:
        del named["label"]
    try:
        found = _read(named)
    except _UnusableError as error:
        return str(error)
    return _by_its_id(found) if isinstance(found.record.get("id"), str) else found


_GOOD: Final = {
    "true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False,
    "good": True, "bad": False, "desirable": True, "undesirable": False,
}  # fmt: skip
"""What labels say, as tables and other programs write them."""


def _label(named: Mapping[str, Any]) -> bool | None:
    """Whether a label calls the answer good; None: there is none, or it is of something else.

    A number or a word may as well be a class of the text: it counts where the columns are those of
    KTO, a prompt with its completion, alone.
    """
    value = named.get("label")
    said = str(value).strip().lower()
    is_kto = "prompt" in named and not {"completion", "response"}.isdisjoint(named)
    return _GOOD.get(said) if is_kto or said in ("true", "false") else None


def checked_mapping(pairs: Iterable[str]) -> dict[str, str]:
    """``question=Question``, one a pair, as a mapping.

    Raises:
        UsageError: a pair is none, its first word names nothing of ours, or is said twice.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        target, equals, column = (each.strip() for each in pair.partition("="))
        if not equals or not column or target not in TARGETS:
            raise UsageError(
                f"--map {pair}: write question=Question, the column of the file last; the first "
                f"is one of {', '.join(TARGETS)}"
            )
        if found.get(target, column) != column:
            raise UsageError(f"--map {pair}: {target} is read from {found[target]} already")
        found[target] = column
    return found


def missing_columns(names: Iterable[str], mapping: Mapping[str, str]) -> str:
    """What a record of these columns lacks to be read; empty: nothing.

    Raises:
        UsageError: ``mapping`` names a column that is not there.
    """
    held = list(map(str, names))
    known = ", ".join(held[:12]) or "none"
    for target, column in mapping.items():
        if column not in held:
            raise UsageError(f"--map {target}={column}: there is no such column (it has: {known})")
    have = _named(dict.fromkeys(held, ""), mapping).keys()
    if any(group <= have for group in _GROUPS):
        return ""
    lacks = next((name for name in ("question", "answer") if name not in have), "question")
    for target, column in mapping.items():
        if column.strip().lower() == lacks:
            return f"has {lacks!r} read as {target}, by --map; --map {lacks}=COLUMN names another"
    return f"has no column {lacks!r} (it has: {known}); --map {lacks}=COLUMN names it"


_GROUPS: Final = (
    {"question", "answer"}, {"messages"}, {"conversations"}, {"instruction", "output"},
    {"prompt", "completion"}, {"prompt", "response"},
)  # fmt: skip


def _named(record: Mapping[str, Any], mapping: Mapping[str, str]) -> dict[str, Any]:
    """The record with our names where the mapping, or another case, says so."""
    ours = {column: target for target, column in mapping.items()}
    found: dict[str, Any] = {}
    for name, value in record.items():
        lower = str(name).strip().lower()
        meant = ours.get(str(name)) or (lower if lower in _NAMES else str(name))
        if meant != name and (meant in record or meant in found) and str(name) not in ours:
            meant = str(name)
        found[meant] = value
    for target, column in mapping.items():
        if column in record:
            found[target] = record[column]
    return found


# --- forms -------------------------------------------------------------------------------------


def _read(record: Mapping[str, Any]) -> Shaped:
    if "question" in record and "answer" in record:
        return Shaped(record)
    if "messages" in record:
        return _chat(record, "messages", "messages")
    if "conversations" in record:
        return _chat(record, "conversations", "sharegpt")
    if "instruction" in record and "output" in record:
        return _alpaca(record)
    answer = next((name for name in ("completion", "response") if name in record), "")
    if "prompt" in record and answer:
        return _prompt(record, answer)
    return Shaped(record)


def _chat(record: Mapping[str, Any], column: str, form: Form) -> Shaped:
    return _exchange(record, _messages(record[column], column), form, {column})


def _prompt(record: Mapping[str, Any], column: str) -> Shaped:
    asked, answered = record["prompt"], record[column]
    if isinstance(asked, str) and isinstance(answered, str):
        return _filled(record, "prompt-completion", asked, answered, {"prompt", column})
    messages = [*_messages(asked, "prompt", "user"), *_messages(answered, column, "assistant")]
    return _exchange(record, messages, "prompt-completion", {"prompt", column})


def _alpaca(record: Mapping[str, Any]) -> Shaped:
    texts = [record.get(name) for name in ("instruction", "input", "output")]
    if not isinstance(texts[0], str) or not isinstance(texts[2], str):
        raise _UnusableError("instruction or output is no text")
    question = "\n\n".join(text for text in texts[:2] if isinstance(text, str) and text.strip())
    used = {"instruction", "input", "output"}
    return _filled(record, "alpaca", question, texts[2], used)


class _Message(msgspec.Struct, frozen=True):
    role: str
    text: str
    reasoning: str = ""
    key: str = ""


def _messages(value: object, column: str, role: str = "") -> list[_Message]:
    """The messages of a column; a text is one of ``role``, or holds a list of them."""
    if isinstance(value, str):
        try:
            found = unpacked(value)
        except UnreadableCellError as error:
            if not role:
                raise _UnusableError(f"{column} {error}") from error
            found = None
        if found is None and role:
            return [_Message(role, value)]
        value = found
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise _UnusableError(f"{column} is no list of messages")
    return [_message(each, column) for each in value]


def _message(value: object, column: str) -> _Message:
    if not isinstance(value, Mapping):
        raise _UnusableError(f"{column} holds what is no message")
    said = value.get("role", value.get("from"))
    role = _ROLES.get(str(said).lower(), "")
    if not role:
        raise _UnusableError(f"{column} holds a message of {said!r}")
    content = value.get("content", value.get("value"))
    if isinstance(content, list):  # the parts of a message; a picture has no text
        content = "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    if not isinstance(content, str):
        raise _UnusableError(f"a message in {column} has no text")
    key = next((name for name in _REASONING if value.get(name)), "")
    return _Message(role, content, str(value[key]) if key else "", key)


_REASONING: Final = ("reasoning_content", "thinking", "reasoning")
"""Where a message holds what its writer thought."""


def _exchange(
    record: Mapping[str, Any], messages: Sequence[_Message], form: Form, used: set[str]
) -> Shaped:
    talk = [each for each in messages if each.role != "system"]
    if [each.role for each in talk] != ["user", "assistant"]:
        turns = sum(each.role == "user" for each in talk)
        raise _UnusableError(
            f"it holds {turns} questions: a row is one question and one answer"
            if turns > 1
            else "it holds no question with an answer"
        )
    asked, answered = talk
    found = _filled(record, form, asked.text, answered.text, used)
    if answered.reasoning:
        extra = _reasoned(answered.reasoning)
        found = msgspec.structs.replace(found, record={**found.record, **extra})
    if any(each.role == "system" and each.text.strip() for each in messages):
        found = msgspec.structs.replace(found, left=(*found.left, SYSTEM))
    return found


_THINK: Final = re.compile(
    r"<think>\n((?:\d+\. [^\n]*\n)+)</think>\n\n"  # as export writes steps: in one may be a tag
    r"|\s*<think>(.*?)</think>\s*",
    re.DOTALL,
)


def _filled(
    record: Mapping[str, Any], form: Form, question: str, answer: str, used: set[str]
) -> Shaped:
    """The record with question and answer; what stood between ``<think>`` tags is apart."""
    thought = _THINK.match(answer)
    extra: dict[str, Any] = {}
    if thought is not None:
        answer = answer[thought.end() :]
        extra = _reasoned((thought[1] or thought[2]).strip())
    rest = {name: value for name, value in record.items() if name not in used}
    filled = {**rest, "question": question, "answer": answer, **extra}
    return Shaped(filled, form, frozenset(used))


def _reasoned(text: str) -> dict[str, Any]:
    """Numbered lines are steps, as ``export`` writes them; anything else is what was thought."""
    if not text:
        return {}
    steps = _numbered(text)
    return {"thinking": text} if steps is None else {"reasoning_steps": steps}


_STEP: Final = re.compile(r"(\d+)\. (.*)")


def _numbered(text: str) -> list[str] | None:
    """The lines of a text that are numbered from 1 on, without their numbers."""
    found = [_STEP.fullmatch(line) for line in text.split("\n")]
    numbers = [int(match[1]) if match else 0 for match in found]
    if numbers != list(range(1, len(numbers) + 1)):
        return None
    return [match[2] for match in found if match]


# --- by its id ---------------------------------------------------------------------------------


def _by_its_id(found: Shaped) -> Shaped:
    """Question and answer as the id says that they were, with steps and passages apart."""
    record = found.record
    name, question, answer = record["id"], record.get("question"), record.get("answer")
    if not (name.startswith("lg_") and isinstance(question, str) and isinstance(answer, str)):
        return found
    for (passages, asked), (steps, answered) in itertools.product(_closed(question), _bare(answer)):
        if sample_id(asked, answered) == name:
            extra = {"reasoning_steps": steps} if steps else {}
            left = (*found.left, PASSAGES) if passages else found.left
            filled = {**record, "question": asked, "answer": answered, **extra}
            return msgspec.structs.replace(found, record=filled, left=left)
    return found


def _closed(question: str) -> Iterator[tuple[bool, str]]:
    """The question, and what stands behind each of its blank lines: passages may go before it."""
    yield False, question
    parts = question.split("\n\n", _MOST_PLACES)
    for at in range(len(parts) - 1, 0, -1):
        yield True, "\n\n".join(parts[at:])


def _bare(answer: str) -> Iterator[tuple[list[str] | None, str]]:
    """The answer, and what stands behind numbered steps."""
    yield None, answer
    steps, blank, rest = answer.partition("\n\n")
    if blank and (found := _numbered(steps)) is not None:
        yield found, rest
