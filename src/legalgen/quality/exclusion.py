"""What a dataset must not come near to: the questions of benchmarks that it will be measured by.

A row is excluded where it shares 13 words in a row with such a question, or where its own question
is one that the duplicate index calls the same or nearly so. Everything is in memory: the hashes of
the runs of words (some 100 bytes each), and the sketches of the questions (12 kB each for the last
thousand, 0.8 kB for those before).
"""

from __future__ import annotations

import gzip
import stat
import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

import msgspec

from legalgen.errors import Reason, UsageError
from legalgen.errors.starvation import is_starved
from legalgen.quality.duplicates.index import DuplicateIndex, DuplicateThresholds
from legalgen.store.sample import words

if TYPE_CHECKING:  # numpy is an extra
    import pyarrow as pa

    from legalgen.quality.meaning.comparison import ExcludedMeaning
    from legalgen.quality.meaning.embedding import Embedder

RUN: Final = 13
"""Words in a row that two texts of different origin hardly ever share."""
QUESTION_KEYS: Final = (
    "question", "prompt", "query", "problem", "instruction", "input", "stem", "text", "context",
)  # fmt: skip
"""Where benchmarks keep what they ask; of a record without any of them each text is taken."""
_LARGEST_LINE: Final = 16 * 2**20


class ExcludedFile(msgspec.Struct, frozen=True):
    """A file of questions as a ledger keeps it: its name, a digest of its bytes, its questions."""

    name: str
    digest: str
    questions: int

    @property
    def words(self) -> str:
        """``bar.jsonl (120 questions, 0f3c...)``."""
        noun = "question" if self.questions == 1 else "questions"
        return f"{self.name} ({self.questions} {noun}, {self.digest})"


class Exclusion:
    """Tells whether a row comes too near to a question of some files."""

    def __init__(self, questions: Sequence[tuple[str, str]], limits: Mapping[str, float]) -> None:
        """``questions`` come each after the name of its file; ``limits`` are the gate's."""
        self._index = DuplicateIndex(thresholds=DuplicateThresholds(**limits))
        self._runs: dict[int, str] = {}
        self._questions = questions
        self._meaning: ExcludedMeaning | None = None
        for name, question in self._questions:
            self._index.add(name, question, "")
            for run in _runs(words(question)):
                self._runs.setdefault(run, name)

    def look_at_meaning(self, embedder: Embedder) -> None:
        """From now on a question is excluded that asks the same in other words, too."""
        from legalgen.quality.meaning.comparison import ExcludedMeaning  # loads numpy

        self._meaning = ExcludedMeaning(embedder, self._questions)

    def near(self, question: str, answer: str, steps: Sequence[str] = ()) -> Reason | None:
        """Why a row is excluded, None where it is not.

        The reason names the file and not its words, which stand in no prompt and in no log.
        """
        match = self._index.check(question, "")
        if match is not None and match.code != "DUP_SOFT":
            found = f"the question is one of {match.id}, or nearly ({match.question:.2f})"
            return Reason("EXCLUDED", f"EXCLUDED: {found}", "question")
        texts = ("question", question), ("answer", answer), ("reasoning_steps", "\n".join(steps))
        for field, text in texts:
            name = next((self._runs[run] for run in _runs(words(text)) if run in self._runs), None)
            if name is not None:
                found = f"{RUN} words in a row are those of a question of {name}"
                return Reason("EXCLUDED", f"EXCLUDED: {found}", field)
        return None if self._meaning is None else self._meaning.near(question)


def read_exclusion(
    paths: Sequence[Path], limits: Mapping[str, float]
) -> tuple[Exclusion, tuple[ExcludedFile, ...]]:
    """The questions of all files, and what a ledger keeps of these; read once while they stand.

    Raises:
        UsageError: a file cannot be read, is neither JSON lines nor parquet, or asks nothing; the
            sentence begins with its path.
    """
    try:
        found = {path: path.stat() for path in paths}
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}") from error
    for path, told in found.items():
        if not (stat.S_ISREG(told.st_mode) or stat.S_ISDIR(told.st_mode)):
            # A pipe that nobody writes would be waited for, and one is read only once.
            raise UsageError(f"{path}: it is no regular file; write it to one")
    stamps = tuple((path, told.st_mtime_ns, told.st_size) for path, told in found.items())
    return _read(stamps, tuple(sorted(limits.items())))


