"""What the commands on single rows do once their flags are read: look, take out, mark."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from legalgen.commands.running import existing, patience_of, sole_writer, write_beside
from legalgen.dataset import dropping, refused, reviewing, rows
from legalgen.dataset.dropping import Dropped
from legalgen.dataset.refused import Refusing
from legalgen.dataset.wanted import Wanted
from legalgen.errors import UsageError
from legalgen.errors.plurals import plural
from legalgen.quality.rules import default_thresholds
from legalgen.settings.layers import Settings
from legalgen.store.card import write_card
from legalgen.store.files import DataDir
from legalgen.store.findings import reviewed
from legalgen.store.locks import Patience, data_lock
from legalgen.ui import review_screen, row_screens, rows_page
from legalgen.ui.console import Console
from legalgen.ui.review_screen import Keyboard


class LookOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows to look at; ``rejected``: refused answers instead. ``seed`` None: any draw."""

    wanted: Wanted
    rows: int
    seed: int | None = None
    rejected: bool = False
    rehearsal: bool = False


def show(
    settings: Settings, console: Console, ids: Sequence[str], *, rejected: bool, rehearsal: bool
) -> int:
    """The rows of these ids, in full."""
    data_dir = existing(settings)
    if rejected:
        answers = refused.named_refused(data_dir, ids)
        row_screens.show_refused(console, Refusing(answers, len(answers)))
        return 0
    found = rows.fetched(
        data_dir, rows.named(data_dir, ids, rehearsal=rehearsal), rehearsal=rehearsal
    )
    row_screens.show_rows(console, found, len(found))
    return 0


def list_(settings: Settings, console: Console, order: LookOrder) -> int:
    """The newest rows, in a line each."""
    data_dir = existing(settings)
    if order.rejected:
        answers = refused.newest_refused(data_dir, order.wanted, order.rows)
        _any(data_dir, order, answers.matched)
        row_screens.list_refused(console, answers)
        return 0
    chosen = rows.newest(data_dir, order.wanted, order.rows, rehearsal=order.rehearsal)
    _any(data_dir, order, chosen.matched)
    found = rows.fetched(data_dir, chosen.ids, rehearsal=order.rehearsal)
    row_screens.list_rows(console, found, chosen.matched)
    return 0


def sample(settings: Settings, console: Console, order: LookOrder) -> int:
    """Rows drawn by lot, in full."""
    data_dir = existing(settings)
    seed = secrets.randbelow(10**6) if order.seed is None else order.seed
    if order.rejected:
        answers = refused.drawn_refused(data_dir, order.wanted, order.rows, seed)
        _any(data_dir, order, answers.matched)
        row_screens.show_refused(console, answers)
    else:
        chosen = rows.drawn(data_dir, order.wanted, order.rows, seed, rehearsal=order.rehearsal)
        _any(data_dir, order, chosen.matched)
        found = rows.fetched(data_dir, chosen.ids, rehearsal=order.rehearsal)
        row_screens.show_rows(console, found, chosen.matched)
    if order.seed is None:
        console.hint(f"the same ones again: --seed {seed}")
    return 0


class PageOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows go onto a page, and its file; drawn by lot where more match."""

    out: Path
    wanted: Wanted
    limit: int = 500
    seed: int = 0
    rehearsal: bool = False


def page(settings: Settings, console: Console, order: PageOrder) -> int:
    """Rows as one HTML file to read in a browser."""
    data_dir = existing(settings)
    chosen = rows.drawn(data_dir, order.wanted, order.limit, order.seed, rehearsal=order.rehearsal)
    look = LookOrder(wanted=order.wanted, rows=order.limit, rehearsal=order.rehearsal)
    _any(data_dir, look, chosen.matched)
    found = rows.fetched(data_dir, chosen.ids, rehearsal=order.rehearsal)
    drawn = f"drawn by lot (seed {order.seed})" if len(found) < chosen.matched else "all of them"
    text = rows_page.render_rows(
        found,
        chosen.matched,
        title="Rehearsal: rows" if order.rehearsal else "Synthetic legal questions and answers",
        chosen=f"{drawn}{f', by {order.wanted}' if order.wanted else ''}",
        written=_now(),
    )
    write_beside(data_dir, order.out, text)
    if console.json:
        console.data({"file": str(order.out), "rows": len(found), "matched": chosen.matched})
    elif not console.quiet:
        console.text(f"wrote {order.out}: {len(found):,} of {plural(chosen.matched, 'row')}")
    return 0


class DropOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows to take out, or with ``undo`` to put back."""

    ids: tuple[str, ...]
    wanted: Wanted
    undo: bool = False
    dry_run: bool = False
    rehearsal: bool = False


