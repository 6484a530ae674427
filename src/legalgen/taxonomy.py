"""The taxonomy: jurisdictions, practice areas, topics, difficulties and sample types.

A leaf is a topic in one jurisdiction; a cell is a leaf with a difficulty and a sample type.
The built-in taxonomy is ``taxonomy.toml`` beside this page; a user's file has the same form and
extends it or stands alone. Everything wrong in a file is a ``UsageError`` that names file, table
and key. The table of sample types holds the bounds that the prompt asks for and the gate checks.
"""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from importlib import resources
from itertools import chain
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from legalgen.errors import UsageError

Proceedings = Literal[
    "civil",
    "commercial",
    "criminal",
    "employment",
    "family",
    "international",
    "public",
    "regulatory",
]
"""What disputes of an area look like; it picks the perspectives and stages that fit."""

Requirement = Literal[
    "",
    "parties",
    "irac",
    "next_steps",
    "section",
    "time_limit",
    "two_jurisdictions",
    "conduct_rule",
    "apex_case",
    "turns",
]
"""What a sample type requires beyond numbers, as a code; its sentence is ``requirement``."""

MOST_NAMED = 8
"""How many areas or topics a sentence names beside the close ones; of short axes it names all."""
_ID = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_T = TypeVar("_T")


class Bounds(msgspec.Struct, frozen=True):
    """What one sample must keep to; both ends of a range are allowed. Words and counts."""

    answer_words: tuple[int, int]
    reasoning_steps: tuple[int, int]
    min_citations: int


class Jurisdiction(msgspec.Struct, frozen=True):
    """A legal order; ``sub_jurisdiction`` is the one meant where a topic names none.

    ``sub_jurisdictions`` are the names of the laws within it, by id.
    """

    id: str
    name: str
    sub_jurisdiction: str
    sub_jurisdictions: dict[str, str] = {}

    def law(self, sub_jurisdiction: str) -> str:
        """What one law within it is called; an id without a name is read as words."""
        if sub_jurisdiction == self.id:
            return self.name
        words = sub_jurisdiction.replace("-", " ").title()
        return self.sub_jurisdictions.get(sub_jurisdiction, words)


class Difficulty(msgspec.Struct, frozen=True):
    """How hard: ``features`` can be seen in the text, ``word_factor`` scales the answer."""

    id: str
    name: str
    word_factor: float
    features: str


class SampleType(msgspec.Struct, frozen=True):
    """A form that samples take, with its bounds at difficulty factor 1.

    ``requires`` is the code, ``requirement`` the sentence of what an answer must contain;
    ``instructions`` say how to write one; ``aliases`` are older names of it.
    """

    id: str
    name: str
    answer_words: tuple[int, int]
    reasoning_steps: tuple[int, int]
    min_citations: int = 0
    requires: Requirement = ""
    requirement: str = ""
    instructions: str = ""
    aliases: tuple[str, ...] = ()

    def bounds(self, difficulty: Difficulty) -> Bounds:
        """The bounds at one difficulty: words are scaled, counts are not."""
        low, high = (_scaled(words, difficulty.word_factor) for words in self.answer_words)
        return Bounds((low, high), self.reasoning_steps, self.min_citations)


def _scaled(words: int, factor: float) -> int:
    """Half a word is rounded up, also where binary fractions fall just short of it."""
    return math.floor(round(words * factor, 6) + 0.5)


class Topic(msgspec.Struct, frozen=True):
    """A leaf: one topic in one jurisdiction, with all that it inherits resolved.

    ``weight`` is its share against other leaves before jurisdictions are weighed.
    ``authorities`` are the cases and Acts that a prompt may offer, as a lawyer cites them.
    """

    jurisdiction: str
    sub_jurisdiction: str
    practice_area: str
    id: str
    name: str
    subtopics: tuple[str, ...]
    difficulties: tuple[str, ...]
    sample_types: tuple[str, ...]
    authorities: tuple[str, ...] = ()
    weight: float = 1.0

    @property
    def key(self) -> tuple[str, str, str]:
        """What names a leaf: jurisdiction, practice area, topic."""
        return (self.jurisdiction, self.practice_area, self.id)

    @property
    def cells(self) -> int:
        """How many cells it has: difficulties times sample types."""
        return len(self.difficulties) * len(self.sample_types)


