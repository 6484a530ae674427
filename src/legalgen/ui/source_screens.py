"""What the commands on the user's own texts show to people; programs get the values as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from legalgen.errors.plurals import plural
from legalgen.sources.chunk import Chunk, cited
from legalgen.sources.collection import Examined, SourceText
from legalgen.ui.console import Console
from legalgen.ui.dataset_screens import table


def show_added(console: Console, added: Sequence[SourceText], beside: Sequence[str]) -> None:
    """Which texts were added, and what is said beside: what was left out, or is drawn from too."""
    if console.json:
        console.data({"added": msgspec.to_builtins(list(added)), "beside": list(beside)})
        return
    for source in added if not console.quiet else ():
        console.text(f"{source.id}: {source.citation}, {_size(source)}")
    for said in beside:
        console.talk(said)


def show_sources(console: Console, sources: Sequence[SourceText]) -> None:
    """All texts of a data dir."""
    if console.json:
        console.data({"sources": msgspec.to_builtins(list(sources))})
        return
    if not sources:
        console.talk("no sources yet: legalgen sources add FILE --licence ... --jurisdiction ...")
        return
    rows = [
        (
            each.id + (" (removed)" if each.removed else ""),
            each.citation,
            each.jurisdiction,
            each.as_of or "-",
            each.licence,
            f"{each.chunks:,}",
            f"{each.words:,}",
        )
        for each in sources
    ]
    headings = ("source", "citation", "law of", "as of", "licence", "chunks", "words")
    table(console, headings, rows)


def show_source(
    console: Console, source: SourceText, chunks: Sequence[Chunk], changed: str | None
) -> None:
    """One text and its chunks."""
    if console.json:
        data: dict[str, Any] = msgspec.to_builtins(source)
        console.data(data | {"changed": changed, "passages": msgspec.to_builtins(list(chunks))})
        return
    console.text(f"{source.citation}: {_size(source)}, {source.licence}")
    console.text(f"{source.path}, added {source.added:%Y-%m-%d %H:%M} UTC")
    if changed:
        console.talk(f"{changed}: its chunks are those of the version that was added")
    rows = [
        (each.id.partition("#")[2], each.pinpoint or "-", each.heading, f"{each.words():,}")
        for each in chunks
    ]
    table(console, ("chunk", "cited as", "heading", "words"), rows)


def show_chunk(console: Console, chunk: Chunk) -> None:
    """One passage, as a model is given it."""
    if console.json:
        console.data(msgspec.to_builtins(chunk))
        return
    console.text(cited(chunk.citation, chunk.pinpoint))
    console.text(" > ".join(filter(None, (*chunk.path, chunk.heading))))
    console.text("")
    console.text(chunk.text)


def show_removed(console: Console, source: SourceText, kept: int) -> None:
    """Which text was removed, and what of it rows rest on."""
    if console.json:
        console.data({"removed": source.id, "kept_chunks": kept})
        return
    if console.quiet:
        return
    rest = f"; {plural(kept, 'chunk')} kept, because rows rest on them" if kept else ""
    console.text(f"{source.id} removed{rest}")


def show_examined(console: Console, found: Sequence[Examined], unread: Sequence[str]) -> None:
    """What a look at texts found."""
    if console.json:
        console.data({"texts": msgspec.to_builtins(list(found)), "unreadable": list(unread)})
        return
    for each in found:
        source = each.source
        console.text(f"{source.id}: {source.citation} ({source.jurisdiction}), {_size(source)}")
        lengths = sorted(each.lengths)
        if lengths:
            middle = lengths[len(lengths) // 2]
            console.text(
                f"  words a chunk  {lengths[0]} to {lengths[-1]}, median {middle}"
                + (f"; {each.short} under 40" if each.short else "")
            )
        console.text(f"  in a chunk     {each.covered:.1%} of the text")
        if each.unquotable:
            console.text(
                f"  too short      {plural(each.unquotable, 'chunk')}: nothing can be quoted"
            )
        if each.terms:
            console.text(f"  terms defined  {each.terms}")
        if each.repeated:
            shown = ", ".join(each.repeated[:5]) + (" ..." if len(each.repeated) > 5 else "")
            console.text(f"  cited alike    {shown}")
        if each.personal:
            kinds = ", ".join(f"{plural(n, kind)}" for kind, n in sorted(each.personal.items()))
            console.text(f"  personal data  {kinds}: look at them before you write from this text")
    for line in unread:
        console.talk(line)


def _size(source: SourceText) -> str:
    return f"{plural(source.chunks, 'chunk')}, {plural(source.words, 'word')}"
