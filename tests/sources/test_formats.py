"""Each format by a small text of our own: units, places, what is left out, what is refused."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pypdf
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from legalgen.errors import UsageError
from legalgen.sources.chunk import Chunk
from legalgen.sources.chunking import chunks_of
from legalgen.sources.collection import SourceDetails, read_text
from legalgen.sources.formats import markdown, reader_of, text
from legalgen.sources.outline import Outline, visible

DATA = Path(__file__).parents[1] / "data" / "sources"


def chunks(path: Path, jurisdiction: str = "uk") -> list[Chunk]:
    outline = reader_of(path).read(path)
    return list(
        chunks_of(
            outline,
            source=path.stem,
            citation=outline.title or path.stem,
            jurisdiction=outline.jurisdiction or jurisdiction,
            as_of=None,
        )
    )


def place_of(found: list[Chunk], words: str) -> str:
    """The place that is written beside a quotation of these words."""
    for chunk in found:
        at = chunk.text.find(words)
        if at >= 0:
            return chunk.pinpoint_of(at, at + len(words))
    raise AssertionError(f"no chunk holds {words!r}")


@pytest.mark.parametrize(
    ("file", "words", "place"),
    [
        ("fisheries.uslm.xml", "No person shall take fish", "tit. I, § 1(a)"),
        ("fisheries.uslm.xml", "is under 16 years of age", "tit. I, § 1(b)(1)"),
        ("fisheries.uslm.xml", "A pond is not a river", "§ 2"),
        ("fisheries.uslm.xml", "A licence that was in force", "tit. II, § 1"),
        ("widgets-act.clml.xml", "A maker of widgets must", "s 1(1)"),
        ("widgets-act.clml.xml", "the price of the widget", "s 1(2)(a)"),
        ("widgets-act.clml.xml", "A gadget is not a widget", "s 2"),
        ("widgets-act.clml.xml", "Nothing in this Act applies", "Sch 1, para 1"),
        ("smith-v-jones.akn", "This is a claim for the price", "[1]"),
        ("smith-v-jones.akn", "It delivered on time", "[2]"),
        ("smith-v-jones.akn", "Section 35 of the 1979 Act", "[3]"),
        ("toys.formex.xml", "Toys should be safe", "recital 1"),
        ("toys.formex.xml", "by an importer", "art 1(1)(b)"),
        ("toys.formex.xml", "It does not apply to fireworks", "art 1(2)"),
        ("widgets.ecfr.xml", "means any article", "§ 1.1(a)"),
        ("widgets.ecfr.xml", "any agent of such a person", "§ 1.1(b)(2)"),
        ("toys.html", "These Regulations may be cited", "reg 1(1)"),
        ("toys.html", "They extend to England", "reg 1(2)"),
        ("toys.html", "doll", "reg 2(1)(b)"),
        ("companies.txt", "A company may not be so formed", "s 1(2)"),
        ("companies.txt", "not being a trust", "s 2(1)(b)(i)"),
        ("supply.md", "The Buyer may order goods", "clause 1.1"),
        ("supply.md", "Title passes when", "clause 1.2(a)"),
        ("supply.md", "The price is the one in the list", "clause 2"),
        ("charter.xml", "The Council has twelve members", "art I, s 1"),
    ],
)
def test_the_place_of_words_is_that_of_the_division_they_stand_in(
    file: str, words: str, place: str
) -> None:
    """Amendments within quotations are no sections of the law that makes them."""
    assert place_of(chunks(DATA / file), words) == place


@pytest.mark.parametrize("file", sorted(path.name for path in DATA.iterdir()))
def test_all_of_a_text_is_in_exactly_one_chunk(file: str) -> None:
    """Counted in characters that are not white space; ids repeat nowhere, and not by chance."""
    path = DATA / file
    found = chunks(path)
    outline = reader_of(path).read(path)
    assert sum(visible(each.text) for each in found) == outline.characters > 0
    assert len({each.id for each in found}) == len(found)
    assert chunks(path) == found
    for chunk in found:
        for place in chunk.places:
            assert 0 <= place.start < place.end <= len(chunk.text)


@pytest.mark.parametrize(
    ("file", "absent"),
    [
        ("fisheries.uslm.xml", "POND FISHERIES"),
        ("widgets-act.clml.xml", "in force 1.1.2012"),
        ("smith-v-jones.akn", "zzz"),
        ("toys.html", "Menu"),
        ("toys.html", "p{}"),
        ("supply.md", "span"),
        ("supply.md", "example.org"),
        ("supply.md", "licence: own"),
    ],
)
def test_what_is_no_text_of_the_law_is_left_out(file: str, absent: str) -> None:
    """Metadata, editors' lists, menus, markup."""
    assert not [chunk for chunk in chunks(DATA / file) if absent in chunk.text]


