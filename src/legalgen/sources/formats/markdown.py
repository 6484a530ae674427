"""Markdown: headings, lists within lists, paragraphs; tags, emphasis and links are taken off."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from legalgen.errors import UsageError
from legalgen.sources.formats.text import LONGEST_PARAGRAPH, decoded_lines, pieces_of
from legalgen.sources.numbering import Line, outline_of
from legalgen.sources.outline import Outline

_HEADING: Final = re.compile(r" {0,3}(#{1,6})\s+(.*?)(?:\s+#+)?\s*$")
_UNDERLINE: Final = re.compile(r" {0,3}(=+|-+)\s*$")
_ITEM: Final = re.compile(r"(\s*)(?:([-*+])|(\d{1,4}|[A-Za-z]|[ivxIVX]{1,5})[.)])\s+(?=\S)")
_FENCE: Final = re.compile(r" {0,3}(```|~~~)")
_ENCLOSED: Final = re.compile(r"\s*\((?:\d{1,3}[A-Z]?|[A-Za-z]{1,5})\)\s")
_CLOSED: Final = re.compile(r"(?:[.;:,\u2014]|\b(?:and|or))$")
"""How a line ends after which an enclosed number begins a paragraph, as drafters write lists."""
_RULE: Final = re.compile(r" {0,3}([-*_])(?:\s*\1){2,}\s*$")
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*>")
_LONGEST_FRONT_MATTER: Final = 1000
"""Lines."""
_AUTOLINK: Final = re.compile(r"<((?:https?|mailto):[^<>\s]+)>")
_QUOTED: Final = re.compile(r" {0,3}>(?: {0,3}>)* ?")
_TABLE_ROW: Final = re.compile(r" {0,3}\|.*\|\s*$")
_TABLE_RULE: Final = re.compile(r"[\s|:-]+$")
_CELL_END: Final = re.compile(r"(?<!\\)\|")
_NOTE: Final = re.compile(r" {0,3}\[\^[^\]\s]+\]:\s*")
_NOTE_MARK: Final = re.compile(r"\[\^[^\]\s]+\]")
_TARGET: Final = re.compile(r" {0,3}\[[^\]]+\]:\s+<?(?:https?:|mailto:|#|\.{0,2}/)\S*")
"""The address of links by name, which stands nowhere in the text."""
# Bounded, as what is opened need not be closed: from each the rest of a line would be looked at.
_LINK: Final = re.compile(r"!?\[([^\]]{0,4000})\]\((?:[^()]|\([^()]{0,4000}\)){0,4000}\)")
_EMPHASIS: Final = re.compile(r"(\*{1,3}|_{2,3}|`{1,9})(?=\S)(.{1,4000}?)(?<=\S)\1")
_ESCAPED: Final = re.compile(r"\\([\\`*_{}\[\]()#+.!<>|~-])")


def read(path: Path) -> Outline:
    """The structure of a Markdown file.

    Raises:
        UsageError: it is no text, or holds none.
    """
    lines = list(lines_of(decoded_lines(path)))
    if not lines:
        raise UsageError(f"{path} holds no text")
    title = next((line.text for line in lines if line.heading), "")
    return outline_of(lines, title=title)


def plain(text: str) -> str:
    """A line as it is read: without tags, emphasis, links, escapes and the marks of notes."""
    text = _NOTE_MARK.sub("", _AUTOLINK.sub(r"\1", text))
    text = _LINK.sub(r"\1", _TAG.sub("", _uncommented(text)))
    for _ in range(3):  # emphasis in emphasis
        text, found = _EMPHASIS.subn(r"\2", text)
        if not found:
            break
    return " ".join(html.unescape(_ESCAPED.sub(r"\1", text)).split())


def _uncommented(text: str) -> str:
    """A line without the comments that end in it."""
    kept, at = list[str](), 0
    while (begin := text.find("<!--", at)) >= 0 and (end := text.find("-->", begin + 4)) >= 0:
        kept.append(text[at:begin])
        at = end + 3
    return "".join((*kept, text[at:]))


def lines_of(text: Iterable[str]) -> Iterator[Line]:
    """The lines of a Markdown text; paragraphs that were wrapped are one line."""
    indents: list[int] = []
    pending: Line | None = None
    size, pieces = 0, list[str]()
    """What goes on with the pending line, joined once: a paragraph may have any number of lines."""
    for line in chain.from_iterable(map(pieces_of, _without_comments(_without_front_matter(text)))):
        quote = _QUOTED.match(line)
        raw = line if quote is None else line[quote.end() :]
        # A quotation begins a line, and may go on without its marks.
        going_on = (
            pending
            and not pending.heading
            and (pending.quoted or quote is None)
            and not (_ENCLOSED.match(raw) and _CLOSED.search((pieces or [pending.text])[-1]))
        )
        begun = None
        if pending and going_on and not pending.quoted and _UNDERLINE.match(raw):
            pending = Line(pending.text, 1 if raw.strip()[0] == "=" else 2)
        elif not _ends(raw) and (going_on or not _RULE.match(raw)):
            begun = _begun(raw, indents) if quote is None else _begun_within(raw)
            if begun is None and going_on and size + len(raw) <= LONGEST_PARAGRAPH:
                pieces.append(plain(raw))
                size += len(raw) + 1
                continue
            begun = begun or _paragraph(raw, indents, quoted=quote is not None)
        if pending is not None:
            yield _whole(pending, pieces)
        pending, pieces, size = begun, [], len(raw)
    if pending is not None:
        yield _whole(pending, pieces)


def _ends(raw: str) -> bool:
    """Whether a line ends a paragraph and has no words of the text."""
    return (
        not raw.strip()
        or _FENCE.match(raw) is not None
        or _TARGET.match(raw) is not None
        or ("|" in raw and _TABLE_RULE.match(raw) is not None)
    )


def _whole(begun: Line, pieces: Sequence[str]) -> Line:
    return replace(begun, text=" ".join((begun.text, *pieces))) if pieces else begun


def _paragraph(raw: str, indents: list[int], *, quoted: bool) -> Line:
    depth = 0 if quoted else _depth(len(raw) - len(raw.lstrip()), indents)
    return Line(plain(raw), 0, depth, quoted=quoted)


def _begun_within(quoted: str) -> Line | None:
    """A heading or an item of another text, of which only the words count; as ``_begun``."""
    if heading := _HEADING.match(quoted):
        return Line(plain(heading[2]), quoted=True)
    if _ITEM.match(quoted):
        return Line(plain(quoted), quoted=True)
    return _uncounted(quoted)


def _uncounted(raw: str) -> Line | None:
    """A row of a table, its cells beside each other, or a note: their numbers count nothing."""
    if _TABLE_ROW.match(raw):
        return Line(plain(" ".join(_CELL_END.split(raw))), quoted=True)
    return Line(plain(_NOTE.sub("", raw)), quoted=True) if _NOTE.match(raw) else None


def _begun(raw: str, indents: list[int]) -> Line | None:
    """What a line begins that is no paragraph, or None: it goes on, or is one."""
    if uncounted := _uncounted(raw):
        return uncounted
    if heading := _HEADING.match(raw):
        indents.clear()
        return Line(plain(heading[2]), len(heading[1]))
    item = _ITEM.match(raw)
    if item is None:
        return None
    indent = len(item[1])
    while indents and indents[-1] >= indent + 2:
        indents.pop()
    if not indents or indent >= indents[-1] + 2:
        indents.append(indent)
    return Line(plain(raw[item.end() :]), 0, len(indents), item[3] or "")


def _depth(indent: int, indents: list[int]) -> int:
    """How deep in lists a paragraph stands that is indented so far."""
    if indent == 0:
        indents.clear()
    return sum(1 for each in indents if indent > each)


def _without_front_matter(text: Iterable[str]) -> Iterator[str]:
    """The lines after a block of settings between two lines of dashes at the beginning."""
    lines = (each for line in text for each in line.expandtabs(4).splitlines())
    head = list(islice(lines, 1))
    if head == ["---"]:
        head += islice(lines, _LONGEST_FRONT_MATTER)
        if "---" in head[1:]:
            head = head[head.index("---", 1) + 1 :]
    return chain(head, lines)


def _without_comments(lines: Iterable[str]) -> Iterator[str]:
    """The lines without comments that go over several of them; of one that never ends, all."""
    held: list[str] = []
    for line in lines:
        if not held and _open_comment(line) < 0:
            yield line
        elif held and "-->" in line:
            yield f"{held[0][: _open_comment(held[0])]}{line.partition('-->')[2]}"
            held = []
        else:
            held.append(line)
    yield from held


def _open_comment(line: str) -> int:
    """Where a comment begins that does not end in its line; -1: none does."""
    return line.find("<!--", line.rfind("-->") + 1)
