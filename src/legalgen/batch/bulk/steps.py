"""The life of a bulk batch, step by step: chunks, request lines, waiting, reading back.

    plan -> file of requests -> upload -> start -> ... -> fetch -> read -> what is missing, again

Everything here is a function of values; :mod:`legalgen.batch.bulk.executor` does what they say. A
request is known by its custom id, ``<slot>.<variation>``, a file and a job by the batch's id and
the chunk's number: whoever comes back after a crash finds what was sent, and sends nothing twice.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args

import msgspec
from msgspec.structs import replace

from legalgen.errors import ErrorCategory, Failure
from legalgen.errors.plurals import plural
from legalgen.providers.base import BULK_ENDED, BulkJob, BulkState
from legalgen.providers.catalog import BulkTerms
from legalgen.settings.reading import check_regular
from legalgen.settings.writing import swapped_in
from legalgen.store.files import disk
from legalgen.store.ledger import Bulk, BulkChunk, Record

ROUNDS = 3
"""So often a slot is asked for in bulk; what is refused so often needs the online loop, which
tells a model what was wrong."""
FETCHES = 3
"""So often a file that comes cut off is fetched again before its rest is given up as lost."""
SOON_S, LATER_S, LATEST_S = 300.0, 3600.0, 6 * 3600.0
"""When to come back: to a job that is about to end, to one that says nothing yet, and at most."""
_KNOWN = frozenset(get_args(BulkState))
_PASSING = frozenset(
    {
        ErrorCategory.RATE_LIMIT,
        ErrorCategory.OVERLOADED,
        ErrorCategory.TIMEOUT,
        ErrorCategory.CONNECTION_ERROR,
        ErrorCategory.SERVER_ERROR,
    }
)


# --- names -------------------------------------------------------------------------------------


def custom_id(slot: int, variation: int) -> str:
    """The name of a request within its file."""
    return f"{slot}.{variation}"


def parse_custom_id(text: str) -> tuple[int, int] | None:
    """Slot and variation; None for a name that is none of ours."""
    slot, dot, variation = text.partition(".")
    if not (dot and _is_number(slot) and _is_number(variation)):
        return None
    return int(slot), int(variation)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def file_name(batch_id: str, number: int) -> str:
    """What the input file of a chunk is called at the provider."""
    return f"legalgen-{batch_id}-{number:03}.jsonl"


def metadata(batch_id: str, number: int) -> dict[str, str]:
    """What the provider keeps with a chunk's job, so that it can be found again."""
    return {"legalgen_batch": batch_id, "legalgen_chunk": str(number)}


def ranges(slots: Iterable[int]) -> list[tuple[int, int]]:
    """Slots as ranges, both ends included."""
    runs = itertools.groupby(enumerate(sorted(set(slots))), key=lambda pair: pair[1] - pair[0])
    groups = ([slot for _, slot in run] for _, run in runs)
    return [(group[0], group[-1]) for group in groups]


def slots_of(chunk: BulkChunk) -> Iterator[int]:
    """The slots that a chunk asks for, ascending."""
    return itertools.chain.from_iterable(range(first, last + 1) for first, last in chunk.slots)


def slots_of_all(chunks: Iterable[BulkChunk]) -> set[int]:
    """The slots that any of these chunks asks for."""
    return set(itertools.chain.from_iterable(map(slots_of, chunks)))


# --- which chunks there are --------------------------------------------------------------------


def unsent(bulk: Bulk) -> list[BulkChunk]:
    """Chunks that were planned and perhaps not started."""
    return [chunk for chunk in bulk.chunks if chunk.batch_id is None and not chunk.collected]


def has_ended(chunk: BulkChunk) -> bool:
    """Whether the provider is done with a chunk: by its state or, where that is a word that nobody
    knows here, by all its requests being counted as done and a file being there."""
    if chunk.state in _KNOWN:
        return chunk.state in BULK_ENDED
    return chunk.completed + chunk.failed >= chunk.requests and bool(files_of(chunk))


