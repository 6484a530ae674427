"""How sentences count; that none counts by hand, ``tests/test_architecture.py`` looks at."""

from __future__ import annotations

import pytest

from legalgen.errors.plurals import plural


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (2057, "2,057 rows")]
)
def test_one_is_no_plural(number: int, said: str) -> None:
    """With thousands apart."""
    assert plural(number, "row") == said


def test_a_word_may_have_a_plural_of_its_own() -> None:
    """It is given."""
    assert [plural(n, "batch", "batches") for n in (1, 3)] == ["1 batch", "3 batches"]