def test_a_note_within_a_sentence_leaves_the_sentence_whole() -> None:
    """It follows the line it stands in, so that the sentence can be quoted."""
    texts = "\n".join(each.text for each in chunks(DATA / "smith-v-jones.akn"))
    assert "Section 35 of the 1979 Act provides that a buyer" in texts
    assert "As amended in 1994." in texts


def test_rows_are_numbered_and_headed_by_their_columns(tmp_path: Path) -> None:
    """The same from JSON lines and from parquet."""
    rows = [
        {"text": "word " * 50, "section": "12", "title": "Duty"},
        {"text": "other " * 60, "section": "13", "title": "Breach"},
    ]
    lines = tmp_path / "rows.jsonl"
    lines.write_text("\n".join(map(json.dumps, rows)))
    table = tmp_path / "rows.parquet"
    pq.write_table(pa.Table.from_pylist(rows), table)
    assert [(c.pinpoint, c.heading) for c in chunks(lines)] == [
        ("no 12", "Duty"),
        ("no 13", "Breach"),
    ]
    assert [c.text for c in chunks(lines)] == [c.text for c in chunks(table)]


@pytest.mark.parametrize("number", [1, 1000, 1001, 2002])
def test_a_row_of_parquet_is_named_by_its_place_in_the_whole_file(
    tmp_path: Path, number: int
) -> None:
    """Counted from 1, as lines are, however many rows are read at once."""
    table = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"text": pa.array([*[None] * (number - 1), 7])}), table)
    said = re.escape(f"{table}, row {number}: no text in a column `text` (it holds int)")
    with pytest.raises(UsageError, match=said):
        chunks(table)


def _pdf(path: Path, lines: list[str]) -> Path:
    """A page with these lines, written by hand: pypdf writes no text."""
    shown = " T* ".join(f"({line}) Tj" for line in lines)
    content = f"BT /F1 12 Tf 14 TL 72 720 Td {shown} ET".encode("ascii")
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox 7 0 R /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Font << /F1 5 0 R >> >>",
        b"[0 0 612 792]",
    ]
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    begin = len(out)
    out += b"xref\n0 8\n0000000000 65535 f \n"
    out += b"".join(b"%010d 00000 n \n" % each for each in offsets)
    out += b"trailer << /Size 8 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % begin
    path.write_bytes(out)
    return path


def test_the_text_of_a_pdf_is_read_by_its_numbers(tmp_path: Path) -> None:
    """Lines that the page wraps are one paragraph again."""
    path = _pdf(
        tmp_path / "lease.pdf",
        ["Lease Agreement", "1. Rent", "1.1 The Tenant pays the rent on the", "first day of May.",
         "1.2 No rent is due while the flat", "cannot be lived in."],
    )  # fmt: skip
    found = chunks(path)
    assert place_of(found, "The Tenant pays the rent on the first day of May") == "clause 1.1"
    assert place_of(found, "cannot be lived in") == "clause 1.2"


