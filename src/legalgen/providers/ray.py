"""A pool of models on a Ray cluster: one model a replica, one call a replica at a time.

Ray lives in a process of its own (``_ray_pool``), which this one starts and talks to in lines of
JSON. Ray changes the process that uses it: losing the cluster's head ends it after a minute,
waiting for a head that is not there has no end, and SIGTERM, log records and stdout are taken over.
What happens there costs calls here and no more; a pool that is gone is opened anew by the next
call. The pool ends, and its replicas with it, when its stdin does: however this process ends.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import msgspec
from msgspec.structs import replace

from legalgen.completion import Completion, Request
from legalgen.errors import ConfigurationError, ErrorCategory, Failure, ProviderError
from legalgen.providers._ray_words import Answer, Ask, PoolPlan
from legalgen.providers.base import RemoteModel
from legalgen.providers.config import ProviderConfig
from legalgen.providers.installing import install_command, missing

ADDRESS = "127.0.0.1:6379"
"""Where ``ray start --head`` listens unless it is told otherwise."""
_OPENING_S = 60.0  # a busy machine imports Ray in ten seconds; joining the cluster takes a tenth
_CLOSING_S = 10.0  # the pool ends at once; what does not is killed


def open_provider(config: ProviderConfig) -> RayProvider:
    """Join the cluster and ask for the replicas; they load their models meanwhile.

    Options: ``address`` (``host:port`` of the cluster's head), ``replicas`` (1), ``resources``
    (what each takes of its node; ``threads`` CPUs), ``threads`` of llama.cpp in each (1),
    ``context`` (4,096 tokens), and ``model_path``, a GGUF file that is there on every node, or
    ``callable``, ``module:function``. With neither it is the bundled toy model.

    Raises:
        ConfigurationError: Ray is not installed, nobody listens at the address, what listens is no
            cluster, or an option cannot be meant.
    """
    if needed := missing("ray"):
        raise ConfigurationError(f"the provider ray needs a package: {install_command(needed)}")
    return RayProvider(_plan(config.options), config.connect_timeout_s)


class RayProvider:
    """A pool of replicas, and the process that holds it."""

    name = "ray"

    def __init__(self, plan: PoolPlan, connect_timeout_s: float) -> None:
        self._plan = plan
        self._connect_timeout_s = connect_timeout_s
        self._opening = threading.Lock()
        self._closed = False
        _probe(plan.address, connect_timeout_s)
        self._pool = _Pool(plan)
        if reason := self._pool.refusal():
            self._pool.close()
            raise ConfigurationError(f"ray: cannot join the cluster at {plan.address}: {reason}")
        atexit.register(self.close)

    def complete(self, request: Request) -> Completion:
        """Ask once and return the answer; the deadline covers the wait for a free replica.

        What a replica still computes after the deadline is not waited for. It takes no other call
        before it is done with it, for nothing can interrupt it.

        Raises:
            ProviderError: ``timeout``; ``connection_error`` when the replica, its node or the
                cluster is gone, or the call was abandoned; what the model itself raises.
        """
        started = time.monotonic()
        answer = self._living(request.timeout_s).ask(request)
        if answer is None:
            message = f"no replica was done with it after {request.timeout_s:g} s"
            raise ProviderError.of(Failure(ErrorCategory.TIMEOUT, message))
        if answer.completion is None:
            raise ProviderError.of(answer.failure or _GONE)
        latency_s = time.monotonic() - started
        return replace(answer.completion, model=request.model, latency_s=latency_s)

    def list_models(self, timeout_s: float) -> Sequence[RemoteModel]:  # noqa: ARG002 - the Protocol's
        """Nothing: which model the replicas hold is the user's to say."""
        return ()

    def abandon(self) -> None:
        """Leave the calls in flight; later calls still work."""
        self._pool.leave(_ABANDONED)

    def close(self) -> None:
        """End the pool and its replicas, whatever they do."""
        with self._opening:
            self._closed = True
        self._pool.close()
        atexit.unregister(self.close)

    def _living(self, timeout_s: float) -> _Pool:
        """The pool; a new one if it is gone, which joins the cluster meanwhile.

        Raises:
            ProviderError: nobody listens at the address.
        """
        with self._opening:
            if self._pool.alive or self._closed:
                return self._pool
            try:
                _probe(self._plan.address, min(timeout_s, self._connect_timeout_s))
            except ConfigurationError as error:
                failure = replace(_GONE, message=str(error)[:200], reached=False, connected=False)
                raise ProviderError.of(failure) from error
            self._pool.close()
            self._pool = _Pool(self._plan)
            return self._pool


class _Waiting:
    """A call that waits for its answer; the first that it is told stays."""

    def __init__(self) -> None:
        self.told = threading.Event()
        self.answer: Answer | None = None
        self._telling = threading.Lock()

    def tell(self, answer: Answer) -> None:
        # Who is told that the pool is gone may have its answer already, and not have read it yet.
        with self._telling:
            if self.answer is None:
                self.answer = answer
        self.told.set()


class _Pool:
    """The process that holds the replicas; it joins the cluster in its own time."""

    def __init__(self, plan: PoolPlan) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "legalgen.providers._ray_pool"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for this process, which still wants its answers
        )
        self.alive = True
        self._numbers = itertools.count(1)
        self._writing = threading.Lock()
        self._joined = _Waiting()
        self._waiting: dict[int, _Waiting] = {0: self._joined}
        self._send(plan)
        threading.Thread(target=self._read, name="legalgen-ray", daemon=True).start()

    def refusal(self) -> str:
        """Why it cannot join the cluster; empty when it has joined."""
        self._joined.told.wait(_OPENING_S)
        answer = self._joined.answer
        if answer is None:
            return f"no word of it in {_OPENING_S:g} s"
        return answer.failure.message if answer.failure else ""

    def ask(self, request: Request) -> Answer | None:
        """The answer to a request; None where there was none before its deadline."""
        number, waiting = next(self._numbers), _Waiting()
        self._waiting[number] = waiting
        try:
            if not self.alive:
                return Answer(number, failure=_GONE)
            self._send(Ask(number, request))
            waiting.told.wait(request.timeout_s)
            return waiting.answer
        finally:
            self._waiting.pop(number, None)

    def leave(self, failure: Failure) -> None:
        """Tell all that wait that there will be no answer."""
        for number, waiting in list(self._waiting.items()):
            waiting.tell(Answer(number, failure=failure))

    def close(self) -> None:
        """End the process; twice does no harm."""
        self.alive = False
        self.leave(_GONE)
        with contextlib.suppress(OSError):  # it is gone, and what was not sent yet with it
            _stream(self._process.stdin).close()
        try:
            self._process.wait(_CLOSING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(_CLOSING_S)

    def _send(self, words: PoolPlan | Ask) -> None:
        line = msgspec.json.encode(words) + b"\n"
        with self._writing, contextlib.suppress(OSError, ValueError):  # its end is told by _read
            _stream(self._process.stdin).write(line)
            _stream(self._process.stdin).flush()

    def _read(self) -> None:
        with _stream(self._process.stdout) as lines:
            for line in lines:
                if not line.endswith(b"\n"):  # the pool was killed while it wrote
                    break
                answer = msgspec.json.decode(line, type=Answer)
                if answer.number == 0 and answer.failure is not None:
                    self.leave(answer.failure)
                waiting = self._waiting.get(answer.number)
                if waiting is not None:  # else it was left at its deadline
                    waiting.tell(answer)
        self.alive = False
        self.leave(_GONE)


_ABANDONED = Failure(ErrorCategory.CONNECTION_ERROR, "abandoned")
_GONE = Failure(ErrorCategory.CONNECTION_ERROR, "the pool of replicas is gone")


def _stream(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


def _probe(address: str, timeout_s: float) -> None:
    """That somebody listens: Ray itself waits for a head for more than a minute and a half.

    Raises:
        ConfigurationError: nobody does.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout_s).close()
    except (OSError, ValueError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = f"ray: nobody listens at {address} ({reason}): `ray start --head`, or set address"
        raise ConfigurationError(f"{message} in [providers.ray]") from error


def _plan(options: Mapping[str, object]) -> PoolPlan:
    path, named = options.get("model_path"), options.get("callable")
    if path is not None and not isinstance(path, str | Path):
        raise ConfigurationError(f"ray: model_path must be a path, not {path!r}")
    if named is not None and not (isinstance(named, str) and named.count(":") == 1):
        raise ConfigurationError(f'ray: callable is "module:function", not {named!r}')
    threads = _whole(options, "threads", 1)
    return PoolPlan(
        address=_address(options.get("address", ADDRESS)),
        replicas=_whole(options, "replicas", 1),
        resources={"CPU": float(threads), **_resources(options.get("resources", {}))},
        threads=threads,
        context=_whole(options, "context", 4096),
        model_path=str(Path(path).expanduser().absolute()) if path is not None else None,
        callable=named,
    )


def _address(value: object) -> str:
    if not isinstance(value, str) or not value.rpartition(":")[2].isdecimal():
        raise ConfigurationError(f'ray: address is "host:port" of the head, not {value!r}')
    return value


def _whole(options: Mapping[str, object], key: str, usual: int) -> int:
    value = options.get(key, usual)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigurationError(f"ray: {key} must be a whole number above 0, not {value!r}")
    return value


def _resources(value: object) -> dict[str, float]:
    sound = isinstance(value, Mapping) and all(
        isinstance(much, int | float) and not isinstance(much, bool) and much >= 0
        for much in value.values()
    )
    if not (sound and isinstance(value, Mapping)):
        raise ConfigurationError(f"ray: resources is a table such as {{ GPU = 1 }}, not {value!r}")
    return {str(name): float(much) for name, much in value.items()}
