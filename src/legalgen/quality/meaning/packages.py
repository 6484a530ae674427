"""Whether the packages of the extra ``semantic`` are there; light."""

from __future__ import annotations

import sys
from importlib.util import find_spec


def has_numpy() -> bool:
    """Whether numpy can be imported from now on.

    The executable hides it from pyarrow, which would load it for nothing (``cli``): here it is
    wanted, and no longer hidden.
    """
    if "numpy" in sys.modules and sys.modules["numpy"] is None:
        del sys.modules["numpy"]
    return find_spec("numpy") is not None


def has_tokenizers() -> bool:
    """Whether ``tokenizers`` can be imported."""
    return find_spec("tokenizers") is not None
