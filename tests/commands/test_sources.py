"""``legalgen sources``, as a user runs it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from legalgen.sources.chunking import MOST_WORDS
from legalgen.sources.collection import SourceCollection, SourceDetails, SourceText, TextReading
from tests.program import Ended, Program
from tests.sources.test_pages import partly_scanned

DATA = Path(__file__).parents[1] / "data" / "sources"


def listed(program: Program) -> list[SourceText]:
    return SourceCollection(program.data_dir).all()


def test_texts_are_added_listed_shown_and_removed(program: Program) -> None:
    """A folder stands for all in it; an id may be shortened."""
    done = program.run("sources", "add", str(DATA), "--licence", "own", "--jurisdiction", "uk")
    assert done.code == 0, done.err
    known = listed(program)
    assert len(known) == len(list(DATA.iterdir()))
    act = next(each for each in known if each.title == "Widgets Act 2011")
    assert (act.jurisdiction, act.licence, act.as_of) == ("uk", "own", None)

    shown = program.run("sources", "show", "widgets-act")
    assert "s 1" in shown.out
    chunk = program.run("sources", "show", f"{act.id}#s1", "--json")
    assert "A maker of widgets must" in json.loads(chunk.out)["text"]

    assert program.run("sources", "remove", "widgets-act").code == 0
    assert len(listed(program)) == len(known) - 1


def test_quiet_says_only_what_went_wrong(program: Program, tmp_path: Path) -> None:
    """What was added and removed is not said; what cannot be read is, and what is asked for."""
    words = ("--licence", "own", "--jurisdiction", "uk", "--quiet")
    assert program.run("sources", "add", str(DATA / "toys.html"), *words) == Ended(0, "", "")
    (tmp_path / "empty.txt").touch()
    assert "empty.txt" in program.run("sources", "add", str(tmp_path / "empty.txt"), *words).err
    (known,) = listed(program)
    assert known.id in program.run("sources", "list", "--quiet").out
    assert program.run("sources", "remove", known.id, "--quiet") == Ended(0, "", "")


def test_the_same_text_has_the_same_ids_wherever_it_is_added(
    program: Program, tmp_path: Path
) -> None:
    """And is there once, however often."""
    copy = tmp_path / "toys.html"
    copy.write_bytes((DATA / "toys.html").read_bytes())
    for path in (DATA / "toys.html", copy):
        program.run("sources", "add", str(path), "--licence", "own", "--jurisdiction", "uk")
    assert len(listed(program)) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sources", "add", "{toys}", "--licence", " "], "--licence is empty"),
        (["sources", "add", "{toys}"], "--licence"),
        (["sources", "add", "{toys}", "--licence", "x"], "--jurisdiction"),
        (["sources", "add", "/nowhere", "--licence", "x"], "there is no file /nowhere"),
        (
            ["sources", "add", "{toys}", "--licence", "x", "--jurisdiction", "mars"],
            "jurisdiction",
        ),
        (
            [
                "sources",
                "add",
                "{toys}",
                "--licence",
                "x",
                "--jurisdiction",
                "uk",
                "--as-of",
                "May",
            ],
            "--as-of 'May'",
        ),
        (["sources", "add", "http://x/y", "--licence", "x"], "PATH http://x/y: a URL"),
        (["sources", "show", "nothing"], "no source 'nothing'"),
        (["sources", "remove", "nothing"], "no source 'nothing'"),
        (["sources", "check"], "no source to look at"),
    ],
)
def test_bad_input_is_a_sentence(program: Program, arguments: list[str], said: str) -> None:
    """Exit code 2, and nothing is kept."""
    given = [each.format(toys=DATA / "toys.html") for each in arguments]
    done = program.run(*given)
    assert done.code == 2
    assert said in done.err
    assert listed(program) == []


def test_what_cannot_be_read_keeps_no_other_out(program: Program, tmp_path: Path) -> None:
    """The others are added, and the one is named."""
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("A text about the law. " * 20)
    (tmp_path / "texts" / "b.xml").write_text("<broken")
    done = program.run(
        "sources", "add", str(tmp_path / "texts"), "--licence", "own", "--jurisdiction", "uk"
    )
    assert done.code == 2
    assert "b.xml" in done.err
    assert [each.title for each in listed(program)] == ["a"]


def test_a_look_writes_nothing(program: Program, tmp_path: Path) -> None:
    """Chunks, share of the text, places cited alike, personal data."""
    text = tmp_path / "note.txt"
    text.write_text(
        "A note.\n\n" + "The claimant may write to jane@example.org or call 020 7946 0000. " * 8
    )
    done = program.run("sources", "check", str(text), "--jurisdiction", "uk", "--json")
    assert done.code == 0, done.err
    [found] = json.loads(done.out)["texts"]
    assert found["covered"] == 1.0
    assert found["personal"] == {"e-mail address": 8, "telephone number": 8}
    assert listed(program) == []


def test_a_changed_file_is_told(program: Program, tmp_path: Path) -> None:
    """The chunks stay those of the version that was added."""
    path = tmp_path / "rules.txt"
    path.write_text("Rules of the club. " * 30)
    program.run("sources", "add", str(path), "--licence", "own", "--jurisdiction", "uk")
    path.write_text("Other rules. " * 30)
    done = program.run("sources", "check")
    assert done.code == 1
    assert "has changed" in done.err


def test_a_damaged_file_is_told_by_its_name(program: Program) -> None:
    """A flipped byte is no chunk."""
    program.run(
        "sources", "add", str(DATA / "supply.md"), "--licence", "own", "--jurisdiction", "uk"
    )
    [path] = (program.data_dir.root / "sources").glob("*.parquet")
    whole = bytearray(path.read_bytes())
    whole[60] ^= 1
    path.write_bytes(whole)
    done = program.run("sources", "show", "supply")
    assert done.code == 74
    assert path.name in done.err


def test_what_a_file_says_of_itself_may_be_damaged(program: Program) -> None:
    """Bytes that are no UTF-8 are told by the file's name as well."""
    program.run(
        "sources", "add", str(DATA / "supply.md"), "--licence", "own", "--jurisdiction", "uk"
    )
    [path] = (program.data_dir.root / "sources").glob("*.parquet")
    about = pq.read_metadata(path).metadata[b"legalgen.source"]
    damaged = about.replace(b"Supply", b"Suppl\xff", 1)
    table = pq.read_table(path).replace_schema_metadata({"legalgen.source": damaged})
    pq.write_table(table, path)
    for command in ("list", "show supply"):
        done = program.run("sources", *command.split())
        assert (done.code, path.name in done.err) == (74, True)


