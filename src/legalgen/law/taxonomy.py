"""The taxonomy: jurisdictions, practice areas, topics, difficulties and sample types.

A leaf is a topic in one jurisdiction; a cell is a leaf with a difficulty and a sample type.
The built-in taxonomy is ``taxonomy.toml`` beside this page; a user's file has the same form and
extends it or stands alone. Everything wrong in a file is a ``UsageError`` that names file, table
and key. The table of sample types holds the bounds that the prompt asks for and the gate checks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from hashlib import blake2b
from itertools import chain, product
from pathlib import Path
from types import MappingProxyType

import msgspec

from legalgen.errors import ConfigurationError, UsageError
from legalgen.errors.suggestions import meant_or_allowed
from legalgen.law.axes import (
    Area,
    Branch,
    Difficulty,
    Filter,
    Jurisdiction,
    LengthBounds,
    SampleType,
    Topic,
    Weights,
)
from legalgen.law.filters import choose, listed, names, narrowings, nothing_left
from legalgen.law.taxonomy_file import AreaTable, File, T, TaxonomyReader, TopicTable, first_repeat
from legalgen.settings import compile_cache
from legalgen.settings.toml import read_toml

_Pairs = tuple[tuple[str, str], ...]


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
    def load(
        cls,
        path: Path | None = None,
        weights: Mapping[str, Mapping[str, float]] | None = None,
        weighed_in: str = "weights",
        written: str = "",
    ) -> Taxonomy:
        """Read a user's file and lay it over the built-in taxonomy, if it extends that.

        Without a file it is the built-in one. ``weights`` by axis and id lie over those of the
        file; ``weighed_in`` is where the user wrote them, ``written`` where the path.

        A topic or sample type with a built-in id replaces the built-in one; an area adds its
        topics to the built-in area of its id. With ``extends = "none"`` there are no built-in
        areas, and built-in sample types only if the file defines none.

        Raises:
            UsageError: the file cannot be read or is not a taxonomy; file, table and key named.
        """
        if path is None and not weights:
            return cls.builtin()
        base = _builtin_file()
        if path is None:
            laid = _Assembly(base, base, _BUILTIN, over=weights or {}, weighed_in=weighed_in)
            return laid.taxonomy()
        told = f"{written} {path}" if written else path.name
        file = _load(path, told)
        laid = _Assembly(
            file, base, path.name, told=told, over=weights or {}, weighed_in=weighed_in
        )
        return laid.taxonomy()

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

    @cached_property
    def digest(self) -> str:
        """12 hex digits of all that is in it."""
        return blake2b(msgspec.json.encode(self), digest_size=6).hexdigest()

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

    def bounds(self, sample_type: str, difficulty: str) -> LengthBounds:
        """The bounds of a sample type at a difficulty, both by id."""
        return self.sample_type(sample_type).bounds(self.difficulty(difficulty))

    def authorities(self) -> tuple[str, ...]:
        """Every listed authority once, in the order of the file."""
        listed = (topic.cites for topic in self._leaves.values())
        return tuple(dict.fromkeys(chain.from_iterable(listed)))

    def unchecked_since(self, month: str) -> tuple[Topic, ...]:
        """The topics whose authorities nobody has compared with the law in or after a month."""
        return tuple(leaf for leaf in self._leaves.values() if leaf.checked < month)

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What a user should know of the file: authorities that nothing can be compared with.

        No errors, for a jurisdiction of one's own may cite in a form that nobody else uses.
        """
        if not self.own_authorities:
            return ()
        from legalgen.law.citations import comparable, parse  # few files need them

        return tuple(
            f'{where}: key "authorities": {text!r} is no citation that is known: it is offered to '
            "the model, but what cites it will not be marked as listed"
            for where, text in self.own_authorities
            if not comparable(parse(text))
        )

    # ------------------------------------------------------------------ filtering

    def resolve(
        self,
        filter: Filter,  # noqa: A002 - it is a filter
        where: Callable[[str], str] = lambda _: "",
    ) -> Filter:
        """The same filter in ids (topics and areas as paths), in the taxonomy's order.

        ``where`` says where the user wrote the values of a setting (``topic``: ``--topic``).

        Raises:
            UsageError: a value names nothing; what is allowed is listed, close matches first.
        """

        def chosen(
            setting: str, asked: Sequence[str], named: Callable[[], Mapping[str, list[str]]]
        ) -> tuple[str, ...]:
            return choose(setting.replace("_", " "), asked, named, lambda: where(setting))

        return Filter(
            jurisdictions=chosen("jurisdiction", filter.jurisdictions, self._jurisdiction_names),
            practice_areas=chosen("practice_area", filter.practice_areas, self._area_names),
            topics=chosen("topic", filter.topics, self._topic_names),
            difficulties=chosen(
                "difficulty", filter.difficulties, lambda: names(self.difficulties)
            ),
            sample_types=chosen("sample_type", filter.sample_types, self._sample_type_names),
        )

    def leaves(self, filter: Filter | None = None) -> tuple[Topic, ...]:  # noqa: A002 - as above
        """The leaves that a filter leaves, each narrowed to its difficulties and sample types.

        Of these only pairs that suit each other are planned, unless the filter names both and one
        of them could not be had otherwise.

        Raises:
            UsageError: a value names nothing, or the combination leaves nothing.
        """
        chosen = self.resolve(filter or Filter())
        if chosen not in self._left:
            self._left.clear()
            self._left[chosen] = self._leaves_left(chosen)
        return self._left[chosen]

    @cached_property
    def _left(self) -> dict[Filter, tuple[Topic, ...]]:
        return {}  # of the last filter: one after another asks for the same

    def _leaves_left(self, chosen: Filter) -> tuple[Topic, ...]:
        leaves: Sequence[Topic] = tuple(self._leaves.values())
        asked: list[str] = []
        for step in narrowings(chosen):
            if not step.values:
                continue
            narrowed = [leaf for leaf in map(step.narrow, leaves) if leaf is not None]
            if not narrowed:
                raise UsageError(nothing_left(step, asked, leaves))
            leaves = narrowed
            asked.append(f"{step.axis} {listed(step.values)}")
        return self._paired(leaves, chosen)

    def _paired(self, leaves: Sequence[Topic], chosen: Filter) -> tuple[Topic, ...]:
        """The leaves with their pairs; one of which a filter leaves only contradictions goes."""
        suited = {pair for leaf in leaves for pair in self._suited(leaf)}
        lost: frozenset[str] = frozenset()
        if chosen.difficulties and chosen.sample_types:
            had = {each for pair in suited for each in pair}
            lost = frozenset({*chosen.difficulties, *chosen.sample_types} - had)
        paired = [
            msgspec.structs.replace(leaf, pairs=self._pairs(leaf, lost))
            for leaf in leaves
            # A topic of a user's file that allows nothing else is what he wants.
            if self._pairs(leaf, lost) or not self._suited(self._leaves[leaf.key])
        ]
        return tuple(paired or leaves)

    def _pairs(self, leaf: Topic, lost: frozenset[str]) -> _Pairs:
        """The pairs that suit each other, and those with what cannot be had otherwise."""
        suited = self._suited(leaf)
        if not lost:
            return suited
        pairs = product(leaf.difficulties, leaf.sample_types)
        return tuple(pair for pair in pairs if pair in suited or not lost.isdisjoint(pair))

    def _suited(self, leaf: Topic) -> _Pairs:
        key = leaf.difficulties, leaf.sample_types
        if key not in self._known_pairs:
            pairs = product(*key)
            self._known_pairs[key] = tuple(pair for pair in pairs if self.suits(*pair))
        return self._known_pairs[key]

    @cached_property
    def _known_pairs(self) -> dict[tuple[tuple[str, ...], tuple[str, ...]], _Pairs]:
        return {}  # few topics differ in what they allow

    def suits(self, difficulty: str, sample_type: str) -> bool:
        """Whether a sample of these does not contradict itself, both by id."""
        return self.sample_type(sample_type).suits(difficulty)

    def unsuited(self, filter: Filter) -> str | None:  # noqa: A002 - it is a filter
        """What to say of pairs that contradict themselves and are made because they were named."""
        found = dict.fromkeys(
            pair
            for leaf in self.leaves(filter)
            for pair in leaf.pairs or product(leaf.difficulties, leaf.sample_types)
            if not self.suits(*pair)
        )
        if not found:
            return None
        named = ", ".join(f"{difficulty} {kind}" for difficulty, kind in found)
        return f"contradicts itself, and is written because it was asked for: {named}"

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
        return names([each for each in self.jurisdictions if each.id in used])

    def _area_names(self) -> dict[str, list[str]]:
        return {f"{a.jurisdiction}/{a.id}": [a.id, a.name] for a in self.areas}

    def _topic_names(self) -> dict[str, list[str]]:
        return {
            "/".join(leaf.key): [leaf.id, leaf.name, f"{leaf.practice_area}/{leaf.id}"]
            for leaf in self._leaves.values()
        }

    def _sample_type_names(self) -> dict[str, list[str]]:
        return {each.id: [each.name, *each.aliases] for each in self.sample_types}


