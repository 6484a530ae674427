"""The program against the real vendors, with the user's own keys, for at most five cents.

``make live`` runs it; CI never does. In a folder of its own it generates one sample, writes a batch
of ten in two turns (the first is ended by a bound on calls), verifies, and prints in what the
vendors differ from the catalog (models, sizes, limits, and prices where their lists state them) and
from what this program reads of a reply's headers.
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

import httpx
import msgspec

from legalgen.completion import LimitReading
from legalgen.errors.retry_after import readings
from legalgen.providers import PROVIDERS
from legalgen.providers.catalog import Catalog, ModelSpec
from legalgen.routing.from_settings import readings_of
from legalgen.settings.layers import Settings, find_config

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


# --- what no command of the program shows --------------------------------------------------------


class Api(msgspec.Struct, frozen=True):
    """Where a vendor's API is, how its whole list of models is asked for, what its replies show.

    ``headers`` are the rate limits that its pages, or replies that were seen, name.
    """

    path: str
    listing: str
    headers: frozenset[str]


def _triples(*names: str) -> frozenset[str]:
    parts = ("limit", "remaining", "reset")
    return frozenset(f"x-ratelimit-{part}-{name}" for part in parts for name in names)


APIS = {
    "groq": Api("/openai/v1", "models", _triples("requests", "tokens")),
    "cerebras": Api(
        "/v1",
        "models?format=openrouter",
        _triples("requests-minute", "tokens-minute"),
    ),
}
PRICES = {"input": ("prompt", "input"), "output": ("completion", "output")}
"""By the catalog's word, what a list may call a price."""


def stated(settings: Settings) -> Iterator[str]:
    """In what lists and headers differ from the catalog and from what is read."""
    for name, api in APIS.items():
        key, address = settings.key(name), settings.base_url_of(name)
        if key is None:
            continue
        root = (address[0] if address else str(PROVIDERS[name].default_base_url)) + api.path
        bearer = {"authorization": f"Bearer {key[0].reveal()}"}
        with httpx.Client(base_url=root, headers=bearer, timeout=60.0) as client:
            try:
                yield from (f"{name}: {line}" for line in _of_list(client, name, api))
                yield from (f"{name}: {line}" for line in _of_headers(client, name, api))
            except httpx.HTTPError as error:
                yield f"{name}: {error}"


def _of_list(client: httpx.Client, name: str, api: Api) -> Iterator[str]:
    """Sizes and prices."""
    rows = client.get(api.listing).raise_for_status().json()["data"]
    catalog, priced = Catalog.load(), 0
    for row in rows:
        spec = catalog.find(name, row["id"])
        if spec is not None:
            yield from (f"{row['id']}: {line}" for line in _of_row(row, spec))
            priced += bool(row.get("pricing"))
    if not priced:
        yield "its list states no prices: compare them with its page"


def _of_row(row: Mapping[str, Any], spec: ModelSpec) -> Iterator[str]:
    sizes = {
        "context": (row.get("context_window", row.get("context_length")), spec.context_window),
        "longest answer": (
            row.get("max_completion_tokens", row.get("max_output_length")),
            spec.max_completion_tokens,
        ),
    }
    for what, (size, cataloged) in sizes.items():
        if size is not None and size != cataloged:
            yield f"{what} is {size} tokens, {cataloged} in the catalog"
    for word, called in PRICES.items():
        table = row.get("pricing") or {}
        said = next((_per_million(table[each]) for each in called if each in table), None)
        known = getattr(spec.price, word, None)
        if said is not None and (known is None or abs(said - known) > known * 1e-6):
            yield f"{word} costs ${said:g} a million tokens, ${known} in the catalog"


def _per_million(price: object) -> float:
    """US dollars; lists state a token's, or a million's: no model costs a thousand dollars."""
    number = float(str(price))
    return number * 1e6 if number < 1e-3 else number


def _of_headers(client: httpx.Client, name: str, api: Api) -> Iterator[str]:
    """The rate limits of one tiny reply: what is not sent any more, and what nobody reads."""
    model = next(spec for spec in Catalog.load().models(name) if spec.writer).id
    asked = {
        "model": model,
        "messages": [{"role": "user", "content": "Reply with the one word: ready"}],
        "max_completion_tokens": 64,
    }
    reply = client.post("chat/completions", json=asked).raise_for_status()
    shown = {each: value for each, value in reply.headers.items() if "ratelimit" in each}
    for each in sorted(api.headers - shown.keys()):
        yield f"no header {each}"
    read = readings(shown, provider=name)
    for each in sorted(shown):
        rest = {other: value for other, value in shown.items() if other != each}
        if readings(rest, provider=name) == read:
            yield f"the header {each}: {shown[each]} is not read"


# --- all of it -----------------------------------------------------------------------------------


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
    settings = Settings.load({}, environ, find_config(environ))
    found += stated(settings)
    sys.stdout.write(f"spent: {json.dumps(spent)}\n")
    sys.stdout.write("".join(f"differs: {line}\n" for line in found) or "nothing differs\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