def running(bulk: Bulk) -> list[BulkChunk]:
    """Chunks that the provider has and has not ended, as far as is known."""
    return [chunk for chunk in bulk.chunks if chunk.batch_id and not has_ended(chunk)]


def readable(bulk: Bulk) -> list[BulkChunk]:
    """Chunks that have ended and were not read to their end."""
    return [c for c in bulk.chunks if c.batch_id and has_ended(c) and not c.collected]


def outstanding(bulk: Bulk) -> list[BulkChunk]:
    """Chunks whose slots must not be asked for elsewhere: they are paid for, or may be."""
    return [chunk for chunk in bulk.chunks if not chunk.collected]


def asked(chunks: Iterable[BulkChunk]) -> Counter[int]:
    """How often each slot was asked for in bulk: the variation of its next request."""
    return Counter(itertools.chain.from_iterable(map(slots_of, chunks)))


def worn_out(bulk: Bulk) -> set[int]:
    """Slots that were run in bulk as often as they shall be."""
    times = asked(chunk for chunk in bulk.chunks if chunk.state != "failed")
    return {slot for slot, count in times.items() if count >= ROUNDS}


# --- a file of requests ------------------------------------------------------------------------


class RequestLine(msgspec.Struct, frozen=True):
    """One request as it stands in the file, and what it takes at most."""

    data: bytes
    tokens: int = 0
    usd: float = 0.0


class Room(msgspec.Struct, frozen=True):
    """What still fits: into one file (``requests``, ``bytes``), and into the batch's bounds."""

    requests: float
    bytes: float
    calls: float = math.inf
    tokens: float = math.inf
    usd: float = math.inf

    def less(self, line: RequestLine) -> Room | None:
        """The room after one more line; None when it does not fit."""
        left = replace(
            self,
            requests=self.requests - 1,
            bytes=self.bytes - len(line.data),
            calls=self.calls - 1,
            tokens=self.tokens - line.tokens,
            usd=self.usd - line.usd,
        )
        least = min(left.requests, left.bytes, left.calls, left.tokens, left.usd)
        return left if least >= 0 else None

    def lacks(self, line: RequestLine) -> Literal["calls", "tokens", "usd", "bytes"]:
        """What there is too little of for one more line, where one does not fit into a new file."""
        if self.calls < 1:
            return "calls"
        if self.tokens < line.tokens:
            return "tokens"
        return "usd" if self.usd < line.usd else "bytes"

    def for_file(self, terms: BulkTerms) -> Room:
        """The same bounds of the batch, with a new file's own."""
        return replace(self, requests=terms.max_requests, bytes=terms.max_bytes)


class Filled(msgspec.Struct, frozen=True):
    """A file of requests: which slots are in it, and the room that is left."""

    slots: tuple[int, ...]
    tokens: int
    usd: float
    room: Room


def fill(
    path: Path, slots: Sequence[int], line_of: Callable[[int], RequestLine], room: Room
) -> Filled:
    """Write requests for the first of ``slots`` into a file, as many as there is room for.

    Raises:
        DiskError: it could not be written.
    """
    written: list[int] = []
    tokens, usd = 0, 0.0
    with disk(path, "write"), swapped_in(path, durable=False) as file:
        for slot in slots:
            line = line_of(slot)
            left = room.less(line)
            if left is None:
                break
            file.write(line.data)
            written.append(slot)
            room, tokens, usd = left, tokens + line.tokens, usd + line.usd
    return Filled(tuple(written), tokens, usd, room)


# --- what the provider says --------------------------------------------------------------------


def note_job(chunk: BulkChunk, job: BulkJob) -> None:
    """Put what the provider says of a job into its chunk."""
    chunk.batch_id, chunk.state = job.id, job.state
    chunk.output_file_id, chunk.error_file_id = job.output_file_id, job.error_file_id
    chunk.completed, chunk.failed = job.completed, job.failed
    chunk.expires_at = job.expires_at or chunk.expires_at
    if job.faults:
        more = f" (and {len(job.faults) - 1} more)" if len(job.faults) > 1 else ""
        chunk.message = job.faults[0][:200] + more


