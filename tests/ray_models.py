"""Models for replicas on a Ray cluster: the nodes import this module."""

from __future__ import annotations

import itertools
import json
import os
import random
import time
from collections.abc import Mapping

from tests.vendors import answers

SLOW_S = 0.2


class Slow:
    """Answers as the double does, after ``SLOW_S``; its numbers are its own."""

    def __init__(self) -> None:
        self._numbers = itertools.count(random.SystemRandom().randrange(1 << 40))

    def __call__(self, body: Mapping[str, object]) -> str:
        """The answer to a chat completion's body."""
        time.sleep(SLOW_S)
        messages = body["messages"]
        assert isinstance(messages, list)
        brief = answers.read_brief(messages[-1]["content"])
        return json.dumps(answers.good(next(self._numbers), 7, brief))


def sleeps(body: Mapping[str, object]) -> str:
    """Takes a minute, whatever it is asked."""
    time.sleep(60.0)
    return "too late"


def naps(body: Mapping[str, object]) -> Mapping[str, object]:
    """Takes three seconds, and answers with a chat completion that says where."""
    time.sleep(3.0)
    message = {"role": "assistant", "content": str(os.getpid())}
    usage = {"prompt_tokens": 11, "completion_tokens": 7}
    return {"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}


def fails(body: Mapping[str, object]) -> str:
    """Raises what a model of the user's own may raise."""
    raise ZeroDivisionError("a model of one's own")
