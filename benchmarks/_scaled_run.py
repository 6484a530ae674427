"""The installed command with a clock that runs faster: ``python _scaled_run.py SCALE ARGUMENT...``.

For a server with the same ``--time-scale`` and ``--scaled-hints``. Nothing but the clock is
replaced: what the run reads as time, and what it sleeps for.
"""

import functools
import sys
import time

from legalgen import cli
from legalgen.batch import loop, opening
from legalgen.routing.router import Router
from legalgen.routing.targets import RECHECK_S
from legalgen.telemetry.clock import Clock


def main() -> None:
    scale = float(sys.argv.pop(1))
    began_s, began_wall_s = time.monotonic(), time.time()

    def monotonic() -> float:
        return (time.monotonic() - began_s) * scale

    def rest(self: Router, seconds: float) -> None:
        with self._changed:
            self._changed.wait(min(seconds, RECHECK_S) / scale)

    clock = Clock(monotonic, lambda: began_wall_s + monotonic())
    opening.open_parts = functools.partial(opening.open_parts, clock=clock)
    Router.rest = rest  # type: ignore[method-assign]
    loop.TICK_S, loop.GROWING_TICK_S = loop.TICK_S / scale, loop.GROWING_TICK_S / scale
    cli.main()


if __name__ == "__main__":
    main()
