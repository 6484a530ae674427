"""The vendors' double with answers that no cache has seen: ``python -m benchmarks._double``.

Options are those of ``python -m tests.vendors``; ``--answers FILE`` takes the answers from a file
instead, one JSON object a line.
"""

import sys
from dataclasses import replace

from benchmarks._bank import varied
from tests.vendors import __main__ as double


def main() -> int:
    config = double.read(sys.argv[1:])
    if config.answers == "good":
        config = replace(config, answers=varied)
    return double.serve(config)


if __name__ == "__main__":
    sys.exit(main())
