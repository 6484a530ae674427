"""Start the executable under an order: once, or again and again as a fork server.

python -m tests.crash.launch ORDER      the program in a new interpreter
python -m tests.crash.launch            orders on stdin, one a line of JSON; each runs in a
                                        fork of a process that has imported the program: its
                                        pid, and later its wait status, come on stdout
"""

from __future__ import annotations

import os
import resource
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from legalgen.store import journal
from legalgen.store.sample import Sample
from tests.crash.killer import intercept
from tests.crash.points import Order, handler
from tests.fork_server import preload

_WRITE = os.write


def _acknowledge(path: str) -> None:
    """Note the ids of samples as soon as their append has returned."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    append = journal.BatchWriter.append

    def noting(self: journal.BatchWriter, samples: Sequence[Sample], *more: Any) -> None:
        append(self, samples, *more)
        _WRITE(descriptor, b"".join(b"%s\n" % one.id.encode() for one in samples))

    journal.BatchWriter.append = noting  # type: ignore[method-assign, assignment]  # to see what it promised


def run(order: Order) -> int:
    """The program as ``legalgen`` starts it; its exit code."""
    passed: Counter[str] = Counter()
    sys.argv = ["legalgen", *order.arguments]
    if order.part_rows is not None:
        # There is no setting for it: 1000 rows a part would make a slow test of every seal.
        defaults = journal.BatchWriter.__init__.__kwdefaults__
        assert defaults is not None
        defaults["part_rows"] = order.part_rows
    if order.file_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (order.file_bytes, order.file_bytes))
    if order.acks:
        _acknowledge(order.acks)
    with intercept(handler(order, passed)):
        from legalgen.cli import main

        try:
            main()
        except SystemExit as leaving:
            return leaving.code if isinstance(leaving.code, int) else 0
        finally:
            if order.profile:
                with open(order.profile, "wb") as file:  # noqa: PTH123 - pathlib is watched
                    file.write(msgspec.json.encode(passed))


def _child(order: Order) -> None:
    """In the fork: the streams and the environment of the order, then the program."""
    for path, number in ((order.out, 1), (order.err, 2)):
        descriptor = os.open(path or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(descriptor, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(order.environ)
    code = 70
    try:
        code = run(order)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def serve() -> None:
    """Fork once for each order."""
    preload()
    for line in sys.stdin:
        order = msgspec.json.decode(line, type=Order)
        pid = os.fork()
        if pid == 0:
            _child(order)
        _say(pid)
        _say(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _say(number: int) -> None:
    _WRITE(1, b"%d\n" % number)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(run(msgspec.json.decode(sys.argv[1], type=Order)))
    serve()
