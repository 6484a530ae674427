"""PDF and rows as they come: running heads, parted words, damage, odd values."""

from __future__ import annotations

import contextlib
import json
import random
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pypdf
import pytest

from legalgen.errors import UsageError
from legalgen.sources.collection import SourceDetails, TextReading
from legalgen.sources.formats import reader_of
from tests.sources.test_formats import chunks, place_of

Shown = tuple[int, int, str]
"""A line of a page: how far from the left and from the bottom, and what it says."""


def pdf(path: Path, *pages: list[Shown]) -> Path:
    """A PDF of lines at places, in Helvetica, as simple as one can be."""
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    kids = []
    for page in pages:
        lines = "\n".join(f"1 0 0 1 {x} {y} Tm ({_escaped(text)}) Tj" for x, y, text in page)
        stream = f"BT /F1 10 Tf\n{lines}\nET"
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
        kids.append(f"{len(objects) + 1} 0 R")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {len(objects)} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>"
        )
    objects[1] = f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(kids)}] >>"
    out, offsets = "%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n"
    out += "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    out += f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    path.write_bytes(out.encode("latin-1"))
    return path


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def column(lines: list[str], x: int = 60) -> list[Shown]:
    return [(x, 760 - 12 * at, line) for at, line in enumerate(lines)]


