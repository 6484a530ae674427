"""What stands in the place of a file of ours and is none: no command waits for it, none crashes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.program import Program
from tests.vendors import VendorServer

ACT = "Notices Act 2020\n\n" + "\n\n".join(
    f"Section {n}\n\nThe tenant of block {n} shall give notice of {n + 10} days before leaving, "
    f"and the landlord shall return the deposit within {n + 5} days after the notice has ended."
    for n in range(1, 7)
)
LATER = ("batch", "-p", "groq", "-n", "1")
RESUME = ("batch", "--resume")
REFUSED = (74, 74, 74)
PASSED_BY = (0, 0, 0)
READ_BY: dict[str, tuple[tuple[str, ...], tuple[int, int, int]]] = {
    "data/journal/*.jsonl": (RESUME, REFUSED),
    "data/batches/*.coverage.jsonl": (RESUME, REFUSED),
    "data/batches/*.json": (("history",), PASSED_BY),
    "data/state/locks/2*.lock": (("doctor",), (1, 1, 0)),  # a link to nothing is made a file
    "data/state/locks/data.lock": (("dataset", "compact"), (74, 74, 0)),
    # what can be made again is replaced; a folder cannot be
    "data/state/index-train.json": (LATER, (0, 74, 0)),
    "data/state/card-train.json": (LATER, (0, 74, 0)),
    "data/state/corpus-train.json": (LATER, (0, 74, 0)),
    "data/state/duplicates/train/*.segment": (LATER, (74, 74, 0)),
    "data/marks/train.json": (("dataset", "list"), REFUSED),
    "data/marks/train.reviews.jsonl": (("dataset", "stats"), REFUSED),
    "data/rejected/*.jsonl": (("dataset", "list", "--rejected"), REFUSED),
    "data/sources/*.parquet": (("sources", "list"), REFUSED),
    "data/train/README.md": (("dataset", "verify"), (1, 1, 1)),
    "data/train/data/*.parquet": (("dataset", "stats"), REFUSED),
    "state/health.json": (("models", "-p", "groq"), PASSED_BY),
    "log/legalgen.log": (LATER, PASSED_BY),
}
"""Files of ours by what names them, a command that reads them, and how it ends: where a pipe, a
folder and a link to nothing stands there."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, VendorServer]]:
    """A home with every kind of file of ours, and the server that wrote it."""
    home = tmp_path_factory.mktemp("home")
    text, sheet = home / "act.txt", home / "rows.csv"
    text.write_text(ACT, encoding="utf-8")
    with VendorServer() as server:
        program = Program(home, server)
        server.fail("groq", "content_filter", count=1)
        assert program.run("batch", "-p", "groq", "-n", "4").code == 0
        told = ("--licence", "OGL-3.0", "--jurisdiction", "uk")
        assert program.run("sources", "add", str(text), *told).code == 0
        [first, *_] = program.rows()
        assert program.run("dataset", "drop", first["id"]).code == 0
        assert program.run("dataset", "stats", "--review", str(sheet)).code == 0
        lines = sheet.read_text(encoding="utf-8")
        sheet.write_text(lines.replace(",,,,", ",yes,,,"), encoding="utf-8")
        assert program.run("dataset", "review", "--from", str(sheet)).code == 0
        program.kill_after(1, server, "batch", "-p", "groq", "-n", "3", "-c", "1")
        yield home, server


def pipe(path: Path) -> None:
    """A pipe that nobody writes: who opens it to read waits for ever."""
    os.mkfifo(path)


def folder(path: Path) -> None:
    """A folder with something in it."""
    (path / "inner").mkdir(parents=True)


def dangling(path: Path) -> None:
    """A link to nothing, as to a disk that is not mounted."""
    path.symlink_to(path.with_name("nowhere"))


PUTS = (pipe, folder, dangling)


@pytest.mark.parametrize("put", PUTS)
@pytest.mark.parametrize("place", READ_BY)
def test_what_is_no_file_is_named_or_passed_by(
    home: tuple[Path, VendorServer], tmp_path: Path, place: str, put: Callable[[Path], None]
) -> None:
    """At once, in a sentence with its path, or as a file that is damaged would be."""
    base, server = home
    copy = shutil.copytree(base, tmp_path / "home")
    # Of the batch that was killed: its id need not come last, where both began in one second.
    path = max(copy.glob(place), key=lambda each: each.stat().st_mtime_ns)
    path.unlink()
    put(path)
    command, codes = READ_BY[place]
    code = codes[PUTS.index(put)]
    ended = Program(copy, server).run(*command)
    assert ended.code == code, ended.err
    if code == 74 or (code and command == ("doctor",)):
        told = ended.err + ended.out.replace("\n", "")
        assert path.name in told
        assert "move it away" in told
