"""The program against the real vendors, with the user's own keys, for at most five cents.

``make live`` runs it; CI never does. In a folder of its own it generates one sample, writes a batch
of ten in two turns (the first is ended by a bound on calls), verifies, and prints in what the
vendors differ from the catalog: models, limits, prices.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from legalgen.completion import LimitReading
from legalgen.providers.catalog import Catalog
from legalgen.routing.opening import readings_of

EXECUTABLE = Path(sys.executable).with_name("legalgen")
MOST_USD = "0.05"
FIRST_TURN_CALLS = "4"
LONGEST_S = 900.0


class Steps:
    """The commands in order; each must end as it should."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._environ = {
            **environ,
            "LEGALGEN_DATA_DIR": str(folder / "data"),
            "LEGALGEN_STATE_DIR": str(folder / "state"),
            "LEGALGEN_LOG_DIR": str(folder / "log"),
            "LEGALGEN_MAX_COST_PER_DAY": MOST_USD,  # of all that is in this folder
        }

    def run(self, *words: str, ends: tuple[int, ...] = (0,)) -> Any:
        """One command; what it printed as JSON.

        Raises:
            SystemExit: it ended otherwise.
        """
        done = subprocess.run(
            [EXECUTABLE, *words, "--json"],
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
        sys.stdout.write(f"legalgen {' '.join(words)}: {done.returncode}\n")
        sys.stdout.flush()
        if done.returncode not in ends:
            raise SystemExit(f"live: it should have ended with {' or '.join(map(str, ends))}")
        return json.loads(done.stdout)


def differences(models: Mapping[str, Any]) -> Iterator[str]:
    """In what the vendors' lists and replies differ from the catalog."""
    catalog = Catalog.load()
    for listing in models["listings"]:
        name = listing["provider"]
        if listing.get("error"):
            yield f"{name}: {listing['error']}"
        yield from (f"{name}: new model {each}" for each in listing.get("new", ()))
        yield from (f"{name}: gone model {each}" for each in listing.get("gone", ()))
    for row in models["models"]:
        spec = catalog.find(row["provider"], row["model"])
        known = (
            [reading for tier in spec.limits.values() for reading in readings_of(tier)]
            if spec
            else []
        )
        for limit in row["limits"]:
            if not _is_known(limit, known):
                what = f"{limit['kind']} a {limit['window']}"
                yield f"{row['provider']}/{row['model']}: {what} is {limit['limit']}"
        if spec is not None and spec.price is None:
            yield f"{row['provider']}/{row['model']}: no price is known"


def _is_known(limit: Mapping[str, Any], known: list[LimitReading]) -> bool:
    said = (limit["kind"], limit["window"], limit["limit"])
    return any((each.kind, each.window, each.limit) == said for each in known)


def main(environ: Mapping[str, str]) -> int:
    """All steps; 0 when each ended as it should, whatever differed."""
    if environ.get("CI"):
        raise SystemExit("live: this calls paid services and does not run in CI")
    with tempfile.TemporaryDirectory(prefix="legalgen-live-") as folder:
        steps = Steps(Path(folder), environ)
        steps.run("generate")
        begun = steps.run("batch", "--count", "10", "--max-calls", FIRST_TURN_CALLS, ends=(0, 4))
        if begun["exit_code"] == 4:
            steps.run("batch", begun["batch"]["id"], "--resume", "--max-calls", "60")
        steps.run("dataset", "verify")
        spent = steps.run("history", "--spend")
        found = list(differences(steps.run("models", "--refresh")))
    sys.stdout.write(f"spent: {json.dumps(spent)}\n")
    sys.stdout.write("".join(f"differs: {line}\n" for line in found) or "nothing differs\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