# ---------------------------------------------------------------------------- the tree


def _topic_branch(topic: Topic) -> Branch:
    return Branch(topic.id, topic.name, topics=1, cells=topic.cells)


def _branch(id_: str, name: str, children: tuple[Branch, ...]) -> Branch:
    topics = sum(child.topics for child in children)
    return Branch(id_, name, topics, sum(child.cells for child in children), children)


# ---------------------------------------------------------------------------- reading files


def _load(path: Path, told: str) -> File:
    """Read one file, of which errors speak as it was ``told``, and check each table by itself."""
    try:
        tables = dict(read_toml(path))
    except ConfigurationError as error:
        written = told.removesuffix(str(path)) if told != path.name else ""
        raise UsageError(f"{written}{error}") from error
    return TaxonomyReader(told).file(tables)


_BUILTIN = "taxonomy.toml"


@cache
def _builtin_file() -> File:
    return TaxonomyReader(_BUILTIN).file(compile_cache.table("legalgen.law", _BUILTIN))


@cache
def _builtin() -> Taxonomy:
    return _Assembly(_builtin_file(), _builtin_file(), _BUILTIN).taxonomy()


# ---------------------------------------------------------------------------- laying together


class _Assembly:
    """Lays a file over the built-in one and resolves what its tables say of each other.

    ``label`` is the file's name, ``told`` how errors call it. ``over`` are weights that lie over
    the file's, written in ``weighed_in``.
    """

    def __init__(
        self,
        file: File,
        base: File,
        label: str,
        *,
        told: str = _BUILTIN,
        over: Mapping[str, Mapping[str, float]] = MappingProxyType({}),
        weighed_in: str = "",
    ) -> None:
        self._file = file
        self._base = base
        self._label = label
        self._reader = TaxonomyReader(told)
        self._over = over
        self._over_reader = TaxonomyReader(weighed_in)
        self._weights = Weights(
            **{
                axis: {**getattr(file.weights, axis), **over.get(axis, {})}
                for axis in Weights.__struct_fields__
            }
        )
        self._jurisdictions = self._merge("jurisdiction", base.jurisdiction, file.jurisdiction)
        self._difficulties = self._merge("difficulty", base.difficulty, file.difficulty)
        alone = file.extends == "none" and bool(file.sample_type)
        types = () if alone else base.sample_type
        self._sample_types = self._merge("sample_type", types, file.sample_type)
        for kind in file.sample_type:
            for id_ in kind.difficulties:
                where = f'[[sample_type]] "{kind.id}": key "difficulties"'
                self._exists("difficulty", id_, self._difficulties, where)

    def taxonomy(self) -> Taxonomy:
        """Check, resolve, and leave out what weighs nothing.

        Raises:
            UsageError: ids are repeated, or name what does not exist.
        """
        self._check_weights()
        areas = [area for area in self._areas() if self._weight("jurisdiction", area.jurisdiction)]
        if not areas:
            if self._over:
                self._over_reader.refuse("[weights]", "no topic is left with a weight above 0")
            self._reader.refuse("", "there is no topic in it whose weight is above 0")
        return Taxonomy(
            name=self._file.name,
            jurisdictions=tuple(self._jurisdictions.values()),
            areas=tuple(areas),
            difficulties=tuple(self._difficulties.values()),
            sample_types=tuple(self._sample_types.values()),
            weights=self._weights,
            own_authorities=tuple(self._own_authorities()),
        )

    def _own_authorities(self) -> Iterator[tuple[str, str]]:
        if self._file is self._base:
            return
        for area in self._file.area:
            for topic in area.topic:
                where = f'{self._label}: [[area]] "{area.id}" / [[area.topic]] "{topic.id}"'
                yield from ((where, each.cite) for each in topic.cited)

    def _merge(self, key: str, base: Sequence[T], own: Sequence[T]) -> dict[str, T]:
        """By id: the built-in values, replaced or followed by the file's."""
        ids = [getattr(each, "id", "") for each in own]
        twice = first_repeat(ids)
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
            for id_ in self._over.get(axis, {}):
                self._exists(axis, id_, ids, f"[weights]: {axis}", self._over_reader)

    def _exists(
        self,
        what: str,
        id_: str,
        known: Mapping[str, object],
        where: str,
        reader: TaxonomyReader | None = None,
    ) -> None:
        if id_ in known:
            return
        hint = meant_or_allowed(id_, known)
        told = f'unknown {what.replace("_", " ")} "{id_}" ({hint})'
        (reader or self._reader).refuse(where, told)

    def _weight(self, axis: str, id_: str) -> float:
        weights: dict[str, float] = getattr(self._weights, axis)
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
            twice = first_repeat(seen)
            if twice is not None:
                self._reader.refuse("[[area]]", f'duplicate id "{table.id}" ({twice})')
            self._lay(found, table, f'[[area]] "{table.id}"')
        return [each for each in map(_weighing_something, found.values()) if each.topics]

    def _lay(self, found: dict[tuple[str, str], Area], table: AreaTable, where: str) -> None:
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

    def _topic(self, jurisdiction: str, area: AreaTable, table: TopicTable, above: str) -> Topic:
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
            authorities=table.cited,
            checked=table.checked,
            weight=table.weight * (1.0 if area.weight is None else area.weight),
        )

    def _allowed_difficulties(self, table: TopicTable, where: str) -> tuple[str, ...]:
        asked = table.difficulty or tuple(self._difficulties)
        for id_ in asked:
            self._exists("difficulty", id_, self._difficulties, f'{where}: key "difficulty"')
        kept = [id_ for id_ in self._difficulties if id_ in asked]
        return self._not_empty("difficulty", kept, where)

    def _allowed_types(self, table: TopicTable, where: str) -> tuple[str, ...]:
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
            told = f"no {axis.replace('_', ' ')} with a weight above 0 is left"
            if self._over.get(axis):
                self._over_reader.refuse(f"[weights]: {axis}", f"{told} to {where}")
            self._reader.refuse(where, told)
        return kept


def _weighing_something(area: Area) -> Area:
    """The area without the topics whose weight is 0."""
    return msgspec.structs.replace(area, topics=tuple(t for t in area.topics if t.weight))


def _reweighed(topic: Topic, weight: float) -> Topic:
    return msgspec.structs.replace(topic, weight=topic.weight * weight)
