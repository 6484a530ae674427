"""The process that holds the replicas: ``python -m legalgen.providers._ray_pool``.

Reads a ``PoolPlan`` and then an ``Ask`` a line from stdin, writes an ``Answer`` a line to what was
stdout. It ends when stdin does, and Ray ends the replicas of a process that is gone.

A replica is an actor that takes one call at a time. Nothing can interrupt a call in an actor, so
it is free again when the call is over, whoever still waits for it. An actor that was killed, or
whose node was, is started again by Ray where there is room, and free when its model is loaded.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import IO, Any

import msgspec
import ray
from ray.exceptions import ActorUnavailableError, RayActorError, RayError

from legalgen.errors import ErrorCategory, Failure
from legalgen.providers._ray_replica import Replica, failed
from legalgen.providers._ray_words import Answer, Ask, PoolPlan

JOINING_S = 20.0
"""Joining a cluster takes a tenth of a second, and has no end where the head is dead."""
LONGEST_S = 1800.0
"""A model of a hundred gigabytes from a slow disk takes half of that; a call that takes longer has
its replica started anew."""
FIRST_S = 20.0
"""So long a call waits for the first replica: one starts in two, on a busy machine in ten."""
ANEW_S = 5.0
"""So long where all have gone: then others of the route can do better."""
LOOK_S = 0.5
"""Between two looks at what is not told."""


class Pool:
    """The replicas, and who of them is free.

    ``free`` holds those that can take a call. ``running`` are those whose model is loaded, busy
    ones too; ``left`` those that may yet be.
    """

    def __init__(self, plan: PoolPlan) -> None:
        actor: Any = ray.remote(Replica)
        placed = actor.options(
            max_restarts=-1, scheduling_strategy="SPREAD", **_demands(plan.resources)
        )
        words = msgspec.json.encode(plan)
        self.left = [placed.remote(words) for _ in range(plan.replicas)]
        self.free: asyncio.Queue[Any] = asyncio.Queue()
        self.running: set[Any] = set()
        self.reason = Failure(ErrorCategory.CONNECTION_ERROR, "no replica is left")
        self._plan = plan
        self._patience = time.monotonic() + FIRST_S
        self._tasks: set[asyncio.Future[None]] = set()
        for each in self.left:
            self._begin(self._prepare(each))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)  # asyncio itself does not hold it
        task.add_done_callback(self._tasks.discard)

    async def answer(self, ask: Ask) -> bytes:
        """Have a free replica answer; none takes a call whose deadline is over."""
        replica = await self._seat(ask)
        if isinstance(replica, Failure):
            return failed(ask.number, replica)
        longest_s = max(LONGEST_S, ask.request.timeout_s)
        try:
            words: bytes = await _within(longest_s, replica.answer.remote(msgspec.json.encode(ask)))
        except RayActorError as error:
            self._lost(replica)
            message = f"a replica is gone: {_first_line(error)}"
            return failed(ask.number, Failure(ErrorCategory.CONNECTION_ERROR, message[:200]))
        except RayError as error:  # raised by the callable: the replica is as it was
            self.free.put_nowait(replica)
            cause = getattr(error, "cause", None) or error
            message = f"{type(cause).__name__}: {_first_line(cause)}"
            return failed(ask.number, Failure(ErrorCategory.SERVER_ERROR, message[:200]))
        except TimeoutError:
            ray.kill(replica, no_restart=False)
            self._lost(replica)
            message = f"a replica was started anew: not done after {longest_s:g} s"
            return failed(ask.number, Failure(ErrorCategory.TIMEOUT, message))
        self.free.put_nowait(replica)
        return words

    async def _seat(self, ask: Ask) -> Any:
        """A replica that is free, or why there is none in time."""
        until = time.monotonic() + ask.request.timeout_s
        while (left_s := until - time.monotonic()) > 0:
            if not self.left:
                return self.reason
            if not self.running and time.monotonic() > self._patience:
                return self._no_room()
            try:
                return await asyncio.wait_for(self.free.get(), min(LOOK_S, left_s))
            except TimeoutError:
                continue
        message = f"no replica was free in {ask.request.timeout_s:g} s"
        return Failure(ErrorCategory.TIMEOUT, message, reached=False)

    def _no_room(self) -> Failure:
        each = ", ".join(f"{much:g} {name}" for name, much in self._plan.resources.items())
        message = f"no replica runs; each takes {each}: does a node of the cluster have it free?"
        return Failure(ErrorCategory.OVERLOADED, message, reached=False)

    def _lost(self, replica: Any) -> None:
        self.running.discard(replica)
        if not self.running:
            self._patience = time.monotonic() + ANEW_S
        self._begin(self._prepare(replica))

    async def _prepare(self, replica: Any) -> None:
        """Have a replica load its model: it is free then, or no longer among those left."""
        reason = await _loaded(replica)
        if reason is None:
            self.running.add(replica)
            self.free.put_nowait(replica)
        else:
            self.reason = reason
            self.left.remove(replica)


async def _loaded(replica: Any) -> Failure | None:
    """Why a replica cannot load its model; waits for Ray to place it."""
    while True:
        try:
            words = await _within(LONGEST_S, replica.load.remote())
        except ActorUnavailableError:  # Ray starts it again, or looks for a node
            await asyncio.sleep(LOOK_S)
        except RayError as error:
            return Failure(ErrorCategory.CONNECTION_ERROR, _first_line(error)[:200])
        except TimeoutError:  # there is no room for it yet
            continue
        else:
            return msgspec.json.decode(words, type=Answer).failure


async def _within(seconds: float, promised: Any) -> Any:
    """What Ray promises: nothing of Ray's is waited for without an end.

    Raises:
        TimeoutError: it did not come in time.
    """
    return await asyncio.wait_for(asyncio.wrap_future(promised.future()), seconds)


def _demands(resources: Mapping[str, float]) -> dict[str, object]:
    """By the names that Ray's options have for them."""
    own = {"CPU": "num_cpus", "GPU": "num_gpus", "memory": "memory"}
    rest = {name: much for name, much in resources.items() if name not in own}
    return {own[name]: resources[name] for name in own.keys() & resources} | {"resources": rest}


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__


