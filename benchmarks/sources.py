"""What it takes to index long texts of each form, and what a grounded row costs."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks._harness import Figure, Options, main, room, say
from benchmarks._texts import FORMS, write

SIZE = 100_000_000
PDF_SIZE = 5_000_000
"""Read by pypdf, in pure Python."""


def measure(options: Options) -> list[Figure]:
    """Seconds and memory of ``sources add``, a form at a time."""
    return list(_indexing(options))


def _indexing(options: Options) -> list[Figure]:
    found = []
    for form in FORMS:
        size = PDF_SIZE if form == "PDF" else SIZE
        size = size // 20 if options.quick else size
        with tempfile.TemporaryDirectory(prefix="bench-") as folder, room() as here:
            path = write(form, size, Path(folder))
            say(f"sources: {path.name}, {path.stat().st_size:,} bytes")
            took = here.legalgen(
                "sources", "add", str(path), "--jurisdiction", "uk", "--licence", "own"
            )
        shown = f"{size // 1_000_000} MB of {form}"
        wanted = form != "PDF" and not options.quick
        found += [
            Figure(f"{shown}, CPU", took.cpu_s, "s", at_most=60 if wanted else None, digits=1),
            Figure(
                f"{shown}, peak memory",
                took.peak_mb,
                "MB",
                at_most=500 if wanted else None,
                digits=0,
            ),
        ]
    return found


if __name__ == "__main__":
    main("sources", __doc__ or "", measure)
