"""Synthetic legal question-and-answer samples, in bulk, into a parquet dataset."""

import sys

__version__ = "0.2.0"

# msgspec takes two names from typing_extensions where there is one, and from typing otherwise. From
# Python 3.11 on they are the same, and the module is 6 % of what --help takes: not here, not now.
if "typing_extensions" not in sys.modules:
    sys.modules["typing_extensions"] = None  # type: ignore[assignment]
    try:
        import msgspec  # noqa: F401 - for its effect
    finally:
        del sys.modules["typing_extensions"]