def test_a_pdf_of_pictures_says_so(tmp_path: Path) -> None:
    """OCR is the user's to run."""
    path = tmp_path / "scan.pdf"
    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    writer.write(path)
    with pytest.raises(UsageError, match="pictures"):
        chunks(path)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xml", b"<Legislation>", "cannot be read as XML"),
        ("a.xml", b"no xml", "cannot be read as XML"),
        ("a.xml", b"<a></a>", "holds no text"),
        ("a.xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a><p>&b;</p></a>", "declares entities"),
        ("a.xml", b"<a>" * 300 + b"x" + b"</a>" * 300, "more than 256 deep"),
        ("a.txt", b" \n \n", "holds no text"),
        ("a.txt", b"\0\0\0", "no text"),
        ("a.md", b"", "holds no text"),
        ("a.html", b"<p> </p>", "holds no text"),
        ("a.pdf", b"%PDF-1.4 nothing", "cannot be read as PDF"),
        ("a.jsonl", b'{"body": "x"}', "no text in a column `text`; its columns: body"),
        ("a.jsonl", b"[1]", "no JSON object"),
        ("a.jsonl", b"{", "is no JSON"),
        ("a.parquet", b"PAR1", "cannot be read as parquet"),
        ("a.docx", b"PK", "no reader for .docx"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_file(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    """One sentence, no traceback."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UsageError, match=re.escape(said)) as raised:
        chunks(path)
    assert str(path) in str(raised.value)


def test_no_entity_of_another_file_is_read(tmp_path: Path) -> None:
    """Neither a file nor an address: the declaration alone is refused."""
    secret = tmp_path / "secret"
    secret.write_text("hidden")
    path = tmp_path / "a.xml"
    path.write_text(
        f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file://{secret}">]><a><p>&b;</p></a>'
    )
    with pytest.raises(UsageError, match="entities"):
        chunks(path)


@pytest.mark.parametrize("ending", [".xml", ".html", ".md", ".txt", ".jsonl", ".pdf"])
@given(content=st.binary(max_size=400))
@example(content=b"\xad")
def test_any_bytes_are_text_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, ending: str, content: bytes
) -> None:
    """Whatever a file holds, it is read or refused; it never raises anything else."""
    path = tmp_path_factory.mktemp("bytes") / f"a{ending}"
    path.write_bytes(content)
    try:
        found = chunks(path)
    except UsageError:
        return
    assert all(each.text.strip() for each in found)


_ALPHABET = st.sampled_from(
    ["# ", "## ", "1. ", "2. ", "1.1 ", "(a) ", "(b) ", "(i) ", "Section 5 ", "PART 1\n", "\n\n",
     "    1. ", "shall be liable", " not ", "<b>", "**", "2006 ", "[3] ", ". ", "Article IV\n"]
)  # fmt: skip


@given(pieces=st.lists(_ALPHABET, min_size=1, max_size=60))
def test_no_text_is_lost_or_doubled_whatever_its_numbers(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[str]
) -> None:
    """Structure is guessed, text is not."""
    path = tmp_path_factory.mktemp("text") / "a.txt"
    path.write_text("".join(pieces))
    try:
        outline = reader_of(path).read(path)
    except UsageError:
        return
    found = chunks(path)
    assert sum(visible(c.text) for c in found) == outline.characters
    assert "".join("".join(c.text for c in found).split()) == "".join(path.read_text().split())


_ACT = """Boats Act 2015

PART 1
GENERAL

1 Lookouts
(1) A master must keep a lookout.
(2) A raft is no boat.

2 Amendment of the Harbours Act 1990
After section 7 insert—
"7A Lights
(1) A boat must show a light.
(2) The light must be white."

3 Commencement
This Act comes into force on
1 May 2016 and not before.

SCHEDULE 1
Fees
1 (1) The fee for a small boat is ten pounds.
(2) It is payable in advance.
2 The fee for a large boat is ninety pounds.
"""
_PAGE = """<h1>Boats Act 2015</h1><h2>Part 1 General</h2><h3>1 Lookouts</h3>
<p>(1) A master must keep a lookout.</p><h3>Section 2. Lights</h3>
<ol><li>The light is white.</li><li>It burns all night.</li></ol>"""
_CLML = (
    '<Legislation xmlns="http://www.legislation.gov.uk/namespaces/legislation" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><Metadata><dc:title>The Boats {} 2015</dc:title>'
    "</Metadata><Secondary><Body><P1><Pnumber>1</Pnumber><P1para><P2><Pnumber>1</Pnumber><P2para>"
    "<Text>A master must keep a lookout.</Text></P2para></P2></P1para></P1></Body></Secondary>"
    "</Legislation>"
)
_CODE = (
    '<uscDoc xmlns="http://xml.house.gov/schemas/uslm/1.0"><main><section><num value="9">§ 9.'
    "</num><content>A boat shall show a light.</content><notes><note><heading>Amendments</heading>"
    "<p>1990: very much was changed.</p></note></notes></section></main></uscDoc>"
)


@pytest.mark.parametrize(
    ("name", "text", "words", "place"),
    [
        ("act.txt", _ACT, "A raft is no boat", "s 1(2)"),
        ("act.txt", _ACT, "A boat must show a light", "s 2"),
        ("act.txt", _ACT, "The light must be white", "s 2"),
        ("act.txt", _ACT, "1 May 2016 and not before", "s 3"),
        ("act.txt", _ACT, "The fee for a small boat", "Sch 1, para 1(1)"),
        ("act.txt", _ACT, "The fee for a large boat", "Sch 1, para 2"),
        ("act.html", _PAGE, "A master must keep", "s 1(1)"),
        ("act.html", _PAGE, "It burns all night", "s 2(2)"),
        ("si.xml", _CLML.format("Regulations"), "A master must", "reg 1(1)"),
        ("si.xml", _CLML.format("Order"), "A master must", "art 1(1)"),
        ("si.xml", _CLML.format("Rules"), "A master must", "r 1(1)"),
        ("code.xml", _CODE, "shall show a light", "§ 9"),
        ("code.xml", _CODE, "very much was changed", "§ 9 note"),
    ],
)
def test_a_place_is_right_or_a_wider_one(
    tmp_path: Path, name: str, text: str, words: str, place: str
) -> None:
    """Numbers of quoted amendments, of schedules, of lists and of notes are not the sections'."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert place_of(chunks(path), words) == place


def test_a_title_that_holds_a_whole_code_is_no_title(tmp_path: Path) -> None:
    """In USLM a title is a division too; every chunk would carry all of it as its citation."""
    path = tmp_path / "code.xml"
    sections = "".join(
        f"<section><num>{at}</num><content>{'A master must keep a lookout. ' * 9}</content>"
        "</section>"
        for at in range(1, 9)
    )
    path.write_text(f"<lawDoc><main><title><num>1</num>{sections}</title></main></lawDoc>")
    outline = reader_of(path).read(path)
    assert outline.title == ""
    assert [each.pinpoint for each in chunks(path)][:2] == ["§ 1", "§ 2"]


@pytest.mark.parametrize("page", ["<h1>{}</h1>", "<h1>A</h1><h2>{}</h2><p>B.</p>"])
def test_a_heading_of_a_thousand_words_is_cut(tmp_path: Path, page: str) -> None:
    """It is text all the same; the chunks below carry no more than a heading's length of it."""
    path = tmp_path / "a.html"
    path.write_text(page.format("word " * 5000))
    found = chunks(path)
    assert sum(each.words() for each in found) >= 5000
    assert all(len(part) <= 200 for each in found for part in (each.heading, *each.path))


_LETTERS = "The court\u2019s fee is \u00a35 in \u0141\u00f3d\u017a, \u201cnot\u201d more.\n"
_WESTERN = "The court\u2019s fee is \u00a35 in K\u00f6ln, \u201cnot\u201d more.\n"


def _row(text: str) -> str:
    return json.dumps({"text": text}, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("ending", [".txt", ".md", ".jsonl"])
@pytest.mark.parametrize(
    ("text", "encoding", "after"),
    [
        (_LETTERS, "utf-8", b""),
        (_LETTERS, "utf-8-sig", b""),
        (_LETTERS, "utf-16", b""),
        (_LETTERS, "utf-32", b""),
        (_WESTERN, "cp1252", b""),
        (_LETTERS * 9, "utf-8", b' {"text": "\xa3"}'),
    ],
)
def test_a_text_is_read_in_the_alphabet_it_is_written_in(
    tmp_path: Path, text: str, encoding: str, after: bytes, ending: str
) -> None:
    """With a mark or without; one broken byte does not turn all others into another alphabet."""
    path = tmp_path / f"a{ending}"
    path.write_bytes((_row(text) if ending == ".jsonl" else text).encode(encoding) + after)
    found = chunks(path)
    assert text.split("\n", maxsplit=1)[0] in found[0].text
    assert "\ufeff" not in found[0].text


def test_text_without_its_mark_in_two_byte_letters_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(_LETTERS.encode("utf-16-le"))
    with pytest.raises(UsageError, match="save it as UTF-8"):
        chunks(path)


def test_separators_within_a_string_end_no_row(tmp_path: Path) -> None:
    """JSON allows them as they are; only a line break ends a row."""
    path = tmp_path / "a.jsonl"
    path.write_text(_row("One\u2028two\u0085three"), "utf-8")
    assert "".join(each.text for each in chunks(path)).split() == ["One", "two", "three"]


@pytest.mark.parametrize(
    ("text", "there", "absent"),
    [
        ("A.\n<!-- kept\nout\n-->\nB.\n", ["A.", "B."], ["kept", "out", "-->"]),
        ("A <!-- in one --> line.\n", ["A", "line."], ["in one"]),
        ("A.\n\n<!-- never closed\n\nB.\n", ["A.", "B."], []),
        ("A <!-- in --> B <!-- out\nof --> C.\n", ["A B C."], ["in", "of", "<", ">"]),
        ("A.\n\n" + "<!-- " * 30_000 + "B.\n", ["A.", "B."], []),
        ("---\nlicence: own\n---\nA.\n", ["A."], ["licence"]),
        ("---\nA rule, no settings.\n\nB.\n", ["A rule", "B."], []),
        ("one --> two\n", ["one", "two"], []),
    ],
)
def test_comments_and_settings_of_markdown_are_left_out(
    tmp_path: Path, text: str, there: list[str], absent: list[str]
) -> None:
    """Also over several lines; what is never closed is text."""
    path = tmp_path / "a.md"
    path.write_text(text)
    found = " ".join(each.text for each in chunks(path))
    assert all(each in found for each in there)
    assert not any(each in found for each in absent)


def test_a_file_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its chunks would stand under the digest of another text."""
    path, details = tmp_path / "act.txt", SourceDetails("own", jurisdiction="uk")
    path.write_text("1. A master must keep a light burning whenever the boat is under way.")
    assert len(read_text(path, details, datetime(2026, 12, 1, tzinfo=UTC))[1]) == 1
    read = text.read

    def overtaken(path: Path) -> Outline:
        outline = read(path)
        path.write_text("1. Nobody need keep a light.")
        return outline

    monkeypatch.setattr(text, "read", overtaken)  # nothing else writes at that moment
    with pytest.raises(UsageError, match="changed while it was read: add it again"):
        read_text(path, details, datetime(2026, 12, 1, tzinfo=UTC))


def test_emphasis_is_looked_for_within_bounds() -> None:
    """Of a mark that nobody closes not all of a long line is looked through."""
    for begin, end in (("**", "**"), ("[", "](a)")):
        short, long = (f"{begin}{'a' * size}{end}" for size in (4_000, 4_001))
        assert (markdown.plain(short), markdown.plain(long)) == ("a" * 4_000, long)


_JUDGMENT = """Smith v Jones [2020] EWHC 12 (Ch)

Judgment of Mr Justice Brown

11. The claimant had bought eleven boats from the first defendant, and then
12. boats from the second, all of which leaked when they were put in the
water, as is said in paragraph
12. The experts agreed on that, and the court accepts what they say of
the leaks.

Background

12. The boats were sold in May of that year to a buyer in the harbour of
13 Acacia Road, who paid for them by a cheque which was given on the day
1 May and was cashed.
13. It follows that the claim is good under section 14
(2) of the 1979 Act, and the damages are
[45] pounds in all.

14. The appeal is dismissed.
"""
_SINGLE = """Boats Act 2015

1 Lookouts
(1) A master must keep a lookout.
(2) A raft is no boat, and the owners' duties
are those of the tenants' of the harbour.

2 Amendment of the Harbours Act 1990
After section 7 insert\u2014
\u20187A Lights
(1) A boat must show a light.
(2) The owner\u2019s light must be white.\u2019.

3 Commencement
In section 9 substitute 'ten' for 'nine', and after subsection (3) insert '(4) No boat
may sail.
(5) A raft may.'

4 Extent
(1) This Act extends to Wales.
"""
_TWO_LISTS = """Supply Agreement

1. The Seller supplies
1. boats,
2. rafts and
3. oars.
2. The Buyer pays
(a) within ten days, and
(b) in full.
"""


@pytest.mark.parametrize(
    ("text", "words", "place"),
    [
        (_JUDGMENT, "boats from the second", "[11]"),
        (_JUDGMENT, "The experts agreed on that", "[11]"),
        (_JUDGMENT, "The boats were sold in May", "[12]"),
        (_JUDGMENT, "Acacia Road, who paid", "[12]"),
        (_JUDGMENT, "and was cashed", "[12]"),
        (_JUDGMENT, "of the 1979 Act, and the damages", "[13]"),
        (_JUDGMENT, "pounds in all", "[13]"),
        (_JUDGMENT, "The appeal is dismissed", "[14]"),
        (_SINGLE, "those of the tenants' of the harbour", "s 1(2)"),
        (_SINGLE, "A boat must show a light", "s 2"),
        (_SINGLE, "light must be white", "s 2"),
        (_SINGLE, "A raft may.", "s 3"),
        (_SINGLE, "This Act extends to Wales", "s 4(1)"),
        (_TWO_LISTS, "rafts and", "clause 1"),
        (_TWO_LISTS, "The Buyer pays", "clause 2"),
        (_TWO_LISTS, "in full", "clause 2(b)"),
    ],
)
def test_a_number_that_was_wrapped_or_quoted_begins_nothing(
    tmp_path: Path, text: str, words: str, place: str
) -> None:
    """A line that goes on with a sentence, and what an Act puts into another in single marks."""
    path = tmp_path / "a.txt"
    path.write_text(text, encoding="utf-8")
    assert place_of(chunks(path), words) == place


_EURLEX = """<html xmlns="http://www.w3.org/1999/xhtml"><head><title>L_2016119EN.xml</title></head>
<p class="oj-doc-ti">REGULATION (EU) 2016/999 ON BOATS</p><p class="oj-normal">Whereas:</p>
<table><tr><td><p>(1)</p></td><td><p>Boats are lost at night.</p></td></tr></table>
<p class="oj-ti-art">Article 1</p><p class="oj-sti-art">Lights</p>
<p>1.   A boat shall show:</p><table><tr><td><p>(a)</p></td><td><p>a white light;</p></td></tr>
<tr><td><p>(b)</p></td><td><p>a red light by day.</p></td></tr></table>
<div class="grid-list"><div>(c)</div><div><p>a bell.</p></div></div>
<p class="oj-note">(1) OJ L 1, 1.1.2015, p. 90.</p>"""


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("Boats are lost", "recital 1"),
        ("a white light", "art 1(1)(a)"),
        ("a red light", "art 1(1)(b)"),
        ("a bell", "art 1(1)(c)"),
        ("OJ L 1", "art 1(1)(c)"),
    ],
)
def test_the_official_journal_has_its_numbers_in_cells_of_their_own(
    tmp_path: Path, words: str, place: str
) -> None:
    """A number alone in a cell counts what stands in the next; notes below count nothing."""
    path = tmp_path / "boats.html"
    path.write_text(_EURLEX, encoding="utf-8")
    assert place_of(chunks(path), words) == place
    outline = reader_of(path).read(path)
    assert outline.title == "REGULATION (EU) 2016/999 ON BOATS"
    article = next(each for each in outline.body.divisions() if each.level == "article")
    assert article.heading == "Lights"


_RULE = "A master must keep a lookout at all times while the boat is under way."


@pytest.mark.parametrize(
    "framed",
    [
        f"<div>Home</div><main><h1>Boats</h1><p>{_RULE}</p></main><aside>See also cars</aside>",
        f"<div role=Navigation>Home</div><p>{_RULE}</p><footer>See also cars</footer>",
        f"<p>{_RULE}</p><div hidden>Home</div><p style='color:red; Display : NONE'>cars</p>",
        f"<p>{_RULE}</p><dialog>Home</dialog><iframe>cars</iframe><p style=visibility:hidden>cars",
    ],
)
def test_what_frames_a_page_or_is_hidden_is_no_text_of_the_law(tmp_path: Path, framed: str) -> None:
    """Nor what a page hides from those who read it: a model would be shown it."""
    path = tmp_path / "page.html"
    path.write_text(f"<title>Boats</title>{framed}")
    text = "\n".join(each.text for each in chunks(path))
    assert _RULE in text
    assert "Home" not in text
    assert "cars" not in text


def test_what_a_page_says_in_small_places_is_kept(tmp_path: Path) -> None:
    """A foot of an article signs it, and ``main`` that holds little is no frame of the rest."""
    path = tmp_path / "page.html"
    path.write_text(
        f"<main><p>Boats</p></main><article><p>{_RULE}</p><footer>By the Board</footer></article>"
        "<p hidden=until-found>It folds.</p>"
    )
    text = "\n".join(each.text for each in chunks(path))
    assert text.split("\n") == ["Boats", _RULE, "By the Board", "It folds."]


def test_a_case_is_called_as_its_page_and_not_as_its_court(tmp_path: Path) -> None:
    """Pages of cases head each with the court, and name the case in their title alone."""
    path = tmp_path / "case.html"
    path.write_text(f"<title>A v B [2019] EWCA Civ 5</title><h1>Court of Appeal</h1><p>1. {_RULE}")
    assert reader_of(path).read(path).title == "A v B [2019] EWCA Civ 5"


_DOCTYPE = '<?xml version="1.0"?><!DOCTYPE act PUBLIC "-//X//DTD Act//EN" "http://x.example/a.dtd">'


@pytest.mark.parametrize("lead", ["", " " * (1 << 16), " " * ((1 << 16) - len(_DOCTYPE) - 40)])
def test_names_that_html_has_for_letters_are_read_in_xml(tmp_path: Path, lead: str) -> None:
    """libxml2 leaves them out without a word where a DTD is named: a fee would lose its pounds."""
    path = tmp_path / "act.xml"
    fee = "A fee of &pound;50 &amp; no more is due under &sect;&nbsp;5."
    path.write_text(f"{_DOCTYPE}<act>{lead}<section num='1'><p>{fee}</p></section></act>")
    assert chunks(path)[0].text == "A fee of £50 & no more is due under § 5."


@pytest.mark.parametrize(
    ("doctype", "said"),
    [(_DOCTYPE, "act.xml:1 Entity 'fee' not defined"), ("", "cannot be read as XML: Entity 'fee'")],
)
def test_a_name_that_only_a_dtd_explains_is_refused(
    tmp_path: Path, doctype: str, said: str
) -> None:
    """What it stands for is a part of the law."""
    path = tmp_path / "act.xml"
    path.write_text(f"{doctype}<act><section num='1'><p>A fee of &fee; is due.</p></section></act>")
    with pytest.raises(UsageError, match=re.escape(said)):
        reader_of(path).read(path)


def test_an_entity_declared_over_two_blocks_is_seen(tmp_path: Path) -> None:
    """What is read at once ends anywhere."""
    path = tmp_path / "act.xml"
    begin = "<!DOCTYPE act [<!--"
    filled = begin + "x" * ((1 << 16) - len(begin) - 7) + "-->"
    path.write_text(f'{filled}<!ENTITY fee "ten">]><act><p>A fee of &fee; is due.</p></act>')
    with pytest.raises(UsageError, match="declares entities"):
        reader_of(path).read(path)


@pytest.mark.parametrize("name", ["act.xml", "act.xht"])
def test_a_page_of_xhtml_is_one_whatever_its_name(tmp_path: Path, name: str) -> None:
    """Its headings are not the elements of a law in XML."""
    path = tmp_path / name
    path.write_text(
        '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>Boats</title>'
        f"</head><body><h1>Boats Act 2015</h1><h2>1 Lookouts</h2><p>{_RULE}</p></body></html>"
    )
    assert place_of(chunks(path), "A master must keep") == "s 1"


def test_a_word_is_whole_without_the_marks_that_nobody_sees(tmp_path: Path) -> None:
    """Places where it may be parted, and marks of an encoding within a text put together."""
    path = tmp_path / "act.txt"
    path.write_text(
        "Boats Act 2015\n\n1 Look\u00adouts\n\n(1) A mas\u200bter must keep\ufeff one.\n"
    )
    (chunk,) = chunks(path)
    assert chunk.text.split("\n")[1:] == ["1 Lookouts", "(1) A master must keep one."]
    assert chunk.heading == "Lookouts"


def test_quotations_tables_and_notes_of_markdown_have_lines_of_their_own(tmp_path: Path) -> None:
    """Their marks are no words, their numbers are not those of the text."""
    path = tmp_path / "boats.md"
    path.write_text(
        "# Boats Act 2015\n\n## 2 Fees\n\nThe fee[^1] is as <https://boats.example/> says.\n\n"
        "| Boat | Fee |\n|:-----|----:|\n| Small | £5 |\n| Large \\| long | must not |\n\n"
        "1. A raft\n   1. is no boat\n2. A skiff is [one][s].\n\nAs was said:\n"
        "> 7. No fee\nis due.\n>\n> - None.\n\n[^1]: See\n  the order.\n[s]: https://skiff.example\n"
    )
    found = chunks(path)
    assert "\n".join(each.text for each in found).split("\n") == [
        "Boats Act 2015", "2 Fees", "The fee is as https://boats.example/ says.", "Boat Fee",
        "Small £5", "Large | long must not", "1. A raft", "1. is no boat",
        "2. A skiff is [one][s].", "As was said:", "7. No fee is due.", "- None.", "See the order.",
    ]  # fmt: skip
    assert place_of(found, "is no boat") == "s 2(1)(1)"
    assert place_of(found, "A skiff is") == "s 2(2)"


@pytest.mark.parametrize("name", ["act.txt", "act.md"])
@pytest.mark.parametrize("between", [" ", "\n", "x" * (1 << 16)])
def test_a_paragraph_of_any_length_is_read_in_bounded_pieces(
    tmp_path: Path, name: str, between: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is taken apart into words; it is cut after a sentence where there is one."""
    for module in (text, markdown):
        monkeypatch.setattr(module, "LONGEST_PARAGRAPH", 1 << 16)  # in place of a megabyte
    monkeypatch.setattr(text, "_BLOCK", 1 << 16)
    path = tmp_path / name
    path.write_text(between.join([_RULE] * ((2 << 16) // (len(between) + len(_RULE)) + 2)))
    outline = reader_of(path).read(path)
    items = [item for item in outline.body.items if isinstance(item, str)]
    assert 2 <= len(items) <= 6
    assert max(map(len, items)) <= (1 << 16) + len(_RULE)
    assert outline.characters == visible(path.read_text())
    if len(between) == 1:
        assert all(item.endswith("under way.") for item in items)


_LEG = f"""<h1 class="pageTitle">Boats Act 2015</h1>
<h2><span class="LegPartNo">Part 1</span><span class="LegPartTitle">Duties</span></h2>
<h3><span class="LegP1No">1</span><span class="LegP1GroupTitle">Lookouts</span></h3>
<p><span class="LegP2No">(1)</span>{_RULE}</p>
<p><span class="LegP3No">(a)</span><span class="LegP3Text">small boats;</span></p>
<p>H<span>2</span>O, and <span>2</span>nd.</p>"""
_PRE = f"""<h1>Boats Act 2015</h1><pre>

  1 Lookouts

  (1) {_RULE[:41]}
      {_RULE[42:]}
  (a) small boats;

  H2O, and 2nd.
</pre>"""


@pytest.mark.parametrize("page", [_LEG, _PRE])
def test_numbers_that_a_page_sets_off_begin_divisions(tmp_path: Path, page: str) -> None:
    """By an element of their own, as on legislation.gov.uk, or by the ends of written lines."""
    path = tmp_path / "act.html"
    path.write_text(page)
    found = chunks(path)
    assert place_of(found, _RULE) == "s 1(1)"
    assert place_of(found, "small boats") == "s 1(1)(a)"
    assert f"\n1 Lookouts\n(1) {_RULE}\n(a) small boats;\nH2O, and 2nd." in found[0].text
    assert found[0].heading == "Lookouts"


def test_a_bill_of_congress_is_read_by_its_numbers(tmp_path: Path) -> None:
    """Its markup is older than USLM and names the same divisions."""
    path = tmp_path / "bill.xml"
    path.write_text(
        '<!DOCTYPE bill PUBLIC "-//US Congress//DTDs/bill.dtd//EN" "bill.dtd"><bill>'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dublinCore>'
        "<dc:title>118 HR 5 IH: Boats Act</dc:title></dublinCore></metadata>"
        "<form><legis-num>H. R. 5</legis-num></form><legis-body><section><enum>1.</enum>"
        "<header>Lookouts</header><subsection><enum>(a)</enum><header>In general</header>"
        f"<text>{_RULE}</text></subsection><subsection><enum>(b)</enum><text>Insert:</text>"
        "<quoted-block><section><enum>7A.</enum><header>Lights</header><text>A light burns."
        "</text></section></quoted-block></subsection></section></legis-body></bill>"
    )
    found = chunks(path, "us")
    assert place_of(found, "A master must") == "§ 1(a)"
    assert place_of(found, "A light burns") == "§ 1(b)"
    assert found[0].heading == "Lookouts"
    assert found[0].citation == "118 HR 5 IH: Boats Act"


_TITLE = "Boats Act 2015\n\n"


@pytest.mark.parametrize(
    ("text", "words", "place"),
    [
        (f"Code\n\nArticle 1ᵉʳ\n{_RULE}\n\nArticle 2\n{_RULE[:41]}", "Article 2", "art 2"),
        (f"Code\n\nArticle 1ᵉʳ\n{_RULE}\n\nArticle 2\nNone.", _RULE, "art 1"),
        (f"Code\n\n§ 1 Lookouts\n{_RULE}\n§ 2 Über Fees\nNone is due.", "None", "s 2"),
        (f"{_TITLE}Section 5 Lookouts\n{_RULE}", _RULE, "s 5"),
        (f"{_TITLE}5 Lookouts\n{_RULE[:-1]} as in\nArticle 2\nand 3.", "and 3", "s 5"),
        (f"# {_TITLE}## 3 Fees\n\nOf:\n(a) rafts;\n(b) skiffs.", "skiffs", "s 3(b)"),
        (f"# {_TITLE}## 3 Fees\n\n(a) rafts of class\n(b) or less.", "less", "s 3(a)"),
    ],
)
def test_a_line_that_names_a_unit_stands_by_itself(
    tmp_path: Path, text: str, words: str, place: str
) -> None:
    """Its text goes on in the next line without a blank one; a sentence that goes on does not."""
    path = tmp_path / ("act.md" if text.startswith("#") else "act.txt")
    path.write_text(text, encoding="utf-8")
    assert place_of(chunks(path), words) == place


@pytest.mark.parametrize(
    "page",
    [
        "<h1>Boats</h1><p>The “café” is £5.".encode("utf-16"),
        b"\xfe\xff" + "<h1>Boats</h1><p>The “café” is £5.".encode("utf-16-be"),
        "<meta charset=iso-8859-1><h1>Boats</h1><p>The “café” is £5.".encode("cp1252"),
        "<meta charset=windows-1251><h1>Boats</h1><p>The “café” is £5.".encode("utf-8-sig"),
        "<meta charset=utf-16><h1>Boats</h1><p>The “café” is £5.".encode(),
        "<meta charset=mac-roman><h1>Boats</h1><p>The “café” is £5.".encode("mac-roman"),
        "<meta charset=base64><h1>Boats</h1><p>The “café” is £5.".encode(),
        "<meta charset=undefined><h1>Boats</h1><p>The “café” is £5.".encode(),
        "<meta charset=no-such><h1>Boats</h1><p>The “café” is £5.".encode(),
    ],
)
def test_a_page_is_read_in_the_alphabet_that_browsers_read_it_in(
    tmp_path: Path, page: bytes
) -> None:
    """Its mark goes before what it says; what calls itself Latin-1 has the marks of Windows."""
    path = tmp_path / "boats.html"
    path.write_bytes(page)
    assert chunks(path)[0].text == "Boats\nThe “café” is £5."


def test_a_page_of_two_byte_letters_without_a_mark_is_told(tmp_path: Path) -> None:
    """It would be a passage of junk."""
    path = tmp_path / "boats.html"
    path.write_bytes("<h1>Boats</h1>".encode("utf-16-le"))
    with pytest.raises(UsageError, match="holds null bytes; if it is UTF-16, save it as UTF-8"):
        reader_of(path).read(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.html", f'<ol start="\u00b2"><li>{_RULE}</li></ol><ol start="{"9" * 5_000}"></ol>'),
        ("b.html", f"<ol><li>{'<ol><li>One. ' * 600}{_RULE}"),
        ("c.md", "\n".join(f"{'  ' * depth}1. {_RULE}" for depth in range(600))),
        ("d.txt", f"{'(a)' * 2_000}{_RULE}"),
        ("e.txt", f"T\u0130TLE 2\n\nArt\u0131cle 3. Of boats\n\n{_RULE}"),
    ],
)
def test_numbers_that_no_drafter_writes_are_text(tmp_path: Path, name: str, content: str) -> None:
    """Too long, too deep in one another, or in letters that are others without case."""
    path = tmp_path / name
    path.write_text(content, "utf-8")
    found = chunks(path)
    assert sum(each.text.count("under way.") for each in found) == content.count("under way.")
