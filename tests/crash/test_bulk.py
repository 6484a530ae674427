"""Bulk batches under crashes: whatever is killed when, nothing is paid for or written twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from legalgen.batch.bulk.opening import open_bulk_run
from legalgen.batch.generation import Stop
from legalgen.batch.intent import BulkOrder, Intent, Result
from legalgen.providers import PROVIDERS
from legalgen.providers.base import BulkProvider
from legalgen.providers.catalog import Catalog
from legalgen.providers.loading import open_provider
from legalgen.settings.layers import Settings
from legalgen.store import journal, parts
from legalgen.store.files import DataDir
from legalgen.store.ledger import Ledger, Record
from legalgen.store.outlays import cost_of
from tests.crash.killer import Killer, intercept
from tests.crash.test_journal import in_child

REF = "groq/openai/gpt-oss-120b"
COUNT = 5
EVERY = int(os.environ.get("CRASH_EVERY", "31"))
"""Every so many file operations one is the last; 1 tries them all."""
SERVER = """
import sys, time
from pathlib import Path
from tests.vendors import Config, VendorServer
from tests.vendors.answers import source
good = source("good")
answers = lambda asked: "no JSON at all" if asked.number == 2 else good(asked)
with VendorServer(Config(answers=answers, batch_failing=frozenset({"1.0"}))) as server:
    print(server.url, server.base_url("groq"), server.key("groq"), flush=True)
    sys.stdin.read()
