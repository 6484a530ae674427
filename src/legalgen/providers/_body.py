"""What comes as the body of a reply: unpacked a piece at a time, whole or not, made UTF-8."""

from __future__ import annotations

import codecs
import contextlib
import re
import zlib
from collections.abc import Iterator, Mapping
from email.message import Message
from functools import lru_cache
from typing import Any

import httpx
import msgspec


class UnreadableBody(httpx.DecodingError):
    """The body cannot be unpacked, or may not be."""


class BrokenOff(Exception):  # noqa: N818 - beside the error that says why, not an error itself
    """What had come of the body of a reply with this status before it broke off, or could no
    longer be unpacked: it may have been paid for."""

    def __init__(self, came: bytes, status: int) -> None:
        super().__init__("part of a reply had come")
        self.came = came
        self.status = status


PIECE_BYTES = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS
_WINDOWS: Mapping[str, int] = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": zlib.MAX_WBITS}
"""The encodings that are asked for, by what zlib calls them."""


def unpacker(encodings: list[str]) -> Unpacker | None:
    """What undoes the ``encodings`` of a body; None where there is nothing to undo.

    Raises:
        UnreadableBody: it is packed more than once.
    """
    windows = [_WINDOWS[name] for name in map(_folded, encodings) if name in _WINDOWS]
    if len(windows) > 1:
        raise UnreadableBody(f"the reply is packed more than once: {', '.join(encodings)[:60]}")
    return Unpacker(windows[0]) if windows else None


def _folded(name: str) -> str:
    return name.strip().lower()


class Unpacker:
    """Undoes one content encoding a piece at a time: a kilobyte may hold a megabyte."""

    def __init__(self, window: int) -> None:
        self._zlib = zlib.decompressobj(window)
        # Some servers send deflate without the frame that the standard asks for.
        self._may_be_bare = window == zlib.MAX_WBITS
        self._first = b""  # whether there is one its second byte shows

    def pieces(self, packed: bytes) -> Iterator[bytes]:
        """What ``packed`` holds, in pieces of at most ``PIECE_BYTES``.

        Raises:
            UnreadableBody: no more can be unpacked; all that can be came before.
        """
        if self._may_be_bare:
            packed, self._first = self._first + packed, b""
            if len(packed) < 2:
                self._first = packed
                return
        while packed and not self._zlib.eof:
            before = self._zlib.copy()
            try:
                piece = self._zlib.decompress(packed, PIECE_BYTES)
            except zlib.error as error:
                sound = filter(None, _up_to_the_fault(before, packed))
                first = next(sound, b"")
                if self._may_be_bare and not first:
                    self._zlib, self._may_be_bare = zlib.decompressobj(-zlib.MAX_WBITS), False
                    continue
                yield first
                yield from sound
                raise UnreadableBody(f"the reply cannot be unpacked: {error}") from error
            self._may_be_bare = False
            packed = self._zlib.unconsumed_tail
            yield piece

    def rest(self) -> bytes:
        """What was still held back when the last byte had come; less than one piece."""
        return self._zlib.flush()


def _up_to_the_fault(unpacking: Any, packed: bytes) -> Iterator[bytes]:
    """What stands before a fault, of which zlib gives nothing that comes in the same call: the
    whole body, where only the checksum behind it is wrong."""
    for at in range(len(packed)):
        try:
            yield unpacking.decompress(packed[at : at + 1])
        except zlib.error:
            return


# --- whether it is whole -------------------------------------------------------------------------


def says_something(body: bytes) -> bool:
    """Whether there is a word in it: servers keep a connection open by blanks and by comments."""
    return any(re.search(rb"\w", line) for line in body.splitlines() if line[:1] != b":")


def is_whole(body: bytes) -> bool:
    """Whether nothing can be missing: a JSON object that is closed, or the end of a stream."""
    text = body.strip()
    if text.endswith(b"data: [DONE]"):
        return True
    try:
        return text.startswith(b"{") and msgspec.json.decode(text) is not None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


# --- in which characters it is written -----------------------------------------------------------

_WINDOWS_1252 = ("iso8859-1", "ascii")
"""What browsers read as windows-1252, whose quotation marks the others have no place for."""
_NO_CHARSETS = frozenset(
    {"punycode", "idna", "utf-7", "unicode_escape", "raw_unicode_escape", "undefined"}
)
"""Codecs of text that are no charset of a body; some take minutes for a long one."""
_OF_WIDE_OR_SHIFTED = re.compile(rb"[\0\x1b]")
"""What UTF-16, UTF-32 and ISO-2022 have, and no JSON in UTF-8."""


@lru_cache(maxsize=64)
def declared_charset(content_type: str) -> str | None:
    """The charset of a body by its header, as Python calls it; None for UTF-8 and where there is
    none that Python can read text with."""
    message = Message()
    message["content-type"] = content_type
    named = message.get_content_charset()
    try:
        charset = codecs.lookup(named or "utf-8").name
        "".encode(charset)  # a codec of bytes refuses
    except (LookupError, ValueError, UnicodeError):
        return None
    if charset in _NO_CHARSETS or charset in ("utf-8", "utf-8-sig"):
        return None
    return "cp1252" if charset in _WINDOWS_1252 else charset


def as_utf8(body: bytes, charset: str) -> bytes:
    """``body``, which is said to be in ``charset``, in UTF-8.

    JSON is UTF-8 whatever a header says (RFC 8259, 8.1), and many a header says what a framework
    puts there: what can be read as UTF-8 is.
    """
    if not _OF_WIDE_OR_SHIFTED.search(body):
        with contextlib.suppress(UnicodeDecodeError):
            body.decode()
            return body
    return body.decode(charset, "replace").encode("utf-8", "replace")
