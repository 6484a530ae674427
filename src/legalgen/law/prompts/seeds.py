"""What is drawn inside a cell: angle, setting, form, names and figures, from the task's seed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache, lru_cache
from random import Random
from typing import TypeVar

import msgspec

from legalgen.law.axes import Proceedings
from legalgen.law.planner import Task
from legalgen.settings import compile_cache

_T = TypeVar("_T")


class Seeds(msgspec.Struct, frozen=True, omit_defaults=True):
    """The variation of one sample; the row keeps it as JSON (see ``seeds_json``).

    ``form`` is an id of ``[forms]``. ``names`` are two people and an organisation, or two states
    and a person between states. ``amount`` has its currency; ``date`` lies before ``as_of``, and
    names no year where there is none. ``point`` is what decides the sample, where points are asked
    for; without one it is not written.
    """

    perspective: str
    stage: str
    sector: str
    form: str
    names: tuple[str, ...]
    amount: str
    date: str
    point: str = ""


@lru_cache(maxsize=256)
def draw(task: Task, proceedings: Proceedings) -> Seeds:
    """The seeds of a task: the same task gives the same seeds, on every machine."""
    lists = _lists()
    rng = Random(f"{task.seed}:{task.variation}")
    angle = lists.proceedings[proceedings]
    perspective = rng.choice(angle.perspectives)
    return Seeds(
        perspective=perspective,
        stage=rng.choice(angle.stages_of.get(perspective, angle.stages)),
        sector=rng.choice(_sectors(lists, task.practice_area, angle)),
        form=rng.choice(lists.forms_by_type.get(task.sample_type) or tuple(lists.forms)),
        names=_names(rng, task.jurisdiction, between_states=proceedings == "international"),
        amount=_amount(rng, task.jurisdiction),
        date=_date(rng, task.as_of),
        point=task.point,
    )


def _sectors(lists: _Lists, area: str, angle: _Angle) -> tuple[str, ...]:
    """The settings that make sense: of the area, of its kind of proceedings, else any."""
    return lists.facts.sectors_of.get(area) or angle.sectors or lists.facts.sectors


def seeds_json(seeds: Seeds) -> str:
    """The seeds as one line of JSON, for the row's ``seed_json``."""
    return msgspec.json.encode(seeds).decode()


def form_text(form: str) -> str:
    """What a form of question is called in a prompt."""
    return _lists().forms[form]


def form_texts() -> tuple[str, ...]:
    """The words of every form of question."""
    return tuple(_lists().forms.values())


def is_abstract(sample_type: str) -> bool:
    """Whether a sample type tells no facts, so that parties and figures would only mislead."""
    return sample_type in _lists().facts.abstract


def states() -> tuple[str, ...]:
    """The states that are parties between states; none is real."""
    return _lists().names.states


def _names(rng: Random, jurisdiction: str, *, between_states: bool) -> tuple[str, ...]:
    names = _lists().names
    given, family = rng.sample(names.given, 2), rng.sample(names.family, 2)
    people = [f"{first} {last}" for first, last in zip(given, family, strict=True)]
    if between_states:
        return (*rng.sample(names.states, 2), people[0])
    endings = _of(_lists().facts.company, jurisdiction)
    return (*people, f"{rng.choice(names.firms)} {rng.choice(endings)}")


def _amount(rng: Random, jurisdiction: str) -> str:
    """A sum from about a thousand to two million, as likely small as large, never round."""
    value = 10 ** rng.uniform(3.0, 6.3)
    step = 10 ** max(0, math.floor(math.log10(value)) - 2)
    return f"{_of(_lists().facts.currency, jurisdiction)}{round(value / step) * step:,}"


def _date(rng: Random, as_of: str) -> str:
    """A day from two to thirty months before ``as_of``; without it a day of any year."""
    if not as_of:
        return f"{rng.randint(1, 28)} {rng.choice(_lists().facts.months)}"
    year, month = map(int, as_of.split("-"))
    years, index = divmod(year * 12 + month - 1 - rng.randint(2, 30), 12)
    return f"{rng.randint(1, 28)} {_lists().facts.months[index]} {years}"


def _of(values: Mapping[str, _T], jurisdiction: str) -> _T:
    return values.get(jurisdiction, values["other"])


# ---------------------------------------------------------------------------- the lists


class _Angle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``stages_of`` are the stages at which a perspective makes sense, where not at all."""

    perspectives: tuple[str, ...]
    stages: tuple[str, ...]
    sectors: tuple[str, ...] = ()
    stages_of: dict[str, tuple[str, ...]] = {}


class _Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    abstract: tuple[str, ...]
    sectors: tuple[str, ...]
    sectors_of: dict[str, tuple[str, ...]]
    months: tuple[str, ...]
    currency: dict[str, str]
    company: dict[str, tuple[str, ...]]


class _Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    given: tuple[str, ...]
    family: tuple[str, ...]
    firms: tuple[str, ...]
    states: tuple[str, ...]


class _Lists(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    proceedings: dict[Proceedings, _Angle]
    forms: dict[str, str]
    forms_by_type: dict[str, tuple[str, ...]]
    facts: _Facts
    names: _Names


# msgspec works a type out at its first use, and two workers at once would end the process.
msgspec.json.Decoder(_Lists)


@cache
def _lists() -> _Lists:
    return msgspec.convert(compile_cache.table("legalgen.law.prompts", "seeds.toml"), _Lists)
