"""One replica of a pool, in a process that can be killed: ``python -m tests.pool_worker N``.

It speaks OpenAI's dialect with one model ``m``, and answers after a moment; no two answers are
alike in a pool whose replicas have other numbers. It prints its address, then a line a call.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from tests.scenes import Reply, Server, completion, sample

LATENCY_S = 0.3


def main() -> None:
    """Serve until killed."""
    first = int(sys.argv[1]) * 1_000_000

    def scene(_: str, __: dict[str, Any], number: int) -> Reply:
        return 200, completion(sample(first + number))

    class Slow(Server):
        """Says of each call that it came, and takes its time."""

        def reply(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> Reply:
            sys.stdout.write("call\n")
            sys.stdout.flush()
            time.sleep(LATENCY_S)  # so that calls are in flight when it is killed
            return super().reply(path, body, headers)

    server = Slow(scene)
    server.pages["/health"] = {"status": "ok"}
    sys.stdout.write(server.url + "\n")
    sys.stdout.flush()
    server.run()


if __name__ == "__main__":
    main()
