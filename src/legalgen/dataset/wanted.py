"""Which rows are meant: the one filter that all commands on a dataset share."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

import msgspec

from legalgen.dataset import searching
from legalgen.errors import UsageError
from legalgen.errors.escaping import cut
from legalgen.errors.suggestions import did_you_mean
from legalgen.providers import PROVIDERS
from legalgen.providers.catalog import Catalog
from legalgen.quality.codes import CODES

if TYPE_CHECKING:
    from legalgen.law.taxonomy import Taxonomy

CITATION_STATUSES: Final = ("unparsed", "named", "parsed", "conflict", "listed", "grounded")
"""What a citation's status can be."""
_COLUMNS: Final = (
    "flags", "batch_id", "jurisdiction", "practice_area", "topic", "difficulty", "provider",
    "model", "score",
)  # fmt: skip
_TEXTS: Final = ("question", "reasoning_steps", "answer")


class Wanted(msgspec.Struct, frozen=True):
    """Which rows; an empty field restricts nothing, and what is given must all hold.

    ``flags``, ``without_flags``, ``topics`` and ``models`` are patterns (``DUP_*``, ``groq/*``); a
    model is ``provider/model`` or ``model``, and capitals make no difference in names. ``batches``
    are ids or their beginnings. A row has the status of each of its citations; ``score_below`` is
    of a judge's mean mark, and a row without one is not below it; ``grep`` is a regular expression,
    in either case, for question, steps, answer and citations.
    """

    flags: tuple[str, ...] = ()
    without_flags: tuple[str, ...] = ()
    batches: tuple[str, ...] = ()
    jurisdictions: tuple[str, ...] = ()
    practice_areas: tuple[str, ...] = ()
    difficulties: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    score_below: float | None = None
    grep: str = ""

    def __bool__(self) -> bool:
        """Whether anything is restricted."""
        return self != Wanted()

    def checked(self) -> Wanted:
        """The filter itself.

        Raises:
            UsageError: a status is none, or ``grep`` is no regular expression.
        """
        for status in self.statuses:
            if status.casefold() not in CITATION_STATUSES:
                raise UsageError(f"--status {status}: take one of {', '.join(CITATION_STATUSES)}")
        try:
            searching.compiled(self.grep)
        except (re.error, OverflowError, RecursionError) as error:
            raise UsageError(f"--grep {cut(self.grep)}: no regular expression: {error}") from error
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that ``takes`` looks at."""
        texts = _TEXTS if self.grep else ()
        cited = ("citations",) if self.statuses or self.grep else ()
        return (*_COLUMNS, *texts, *cited)

    def takes(self, row: Mapping[str, Any]) -> bool:
        """Whether a row with ``columns`` is wanted."""
        flags = row["flags"]
        return (
            (not self.flags or matches(flags, self.flags))
            and not matches(flags, self.without_flags)
            and (not self.batches or row["batch_id"].startswith(self.batches))
            and _one_of(row["jurisdiction"], self.jurisdictions)
            and _one_of(row["practice_area"], self.practice_areas)
            and _one_of(row["difficulty"], self.difficulties)
            and (not self.topics or matches((row["topic"],), self.topics))
            and (not self.models or matches(names_of(row), self.models))
            and (self.score_below is None or _is_below(row["score"], self.score_below))
            and (
                not self.statuses
                or any(_one_of(c["status"], self.statuses) for c in row["citations"])
            )
            and (not self.grep or self.finds(_texts_of(row)))
        )

    def finds(self, texts: Iterable[str]) -> bool:
        """Whether ``grep`` stands in one of the texts.

        Raises:
            UsageError: it is an expression that takes too long.
        """
        try:
            return searching.found(self.grep, texts)
        except TimeoutError as error:
            raise UsageError(
                f"--grep {cut(self.grep)}: the search in one row took over "
                f"{searching.LONGEST_S:g} s; write it without a repetition inside another, as in "
                "(a+)*"
            ) from error

    def __str__(self) -> str:
        """As it is typed."""
        words: list[str] = []
        for name, flag in _FLAGS.items():
            value = getattr(self, name)
            several = value if isinstance(value, tuple) else (value,) * (value not in (None, ""))
            words += [f"{flag} {shlex.quote(str(each))}" for each in several]
        return " ".join(words)


_FLAGS: Final[Mapping[str, str]] = {
    "flags": "--flag", "without_flags": "--without-flag", "batches": "--batch",
    "jurisdictions": "--jurisdiction", "practice_areas": "--practice-area",
    "difficulties": "--difficulty", "models": "--model", "topics": "--topic",
    "statuses": "--status", "score_below": "--score-below", "grep": "--grep",
}  # fmt: skip


def matches(values: Iterable[str], patterns: Sequence[str]) -> bool:
    """Whether one of the values is like one of the patterns (``DUP_*``), in either case."""
    folded = [pattern.casefold() for pattern in patterns]
    return any(fnmatchcase(value.casefold(), pattern) for value in values for pattern in folded)


def _one_of(value: str, wanted: Sequence[str]) -> bool:
    return not wanted or value.casefold() in map(str.casefold, wanted)


def names_of(row: Mapping[str, Any]) -> tuple[str, str]:
    """The two names of a row's model."""
    return f"{row['provider']}/{row['model']}", row["model"]


