"""Answers that were paid for and not kept: which there are, and why each was refused.

An answer has no id; it is named by its batch and its place in ``rejected/<batch>.jsonl``, which is
only ever written on: ``20261128-215718-rgg0#17`` is the 17th of those that can be read.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from legalgen.completion import Completion, Usage
from legalgen.dataset.rows import lot
from legalgen.dataset.wanted import Wanted, matches, names_of
from legalgen.errors import AnswerRefused, UsageError
from legalgen.store.files import DataDir, listed
from legalgen.store.journal import Rejected, read_rejected
from legalgen.store.sample import Draft, read

_UNKNOWN: Final = (
    ("jurisdictions", "--jurisdiction"), ("practice_areas", "--practice-area"),
    ("topics", "--topic"), ("difficulties", "--difficulty"), ("statuses", "--status"),
    ("score_below", "--score-below"),
)  # fmt: skip
"""What nobody wrote down of an answer that was not kept."""


class RefusedAnswer(msgspec.Struct, frozen=True):
    """One such answer, with its name."""

    id: str
    answer: Rejected

    @property
    def draft(self) -> Draft | None:
        """The answer in its parts; None where it cannot be read, whatever its reasons."""
        text = self.answer.text
        completion = Completion(text, "stop", Usage(), self.answer.model, 0.0)
        try:
            return read(completion)
        except AnswerRefused:
            return None

    def as_data(self) -> dict[str, object]:
        """All that is known of it, as one flat object."""
        answer = msgspec.structs.replace(self.answer, balance=None)
        data: dict[str, object] = msgspec.to_builtins(answer)
        del data["balance"]  # of the batch, not of the answer
        return {"id": self.id, **data}


class Refusing(msgspec.Struct, frozen=True):
    """Some of the refused answers that are wanted, of which there are ``matched`` in all."""

    answers: list[RefusedAnswer]
    matched: int


def refused(data_dir: DataDir, wanted: Wanted) -> Iterator[RefusedAnswer]:
    """The refused answers of all batches, the oldest first; ``--flag`` is the code of a reason.

    One that only waits, or waited, for its marks is listed where that is asked for (``UNJUDGED``).

    Raises:
        UsageError: a filter asks for what nobody knows of them.
        DiskError: a file is there and cannot be read.
    """
    for name, flag in _UNKNOWN:
        if getattr(wanted, name) not in ((), None):
            raise UsageError(
                f"{flag} is for rows: of an answer that was not kept only its batch, its model, "
                "its reasons and its text are known (--batch, --model, --flag, --grep)"
            )
    found = (each for batch in _batches(data_dir, wanted) for each in _of(data_dir, batch, wanted))
    return (each for each in found if each.answer.unmarked is None or wanted.flags)


def _batches(data_dir: DataDir, wanted: Wanted) -> list[str]:
    found = [path.stem for path in listed(data_dir.rejected, "*.jsonl")]
    return [name for name in found if not wanted.batches or name.startswith(wanted.batches)]


def _of(data_dir: DataDir, batch: str, wanted: Wanted) -> Iterator[RefusedAnswer]:
    for line, answer in enumerate(read_rejected(data_dir, batch), 1):
        if _takes(wanted, answer):
            yield RefusedAnswer(f"{batch}#{line}", answer)


def _takes(wanted: Wanted, answer: Rejected) -> bool:
    codes = [reason.code for reason in answer.reasons]
    return (
        (not wanted.flags or matches(codes, wanted.flags))
        and not matches(codes, wanted.without_flags)
        and (not wanted.models or matches(_names_of(answer), wanted.models))
        and (not wanted.grep or wanted.finds((answer.text,)))
    )


def _names_of(answer: Rejected) -> tuple[str, str]:
    return names_of({"provider": answer.provider, "model": answer.model})


def values_in(data_dir: DataDir, column: str) -> set[str]:
    """Of all refused answers their ``batch_id``, ``model`` (by both of its names) or ``flags``, the
    codes of their reasons.

    Raises:
        DiskError: a file is there and cannot be read.
    """
    batches = _batches(data_dir, Wanted())
    if column == "batch_id":
        return set(batches)
    answers = (each.answer for name in batches for each in _of(data_dir, name, Wanted()))
    if column == "model":
        return {name for answer in answers for name in _names_of(answer)}
    return {reason.code for answer in answers for reason in answer.reasons}


def newest_refused(data_dir: DataDir, wanted: Wanted, most: int) -> Refusing:
    """The last ones, the newest first."""
    last: deque[RefusedAnswer] = deque(maxlen=most)
    matched = 0
    for matched, each in enumerate(refused(data_dir, wanted), 1):  # noqa: B007 - counts them
        last.append(each)
    return Refusing(list(reversed(last)), matched)


def drawn_refused(data_dir: DataDir, wanted: Wanted, most: int, seed: int) -> Refusing:
    """Some drawn by lot."""
    matched = 0

    def counted() -> Iterator[RefusedAnswer]:
        nonlocal matched
        for matched, each in enumerate(refused(data_dir, wanted), 1):  # noqa: B007
            yield each

    found = heapq.nsmallest(most, counted(), key=lambda each: lot(each.id, seed))
    return Refusing(found, matched)


def named_refused(data_dir: DataDir, names: Sequence[str]) -> list[RefusedAnswer]:
    """The answers of these names; the beginning of a batch's id will do.

    Raises:
        UsageError: a name is none, or means none or several.
    """
    return [_named(data_dir, name) for name in names]


def _named(data_dir: DataDir, name: str) -> RefusedAnswer:
    batch, _, line = name.partition("#")
    if not batch or not line.isdecimal():
        raise UsageError(f"{name} names no refused answer: write BATCH#LINE, as --rejected lists")
    batches = _batches(data_dir, Wanted(batches=(batch,)))
    if len(batches) > 1 and batch not in batches:
        raise UsageError(f"{batch} begins the ids of {len(batches)} batches: write more")
    for whole in [batch] if batch in batches else batches:
        for found in _of(data_dir, whole, Wanted()):
            if found.id == f"{whole}#{int(line)}":
                return found
    raise UsageError(f"there is no refused answer {name}")
