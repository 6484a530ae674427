"""A program that writes samples and says on stdout, one line each, which ones were accepted.

python writer.py DATA_DIR PART_ROWS APPEND_SIZE [APPEND_SIZE ...]
"""

from __future__ import annotations

import sys
from pathlib import Path

from legalgen.store.files import DataDir
from legalgen.store.journal import BatchWriter, recover
from legalgen.store.parts import Part
from tests.crash.rows import BATCH, make_sample


def write(data_dir: DataDir, part_rows: int, sizes: list[int]) -> None:
    """Recover, then append groups of samples, acknowledge each, and seal."""
    data_dir.create()
    recover(data_dir, note_part=_noted)
    slot = 0
    with BatchWriter(data_dir, BATCH, note_part=_noted, part_rows=part_rows) as writer:
        for size in sizes:
            writer.append([make_sample(slot + n) for n in range(size)])
            slot += size
            sys.stdout.write(f"{slot}\n")
            sys.stdout.flush()


def _noted(_batch_id: str, _part: Part) -> None:
    pass


if __name__ == "__main__":
    write(DataDir(Path(sys.argv[1])), int(sys.argv[2]), [int(one) for one in sys.argv[3:]])
