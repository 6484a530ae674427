"""Ray Serve with two replicas of an OpenAI-like endpoint behind one URL; run by Python of its own.

``python serve_app.py PORT FOLDER``: prints ``ready`` and serves until stdin ends.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import sys
from typing import Any

import ray
from ray import serve

from tests.vendors import answers


@serve.deployment(
    num_replicas=2,
    max_ongoing_requests=8,
    ray_actor_options={"num_cpus": 0.1},
    health_check_period_s=1,
    health_check_timeout_s=5,
)
class Chat:
    """One replica."""

    def __init__(self) -> None:
        self._numbers = itertools.count(random.SystemRandom().randrange(1 << 40))

    async def __call__(self, request: Any) -> dict[str, object]:
        """Chat completions, and the list of models."""
        if request.url.path.endswith("/models"):
            return {"data": [{"id": "own", "object": "model", "max_model_len": 32768}]}
        body = await request.json()
        await asyncio.sleep(0.2)
        brief = answers.read_brief(body["messages"][-1]["content"])
        text = json.dumps(answers.good(next(self._numbers), 7, brief))
        return {
            "id": f"chatcmpl-{os.getpid()}",
            "object": "chat.completion",
            "model": "own",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": text},
                    "finish_reason": "stop",
                }
            ],
            "usage": {"prompt_tokens": 900, "completion_tokens": 700, "total_tokens": 1600},
        }


def main() -> None:
    """Serve."""
    port, folder = sys.argv[1:]
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        object_store_memory=80_000_000,
        _temp_dir=folder,
        log_to_driver=False,
    )
    serve.start(http_options={"host": "127.0.0.1", "port": int(port)})
    application: Any = Chat
    serve.run(application.bind(), route_prefix="/")
    print("ready", flush=True)  # noqa: T201 - what the test waits for
    sys.stdin.read()


if __name__ == "__main__":
    main()
