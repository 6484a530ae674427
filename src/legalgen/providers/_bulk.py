"""The batch service of an OpenAI-shaped API: ``files`` and ``batches``, through the SDK."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import httpx
import msgspec
from msgspec.structs import replace

from legalgen.completion import DAY_S, Request
from legalgen.errors import ErrorCategory, Failure, ProviderError
from legalgen.errors.redaction import excerpt
from legalgen.providers._http import BoundedResponse, deadline
from legalgen.providers._reply import as_text, http_status, json_value, stated_usage, tokens
from legalgen.providers._sdk import SdkClient, SdkProvider, arguments
from legalgen.providers.base import BulkAnswer, BulkJob

ENDPOINT = "/v1/chat/completions"
"""What a line asks; without the prefix that the vendor's base URL has."""

MOST_PAGES = 200
"""Pages of a list that are looked through; a vendor's hold 20 to 100 entries."""

T = TypeVar("T")


class BulkClient(SdkClient, Protocol):
    """What is used of an SDK whose vendor has a batch service."""

    @property
    def files(self) -> Any:
        """``files.with_raw_response`` and ``files.with_streaming_response``."""

    @property
    def batches(self) -> Any:
        """``batches.with_raw_response``."""


class _Fault(msgspec.Struct, frozen=True):
    code: str | None = None
    message: str | None = None
    line: object = None


class _Faults(msgspec.Struct, frozen=True):
    data: list[_Fault] | None = None


class _Counts(msgspec.Struct, frozen=True):
    total: object = None
    completed: object = None
    failed: object = None


class _Batch(msgspec.Struct, frozen=True):
    id: str
    status: str
    input_file_id: str | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None
    request_counts: _Counts | None = None
    expires_at: object = None
    errors: _Faults | None = None
    metadata: object = None


class _BatchList(msgspec.Struct, frozen=True):
    data: list[_Batch] | None = None
    has_more: bool | None = None


class _File(msgspec.Struct, frozen=True):
    id: str
    filename: str | None = None
    purpose: str | None = None


class _FileList(msgspec.Struct, frozen=True):
    data: list[_File] | None = None
    has_more: bool | None = None


L = TypeVar("L", _BatchList, _FileList)


class _Timing(msgspec.Struct, frozen=True):
    total_time: object = None


class _Timed(msgspec.Struct, frozen=True):
    usage: _Timing | None = None


_TIMED = msgspec.json.Decoder(_Timed, strict=False)


