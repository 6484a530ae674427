"""``legalgen sources``: the user's own legal texts, from which grounded samples are written.

Nothing heavy is imported up here: ``--help`` loads no reader.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from legalgen.commands.options import Flags, console_of, group, settings_of, takes

app = group("sources", "Add, look at and remove legal texts of your own.")

_Name = Annotated[str, typer.Argument(metavar="ID", help="Its id, or how that begins.")]
_Jurisdiction = Annotated[
    str | None,
    typer.Option(
        "--jurisdiction", metavar="NAME", help="Where it is law. Default: what the text tells."
    ),
]


@app.command()
@takes("sources add")
def add(
    flags: Flags,
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH",
            help="XML (Akoma Ntoso, CLML, USLM, CFR, Formex), HTML, Markdown, text, PDF, JSON "
            "lines or parquet with a column `text`; a folder stands for all in it.",
        ),
    ],
    *,
    licence: Annotated[
        str,
        typer.Option(
            "--licence", metavar="NAME", help="Under which licence they may be used, as OGL-3.0."
        ),
    ],
    jurisdiction: _Jurisdiction = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="YYYY-MM", help="The month as at which they are the law."),
    ] = None,
    citation: Annotated[
        str | None,
        typer.Option(
            "--citation",
            metavar="TEXT",
            help="How the work is cited. Default: the title in the text.",
        ),
    ] = None,
    practice_area: Annotated[
        str | None, typer.Option("--practice-area", metavar="NAME", help="Of the taxonomy.")
    ] = None,
    topic: Annotated[
        str | None, typer.Option("--topic", metavar="NAME", help="Of the taxonomy.")
    ] = None,
) -> int:
    """Read legal texts of your own, cut them along their structure, and keep the passages.

    Nothing is downloaded. Exit codes: 0 all were added, 2 some cannot be read (the others were
    added), 74 the disk failed.
    """
    from legalgen.commands import sources
    from legalgen.sources.collection import SourceDetails

    settings = settings_of(flags)
    details = SourceDetails(licence, jurisdiction, as_of, citation, practice_area, topic)
    return sources.add_sources(settings, console_of(settings), paths, details)


@app.command("list")
@takes("sources list")
def list_(flags: Flags) -> int:
    """Show the texts that were added."""
    from legalgen.commands import sources

    settings = settings_of(flags)
    return sources.list_sources(settings, console_of(settings))


@app.command()
@takes("sources show")
def show(flags: Flags, name: _Name) -> int:
    """Show a text and its chunks, or, with ID#PLACE, one chunk whole."""
    from legalgen.commands import sources

    settings = settings_of(flags)
    return sources.show_source(settings, console_of(settings), name)


@app.command()
@takes("sources remove")
def remove(flags: Flags, name: _Name) -> int:
    """Draw from a text no more; the chunks that rows rest on are kept.

    Exit codes: 0 it is removed, 2 there is no such text, 5 a batch is running, 74 the disk failed.
    """
    from legalgen.commands import sources

    settings = settings_of(flags)
    return sources.remove_source(settings, console_of(settings), name)


@app.command()
@takes("sources check")
def check(
    flags: Flags,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="Files to look at. Default: what was added."),
    ] = None,
    *,
    jurisdiction: _Jurisdiction = None,
) -> int:
    """Look at texts before anything is written from them; call nobody, keep nothing.

    Shown are chunks and their lengths, what share of the text is in one, places that are cited
    alike, and personal data. Exit codes: 0 all can be read, 1 some cannot or have changed.
    """
    from legalgen.commands import sources

    settings = settings_of(flags)
    return sources.check_sources(settings, console_of(settings), paths or [], jurisdiction)
