"""Names of Acts in a text, and the sections that are said to be theirs."""

from __future__ import annotations

import os
import subprocess
import sys

NAMES = """
from legalgen.quality.checks.sections import _found, _undated
from legalgen.store.sample import words

text = "Article 28 of the 1951 Refugee Convention"
print([name for name, _, _ in _found(text, _undated(frozenset(words(text))))])
"""


def test_the_longer_of_two_names_is_found_in_every_process() -> None:
    """Not "Refugee Convention" with an article 1951, however this process hashes its words."""
    for seed in range(4):
        done = subprocess.run(
            [sys.executable, "-c", NAMES],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        assert done.stdout.strip() == "['1951 Refugee Convention']"
