"""Files of the old system, or rows of ours, into the dataset: mapped, flagged, never twice.

Ids are made anew from the text, so a row that is there already is passed over: the same file
twice adds nothing, and an import that was killed is gone on with by running it again. The gate
refuses nothing here; what it has to say of a row becomes the row's flags, so that an export can
leave such rows out. A row of ours that was edited is another row: it gets the id of its text, and
the flags that the gate has for it now beside those that it brought.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from legalgen import __version__
from legalgen.dataset.check import Judged, Linter
from legalgen.dataset.foreign import (
    DIFFICULTIES,
    ODDITIES,
    SAMPLE_TYPE,
    UNKNOWN,
    Row,
    UnreadableRow,
)
from legalgen.errors import UsageError
from legalgen.errors.plurals import plural
from legalgen.law.axes import Area, Topic
from legalgen.law.citations import Parsed
from legalgen.law.taxonomy import Taxonomy
from legalgen.quality.rules import default_thresholds
from legalgen.store.card import card_fault, write_card
from legalgen.store.files import DataDir
from legalgen.store.journal import BatchWriter
from legalgen.store.ledger import Ledger, Record, this_process
from legalgen.store.locks import Patience
from legalgen.store.parts import Part, known_ids
from legalgen.store.sample import GroundingText, Sample, sample_id

DIFFICULTY_FLAG: Final = "IMPORT_DIFFICULTY"
"""On rows whose difficulty had to be guessed."""
STEPS_FLAG: Final = "IMPORT_STEP_GAPS"
"""On rows whose steps were not numbered 1 to n: some may be missing."""
_DIFFICULTY_ALIASES: Final = {"foundational": "basic", "beginner": "basic", "easy": "basic"}
_UNKNOWN_DIFFICULTY: Final = "intermediate"
_GROUP: Final = 500
"""Rows that share one fsync."""


class Imported(msgspec.Struct):
    """What came of an import, in rows. ``odd`` counts by ``foreign.ODDITIES``, ``flags`` by code.

    ``present`` are in the dataset already, or earlier in the file; ``unknown_jurisdiction`` are
    rows of which neither topic nor citations say whose law they are about. ``not_taken`` counts by
    column the rows in which it holds something that has no place in a row. ``other_ids`` are added
    rows of ours that came with an id that is not of their text, as those that were edited.
    ``stopped``: the rest of the rows was not read.
    """

    batch: str
    read: int = 0
    added: int = 0
    present: int = 0
    unreadable: int = 0
    empty: int = 0
    unknown_jurisdiction: int = 0
    other_ids: int = 0
    stopped: bool = False
    odd: dict[str, int] = msgspec.field(default_factory=lambda: dict.fromkeys(ODDITIES, 0))
    not_taken: dict[str, int] = {}
    flags: dict[str, int] = {}
    examples: list[str] = []


class Source(msgspec.Struct, frozen=True):
    """Where rows come from, as the ledger notes it."""

    path: Path
    command: tuple[str, ...]


def import_rows(
    rows: Iterable[Row | UnreadableRow],
    source: Source,
    data_dir: DataDir,
    *,
    batch_id: str,
    taxonomy: Taxonomy,
    linter: Linter,
    now: Callable[[], datetime],
    patience: Patience | None = None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Imported:
    """Append the rows that are not there yet, as a batch of their own; ``now`` is UTC.

    The caller holds the batch lock and has recovered. ``linter`` should know what the dataset
    holds. When nothing is to be added, no record is left. ``patience`` is for locks. Before each
    row it is asked whether the import is to end there, with all before it sealed.

    Raises:
        UsageError: the file cannot be read, or its columns are unknown.
        DiskError: the disk failed; what was durable stays, and running it again goes on.
    """
    work = _Import(source, data_dir, batch_id, taxonomy, linter, now, patience, is_stopped)
    return work.run(rows)


@dataclass
class _Import:
    source: Source
    data_dir: DataDir
    batch_id: str
    taxonomy: Taxonomy
    linter: Linter
    now: Callable[[], datetime]
    patience: Patience | None
    is_stopped: Callable[[], bool]
    writer: BatchWriter | None = None
    record: Record | None = None
    flags: Counter[str] = field(default_factory=Counter)

    def run(self, rows: Iterable[Row | UnreadableRow]) -> Imported:
        self.mapper = Mapper(self.taxonomy)
        self.ledger = Ledger(self.data_dir)
        self.seen = known_ids(self.data_dir)
        self.done = Imported(self.batch_id)
        try:
            for group in _grouped(self._samples(rows), _GROUP):
                self._append(group)
        except UsageError as error:
            self._close("stopped")
            if self.record is None:
                raise
            before = f"{plural(self.record.accepted, 'row')} before it came in"
            raise UsageError(f"{error}; {before}") from error
        except BaseException:  # tidies up, whatever ended it, and raises it again
            self._close("stopped")
            raise
        self._close("stopped" if self.done.stopped else "completed")
        self.done.flags = dict(self.flags.most_common())
        return self.done

    def _samples(self, rows: Iterable[Row | UnreadableRow]) -> Iterator[Sample]:
        done = self.done
        for row in rows:
            if self.is_stopped():
                done.stopped = True
                return
            done.read += 1
            if isinstance(row, UnreadableRow):
                done.unreadable += 1
                self._example(f"row {row.number}: {row.why}")
                continue
            for column in row.not_taken:
                done.not_taken[column] = done.not_taken.get(column, 0) + 1
            judged = self.linter.judge(row)
            draft = judged.verdict.draft
            kept = draft if row.sample is None else row.sample
            name = sample_id(kept.question, kept.answer)
            if "EMPTY_FIELD" in {reason.code for reason in judged.verdict.reasons}:
                done.empty += 1
                self._example(f"row {row.number}: question or answer is empty")
            elif name in self.seen:
                done.present += 1
            else:
                self.seen.add(name)
                self.linter.note(name, draft.question, draft.answer, judged.verdict.parsed)
                yield self._sample(name, judged)

    def _example(self, text: str) -> None:
        if len(self.done.examples) < 20:
            self.done.examples.append(text)

    def _sample(self, name: str, judged: Judged) -> Sample:
        done, row = self.done, judged.row
        slot, done.added = done.added, done.added + 1
        for oddity in row.oddities:
            done.odd[oddity] += 1
        if row.sample is not None:
            done.other_ids += row.id not in ("", name)
            whole = completed(row.sample, name, judged, self.now())
            sample = replace(whole, batch_id=self.batch_id, slot=slot)
        else:
            sample = self.mapper.sample(name, judged, self.batch_id, slot, self.now())
        done.unknown_jurisdiction += sample.jurisdiction == UNKNOWN
        self.flags.update(sample.flags)
        return sample

    def _append(self, samples: list[Sample]) -> None:
        if self.writer is None:
            self._begin()
        assert self.writer is not None
        assert self.record is not None
        self.writer.append(samples)
        self.record.accepted = self.writer.durable
        self.record.flagged += sum(bool(sample.flags) for sample in samples)
        for sample in samples:
            self.record.model(f"{sample.provider}/{sample.model}").samples += 1
        self._save()

    def _begin(self) -> None:
        # The kind keeps `batch --resume` away: an import is gone on with by importing again.
        now = self.now()
        self.record = Record(
            id=self.batch_id,
            kind="generate",
            status="running",
            command=self.source.command,
            process=this_process(),
            version=__version__,
            started=now,
            updated=now,
            parameters={"import": str(self.source.path)},
        )
        self.ledger.create(self.record)
        self.writer = BatchWriter(
            self.data_dir, self.batch_id, note_part=self._note_part, patience=self.patience
        )

    def _note_part(self, _batch_id: str, part: Part) -> None:
        assert self.record is not None
        assert self.writer is not None
        self.record.note_part(part)
        self.record.accepted = self.writer.durable
        self._save(force=True)

    def _save(self, *, force: bool = False) -> None:
        assert self.record is not None
        self.record.updated = self.now()
        self.record.target = self.record.accepted
        self.ledger.save(self.record, force=force)

    def _close(self, status: Literal["completed", "stopped"]) -> None:
        if self.writer is not None and self.record is not None:
            self.writer.close()
            self.record.status = status
            self.record.finished = self.now()
            self._save(force=True)
        # An import that was killed may have sealed its rows and written no card.
        if self.record is not None or (self.seen and card_fault(self.data_dir, rehearsal=False)):
            write_card(self.data_dir, thresholds=default_thresholds())


def _grouped(samples: Iterable[Sample], size: int) -> Iterator[list[Sample]]:
    group: list[Sample] = []
    for sample in samples:
        group.append(sample)
        if len(group) >= size:
            yield group
            group = []
    if group:
        yield group


# --- mapping -----------------------------------------------------------------------------------


class Place(msgspec.Struct, frozen=True):
    """Where a topic lies in the taxonomy; what does not match is a slug or ``unknown``."""

    jurisdiction: str
    sub_jurisdiction: str
    practice_area: str
    topic: str


class Mapper:
    """Maps rows of the old columns to samples."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._jurisdictions = {one.id for one in taxonomy.jurisdictions}
        self._areas: dict[str, list[Area]] = {}
        self._topics: dict[str, list[Topic]] = {}
        for area in taxonomy.areas:
            for name in {_fold(area.id), _fold(area.name)}:
                self._areas.setdefault(name, []).append(area)
            for topic in area.topics:
                for name in {_fold(topic.id), _fold(topic.name)}:
                    self._topics.setdefault(name, []).append(topic)

    def place(self, topic: str, cited: frozenset[str] = frozenset()) -> Place:
        """The place of ``Area - Topic``: by both, else by the area, else nowhere.

        An area alone says nothing of the jurisdiction (the old files hold Canadian immigration
        law under the name of the UK's), a topic does unless the citations say otherwise.
        ``cited`` are the jurisdictions of the row's citations.
        """
        head, _, rest = topic.partition(" - ")
        areas = self._areas.get(_fold(head), [])
        keys = {(area.jurisdiction, area.id) for area in areas}
        named = self._topics.get(_fold(rest or head), [])
        leaves = [
            one for one in named if not areas or (one.jurisdiction, one.practice_area) in keys
        ]
        place = Place(UNKNOWN, "", areas[0].id if areas else _slug(head), _slug(rest or head))
        if len({leaf.key for leaf in leaves}) == 1:
            leaf = leaves[0]
            place = Place(leaf.jurisdiction, leaf.sub_jurisdiction, leaf.practice_area, leaf.id)
        if cited and cited != {place.jurisdiction}:
            only = next(iter(cited)) if len(cited) == 1 else UNKNOWN
            known = only if only in self._jurisdictions else UNKNOWN
            return replace(place, jurisdiction=known, sub_jurisdiction="")
        return place

    def sample(self, name: str, judged: Judged, batch_id: str, slot: int, now: datetime) -> Sample:
        """One row as a sample; what the old columns do not say is empty, unknown or null."""
        row, verdict = judged.row, judged.verdict
        place = self.place(row.topic, _cited(verdict.parsed))
        difficulty, guessed = _difficulty(row.difficulty)
        own = [DIFFICULTY_FLAG] if guessed else []
        own += [STEPS_FLAG] if "step_gaps" in row.oddities else []
        codes = [reason.code for reason in verdict.reasons]
        return Sample(
            id=name,
            question=verdict.draft.question,
            answer=verdict.draft.answer,
            reasoning_steps=verdict.draft.reasoning_steps,
            citations=verdict.citations,
            jurisdiction=place.jurisdiction,
            sub_jurisdiction=place.sub_jurisdiction,
            practice_area=place.practice_area,
            topic=place.topic,
            subtopic=row.topic,
            difficulty=difficulty,
            sample_type=SAMPLE_TYPE,
            as_of=None,
            seed_json="{}",
            provider=SAMPLE_TYPE,
            model=row.model or UNKNOWN,
            prompt_version="",
            batch_id=batch_id,
            slot=slot,
            attempts=1,
            input_tokens=0,
            output_tokens=0,
            flags=tuple(dict.fromkeys([*own, *codes])),
            score=None,
            judge=None,
            thinking=row.thinking,
            latency_s=None,
            cost_usd=None,
            reasoning_tokens=None,
            created_at=row.created_at or now,
            sources=(GroundingText(row.source),) if row.source else None,
        )