@lru_cache(maxsize=2)
def _read(
    stamps: tuple[tuple[Path, int, int], ...], limits: tuple[tuple[str, float], ...]
) -> tuple[Exclusion, tuple[ExcludedFile, ...]]:
    found = {path: list(_questions(path)) for path, _, _ in stamps}
    for path, questions in found.items():
        if not questions:
            raise UsageError(f"{path}: no text is in it that could be a question")
    files = tuple(
        ExcludedFile(path.name, _digest(path), len(questions)) for path, questions in found.items()
    )
    named = [(path.name, one) for path, questions in found.items() for one in questions]
    return Exclusion(named, dict(limits)), files


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        digest = blake2b(digest_size=8)
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _runs(tokens: Sequence[str]) -> Iterator[int]:
    """64 bits of each run of words, good for this process; of a shorter text there is none."""
    for start in range(len(tokens) - RUN + 1):
        yield hash(tokens[start : start + RUN])


# --- files -------------------------------------------------------------------------------------


def _questions(path: Path) -> Iterator[str]:
    """What the records of a file ask."""
    try:
        with path.open("rb") as file:
            begins = file.read(4)
        records = _parquet(path) if begins == b"PAR1" else _json_lines(path, begins)
        for record in records:
            yield from filter(str.strip, _asked(record))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error


def _asked(record: Mapping[str, object]) -> Iterator[str]:
    """The questions of one record: those of the known keys, else each text in it."""
    by_name = {name.casefold(): value for name, value in record.items()}
    known = [by_name[key] for key in QUESTION_KEYS if key in by_name]
    turns = by_name.get("messages", by_name.get("conversations"))
    if isinstance(turns, list):
        known += [turn for turn in turns if _is_asking(turn)]
    for value in known or record.values():
        yield from _texts(value)


def _is_asking(turn: object) -> bool:
    who = turn.get("role", turn.get("from")) if isinstance(turn, dict) else None
    return who in ("user", "human")


def _texts(value: object) -> Iterator[str]:
    """The texts in a value; of a nested record (``{"stem": ..., "choices": ...}``) what it asks."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        inner = {name: text for name, text in value.items() if name not in ("role", "from")}
        yield from _asked(inner)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _json_lines(path: Path, begins: bytes) -> Iterator[Mapping[str, object]]:
    if begins[:2] != b"\x1f\x8b":
        with path.open("rb") as plain:
            yield from _records(path, plain)
        return
    with gzip.open(path, "rb") as unpacked:
        yield from _records(path, cast("IO[bytes]", unpacked))


def _records(path: Path, file: IO[bytes]) -> Iterator[Mapping[str, object]]:
    number = 0
    try:
        while line := file.readline(_LARGEST_LINE):
            number += 1
            text = line.removeprefix(b"\xef\xbb\xbf").strip()
            if text:
                yield _record(text)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UsageError(f"{path}: it is no whole gzip file ({error})") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(
            f"{path}: line {number} is no JSON object ({error}); write JSON lines, each "
            'with a key "question", or give a parquet file'
        ) from error


def _record(text: bytes) -> Mapping[str, object]:
    found = msgspec.json.decode(text)
    if not isinstance(found, dict):
        raise msgspec.DecodeError(f"it is {type(found).__name__}")
    return found


def _may_hold_text(kind: pa.DataType) -> bool:
    """Whether a column is looked at: not pictures, nor dates, of which Python may have none."""
    import pyarrow as pa

    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.types.is_nested(plain) or "string" in str(plain)


def _parquet(path: Path) -> Iterator[Mapping[str, object]]:
    import pyarrow as pa  # heavy; only what touches parquet pays for it
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            texts = [each.name for each in file.schema_arrow if _may_hold_text(each.type)]
            for batch in file.iter_batches(batch_size=2_000, columns=texts):
                yield from batch.to_pylist()
    except (pa.ArrowException, OverflowError, ValueError) as error:  # of a date, of letters
        if is_starved(error):
            raise
        raise UsageError(f"{path} is no readable parquet file: {error}") from error