class Area(msgspec.Struct, frozen=True):
    """A practice area in one jurisdiction."""

    jurisdiction: str
    id: str
    name: str
    proceedings: Proceedings
    topics: tuple[Topic, ...]


class Weights(msgspec.Struct, frozen=True):
    """How much of each axis is wanted; empty means evenly (jurisdictions: evenly per leaf)."""

    jurisdiction: dict[str, float] = {}
    difficulty: dict[str, float] = {}
    sample_type: dict[str, float] = {}


class Filter(msgspec.Struct, frozen=True):
    """What a batch is restricted to, axis by axis; an empty axis is not restricted.

    Values are ids or names in any case, old names of sample types, and for topics and areas also
    paths (``contract/formation``, ``uk/contract``).
    """

    jurisdictions: tuple[str, ...] = ()
    practice_areas: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    difficulties: tuple[str, ...] = ()
    sample_types: tuple[str, ...] = ()


class Branch(msgspec.Struct, frozen=True):
    """A node of the tree for people: a jurisdiction, an area or a topic, with its counts."""

    id: str
    name: str
    topics: int
    cells: int
    children: tuple[Branch, ...] = ()


class Taxonomy(msgspec.Struct, frozen=True, dict=True):
    """All that can be asked for; see ``builtin`` and ``load``.

    ``own_authorities`` are those of the user's file, each after the table that it stands in.
    """

    name: str
    jurisdictions: tuple[Jurisdiction, ...]
    areas: tuple[Area, ...]
    difficulties: tuple[Difficulty, ...]
    sample_types: tuple[SampleType, ...]
    weights: Weights
    own_authorities: tuple[tuple[str, str], ...] = ()

    @classmethod
    def builtin(cls) -> Taxonomy:
        """The taxonomy that comes with the package; read once per process."""
        return _builtin()

    @classmethod
    def load(cls, path: Path) -> Taxonomy:
        """Read a user's file and lay it over the built-in taxonomy, if it extends that.

        A topic or sample type with a built-in id replaces the built-in one; an area adds its
        topics to the built-in area of its id. With ``extends = "none"`` there are no built-in
        areas, and built-in sample types only if the file defines none.

        Raises:
            UsageError: the file cannot be read or is not a taxonomy; file, table and key named.
        """
        return _Assembly(_load(path), _builtin_file(), path.name).taxonomy()

    # ------------------------------------------------------------------ looking things up

    @cached_property
    def _leaves(self) -> Mapping[tuple[str, str, str], Topic]:
        return {topic.key: topic for area in self.areas for topic in area.topics}

    @cached_property
    def _sample_types(self) -> Mapping[str, SampleType]:
        return {each.id: each for each in self.sample_types}

    @cached_property
    def _difficulties(self) -> Mapping[str, Difficulty]:
        return {each.id: each for each in self.difficulties}

    @cached_property
    def _areas(self) -> Mapping[tuple[str, str], Area]:
        return {(each.jurisdiction, each.id): each for each in self.areas}

    @cached_property
    def _jurisdictions(self) -> Mapping[str, Jurisdiction]:
        return {each.id: each for each in self.jurisdictions}

    def leaf(self, jurisdiction: str, practice_area: str, topic: str) -> Topic:
        """The leaf of these ids (``KeyError`` if there is none)."""
        return self._leaves[jurisdiction, practice_area, topic]

    def area(self, jurisdiction: str, practice_area: str) -> Area:
        """The area of these ids (``KeyError`` if there is none)."""
        return self._areas[jurisdiction, practice_area]

    def jurisdiction(self, id: str) -> Jurisdiction:  # noqa: A002 - it is an id
        """The jurisdiction of this id (``KeyError`` if there is none)."""
        return self._jurisdictions[id]

    def difficulty(self, id: str) -> Difficulty:  # noqa: A002 - it is an id
        """The difficulty of this id (``KeyError`` if there is none)."""
        return self._difficulties[id]

    def sample_type(self, id: str) -> SampleType:  # noqa: A002 - it is an id
        """The sample type of this id (``KeyError`` if there is none)."""
        return self._sample_types[id]

    def bounds(self, sample_type: str, difficulty: str) -> Bounds:
        """The bounds of a sample type at a difficulty, both by id."""
        return self.sample_type(sample_type).bounds(self.difficulty(difficulty))

    def authorities(self) -> tuple[str, ...]:
        """Every listed authority once, in the order of the file."""
        listed = (topic.authorities for topic in self._leaves.values())
        return tuple(dict.fromkeys(chain.from_iterable(listed)))

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What a user should know of the file: authorities that nothing can be compared with.

        No errors, for a jurisdiction of one's own may cite in a form that nobody else uses.
        """
        if not self.own_authorities:
            return ()
        from legalgen.citations import comparable, parse  # few files need them

        return tuple(
            f'{where}: key "authorities": {text!r} is no citation that is known: it is offered to '
            "the model, but what cites it will not be marked as listed"
            for where, text in self.own_authorities
            if not comparable(parse(text))
        )

    # ------------------------------------------------------------------ filtering

    def resolve(self, filter: Filter) -> Filter:  # noqa: A002 - it is a filter
        """The same filter in ids (topics and areas as paths), in the taxonomy's order.

        Raises:
            UsageError: a value names nothing; what is allowed is listed, close matches first.
        """
        return Filter(
            jurisdictions=_choose("jurisdiction", filter.jurisdictions, self._jurisdiction_names()),
            practice_areas=_choose("practice area", filter.practice_areas, self._area_names()),
            topics=_choose("topic", filter.topics, self._topic_names()),
            difficulties=_choose("difficulty", filter.difficulties, _names(self.difficulties)),
            sample_types=_choose("sample type", filter.sample_types, self._sample_type_names()),
        )

    def leaves(self, filter: Filter | None = None) -> tuple[Topic, ...]:  # noqa: A002 - as above
        """The leaves that a filter leaves, each narrowed to its difficulties and sample types.

        Raises:
            UsageError: a value names nothing, or the combination leaves nothing.
        """
        chosen = self.resolve(filter or Filter())
        leaves: Sequence[Topic] = tuple(self._leaves.values())
        asked: list[str] = []
        for step in _narrowings(chosen):
            if not step.values:
                continue
            narrowed = [leaf for leaf in map(step.narrow, leaves) if leaf is not None]
            if not narrowed:
                raise UsageError(_nothing_left(step, asked, leaves))
            leaves = narrowed
            asked.append(f"{step.axis} {_listed(step.values)}")
        return tuple(leaves)

    def cells(self, filter: Filter | None = None) -> int:  # noqa: A002 - as above
        """How many cells there are under a filter."""
        return sum(leaf.cells for leaf in self.leaves(filter))

    def as_tree(self, filter: Filter | None = None) -> tuple[Branch, ...]:  # noqa: A002 - as above
        """Jurisdictions with their areas with their topics, each with its counts."""
        found: dict[str, dict[str, list[Topic]]] = {}
        for leaf in self.leaves(filter):
            areas = found.setdefault(leaf.jurisdiction, {})
            areas.setdefault(leaf.practice_area, []).append(leaf)
        return tuple(self._jurisdiction_branch(id_, areas) for id_, areas in found.items())

    def _jurisdiction_branch(self, id_: str, areas: Mapping[str, Sequence[Topic]]) -> Branch:
        children = tuple(
            _branch(area, self.area(id_, area).name, tuple(map(_topic_branch, topics)))
            for area, topics in areas.items()
        )
        return _branch(id_, self.jurisdiction(id_).name, children)

    def _jurisdiction_names(self) -> dict[str, list[str]]:
        used = {area.jurisdiction for area in self.areas}
        return _names([each for each in self.jurisdictions if each.id in used])

    def _area_names(self) -> dict[str, list[str]]:
        return {f"{a.jurisdiction}/{a.id}": [a.id, a.name] for a in self.areas}

    def _topic_names(self) -> dict[str, list[str]]:
        return {
            "/".join(leaf.key): [leaf.id, leaf.name, f"{leaf.practice_area}/{leaf.id}"]
            for leaf in self._leaves.values()
        }

    def _sample_type_names(self) -> dict[str, list[str]]:
        return {each.id: [each.name, *each.aliases] for each in self.sample_types}


# ---------------------------------------------------------------------------- filters


class _Narrowing(msgspec.Struct, frozen=True):
    """One axis of a filter: its values, what it makes of a leaf, and what a leaf offers."""

    axis: str
    values: tuple[str, ...]
    narrow: Callable[[Topic], Topic | None]
    offers: Callable[[Topic], Sequence[str]]


def _narrowings(chosen: Filter) -> tuple[_Narrowing, ...]:
    """The axes of a resolved filter, widest first."""
    return (
        _keeping("jurisdiction", chosen.jurisdictions, lambda leaf: leaf.jurisdiction),
        _keeping("practice area", chosen.practice_areas, lambda leaf: "/".join(leaf.key[:2])),
        _keeping("topic", chosen.topics, lambda leaf: "/".join(leaf.key)),
        _Narrowing(
            "difficulty",
            chosen.difficulties,
            lambda leaf: _narrowed(leaf, "difficulties", chosen.difficulties),
            lambda leaf: leaf.difficulties,
        ),
        _Narrowing(
            "sample type",
            chosen.sample_types,
            lambda leaf: _narrowed(leaf, "sample_types", chosen.sample_types),
            lambda leaf: leaf.sample_types,
        ),
    )


def _keeping(axis: str, values: tuple[str, ...], value: Callable[[Topic], str]) -> _Narrowing:
    """An axis that keeps a leaf or drops it."""
    return _Narrowing(
        axis,
        values,
        lambda leaf: leaf if value(leaf) in values else None,
        lambda leaf: [value(leaf)],
    )


def _narrowed(leaf: Topic, field: str, wanted: Sequence[str]) -> Topic | None:
    """The leaf with only the wanted of its difficulties or sample types."""
    kept = tuple(value for value in getattr(leaf, field) if value in wanted)
    return msgspec.structs.replace(leaf, **{field: kept}) if kept else None


def _nothing_left(step: _Narrowing, asked: Sequence[str], leaves: Sequence[Topic]) -> str:
    """The sentence for the first axis that emptied the filter."""
    offered = list(dict.fromkeys(chain.from_iterable(map(step.offers, leaves))))
    before = f" in {', '.join(asked)}" if asked else ""
    there = ", ".join(map(_short, offered[:20])) + (", ..." if len(offered) > 20 else "")
    wanted = f"no {step.axis} {_listed(step.values)}"
    return f"the filter leaves nothing: {wanted}{before} (there: {there})"


def _listed(values: Sequence[str]) -> str:
    return " or ".join(dict.fromkeys(map(_short, values)))


def _names(values: Iterable[Jurisdiction | Difficulty]) -> dict[str, list[str]]:
    return {each.id: [each.name] for each in values}


def _fold(text: str) -> str:
    """What stays of a name when case, spaces and dashes do not count."""
    return re.sub(r"[\s_-]+", "-", text.strip().casefold())


def _choose(axis: str, asked: Sequence[str], names: Mapping[str, list[str]]) -> tuple[str, ...]:
    """The ids that were asked for, in the taxonomy's order."""
    meanings: dict[str, list[str]] = {}
    for id_, others in names.items():
        for word in dict.fromkeys(map(_fold, [id_, *others])):
            meanings.setdefault(word, []).append(id_)
    chosen: set[str] = set()
    for value in asked:
        found = meanings.get(_fold(value))
        if found is None:
            raise UsageError(_unknown(axis, value, names, meanings))
        chosen.update(found)
    return tuple(id_ for id_ in names if id_ in chosen)