async def _serve(plan: PoolPlan, asks: Asks, tell: Callable[[bytes], object]) -> None:
    """Answer what is asked, all at once, until no replica is left."""
    pool = Pool(plan)
    tell(msgspec.json.encode(Answer(0)))
    asks.attend(asyncio.get_running_loop())
    calls: set[asyncio.Task[None]] = set()

    async def answer(ask: Ask) -> None:
        tell(await pool.answer(ask))

    while pool.left or pool.reason.category is not ErrorCategory.CONNECTION_ERROR:
        try:
            ask = await asyncio.wait_for(asks.queue.get(), LOOK_S)
        except TimeoutError:
            continue
        task = asyncio.create_task(answer(ask))
        calls.add(task)
        task.add_done_callback(calls.discard)
    if calls:
        await asyncio.wait(calls, timeout=2 * LOOK_S)  # each sees that none is left


class Asks(threading.Thread):
    """Reads what is asked; ends the process where nobody asks any more.

    Ray may hold the main thread for as long as it likes.
    """

    def __init__(self, stdin: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self.queue: asyncio.Queue[Ask] = asyncio.Queue()
        self._stdin = stdin
        self._loop: asyncio.AbstractEventLoop | None = None
        self._attended = threading.Event()

    def attend(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to put into the queue what is asked."""
        self._loop = loop
        self._attended.set()

    def run(self) -> None:
        """Read to the end."""
        for line in self._stdin:
            if not line.endswith(b"\n"):  # who asked was killed while it wrote
                break
            self._attended.wait(JOINING_S)
            if self._loop is not None:
                ask = msgspec.json.decode(line, type=Ask)
                self._loop.call_soon_threadsafe(self.queue.put_nowait, ask)
        os._exit(0)  # Ray's own way out waits for a cluster that may be gone


def main() -> None:
    """Join the cluster and serve."""
    told = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what Ray prints is not an answer
    plan = msgspec.json.decode(sys.stdin.buffer.readline(), type=PoolPlan)
    asks = Asks(sys.stdin.buffer)
    asks.start()

    def too_late() -> None:
        why = f"no word from it in {JOINING_S:g} s: is it a Ray cluster, with our RAY_AUTH_MODE?"
        failure = Failure(ErrorCategory.CONNECTION_ERROR, why)
        told.write(failed(0, failure) + b"\n")
        os._exit(1)

    joining = threading.Timer(JOINING_S, too_late)
    joining.daemon = True
    joining.start()
    try:
        ray.init(plan.address, log_to_driver=False, configure_logging=False)
    except (RayError, RuntimeError, OSError, ValueError) as error:
        told.write(failed(0, Failure(ErrorCategory.CONNECTION_ERROR, str(error)[:200])) + b"\n")
    else:
        joining.cancel()
        asyncio.run(_serve(plan, asks, lambda words: told.write(words + b"\n")))
    os._exit(0)


if __name__ == "__main__":
    main()