def completed(sample: Sample, name: str, judged: Judged, now: datetime) -> Sample:
    """A row of ours with what it lacks as far as it can be found out; a whole one stays as it is.

    What is read of its citations now takes the place of what it does not say of them. ``name`` is
    the id of its text: where it says another, the flags of the text as it is now are added.
    """
    missing, verdict = judged.row.missing, judged.verdict
    flags = tuple(dict.fromkeys(reason.code for reason in verdict.reasons))
    difficulty, guessed = _difficulty(sample.difficulty.casefold())
    found: dict[str, object] = {"created_at": now, "difficulty": difficulty}
    found["flags"] = (DIFFICULTY_FLAG, *flags) if guessed else flags
    changes = {column: found[column] for column in missing if column in found}
    if sample.id != name:
        changes["id"] = name
        changes.setdefault("flags", tuple(dict.fromkeys((*sample.flags, *flags))))
    if missing and not all(citation.kind for citation in sample.citations):
        changes["citations"] = verdict.citations
    return replace(sample, **changes)


def _cited(parsed: Iterable[Parsed]) -> frozenset[str]:
    """The jurisdictions that citations show, where each shows just one."""
    return frozenset(one.jurisdictions[0] for one in parsed if len(one.jurisdictions) == 1)


def _difficulty(label: str) -> tuple[str, bool]:
    """The difficulty meant, and whether it had to be guessed."""
    if label in DIFFICULTIES:
        return label, False
    return _DIFFICULTY_ALIASES.get(label, _UNKNOWN_DIFFICULTY), True


_WORD: Final = re.compile(r"[a-z0-9]+")


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return _WORD.findall(plain.replace("'", "").replace("&", " and "))


def _fold(text: str) -> str:
    """A name as names are compared: ``Equity & Trusts Law`` and ``equity-trusts`` are alike."""
    words = [word for word in _words(text) if word not in {"and", "of", "the", "law", "s"}]
    return " ".join(word.rstrip("s") for word in words) or " ".join(_words(text))


def _slug(text: str) -> str:
    return "-".join(_words(text))[:80].strip("-") or UNKNOWN
