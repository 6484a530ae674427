"""PDF with text in it, by pypdf; pages that are only pictures have none, and are told."""

from __future__ import annotations

import logging
from pathlib import Path

import pypdf
from pypdf.errors import PyPdfError

from legalgen.errors import UsageError
from legalgen.sources.formats.text import paragraphs
from legalgen.sources.numbering import Line, outline_of
from legalgen.sources.outline import Outline

logging.getLogger("pypdf").setLevel(logging.ERROR)  # it talks of each oddity of a file


def read(path: Path) -> Outline:
    """The structure of the text of a PDF.

    Raises:
        UsageError: it is damaged, closed by a password, or has no text.
    """
    try:
        reader = pypdf.PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise UsageError(f"{path} is closed by a password: save it without one")
        pages = [page.extract_text() for page in reader.pages]
        title = (reader.metadata.title or "") if reader.metadata else ""
    except (PyPdfError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read as PDF: {error}") from error
    lines = list(paragraphs("\n".join(pages).splitlines()))
    if not lines:
        raise UsageError(f"{path} has no text: its pages are pictures; run OCR over it first")
    first = lines[0] if len(lines[0].split()) <= 20 else ""
    return outline_of(map(Line, lines), title=title.strip() or first)
