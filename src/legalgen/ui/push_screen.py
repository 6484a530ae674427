"""What ``dataset push`` shows: what was sent, what went, and where it is."""

from __future__ import annotations

import msgspec

from legalgen.dataset.push import Pushed
from legalgen.errors.plurals import plural
from legalgen.ui.console import Console
from legalgen.ui.dataset_screens import table


def show_pushed(console: Console, done: Pushed, *, asked_public: bool) -> None:
    """The URL is data, and so are the files of a ``--dry-run``, which is told under ``quiet``, too;
    what a person should know beside it is talk.
    """
    if done.public and not asked_public:
        console.talk(f"{done.url} is public, and stays so: everybody can read what is sent there")
    if asked_public and done.public is False:
        console.talk(f"{done.url} is private, and stays so: its own settings can make it public")
    if console.json:
        console.data(msgspec.to_builtins(done))
        return
    if console.quiet and not done.dry_run:
        return
    if done.dry_run:
        _show_plan(console, done)
    if done.left_out:
        console.hint(f"{plural(done.left_out, 'row')} taken out here: they do not leave")
    if done.others:
        console.hint(f"not ours, and left there: {', '.join(done.others[:3])}")
    console.hint(_told(done))
    console.text(done.url)


def _show_plan(console: Console, done: Pushed) -> None:
    rows = [("send", path, f"{size:,}") for path, size in done.sent.items()]
    rows += [("remove", path, "") for path in done.removed]
    table(console, ("do", "file", "bytes"), rows)


def _told(done: Pushed) -> str:
    if not (done.sent or done.removed):
        return f"nothing to send: {plural(done.rows, 'row')} are there"
    verbs = ("would send", "would remove") if done.dry_run else ("sent", "removed")
    told = f"{verbs[0]} {plural(len(done.sent), 'file')}, {done.bytes:,} bytes"
    if done.removed:
        told += f"; {verbs[1]} {plural(len(done.removed), 'file')}"
    return f"{told}; {plural(done.rows, 'row')} in all"
