"""The vectors of a dataset: of each row's question and answer, kept beside the duplicate index.

A folder a model holds segments that never change: a JSON line with the ids, the dimensions and a
CRC-32, then the vectors as float16, of each row the question's and the answer's. That is 4 bytes
a dimension and row (1,536 of a model with 384), beside the id and the words of the question. A
segment that is torn or foreign is left out, and its rows are embedded again from their
text; rows go by their ids, so that a compaction costs nothing. More than ``MOST_SEGMENTS`` are
written anew as one.

A look-up compares with every question: 0.4 ms a thousand rows. One thread at a time. Imports
numpy: import it lazily.
"""

from __future__ import annotations

import contextlib
import itertools
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from legalgen.errors import DiskError
from legalgen.settings.reading import is_folder, listed, read_whole, reason_of
from legalgen.settings.writing import clear_beside, make_folder, swapped_in
from legalgen.store.files import NOT_OURS, DataDir
from legalgen.store.sample import sample_id

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from legalgen.quality.meaning.embedding import Embedder, Vectors

    Halves = NDArray[np.float16]

MOST_SEGMENTS: Final = 16
ROWS_AT_ONCE: Final = 500
"""Rows that are embedded before they are kept: what a signal interrupts is not begun anew."""
ROWS_TOGETHER: Final = 8
"""Rows whose texts go through the model together."""
_BLOCK: Final = 8_192


class _Head(msgspec.Struct, frozen=True):
    """The first line of a segment."""

    dimensions: int
    crc: int
    ids: list[str]
    questions: list[str]


GoesOn = Callable[[int, int], bool]
"""Hears how many rows of how many are embedded, and says whether to go on."""


class NearQuestion(msgspec.Struct, frozen=True):
    """A row whose question is near, its words, and both cosines."""

    id: str
    words: str
    question: float
    answer: float


def vectors_folder(data_dir: DataDir, digest: str, *, rehearsal: bool = False) -> Path:
    """Where the vectors of one model lie."""
    return data_dir.state / "meaning" / data_dir.dataset(rehearsal=rehearsal).name / digest


