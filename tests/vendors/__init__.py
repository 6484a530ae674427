"""A faithful double of Groq, Cerebras and any OpenAI-compatible server, on loopback.

    with VendorServer(Config.of("groq-free", "cerebras-trial", latency=0.2)) as server:
        client = Groq(base_url=server.base_url("groq"), api_key=server.key("groq"))
        server.fail("groq", "over_capacity", model="openai/gpt-oss-120b", count=3)
        ...
        server.calls("groq")

Tests that need an order of things do not sleep: ``held = server.hold(model)`` keeps calls where
they arrive (``held.wait_for(3)``, ``held.release()``), ``server.wait_for(5)`` waits for calls that
were answered, a fault with ``task=0`` or ``prompt="..."`` strikes one task whichever call comes
first, and a clock can be passed in (``tests.simulation``).

It speaks each vendor's paths, headers and error bodies, keeps their quotas in buckets that refill
all the time, answers with samples that are worth keeping, and fails on schedule. It also runs by
hand and for benchmarks: ``python -m tests.vendors --help``.

Modules: ``config`` (what is pretended), ``quotas``, ``chat`` (requests and their refusals),
``engine`` (one vendor at work), ``dialects`` (the wordings), ``faults``, ``gates``, ``answers`` and
``law``, ``batches``, ``record``, ``wire`` (HTTP), ``server``.
"""

from .config import (
    CEREBRAS,
    COMPAT,
    GROQ,
    PRESETS,
    AnswerRequest,
    Config,
    Latency,
    Model,
    Vendor,
)
from .faults import CATALOGUE, Fault
from .gates import Gate
from .quotas import Limits
from .record import Call
from .server import VendorServer

__all__ = [
    "CATALOGUE",
    "CEREBRAS",
    "COMPAT",
    "GROQ",
    "PRESETS",
    "AnswerRequest",
    "Call",
    "Config",
    "Fault",
    "Gate",
    "Latency",
    "Limits",
    "Model",
    "Vendor",
    "VendorServer",
]