def test_the_chunks_are_a_dataset_by_themselves(program: Program) -> None:
    """Any reader of parquet can look at them."""
    program.run(
        "sources", "add", str(DATA / "supply.md"), "--licence", "own", "--jurisdiction", "uk"
    )
    [path] = (program.data_dir.root / "sources").glob("*.parquet")
    assert pq.read_table(path).column("citation")[0].as_py() == "Supply Agreement"


def test_what_is_drawn_from_beside_a_text_is_told(program: Program, tmp_path: Path) -> None:
    """The same text by another name, and the file as it was: neither goes by itself."""
    act = tmp_path / "act.txt"
    act.write_text("Boats Act 2015\n\n1 Lookouts\n\n(1) A master must keep a lookout.\n")

    def added(name: str, *more: str) -> str:
        flags = ("--licence", "own", "--jurisdiction", "uk", *more)
        done = program.run("sources", "add", str(tmp_path / name), *flags)
        assert done.code == 0, done.err
        return done.out if more else done.err

    assert added("act.txt") == ""
    assert added("act.txt") == ""
    (first,) = listed(program)
    act.rename(tmp_path / "boats.txt")
    remedy = f"and is drawn from too: `legalgen sources remove {first.id}` ends that\n"
    boats = f"boats-{first.sha256[:8]}"
    assert added("boats.txt") == f"{first.id} is the same text as {boats}, {remedy}"
    act.write_text("Boats Act 2015\n\n1 Lookouts\n\n(1) A master may keep a lookout.\n")
    changed = f"{first.id} is {act} as it was before, {remedy}"
    assert added("act.txt") == changed
    assert json.loads(added("act.txt", "--json"))["beside"] == [changed.strip()]
    assert program.run("sources", "remove", first.id).code == 0
    assert added("act.txt") == ""


