"""Callables for replicas of the stand-in of Ray."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def content(body: Mapping[str, Any]) -> str:
    """What is asked."""
    said = body["messages"][-1]["content"]
    assert isinstance(said, str)
    return said


def echo(body: Mapping[str, Any]) -> str:
    """What is asked."""
    return content(body)


class Counting:
    """How many calls this object has had, as a chat completion."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        self.calls += 1
        choice = {"message": {"role": "assistant", "content": str(self.calls)}}
        return {"choices": [choice], "usage": {"prompt_tokens": 5, "completion_tokens": 7}}


def torn(body: Mapping[str, Any]) -> str:
    """What is asked; by "tear" the process of the pool is killed while it writes an answer."""
    if content(body) != "tear":
        return content(body)
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the one that listed them is closed
            of_pipe, number = str(each.readlink()).startswith("pipe:"), int(each.name)
            if of_pipe and fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY:
                os.write(number, b'{"number": 1, "compl')
    os._exit(9)


def awkward(body: Mapping[str, Any]) -> object:
    """Raises, or returns what is no answer, as it is asked."""
    match content(body):
        case "raise":
            raise ZeroDivisionError("a model of one's own")
        case "wrong":
            return {"choices": 7}
        case said:
            return said


def gated(body: Mapping[str, Any]) -> str:
    """Waits for a file, and notes its beginning and its end in another."""
    gate, log = map(Path, content(body).split())
    with log.open("a") as file:
        file.write("begun ")
    end = time.monotonic() + 60.0
    while not gate.exists() and time.monotonic() < end:
        time.sleep(0.01)
    with log.open("a") as file:
        file.write("ended ")
    return "through"


class Mortal(Counting):
    """Its actor dies with it."""

    def __call__(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        from ray import ActorEnds

        if content(body) in ("die", "perish"):
            raise ActorEnds(for_good=content(body) == "perish")
        return super().__call__(body)
