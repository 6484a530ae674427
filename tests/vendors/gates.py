"""Gates: calls that a test holds where they arrive, until it has seen what it waits for.

    held = server.hold("openai/gpt-oss-120b")
    ...                      # start what shall call
    held.wait_for(3)         # three calls stand there now: the order of things is known
    held.release(1)          # the one that came first goes on
    held.release()           # the others too, and the gate stays open

A call that stands at a gate has reached the server, and nothing has come of it yet: no fault has
struck it, no quota was charged, it is not in the record. Nothing here measures time: a test that
waits for a gate waits for an event, however slow the machine is.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Self

LONGEST_S = 60.0
"""Nothing in a test takes this long, however busy the machine: what does, hangs."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """What can be told of a call when it arrives.

    ``prompt`` is the text of its user messages. ``task`` numbers what it asks for: all calls
    whose first user message is the same are for one task, and tasks count from 0 in the order in
    which their first calls arrived, at whichever model. With one worker that is the slot in the
    plan; with several, first arrivals may overtake each other. A repair, another model's try and
    a larger budget are the same task; one that is begun anew with other seeds is another.
    """

    vendor: str
    model: str | None = None
    endpoint: str = "chat"
    prompt: str = ""
    task: int | None = None


@dataclass(frozen=True, slots=True)
class Whom:
    """Which calls are meant; None means any. ``prompt`` is a part of the prompt's text."""

    vendor: str | None = None
    model: str | None = None
    endpoint: str = "chat"
    prompt: str | None = None
    task: int | None = None

    def concerns(self, call: Incoming) -> bool:
        """Whether the call is one of them."""
        return (
            self.vendor in (None, call.vendor)
            and self.model in (None, call.model)
            and self.endpoint in ("any", call.endpoint)
            and (self.prompt is None or self.prompt in call.prompt)
            and self.task in (None, call.task)
        )


class Tasks:
    """Numbers the tasks that prompts ask for, in the order of their first calls. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: dict[int, int] = {}

    def number(self, first_message: str) -> int:
        """The number of the task whose first user message this is."""
        with self._lock:
            return self._numbers.setdefault(hash(first_message), len(self._numbers))

    def clear(self) -> None:
        """Begin at 0 again."""
        with self._lock:
            self._numbers.clear()


class Gate:
    """Holds the calls it concerns until they are released; ``VendorServer.hold`` makes one.

    As a context manager it opens at the end of the block. Thread-safe.
    """

    def __init__(self, whom: Whom) -> None:
        self.whom = whom
        self._changed = threading.Condition()
        self._arrived = 0
        self._released: float = 0

    @property
    def standing(self) -> int:
        """How many calls stand here now, those included whose client has left since."""
        with self._changed:
            return self._standing()

    def wait_for(self, count: int) -> None:
        """Until at least ``count`` calls stand here at once.

        Raises:
            AssertionError: they did not come (after a minute: something hangs).
        """
        with self._changed:
            came = self._changed.wait_for(lambda: self._standing() >= count, LONGEST_S)
            assert came, f"{self._standing()} of {count} calls stand at {self.whom}"

    def release(self, count: int | None = None) -> None:
        """Let ``count`` more calls go on, in the order in which they came; None: open the gate.

        Where fewer stand here, the next to come pass until there were so many.
        """
        with self._changed:
            self._released = float("inf") if count is None else self._released + count
            self._changed.notify_all()

    def pass_by(self, call: Incoming) -> None:
        """Stand here until it is this call's turn; at once for a call that is not concerned."""
        if not self.whom.concerns(call):
            return
        with self._changed:
            place = self._arrived
            self._arrived += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: place < self._released)

    def _standing(self) -> int:
        return max(0, int(self._arrived - min(self._released, self._arrived)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


class Gates:
    """All gates of one server. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gates: list[Gate] = []

    def add(self, whom: Whom) -> Gate:
        """One more, closed."""
        gate = Gate(whom)
        with self._lock:
            self._gates.append(gate)
        return gate

    def pass_by(self, call: Incoming) -> None:
        """Stand at each gate that concerns the call, in the order in which they were made."""
        with self._lock:
            gates = list(self._gates)
        for gate in gates:
            gate.pass_by(call)

    def open(self) -> None:
        """Open them all for good, and forget them."""
        with self._lock:
            gates, self._gates = self._gates, []
        for gate in gates:
            gate.release()
