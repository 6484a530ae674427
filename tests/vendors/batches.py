"""Groq's files and batches: upload JSON lines, poll a batch, fetch what it made.

A batch takes ``Config.batch_s`` seconds of the clock and passes through the vendor's states.
Its lines run when it leaves ``in_progress``, outside the models' quotas, as the vendor has it;
each is recorded with the endpoint ``batch_line``. The output's line shape is OpenAI's: no report
shows Groq's own.
"""

from __future__ import annotations

import email.policy
import itertools
import json
import threading
from dataclasses import dataclass, field
from email.parser import BytesParser
from urllib.parse import parse_qs

from legalgen.telemetry.clock import Clock

from . import chat
from .chat import Refused
from .config import BatchOutcome, Config
from .dialects import error, json_reply
from .engine import Engine, Note
from .wire import HttpRequest, Reply

_ENDED = ("failed", "completed", "expired", "cancelled")


@dataclass(slots=True)
class File:
    """An uploaded or produced file."""

    id: str
    name: str
    purpose: str
    data: bytes
    created_at: int

    def value(self) -> dict[str, object]:
        """The vendor's file object."""
        return {
            "id": self.id,
            "object": "file",
            "bytes": len(self.data),
            "created_at": self.created_at,
            "filename": self.name,
            "purpose": self.purpose,
        }


@dataclass(slots=True)
class Batch:
    """One batch; ``times`` holds the Unix time of each state that has one."""

    id: str
    input_file_id: str
    completion_window: str
    endpoint: str
    metadata: object
    started_s: float
    lines: list[dict[str, object]]
    status: str = "validating"
    times: dict[str, int] = field(default_factory=dict)
    errors: list[dict[str, object]] = field(default_factory=list)
    output_file_id: str | None = None
    error_file_id: str | None = None
    completed: int = 0
    failed: int = 0

    def value(self) -> dict[str, object]:
        """The vendor's batch object."""
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": self.endpoint,
            "input_file_id": self.input_file_id,
            "completion_window": self.completion_window,
            "status": self.status,
            "output_file_id": self.output_file_id,
            "error_file_id": self.error_file_id,
            "errors": {"object": "list", "data": self.errors} if self.errors else None,
            "request_counts": {
                "total": len(self.lines),
                "completed": self.completed,
                "failed": self.failed,
            },
            "metadata": self.metadata,
            **self.times,
        }


PAGE = 20
"""Entries of a list in one reply."""


def _page(rows: list[dict[str, object]], request: HttpRequest) -> Reply:
    """The newest first, as the vendor has them; ``after`` names the last of the page before."""
    rows = rows[::-1]
    after = parse_qs(request.query).get("after", [None])[0]
    begin = next((at + 1 for at, row in enumerate(rows) if row["id"] == after), 0)
    page = rows[begin : begin + PAGE]
    more = begin + PAGE < len(rows)
    return json_reply(200, {"object": "list", "data": page, "has_more": more})