def _unknown(
    axis: str, value: str, names: Mapping[str, list[str]], meanings: Mapping[str, list[str]]
) -> str:
    """The sentence for a value that names nothing: what is allowed, close matches first."""
    close = difflib.get_close_matches(_fold(value), meanings, n=5, cutoff=0.6)
    first = [_short(id_) for word in close for id_ in meanings[word]]
    allowed = list(dict.fromkeys([*first, *map(_short, names)]))
    in_tree = axis in ("practice area", "topic")
    shown = allowed[: len(dict.fromkeys(first)) + MOST_NAMED] if in_tree else allowed
    more = "" if len(shown) == len(allowed) else ", ...; `legalgen config taxonomy` lists all"
    hint = f" (did you mean {allowed[0]!r}?)" if first else ""
    return f"unknown {axis} {value!r}{hint}; allowed: {', '.join(shown)}{more}"


def _short(id_: str) -> str:
    """The last step of a path: what people type."""
    return id_.rpartition("/")[2]


# ---------------------------------------------------------------------------- the tree


def _topic_branch(topic: Topic) -> Branch:
    return Branch(topic.id, topic.name, topics=1, cells=topic.cells)


def _branch(id_: str, name: str, children: tuple[Branch, ...]) -> Branch:
    topics = sum(child.topics for child in children)
    return Branch(id_, name, topics, sum(child.cells for child in children), children)


