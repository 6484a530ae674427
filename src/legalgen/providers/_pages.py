"""How large a context a model has, from the pages that servers have beside OpenAI's API.

What the model was loaded with comes before what it could be loaded with: a longer prompt than that
is refused, or cut without a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from legalgen.providers._reply import context_at, context_of

Fetch = Callable[..., object]
"""Fetches a page by its path, with a body posts to it; None where there is none."""


def native_context(ask: Fetch, model: str) -> int | None:
    """The context of ``model`` in tokens, of the first kind of server that knows it."""
    kinds = (_ollama, _lm_studio, _llama_cpp, _tgi, _tabby, _koboldcpp, _litellm)
    return next((size for kind in kinds if (size := kind(ask, model)) is not None), None)


def _ollama(ask: Fetch, model: str) -> int | None:
    """``/api/ps`` says what a model that is loaded has, ``/api/show`` what its file asks for.

    https://docs.ollama.com/api/ps, https://docs.ollama.com/api/show
    """
    tags = ask("/api/tags")
    if not (isinstance(tags, dict) and isinstance(tags.get("models"), list)):
        return None  # nothing is posted to a server that may be another
    shown = ask("/api/show", {"model": model})
    if not isinstance(shown, dict):
        return None
    for row in _rows(ask("/api/ps"), "models"):
        if model in (row.get("name"), row.get("model")):
            return context_at(row, "context_length")
    asked = re.search(r"\bnum_ctx\s+(\d{1,9})\b", str(shown.get("parameters") or ""))
    if asked:
        return int(asked[1])
    info = shown.get("model_info")
    names = info if isinstance(info, dict) else ()
    found = (context_at(info, name) for name in names if str(name).endswith(".context_length"))
    return next((size for size in found if size), None)


def _lm_studio(ask: Fetch, model: str) -> int | None:
    """https://lmstudio.ai/docs/developer/rest, and its older form under ``/api/v0``."""
    for row in _rows(ask("/api/v1/models"), "models"):
        if row.get("key") == model:
            loaded = _rows(row, "loaded_instances")
            sizes = (context_at(each, "config", "context_length") for each in loaded)
            return next((size for size in sizes if size), context_at(row, "max_context_length"))
    for row in _rows(ask("/api/v0/models"), "data"):
        if row.get("id") == model:
            loaded_with = context_at(row, "loaded_context_length")
            return loaded_with or context_at(row, "max_context_length")
    return None


def _llama_cpp(ask: Fetch, _: str) -> int | None:
    """https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md: ``GET /props``."""
    page = ask("/props")
    return context_at(page, "default_generation_settings", "n_ctx") or context_at(page, "n_ctx")


def _tgi(ask: Fetch, _: str) -> int | None:
    """https://huggingface.co/docs/text-generation-inference/reference/api_reference: ``/info``."""
    page = ask("/info")
    return context_at(page, "max_total_tokens") or context_at(page, "max_input_tokens")


def _tabby(ask: Fetch, _: str) -> int | None:
    """https://github.com/theroyallab/tabbyAPI/wiki: ``/v1/model``, the one that is loaded."""
    return context_at(ask("/v1/model"), "parameters", "max_seq_len")


def _koboldcpp(ask: Fetch, _: str) -> int | None:
    """https://lite.koboldai.net/koboldcpp_api: ``GET /api/extra/true_max_context_length``."""
    return context_at(ask("/api/extra/true_max_context_length"), "value")


def _litellm(ask: Fetch, model: str) -> int | None:
    """https://docs.litellm.ai/docs/proxy/model_management: ``GET /model/info``.

    A name may stand for several models behind the proxy: any of them may get the call.
    """
    rows = (row for row in _rows(ask("/model/info"), "data") if row.get("model_name") == model)
    return min((size for row in rows if (size := context_of(row))), default=None)


def _rows(page: object, name: str) -> Iterator[Mapping[str, object]]:
    rows = page.get(name) if isinstance(page, dict) else None
    yield from (row for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()