def test_a_file_that_may_not_be_read_keeps_no_other_out(program: Program, tmp_path: Path) -> None:
    """It opens, and reading fails, as on a disk or a share that has gone: a sentence, exit 2."""
    unreadable = Path("/proc/self/mem")  # its first page is mapped nowhere: EIO, for root too
    if not unreadable.is_file():
        pytest.skip("no /proc here")
    for ending in ("txt", "md", "html", "xml", "pdf", "jsonl"):
        (tmp_path / f"x.{ending}").symlink_to(unreadable)
    (tmp_path / "zoo.txt").write_text("Zoo Act 2015\n\n1 Fees\n\n(1) A fee of ten pounds is due.\n")
    done = program.run("sources", "add", str(tmp_path), "--licence", "own", "--jurisdiction", "uk")
    assert done.code == 2
    assert done.err.count(" cannot be read: Input/output error\n") == 6
    (kept,) = listed(program)
    assert kept.title == "Zoo Act 2015"
    (tmp_path / "zoo.txt").unlink()
    (tmp_path / "zoo.txt").symlink_to(unreadable)
    shown = program.run("sources", "show", kept.id, "--json")
    assert shown.code == 0, shown.err
    assert json.loads(shown.out)["changed"].endswith("zoo.txt cannot be read: Input/output error")


def test_a_name_that_no_file_can_have_is_a_sentence(program: Program) -> None:
    """It is neither there nor not there: the system refuses to look."""
    done = program.run("sources", "check", "a" * 300 + ".txt", "--jurisdiction", "uk")
    assert done.code == 2
    assert ": File name too long" in done.err


def test_pages_without_text_are_told_before_and_when_a_text_is_added(
    program: Program, tmp_path: Path
) -> None:
    """What has text is kept; a look finds something."""
    path = str(partly_scanned(tmp_path / "act.pdf"))
    said = f"{path} has pictures and no text on pages 3, 5-7: run OCR over it first\n"
    looked = program.run("sources", "check", path, "--jurisdiction", "uk")
    assert (looked.code, looked.err) == (1, said)
    added = program.run("sources", "add", path, "--licence", "own", "--jurisdiction", "uk")
    assert (added.code, added.err) == (0, said)


SHORT = {
    "a.html": "<html><body><p>x",
    "b.txt": "Two words.",
    "c.md": "# Title\n\nfour words and ...",
}
LAW = " ".join(["A maker of widgets must take reasonable care."] * MOST_WORDS).split()[:MOST_WORDS]
"""The words of a passage to which nothing more can be joined."""


@pytest.mark.parametrize("name", SHORT)
def test_a_text_too_short_to_be_quoted_is_not_added(
    program: Program, tmp_path: Path, name: str
) -> None:
    """No answer could rest on it, and each would be paid for: add and check say so."""
    path = tmp_path / name
    path.write_text(SHORT[name])
    own = ("--jurisdiction", "uk")
    done = program.run("sources", "add", str(path), "--licence", "own", *own)
    assert (done.code, listed(program)) == (2, [])
    assert f"{path} holds no passage of 5 words or more" in " ".join(done.err.split())
    looked = program.run("sources", "check", str(path), *own)
    assert looked.code == 1
    assert "holds no passage of 5 words or more" in " ".join(looked.err.split())


def test_a_passage_too_short_to_be_quoted_is_left_out_with_a_line(
    program: Program, tmp_path: Path
) -> None:
    """It stands beside one that has no room for it; that one is added."""
    path = tmp_path / "rows.jsonl"
    rows = [{"text": " ".join(LAW)}, {"text": "Repealed in 2011."}]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    own = ("--jurisdiction", "uk")
    for command in (("add", str(path), "--licence", "own"), ("check", str(path))):
        done = program.run("sources", *command, *own)
        said = " ".join((done.out + done.err).split())
        assert f"1 passage of {path} is left out: a quotation needs 5 words" in said
    [source] = listed(program)
    texts = [each.text for each in SourceCollection(program.data_dir).chunks(source.id)]
    assert (texts, source.chunks, source.words) == ([" ".join(LAW)], 1, MOST_WORDS)


def test_no_batch_is_written_from_what_was_added_and_cannot_be_quoted(
    program: Program, tmp_path: Path
) -> None:
    """By an earlier version, which took it: nobody is called, and the remedy is named."""
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"text": " ".join(LAW)}))
    reading = TextReading(path, SourceDetails("own", "uk"), datetime.now(UTC))
    [chunk] = list(reading)
    program.data_dir.create()
    short = replace(chunk, text="Repealed.")
    SourceCollection(program.data_dir).add(reading.source(), [short])
    done = program.run("batch", "--provider", "groq", "--grounded", "--count", "1")
    assert done.code == 2
    assert "no passage has the 5 words that a quotation needs" in " ".join(done.err.split())
    looked = program.run("sources", "check")
    assert "too short 1 chunk: nothing can be quoted" in " ".join(looked.out.split())
