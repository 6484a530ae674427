"""A data dir with rows in it, and a record for each batch, as a run leaves it."""

from __future__ import annotations

import itertools
import shutil
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from legalgen.sources.collection import SourceCollection, SourceDetails, read_text
from legalgen.store.card import write_card
from legalgen.store.files import DataDir
from legalgen.store.journal import BatchWriter
from legalgen.store.ledger import Ledger, Process, Record
from legalgen.store.parts import Part, parts
from legalgen.store.sample import Sample, from_table
from tests.crash.killer import Killer, intercept
from tests.crash.rows import BATCH, make_sample
from tests.crash.test_journal import in_child

NOW = datetime(2026, 11, 23, 16, 15, tzinfo=UTC)
LEGACY = Path(__file__).parent.parent / "data" / "legacy_excerpt.parquet"


def use_folders(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands of this process keep all that is theirs below a folder."""
    for name in ("data", "state", "log"):
        monkeypatch.setenv(f"LEGALGEN_{name.upper()}_DIR", str(folder / name))
    (folder / "config.toml").touch()
    monkeypatch.setenv("LEGALGEN_CONFIG", str(folder / "config.toml"))


def killed_at_each_step(
    folder: Path, whole: DataDir, work: Callable[[DataDir], object]
) -> Iterator[DataDir]:
    """A copy of a data dir for each file operation of some work, killed right after it.

    Of the last one the work was done to its end. A copy is removed when the next is asked for.
    """
    for at in itertools.count(1):
        data_dir = DataDir(folder / str(at))
        shutil.copytree(whole.root, data_dir.root)

        def child(at: int = at, data_dir: DataDir = data_dir) -> None:
            with intercept(Killer(at, "after")):
                work(data_dir)

        ended, _ = in_child(child)
        assert ended in (0, signal.SIGKILL)
        yield data_dir
        shutil.rmtree(data_dir.root)
        if ended == 0:
            return


def filled(root: Path, rows: int = 7, part_rows: int = 2, batch_id: str = BATCH) -> DataDir:
    """A dataset of ``rows`` rows in parts of ``part_rows``, with ledger and card."""
    return written(root, [make_sample(slot, batch_id) for slot in range(rows)], part_rows, batch_id)


def written(
    root: Path, samples: list[Sample], part_rows: int = 1000, batch_id: str = BATCH
) -> DataDir:
    """A dataset of these rows; each is made once by a process, then its files are written again.

    Most tests look at one of a few, and sealing one takes longer than what they do with it.
    """
    data_dir = DataDir(root)
    if root.exists():  # what is there is added to
        _write(data_dir, samples, part_rows, batch_id)
        return data_dir
    key = (msgspec.json.encode(samples), part_rows, batch_id)
    if key not in _made:
        _write(data_dir, samples, part_rows, batch_id)
        files = (path for path in root.rglob("*") if path.is_file())
        _made[key] = {path.relative_to(root): path.read_bytes() for path in files}
        return data_dir
    data_dir.create()
    for path, content in _made[key].items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return data_dir


_made: dict[tuple[bytes, int, str], dict[Path, bytes]] = {}


def _write(data_dir: DataDir, samples: list[Sample], part_rows: int, batch_id: str) -> None:
    data_dir.create()
    ledger = Ledger(data_dir)
    record = Record(
        id=batch_id,
        kind="batch",
        status="completed",
        command=("legalgen", "batch"),
        process=Process(1, "elsewhere"),
        version="1",
        started=NOW,
        updated=NOW,
        target=len(samples),
    )

    def note_part(_: str, part: Part) -> None:
        record.note_part(part)
        ledger.save(record.recounted(), force=True)

    with BatchWriter(data_dir, batch_id, note_part=note_part, part_rows=part_rows) as writer:
        writer.append(samples)
    write_card(data_dir)


def boats_act(year: int) -> str:
    """A text of four sections, a chunk each; no two years have a passage in common."""
    rules = (
        f"{n} Rule {n}\n"
        + "".join(
            f"({m}) The keeper of a boat must, before day {m} of {year}, tell the owner of every "
            f"fault of the sort numbered {n * 10 + m} that was found in it, subject to section 1.\n"
            for m in range(1, 5)
        )
        for n in range(1, 5)
    )
    return f"Boats Act {year}\n\n" + "\n".join(rules)


def add_text(data_dir: DataDir, name: str, text: str) -> str:
    """Add a text, kept as a file beside the data dir; the id of the source."""
    path = data_dir.root.with_name(f"{name}.txt")
    path.write_text(text)
    source, chunks = read_text(path, SourceDetails("own", jurisdiction="uk"), NOW)
    data_dir.create()
    SourceCollection(data_dir).add(source, chunks)
    return source.id


def rows_of(data_dir: DataDir) -> list[Sample]:
    """All sealed rows, in the order of the parts' names."""
    tables = [from_table(pq.ParquetFile(path).read()) for path in parts(data_dir)]
    return [sample for table in tables for sample in table]


def names_of(data_dir: DataDir) -> list[str]:
    return sorted(path.name for path in data_dir.parts().iterdir())