def progress(bulk: Bulk) -> str:
    """How far the provider is, in one sentence."""
    chunks = outstanding(bulk)
    done = sum(chunk.completed + chunk.failed for chunk in chunks)
    asked_for = sum(chunk.requests for chunk in chunks)
    states = Counter(chunk.state for chunk in chunks)
    stated = ", ".join(
        f"{count} {state}" if len(chunks) > 1 else state for state, count in states.items()
    )
    return f"{bulk.provider} has done {done:,} of {plural(asked_for, 'request')} ({stated})"


def history(bulk: Bulk) -> list[str]:
    """What there is to tell of a bulk part afterwards: one sentence a chunk."""
    return [
        f"chunk {chunk.number} at {bulk.provider}: {chunk.state}, {_counts(chunk)}"
        for chunk in bulk.chunks
    ]


def _counts(chunk: BulkChunk) -> str:
    if not chunk.collected:
        done = chunk.completed + chunk.failed
        until = f", until {chunk.expires_at:%Y-%m-%d %H:%M} UTC" if chunk.expires_at else ""
        return f"{done:,} of {plural(chunk.requests, 'request')} done{until}"
    return (
        f"{plural(chunk.requests, 'request')}, {chunk.accepted:,} accepted, "
        f"{chunk.refused:,} refused, {chunk.broken:,} failed"
    )


def come_back_s(bulk: Bulk, now: datetime) -> float:
    """Seconds until it is worth asking again, from what each outstanding chunk has done."""
    return max((_chunk_wait_s(chunk, now) for chunk in outstanding(bulk)), default=SOON_S)


def _chunk_wait_s(chunk: BulkChunk, now: datetime) -> float:
    done = chunk.completed + chunk.failed
    if chunk.state in ("finalizing", "cancelling") or has_ended(chunk):
        return SOON_S
    if chunk.submitted is None or not done:
        return LATER_S
    taken = max(0.0, (now - chunk.submitted).total_seconds())
    return min(max(taken * (chunk.requests - done) / done, SOON_S), LATEST_S)


def is_passing(failure: Failure) -> bool:
    """Whether a call of the service that failed is worth making again later."""
    return failure.category in _PASSING


def is_of_service(failure: Failure) -> bool:
    """Whether it is the service that an account lacks, or a file or job that is not there.

    403 is a plan without the service, whose key may be sound; 404 names no model here.
    """
    return failure.status in (403, 404)


def refusal(provider: str, terms: BulkTerms, failure: Failure) -> str:
    """Why the service does nothing for this account, and the way on."""
    said = failure.message.rstrip(".")
    if failure.status == 404:
        return (
            f"{provider} does not know what it was given: {said}. Is it another account's key? "
            "To give those requests up: --cancel"
        )
    needs = f" It needs {terms.needs}." if terms.needs and failure.status != 401 else ""
    return (
        f"the batch service of {provider} refused: {said}.{needs} "
        "Go on without it: --resume --finish-online"
    )


# --- reading back ------------------------------------------------------------------------------


MOST_WORDS = 160
"""Characters of a vendor's own words that are shown of a failure."""


class ResultReading(msgspec.Struct):
    """What was found in the files of one chunk. ``codes`` counts why requests failed, ``words``
    holds the vendor's own words of it, by code.

    ``torn`` lines cannot be read, ``repeated`` ones answer a request that was answered before,
    ``strays`` belong to no request of the chunk.
    """

    accepted: int = 0
    refused: int = 0
    broken: int = 0
    torn: int = 0
    repeated: int = 0
    strays: int = 0
    codes: Counter[str] = msgspec.field(default_factory=Counter)
    words: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def answers(self) -> int:
        """Lines that say what became of a request."""
        return self.accepted + self.refused + self.broken


def is_cut(chunk: BulkChunk, reading: ResultReading) -> bool:
    """Whether an answer is missing that the files should hold, or that may stand in a torn line."""
    told = chunk.requests if reading.torn else min(chunk.completed + chunk.failed, chunk.requests)
    return reading.answers < told