# ---------------------------------------------------------------------------- reading files


class _Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``sample_types``: which types a topic has; one of the two, or neither."""

    exclude: tuple[str, ...] | None = None
    include: tuple[str, ...] | None = None


class _TopicTable(msgspec.Struct, frozen=True):
    id: str
    name: str
    subtopics: tuple[str, ...]
    difficulty: tuple[str, ...] | None = None
    sample_types: _Choice = _Choice()
    authorities: tuple[str, ...] = ()
    sub_jurisdiction: str = ""
    weight: float = 1.0


class _AreaTable(msgspec.Struct, frozen=True):
    id: str
    jurisdictions: tuple[str, ...]
    name: str = ""
    weight: float | None = None
    sub_jurisdiction: str = ""
    proceedings: Proceedings | None = None
    topic: tuple[_TopicTable, ...] = ()


class _File(msgspec.Struct, frozen=True):
    """A taxonomy file, table by table; everything in it has passed the checks of its table."""

    name: str = "unnamed"
    schema: int = 1
    extends: Literal["builtin", "none"] = "builtin"
    weights: Weights = Weights()
    jurisdiction: tuple[Jurisdiction, ...] = ()
    difficulty: tuple[Difficulty, ...] = ()
    area: tuple[_AreaTable, ...] = ()
    sample_type: tuple[SampleType, ...] = ()


def _load(path: Path) -> _File:
    """Read one file and check each table by itself."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path.name}: not TOML: {error}") from error
    return _Reader(path.name).file(tables)


