"""Markdown: headings, lists within lists, paragraphs; tags, emphasis and links are taken off."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Final

from legalgen.errors import UsageError
from legalgen.sources.formats.text import decoded_lines
from legalgen.sources.numbering import Line, outline_of
from legalgen.sources.outline import Outline

_HEADING: Final = re.compile(r" {0,3}(#{1,6})\s+(.*?)(?:\s+#+)?\s*$")
_UNDERLINE: Final = re.compile(r" {0,3}(=+|-+)\s*$")
_ITEM: Final = re.compile(r"(\s*)(?:([-*+])|(\d{1,4}|[A-Za-z]|[ivxIVX]{1,5})[.)])\s+(?=\S)")
_FENCE: Final = re.compile(r" {0,3}(```|~~~)")
_RULE: Final = re.compile(r" {0,3}([-*_])(?:\s*\1){2,}\s*$")
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*>|<!--.*?-->", re.DOTALL)
_COMMENT: Final = re.compile(r"<!--(?!.*-->)")
_LONGEST_FRONT_MATTER: Final = 1000
"""Lines."""
_LINK: Final = re.compile(r"!?\[([^\]]*)\]\((?:[^()]|\([^()]*\))*\)")
_EMPHASIS: Final = re.compile(r"(\*{1,3}|_{2,3}|`+)(?=\S)(.+?)(?<=\S)\1")
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
    """A line as it is read: without tags, emphasis, links and escapes."""
    text = _LINK.sub(r"\1", _TAG.sub("", text))
    for _ in range(3):  # emphasis in emphasis
        text = _EMPHASIS.sub(r"\2", text)
    return " ".join(html.unescape(_ESCAPED.sub(r"\1", text)).split())


def lines_of(text: Iterable[str]) -> Iterator[Line]:
    """The lines of a Markdown text; paragraphs that were wrapped are one line."""
    indents: list[int] = []
    pending: Line | None = None
    for raw in _without_comments(_without_front_matter(text)):
        going_on = pending is not None and not pending.heading
        if not raw.strip() or _FENCE.match(raw) or (_RULE.match(raw) and not going_on):
            begun = None
        elif pending is not None and going_on and _UNDERLINE.match(raw):
            pending = Line(pending.text, 1 if raw.strip()[0] == "=" else 2)
            begun = None
        else:
            begun = _begun(raw, indents)
            if begun is None and pending is not None and going_on:
                whole = f"{pending.text} {plain(raw)}"
                pending = Line(whole, 0, pending.nesting, pending.number)
                continue
            begun = begun or Line(plain(raw), 0, _depth(len(raw) - len(raw.lstrip()), indents))
        if pending is not None:
            yield pending
        pending = begun
    if pending is not None:
        yield pending


def _begun(raw: str, indents: list[int]) -> Line | None:
    """A heading or an item of a list; None: the line goes on, or is a paragraph."""
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
        begins = _COMMENT.search(line) if not held else None
        if not held and begins is None:
            yield line
        elif "-->" in line:
            before = _COMMENT.split(held[0] if held else "", maxsplit=1)[0]
            yield f"{before}{line.partition('-->')[2]}"
            held = []
        else:
            held.append(line)
    yield from held
