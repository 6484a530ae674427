"""Run one program and say what it took; a process of its own, so that it measures nothing else.

``python -I -S _launch.py OUT TIMEOUT_S PROGRAM ARGUMENT...`` writes JSON to the file OUT. It
imports as little as Python can: a child's peak memory counts from what its parent held.
"""

import json
import os
import signal
import sys
import time


def main() -> None:
    out, timeout_s, *argv = sys.argv[1:]
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.execvp(argv[0], argv)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
    signal.setitimer(signal.ITIMER_REAL, float(timeout_s))
    _, status, used = os.wait4(child, 0)
    took = {
        "code": os.waitstatus_to_exitcode(status),
        "wall_s": time.monotonic() - began,
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_mb": used.ru_maxrss / 1024,
    }
    with open(out, "w", encoding="utf-8") as file:  # noqa: PTH123 - pathlib is memory too
        json.dump(took, file)


main()
