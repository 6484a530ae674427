"""Provider: the one thing a provider must be able to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import msgspec

from legalgen.completion import Completion, Request
from legalgen.errors import Failure

BulkState = Literal[
    "validating", "in_progress", "finalizing", "cancelling",
    "completed", "failed", "expired", "cancelled",
]  # fmt: skip
"""What a bulk job can be; the last four are the end of it."""
BULK_ENDED: frozenset[str] = frozenset({"completed", "failed", "expired", "cancelled"})


class RemoteModel(msgspec.Struct, frozen=True):
    """A model as the vendor's own list describes it; None where the list does not say."""

    id: str
    context_window: int | None = None
    max_completion_tokens: int | None = None


@runtime_checkable
class Provider(Protocol):
    """A source of completions: one call, no retry, no sleep, no log, no environment."""

    name: str

    def complete(self, request: Request) -> Completion:
        """Ask once and return the answer.

        Never takes longer than ``request.timeout_s`` (plus scheduling), whatever the server does.

        Raises:
            legalgen.errors.ProviderError: everything that can go wrong, already categorised.
        """

    def list_models(self, timeout_s: float) -> Sequence[RemoteModel]:
        """The models that this key can see, from the vendor.

        Raises:
            legalgen.errors.ProviderError: as ``complete``.
        """

    def abandon(self) -> None:
        """End what is in flight as soon as possible; may be called from any thread, twice."""

    def close(self) -> None:
        """Free sockets and memory. The provider is not used afterwards."""


@runtime_checkable
class SizedProvider(Protocol):
    """A server that can be asked how large a context a model of it was given."""

    def size(self, model: str, timeout_s: float) -> RemoteModel | None:
        """The sizes of a model, as far as the server tells; None where nothing answers.

        Costs nothing but at most a few requests of ``timeout_s`` each.
        """


class BulkJob(msgspec.Struct, frozen=True):
    """One file of requests that the vendor runs in its own time, as the vendor describes it.

    ``completed`` and ``failed`` count its requests so far. The two files hold one answer a line
    once the job has ended, in any order; each is None where there is nothing to put in it.
    ``faults`` are sentences on why the whole job failed. Times are UTC.
    """

    id: str
    state: str
    input_file_id: str | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None
    total: int = 0
    completed: int = 0
    failed: int = 0
    expires_at: datetime | None = None
    faults: tuple[str, ...] = ()


class BulkAnswer(msgspec.Struct, frozen=True):
    """One line of a job's files: what became of one request.

    One of ``completion`` and ``failure`` is None.
    """

    custom_id: str
    completion: Completion | None = None
    failure: Failure | None = None


@runtime_checkable
class BulkProvider(Protocol):
    """A vendor's batch service: the calls it has, and the shape of its files.

    As with ``Provider``: one call, no retry, no sleep; every call raises
    ``legalgen.errors.ProviderError`` when it fails and ends within ``timeout_s`` seconds.
    """

    name: str

    def bulk_line(self, custom_id: str, request: Request) -> bytes:
        """One line of an input file, with its newline: what ``complete`` would have asked."""

    def bulk_answer(self, line: bytes) -> BulkAnswer | None:
        """One line of an output or error file; None when it cannot be read."""

    def upload(self, path: Path, name: str, timeout_s: float) -> str:
        """Send an input file under ``name``; the vendor's id of it. Costs nothing."""

    def uploaded(self, name: str, timeout_s: float) -> str | None:
        """The id of the input file called ``name``, if the vendor has one."""

    def start(
        self, input_file_id: str, window: str, metadata: Mapping[str, str], timeout_s: float
    ) -> BulkJob:
        """Have the vendor run an input file within ``window`` (``24h``): this is what costs."""

    def started(self, metadata: Mapping[str, str], timeout_s: float) -> BulkJob | None:
        """The job that was started with exactly this metadata, if there is one."""

    def job(self, job_id: str, timeout_s: float) -> BulkJob:
        """The job as it is now."""

    def fetch(self, file_id: str, write: Callable[[bytes], object], timeout_s: float) -> None:
        """Hand a file of the vendor's to ``write``, a piece at a time."""

    def remove(self, file_id: str, timeout_s: float) -> None:
        """Have the vendor delete a file; one that is gone already is no failure."""

    def cancel(self, job_id: str, timeout_s: float) -> BulkJob:
        """Ask the vendor to stop a job; what it has done by then can be fetched."""

    def abandon(self) -> None:
        """As ``Provider.abandon``."""

    def close(self) -> None:
        """As ``Provider.close``."""
