"""The installed command with a clock that runs faster: ``python _scaled_run.py SCALE ARGUMENT...``.

For a server with the same ``--time-scale`` and ``--scaled-hints``. Nothing but the clock is
replaced: what the run reads as time, and what it sleeps for.
"""

import sys
import threading
import time
from typing import Any

from legalgen import cli
from legalgen.batch import opening
from legalgen.telemetry.clock import Clock


def main() -> None:
    scale = float(sys.argv.pop(1))
    began_s, began_wall_s = time.monotonic(), time.time()

    def monotonic() -> float:
        return (time.monotonic() - began_s) * scale

    def wait(condition: threading.Condition, seconds: float) -> bool:
        return condition.wait(seconds / scale)

    clock = Clock(monotonic, lambda: began_wall_s + monotonic(), wait)
    open_parts = opening.open_parts

    def with_clock(*given: Any, **named: Any) -> opening.RunParts:
        return open_parts(*given, **{**named, "clock": clock})

    opening.open_parts = with_clock
    cli.main()


if __name__ == "__main__":
    main()
