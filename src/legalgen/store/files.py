"""The files of a data dir: where each lies; written beside, made durable, swapped in.

The verbs that know no data dir stand in ``settings.writing``, on a floor that all who write reach.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from legalgen.errors import DiskError, UsageError
from legalgen.settings import reading, writing
from legalgen.settings.reading import FOLDER, read_whole
from legalgen.settings.writing import open_aside, sync_folder, write_all


class DataDir(msgspec.Struct, frozen=True):
    """Where everything of one dataset lies; the value alone touches no disk."""

    root: Path

    @property
    def batches(self) -> Path:
        """One JSON record per batch."""
        return self.root / "batches"

    @property
    def journal(self) -> Path:
        """Accepted rows that are not sealed yet."""
        return self.root / "journal"

    @property
    def rejected(self) -> Path:
        """Answers that were paid for and not kept."""
        return self.root / "rejected"

    @property
    def state(self) -> Path:
        """What can be made again: locks, files on their way, the index."""
        return self.root / "state"

    @property
    def tmp(self) -> Path:
        """Files on their way into another folder; never inside a dataset."""
        return self.state / "tmp"

    @property
    def locks(self) -> Path:
        """Lock files."""
        return self.state / "locks"

    @property
    def train(self) -> Path:
        """The dataset."""
        return self.root / "train"

    @property
    def rehearsal(self) -> Path:
        """The dataset of the bundled toy model."""
        return self.root / "rehearsal"

    def dataset(self, *, rehearsal: bool = False) -> Path:
        """The folder that ``load_dataset`` is pointed at."""
        return self.rehearsal if rehearsal else self.train

    def parts(self, *, rehearsal: bool = False) -> Path:
        """The folder that holds sealed parts and nothing else, ever."""
        return self.dataset(rehearsal=rehearsal) / "data"

    @property
    def sources(self) -> Path:
        """Chunks of the user's own texts, one parquet file a text."""
        return self.root / "sources"

    @property
    def points(self) -> Path:
        """Lists of the points that decide, by taxonomy and topic: they were paid for."""
        return self.root / "points"

    @property
    def marks(self) -> Path:
        """What was found about rows after they were sealed, until compaction makes it final."""
        return self.root / "marks"

    def index(self, *, rehearsal: bool = False) -> Path:
        """The folder of the near-duplicate index."""
        return self.state / "duplicates" / self.dataset(rehearsal=rehearsal).name

    def folders(self) -> tuple[Path, ...]:
        """What every writer needs, and makes where it is missing."""
        own = (self.batches, self.journal, self.rejected, self.tmp, self.locks)
        return (*own, self.parts(rehearsal=False))

    def check(self) -> None:
        """Refuse a data dir that a writer could not use to its end; what is missing may be.

        Raises:
            DiskError: a folder in it cannot be read or written, or no file be moved into it.
        """
        others = (self.state, self.train, self.parts(rehearsal=True), self.rehearsal)
        for folder in filter(is_folder, (*self.folders(), *others)):
            for access, verb in ((os.R_OK | os.X_OK, "read"), (os.W_OK, "write into")):
                with disk(folder, verb):
                    writing.check_access(folder, access)
            # Refused answers are appended where they are, and need no move.
            if folder != self.rejected:
                self._check_moves(folder)

    def _check_moves(self, folder: Path) -> None:
        aside = next(each for each in (self.tmp, self.state, self.root) if is_folder(each))
        with disk(folder, "look at"):
            apart = writing.are_apart(aside, folder)
        if apart:
            raise DiskError(
                f"{aside} and {folder} are not on one file system, and files are moved from the "
                f"first into the second: have them on one, or link or mount the whole of "
                f"{self.root} from where the second is",
                folder,
            )

    def create(self) -> None:
        """Make the folders that are missing, durably, and look whether all can be read and written.

        Costs a few ``stat`` when none is missing. What every writer begins with: before anything
        is paid for, nothing is left that could be refused to it later.

        Raises:
            DiskError: a folder cannot be made, read or written, or no file be moved into it.
        """
        for folder in self.folders():
            make_folder(folder)
        self.check()


def check_batch_id(batch_id: str) -> str:
    """The id itself, if it can name files.

    Raises:
        UsageError: it holds anything but letters, digits, ``-`` and ``_``, or is reserved.
    """
    if not BATCH_ID.fullmatch(batch_id):
        raise UsageError(f"{batch_id!r} is not a batch id")
    return batch_id


# In the name of a compacted part "g<digits>" stands where a batch id does; "batch" and "data" name
# the two other locks.
BATCH_ID: Final = re.compile(r"(?!(?:g\d+|batch|data)\Z)[0-9A-Za-z][0-9A-Za-z_-]{0,63}")

SEGMENT_NAME: Final = re.compile(r"(?P<batch>.+)-(?P<part>\d{5,})\.jsonl")

PART_NAME: Final = re.compile(r"train-(?P<batch>.+)-(?P<part>\d{5,})\.parquet")

_COMPACTED: Final = re.compile(r"train-g(\d+)-\d{5,}\.parquet")


def generation_of(name: str) -> int:
    """Which compaction made the part of this name; 0: a batch sealed it."""
    match = _COMPACTED.fullmatch(name)
    return int(match[1]) if match else 0