class VectorIndex:
    """Vectors of all rows of a dataset; without a folder in memory alone.

    Raises (each method that writes):
        DiskError: the state folder cannot be read or written.
    """

    def __init__(self, dimensions: int, folder: Path | None = None) -> None:
        self._dimensions, self._folder = dimensions, folder
        self._ids: list[str] = []
        self._questions: list[str] = []
        self._known: set[str] = set()
        self._unsealed: list[int] = []
        self._room: Halves = np.zeros((0, 2, dimensions), np.float16)

    def __len__(self) -> int:
        return len(self._ids)

    def open(
        self,
        ids: Iterable[str],
        texts: Callable[[set[str]], Iterable[tuple[str, str, str]]],
        embedder: Embedder,
        goes_on: GoesOn = lambda _done, _of: True,
    ) -> None:
        """Load what is kept of the rows ``ids``; the others, read by ``texts``, are embedded.

        ``goes_on`` is asked before each of these; where it says no, what is done is kept.
        """
        wanted = set(ids)
        loaded = self._load(wanted)
        if missing := wanted - self._known:
            self._embed(texts(missing), embedder, lambda done: goes_on(done, len(missing)))
        if loaded > MOST_SEGMENTS:
            self._write_anew()

    def add(self, sample_id: str, question: str, pair: Vectors) -> None:
        """Note a row; ``pair`` is a matrix of the question's vector and the answer's."""
        if sample_id in self._known:
            return
        self._unsealed.append(len(self._ids))
        self._note([sample_id], [question], pair[None].astype(np.float16))

    def sealed(self, ids: Iterable[str]) -> None:
        """These rows are in a part now: keep their vectors."""
        wanted = set(ids)
        rows = [row for row in self._unsealed if self._ids[row] in wanted]
        self._unsealed = [row for row in self._unsealed if self._ids[row] not in wanted]
        self._write(rows)

    def near(self, pair: Vectors, least: float) -> list[NearQuestion]:
        """The rows whose questions have a cosine of ``least`` or more, the nearest first."""
        found = []
        for start in range(0, len(self), _BLOCK):
            end = min(start + _BLOCK, len(self))
            cosines = self._room[start:end, 0].astype(np.float32) @ pair[0]
            found += [
                (float(cosines[at]), start + int(at)) for at in np.flatnonzero(cosines >= least)
            ]
        return [self._near(row, cosine, pair) for cosine, row in sorted(found, reverse=True)]

    def _near(self, row: int, cosine: float, pair: Vectors) -> NearQuestion:
        answer = float(self._room[row, 1].astype(np.float32) @ pair[1])
        return NearQuestion(self._ids[row], self._questions[row], cosine, answer)

    # --- on disk ---

    def _load(self, wanted: set[str]) -> int:
        """Take in what the segments hold of ``wanted``; how many there were."""
        if self._folder is None:
            return 0
        count = 0
        for head, pairs in read_segments(self._folder):
            count += 1
            taken = [n for n, one in enumerate(head.ids) if one in wanted - self._known]
            if pairs.shape[2] == self._dimensions and taken:
                texts = [head.questions[n] for n in taken]
                self._note([head.ids[n] for n in taken], texts, pairs[taken])
        return count

    def _embed(
        self,
        rows: Iterable[tuple[str, str, str]],
        embedder: Embedder,
        goes_on: Callable[[int], bool],
    ) -> None:
        first = len(self)
        numbered = itertools.takewhile(lambda one: goes_on(one[0]), enumerate(rows))
        going = (row for _, row in numbered)
        while some := tuple(itertools.islice(going, ROWS_TOGETHER)):
            self._note(
                [sample_id for sample_id, _, _ in some],
                [question for _, question, _ in some],
                pairs_of(embedder, [(question, answer) for _, question, answer in some]),
            )
            if len(self) - first >= ROWS_AT_ONCE:
                self._write(range(first, len(self)))
                first = len(self)
        self._write(range(first, len(self)))

    def _write_anew(self) -> None:
        """One segment in place of many; the old ones go when it stands."""
        assert self._folder is not None
        with _disk(self._folder):
            old = set(listed(self._folder, "*.f16"))
            kept = self._write(range(len(self)))
            for path in old - {kept}:
                path.unlink(missing_ok=True)

    def _write(self, rows: Sequence[int]) -> Path | None:
        if self._folder is None or not rows:
            return None
        ids = [self._ids[row] for row in rows]
        questions = [self._questions[row] for row in rows]
        raw = self._room[list(rows)].tobytes()
        head = msgspec.json.encode(_Head(self._dimensions, zlib.crc32(raw), ids, questions))
        name = blake2b(head, digest_size=8).hexdigest()
        path = self._folder / f"{name}.f16"
        with _disk(path):
            make_folder(self._folder)
            clear_beside(self._folder)
            with swapped_in(path) as file:
                file.write(head + b"\n" + raw)
        return path

    def _note(self, ids: Sequence[str], questions: Sequence[str], pairs: Halves) -> None:
        used, more = len(self._ids), len(ids)
        if used + more > len(self._room):  # half as much again: few copies for many rows
            room = np.zeros((max(used + more, used * 3 // 2, 64), 2, self._dimensions), np.float16)
            room[:used] = self._room[:used]
            self._room = room
        self._room[used : used + more] = pairs
        self._ids += ids
        self._questions += questions
        self._known.update(ids)


def pairs_of(embedder: Embedder, rows: Sequence[tuple[str, str]]) -> Halves:
    """The vectors of questions and their answers, ``[rows, 2, dimensions]`` in float16."""
    texts = [text for pair in rows for text in pair]
    vectors = embedder.embed(texts).astype(np.float16)
    return vectors.reshape(len(rows), 2, embedder.dimensions)


def read_segments(folder: Path) -> Iterator[tuple[_Head, Halves]]:
    """Ids and pairs of vectors of each segment that is whole.

    Raises:
        DiskError: the folder cannot be read.
    """
    with _disk(folder):
        paths = listed(folder, "*.f16")
    for path in paths:
        with _disk(path), contextlib.suppress(FileNotFoundError):
            if (found := _segment(read_whole(path))) is not None:
                yield found


def _segment(content: bytes) -> tuple[_Head, Halves] | None:
    """What a segment holds, None where it is torn or not ours."""
    line, _, raw = content.partition(b"\n")
    try:
        head = msgspec.json.decode(line, type=_Head)
        pairs = np.frombuffer(raw, np.float16).reshape(len(head.ids), 2, head.dimensions)
    except NOT_OURS:
        return None
    whole = zlib.crc32(raw) == head.crc and len(head.questions) == len(head.ids)
    return (head, pairs) if whole else None


class KeptPairs:
    """The vectors that a dataset keeps of one model, found by the text of a row; only read.

    A row's id is a digest of its question and answer, and the question stands beside its vectors:
    where either is another, there are none.
    """

    def __init__(self, data_dir: DataDir, embedder: Embedder) -> None:
        """Read them all.

        Raises:
            DiskError: the state folder cannot be read.
        """
        self._found: dict[str, tuple[str, Halves]] = {}
        for head, pairs in read_segments(vectors_folder(data_dir, embedder.digest)):
            if pairs.shape[2] == embedder.dimensions:
                rows = zip(head.ids, head.questions, pairs, strict=True)
                self._found.update((one, (question, pair)) for one, question, pair in rows)

    def find(self, question: str, answer: str) -> Vectors | None:
        """The vectors of a row's question and answer; None where none are kept."""
        kept, pair = self._found.get(sample_id(question, answer), ("", None))
        return None if pair is None or kept != question else pair.astype(np.float32)


def kept_questions(data_dir: DataDir, *, rehearsal: bool = False) -> Mapping[str, Any]:
    """The questions' vectors by id, of the model that has most rows; empty where none are kept.

    Raises:
        DiskError: the state folder cannot be read.
    """
    base = vectors_folder(data_dir, "", rehearsal=rehearsal)
    models = [
        {one: pair[0] for head, pairs in read_segments(folder)
         for one, pair in zip(head.ids, pairs, strict=True)}
        for folder in _folders_in(base)
    ]  # fmt: skip
    return max(models, key=len, default={})


def _folders_in(base: Path) -> list[Path]:
    with _disk(base):
        return [each for each in listed(base) if is_folder(each)]


@contextlib.contextmanager
def _disk(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise DiskError(
            f"cannot read or write the vectors {path}: {reason_of(error)}", path
        ) from error
