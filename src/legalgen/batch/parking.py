"""Cells that an earlier batch gave up on: not asked for again for a week.

Each batch's record names the cells that it parked, with day and reason, and what they were asked
with. A cell is tried again after a week, or as soon as the taxonomy or the prompts are others.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from legalgen.errors.plurals import plural
from legalgen.law.prompts.prompter import Prompter
from legalgen.law.taxonomy import Taxonomy
from legalgen.store.ledger import Parked, Record, UnreadableRecord

FOR_DAYS: Final = 7


def basis_of(taxonomy: Taxonomy, prompter: Prompter) -> str:
    """What cells are asked with: the version of the prompts, and a digest of the taxonomy."""
    return f"{prompter.version()} {taxonomy.digest}"


def remembered(
    records: Iterable[Record | UnreadableRecord], basis: str, now: datetime, *, rehearsal: bool
) -> tuple[Parked, ...]:
    """The cells that batches of the last week parked, asked with the same; each once, newest first.

    ``records`` come newest first. A cell that was parked at an unknown time is tried again, and so
    is one of tomorrow, by a clock that was set back since.
    """
    found: dict[tuple[str, ...], Parked] = {}
    oldest, latest = now - timedelta(days=FOR_DAYS), now + timedelta(days=1)
    for record in records:
        if isinstance(record, UnreadableRecord) or record.rehearsal is not rehearsal:
            continue
        if record.updated < oldest:
            continue  # one that began before it may have been resumed since
        for cell in record.parked:
            if cell.at is not None and oldest <= cell.at <= latest and cell.basis == basis:
                found.setdefault(cell.cell, cell)
    return tuple(found.values())


def told(cells: tuple[Parked, ...]) -> str:
    """That so many cells are not asked for, and until when."""
    many = f"{plural(len(cells), 'cell')} of the plan {'is' if len(cells) == 1 else 'are'}"
    first = min(cell.at for cell in cells if cell.at is not None) + timedelta(days=FOR_DAYS)
    return (
        f"{many} not asked for: an earlier batch gave up on it there (legalgen history --why). "
        f"The first is tried again on {first:%Y-%m-%d}, all as soon as taxonomy or prompts change"
    )