def _is_below(score: float | None, bound: float) -> bool:
    return score is not None and score < bound


def _texts_of(row: Mapping[str, Any]) -> Iterable[str]:
    yield row["question"]
    yield from row["reasoning_steps"]
    yield row["answer"]
    for cited in row["citations"]:
        yield from filter(None, (cited["text"], cited.get("quote")))


# --- names that nobody has ---------------------------------------------------------------------


IMPORT_FLAGS: Final = ("IMPORT_DIFFICULTY", "IMPORT_STEP_GAPS")
"""As ``dataset.imports`` has them, which loads the gate; a test compares."""


def _is(value: str, name: str) -> bool:
    return _one_of(name, (value,))


def _is_like(value: str, name: str) -> bool:
    return matches((name,), (value,))


def _begins(value: str, name: str) -> bool:
    return name.startswith(value)


def _catalogued() -> Iterator[str]:
    """The models of the catalog, by both of their names."""
    catalog = Catalog.load()
    for provider in PROVIDERS:
        for spec in catalog.models(provider):
            yield from names_of({"provider": provider, "model": spec.id})


class _Axis(msgspec.Struct, frozen=True):
    """Fields of a filter that name what stands in one column; ``known`` are names beyond it.

    ``means`` tells whether a value of the filter means a name.
    """

    column: str
    fields: tuple[str, ...]
    what: str
    known: Callable[[Callable[[], Taxonomy]], Iterable[str]]
    means: Callable[[str, str], bool] = _is


_AXES: Final = (
    _Axis(
        "flags",
        ("flags", "without_flags"),
        "flag of the gate or of a row",
        lambda _: (*CODES, *IMPORT_FLAGS),
        means=_is_like,
    ),
    _Axis("batch_id", ("batches",), "batch of the ledger or of a row", lambda _: (), _begins),
    _Axis(
        "model",
        ("models",),
        "model of the catalog, of a batch or of a row",
        lambda _: _catalogued(),
        means=_is_like,
    ),
    _Axis(
        "jurisdiction",
        ("jurisdictions",),
        "jurisdiction of the taxonomy or of a row",
        lambda taxonomy: (each.id for each in taxonomy().jurisdictions),
    ),
    _Axis(
        "practice_area",
        ("practice_areas",),
        "practice area of the taxonomy or of a row",
        lambda taxonomy: (each.id for each in taxonomy().areas),
    ),
    _Axis(
        "topic",
        ("topics",),
        "topic of the taxonomy or of a row",
        lambda taxonomy: (topic.id for area in taxonomy().areas for topic in area.topics),
        means=_is_like,
    ),
    _Axis(
        "difficulty",
        ("difficulties",),
        "difficulty of the taxonomy or of a row",
        lambda taxonomy: (each.id for each in taxonomy().difficulties),
    ),
)
_LISTED: Final = 12
"""So many values of the rows are named where none resembles what was asked for."""


def check_names(
    wanted: Wanted, taxonomy: Callable[[], Taxonomy], present: Callable[[str], Collection[str]]
) -> None:
    """That what a filter names is there at all: left out by mistake, nothing would be left out, and
    beside a name that is there nobody would miss it.

    ``present`` tells what stands in a column of the rows, and of batches and models what the ledger
    has; it is asked only about names that neither the gate nor the taxonomy nor the catalog knows,
    as the rows are many.

    Raises:
        UsageError: a name, or a pattern, means nothing.
    """
    for axis in _AXES:
        asked = [(field, value) for field in axis.fields for value in getattr(wanted, field)]
        known = list(axis.known(taxonomy)) if asked else []
        strange = [(field, value) for field, value in asked if not _means(axis, value, known)]
        there = sorted(present(axis.column)) if strange else []
        for field, value in strange:
            if not _means(axis, value, there):
                hint = _hint(axis, value, [*there, *known], there)
                raise UsageError(f"{_FLAGS[field]} {shlex.quote(value)} is no {axis.what}{hint}")


def _means(axis: _Axis, value: str, names: Iterable[str]) -> bool:
    return any(axis.means(value, name) for name in names)


def _hint(axis: _Axis, value: str, known: Sequence[str], there: Sequence[str]) -> str:
    """What may have been meant, or what the rows have."""
    if axis.means is _is_like and any(
        name.casefold().startswith(value.casefold()) for name in known
    ):
        return f"; did you mean '{value}*'?"
    if close := did_you_mean(value, known):
        return close
    more = ", ..." if len(there) > _LISTED else ""
    return f"; the rows have {', '.join(there[:_LISTED])}{more}" if there else "; no row has any"
