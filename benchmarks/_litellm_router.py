"""LiteLLM's router doing the same job; run by the Python that ``BENCH_PEERS`` names.

``python _litellm_router.py REQUEST.json COUNT [--threads N] [--best] [--timeout S]``. The route
is two Groq models and two of Cerebras, as fallbacks of the first. ``--best`` sets what serves
failover best: no retries of its own, no failure allowed, a long cooldown, and the other provider
asked before the other model.
"""

import argparse
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BEGAN = time.monotonic()

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
os.environ.setdefault("LITELLM_LOG", "CRITICAL")

import litellm  # type: ignore[import-not-found, unused-ignore]  # noqa: E402 - its import is part of what is measured
from litellm import Router  # type: ignore[import-not-found, unused-ignore]  # noqa: E402

MODELS = {
    "first": ("groq", "openai/gpt-oss-120b"),
    "second": ("groq", "openai/gpt-oss-20b"),
    "third": ("cerebras", "gpt-oss-120b"),
    "fourth": ("cerebras", "qwen-3.8-27b"),
}


def _deployment(name: str, vendor: str, model: str) -> dict[str, object]:
    base = os.environ[f"{vendor.upper()}_BASE_URL"]
    tail = "/openai/v1" if vendor == "groq" else "/v1"
    params = {
        "model": f"{vendor}/{model}",
        "api_base": base + tail,
        "api_key": os.environ[f"{vendor.upper()}_API_KEY"],
    }
    return {"model_name": name, "litellm_params": params}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("request", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=120.0)
    parser.add_argument("--best", action="store_true")
    given = parser.parse_args()
    litellm.suppress_debug_info = True
    best = {"num_retries": 0, "allowed_fails": 0, "cooldown_time": 600} if given.best else {}
    names = list(MODELS)
    router = Router(
        model_list=[_deployment(name, *MODELS[name]) for name in names],
        fallbacks=[{"first": ["third", "fourth", "second"] if given.best else names[1:]}],
        timeout=given.timeout,
        **best,
    )
    body = json.loads(given.request.read_text("utf-8"))
    body.pop("model")
    answered: list[float] = []
    refused: list[str] = []

    def ask(_: int) -> None:
        try:
            completion = router.completion(model="first", drop_params=True, **body)
        except Exception as error:  # noqa: BLE001 - whatever a peer raises is a call that gave up
            refused.append(f"{type(error).__name__}: {error}"[:300])
            return
        json.loads(completion.choices[0].message.content)
        answered.append(time.monotonic() - BEGAN)

    if given.threads == 1:
        for number in range(given.count):
            ask(number)
    else:
        with ThreadPoolExecutor(given.threads) as pool:
            list(pool.map(ask, range(given.count)))
    first, last = (answered[0], answered[-1]) if answered else (None, None)
    print(json.dumps({"answers": len(answered), "refused": len(refused), "first_s": first,
                      "last_s": last, "why": refused[:1]}))  # fmt: skip


if __name__ == "__main__":
    main()
