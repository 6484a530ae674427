"""What the gate goes by and what it says: thresholds, a sample type's bounds, the verdict.

Light, for every module that handles verdicts; the codes are in ``codes``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Protocol

import msgspec
from msgspec.structs import replace

from legalgen.errors import ErrorCategory, Reason, UsageError
from legalgen.errors.suggestions import close_matches
from legalgen.quality.codes import ALWAYS_REJECT, CODES, FEEDBACK, GROUNDING, Severity
from legalgen.store.findings import LOW_MARK
from legalgen.store.sample import Citation, Draft, Marks

if TYPE_CHECKING:
    from legalgen.law.citations import Parsed


class AnswerBounds(Protocol):
    """What a sample type demands. Ranges include both ends; words are split at white space."""

    @property
    def answer_words(self) -> tuple[int, int]:
        """Fewest and most words of the answer."""

    @property
    def reasoning_steps(self) -> tuple[int, int]:
        """Fewest and most reasoning steps."""

    @property
    def min_citations(self) -> int:
        """Citations expected."""

    @property
    def requires(self) -> tuple[str, ...]:
        """Elements expected, of ``ELEMENTS``."""


class TypeBounds(msgspec.Struct, frozen=True):
    """``AnswerBounds`` as a plain value."""

    answer_words: tuple[int, int]
    reasoning_steps: tuple[int, int] = (0, 99)
    min_citations: int = 0
    requires: tuple[str, ...] = ()


# --- the numbers -----------------------------------------------------------------------------


class Nearness(msgspec.Struct, frozen=True):
    """Jaccard similarities from which two samples are too close.

    Measured on 2,057 samples with hand labels: answers at 0.6 were duplicates 12 times of 12,
    questions at 0.8 9 times of 11; a question at 0.6 alone about every second time.
    """

    near_answer: float = 0.6
    near_question: float = 0.8
    near_both_question: float = 0.6
    near_both_answer: float = 0.25
    soft_question: float = 0.6
    soft_answer: float = 0.3


class Thresholds(Nearness, frozen=True, forbid_unknown_fields=True):
    """The numbers of the gate; words and counts as integers, shares from 0 to 1."""

    question_min_words: int = 6
    question_max_words: int = 220
    answer_tolerance: float = 0.25
    step_min_words: int = 4
    steps_copy: float = 0.5
    leak_share: float = 0.5
    leak_min_words: int = 10
    non_latin: float = 0.15
    telegraphic_items: int = 3
    telegraphic_words: int = 60
    min_citations: int = 0
    dialogue_turns: int = 4
    opening_share: float = 0.02
    party_share: float = 0.03
    overuse_min_samples: int = 200
    flag_score: float = LOW_MARK
    min_score: float = 0.0


def default_thresholds() -> dict[str, float]:
    """The numbers of the gate where a batch does not configure others, by name."""
    numbers: dict[str, float] = msgspec.structs.asdict(Thresholds())
    return numbers


class Rules(msgspec.Struct, frozen=True):
    """The gate's table after the user's settings."""

    severities: Mapping[str, Severity] = msgspec.field(default_factory=lambda: dict(CODES))
    thresholds: Thresholds = msgspec.field(default_factory=Thresholds)

    @classmethod
    def of(cls, overrides: Mapping[str, object]) -> Rules:
        """The default table with the ``[gate]`` table of a configuration laid over it.

        Codes take ``reject``, ``flag``, ``graded`` or ``off``; thresholds take their number.

        Raises:
            UsageError: a name is unknown (close matches are given) or a value cannot be meant.
        """
        severities = dict(CODES)
        numbers: dict[str, object] = {}
        for name, value in overrides.items():
            if name in CODES:
                severities[name] = _severity(name, value)
            elif name in Thresholds.__struct_fields__:
                numbers[name] = value
            else:
                raise UsageError(_unknown(name))
        return cls(severities, _thresholds(numbers))

    def digest(self) -> str:
        """8 hex digits of severities and thresholds: the same for gates that judge alike."""
        whole = msgspec.json.encode([dict(self.severities), self.thresholds], order="sorted")
        return blake2b(whole, digest_size=4).hexdigest()

    def duplicate_thresholds(self) -> dict[str, float]:
        """The keywords of ``duplicates.index.DuplicateThresholds``."""
        return {name: getattr(self.thresholds, name) for name in Nearness.__struct_fields__}

    def reason(
        self, code: str, what: str, where: str | None = None, *, far: bool = True
    ) -> Reason | None:
        """The reason for a finding; ``far`` decides where the severity is graded."""
        severity = self.severities[code]
        if severity == "off":
            return None
        reject = severity == "reject" or (severity == "graded" and far)
        told = FEEDBACK[code].replace("{found}", what)
        return Reason(code, f"{code}: {told}", where, reject)

    def apply(self, reason: Reason) -> Reason | None:
        """A reason made elsewhere (duplicates, citations), with the severity of this table."""
        severity = self.severities.get(reason.code, "graded")
        if severity == "off":
            return None
        if severity == "graded":
            return reason
        return replace(reason, reject=severity == "reject")


def _severity(code: str, value: object) -> Severity:
    if value not in ("reject", "flag", "graded", "off"):
        raise UsageError(f"[gate] {code} takes reject, flag, graded or off, not {value!r}")
    if code in ALWAYS_REJECT and value != "reject":
        kind = "be called grounded" if code in GROUNDING else "be read"
        raise UsageError(f"[gate] {code} always rejects: such a row could not {kind}")
    if value == "graded" and CODES[code] != "graded":
        raise UsageError(f"[gate] {code} has no grades: take reject, flag or off")
    return value


def _thresholds(numbers: Mapping[str, object]) -> Thresholds:
    found = Thresholds()
    for name, value in numbers.items():
        wanted, least, most = _range_of(name)
        told = f"[gate] {name} takes {wanted}, not {value!r}"
        if isinstance(value, bool):
            raise UsageError(told)
        try:
            number = msgspec.convert(value, type(getattr(found, name)), strict=False)
        except msgspec.ValidationError as error:
            raise UsageError(told) from error
        if not (least <= number <= most or (name in MARKS and number == 0)):  # no NaN is
            raise UsageError(told)
        found = replace(found, **{name: number})
    return found


MARKS = ("flag_score", "min_score")
"""Thresholds that are compared with a judge's mark."""
SHARES = (
    *Nearness.__struct_fields__, "steps_copy", "leak_share", "non_latin", "opening_share",
    "party_share",
)  # fmt: skip
"""Thresholds that are compared with a part of a whole."""


