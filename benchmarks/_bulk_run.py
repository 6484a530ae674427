"""One bulk batch to its end: ``python _bulk_run.py COUNT``; prints seconds by phase as JSON.

Seconds are CPU time of this process: what the provider's double takes is not in them. Files of
2,000 requests, so that there are several.
"""

import contextlib
import functools
import json
import os
import sys
import time
from collections.abc import Iterator

import msgspec

from legalgen.batch.bulk.opening import open_bulk_run
from legalgen.batch.generation import Stop
from legalgen.batch.intent import BulkOrder, Intent
from legalgen.providers import PROVIDERS
from legalgen.providers.catalog import Catalog
from legalgen.quality.rules import Verdict
from legalgen.quality.selection import Selection
from legalgen.settings.layers import Settings
from legalgen.telemetry import events


def main() -> None:
    count = int(sys.argv[1])
    seconds: dict[str, float] = {"opened": time.process_time()}

    def hear(event: events.Event) -> None:
        if isinstance(event, events.Notice) and "are with groq" in event.text:
            seconds["sent"] = time.process_time()

    terms = Catalog.load().bulk("groq")
    assert terms is not None
    settings = Settings.load({"provider": "groq"}, os.environ, None, known_providers=[*PROVIDERS])
    run = open_bulk_run(
        settings,
        Intent(count=count),
        BulkOrder(follow=True, poll_s=0.1),
        listener=functools.partial(first_round, seconds, hear),
        stop=Stop(),
        terms=msgspec.structs.replace(terms, max_requests=2000),
    )
    with searching(seconds):
        result = run.go()
    run.close()
    assert result.record is not None
    seconds["done"] = time.process_time()
    found = {"accepted": result.record.accepted, "status": result.status, **seconds}
    sys.stdout.write(json.dumps(found))


@contextlib.contextmanager
def searching(seconds: dict[str, float]) -> Iterator[None]:
    """Adds up what the search for duplicates takes, which depends on how alike answers are."""
    review = Selection.review
    seconds["searching"] = 0.0

    def timed(self: Selection, verdict: Verdict) -> Verdict:
        began = time.process_time()
        reviewed = review(self, verdict)
        seconds["searching"] += time.process_time() - began
        return reviewed

    Selection.review = timed  # type: ignore[method-assign]
    yield
    Selection.review = review  # type: ignore[method-assign]


def first_round(seconds: dict[str, float], hear: events.Listener, event: events.Event) -> None:
    """Later rounds are part of the reading: only the first one is the sending."""
    if isinstance(event, events.SampleAccepted):
        seconds.setdefault("reading", time.process_time())
    if "reading" not in seconds:
        hear(event)


if __name__ == "__main__":
    main()
