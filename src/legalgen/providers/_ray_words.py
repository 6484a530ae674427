"""The lines between this program and the process that holds its Ray replicas."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from legalgen.completion import Completion, Request
from legalgen.errors import Failure


class PoolPlan(msgspec.Struct, frozen=True):
    """What to make; the first line. ``resources`` are a replica's, by Ray's names of them."""

    address: str
    replicas: int
    resources: Mapping[str, float]
    threads: int
    context: int
    model_path: str | None = None
    callable: str | None = None


class Ask(msgspec.Struct, frozen=True):
    """A call; the answer comes by its number, from 1."""

    number: int
    request: Request


class Answer(msgspec.Struct, frozen=True):
    """What came of a call; with the number 0, of joining the cluster."""

    number: int
    completion: Completion | None = None
    failure: Failure | None = None
