"""What each command on the user's own texts does once its flags are read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from legalgen.commands.running import sole_writer
from legalgen.errors import UsageError
from legalgen.errors.exit_codes import Exit
from legalgen.law.axes import Filter
from legalgen.law.from_settings import taxonomy_of
from legalgen.settings.layers import Settings
from legalgen.settings.types import MONTH
from legalgen.sources.collection import (
    Examined,
    SourceCollection,
    SourceDetails,
    SourceText,
    TextReading,
    changed_since,
    drawn_beside,
    examine,
    texts_in,
)
from legalgen.store.files import DataDir
from legalgen.ui import source_screens
from legalgen.ui.console import Console

_UNSTATED = "-"
"""The licence of a text that is only looked at."""


def add_sources(
    settings: Settings, console: Console, paths: Sequence[Path], details: SourceDetails
) -> int:
    """Keep the chunks of texts; what cannot be read is told when the others are kept."""
    details = _checked(settings, details)
    files = texts_in(paths)
    if details.citation is not None and len(files) > 1:
        raise UsageError(
            f"--citation {details.citation!r} names one work, and {len(files)} files are given: "
            "add them one by one, or let each text tell its own"
        )
    data_dir = DataDir(settings.data_dir)
    collection = SourceCollection(data_dir)
    added, unread = [], []
    beside: list[str] = []
    for file in files:
        try:
            reading = TextReading(file, details, datetime.now(UTC))
            added.append(collection.add_text(reading))
        except UsageError as error:
            unread.append(str(error))
            continue
        beside += [reading.left_out] if reading.left_out else []
    known = collection.all()
    beside += [said for source in added for said in drawn_beside(source, known)]
    source_screens.show_added(console, added, beside)
    if unread:
        raise UsageError("\n".join(unread))
    return Exit.DONE


def list_sources(settings: Settings, console: Console) -> int:
    """Every text that was added."""
    source_screens.show_sources(console, SourceCollection(DataDir(settings.data_dir)).all())
    return Exit.DONE


def show_source(settings: Settings, console: Console, name: str) -> int:
    """One text and its chunks, or one chunk whole."""
    collection = SourceCollection(DataDir(settings.data_dir))
    source_name, is_chunk, place = name.partition("#")
    source = collection.find(source_name)
    if is_chunk:
        chunk = collection.chunk(f"{source.id}#{place}")
        if chunk is None:
            raise UsageError(f"{source.id} has no chunk {place!r}: see `sources show {source.id}`")
        source_screens.show_chunk(console, chunk)
        return Exit.DONE
    chunks = collection.chunks(source.id)
    source_screens.show_source(console, source, chunks, changed_since(source))
    return Exit.DONE


def remove_source(settings: Settings, console: Console, name: str) -> int:
    """Draw from a text no more; no batch may be at work on it, and rows in a journal count."""
    data_dir = DataDir(settings.data_dir)
    collection = SourceCollection(data_dir)
    source = collection.find(name)
    data_dir.create()
    with sole_writer(settings, console, data_dir):
        kept = collection.remove(source)
    source_screens.show_removed(console, source, kept)
    return Exit.DONE


def check_sources(
    settings: Settings, console: Console, paths: Sequence[Path], jurisdiction: str | None
) -> int:
    """A look at files before they are added, or at all texts that were; nothing is written."""
    collection = SourceCollection(DataDir(settings.data_dir))
    found, unread = [], []
    if not paths:
        stored = [each for each in collection.all() if not each.removed]
        if not stored:
            raise UsageError("there is no source to look at: name files, or add some first")
        found = [_examined(collection, each) for each in stored]
        unread = [f"{each.id}: {said}" for each in stored if (said := changed_since(each))]
    details = _checked(settings, SourceDetails(_UNSTATED, jurisdiction))
    for file in texts_in(paths):
        try:
            reading = TextReading(file, details, datetime.now(UTC))
            found.append(examine(reading, reading.source))
            unread += [reading.left_out] if reading.left_out else []
        except UsageError as error:
            unread.append(str(error))
    source_screens.show_examined(console, found, unread)
    return Exit.FOUND if unread else Exit.DONE


def _examined(collection: SourceCollection, source: SourceText) -> Examined:
    return examine(collection.iter_chunks(source.id), lambda: source)


def _checked(settings: Settings, details: SourceDetails) -> SourceDetails:
    """The details with ids of the taxonomy.

    Raises:
        UsageError: a value is none, or the month is none; what is allowed is said.
    """
    if not details.licence.strip():
        raise UsageError("--licence is empty: say under which licence the texts may be used")
    chosen = taxonomy_of(settings).resolve(
        Filter(
            jurisdictions=_one(details.jurisdiction),
            practice_areas=_one(details.practice_area),
            topics=_one(details.topic),
        ),
        lambda name: f"--{name.replace('_', '-')}",
    )
    return SourceDetails(
        licence=details.licence.strip(),
        jurisdiction=_only(chosen.jurisdictions, "--jurisdiction"),
        as_of=None if details.as_of is None else _month(details.as_of),
        citation=(details.citation or "").strip() or None,
        practice_area=_only(chosen.practice_areas, "--practice-area"),
        topic=_only(chosen.topics, "--topic"),
    )


def _month(text: str) -> str:
    try:
        return MONTH.parse(text)
    except ValueError as error:
        raise UsageError(f"--as-of {text!r}: {error}") from error


def _one(value: str | None) -> tuple[str, ...]:
    return () if value is None else (value,)


def _only(values: Sequence[str], flag: str) -> str | None:
    if len(values) > 1:
        raise UsageError(f"{flag} means several of the taxonomy here: {', '.join(values)}")
    return values[0] if values else None