class BulkSdkProvider(SdkProvider):
    """An SDK's provider with its vendor's batch service; see ``BulkProvider``."""

    def __init__(self, name: str, client: BulkClient, *arguments: Any, **options: Any) -> None:
        super().__init__(name, client, *arguments, **options)
        self._files = client.files
        self._batches = client.batches

    # ------------------------------------------------------------------ the shape of the files

    def bulk_line(self, custom_id: str, request: Request) -> bytes:
        """One line of an input file; see ``BulkProvider.bulk_line``."""
        spec = self._catalog.spec(self._vendor, request.model)
        line = {
            "custom_id": custom_id,
            "method": "POST",
            "url": ENDPOINT,
            "body": arguments(request, spec, self._dialect),
        }
        return msgspec.json.encode(line) + b"\n"

    def bulk_answer(self, line: bytes) -> BulkAnswer | None:
        """One line of a result; see ``BulkProvider.bulk_answer``."""
        read = json_value(line)
        custom_id = read.get("custom_id") if isinstance(read, dict) else None
        if not (isinstance(read, dict) and isinstance(custom_id, str)):
            return None
        response, error = read.get("response"), _stated(read.get("error"))
        body = response.get("body", response) if isinstance(response, dict) else response
        status = _status(response)
        is_error = status is not None and not httpx.codes.is_success(status)
        answer = self._answered(custom_id, b"" if body is None else as_text(body).encode())
        # An answer was paid for, whatever its frame says of it.
        if answer.completion is not None and answer.completion.text.strip():
            return answer
        says_why = isinstance(body, dict) and body.get("error")
        if response is not None and not is_error and (error is None or says_why):
            if answer.failure is None:
                return answer
            failure = answer.failure
        else:
            failure = self._line_failure(status if is_error else None, body, error)
            if answer.failure is not None and not is_error:  # what came in place of a completion
                failure = replace(failure, answer=failure.answer or answer.failure.answer)
        usage = stated_usage(body.get("usage")) if isinstance(body, dict) else None
        return BulkAnswer(custom_id, failure=replace(failure, usage=usage))

    def _answered(self, custom_id: str, body: bytes) -> BulkAnswer:
        # The same reader as for a call of its own: it wants a reply, so it is given one.
        reply = httpx.Response(200, content=body)
        try:
            completion = self._completion(reply, "", _model_seconds(body))
        except ProviderError as error:
            return BulkAnswer(custom_id, failure=error.failure)
        return BulkAnswer(custom_id, completion)

    def _line_failure(self, status: int | None, body: object, error: object) -> Failure:
        """Why a request failed: by the body that came under an error's ``status``, or by what the
        line itself says."""
        if status is not None and body:
            return self._classified(as_text(body), status=status, body=body, headers=None)
        code, message = None, error
        if isinstance(error, dict):
            code, message = error.get("code"), error.get("message")
        parts = (
            part if isinstance(part, str) else as_text(part) for part in (code, message) if part
        )
        said = ": ".join(parts) or "no reason was given"
        if code == "batch_expired":
            told = excerpt(said, 200, self._secrets)
            return Failure(ErrorCategory.TIMEOUT, told, code="batch_expired", reached=False)
        return self._classified(
            said, status=status or http_status(code), body={"error": error}, headers=None
        )

    # ------------------------------------------------------------------ calls

    def upload(self, path: Path, name: str, timeout_s: float) -> str:
        """Send an input file; see ``BulkProvider.upload``."""
        with path.open("rb") as file:
            call = {"file": (name, file), "purpose": "batch"}
            reply = self._send(self._files.with_raw_response.create, timeout_s, call)
        return self._decoded(reply, _File, "a file").id

    def uploaded(self, name: str, timeout_s: float) -> str | None:
        """Look for an input file; see ``BulkProvider.uploaded``."""
        listed = self._files.with_raw_response.list
        files = self._paged(listed, _FileList, "a list of files", timeout_s)
        return next((one.id for one in files if one.filename == name), None)

    def start(
        self, input_file_id: str, window: str, metadata: Mapping[str, str], timeout_s: float
    ) -> BulkJob:
        """Have a file run; see ``BulkProvider.start``."""
        call = {
            "completion_window": window,
            "endpoint": ENDPOINT,
            "input_file_id": input_file_id,
            "metadata": dict(metadata),
        }
        return self._job_of(self._batches.with_raw_response.create, timeout_s, call)

    def started(self, metadata: Mapping[str, str], timeout_s: float) -> BulkJob | None:
        """Look for a job; see ``BulkProvider.started``."""
        listed = self._batches.with_raw_response.list
        jobs = self._paged(listed, _BatchList, "a list of batches", timeout_s)
        return next((self._job(one) for one in jobs if one.metadata == dict(metadata)), None)

    def job(self, job_id: str, timeout_s: float) -> BulkJob:
        """Ask how a job does; see ``BulkProvider.job``."""
        call = {"batch_id": job_id}
        return self._job_of(self._batches.with_raw_response.retrieve, timeout_s, call)

    def cancel(self, job_id: str, timeout_s: float) -> BulkJob:
        """Stop a job; see ``BulkProvider.cancel``."""
        call = {"batch_id": job_id}
        return self._job_of(self._batches.with_raw_response.cancel, timeout_s, call)

    def fetch(self, file_id: str, write: Callable[[bytes], object], timeout_s: float) -> None:
        """Bring a file; see ``BulkProvider.fetch``."""
        # Written where errors are not translated: a full disk is no failure of the vendor's.
        with contextlib.closing(self._pieces(file_id, timeout_s)) as pieces:
            for piece in pieces:
                write(piece)

    def _pieces(self, file_id: str, timeout_s: float) -> Generator[bytes]:
        content = self._files.with_streaming_response.content
        with (
            self._translated(),
            deadline(timeout_s),
            content(file_id, timeout=self._http.timeouts(timeout_s)) as streamed,
        ):
            response: BoundedResponse = streamed.http_response
            yield from response.iter_file()  # past the bound on replies: it is meant to be large

    def remove(self, file_id: str, timeout_s: float) -> None:
        """Delete a file; see ``BulkProvider.remove``."""
        try:
            self._send(self._files.with_raw_response.delete, timeout_s, {"file_id": file_id})
        except ProviderError as error:
            if error.failure.status != 404:
                raise

    def _paged(
        self, method: Callable[..., Any], kind: type[L], wanted: str, timeout_s: float
    ) -> Iterator[Any]:
        """What a list holds, page by page: the next begins ``after`` the last entry of one.

        All pages together take no longer than ``timeout_s``.
        """
        until = time.monotonic() + timeout_s
        call: dict[str, object] = {}
        for _ in range(MOST_PAGES):
            left_s = max(until - time.monotonic(), 0.0)
            page = self._decoded(self._send(method, left_s, call), kind, wanted)
            rows = page.data or []
            yield from rows
            if not (page.has_more and rows):
                return
            call = {"extra_query": {"after": rows[-1].id}}

    def _job_of(
        self, method: Callable[..., Any], timeout_s: float, call: Mapping[str, object]
    ) -> BulkJob:
        return self._job(self._decoded(self._send(method, timeout_s, call), _Batch, "a batch"))

    def _decoded(self, reply: httpx.Response, kind: type[T], wanted: str) -> T:
        try:
            return msgspec.json.decode(reply.content, type=kind, strict=False)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise self._unreadable(reply, wanted) from error

    def _job(self, batch: _Batch) -> BulkJob:
        counts = batch.request_counts or _Counts()
        return BulkJob(
            id=batch.id,
            state=batch.status,
            input_file_id=batch.input_file_id,
            output_file_id=batch.output_file_id,
            error_file_id=batch.error_file_id,
            total=tokens(counts.total) or 0,
            completed=tokens(counts.completed) or 0,
            failed=tokens(counts.failed) or 0,
            expires_at=_moment(batch.expires_at),
            faults=tuple(map(self._sentence, (batch.errors or _Faults()).data or ())),
        )

    def _sentence(self, fault: _Fault) -> str:
        said = excerpt(fault.message or fault.code or "no reason was given", 300, self._secrets)
        line = tokens(fault.line)
        return said if line is None else f"line {line}: {said}"


def _stated(error: object) -> object:
    """The error of a line; None where nothing is in it, as vendors write beside a good answer."""
    said = any(error.values()) if isinstance(error, dict) else error
    return error if said else None


def _status(response: object) -> int | None:
    """The HTTP status of a line's response, also as a text."""
    value = response.get("status_code") if isinstance(response, dict) else None
    if isinstance(value, str) and value.isdecimal() and len(value) == 3:
        value = int(value)
    return http_status(value)


def _moment(value: object) -> datetime | None:
    """A time in seconds since 1970; None if it is none, or beyond the year 5138."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1e11:
        return None
    return datetime.fromtimestamp(value, UTC)


def _model_seconds(body: bytes) -> float:
    """How long the model worked on an answer, where the vendor says so."""
    try:
        timed = _TIMED.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return 0.0
    seconds = timed.usage.total_time if timed.usage else None
    return float(seconds) if isinstance(seconds, int | float) and 0 <= seconds <= DAY_S else 0.0