@cache
def _builtin_file() -> _File:
    text = resources.files("legalgen").joinpath("taxonomy.toml").read_text(encoding="utf-8")
    return _Reader("taxonomy.toml").file(tomllib.loads(text))


@cache
def _builtin() -> Taxonomy:
    return _Assembly(_builtin_file(), _builtin_file(), "taxonomy.toml").taxonomy()


class _Reader:
    """Turns the tables of one file into values; every complaint begins with the file's name."""

    def __init__(self, file: str) -> None:
        self._file = file

    def file(self, tables: dict[str, Any]) -> _File:
        """Read all tables; a key that no table has is refused first."""
        self._known_keys(tables, _File, "")
        whole = dict(tables)
        whole["weights"] = self._weights(whole.get("weights", {}))
        whole["area"] = tuple(self._area(*each) for each in self._array(whole, "area"))
        for key, kind in _SIMPLE_TABLES.items():
            whole[key] = tuple(self._simple(kind, *each) for each in self._array(whole, key))
        found = self._convert(whole, _File, "")
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

    def _simple(self, kind: type[_T], where: str, table: dict[str, Any]) -> _T:
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

    def _area(self, where: str, table: dict[str, Any]) -> _AreaTable:
        self._known_keys(table, _AreaTable, where)
        topics = tuple(self._topic(*each) for each in self._array(table, "topic", where))
        area = self._convert({**table, "topic": topics}, _AreaTable, where)
        self._id(area.id, where)
        self._filled("jurisdictions", area.jurisdictions, where)
        if area.weight is not None:
            self._number("weight", area.weight, where)
        twice = _first_repeat(topic.id for topic in topics)
        if twice is not None:
            self.refuse(f"{where} / [[area.topic]]", f'duplicate id "{twice}"')
        return area

    def _topic(self, where: str, table: dict[str, Any]) -> _TopicTable:
        self._known_keys(table, _TopicTable, where)
        choice = table.get("sample_types")
        if isinstance(choice, dict):
            self._known_keys(choice, _Choice, f"{where}: sample_types")
        topic = self._convert(table, _TopicTable, where)
        self._id(topic.id, where)
        self._filled("subtopics", topic.subtopics, where)
        self._filled("difficulty", topic.difficulty, where)
        self._filled("sample_types.include", topic.sample_types.include, where)
        self._number("weight", topic.weight, where)
        if topic.sample_types.exclude is not None and topic.sample_types.include is not None:
            self.refuse(where, 'key "sample_types": give exclude or include, not both')
        return topic

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
            if key in allowed:
                continue
            close = difflib.get_close_matches(key, allowed, n=1)
            hint = f'did you mean "{close[0]}"?' if close else f"allowed: {', '.join(allowed)}"
            self.refuse(where, f'unknown key "{key}" ({hint})')

    def _convert(self, table: object, kind: type[_T], where: str) -> _T:
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
        twice = _first_repeat(values)
        if twice is not None:
            self.refuse(where, f'key "{key}" holds "{twice}" twice')

    def _number(self, key: str, value: float, where: str, *, positive: bool = False) -> None:
        if not math.isfinite(value) or value < 0 or (positive and value == 0):
            least = "above 0" if positive else "0 or above"
            self.refuse(where, f'key "{key}": {value} is not a number {least}')

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


