"""The user's list of authorities."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Final

import msgspec

from legalgen.errors import ConfigurationError, UsageError
from legalgen.law.citations.cases import same_case, tells, turned
from legalgen.law.citations.grammar import parse
from legalgen.law.citations.names import telling_words
from legalgen.law.citations.parsed import Parsed
from legalgen.settings import compile_cache
from legalgen.settings.toml import read_text


class Authorities(msgspec.Struct, frozen=True, dict=True):
    """Authorities that somebody has checked: the menu a model may cite from.

    ``works`` maps the key without pinpoint to its names (one judgment may decide two cases),
    ``""`` where the list gives none.
    """

    works: Mapping[str, tuple[str, ...]]
    texts: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        lines: Iterable[str],
        source: str = "authorities",
        *,
        strict: bool = True,
        place: str = "entry",
    ) -> Authorities:
        """Read one citation per line, with or without a name before it.

        Without ``strict``, a line that does not parse is passed over. ``place`` is what the
        number of a faulty one counts.

        Raises:
            UsageError: a line does not parse as a citation.
        """
        works: dict[str, tuple[str, ...]] = {}
        texts: list[str] = []
        for number, raw in enumerate(lines, 1):
            line = raw.strip()
            if not line or line.startswith("#"):
                continue
            found = comparable(parse(line))
            if not found and strict:
                where = f"{source}, {place} {number}"
                raise UsageError(f"{where}: {line!r} is no citation that is known")
            texts.append(line)
            for item in found:
                works[item.work] = _with(works.get(item.work, ()), (item.name,))
        return cls(works, tuple(texts))

    @classmethod
    def load(cls, path: Path) -> Authorities:
        """Read a list: text (a citation a line), ``.toml`` or ``.jsonl``.

        TOML holds ``[[authority]]`` tables, JSON lines hold objects, each with ``citation`` and
        optionally ``name``.

        Raises:
            UsageError: the file cannot be read or lists nothing, or an entry of it is no citation.
        """
        try:
            lines = _list_lines(read_text(path), path)
        except ConfigurationError as error:
            raise UsageError(str(error)) from error
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{path} cannot be read: {error}") from error
        found = cls.of(lines, str(path), place="entry" if path.suffix == ".toml" else "line")
        if not found.texts:
            raise UsageError(f"{path} lists no authority: write a citation a line, or leave it out")
        return found

    def lists(self, parsed: Parsed) -> bool:
        """Whether the citation is in the list, under a name that fits where both give one."""
        names = self.works.get(parsed.work)
        if names is None:
            return False
        if not (parsed.is_case and parsed.name):  # a law may go by its title or initials
            return True
        return any(not name or same_case(name, parsed.name) for name in names)

    def turned(self, parsed: Parsed) -> str:
        """The name under which the list has a case, if its parties are told the wrong way round.

        By its page in a series of reports: a court's own number is given to a case under either
        name, that of the claim and that of the appeal.
        """
        is_reported = parsed.kind in {"uk_report", "us_reporter"}
        names = self.works.get(parsed.work, ()) if is_reported else ()
        found = [name for name in names if turned(name, parsed.name)]
        return found[0] if found and len(found) == len(names) else ""

    def names(self, case: str) -> bool:
        """Whether the list has a case of this name, whatever its citation."""
        return bool(self._works_of(case))

    def contradicts(self, parsed: Parsed) -> bool:
        """Whether a case stands in the list otherwise.

        Its citation is another case's, or its court decided the case of this name under another
        number.
        """
        names = self.works.get(parsed.work, ())
        if names and "" not in names and parsed.name and not self.lists(parsed):
            return True
        court = parsed.work.partition("/")[0]
        if parsed.kind != "uk_neutral" or not tells(parsed.name) or parsed.work in self.works:
            return False
        return any(work.partition("/")[0] == court for work in self._works_of(parsed.name))

    def _works_of(self, case: str) -> list[str]:
        found = {name for word in telling_words(case) for name in self._by_word.get(word, ())}
        return [work for name in found if same_case(name, case) for work in self._by_name[name]]

    @cached_property
    def _by_name(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for work, names in self.works.items():
            for name in names:
                found[name] = (*found.get(name, ()), work)
        return found

    @cached_property
    def _by_word(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for name in self._by_name:
            for word in telling_words(name):
                found[word] = (*found.get(word, ()), name)
        return found

    def __or__(self, other: Authorities) -> Authorities:
        works = dict(self.works)
        for work, names in other.works.items():
            works[work] = _with(works.get(work, ()), names)
        return Authorities(works, self.texts + other.texts)

    def __bool__(self) -> bool:
        return bool(self.works)


def _with(names: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    """The names and those beside them, each once."""
    return (*names, *(each for each in more if each not in names))


@cache
def leading_cases() -> Authorities:
    """The leading cases that come with the program (``leading_cases.txt``).

    For the gate alone: no model is shown them, and nobody has compared them with the reports.
    """
    return shipped(leading_lines(), "leading_cases.txt")


def shipped(lines: Iterable[str], source: str, *, strict: bool = True) -> Authorities:
    """As ``Authorities.of`` without the texts, of a list that comes with the program.

    A thousand lines take 45 ms to parse.
    """

    def read() -> dict[str, tuple[str, ...]]:
        return dict(Authorities.of(lines, source, strict=strict).works)

    return Authorities(compile_cache.reading("legalgen.law.citations", source, lines, read))


@cache
def leading_names() -> frozenset[str]:
    """The words by which those cases are called for short: ``Caparo``, ``Chevron``."""
    return called(leading_lines()) | _CALLED


def called(lines: Iterable[str]) -> frozenset[str]:
    """The first word of each party of the cases on a list, where it may stand for the case."""
    found = set[str]()
    for line in lines:
        parties = _PARTIES.split(line.partition("[")[0].partition(" (")[0])
        for party in parties if len(parties) > 1 else ():
            word = re.match(r"(?:(?:R|Re|Ex parte)\s+)?\(?([^\W\d_]{5,})", party)
            if word and word[1][0].isupper():
                found.add(word[1])
    return frozenset(found)


_PARTIES: Final = re.compile(r"\s+v\.?\s+")
_CALLED: Final = frozenset({"Wednesbury", "Chevron", "Miranda", "Daubert", "Montgomery", "Salomon"})
"""By a party that is not the first, or not on the list."""


def leading_lines() -> list[str]:
    """The lines of that list, one citation each; comments and blank ones among them."""
    file = resources.files("legalgen.law.citations").joinpath("leading_cases.txt")
    return file.read_text(encoding="utf-8").split("\n")


def comparable(found: Iterable[Parsed]) -> tuple[Parsed, ...]:
    """Those that can be told from others: guidance and bare sections are known by words only."""
    return tuple(item for item in found if item.kind not in {"guidance", "section"})


def _list_lines(text: str, path: Path) -> list[str]:
    """The entries of TOML, the lines of other files; a line of JSON that is blank stays one."""
    if path.suffix == ".toml":
        entries = tomllib.loads(text).get("authority")
        if not isinstance(entries, list):
            message = "there is no [[authority]] in it"
            raise ValueError(message)
        return [_entry(entry) for entry in entries]
    lines = text.split("\n")
    if path.suffix not in {".jsonl", ".ndjson"}:
        return lines
    return [_json_line(number, line) for number, line in enumerate(lines, 1)]


def _json_line(number: int, line: str) -> str:
    if not line.strip():
        return ""
    try:
        return _entry(json.loads(line))
    except ValueError as error:
        message = f"line {number}: {error}"
        raise ValueError(message) from error


def _entry(entry: object) -> str:
    citation, name = (
        (entry.get("citation"), entry.get("name") or "") if isinstance(entry, dict) else (None, "")
    )
    if not isinstance(citation, str) or not isinstance(name, str):
        message = f"each entry needs a text `citation`, found {entry!r}"
        raise ValueError(message)  # noqa: TRY004 - a fault of the file's contents, as in tomllib
    return f"{name} {citation}".strip()
