"""What a lack of memory or threads looks like, and what does not."""

from __future__ import annotations

import pyarrow as pa
import pytest

from legalgen.errors.starvation import is_starved


@pytest.mark.parametrize(
    ("error", "starved"),
    [
        (MemoryError(), True),
        (pa.ArrowMemoryError("malloc of size 23296 failed"), True),
        (pa.ArrowMemoryError(f"realloc of size {2**62} failed"), False),
        (pa.ArrowException("Unknown error: Failed to launch worker thread: ..."), True),
        (pa.ArrowInvalid("Parquet magic bytes not found in footer"), False),
        (RuntimeError("can't start new thread"), True),
        (OSError(12, "Cannot allocate memory"), True),
        (OSError(11, "Resource temporarily unavailable"), False),
    ],
    ids=str,
)
def test_too_little_is_told_from_a_fault(error: Exception, starved: bool) -> None:
    """By type and words; more than any machine has is what a damaged file asks for."""
    assert is_starved(error) is starved
