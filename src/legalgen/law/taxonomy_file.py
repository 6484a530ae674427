"""A taxonomy's TOML as it is read: unknown keys, wrong types and bad numbers name their place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeVar

import msgspec

from legalgen.errors import UsageError
from legalgen.errors.suggestions import meant_or_allowed
from legalgen.law.axes import (
    Authority,
    Difficulty,
    Jurisdiction,
    Proceedings,
    SampleType,
    Weights,
)
from legalgen.settings.types import HEAVIEST

_ID = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])", re.ASCII)

T = TypeVar("T")


class _Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``sample_types``: which types a topic has; one of the two, or neither."""

    exclude: tuple[str, ...] | None = None
    include: tuple[str, ...] | None = None


class TopicTable(msgspec.Struct, frozen=True):
    """``[[area.topic]]`` as it is written."""

    id: str
    name: str
    subtopics: tuple[str, ...]
    difficulty: tuple[str, ...] | None = None
    sample_types: _Choice = _Choice()
    authorities: tuple[str | Authority, ...] = ()
    checked: str = ""
    sub_jurisdiction: str = ""
    weight: float = 1.0

    @property
    def cited(self) -> tuple[Authority, ...]:
        """Its authorities; one that is written as a text alone decides every subtopic."""
        return tuple(
            Authority(each) if isinstance(each, str) else each for each in self.authorities
        )


class AreaTable(msgspec.Struct, frozen=True):
    """``[[area]]`` as it is written."""

    id: str
    jurisdictions: tuple[str, ...]
    name: str = ""
    weight: float | None = None
    sub_jurisdiction: str = ""
    proceedings: Proceedings | None = None
    topic: tuple[TopicTable, ...] = ()


class File(msgspec.Struct, frozen=True):
    """A taxonomy file, table by table; everything in it has passed the checks of its table."""

    name: str = "unnamed"
    schema: int = 1
    extends: Literal["builtin", "none"] = "builtin"
    weights: Weights = Weights()
    jurisdiction: tuple[Jurisdiction, ...] = ()
    difficulty: tuple[Difficulty, ...] = ()
    area: tuple[AreaTable, ...] = ()
    sample_type: tuple[SampleType, ...] = ()


