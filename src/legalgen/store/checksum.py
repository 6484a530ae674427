"""The checksum that a part carries, of every byte of itself.

    PAR1, pages ... | mark | footer, its length, PAR1

Parquet has checksums for pages alone: a bit that flips in a page's header or in the footer is
noticed by nobody. Readers come to the footer from the end of the file and to the pages by their
offsets, so that what stands between the two is read by none of them, and goes with the file
wherever it is copied.
"""

from __future__ import annotations

import mmap
import os
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, Literal

_MARK: Final = b"\0legalgen blake2b "
_DIGEST_BYTES: Final = 16
_MARK_BYTES: Final = len(_MARK) + 2 * _DIGEST_BYTES
_TAIL_BYTES: Final = 8  # the footer's length and the magic word
_CHUNK_BYTES: Final = 1024 * 1024

Integrity = Literal["whole", "damaged", "unmarked"]


def new_digest() -> Any:
    """What the bytes of a part are given to: the pages, then what follows the mark."""
    return blake2b(digest_size=_DIGEST_BYTES)


def marked(rest: bytes, digest: Any) -> bytes:
    """The end of a parquet file, from within its pages on, with the mark before its footer.

    ``digest`` has been given what goes before ``rest``.
    """
    at = len(rest) - _TAIL_BYTES - int.from_bytes(rest[-8:-4], "little")
    assert at >= 0, "the footer must be in what is written last"
    digest.update(rest)
    return b"".join([rest[:at], _MARK, digest.hexdigest().encode(), rest[at:]])


def state(path: Path) -> Integrity:
    """Whether a part is what was written; ``unmarked``: it was sealed before parts had marks.

    Nothing of the file is interpreted: what is damaged must not even be opened as parquet, as
    there are bits that make the C++ library end the process.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            return "damaged"
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
            return _state(raw)


def _state(raw: mmap.mmap) -> Integrity:
    end = len(raw) - _TAIL_BYTES - int.from_bytes(raw[-8:-4], "little")
    start = end - _MARK_BYTES
    mark = raw[start:end] if start >= 0 else b""
    if not mark.startswith(_MARK):
        # A bit may have flipped in the mark itself, or in the length that leads to it.
        flipped = _resembles(mark) or raw.rfind(_MARK) >= 0
        return "damaged" if flipped else "unmarked"
    digest = new_digest()
    for begin, stop in ((0, start), (end, len(raw))):
        for at in range(begin, stop, _CHUNK_BYTES):
            digest.update(raw[at : min(at + _CHUNK_BYTES, stop)])
    return "whole" if mark == _MARK + digest.hexdigest().encode() else "damaged"


def _resembles(mark: bytes) -> bool:
    """Whether this was a mark: most of its first word is."""
    return sum(a == b for a, b in zip(mark, _MARK, strict=False)) > len(_MARK) // 2
