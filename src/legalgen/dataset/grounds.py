"""Whether grounded rows still stand: each quotation is looked up again in the chunk it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from legalgen.errors import DiskError
from legalgen.sources.chunk import Chunk, sha256_of
from legalgen.sources.collection import SourceCollection, changed_since
from legalgen.sources.quotations import find, folded
from legalgen.store.files import DataDir

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS: Final = ("id", "grounded", "citations", "sources")


class Grounds:
    """The chunks of a data dir, read when a row names one of their source."""

    def __init__(self, data_dir: DataDir) -> None:
        self._collection = SourceCollection(data_dir)
        self._chunks: dict[str, Mapping[str, Chunk]] = {}
        self._unread: dict[str, str] = {}

    def faults(self, batch: pa.RecordBatch) -> Iterator[str]:
        """What is wrong with the grounded rows of a batch with ``COLUMNS``, a sentence each."""
        if not set(COLUMNS) <= set(batch.schema.names):
            return  # of a version that knew no sources
        for row in batch.select(list(COLUMNS)).to_pylist():
            if row["grounded"]:
                yield from self._faults_of(row)

    def _faults_of(self, row: Mapping[str, Any]) -> Iterator[str]:
        sources = {each["id"]: each for each in row["sources"] or ()}
        for cited in row["citations"]:
            name = cited["source"]
            if name is None:
                continue
            chunk = self._chunk(name)
            if chunk is None:
                yield f"row {row['id']}: its passage {name} is not there ({self._why(name)})"
            elif name not in sources or sources[name]["sha256"] != sha256_of(chunk.text):
                yield f"row {row['id']}: its passage {name} is another text than it was"
            elif not _stands(cited, chunk):
                yield f"row {row['id']}: its quotation does not stand in {name}"

    def _chunk(self, name: str) -> Chunk | None:
        source = name.partition("#")[0]
        if source not in self._chunks:
            try:
                found = self._collection.chunks(source)
            except DiskError as error:
                self._unread[source] = str(error)
                found = []
            self._chunks[source] = {each.id: each for each in found}
        return self._chunks[source].get(name)

    def _why(self, name: str) -> str:
        return self._unread.get(name.partition("#")[0], "it was removed by hand")

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """Texts whose files are no longer what was added; rows rest on what was."""
        try:
            known = [each for each in self._collection.all() if not each.removed]
        except DiskError as error:
            return (str(error),)
        said = ((each.id, changed_since(each)) for each in known)
        return tuple(f"source {name}: {what} since it was added" for name, what in said if what)


def _stands(cited: Mapping[str, Any], chunk: Chunk) -> bool:
    """Whether the words stand in the chunk, at the place that the row gives."""
    found = find(cited["quote"] or "", folded(chunk.text))
    return found is not None and (found.start, found.end) == (cited["start"], cited["end"])
