"""``legalgen``, and ``python -m legalgen``: a shell that completes a line, or a command.

A key press waits for a completion, so it is answered before Typer and the commands are imported,
which takes longer than all the rest.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Answer the shell that asks, or run the command that the line is."""
    # The collector looks at what is imported a hundred times for nothing: a tenth of the start.
    gc.set_threshold(200_000)
    from legalgen.commands.shell_completion import ASKED, answer

    if ASKED in os.environ and (reply := answer()) is not None:
        sys.stdout.write(f"{reply}\n" if reply else "")
        sys.exit(0)
    from legalgen.cli import main as run

    run()


if __name__ == "__main__":
    main()
