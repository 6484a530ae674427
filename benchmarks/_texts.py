"""Long texts of our own in each form that is read: to be measured with, not to be learnt from."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Final

_WORDS: Final = [
    "authority",
    "holder",
    "licence",
    "notice",
    "person",
    "period",
    "premises",
    "provision",
    "purpose",
    "reasonable",
    "relevant",
    "requirement",
    "schedule",
    "section",
    "subsection",
    "tenant",
    "court",
    "order",
    "payment",
    "amount",
    "interest",
    "contract",
    "agreement",
    "goods",
    "services",
    "owner",
    "occupier",
    "duty",
    "breach",
    "liability",
    "damages",
    "appeal",
    "decision",
    "minister",
    "register",
    "application",
    "condition",
    "effect",
    "within",
    "before",
    "after",
    "unless",
    "subject",
    "any",
    "other",
    "under",
    "which",
    "must",
    "may",
    "shall",
    "not",
    "given",
    "made",
    "the",
    "of",
    "a",
    "an",
    "to",
    "by",
    "for",
    "in",
    "on",
    "or",
    "and",
]

Section = tuple[int, str, list[str]]
"""Number, heading, subsections."""


def sections(size: int) -> Iterator[Section]:
    """Sections of Acts until their text has ``size`` bytes: about 170 words each."""
    rng = random.Random("sections")
    sentences = [_sentence(rng) for _ in range(5_000)]
    number = written = 0
    while written < size:
        number = number % 400 + 1  # the next Act
        heading = " ".join(rng.sample(_WORDS, 3)).capitalize()
        subsections = []
        for _ in range(rng.randint(2, 6)):
            subsections.append(" ".join(rng.choice(sentences) for _ in range(2)))
            written += len(subsections[-1])
        yield number, heading, subsections


def _sentence(rng: random.Random) -> str:
    return " ".join(rng.choices(_WORDS, k=rng.randint(12, 28))).capitalize() + "."


def _plain(found: Section) -> str:
    number, heading, subsections = found
    lines = (f"({at}) {text}" for at, text in enumerate(subsections, 1))
    return "\n".join((f"{number} {heading}", *lines, "", ""))


def _markdown(found: Section) -> str:
    number, heading, subsections = found
    lines = (f"{at}. {text}\n" for at, text in enumerate(subsections, 1))
    return f"## {number}. {heading}\n\n" + "".join(lines) + "\n"


def _html(found: Section) -> str:
    number, heading, subsections = found
    lines = (f"<p>({at}) {escape(text)}</p>" for at, text in enumerate(subsections, 1))
    return f"<h3>{number} {heading}</h3>\n" + "\n".join(lines) + "\n"


def _akoma_ntoso(found: Section) -> str:
    number, heading, subsections = found
    inner = "".join(
        f'<subsection eId="s{number}-{at}"><num>({at})</num><content><p>{text}</p></content>'
        "</subsection>"
        for at, text in enumerate(subsections, 1)
    )
    return (
        f'<section eId="s{number}"><num>{number}</num><heading>{heading}</heading>{inner}</section>'
    )


def _clml(found: Section) -> str:
    number, heading, subsections = found
    inner = "".join(
        f"<P2><Pnumber>{at}</Pnumber><P2para><Text>{text}</Text></P2para></P2>"
        for at, text in enumerate(subsections, 1)
    )
    return (
        f"<P1group><Title>{heading}</Title><P1><Pnumber>{number}</Pnumber><P1para>{inner}</P1para>"
        "</P1></P1group>"
    )


def _uslm(found: Section) -> str:
    number, heading, subsections = found
    inner = "".join(
        f'<subsection><num value="{at}">({at})</num><content>{text}</content></subsection>'
        for at, text in enumerate(subsections, 1)
    )
    return (
        f'<section><num value="{number}">§ {number}.</num><heading>{heading}</heading>{inner}'
        "</section>"
    )


def _formex(found: Section) -> str:
    number, heading, subsections = found
    inner = "".join(
        f'<PARAG IDENTIFIER="{number:03}.{at:03}"><NO.PARAG>{at}.</NO.PARAG><ALINEA>{text}</ALINEA>'
        "</PARAG>"
        for at, text in enumerate(subsections, 1)
    )
    return (
        f'<ARTICLE IDENTIFIER="{number:03}"><TI.ART>Article {number}</TI.ART><STI.ART><P>{heading}'
        f"</P></STI.ART>{inner}</ARTICLE>"
    )


def _row(found: Section) -> str:
    number, heading, subsections = found
    row = {"number": str(number), "heading": heading, "text": "\n".join(subsections)}
    return json.dumps(row) + "\n"


_HTML_HEAD: Final = (
    "<html><head><meta charset=utf-8><title>Long Act 2020</title></head><body>"
    "<h1>Long Act 2020</h1>"
)
_AKOMA_NTOSO_HEAD: Final = (
    '<akomaNtoso xmlns="http://docs.oasis-open.org/legaldocml/ns/akn/3.0"><act><preface><p>'
    "<docTitle>Long Act 2020</docTitle></p></preface><body>"
)
_CLML_HEAD: Final = (
    '<Legislation xmlns="http://www.legislation.gov.uk/namespaces/legislation"><Primary>'
    "<PrimaryPrelims><Title>Long Act 2020</Title></PrimaryPrelims><Body>"
)
_USLM_HEAD: Final = (
    '<lawDoc xmlns="http://schemas.gpo.gov/xml/uslm"><meta><title>Long Act 2020</title></meta>'
    "<main>"
)
_FORMEX_HEAD: Final = "<ACT><TITLE><TI><P>Long Regulation 2020</P></TI></TITLE><ENACTING.TERMS>"
_FORMS: Final[Mapping[str, tuple[str, str, Callable[[Section], str], str]]] = {
    "text": (".txt", "Long Act 2020\n\n", _plain, ""),
    "Markdown": (".md", "# Long Act 2020\n\n", _markdown, ""),
    "HTML": (".html", _HTML_HEAD, _html, "</body></html>"),
    "Akoma Ntoso": (".akn", _AKOMA_NTOSO_HEAD, _akoma_ntoso, "</body></act></akomaNtoso>"),
    "CLML": (".xml", _CLML_HEAD, _clml, "</Body></Primary></Legislation>"),
    "USLM": (".xml", _USLM_HEAD, _uslm, "</main></lawDoc>"),
    "Formex": (".fmx", _FORMEX_HEAD, _formex, "</ENACTING.TERMS></ACT>"),
    "JSON lines": (".jsonl", "", _row, ""),
}
"""The ending of its file, what stands first, a section, what stands last."""
FORMS: Final = (*_FORMS, "parquet", "PDF")


def write(form: str, size: int, folder: Path) -> Path:
    """A file of about ``size`` bytes of text in one of ``FORMS``."""
    if form == "parquet":
        return _write_parquet(size, folder)
    if form == "PDF":
        return _write_pdf(size, folder)
    ending, head, one, foot = _FORMS[form]
    path = folder / f"long-{form.replace(' ', '-').casefold()}{ending}"
    written = len(head)
    with path.open("w", encoding="utf-8") as file:
        file.write(head)
        for found in sections(size):
            text = one(found)
            written += len(text)
            file.write(text)
            if written >= size:
                break
        file.write(foot)
    return path


def _write_parquet(size: int, folder: Path) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path, rows = folder / "long.parquet", []
    schema = pa.schema([("number", pa.string()), ("heading", pa.string()), ("text", pa.string())])
    with pq.ParquetWriter(path, schema) as writer:
        for number, heading, subsections in sections(size):
            rows.append({"number": str(number), "heading": heading, "text": "\n".join(subsections)})
            if len(rows) == 10_000:
                writer.write_table(pa.Table.from_pylist(rows, schema))
                rows.clear()
        writer.write_table(pa.Table.from_pylist(rows, schema))
    return path


def _shown(line: str) -> str:
    """A line as an operator of a PDF."""
    escaped = line.replace("(", r"\(").replace(")", r"\)")
    return f"({escaped}) Tj T*"


def _write_pdf(size: int, folder: Path) -> Path:
    """Pages of 50 lines in Helvetica; written by hand, for a PDF needs no more than this."""
    lines: list[str] = []
    for found in sections(size):
        for text in _plain(found).splitlines():
            words, line = text.split(), ""
            for word in words:
                if len(line) + len(word) > 90:
                    lines.append(line)
                    line = ""
                line = f"{line} {word}".strip()
            lines.append(line)
    pages = [lines[begin : begin + 50] for begin in range(0, len(lines), 50)]
    objects = ["", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for page in pages:
        shown = "\n".join(map(_shown, page))
        stream = f"BT /F1 9 Tf 12 TL 50 780 Td\n{shown}\nET"
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
        kids.append(len(objects) + 1)
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {len(objects)} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>"
        )
    objects[0] = "<< /Type /Catalog /Pages 2 0 R >>"
    shown_kids = " ".join(f"{number} 0 R" for number in kids)
    objects[1] = f"<< /Type /Pages /Count {len(kids)} /Kids [{shown_kids}] >>"
    path = folder / "long.pdf"
    offsets = []
    with path.open("wb") as file:
        file.write(b"%PDF-1.4\n")
        for number, body in enumerate(objects, 1):
            offsets.append(file.tell())
            file.write(f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1"))
        start = file.tell()
        file.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode())
        file.write("".join(f"{offset:010} 00000 n \n" for offset in offsets).encode())
        size = len(objects) + 1
        trailer = f"trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
        file.write(trailer.encode())
    return path
