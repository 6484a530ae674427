"""The server: which vendor a path belongs to, faults, keys, the record, and the controls."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, unquote

from legalgen.telemetry.clock import Clock

from . import chat, dialects
from .answers import SPOILT, source
from .batches import Batches
from .chat import Refused
from .config import Config, Vendor
from .engine import Answered, Engine, Sleep
from .faults import BEFORE, Fault, Schedule, Victim, delivery, reply_to
from .gates import LONGEST_S, Gate, Gates, Incoming, Tasks, Whom
from .quotas import Reading
from .record import Call, Record, summary
from .wire import HttpRequest, HttpServer, Reply

_PREFIX = {"groq": "/openai/v1", "cerebras": "/v1", "openai": "/v1"}
_KEY_VARIABLE = {"groq": "GROQ", "cerebras": "CEREBRAS", "openai": "OPENAI"}


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request on its way: where it goes, when it came, with which body."""

    engine: Engine
    endpoint: str
    request: HttpRequest
    at_s: float
    rest: str = ""

    @property
    def key(self) -> str:
        """The bearer token, empty when there is none."""
        return self.request.headers.get("authorization", "").removeprefix("Bearer ").strip()


class VendorServer:
    """All vendors of ``config`` on one loopback port; a context manager.

    ``base_url(name)`` and ``key(name)`` are what a client is given; ``fail`` sets a fault;
    ``hold`` keeps calls where they arrive; ``calls`` is what happened, ``wait_for`` waits for it.
    ``clock`` is the time of its quotas, latencies, batches and hints (default: the machine's).
    """

    def __init__(self, config: Config | None = None, clock: Clock | None = None) -> None:
        self.config = config or Config()
        self.clock = clock or Clock()
        self._record = Record(self.config.log)
        self._schedule = Schedule()
        self._gates = Gates()
        self._tasks = Tasks()
        answers = source(self.config.answers)
        self._engines = {
            vendor.name: Engine(vendor, self.config, answers, self.clock)
            for vendor in self.config.vendors
        }
        self._batches = Batches(self.config, self, self.clock)
        self._routes = self._table()
        self.reset()
        self._http = HttpServer(self._handle, self.config.port, self.clock)
        self.url = f"http://127.0.0.1:{self._http.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop at once, whatever the connections are doing; no call that is held is answered."""
        self._http.shut()
        self._gates.open()
        self._http.close()
        self._record.close()

    # -- for clients --------------------------------------------------------------------------

    def base_url(self, vendor: str) -> str:
        """What the vendor's SDK takes as its base URL."""
        tail = "/v1" if self._engines[vendor].vendor.dialect == "openai" else ""
        return f"{self.url}/{vendor}{tail}"

    def key(self, vendor: str) -> str:
        """A key that is accepted."""
        known = self._engines[vendor].vendor
        return known.keys[0] if known.keys else f"{known.key_prefix or 'sk-test'}_legalgen"

    def environment(self) -> dict[str, str]:
        """The variables that point both SDKs, and an OpenAI client, at this server."""
        variables = {}
        for name, engine in self._engines.items():
            stem = _KEY_VARIABLE[engine.vendor.dialect]
            variables[f"{stem}_BASE_URL"] = self.base_url(name)
            variables[f"{stem}_API_KEY"] = self.key(name)
        return variables

    # -- for tests ----------------------------------------------------------------------------

    def fail(
        self,
        vendor: str | None,
        fault: str,
        *,
        model: str | None = None,
        count: int | None = None,
        after: int = 0,
        **fields: object,
    ) -> Fault:
        """Set a fault by name; ``fields`` are those of ``Fault``.

        Raises:
            ValueError: no fault has that name.
        """
        made = Fault(fault, vendor, model, count=count, after=after, **fields)  # type: ignore[arg-type]
        self.add(made)
        return made

    def add(self, fault: Fault) -> None:
        """Set a fault."""
        self._schedule.add(fault)

    def heal(self) -> None:
        """Remove all faults."""
        self._schedule.clear()

    def hold(
        self,
        model: str | None = None,
        *,
        vendor: str | None = None,
        endpoint: str = "chat",
        prompt: str | None = None,
        task: int | None = None,
    ) -> Gate:
        """Close a gate before such calls (None: any): see ``gates``. Faults strike behind it."""
        return self._gates.add(Whom(vendor, model, endpoint, prompt, task))

    def wait_for(
        self,
        count: int,
        vendor: str | None = None,
        model: str | None = None,
        endpoint: str | None = "chat",
    ) -> None:
        """Until ``count`` such calls are in the record; one that hangs on the wire is in it.

        Raises:
            AssertionError: they did not come (after a minute: something hangs).
        """
        came = self._record.wait_for(count, lambda call: _is_such(call, vendor, model, endpoint))
        assert came, f"{len(self.calls(vendor, model, endpoint))} of {count} calls came"

    def wait_for_no_connection(self) -> None:
        """Until every connection has ended, and what came over it is in the record.

        Raises:
            AssertionError: one stayed (after a minute: something hangs).
        """
        assert self._http.wait_for_no_connection(LONGEST_S), "a connection stays open"

    def calls(
        self, vendor: str | None = None, model: str | None = None, endpoint: str | None = "chat"
    ) -> list[Call]:
        """The recorded calls in the order of their answers; None: of all."""
        return [call for call in self._record.calls() if _is_such(call, vendor, model, endpoint)]

    def answered(self) -> list[Call]:
        """The chat calls that brought an answer: now and then one is refused, as Groq does."""
        return [call for call in self.calls() if call.status == 200]

    def readings(self, vendor: str, model: str) -> tuple[Reading, ...]:
        """The state of a model's limits; resets are on the quota clock."""
        return self._engines[vendor].quotas[model].readings()

    def elapsed_s(self) -> float:
        """Seconds of its clock since the start, or the last reset."""
        return self.clock.monotonic() - self._started

    def stats(self) -> dict[str, object]:
        """Counts by vendor and model, and what the server is set to."""
        calls = self.calls(endpoint=None)
        pairs = sorted({(call.vendor, call.model or "") for call in calls})
        return {
            "elapsed_s": self.elapsed_s(),
            "time_scale": self.config.time_scale,
            "hints": self.config.hints,
            "connections": self._http.connections,
            "tcp_warming": sum(call.endpoint == "tcp_warming" for call in calls),
            "total": summary(calls),
            "models": {
                f"{vendor}/{model}": summary(
                    call for call in calls if (call.vendor, call.model or "") == (vendor, model)
                )
                for vendor, model in pairs
            },
        }

    def reset(self) -> None:
        """Forget calls and faults, open gates, refill quotas, start all clocks and numbers anew."""
        self._started = self.clock.monotonic()
        self._numbers = itertools.count()
        self._call_numbers = itertools.count()
        self._record.clear()
        self._schedule.clear()
        self._gates.open()
        self._tasks.clear()
        for fault in self.config.faults:
            self.add(fault)
        for engine in self._engines.values():
            engine.reset()
        self._batches.reset()

    # -- the way of a request -----------------------------------------------------------------

    def _table(self) -> dict[str, tuple[Engine, str]]:
        """Every path that has no id in it."""
        table: dict[str, tuple[Engine, str]] = {}
        for engine in self._engines.values():
            vendor = engine.vendor
            roots = [f"/{vendor.name}{_PREFIX[vendor.dialect]}"]
            if vendor.name in ("groq", "cerebras"):
                roots.append(_PREFIX[vendor.dialect])  # the server itself as the base URL
            for root in roots:
                table[f"{root}/chat/completions"] = (engine, "chat")
                table[f"{root}/models"] = (engine, "models")
                table[f"{root}/tcp_warming"] = (engine, "tcp_warming")
        return table

    def _handle(self, request: HttpRequest, sleep: Sleep) -> Reply:
        at_s = self.elapsed_s()
        if route := self._routes.get(request.path):
            engine, endpoint = route
            arrival = Arrival(engine, endpoint, request, at_s)
            return self._answer(arrival, sleep)
        if request.path.startswith("/_control/"):
            return self._control(request)
        return self._elsewhere(request, at_s, sleep)

    def _elsewhere(self, request: HttpRequest, at_s: float, sleep: Sleep) -> Reply:
        """Paths with an id in them, and those that no vendor has."""
        name = request.path.split("/", 2)[1]
        engine = self._engines.get(name) or next(iter(self._engines.values()))
        vendor = engine.vendor
        path = request.path.removeprefix(f"/{vendor.name}").removeprefix(_PREFIX[vendor.dialect])
        endpoint, _, rest = path.removeprefix("/").partition("/")
        known = {"models": "models"}
        if vendor.dialect == "groq":
            known |= {"files": "files", "batches": "batches"}
        if endpoint in known:
            arrival = Arrival(engine, known[endpoint], request, at_s, unquote(rest))
            return self._answer(arrival, sleep)
        reply = dialects.unknown_url(vendor.dialect, request.method, request.path)
        self._note(Arrival(engine, "any", request, at_s), None, None, Answered(reply), in_flight=0)
        return reply

    def _answer(self, arrival: Arrival, sleep: Sleep) -> Reply:
        body: dict[str, object] | None = None
        model: str | None = None
        fault: Fault | None = None
        in_flight = 0
        call = Incoming(arrival.engine.vendor.name, None, arrival.endpoint)
        try:
            if arrival.endpoint == "chat":
                body, model = chat.read(arrival.engine.vendor, arrival.request.body)
                call = self._told(call, model, chat.prompt_of(body))
            with arrival.engine.running(model or arrival.endpoint) as in_flight:
                self._gates.pass_by(call)
                fault = self._schedule.next(call, self.elapsed_s())
                answered = self._run(arrival, body, fault, sleep)
        except Refused as refused:
            answered = Answered(refused.reply)
        if fault and answered.reply.status == 200:
            answered = replace(answered, reply=replace(answered.reply, delivery=delivery(fault)))
        self._note(arrival, model, fault, answered, in_flight=in_flight, body=body, task=call.task)
        return answered.reply

    def _told(self, call: Incoming, model: str, prompt: tuple[str, ...]) -> Incoming:
        """What a chat's body tells of the call."""
        task = self._tasks.number(prompt[0]) if prompt else None
        return replace(call, model=model, prompt="\n".join(prompt), task=task)

    def _run(
        self,
        arrival: Arrival,
        body: dict[str, object] | None,
        fault: Fault | None,
        sleep: Sleep,
    ) -> Answered:
        engine = arrival.engine
        if fault:
            if fault.latency_s:
                sleep(fault.latency_s)
            if reply := reply_to(_victim(arrival, body, fault, self.clock.wall())):
                return Answered(reply)
        if not _accepts(engine.vendor, arrival.key):
            return Answered(dialects.wrong_key(engine.vendor.dialect))
        if body is None:
            return Answered(self._list(arrival))
        request = chat.check(engine.vendor, body)
        spoiling = fault.name if fault and fault.name in SPOILT else None
        return engine.run(request, next(self._numbers), sleep, spoiling)

    def _list(self, arrival: Arrival) -> Reply:
        """Everything but chat."""
        vendor = arrival.engine.vendor
        if arrival.endpoint in ("files", "batches"):
            asked = arrival.request
            return self._batches.handle(arrival.engine, asked, arrival.endpoint, arrival.rest)
        if arrival.endpoint != "models":
            return dialects.json_reply(200, "")
        if arrival.rest:
            return dialects.json_reply(
                200, dialects.model_row(vendor.dialect, chat.model_of(vendor, arrival.rest))
            )
        whole = "format=openrouter" in arrival.request.query
        rows = [dialects.model_row(vendor.dialect, each, whole=whole) for each in vendor.models]
        return dialects.json_reply(200, {"object": "list", "data": rows})

    def _note(
        self,
        arrival: Arrival,
        model: str | None,
        fault: Fault | None,
        answered: Answered,
        *,
        in_flight: int,
        body: Mapping[str, object] | None = None,
        task: int | None = None,
    ) -> None:
        spent, headers = answered.spent, arrival.request.headers
        cap = (body or {}).get("max_completion_tokens")
        silent = answered.reply.delivery.kind in BEFORE
        self._record.add(
            Call(
                number=next(self._call_numbers),
                time=self.clock.wall(),
                arrived_s=arrival.at_s,
                answered_s=self.elapsed_s(),
                vendor=arrival.engine.vendor.name,
                model=model,
                endpoint=arrival.endpoint,
                status=None if silent else answered.reply.status,
                fault=fault.name if fault else None,
                prompt_tokens=spent.prompt if spent else 0,
                completion_tokens=spent.completion if spent else 0,
                reasoning_tokens=spent.reasoning if spent else 0,
                cached_tokens=spent.cached if spent else 0,
                max_completion_tokens=cap if isinstance(cap, int) else None,
                finish_reason=answered.finish_reason,
                question=answered.question,
                marker=headers.get("x-marker"),
                in_flight=in_flight,
                retry_count=int(headers.get("x-stainless-retry-count", 0)),
                task=task,
                request=body if self.config.keep_requests else None,
            )
        )

    def number(self) -> int:
        """The next answer's number (for the lines of a batch)."""
        return next(self._numbers)

    def record(self, engine: Engine, model: str, answered: Answered) -> None:
        """Record one line of a batch."""
        request = HttpRequest("POST", "", {}, b"")
        arrival = Arrival(engine, "batch_line", request, self.elapsed_s())
        self._note(arrival, model, None, answered, in_flight=1)

    # -- the controls ---------------------------------------------------------------------

    def _control(self, request: HttpRequest) -> Reply:
        controls: dict[tuple[str, str], Callable[[HttpRequest], Reply]] = {
            ("POST", "faults"): self._control_faults,
            ("DELETE", "faults"): self._control_heal,
            ("GET", "log"): self._control_log,
            ("GET", "stats"): lambda _: dialects.json_reply(200, self.stats()),
            ("POST", "reset"): self._control_reset,
        }
        name = request.path.removeprefix("/_control/")
        if act := controls.get((request.method, name)):
            return act(request)
        known = ", ".join(f"{method} {path}" for method, path in controls)
        return dialects.json_reply(404, {"error": f"there is no such control; there are: {known}"})

    def _control_faults(self, request: HttpRequest) -> Reply:
        try:
            value = json.loads(request.body)
            faults = [Fault.parse(one) for one in (value if isinstance(value, list) else [value])]
        except (ValueError, TypeError) as wrong:
            return dialects.json_reply(400, {"error": str(wrong)})
        for fault in faults:
            self.add(fault)
        return dialects.json_reply(200, {"faults": len(self._schedule.faults())})

    def _control_heal(self, _: HttpRequest) -> Reply:
        self.heal()
        return dialects.json_reply(200, {"faults": 0})

    def _control_log(self, request: HttpRequest) -> Reply:
        """The calls as JSON lines; ``?since=N`` leaves out those numbered below N."""
        since = int(parse_qs(request.query).get("since", ["0"])[0])
        lines = [call.line() for call in self._record.calls() if call.number >= since]
        body = "".join(f"{line}\n" for line in lines).encode()
        return Reply(200, body, content_type="application/jsonl")

    def _control_reset(self, _: HttpRequest) -> Reply:
        self.reset()
        return dialects.json_reply(200, {})


def _accepts(vendor: Vendor, key: str) -> bool:
    if not (vendor.keys or vendor.key_prefix):
        return True
    return key in vendor.keys or bool(vendor.key_prefix and key.startswith(vendor.key_prefix))


def _is_such(call: Call, vendor: str | None, model: str | None, endpoint: str | None) -> bool:
    return (
        vendor in (None, call.vendor)
        and model in (None, call.model)
        and endpoint in (None, call.endpoint)
    )


def _victim(
    arrival: Arrival, body: Mapping[str, object] | None, fault: Fault, now: float
) -> Victim:
    return Victim(
        dialect=arrival.engine.vendor.dialect,
        model=str((body or {}).get("model", "")),
        key=arrival.key,
        path=arrival.request.path,
        now=now,
        fault=fault,
    )
