"""The user's own texts in a data dir: what was added, its chunks, and what rows still rest on.

    <data dir>/sources/companies-act-2006-3f2a91c0.parquet    one file a text, replaced whole

A row of the file is a chunk; what is known of the text stands in the file's metadata. The name is
that of the text's file and the first eight digits of its digest, so that another version of a text
is another source and the ids of chunks are the same on every machine. Nothing is downloaded.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import msgspec
from msgspec.structs import replace

from legalgen.errors import DiskError, UsageError
from legalgen.errors.plurals import plural
from legalgen.errors.starvation import is_starved
from legalgen.settings.reading import check_regular, is_file, is_folder, reason_of
from legalgen.sources import personal
from legalgen.sources.chunk import Chunk
from legalgen.sources.chunking import LEAST_WORDS, chunks_of
from legalgen.sources.definitions import defined_in
from legalgen.sources.formats import ENDINGS, reader_of
from legalgen.sources.outline import LawKind, shortened, visible
from legalgen.sources.quotations import LEAST_WORDS as LEAST_QUOTED
from legalgen.sources.quotations import can_be_quoted
from legalgen.store.files import (
    NOT_OURS,
    DataDir,
    is_there,
    listed,
    make_folder,
    replace_file,
    unlink,
)
from legalgen.store.parts import PARQUET, iter_batches, parts

if TYPE_CHECKING:
    import pyarrow as pa

_META: Final = b"legalgen.source"
_ROWS_AT_ONCE: Final = 1000


class SourceDetails(msgspec.Struct, frozen=True):
    """What the user says of texts: ``licence`` always, the rest where the text does not tell it."""

    licence: str
    jurisdiction: str | None = None
    as_of: str | None = None
    citation: str | None = None
    practice_area: str | None = None
    topic: str | None = None


class SourceText(msgspec.Struct, frozen=True):
    """One text that was added; ``sha256`` is of its file, ``characters`` are not white space.

    ``removed``: it is drawn from no more, and only the chunks are kept that rows rest on.
    """

    id: str
    path: str
    sha256: str
    size: int
    title: str
    citation: str
    kind: LawKind
    jurisdiction: str
    as_of: str | None
    licence: str
    practice_area: str | None
    topic: str | None
    added: datetime
    chunks: int
    words: int
    characters: int
    removed: bool = False


class Examined(msgspec.Struct, frozen=True):
    """What a look at one text found: nothing of it was kept.

    ``lengths`` are words a chunk; ``covered`` is the share of the text that is in a chunk;
    ``repeated`` are pinpoints of more than one chunk; ``terms`` is how many terms the text defines.
    ``unquotable`` chunks are too short to be quoted: nothing is written from them.
    """

    source: SourceText
    lengths: tuple[int, ...]
    covered: float
    repeated: tuple[str, ...]
    short: int
    personal: dict[str, int]
    terms: int = 0
    unquotable: int = 0


class TextReading:
    """A file as it is read: its chunks one after another, and then what is known of the text.

    The chunks come once; those too short to be quoted are left out, as no answer could rest on
    them. Nothing is written.

    Raises:
        UsageError: it cannot be read, changed meanwhile, nothing tells its jurisdiction, or, once
            its chunks were taken, none of them can be quoted.
    """

    def __init__(self, path: Path, details: SourceDetails, added: datetime) -> None:
        whole = str(path.resolve())
        if whole != whole.encode("utf-8", "replace").decode():
            raise UsageError(f"{path}: its name is not UTF-8 text; rename it")
        with _of_user(path):
            reader = reader_of(path)
            digest = _digest_of(path)
            outline = reader.read(path)
            size = path.stat().st_size
            if _digest_of(path) != digest:  # the chunks would be of another text than the id
                raise UsageError(f"{path} changed while it was read: add it again")
        jurisdiction = details.jurisdiction or outline.jurisdiction
        if jurisdiction is None:
            raise UsageError(f"{path} does not tell where it is law: say it with --jurisdiction")
        title = shortened(outline.title) or path.stem
        self._begun = SourceText(
            id=f"{_slug(path.stem)}-{digest[:8]}",
            path=whole,
            sha256=digest,
            size=size,
            title=title,
            citation=details.citation or title,
            kind=outline.kind,
            jurisdiction=jurisdiction,
            as_of=details.as_of,
            licence=details.licence,
            practice_area=details.practice_area,
            topic=details.topic,
            added=added,
            chunks=0,
            words=0,
            characters=outline.characters,
        )
        self._outline = outline
        self._path = path
        self._chunks = self._words = self._short = 0

    @property
    def left_out(self) -> str:
        """What of the file could not be read or, once its chunks were taken, used; in words."""
        short = ""
        if self._short:
            be = "is" if self._short == 1 else "are"
            short = (
                f"{plural(self._short, 'passage')} of {self._path} {be} left out: "
                f"a quotation needs {LEAST_QUOTED} words"
            )
        return "\n".join(filter(None, (self._outline.left_out, short)))

    def __iter__(self) -> Iterator[Chunk]:
        begun = self._begun
        for chunk in chunks_of(
            self._outline,
            source=begun.id,
            citation=begun.citation,
            jurisdiction=begun.jurisdiction,
            as_of=begun.as_of,
        ):
            if not can_be_quoted(chunk.text):
                self._short += 1
                continue
            self._chunks += 1
            self._words += chunk.words()
            yield chunk
        if not self._chunks:
            raise UsageError(
                f"{self._path} holds no passage of {LEAST_QUOTED} words or more: none can be quoted"
            )

    def source(self) -> SourceText:
        """The text, with what was counted while its chunks were taken."""
        return replace(self._begun, chunks=self._chunks, words=self._words)


def read_text(
    path: Path, details: SourceDetails, added: datetime
) -> tuple[SourceText, list[Chunk]]:
    """A file as a source and its chunks; nothing is written.

    Raises:
        UsageError: as :class:`TextReading`.
    """
    reading = TextReading(path, details, added)
    chunks = list(reading)
    return reading.source(), chunks


def examine(chunks: Iterable[Chunk], source_of: Callable[[], SourceText]) -> Examined:
    """What is to be known of a text before anything is written from it.

    ``source_of`` is called when the chunks were taken.
    """
    pinpoints: Counter[str] = Counter()
    found: Counter[str] = Counter()
    lengths = array("l")
    terms: set[str] = set()
    inside = unquotable = 0
    for chunk in chunks:
        unquotable += not can_be_quoted(chunk.text)
        if chunk.pinpoint:
            pinpoints[chunk.pinpoint] += 1
        found += personal.found_in(chunk.text)
        inside += visible(chunk.text)
        terms.update(map(str.casefold, defined_in(chunk.text)))
        lengths.append(chunk.words())
    source = source_of()
    return Examined(
        source=source,
        lengths=tuple(lengths),
        covered=inside / source.characters if source.characters else 0.0,
        repeated=tuple(sorted(name for name, count in pinpoints.items() if count > 1)),
        short=sum(1 for words in lengths if words < LEAST_WORDS),
        personal=dict(found),
        terms=len(terms),
        unquotable=unquotable,
    )


def texts_in(paths: Iterable[Path]) -> list[Path]:
    """The files that are meant: a folder stands for all in it that can be read.

    Raises:
        UsageError: a path is not there or cannot be reached, or a folder holds nothing that can be
            read.
    """
    found: list[Path] = []
    for path in paths:
        with _of_user(path):
            found.extend(_texts_at(path))
    return list(dict.fromkeys(found))


@contextlib.contextmanager
def _of_user(path: Path) -> Iterator[None]:
    """A file that is not ours: that it cannot be read is no failure of our disk."""
    try:
        yield
    except OSError as error:
        where = error.filename or path
        raise UsageError(f"{where} cannot be read: {reason_of(error)}") from error


def _texts_at(path: Path) -> list[Path]:
    with _of_user(path):
        if is_folder(path):
            inside = (each for each in _files_below(path) if each.suffix.casefold() in ENDINGS)
            if not (found := sorted(each for each in inside if is_file(each))):
                raise UsageError(f"{path} holds no file that can be read: {', '.join(ENDINGS)}")
            return found
        if not is_file(path):
            if is_there(path):
                raise UsageError(f"{path} is a pipe, a socket or a device, and no file")
            raise UsageError(f"there is no file {path}")
    return [path]


def _files_below(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> NoReturn:
        raise error

    for inner, _, names in os.walk(folder, onerror=refuse):
        yield from (Path(inner) / name for name in names)


class SourceCollection:
    """The sources of a data dir. Reading makes no folder."""

    def __init__(self, data_dir: DataDir) -> None:
        self._data_dir = data_dir
        self._folder = data_dir.sources

    def add(self, source: SourceText, chunks: Sequence[Chunk]) -> None:
        """Keep a source; one of the same file is replaced.

        Raises:
            DiskError: it could not be written.
        """
        self._write(source.id, chunks, lambda: source)

    def add_text(self, reading: TextReading) -> SourceText:
        """Keep a text, its chunks written as they are read; one of the same file is replaced.

        Raises:
            DiskError: it could not be written.
        """
        self._write(reading.source().id, reading, reading.source)
        return reading.source()

    def _write(
        self, source_id: str, chunks: Iterable[Chunk], source_of: Callable[[], SourceText]
    ) -> None:
        make_folder(self._folder)
        make_folder(self._data_dir.tmp)
        replace_file(self._data_dir, self._path(source_id), _to_bytes(chunks, source_of))

    def all(self) -> list[SourceText]:
        """What is known of each source, those removed among them, by id.

        Raises:
            DiskError: a file cannot be read.
        """
        return [_metadata_of(path) for path in listed(self._folder, "*.parquet")]

    def find(self, name: str) -> SourceText:
        """The source with this id, or the only one whose id begins so.

        Raises:
            UsageError: there is none, or there are several.
        """
        matching = [each for each in self.all() if each.id.startswith(name)]
        exact = [each for each in matching if each.id == name]
        if len(found := exact or matching) == 1:
            return found[0]
        if found:
            raise UsageError(f"{name!r} begins several ids: {', '.join(e.id for e in found)}")
        raise UsageError(f"there is no source {name!r}: see `legalgen sources list`")

    def chunks(self, source_id: str) -> list[Chunk]:
        """The chunks of one source, in reading order.

        Raises:
            DiskError: its file cannot be read.
        """
        return list(self.iter_chunks(source_id))

    def iter_chunks(self, source_id: str) -> Iterator[Chunk]:
        """As ``chunks``, some at a time."""
        return _chunks_in(self._path(source_id))

    def chunk(self, chunk_id: str) -> Chunk | None:
        """One chunk by its id; None: it is not kept here."""
        path = self._path(chunk_id.partition("#")[0])
        if not is_there(path):
            return None
        return next((each for each in _chunks_in(path) if each.id == chunk_id), None)

    def remove(self, source: SourceText) -> int:
        """Draw from a source no more; how many chunks are kept, because rows rest on them."""
        used = self._used(source.id)
        kept = [each for each in self.chunks(source.id) if each.id in used]
        if not kept:
            unlink(self._path(source.id))
            return 0
        left = replace(
            source, removed=True, chunks=len(kept), words=sum(each.words() for each in kept)
        )
        self.add(left, kept)
        return len(kept)

    def _used(self, source_id: str) -> set[str]:
        """The chunks of a source that rows of the dataset name.

        Raises:
            DiskError: a part cannot be read; nothing may be removed then.
        """
        used: set[str] = set()
        for rehearsal in (False, True):
            for path in parts(self._data_dir, rehearsal=rehearsal):
                used |= _named_in(path)
        return {each for each in used if each.partition("#")[0] == source_id}

    def _path(self, source_id: str) -> Path:
        return self._folder / f"{source_id}.parquet"


def changed_since(source: SourceText) -> str | None:
    """What became of the file that a source was read from; None: it is as it was."""
    path = Path(source.path)
    try:
        if not is_file(path):
            return f"{path} is gone"
        return None if _digest_of(path) == source.sha256 else f"{path} has changed"
    except OSError as error:
        return f"{path} cannot be read: {error.strerror or error}"


def drawn_beside(source: SourceText, known: Iterable[SourceText]) -> list[str]:
    """What was added before and is drawn from as well: the same text, or the file before a change.

    The same text is drawn from twice as often as others, and law that was changed is taught beside
    what it is now.
    """
    said = {
        each.id: f"is the same text as {source.id}"
        if each.sha256 == source.sha256
        else f"is {source.path} as it was before"
        for each in known
        if not each.removed
        and each.added < source.added
        and each.id != source.id
        and (each.sha256 == source.sha256 or each.path == source.path)
    }
    return [
        f"{name} {what}, and is drawn from too: `legalgen sources remove {name}` ends that"
        for name, what in said.items()
    ]


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _slug(stem: str) -> str:
    words = re.findall(r"[0-9a-z]+", stem.casefold())
    return "-".join(words)[:48].strip("-") or "text"


def chunks_of_rows(data_dir: DataDir, *, rehearsal: bool) -> Iterator[tuple[str, str, str]]:
    """Of each grounded row its first chunk, its difficulty and its sample type.

    Rows that were taken out are passed over.

    Raises:
        DiskError: a part cannot be read.
    """
    columns = ("id", "sources", "difficulty", "sample_type")
    for batch in iter_batches(data_dir, columns=columns, rehearsal=rehearsal):
        if "sources" not in batch.schema.names:
            continue
        for row in batch.to_pylist():
            for source in (row["sources"] or ())[:1]:
                yield source["id"], row["difficulty"], row["sample_type"]


def _named_in(path: Path) -> set[str]:
    """The ids of chunks that the rows of a part name; parts of version 1 name none."""
    import pyarrow.parquet as pq

    with _readable(path), pq.ParquetFile(path) as file:
        if "sources" not in file.schema_arrow.names:
            return set()
        lists = file.read(columns=["sources"]).column("sources").to_pylist()
    return {source["id"] for row in lists for source in row or ()}


def _schema() -> pa.Schema:
    import pyarrow as pa

    place = pa.struct([("start", pa.int64()), ("end", pa.int64()), ("pinpoint", pa.string())])
    return pa.schema(
        [
            *((name, pa.string()) for name in ("id", "source", "sha256", "pinpoint", "citation",
                                               "heading")),
            ("path", pa.list_(pa.string())),
            ("text", pa.string()),
            ("jurisdiction", pa.string()),
            ("as_of", pa.string()),
            ("places", pa.list_(place)),
        ]
    )  # fmt: skip


def _to_bytes(chunks: Iterable[Chunk], source_of: Callable[[], SourceText]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _schema()
    sink = io.BytesIO()  # hands out its bytes without another copy, unlike pyarrow's own
    left = iter(chunks)
    with pq.ParquetWriter(sink, schema, **PARQUET) as writer:
        while some := list(islice(left, _ROWS_AT_ONCE)):
            rows: list[Any] = msgspec.to_builtins(some)
            writer.write_table(pa.Table.from_pylist(rows, schema))
        writer.add_key_value_metadata({_META: msgspec.json.encode(source_of())})
    return sink.getvalue()


def _metadata_of(path: Path) -> SourceText:
    import pyarrow.parquet as pq

    with _readable(path), pq.ParquetFile(path) as file:
        metadata = file.metadata.metadata or {}
        return msgspec.json.decode(metadata.get(_META, b""), type=SourceText)


def _chunks_in(path: Path) -> Iterator[Chunk]:
    import pyarrow.parquet as pq

    with _readable(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
        for batch in file.iter_batches(_ROWS_AT_ONCE):
            yield from msgspec.convert(batch.to_pylist(), list[Chunk])


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    import pyarrow as pa

    try:
        check_regular(path)
        yield
    except (OSError, pa.ArrowException, *NOT_OURS) as error:
        if is_starved(error):
            raise
        why = getattr(error, "strerror", None) or error
        raise DiskError(f"{path} cannot be read: {why}; add its text again", path) from error