class TaxonomyReader:
    """Turns the tables of one file into values; every complaint begins with the file's name."""

    def __init__(self, file: str) -> None:
        self._file = file

    def file(self, tables: dict[str, Any]) -> File:
        """Read all tables; a key that no table has is refused first."""
        self._known_keys(tables, File, "")
        whole = dict(tables)
        whole["weights"] = self._weights(whole.get("weights", {}))
        whole["area"] = tuple(self._area(*each) for each in self._array(whole, "area"))
        for key, kind in _SIMPLE_TABLES.items():
            whole[key] = tuple(self._simple(kind, *each) for each in self._array(whole, key))
        found = self._convert(whole, File, "")
        if found.schema != 1:
            self.refuse("", f'key "schema": this version reads schema 1, not {found.schema}')
        return found

    def refuse(self, where: str, what: str) -> None:
        """Refuse the file for a reason in one table.

        Raises:
            UsageError: always.
        """
        raise UsageError(f"{self._file}: {where}{': ' if where else ''}{what}")

    def _array(
        self, table: Mapping[str, Any], key: str, above: str = ""
    ) -> list[tuple[str, dict[str, Any]]]:
        """The tables of ``[[key]]``, each with the words that name it."""
        path = f"{above.partition(']]')[0].removeprefix('[[')}.{key}" if above else key
        tables = table.get(key, [])
        if not (isinstance(tables, list) and all(isinstance(each, dict) for each in tables)):
            self.refuse(above, f"{key!r} must be written as [[{path}]]")
        prefix = f"{above} / " if above else ""
        return [
            (f"{prefix}[[{path}]] {_called(each.get('id'), number)}", each)
            for number, each in enumerate(tables, start=1)
        ]

    def _simple(self, kind: type[T], where: str, table: dict[str, Any]) -> T:
        """A table of plain values: a jurisdiction, a difficulty or a sample type."""
        self._known_keys(table, kind, where)
        value = self._convert(table, kind, where)
        self._id(table["id"], where)
        if isinstance(value, SampleType):
            self._sample_type(value, where)
        if isinstance(value, Difficulty):
            self._number("word_factor", value.word_factor, where, positive=True)
        return value

    def _sample_type(self, value: SampleType, where: str) -> None:
        self._range("answer_words", value.answer_words, where, lowest=1, highest=5000)
        self._range("reasoning_steps", value.reasoning_steps, where, lowest=0, highest=50)
        if not 0 <= value.min_citations <= 20:
            self.refuse(where, f'key "min_citations": {value.min_citations} is not from 0 to 20')
        if not value.name.strip():
            self.refuse(where, 'key "name" is empty')

    def _area(self, where: str, table: dict[str, Any]) -> AreaTable:
        self._known_keys(table, AreaTable, where)
        topics = tuple(self._topic(*each) for each in self._array(table, "topic", where))
        area = self._convert({**table, "topic": topics}, AreaTable, where)
        self._id(area.id, where)
        self._filled("jurisdictions", area.jurisdictions, where)
        if area.weight is not None:
            self._number("weight", area.weight, where)
        twice = first_repeat(topic.id for topic in topics)
        if twice is not None:
            self.refuse(f"{where} / [[area.topic]]", f'duplicate id "{twice}"')
        return area

    def _topic(self, where: str, table: dict[str, Any]) -> TopicTable:
        self._known_keys(table, TopicTable, where)
        choice = table.get("sample_types")
        if isinstance(choice, dict):
            self._known_keys(choice, _Choice, f"{where}: sample_types")
        topic = self._convert(table, TopicTable, where)
        self._id(topic.id, where)
        self._filled("subtopics", topic.subtopics, where)
        self._filled("difficulty", topic.difficulty, where)
        self._filled("sample_types.include", topic.sample_types.include, where)
        self._number("weight", topic.weight, where)
        self._month("checked", topic.checked, where)
        for authority in topic.cited:
            self._authority(authority, topic.subtopics, where)
        if topic.sample_types.exclude is not None and topic.sample_types.include is not None:
            self.refuse(where, 'key "sample_types": give exclude or include, not both')
        return topic

    def _authority(self, authority: Authority, points: Sequence[str], where: str) -> None:
        """What one authority says of its topic: its points are subtopics of it."""
        here = f'{where}: authority "{authority.cite}"'
        if not authority.cite.strip():
            self.refuse(where, 'key "authorities" holds an empty text')
        self._month("since", authority.since, here)
        for point in authority.points:
            if point not in points:
                hint = meant_or_allowed(point, points)
                self.refuse(here, f'key "points": unknown subtopic "{point}" ({hint})')

    def _month(self, key: str, value: str, where: str) -> None:
        if value and not _MONTH.fullmatch(value):
            self.refuse(where, f'key "{key}": {value!r} is no month, as 2026-05 is')

    def _weights(self, table: object) -> Weights:
        if isinstance(table, dict):
            self._known_keys(table, Weights, "[weights]")
            self._numbers(table)
        weights = self._convert(table, Weights, "[weights]")
        for axis in Weights.__struct_fields__:
            values: dict[str, float] = getattr(weights, axis)
            for id_, weight in values.items():
                self._number(f"{axis}.{id_}", weight, "[weights]")
        return weights

    def _numbers(self, weights: Mapping[str, object]) -> None:
        """Refuse a weight that is no number: msgspec does not say whose it is."""
        for axis, values in weights.items():
            for id_, weight in values.items() if isinstance(values, dict) else ():
                if isinstance(weight, bool) or not isinstance(weight, int | float):
                    key = f'key "{axis}.{id_}"'
                    self.refuse("[weights]", f"{key}: expected a number, got {weight!r}")

    # -------------------------------------------------------------- checks

    def _known_keys(self, table: Mapping[str, Any], kind: type[Any], where: str) -> None:
        allowed = kind.__struct_fields__
        for key in table:
            if key not in allowed:
                self.refuse(where, f'unknown key "{key}" ({meant_or_allowed(key, allowed)})')

    def _convert(self, table: object, kind: type[T], where: str) -> T:
        try:
            return msgspec.convert(table, kind)
        except msgspec.ValidationError as error:
            raise UsageError(
                f"{self._file}: {where}{': ' if where else ''}{_complaint(str(error))}"
            ) from error

    def _id(self, id_: str, where: str) -> None:
        if not _ID.fullmatch(id_):
            self.refuse(where, f'key "id": {id_!r} is not lower-case words joined by - or _')

    def _filled(self, key: str, values: tuple[str, ...] | None, where: str) -> None:
        if values is None:
            return
        if not values:
            self.refuse(where, f'key "{key}" is an empty list')
        if not all(value.strip() for value in values):
            self.refuse(where, f'key "{key}" holds an empty text')
        twice = first_repeat(values)
        if twice is not None:
            self.refuse(where, f'key "{key}" holds "{twice}" twice')

    def _number(self, key: str, value: float, where: str, *, positive: bool = False) -> None:
        if not 0 <= value <= HEAVIEST or (positive and value == 0):
            least = "above 0" if positive else "from 0"
            self.refuse(where, f'key "{key}": {value} is not a number {least} to {HEAVIEST:.0f}')

    def _range(
        self, key: str, value: tuple[int, int], where: str, *, lowest: int, highest: int
    ) -> None:
        if not lowest <= value[0] <= value[1] <= highest:
            asked = f"two numbers from {lowest} to {highest}, the smaller first"
            self.refuse(where, f'key "{key}": {list(value)} is not {asked}')


_SIMPLE_TABLES: dict[str, type[Any]] = {
    "jurisdiction": Jurisdiction,
    "difficulty": Difficulty,
    "sample_type": SampleType,
}


def _called(id_: object, number: int) -> str:
    """What a table is called in a complaint: its id, else its number in the file."""
    return f'"{id_}"' if isinstance(id_, str) and id_ else f"#{number}"


def first_repeat(values: Iterable[str]) -> str | None:
    """The first value that was there before."""
    seen: set[str] = set()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return None


def _complaint(message: str) -> str:
    """msgspec's words in ours: the key first, then what is wrong with it."""
    what, _, path = message.partition(" - at `$")
    missing = re.fullmatch(r"Object missing required field `(\w+)`", what)
    if missing:
        return f'key "{missing[1]}" is missing'
    key = path.rstrip("`").lstrip(".")
    said = (what[:1].lower() + what[1:]).replace("`", "")
    return f'key "{key}": {said}' if key else said