def close(chunk: BulkChunk, reading: ResultReading) -> None:
    """The chunk was read to its end."""
    chunk.accepted, chunk.refused = reading.accepted, reading.refused
    chunk.broken = reading.broken
    chunk.missing = chunk.requests - reading.accepted
    chunk.collected = True


def drop(chunk: BulkChunk) -> None:
    """The chunk will not be run: its slots are with nobody."""
    chunk.state, chunk.collected, chunk.missing = "cancelled", True, chunk.requests


def files_of(chunk: BulkChunk) -> list[tuple[str, str]]:
    """The kinds and ids of the files that an ended job has left."""
    found = [("output", chunk.output_file_id), ("error", chunk.error_file_id)]
    return [(kind, id_) for kind, id_ in found if id_]


def cut_words(chunk: BulkChunk, reading: ResultReading) -> str:
    """What is said of files that are cut off."""
    torn = f", {plural(reading.torn, 'line')} cannot be read" if reading.torn else ""
    return (
        f"the files of chunk {chunk.number} are cut off: {plural(reading.answers, 'answer')} of "
        f"{chunk.completed + chunk.failed:,}{torn}; they are fetched again next time"
    )


def summary(chunk: BulkChunk, reading: ResultReading, total: int) -> str:
    """What a chunk brought, in one sentence."""
    parts = [f"{reading.accepted:,} accepted", f"{reading.refused:,} refused"]
    if reading.broken:
        worst = "; ".join(
            f"{code} {count:,}{_quoted(reading.words.get(code, ''))}"
            for code, count in reading.codes.most_common(3)
        )
        parts.append(f"{reading.broken:,} failed ({worst})")
    silent = chunk.requests - reading.answers
    if silent > 0:
        parts.append(f"{silent:,} without an answer")
    if reading.torn:
        parts.append(f"{plural(reading.torn, 'line')} cannot be read")
    if reading.repeated:
        parts.append(f"{plural(reading.repeated, 'second answer')} passed over")
    if reading.strays:
        parts.append(f"{plural(reading.strays, 'line')} of no request of ours passed over")
    why = f" [{chunk.message}]" if chunk.message else ""
    return f"chunk {chunk.number} of {total} {chunk.state}{why}: {', '.join(parts)}"


def _quoted(words: str) -> str:
    short = " ".join(words.split())[:MOST_WORDS]
    return f': "{short}"' if short else ""


def fetched(path: Path, bring: Callable[[Callable[[bytes], object]], object]) -> Path:
    """A file of the provider's at ``path``: whole, or not at all.

    ``bring`` hands its bytes to the function it is given.

    Raises:
        DiskError: it could not be written.
    """
    with disk(path, "write"), swapped_in(path) as file:
        bring(file.write)
    return path


def clear(folder: Path, paths: Iterable[Path]) -> None:
    """Remove files that are done with.

    Raises:
        DiskError: one is there still.
    """
    with disk(folder, "clear"):
        for path in paths:
            path.unlink(missing_ok=True)


def lines(paths: Iterable[Path]) -> Iterator[bytes]:
    """The lines of files, one after another, without the blank ones."""
    for path in paths:
        with disk(path, "read"):
            check_regular(path)
        with disk(path, "read"), path.open("rb") as file:
            yield from (line for line in file if line.strip())


def committed(record: Record) -> tuple[int, int, float]:
    """Calls, tokens and US dollars that a batch has spent, or may still be charged.

    Calls are those since the batch was handed over: earlier ones had a bound of their own.
    """
    stats, bulk = record.models.values(), record.bulk
    chunks = outstanding(bulk) if bulk else []
    calls = sum(each.calls for each in stats) - (bulk.calls_before if bulk else 0)
    return (
        calls + sum(chunk.requests for chunk in chunks),
        sum(each.input_tokens + each.output_tokens for each in stats)
        + sum(chunk.most_tokens for chunk in chunks),
        sum(each.cost_usd or 0.0 for each in stats) + sum(chunk.most_usd for chunk in chunks),
    )
