"""What to do about a failure: one sentence with a remedy for each kind that people can mend."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from legalgen.completion import ModelRef
from legalgen.errors.category import ErrorCategory as C
from legalgen.providers import PROVIDERS
from legalgen.providers.catalog import Catalog

_CATEGORIES = "|".join(C)
_TARGET = r"[\w.-]+/[^\s:;]+(?::[^\s:;]+)?"
_CLAUSE = re.compile(
    rf"({_TARGET}): ({_CATEGORIES})(?: (\d{{3}}))?: (.*?)(?=; {_TARGET}: (?:{_CATEGORIES})|$)",
    re.DOTALL,
)
_ADDRESS = re.compile(r"https?://[^\s/]+?(?=:?(?:\s|/|$))")
_CREDIT = re.compile(r"credit|billing|payment|balance|spend", re.IGNORECASE)
_CERTIFICATE = re.compile(r"certificate|self.signed", re.IGNORECASE)
_PLAIN = re.compile(r"wrong.version.number|record.layer", re.IGNORECASE)
_TLS = re.compile(r"\b_?ssl\b|\btls|handshake", re.IGNORECASE)
_NETWORK = re.compile(r"network|vpn|country|region|blocked|forbidden", re.IGNORECASE)


class Trouble(msgspec.Struct, frozen=True):
    """Why a target cannot be used, in the words that its health keeps."""

    ref: ModelRef
    category: C
    status: int | None
    message: str


def troubles(text: str) -> Iterator[Trouble]:
    """Every ``provider/model: category status: message`` in a text, as the router writes them."""
    for target, category, status, message in _CLAUSE.findall(text):
        number = int(status) if status else None
        yield Trouble(ModelRef.parse(target), C(category), number, message)


def remedies(found: Iterable[Trouble]) -> list[str]:
    """One sentence for each different trouble, in their order; models that are gone share one."""
    catalog, listed = Catalog.load(), list(found)
    gone = {
        t.ref for t in listed if t.category is C.MODEL_UNAVAILABLE and _WRONG_URL not in t.message
    }
    sentences = []
    for trouble in listed:
        models = [ref.model for ref in gone if ref.provider == trouble.ref.provider]
        if trouble.ref in gone and len(models) > 1:
            names = ", ".join(sorted(models))
            sentences.append(f"{trouble.ref.provider} has no {names} for this key: {_LOOK}.")
        else:
            sentences.append(remedy(trouble, catalog))
    return list(dict.fromkeys(sentences))


def grouped(found: Iterable[Trouble]) -> list[str]:
    """Each trouble once, with how many models of the provider have it."""
    models: dict[tuple[str, C, int | None], list[Trouble]] = {}
    for trouble in found:
        models.setdefault((trouble.ref.provider, trouble.category, trouble.status), []).append(
            trouble
        )
    return [_group(troubles) for troubles in models.values()]


def _group(troubles: list[Trouble]) -> str:
    first = troubles[0]
    refs = {trouble.ref for trouble in troubles}
    who = str(first.ref) if len(refs) == 1 else f"{first.ref.provider}, {len(refs)} models"
    status = f" {first.status}" if first.status else ""
    return f"{who}: {first.category}{status}: {first.message}"


def remedy(trouble: Trouble, catalog: Catalog) -> str:  # noqa: PLR0911 - a table of sentences
    """What to do about one trouble, as a sentence."""
    provider = trouble.ref.provider
    match trouble.category:
        case C.AUTHENTICATION:
            return _refused(trouble)
        case C.QUOTA_EXHAUSTED if trouble.status == 402 or _CREDIT.search(trouble.message):
            return f"The account at {provider} is out of credit: add some, or use another provider."
        case C.QUOTA_EXHAUSTED | C.RATE_LIMIT:
            return f"{provider}'s quota is used up: `legalgen models` shows when it is back."
        case _ if _WRONG_URL in trouble.message:
            return _misplaced(provider)
        case C.MODEL_UNAVAILABLE:
            return _gone(trouble, catalog)
        case C.CONNECTION_ERROR:
            return _unreachable(provider, trouble.message)
        case C.TIMEOUT:
            return f"{trouble.ref} does not answer in time: raise --timeout, or use another model."
        case C.OVERLOADED | C.SERVER_ERROR | C.GENERAL:
            return f"{provider} has trouble of its own: try later, or use another provider."
        case C.CONTEXT_LENGTH:
            return _too_large(trouble.ref)
        case _:
            return f"{trouble.ref} refuses what it is asked: use another model, or --show-prompt."


def _refused(trouble: Trouble) -> str:
    """A wrong key and a network that is not let in look alike; the words tell them apart."""
    provider = trouble.ref.provider
    spec = PROVIDERS.get(provider)
    if trouble.status == 403 and _NETWORK.search(trouble.message):
        return (
            f"{provider} does not let this network in: leave the VPN or proxy, "
            "or use another provider."
        )
    where = f" or make a new one at {spec.key_url}" if spec and spec.key_url else ""
    variable = spec.env_var if spec and spec.env_var else f"the key of {provider}"
    if provider == "openai":  # a vendor's key is not sent to whatever --base-url names
        variable = (
            f"LEGALGEN_OPENAI_API_KEY ({variable} goes only to OpenAI itself and to the server "
            "that OPENAI_BASE_URL names)"
        )
    return (
        f"{provider} refuses the key: check {variable}{where}, "
        f"or run `legalgen config set-key {provider}`."
    )


def _too_large(ref: ModelRef) -> str:
    own = (
        ", or start the server with a larger context (llama.cpp: -c, Ollama: num_ctx, "
        "vLLM: --max-model-len)"
        if ref.provider == "openai"
        else ""
    )
    return f"The prompt is too large for {ref}: use a model with a larger context{own}."


def _gone(trouble: Trouble, catalog: Catalog) -> str:
    ref = trouble.ref
    day = catalog.retired(ref.provider, ref.model)
    what = f"was shut down on {day}" if day else "is not there for this key"
    known = next((spec for spec in catalog.models(ref.provider) if spec.writer), None)
    instead = f"use --model {known.id}" if known and known.id != ref.model else "use another"
    return f"{ref} {what}: {instead}; {_LOOK}."


_WRONG_URL = "the base URL is wrong"
"""As failover words it."""


def _misplaced(provider: str) -> str:
    spec = PROVIDERS.get(provider)
    variable = spec.base_url_env if spec and spec.base_url_env else "its base URL"
    flag = (
        " or --base-url; most servers' addresses end in /v1: add /v1 where it is missing"
        if provider == "openai"
        else ""
    )
    return f"What answers is not {provider}'s API: check {variable}{flag}."


_LOOK = "`legalgen models --refresh` lists what there is"


def _unreachable(provider: str, message: str) -> str:
    """What may be wrong on the way; where TLS fails, the network is there, and trust is not."""
    if _CERTIFICATE.search(message):
        return (
            f"{provider}'s certificate is not trusted here: check this machine's clock, and name "
            "the certificates of your server, or of your company's proxy, in SSL_CERT_FILE."
        )
    if _PLAIN.search(message):
        return f"{provider}'s address does not speak TLS: write http:// in place of https://."
    if _TLS.search(message):
        return (
            f"TLS with {provider} fails: check its address and HTTPS_PROXY, and SSL_CERT_FILE "
            "where a proxy has certificates of its own."
        )
    spec = PROVIDERS.get(provider)
    variable = f" and {spec.base_url_env}" if spec and spec.base_url_env else ""
    address = _ADDRESS.search(message)
    what = f"{provider} at {address[0]}" if address else provider
    if address and "refused" in message:
        flag = " or --base-url" if provider == "openai" else ""
        where = f"{spec.base_url_env}{flag}" if spec and spec.base_url_env else "its address"
        return (
            f"{what} cannot be reached: nobody listens there; start the server, or check {where}."
        )
    return f"{what} cannot be reached: check the network, HTTPS_PROXY{variable}."