def _range_of(name: str) -> tuple[str, float, float]:
    """What a threshold may be, in words and as the least and the most; marks may be 0, too."""
    if name in MARKS:
        return "a mark from 1 to 5, or 0 for none", 1.0, 5.0
    if name in SHARES:
        return "a share from 0 to 1", 0.0, 1.0
    kind = "whole number" if isinstance(getattr(Thresholds(), name), int) else "number"
    return f"a {kind} of at least 0", 0.0, 1e9


def _unknown(name: str) -> str:
    known = [*CODES, *Thresholds.__struct_fields__]
    by_case = {item.casefold(): item for item in known}
    close = [by_case[item] for item in close_matches(name.casefold(), by_case, most=3)]
    hint = f"; did you mean {' or '.join(close)}?" if close else ""
    return f"[gate] {name} is neither a code nor a threshold{hint}"


# --- the verdict -----------------------------------------------------------------------------


class Verdict(msgspec.Struct, frozen=True):
    """What the gate says of one answer.

    ``draft`` is the answer after safe mending, ``fixes`` say what was mended. ``citations`` are
    as they will be stored. ``parsed`` are the authorities behind them. ``score`` and ``judge`` are
    another model's mark (1 to 5) and its name, where one was asked; ``marks`` and ``remark`` are
    what the score was made of.
    """

    draft: Draft
    reasons: tuple[Reason, ...] = ()
    citations: tuple[Citation, ...] = ()
    parsed: tuple[Parsed, ...] = ()
    fixes: tuple[str, ...] = ()
    score: float | None = None
    judge: str | None = None
    marks: Marks | None = None
    remark: str | None = None

    @property
    def rejected(self) -> bool:
        """Whether the answer is not a sample."""
        return any(reason.reject for reason in self.reasons)

    @property
    def flags(self) -> tuple[str, ...]:
        """The soft codes, each once, in the order in which they were found."""
        return tuple(dict.fromkeys(item.code for item in self.reasons if not item.reject))

    @property
    def truncated(self) -> bool:
        """Whether the answer was cut off by its token cap."""
        return any(reason.code == "TRUNCATED" for reason in self.reasons)

    @property
    def category(self) -> ErrorCategory:
        """The failure it is when rejected: a refusal is a ``content_filter``."""
        refused = any(reason.code == "REFUSAL" and reason.reject for reason in self.reasons)
        return ErrorCategory.CONTENT_FILTER if refused else ErrorCategory.OUTPUT_INVALID

    def with_reasons(self, more: Iterable[Reason | None]) -> Verdict:
        """The verdict with what other modules found (duplicates, the corpus, a judge)."""
        return replace(self, reasons=self.reasons + tuple(item for item in more if item))