RULES = [
    ["1. A master must keep a look-", "out at all times, and shall", "not sleep aboard of it."],
    ["2. A non-", "diplomatic officer may sleep, but", "he must have a lookout."],
    ["3. A short- and", "long-term lease of a boat is", "written in the register."],
    ["4. The fee is ten pounds", "a year for each boat, and it", "is paid to the harbour."],
    ["5. No fee is due for a raft", "that is no boat under this", "Act, whatever its use."],
]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Five pages with a head, a foot and their numbers; a rule goes over two of the pages."""
    pages = []
    for number, rule in enumerate(RULES, 1):
        following = RULES[number] if number < len(RULES) else [""]
        own = rule if number == 1 else rule[1:]
        pages.append([
            (60, 800, "Boats Act 2015 (c. 12)"),
            *column([*own, *following[:1]]),
            (290, 40, f"Page {number} of 5"),
            (60, 20, "Crown copyright 2015"),
        ])  # fmt: skip
    return pdf(tmp_path / "boats.pdf", *pages)


def test_what_runs_along_on_pages_is_no_text_of_the_law(book: Path) -> None:
    """Nor within a sentence that goes over two pages; the first head is the title."""
    text = "\n".join(each.text for each in chunks(book))
    assert text.count("Boats Act 2015") == 1
    assert "Page" not in text
    assert "Crown copyright" not in text
    assert "The fee is ten pounds a year for each boat" in text
    assert reader_of(book).read(book).title == "Boats Act 2015 (c. 12)"
    assert place_of(chunks(book), "No fee is due for a raft") == "s 5"


def test_a_word_that_was_parted_is_whole(book: Path) -> None:
    """As the rest of the text has it; a hyphen that belongs to the word stays."""
    text = "\n".join(each.text for each in chunks(book))
    assert "keep a lookout at all times" in text
    assert "A non-diplomatic officer" in text
    assert "A short- and long-term lease" in text


def test_what_is_alike_on_pages_and_no_head_stays(tmp_path: Path) -> None:
    """Rules that begin pages with the same words, and a table of numbers at its edge."""
    pages = [column([f"{at}. The fee is due.", f"{at * 7}", "It is paid at once."])
             for at in range(1, 6)]  # fmt: skip
    text = "\n".join(each.text for each in chunks(pdf(tmp_path / "a.pdf", *pages)))
    for at in range(1, 6):
        assert f"{at}. The fee is due. {at * 7} It is paid at once." in text


def test_columns_that_follow_each_other_are_read_one_after_the_other(tmp_path: Path) -> None:
    left, right = [*RULES[0], *RULES[1]], [*RULES[2], *RULES[3]]
    found = chunks(pdf(tmp_path / "a.pdf", column(left) + column(right, 320)))
    assert place_of(found, "he must have a lookout") == "clause 2"
    assert place_of(found, "written in the register") == "clause 3"


def test_a_closed_or_empty_or_cut_file_is_a_sentence(book: Path, tmp_path: Path) -> None:
    """A password, only pictures, half a file, no PDF at all; an empty password opens."""
    writer = pypdf.PdfWriter(clone_from=book)
    writer.encrypt("secret", algorithm="RC4-128")
    closed = tmp_path / "closed.pdf"
    writer.write(closed)
    half, other = tmp_path / "half.pdf", tmp_path / "other.pdf"
    half.write_bytes(book.read_bytes()[: book.stat().st_size // 2])
    other.write_text("A master must keep a lookout.")
    for path, said in (
        (closed, "closed by a password"),
        (pdf(tmp_path / "scan.pdf", []), "run OCR"),
        (half, "cannot be read as PDF"),
        (other, "cannot be read as PDF"),
    ):
        with pytest.raises(UsageError, match=said):
            chunks(path)
    writer = pypdf.PdfWriter(clone_from=book)
    writer.encrypt("", "owner", algorithm="RC4-128")
    writer.write(closed)
    assert chunks(closed)[0].text == chunks(book)[0].text


def test_a_damaged_file_is_read_or_refused(book: Path, tmp_path: Path) -> None:
    """Bytes changed, taken out and put in at random, the table of places wrong among them."""
    rng, path, whole = random.Random(1), tmp_path / "a.pdf", book.read_bytes()
    read = 0
    for _ in range(60):
        payload = bytearray(whole)
        for _ in range(rng.choice([1, 5, 30])):
            at = rng.randrange(len(payload))
            payload[at : at + rng.randint(0, 4)] = rng.choice([b"<<", b"9999", b"/Filter /X", b""])
        path.write_bytes(payload)
        with contextlib.suppress(UsageError):  # and nothing else
            read += bool(chunks(path))
    assert 0 < read < 60


_TEXT = "A master must keep a lookout at all times, whatever the weather is. " * 4


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("text,number\nA master,5\n", "is no JSON"),
        ('{"text": 5}', "no text in a column `text` .it holds int"),
        ('\n\n{"text": {"a": "b"}}', "a.jsonl:3: no text in a column `text` .it holds dict"),
        ('{"content": "x"}', "no text in a column `text`; its columns: content"),
        ('["x"]', "is no JSON object"),
        ('{"a":' * 3000, "is no JSON"),
        ('{"text": ""}\n{"text": null}', "holds no text"),
    ],
)
def test_rows_that_are_none_are_told_with_their_line(
    tmp_path: Path, content: str, said: str
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(content)
    with pytest.raises(UsageError, match=said):
        chunks(path)


def test_rows_as_tools_write_them(tmp_path: Path) -> None:
    """A mark of the encoding, blank lines, null, half a letter, one row of a megabyte."""
    path = tmp_path / "a.jsonl"
    rows = [{"text": _TEXT, "number": 5}, {"text": None}, {"text": _TEXT, "section": "6A"}]
    lines = "\r\n\r\n".join(map(json.dumps, rows))
    path.write_bytes(b"\xef\xbb\xbf" + lines.encode())
    assert [each.pinpoint for each in chunks(path)] == ["no 5", "no 6A"]
    path.write_text('{"text": "a \\ud800 letter", "number": "' + "9 " * 4000 + '"}')
    [chunk] = chunks(path)
    assert chunk.text == "a \ufffd letter"
    assert len(chunk.pinpoint) < 250
    path.write_text(json.dumps({"text": "word " * 200_000}))
    assert sum(each.words() for each in chunks(path)) == 200_000


@pytest.mark.parametrize(
    "column_of",
    [
        lambda texts: pa.array(texts, pa.string()),
        lambda texts: pa.array(texts, pa.large_string()),
        lambda texts: pa.array(texts).dictionary_encode(),
    ],
)
def test_parquet_as_tools_write_it(tmp_path: Path, column_of: object) -> None:
    """Null, large strings, dictionaries."""
    path = tmp_path / "a.parquet"
    texts = column_of([_TEXT, None, _TEXT])  # type: ignore[operator]
    pq.write_table(pa.table({"text": texts, "number": pa.array([1, None, 3])}), path)
    assert [each.pinpoint for each in chunks(path)] == ["no 1", "no 3"]


@pytest.mark.parametrize(
    ("values", "said"),
    [([1, 2], "holds int"), ([b"x"], "holds bytes"), ([["x"]], "holds list"), ([None], "no text")],
)
def test_parquet_without_a_text_is_told(tmp_path: Path, values: list[object], said: str) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": pa.array(values)}), path)
    with pytest.raises(UsageError, match=said):
        chunks(path)


def test_parquet_that_is_damaged_is_told(tmp_path: Path) -> None:
    """At its end, and within its letters."""
    path = tmp_path / "a.parquet"
    table = pa.table({"text": [_TEXT]})
    pq.write_table(table, path, compression="none", use_dictionary=False)
    whole = path.read_bytes()
    for payload in (whole[:-8], whole.replace(b"master", b"mast\xff\xff"), b""):
        path.write_bytes(payload)
        with pytest.raises(UsageError, match="cannot be read as parquet"):
            chunks(path)


def partly_scanned(path: Path) -> Path:
    """A PDF of seven pages: text, one with nothing on it, and pictures on 3 and 5 to 7."""
    source = pypdf.PdfReader(pdf(path.with_suffix(".plain"), *map(column, RULES), []))
    image = pypdf.generic.StreamObject()
    image.set_data(b"\x00")
    for name, value in (("/Subtype", "/Image"), ("/ColorSpace", "/DeviceGray")):
        image[pypdf.generic.NameObject(name)] = pypdf.generic.NameObject(value)
    for name in ("/Width", "/Height", "/BitsPerComponent"):
        image[pypdf.generic.NameObject(name)] = pypdf.generic.NumberObject(8)
    drawn = pypdf.generic.DictionaryObject({pypdf.generic.NameObject("/Im0"): image})
    shown = pypdf.generic.DictionaryObject({pypdf.generic.NameObject("/XObject"): drawn})
    writer = pypdf.PdfWriter()
    for number in (0, 5, None, 1, None, None, None):
        if number is None:
            page = writer.add_blank_page(595, 842)
            page[pypdf.generic.NameObject("/Resources")] = shown
        else:
            writer.add_page(source.pages[number])
    writer.write(path)
    return path


def test_pages_that_are_pictures_among_others_are_told(tmp_path: Path) -> None:
    """A law of which pages were scanned would lack them; a page with nothing on it lacks none."""
    path = partly_scanned(tmp_path / "act.pdf")
    reading = TextReading(path, SourceDetails("own", "uk"), datetime(2026, 1, 1, tzinfo=UTC))
    said = f"{path} has pictures and no text on pages 3, 5-7: run OCR over it first"
    assert reading.left_out == said
    assert any("A master must keep a lookout" in each.text for each in reading)


def test_a_heading_that_is_a_date_beyond_all_is_told(tmp_path: Path) -> None:
    """Python has no year above 9999."""
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"text": ["A"], "title": pa.array([2**62], pa.timestamp("us"))}), path)
    with pytest.raises(UsageError, match="cannot be read as parquet: date value out of range"):
        reader_of(path).read(path)