NOT_OURS: Final = (ValueError, RecursionError)
"""What decoding a file can raise that this program did not write, or not like this: msgspec's
errors and those of Unicode are ValueErrors; JSON nested 100,000 deep is a RecursionError."""


def listed_parts(data_dir: DataDir, pattern: str, *, rehearsal: bool = False) -> list[Path]:
    """The sealed parts whose names match, in order; none when there is no dataset yet.

    A compaction exchanges the folder and empties the one before: whoever had opened that one would
    find nothing. So a folder that is not the same after the look is looked at again.
    """
    folder = data_dir.parts(rehearsal=rehearsal)
    while True:
        before = _identity(folder)
        found = listed(folder, pattern)
        if _identity(folder) == before:
            return found


def listed(folder: Path, pattern: str) -> list[Path]:
    """What stands in a folder under names that match, sorted; nothing where there is no folder.

    Raises:
        DiskError: the folder cannot be read, which must not pass for an empty one.
    """
    with disk(folder, "read"):
        return reading.listed(folder, pattern)


def is_there(path: Path) -> bool:
    """Whether a file or a folder has this name; a link to nothing is none.

    Raises:
        DiskError: nobody can tell.
    """
    with disk(path, "read"):
        return reading.is_there(path)


def is_folder(path: Path) -> bool:
    """Whether a folder has this name; raises as ``is_there``."""
    with disk(path, "read"):
        return reading.is_folder(path)


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


@contextlib.contextmanager
def disk(path: Path, verb: str) -> Iterator[None]:
    """Say which file it was, and end with the exit code of a failed disk."""
    try:
        yield
    except OSError as error:
        why = FOLDER if error.errno == errno.EISDIR else reading.reason_of(error, path)
        raise DiskError(f"cannot {verb} {path}: {why}", path) from error


def make_folder(folder: Path) -> None:
    """Make a folder and what is missing above it, durably.

    Raises:
        DiskError: it cannot be made.
    """
    with disk(folder, "make the folder"):
        writing.make_folder(folder)


def replace_file(data_dir: DataDir, target: Path, payload: bytes) -> None:
    """Write ``payload`` aside, then swap it in: whoever reads sees the old file or the new one.

    Durable when it returns.

    Raises:
        DiskError: it could not be written; the old file stands, if there was one.
    """
    with disk(target, "write"):
        descriptor, aside = open_aside(data_dir.tmp, target.name)
        try:
            write_all(descriptor, payload)
            os.fsync(descriptor)
            os.replace(aside, target)  # noqa: PTH105 - named os calls are what the crash tests count
        except BaseException:  # leaves no torn state, whatever happened, and raises it again
            # A leftover does no harm, recovery clears it; the first error is the one to tell.
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)
        # A rename is durable once both folders are; the one with the new name goes first.
        sync_folder(target.parent)
        sync_folder(data_dir.tmp)


class _Line(msgspec.Struct, frozen=True):
    """Every other line: a row, and the CRC-32 of its bytes as they stand.

    ``balance`` is such a line in itself, or nothing.
    """

    crc: str
    row: msgspec.Raw
    balance: msgspec.Raw = msgspec.Raw()


_LINE: Final = msgspec.json.Decoder(_Line)


def frame(row: bytes, balance: bytes = b"") -> bytes:
    """The line of a journal: a row, the CRC-32 of its bytes, and how the batch's balance stands."""
    told = b',"balance":%b' % frame(balance).rstrip(b"\n") if balance else b""
    return b'{"crc":"%08x","row":%b%b}\n' % (zlib.crc32(row), row, told)


def unframe(line: bytes) -> bytes | None:
    """The bytes of the row, or None when the line is not what was written."""
    try:
        framed = _LINE.decode(line)
    except NOT_OURS:
        return None
    row = bytes(framed.row)
    return row if framed.crc == f"{zlib.crc32(row):08x}" else None


def balance_in(line: bytes) -> bytes | None:
    """The bytes of the balance in a line of a journal; None where it has none.

    Raises:
        ValueError: the line is not what was written.
    """
    told = bytes(_LINE.decode(line).balance)
    if not told:
        return None
    if (balance := unframe(told)) is None:
        raise ValueError("a damaged balance")
    return balance


def move_aside(path: Path, folder: Path) -> None:
    """Move a damaged file into ``folder``, under a name that is free there."""
    target = _free_name(folder / f"{path.name}.damaged")
    with disk(path, "move aside"):
        os.replace(path, target)  # noqa: PTH105 - named os calls are what the crash tests count
        sync_folder(folder)
        sync_folder(path.parent)


def _free_name(stem: Path) -> Path:
    paths = (stem.with_name(f"{stem.name}-{number}") for number in itertools.count())
    return next(path for path in paths if not os.path.lexists(path))


def keep_aside(data_dir: DataDir, path: Path, content: bytes) -> Path | None:
    """Write what cannot be read beside the journal, once however often recovery is begun."""
    if not content:
        return None
    with disk(path, "look for lines kept aside of"):
        known = reading.listed(path.parent, f"{path.name}.torn-*")
        if found := next((one for one in known if read_whole(one) == content), None):
            return found
    target = _free_name(path.with_name(f"{path.name}.torn"))
    replace_file(data_dir, target, content)
    return target


def unlink(path: Path) -> None:
    """Unlink a file, durably."""
    with disk(path, "unlink"):
        path.unlink()
        sync_folder(path.parent)
