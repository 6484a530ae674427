"""Columns of numbers and texts in one file that is written once, mapped, and never changed.

A column is bytes under a name, given piece by piece, so that none need ever be in memory; all begin
at a multiple of 64 bytes, and at the end stands what they are::

    column | column | ... | JSON: what is told of them, of each where it begins and its length, CRCs
                          | the length of the JSON in 8 bytes | MAGIC
"""

from __future__ import annotations

import mmap
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO, Final, Protocol

import msgspec

from legalgen.settings.reading import check_regular

MAGIC: Final = b"lgcolumn"
_ALIGNED: Final = 64
_TAIL: Final = 8 + len(MAGIC)

Piece = memoryview | bytes | bytearray
Pieces = Iterable[tuple[str, Iterable[Piece]]]
"""Columns on their way: each is taken whole before the next is asked for."""


class Columns(Protocol):
    """Columns by their names, in memory or mapped."""

    def __getitem__(self, name: str, /) -> memoryview: ...

    def __contains__(self, name: object, /) -> bool: ...

    def forget(self) -> None:
        """Give the memory of what was read back; it is read again when it is asked for."""


class _Foot(msgspec.Struct, frozen=True):
    """What stands at the end of a file; places and lengths are in bytes.

    ``sums`` are the CRC-32 of the columns; files of earlier versions have none.
    """

    told: Mapping[str, str]
    columns: dict[str, tuple[int, int]]
    sums: dict[str, int] = {}


class HeldColumns(dict[str, memoryview]):
    """Columns in memory."""

    def __init__(self, pieces: Pieces) -> None:
        super().__init__({name: memoryview(b"".join(each)).cast("B") for name, each in pieces})

    def forget(self) -> None:
        """There is nothing that could be read again."""


class MappedColumns:
    """Columns of a file; ``told`` is what its writer told of them.

    Raises:
        ValueError: the file is torn, or none of these.
        OSError: it cannot be read.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._view = view = memoryview(self._mapped)
        size = len(view) - _TAIL
        told = int.from_bytes(view[max(0, size) : max(0, size) + 8], "little")
        if size < told or bytes(view[size + 8 :]) != MAGIC:
            raise ValueError("a file that is torn, or has no columns")
        try:
            foot = msgspec.json.decode(view[size - told : size], type=_Foot)
        except msgspec.MsgspecError as error:
            raise ValueError("a file whose foot is torn") from error
        self.told = foot.told
        self._places, self._sums = foot.columns, foot.sums

    def __getitem__(self, name: str, /) -> memoryview:
        start, length = self._places[name]
        return self._view[start : start + length]

    def __contains__(self, name: object, /) -> bool:
        return name in self._places

    def is_whole(self, most: int | None = None) -> bool:
        """Whether the columns are as they were written, by their CRCs: 4 GB a second of CPU.

        With ``most`` the smallest are looked at, so many bytes of them, and a file without CRCs
        passes.
        """
        if most is not None and not self._sums:
            return True
        seen = 0
        for name, (_, length) in sorted(self._places.items(), key=lambda one: one[1][1]):
            seen += length
            if most is not None and seen > most:
                break
            if zlib.crc32(self[name]) != self._sums.get(name):
                return False
        return True

    def forget(self) -> None:
        """Give the pages back: they would count as memory of this process, 600 MB a million rows"""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._mapped.madvise(mmap.MADV_DONTNEED)


def read(path: Path) -> MappedColumns:
    """The columns in a file, mapped.

    Raises:
        ValueError: it is torn, or none of these.
        OSError: it cannot be read.
    """
    check_regular(path)
    with path.open("rb") as file:
        return MappedColumns(file)


def write(file: BinaryIO, pieces: Pieces, told: Mapping[str, str]) -> None:
    """Write columns into an empty file, with what is told of them."""
    at = 0
    places: dict[str, tuple[int, int]] = {}
    sums: dict[str, int] = {}
    for name, column in pieces:
        start, crc = at, 0
        for piece in column:
            file.write(piece)
            at += memoryview(piece).nbytes
            crc = zlib.crc32(piece, crc)
        places[name], sums[name] = (start, at - start), crc
        at += file.write(bytes(-at % _ALIGNED))
    foot = msgspec.json.encode(_Foot(told, places, sums))
    file.write(foot + len(foot).to_bytes(8, "little") + MAGIC)