def _first_repeat(values: Iterable[str]) -> str | None:
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


# ---------------------------------------------------------------------------- laying together


class _Assembly:
    """Lays a file over the built-in one and resolves what its tables say of each other."""

    def __init__(self, file: _File, base: _File, label: str) -> None:
        self._file = file
        self._base = base
        self._label = label
        self._reader = _Reader(label)
        self._jurisdictions = self._merge("jurisdiction", base.jurisdiction, file.jurisdiction)
        self._difficulties = self._merge("difficulty", base.difficulty, file.difficulty)
        alone = file.extends == "none" and bool(file.sample_type)
        types = () if alone else base.sample_type
        self._sample_types = self._merge("sample_type", types, file.sample_type)

    def taxonomy(self) -> Taxonomy:
        """Check, resolve, and leave out what weighs nothing.

        Raises:
            UsageError: ids are repeated, or name what does not exist.
        """
        self._check_weights()
        areas = [area for area in self._areas() if self._weight("jurisdiction", area.jurisdiction)]
        if not areas:
            self._reader.refuse("", "there is no topic in it whose weight is above 0")
        return Taxonomy(
            name=self._file.name,
            jurisdictions=tuple(self._jurisdictions.values()),
            areas=tuple(areas),
            difficulties=tuple(self._difficulties.values()),
            sample_types=tuple(self._sample_types.values()),
            weights=self._file.weights,
            own_authorities=tuple(self._own_authorities()),
        )

    def _own_authorities(self) -> Iterator[tuple[str, str]]:
        if self._file is self._base:
            return
        for area in self._file.area:
            for topic in area.topic:
                where = f'{self._label}: [[area]] "{area.id}" / [[area.topic]] "{topic.id}"'
                yield from ((where, text) for text in topic.authorities)

    def _merge(self, key: str, base: Sequence[_T], own: Sequence[_T]) -> dict[str, _T]:
        """By id: the built-in values, replaced or followed by the file's."""
        ids = [getattr(each, "id", "") for each in own]
        twice = _first_repeat(ids)
        if twice is not None:
            self._reader.refuse(f"[[{key}]]", f'duplicate id "{twice}"')
        return {getattr(each, "id", ""): each for each in [*base, *own]}

    def _check_weights(self) -> None:
        known: dict[str, Mapping[str, object]] = {
            "jurisdiction": self._jurisdictions,
            "difficulty": self._difficulties,
            "sample_type": self._sample_types,
        }
        for axis, ids in known.items():
            weights: dict[str, float] = getattr(self._file.weights, axis)
            for id_ in weights:
                self._exists(axis, id_, ids, f"[weights]: {axis}")

    def _exists(self, what: str, id_: str, known: Mapping[str, object], where: str) -> None:
        if id_ in known:
            return
        close = difflib.get_close_matches(id_, known, n=1)
        hint = f'did you mean "{close[0]}"?' if close else f"allowed: {', '.join(known)}"
        self._reader.refuse(where, f'unknown {what.replace("_", " ")} "{id_}" ({hint})')

    def _weight(self, axis: str, id_: str) -> float:
        weights: dict[str, float] = getattr(self._file.weights, axis)
        return weights.get(id_, 1.0)

    def _areas(self) -> list[Area]:
        """The areas by jurisdiction and id, the file's laid over the built-in ones."""
        found: dict[tuple[str, str], Area] = {}
        if self._file.extends == "builtin":
            for table in self._base.area:
                self._lay(found, table, '[[area]] "' + table.id + '"')
        seen: list[str] = []
        for table in self._file.area:
            seen.extend(f"{table.id} in {each}" for each in table.jurisdictions)
            twice = _first_repeat(seen)
            if twice is not None:
                self._reader.refuse("[[area]]", f'duplicate id "{table.id}" ({twice})')
            self._lay(found, table, f'[[area]] "{table.id}"')
        return [each for each in map(_weighing_something, found.values()) if each.topics]

    def _lay(self, found: dict[tuple[str, str], Area], table: _AreaTable, where: str) -> None:
        """Lay one area table over what is there, in each of its jurisdictions."""
        for id_ in table.jurisdictions:
            self._exists("jurisdiction", id_, self._jurisdictions, where)
            below = found.get((id_, table.id))
            if below is None and not table.topic:
                self._reader.refuse(where, "it has no [[area.topic]]")
            if below is None and not table.name.strip():
                self._reader.refuse(where, 'key "name" is missing')
            topics = {} if below is None else {topic.id: topic for topic in below.topics}
            if below is not None and table.weight is not None:
                topics = {key: _reweighed(topic, table.weight) for key, topic in topics.items()}
            for topic in table.topic:
                topics[topic.id] = self._topic(id_, table, topic, where)
            found[id_, table.id] = Area(
                jurisdiction=id_,
                id=table.id,
                name=table.name or (below.name if below else table.id),
                proceedings=table.proceedings or (below.proceedings if below else "civil"),
                topics=tuple(topics.values()),
            )

    def _topic(self, jurisdiction: str, area: _AreaTable, table: _TopicTable, above: str) -> Topic:
        where = f'{above} / [[area.topic]] "{table.id}"'
        home = self._jurisdictions[jurisdiction].sub_jurisdiction
        return Topic(
            jurisdiction=jurisdiction,
            sub_jurisdiction=table.sub_jurisdiction or area.sub_jurisdiction or home,
            practice_area=area.id,
            id=table.id,
            name=table.name,
            subtopics=table.subtopics,
            difficulties=self._allowed_difficulties(table, where),
            sample_types=self._allowed_types(table, where),
            authorities=table.authorities,
            weight=table.weight * (1.0 if area.weight is None else area.weight),
        )

    def _allowed_difficulties(self, table: _TopicTable, where: str) -> tuple[str, ...]:
        asked = table.difficulty or tuple(self._difficulties)
        for id_ in asked:
            self._exists("difficulty", id_, self._difficulties, f'{where}: key "difficulty"')
        kept = [id_ for id_ in self._difficulties if id_ in asked]
        return self._not_empty("difficulty", kept, where)

    def _allowed_types(self, table: _TopicTable, where: str) -> tuple[str, ...]:
        choice = table.sample_types
        include, exclude = choice.include, choice.exclude or ()
        key = f'{where}: key "sample_types"'
        # A built-in topic may exclude a type that a file standing alone does not have.
        for id_ in (*(include or ()), *exclude):
            self._exists("sample_type", id_, self._every_type(), key)
        wanted = tuple(self._sample_types) if include is None else include
        kept = [id_ for id_ in self._sample_types if id_ in wanted and id_ not in exclude]
        return self._not_empty("sample_type", kept, where)

    def _every_type(self) -> Mapping[str, object]:
        return {**{each.id: each for each in self._base.sample_type}, **self._sample_types}

    def _not_empty(self, axis: str, ids: Sequence[str], where: str) -> tuple[str, ...]:
        kept = tuple(id_ for id_ in ids if self._weight(axis, id_))
        if not kept:
            self._reader.refuse(where, f"no {axis.replace('_', ' ')} with a weight above 0 is left")
        return kept


def _weighing_something(area: Area) -> Area:
    """The area without the topics whose weight is 0."""
    return msgspec.structs.replace(area, topics=tuple(t for t in area.topics if t.weight))


def _reweighed(topic: Topic, weight: float) -> Topic:
    return msgspec.structs.replace(topic, weight=topic.weight * weight)