"""
"""One request fails at the provider, one answer is refused: both are asked a second time."""


@dataclass(frozen=True)
class Vendor:
    """The double, in a process of its own: the one that is killed shares nothing with it."""

    url: str
    base_url: str
    key: str

    def ask(self, method: str, path: str) -> bytes:
        request = urllib.request.Request(f"{self.url}/_control/{path}", method=method)
        with urllib.request.urlopen(request, timeout=10) as reply:
            return cast(bytes, reply.read())

    def paid(self) -> list[dict[str, Any]]:
        """The requests that ran in jobs."""
        calls = [json.loads(line) for line in self.ask("GET", "log").splitlines()]
        return [call for call in calls if call["endpoint"] == "batch_line"]


@pytest.fixture(scope="module")
def vendor() -> Iterator[Vendor]:
    path = os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, sys.path)])
    with subprocess.Popen(
        [sys.executable, "-c", SERVER],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        yield Vendor(*server.stdout.readline().split())
        server.stdin.close()


Watch = tuple[Callable[..., Any], tuple[str, ...]]
"""A handler, and the names of the calls that go through it."""


class Watched:
    """A batch service whose calls go through a handler, as the calls of ``os`` do."""

    def __init__(self, service: BulkProvider, watch: Watch) -> None:
        # Attributes of its own: from 3.12 on ``isinstance`` of a protocol asks no ``__getattr__``.
        handler, names = watch
        self.name = service.name
        for name in vars(BulkProvider):
            if not name.startswith("_"):
                real = getattr(service, name)
                setattr(self, name, partial(handler, name, real) if name in names else real)


def run(vendor: Vendor, root: Path, resume: Record | None, watch: Watch | None = None) -> Result:
    """One run of a small bulk batch; ``watch`` sees its calls of the provider."""
    environ = {
        "GROQ_BASE_URL": vendor.base_url,
        "GROQ_API_KEY": vendor.key,
        **{f"LEGALGEN_{name}_DIR": str(root / name) for name in ("DATA", "STATE", "LOG")},
    }
    flags = {"provider": "groq", "gate": "structure", "seed": "7"}
    service = open_provider("groq", api_key=vendor.key, base_url=vendor.base_url)
    assert isinstance(service, BulkProvider)
    watched = Watched(service, watch) if watch else service
    terms = Catalog.load().bulk("groq")
    assert terms is not None
    bulk_run = open_bulk_run(
        Settings.load(flags, environ, None, known_providers=tuple(PROVIDERS)),
        Intent(count=COUNT, resume=resume),
        BulkOrder(),
        listener=lambda _: None,
        stop=Stop(),
        terms=msgspec.structs.replace(terms, max_requests=3),
        service=cast(BulkProvider, watched),
    )
    try:
        return bulk_run.go()
    finally:
        bulk_run.close()


def left_record(root: Path) -> Record | None:
    """The record that a killed run left behind, if it came so far."""
    data_dir = DataDir(root / "DATA")
    found = Ledger(data_dir).all() if data_dir.batches.is_dir() else []
    assert all(isinstance(one, Record) for one in found)
    return cast("Record | None", found[0] if found else None)


def assert_whole(vendor: Vendor, root: Path) -> None:
    """Resumed until it is done: each slot once, each request paid once, each token counted once."""
    result = run(vendor, root, left_record(root))
    record, paid = left_record(root), vendor.paid()
    assert record is not None
    data_dir = DataDir(root / "DATA")
    slots = [s for b in parts.iter_batches(data_dir, ["slot"]) for s in b["slot"].to_pylist()]
    stats = record.models[REF]
    assert (result.exit_code, record.status, sorted(slots)) == (
        0, "completed", list(range(COUNT)),
    )  # fmt: skip
    assert len(paid) == COUNT + 1
    assert (stats.calls, stats.samples) == (COUNT + 2, COUNT)
    assert stats.input_tokens == sum(call["prompt_tokens"] for call in paid)
    assert stats.output_tokens == sum(call["completion_tokens"] for call in paid)
    assert sum(record.days.values()) == pytest.approx(cost_of(record))
    assert record.rejected == {"BAD_JSON": 1}
    kept_aside = [(one.slot, one.attempt) for one in journal.read_rejected(data_dir, record.id)]
    assert len(kept_aside) == len(set(kept_aside)) == 1
    assert list((data_dir.state / "bulk").iterdir()) == []


def killed(vendor: Vendor, root: Path, killer: Killer, names: tuple[str, ...] = ()) -> None:
    """A first run that dies at one of these calls of the provider; or else at a file operation."""
    vendor.ask("POST", "reset")

    def work() -> None:
        if names:
            run(vendor, root, None, (killer, names))
        else:
            with intercept(killer):
                run(vendor, root, None)

    assert in_child(work)[0] == signal.SIGKILL


def counted(vendor: Vendor, root: Path, names: tuple[str, ...] = ()) -> tuple[int, int]:
    """How many operations on files and such calls of the provider a whole run makes."""
    vendor.ask("POST", "reset")
    files, calls = Killer(0, "before"), Killer(0, "before")
    with intercept(files):
        result = run(vendor, root, None, (calls, names))
    assert result.exit_code == 0
    return files.count, calls.count


@pytest.mark.parametrize(
    ("how", "names"), [("before", ("start", "fetch")), ("after", ("upload", "start", "fetch"))]
)
def test_killed_around_calls_of_the_provider(
    tmp_path: Path, vendor: Vendor, how: str, names: tuple[str, ...]
) -> None:
    """Between upload, start and their notes, and around each download."""
    _, calls = counted(vendor, tmp_path / "whole", names)
    assert calls >= 7
    for at in range(1, calls + 1):
        root = tmp_path / str(at)
        killed(vendor, root, Killer(at, how), names)
        assert_whole(vendor, root)


def test_killed_in_the_middle_of_file_operations(tmp_path: Path, vendor: Vendor) -> None:
    """Torn journals, records, downloads: the next run goes on from what is whole."""
    files, _ = counted(vendor, tmp_path / "whole")
    for at in range(1, files + 1, EVERY):
        root = tmp_path / str(at)
        killed(vendor, root, Killer(at, "half"))
        assert_whole(vendor, root)


def test_a_resume_that_is_killed_is_resumed(tmp_path: Path, vendor: Vendor) -> None:
    """Killed while it reads, and killed again while it reads that anew."""
    root = tmp_path / "twice"
    killed(vendor, root, Killer(1, "after"), ("fetch",))
    record = left_record(root)

    def work() -> None:
        with intercept(Killer(30, "half")):
            run(vendor, root, record)

    assert in_child(work)[0] == signal.SIGKILL
    assert_whole(vendor, root)
