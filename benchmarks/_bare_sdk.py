"""The Groq SDK and nothing else: send one request many times, read each answer, keep none.

``python _bare_sdk.py REQUEST.json COUNT [--threads N] [--retries N] [--seconds S] [--patient]``.
``--seconds`` ends it early; ``--patient`` sleeps as long as ``retry-after`` says and asks again.
Prints a line of JSON: answers, requests that were given up, and when the answers came.
"""

import argparse
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BEGAN = time.monotonic()

import groq  # noqa: E402 - its import is part of what is measured


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("request", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--retries", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--patient", action="store_true")
    given = parser.parse_args()
    client = groq.Groq(max_retries=given.retries)
    body = json.loads(given.request.read_text("utf-8"))
    answered: list[float] = []
    refused: list[str] = []

    def ask(_: int) -> None:
        while time.monotonic() - BEGAN < given.seconds:
            try:
                completion = client.chat.completions.create(**body)
            except groq.RateLimitError as error:
                if given.patient:
                    time.sleep(float(error.response.headers["retry-after"]))
                    continue
                refused.append(type(error).__name__)
                return
            json.loads(completion.choices[0].message.content)
            answered.append(time.monotonic() - BEGAN)
            return

    if given.threads == 1:
        for number in range(given.count):
            ask(number)
    else:
        with ThreadPoolExecutor(given.threads) as pool:
            list(pool.map(ask, range(given.count)))
    first, last = (answered[0], answered[-1]) if answered else (None, None)
    print(json.dumps({"answers": len(answered), "refused": len(refused), "first_s": first,
                      "last_s": last}))  # fmt: skip


if __name__ == "__main__":
    main()