class Batches:
    """The files and batches of one server. Thread-safe."""

    def __init__(self, config: Config, note: Note, clock: Clock) -> None:
        self._clock = clock
        self._config = config
        self._note = note
        self._lock = threading.RLock()
        self._ids = itertools.count(1)
        self.reset()

    def reset(self) -> None:
        """Forget all files and batches."""
        with self._lock:
            self._files: dict[str, File] = {}
            self._batches: dict[str, Batch] = {}

    def handle(self, engine: Engine, request: HttpRequest, endpoint: str, rest: str) -> Reply:
        """Answer one request to ``/files`` or ``/batches``; ``rest`` is the path below it.

        Raises:
            Refused: there is no such file, batch or method.
        """
        with self._lock:
            if endpoint == "files":
                return self._handle_files(request, rest)
            return self._handle_batches(engine, request, rest)

    def _handle_files(self, request: HttpRequest, rest: str) -> Reply:
        file_id, _, tail = rest.partition("/")
        if not file_id:
            if request.method == "POST":
                return json_reply(200, self._upload(request).value())
            files = [file.value() for file in self._files.values()]
            return _page(files, request)
        file = self._files.get(file_id)
        if file is None:
            raise Refused(_not_found("file", file_id))
        if tail == "content":
            return Reply(200, file.data, content_type="application/octet-stream")
        if request.method == "DELETE":
            del self._files[file_id]
            return json_reply(200, {"id": file_id, "object": "file", "deleted": True})
        return json_reply(200, file.value())

    def _upload(self, request: HttpRequest) -> File:
        head = f"content-type: {request.headers.get('content-type', '')}\r\n\r\n".encode()
        form = BytesParser(policy=email.policy.HTTP).parsebytes(head + request.body)
        fields = {
            part.get_param("name", header="content-disposition"): part for part in form.iter_parts()
        }
        if "file" not in fields or "purpose" not in fields:
            raise Refused(error("groq", 400, "`file` and `purpose` are required"))
        data = fields["file"].get_payload(decode=True)
        purpose = fields["purpose"].get_payload(decode=True)
        if not (isinstance(data, bytes) and isinstance(purpose, bytes)):
            raise Refused(error("groq", 400, "`file` and `purpose` must be plain parts"))
        name = fields["file"].get_filename() or "upload.jsonl"
        return self._keep(name, purpose.decode().strip(), data)

    def _keep(self, name: str, purpose: str, data: bytes) -> File:
        file = File(f"file_{next(self._ids):08d}", name, purpose, data, self._wall())
        self._files[file.id] = file
        return file

    def _handle_batches(self, engine: Engine, request: HttpRequest, rest: str) -> Reply:
        batch_id, _, tail = rest.partition("/")
        if not batch_id:
            if request.method == "POST":
                return json_reply(200, self._create(request).value())
            rows = [self._advance(engine, batch).value() for batch in self._batches.values()]
            return _page(rows, request)
        batch = self._batches.get(batch_id)
        if batch is None:
            raise Refused(_not_found("batch", batch_id))
        self._advance(engine, batch)
        if tail == "cancel":
            self._cancel(batch)
        return json_reply(200, batch.value())

    def _create(self, request: HttpRequest) -> Batch:
        asked = json.loads(request.body)
        file = self._files.get(str(asked.get("input_file_id")))
        if file is None:
            raise Refused(_not_found("file", str(asked.get("input_file_id"))))
        lines, errors = _read_lines(file.data)
        now = self._wall()
        batch = Batch(
            f"batch_{next(self._ids):08d}", file.id, str(asked.get("completion_window")),
            str(asked.get("endpoint")), asked.get("metadata"), self._clock.monotonic(), lines,
            times={"created_at": now, "expires_at": now + 86_400}, errors=errors,
        )  # fmt: skip
        self._batches[batch.id] = batch
        return batch

    def _advance(self, engine: Engine, batch: Batch) -> Batch:
        """Bring a batch to the state that its age asks for."""
        if batch.status == "cancelling":
            return self._enter(batch, "cancelled")
        part = (self._clock.monotonic() - batch.started_s) / max(self._config.batch_s, 1e-9)
        if batch.status in _ENDED or part < 0.1:
            return batch
        if batch.errors or self._config.batch_outcome == "failed":
            batch.errors = batch.errors or [
                _fault("batch_failed", self._config.batch_message, None)
            ]
            return self._enter(batch, "failed")
        if part < 1.0:
            return self._enter(batch, "in_progress" if part < 0.8 else "finalizing")
        return self._finish(engine, batch, self._config.batch_outcome)

    def _finish(self, engine: Engine, batch: Batch, outcome: BatchOutcome) -> Batch:
        count = len(batch.lines)
        done = count // 2 if outcome == "expired" else count
        results = [self._line(engine, line) for line in batch.lines[:done]]
        results += [
            _result(line, None, "batch_expired", "This request could not be executed in time.")
            for line in batch.lines[done:]
        ]
        good = [result for result in results if result["error"] is None]
        bad = [result for result in results if result["error"] is not None]
        batch.completed, batch.failed = len(good), len(bad)
        good.reverse()  # the order of the input is promised nowhere
        if good:
            batch.output_file_id = self._keep_lines("output", good)
        if bad:
            batch.error_file_id = self._keep_lines("errors", bad)
        return self._enter(batch, "expired" if outcome == "expired" else "completed")

    def _keep_lines(self, name: str, results: list[dict[str, object]]) -> str:
        text = "".join(json.dumps(result, ensure_ascii=False) + "\n" for result in results)
        return self._keep(f"batch_{name}.jsonl", "batch_output", text.encode()).id

    def _line(self, engine: Engine, line: dict[str, object]) -> dict[str, object]:
        if line["custom_id"] in self._config.batch_failing:
            return _result(line, None, "server_error", "The model failed on this request.")
        try:
            body, model = chat.read(engine.vendor, json.dumps(line["body"]).encode())
            answered = engine.complete(chat.check(engine.vendor, body), self._note)
        except Refused as refused:
            return _result(line, refused.reply, "request_failed", "See the response.")
        if answered.reply.status != 200:
            return _result(line, answered.reply, "request_failed", f"{model} failed.")
        return _result(line, answered.reply)

    def _cancel(self, batch: Batch) -> None:
        if batch.status not in ("validating", "in_progress", "finalizing"):
            message = f"Cannot cancel a batch with status '{batch.status}'."
            raise Refused(error("groq", 400, message))
        self._enter(batch, "cancelling")

    def _enter(self, batch: Batch, status: str) -> Batch:
        if batch.status != status:
            batch.status = status
            batch.times[f"{status}_at"] = self._wall()
        return batch

    def _wall(self) -> int:
        return int(self._clock.wall())


