"""A stand-in of Ray: what the pool calls, with a thread for an actor."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from ray.exceptions import ActorDiedError, ActorUnavailableError, RayError, RayTaskError


class ActorEnds(BaseException):
    """Raised by a model whose actor is to die with it; ``for_good``: and stay dead."""

    def __init__(self, for_good: bool) -> None:
        super().__init__()
        self.for_good = for_good


class Promise:
    """An object reference."""

    def __init__(self, made: Future[Any]) -> None:
        self._made = made

    def future(self) -> Future[Any]:
        return self._made


class Method:
    """A method of an actor."""

    def __init__(self, call: Callable[..., Future[Any]]) -> None:
        self._call = call

    def remote(self, *args: Any) -> Promise:
        return Promise(self._call(*args))


class Handle:
    """An actor: one call at a time, made anew when it died."""

    def __init__(self, kind: type, args: tuple[Any, ...]) -> None:
        self._kind, self._args = kind, args
        self._thread = ThreadPoolExecutor(1)
        self._object: Any = kind(*args)
        self._dead = False

    def __getattr__(self, name: str) -> Method:
        return Method(lambda *args: self._thread.submit(self._run, name, *args))

    def _run(self, name: str, *args: Any) -> Any:
        if self._dead:
            raise ActorDiedError("The actor is dead.")
        try:
            return getattr(self._object, name)(*args)
        except ActorEnds as end:
            self._dead, self._object = end.for_good, self._kind(*self._args)
            raise ActorUnavailableError("The actor is unavailable.") from None
        except Exception as error:
            raise RayTaskError(error) from error


class ActorClass:
    """What ``remote`` makes of a class."""

    def __init__(self, kind: type) -> None:
        self._kind = kind

    def options(self, **_: Any) -> ActorClass:
        return self

    def remote(self, *args: Any) -> Handle:
        return Handle(self._kind, args)


def remote(kind: type) -> ActorClass:
    """An actor class."""
    return ActorClass(kind)


def init(address: str, **_: Any) -> None:
    """Join a cluster, unless it refuses."""
    if reason := os.environ.get("STAND_IN_REFUSES"):
        raise RuntimeError(reason)


def kill(actor: Handle, *, no_restart: bool = True) -> None:
    """Nothing: no test has a call that takes so long."""


__all__ = ("ActorEnds", "RayError", "init", "kill", "remote")
