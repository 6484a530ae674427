"""A chunk: a passage of one of the user's own texts, with the place that it is cited by."""

from __future__ import annotations

import hashlib

import msgspec


class Pinpoint(msgspec.Struct, frozen=True, gc=False):
    """A division inside a chunk: characters ``start`` up to ``end`` are cited by ``pinpoint``."""

    start: int
    end: int
    pinpoint: str


class Chunk(msgspec.Struct, frozen=True):
    """A passage of a source, as it is given to a model and cited.

    ``id`` is made of the source's id and the place in its structure, the same on every machine;
    ``sha256`` is of ``text``. ``pinpoint`` is the place of the whole chunk (``"s 5"``, empty where
    the text has no numbers), ``places`` those of the divisions within, outermost first.
    ``citation`` names the work, ``heading`` is the nearest heading, ``path`` those above it.
    """

    id: str
    source: str
    sha256: str
    pinpoint: str
    citation: str
    heading: str
    path: tuple[str, ...]
    text: str
    jurisdiction: str
    as_of: str | None
    places: tuple[Pinpoint, ...] = ()

    def pinpoint_of(self, start: int, end: int) -> str:
        """The place of characters ``start`` up to ``end``: the smallest division around them."""
        best, smallest = self.pinpoint, len(self.text) + 1
        for place in self.places:
            holds = place.start <= start and end <= place.end
            if holds and place.end - place.start < smallest:
                best, smallest = place.pinpoint, place.end - place.start
        return best

    def words(self) -> int:
        """How many words the passage has."""
        return len(self.text.split())


def sha256_of(text: str) -> str:
    """The digest of a text, as chunks and rows carry it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def cited(citation: str, pinpoint: str) -> str:
    """A work and a place in it: ``"Companies Act 2006, s 172(1)"``, ``"[2020] UKSC 5 [45]"``."""
    if not pinpoint:
        return citation
    return f"{citation} {pinpoint}" if pinpoint.startswith("[") else f"{citation}, {pinpoint}"