def drop(settings: Settings, console: Console, order: DropOrder) -> int:
    """Take rows out, or put them back; the data dir is held as by a batch meanwhile."""
    if not order.ids and not order.wanted:
        raise UsageError(
            "dataset drop: name rows by their ids or by a filter such as --flag 'DUP_*'; "
            "with --dry-run nothing is taken out"
        )
    data_dir = existing(settings)
    if order.dry_run:
        done = _dropped(data_dir, order, None)
    else:
        data_dir.create()
        with sole_writer(settings, console, data_dir):
            done = _dropped(data_dir, order, patience_of(settings, console))
    if not done.rows:
        by = f" by {order.wanted}" if order.wanted else ""
        raise UsageError(f"there is no row{by} in {data_dir.root}")
    row_screens.show_dropped(console, done)
    return 0


def _dropped(data_dir: DataDir, order: DropOrder, patience: Patience | None) -> Dropped:
    return dropping.drop(
        data_dir,
        rows.named(data_dir, order.ids, rehearsal=order.rehearsal),
        order.wanted,
        undo=order.undo,
        dry_run=order.dry_run,
        rehearsal=order.rehearsal,
        patience=patience,
    )


class ReviewOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows to read, or the ``sheet`` in which they were marked."""

    wanted: Wanted
    rows: int
    seed: int = 0
    sheet: Path | None = None
    drop: bool = False
    rehearsal: bool = False


def review(settings: Settings, console: Console, order: ReviewOrder) -> int:
    """Rows read one after another by a person, or the marks of a sheet."""
    data_dir = existing(settings)
    if order.drop and order.sheet is None:
        raise UsageError("--drop is for --from FILE: row by row, d takes a row out")
    data_dir.create()
    if order.sheet is not None:
        return _read_sheet(settings, console, data_dir, order, order.sheet)
    with Keyboard(console) as keyboard:
        done = reviewing.walk(
            data_dir,
            order.wanted,
            keyboard.ask,
            rows=order.rows,
            seed=order.seed,
            now=_now,
            rehearsal=order.rehearsal,
            patience=patience_of(settings, console),
        )
    _renew_card(settings, console, data_dir, rehearsal=order.rehearsal)
    review_screen.show_walked(console, done, reviewed(data_dir, rehearsal=order.rehearsal))
    return 0


def _read_sheet(
    settings: Settings, console: Console, data_dir: DataDir, order: ReviewOrder, sheet: Path
) -> int:
    if order.wanted:
        raise UsageError("--from FILE names its rows: leave out the filters")
    done = reviewing.read_sheet(data_dir, sheet, now=_now(), rehearsal=order.rehearsal)
    if not done.marked:
        raise UsageError(
            f"{sheet} marks no row of {data_dir.root}: {done.unmarked} say nothing, {done.unknown} "
            "are of no row here"
        )
    if order.drop:
        patience = patience_of(settings, console)
        out = reviewing.take_out(data_dir, done.wrong, rehearsal=order.rehearsal, patience=patience)
        done = msgspec.structs.replace(done, taken_out=out)
    _renew_card(settings, console, data_dir, rehearsal=order.rehearsal)
    found = reviewed(data_dir, rehearsal=order.rehearsal)
    review_screen.show_sheet(console, sheet, done, found, drop=order.drop)
    return 0


def _renew_card(
    settings: Settings, console: Console, data_dir: DataDir, *, rehearsal: bool
) -> None:
    """Write what people found into the card, unless the parts are being rewritten."""
    with data_lock(data_dir, patience=patience_of(settings, console)):
        write_card(data_dir, rehearsal=rehearsal, thresholds=default_thresholds())


def _now() -> datetime:
    return datetime.now(UTC)


def _any(data_dir: DataDir, order: LookOrder, matched: int) -> None:
    """Nothing to look at is a mistake: a script must not go on as if there were."""
    if not matched:
        what = "refused answer" if order.rejected else "row"
        by = f" by {order.wanted}" if order.wanted else ""
        raise UsageError(f"there is no {what}{by} in {data_dir.root}")
