"""Readers of legal texts: one module a format, each ``read(path) -> Outline``.

XML and HTML need lxml, PDF needs pypdf (the extra ``sources``); Markdown, plain text and rows need
nothing.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from legalgen.errors import UsageError
from legalgen.providers.installing import install_command, of_extra

if TYPE_CHECKING:
    from legalgen.sources.outline import Outline

MOST_BYTES: Final = 512 * 1024 * 1024
"""A file above this is refused: it would be read into memory as a whole."""

_BY_ENDING: Final[Mapping[str, str]] = {
    ".xml": "xml", ".akn": "xml", ".fmx": "xml",
    ".html": "html", ".htm": "html", ".xhtml": "html", ".xht": "html",
    ".md": "markdown", ".markdown": "markdown",
    ".txt": "text", ".text": "text",
    ".pdf": "pdf",
    ".jsonl": "rows", ".ndjson": "rows", ".parquet": "rows",
}  # fmt: skip
_NEEDS: Final[Mapping[str, str]] = {"xml": "lxml", "html": "lxml", "pdf": "pypdf"}
ENDINGS: Final = tuple(_BY_ENDING)
"""The endings of files that can be read."""


class FormatReader(Protocol):
    """What each module of this folder offers."""

    def read(self, path: Path) -> Outline:
        """The structure of a file.

        Raises:
            UsageError: the file is not what its ending says, or holds no text.
        """


def reader_of(path: Path) -> FormatReader:
    """The reader for a file, by its ending.

    Raises:
        UsageError: nothing here reads such a file, it is too large, or the extra is not installed.
    """
    name = _BY_ENDING.get(path.suffix.casefold())
    if name is None:
        raise UsageError(f"{path}: no reader for {path.suffix or 'a file without an ending'}; "
                         f"known are {', '.join(ENDINGS)}")  # fmt: skip
    if (size := path.stat().st_size) > MOST_BYTES:
        raise UsageError(
            f"{path} is {size:,} bytes; files of up to {MOST_BYTES:,} are read: split it"
        )
    needed = _NEEDS.get(name)
    if needed is not None and importlib.util.find_spec(needed) is None:
        how = install_command(of_extra("sources"))
        raise UsageError(f"{path}: reading it needs {needed}: {how}")
    module: FormatReader = importlib.import_module(f"legalgen.sources.formats.{name}")
    return module