def _fault(code: str, message: str, line: int | None) -> dict[str, object]:
    return {"code": code, "message": message, "line": line, "param": None}


def _read_lines(data: bytes) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """The requests of an input file, and what is wrong with it."""
    lines: list[dict[str, object]] = []
    errors: list[dict[str, object]] = []
    taken: set[str] = set()
    for number, text in enumerate(data.splitlines(), 1):
        try:
            value = json.loads(text)
        except ValueError:
            errors.append(_fault("invalid_json_line", "This line is not parseable.", number))
            continue
        if problem := _problem(value, taken):
            errors.append(_fault("invalid_request", problem, number))
        else:
            lines.append(value)
    if not data.strip():
        errors.append(_fault("empty_file", "The input file is empty.", None))
    return lines, errors


def _problem(value: object, taken: set[str]) -> str | None:
    if not isinstance(value, dict) or not isinstance(value.get("custom_id"), str):
        return "Missing required parameter: 'custom_id'."
    if value.get("url") != "/v1/chat/completions" or value.get("method") != "POST":
        return "The url or the method is not supported."
    if not isinstance(value.get("body"), dict):
        return "Missing required parameter: 'body'."
    if value["custom_id"] in taken:
        return "The custom_id is not unique."
    taken.add(value["custom_id"])
    return None


def _result(
    line: dict[str, object], reply: Reply | None, code: str | None = None, message: str = ""
) -> dict[str, object]:
    response = None
    if reply is not None:
        body = json.loads(reply.body)
        response = {"status_code": reply.status, "request_id": "req_batch", "body": body}
    return {
        "id": f"batch_req_{line['custom_id']}",
        "custom_id": line["custom_id"],
        "response": response,
        "error": {"code": code, "message": message} if code else None,
    }


def _not_found(kind: str, id_: str) -> Reply:
    return error("groq", 404, f"The {kind} `{id_}` does not exist.", code="not_found")
