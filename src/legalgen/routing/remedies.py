"""What to do about a failure: one sentence with a remedy for each kind that people can mend."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from legalgen.completion import ModelRef, vendor_of
from legalgen.errors import Failure, Trouble
from legalgen.errors.category import ErrorCategory as C
from legalgen.errors.pages import CUT_OFF, HUNG_UP, LED_ON, LOGIN_PAGE, NO_HTTP, WEB_PAGE
from legalgen.errors.patterns import ACCOUNT_SETTINGS, BARRED, PLAIN_TO_TLS
from legalgen.providers import PROVIDERS, is_remote, own_variable
from legalgen.providers.catalog import Catalog
from legalgen.providers.presets import presets
from legalgen.routing.limiter import Bound
from legalgen.store.ledger import TroubleKind

_CERTIFICATE = re.compile(r"certificate|self.signed", re.IGNORECASE)
_OTHER_NAME = re.compile(r"mismatch|not valid for|doesn't match", re.IGNORECASE)
_NO_NAME = re.compile(r"name or service not known|nodename nor servname|getaddrinfo", re.IGNORECASE)
"""How Linux, macOS and Windows say that a host has no address."""
_PROXY = re.compile(r"the proxy \S+: ")
_UNKNOWN_TO_PROXY = re.compile(r"\b407\b|proxy authentication required", re.IGNORECASE)
_CIRCLE = re.compile(r"maximum allowed redirects", re.IGNORECASE)
_PLAIN = re.compile(r"wrong.version.number|record.layer", re.IGNORECASE)
_TLS = re.compile(r"\b_?ssl\b|\btls|handshake", re.IGNORECASE)
_NETWORK = re.compile(
    rf"network|vpn|country|region|blocked|forbidden|^{WEB_PAGE}:|\berror code: 1\d{{3}}\b",
    re.IGNORECASE,
)
_NO_API = re.compile(f"{LED_ON}|{WEB_PAGE}|{LOGIN_PAGE}")
_LED_ON = re.compile(rf"{LED_ON} (\S+): ")
_LOGIN = re.compile(rf"{LOGIN_PAGE}|^{LED_ON} \S+/(?:log|sign)[-_]?[io]n\b|/(?:sso|oauth2?)/")


UNMARKED = (
    "Samples are kept without marks, no judge could be had: legalgen dataset export "
    '--without-flag UNJUDGED leaves them out, [gate] UNJUDGED = "reject" refuses them.'
)
"""What to do about rows that lack the marks that were asked for."""


def account_trouble(trouble: Trouble) -> TroubleKind | None:
    """What is wrong with the account behind a target; None where it passes by itself."""
    match trouble.category:
        case _ if trouble.wrong_url:
            return "wrong_address"
        case C.AUTHENTICATION if _LOGIN.search(trouble.message) and trouble.status != 401:
            return "wrong_address"
        case C.AUTHENTICATION:
            return "network_refused" if _is_network(trouble) else "key_refused"
        case C.QUOTA_EXHAUSTED if trouble.credit or trouble.status == 402:
            return "no_credit"
        case C.MODEL_UNAVAILABLE:
            return "model_gone"
        case _:
            return None


def kept_away(trouble: Trouble) -> bool:
    """Whether a model is there, and only the account's settings, which may be changed any minute,
    keep it away."""
    gone = trouble.category is C.MODEL_UNAVAILABLE
    return gone and ACCOUNT_SETTINGS.search(trouble.message) is not None


LARGER_CONTEXT = (
    "(llama.cpp: -c, Ollama: num_ctx, vLLM: --max-model-len, "
    "LM Studio and SGLang: --context-length)"
)
"""How servers are given a larger context."""


def remedies(found: Iterable[Trouble]) -> list[str]:
    """One sentence for each different trouble, in their order; models that are gone share one."""
    catalog, listed = Catalog.load(), list(found)
    gone = {t.target for t in listed if t.category is C.MODEL_UNAVAILABLE and not t.wrong_url}
    gone -= {t.target for t in listed if kept_away(t)}
    sentences = []
    for trouble in listed:
        models = [ref.model for ref in gone if ref.provider == trouble.target.provider]
        if trouble.target in gone and len(models) > 1:
            names = ", ".join(sorted(models))
            sentences.append(f"{trouble.target.provider} has no {names} for this key: {_LOOK}.")
        else:
            sentences.append(remedy(trouble, catalog))
    return list(dict.fromkeys(sentences))


def sentence(reason: str, obstacles: Iterable[Trouble]) -> str:
    """Why a run ended, with what keeps each target out of use, in one sentence."""
    told = [f"{each.target}: {each}" for each in obstacles if str(each) != reason]
    return f"{reason}: {'; '.join(told)}" if told else reason


def grouped(found: Iterable[Trouble]) -> list[str]:
    """Each trouble once, with how many models of the provider have it."""
    models: dict[tuple[str, C, int | None], list[Trouble]] = {}
    for trouble in found:
        models.setdefault((trouble.target.provider, trouble.category, trouble.status), []).append(
            trouble
        )
    return [_group(troubles) for troubles in models.values()]


def _group(troubles: list[Trouble]) -> str:
    first = troubles[0]
    refs = {trouble.target for trouble in troubles}
    who = str(first.target) if len(refs) == 1 else f"{first.target.provider}, {len(refs)} models"
    return f"{who}: {first}"


def listing_remedy(provider: str, failure: Failure, catalog: Catalog) -> str:
    """What to do about a server that does not list its models; empty where nothing is known that
    would help."""
    if failure.category in (C.AUTHENTICATION, C.CONNECTION_ERROR) or failure.wrong_url:
        return remedy(Trouble.of(ModelRef(provider, "-"), failure), catalog)
    return ""


def remedy(trouble: Trouble, catalog: Catalog) -> str:  # noqa: PLR0911 - a table of sentences
    """What to do about one trouble, as a sentence."""
    provider = trouble.target.provider
    match trouble.category:
        case C.AUTHENTICATION:
            no_api = _NO_API.match(trouble.message)
            return _misplaced(trouble) if no_api else _refused(trouble)
        case C.QUOTA_EXHAUSTED if trouble.credit or trouble.status == 402:
            return (
                f"The account at {provider} is out of credit, or at a limit of what may be spent: "
                "add credit or raise that limit, or use another provider."
            )
        case C.QUOTA_EXHAUSTED | C.RATE_LIMIT:
            return f"{provider}'s quota is used up: `legalgen models` shows when it is back."
        case _ if trouble.wrong_url:
            return _misplaced(trouble)
        case C.MODEL_UNAVAILABLE:
            return _gone(trouble, catalog)
        case C.CONNECTION_ERROR:
            return _unreachable(trouble)
        case C.TIMEOUT:
            return (
                f"{trouble.target} does not answer in time: raise --timeout, or use another model."
            )
        case C.OVERLOADED | C.SERVER_ERROR | C.GENERAL:
            return f"{provider} has trouble of its own: try later, or use another provider."
        case C.CONTEXT_LENGTH:
            return _too_large(trouble.target)
        case _:
            return (
                f"{trouble.target} refuses what it is asked: use another model; "
                "`legalgen generate --show-prompt` shows what is asked."
            )


def _refused(trouble: Trouble) -> str:
    """A wrong key, a network that is not let in and an account that is shut out look alike; the
    words tell them apart."""
    provider = trouble.target.provider
    if BARRED.search(trouble.message):
        return (
            f"{provider} has shut this account out, another key would not help: write to its "
            "support, or use another provider."
        )
    spec = PROVIDERS.get(vendor_of(provider))
    if _is_network(trouble):
        return (
            f"{provider} does not let this network in: leave the VPN or proxy, "
            "or use another provider."
        )
    vendor, _, number = provider.partition("#")
    own = _is_server(provider)
    if number:  # a variable holds one key: the others are in the file
        return (
            f"{provider} refuses the key: check keys in "
            f"[{'servers' if own else 'providers'}.{vendor}]."
        )
    if own:
        return (
            f"{provider} refuses the key: check {_key_variable(vendor)} (or your key_variable), "
            f"or key in [servers.{vendor}]."
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
        f"or run `legalgen config set-key {vendor}`."
    )


def _key_variable(server: str) -> str:
    """The variable of a server's key, by its name alone."""
    preset = presets().get(server)
    return (preset.key_variable if preset else None) or own_variable(server, "API_KEY")


def _is_network(trouble: Trouble) -> bool:
    """Whether it is the network that is refused, not the key; the vendor's words alone say so."""
    if BARRED.search(trouble.message):
        return False
    return trouble.status == 403 and _NETWORK.search(trouble.message) is not None


def _is_server(provider: str) -> bool:
    """Whether it is a server that the user named."""
    return vendor_of(provider) not in PROVIDERS


def too_small(contexts: Mapping[ModelRef, int]) -> str:
    """That what is asked is larger than models take, with what to do, as a part of a sentence."""
    sizes = ", ".join(f"{ref} (a context of {size:,} tokens)" for ref, size in contexts.items())
    start = _START_LARGER if any(map(_is_own, contexts)) else ""
    return f"prompt and answer are too large for {sizes}; use a larger model{start}"


def more_room(bounds: Mapping[ModelRef, Bound]) -> str:
    """What to do where requests are larger than models take, by what they are too large for, as a
    part of a sentence."""
    own = {bound for ref, bound in bounds.items() if _is_own(ref)}
    vendors = {bound for ref, bound in bounds.items() if not _is_own(ref)}
    ways = ["use another model"]
    if "rate" in own:
        ways.append(", or raise that limit (the server's, or yours in [limits])")
    if vendors - {"context"}:  # vendors refuse long answers by the plan, too
        ways.append(", or a larger plan of the vendor")
    if "answer" in own | vendors:
        ways.append(f", or raise the cap on an answer ({'the server, or ' * ('answer' in own)}")
        ways.append("max_output in config.toml where you set it)")
    if not own.isdisjoint(("context", "request")):
        ways.append(_START_LARGER)
    return "".join(ways)


_START_LARGER = f", or start the server with a larger context {LARGER_CONTEXT}"


def _is_own(ref: ModelRef) -> bool:
    return ref.provider == "openai" or _is_server(ref.provider)


def _too_large(ref: ModelRef) -> str:
    own = _START_LARGER if _is_own(ref) else ""
    return f"The prompt is too large for {ref}: use a model with a larger context{own}."


def _gone(trouble: Trouble, catalog: Catalog) -> str:
    ref = trouble.target
    if not is_remote(ref.provider):
        return f"{ref} cannot be loaded: {trouble.message.rstrip('.')}."
    if kept_away(trouble):
        return (
            f"{ref} is there, but not under what your account at {ref.provider} allows (data "
            "policy, privacy, providers): change its settings there, or use another model."
        )
    day = catalog.retired(ref.provider, ref.model)
    what = f"was shut down on {day}" if day else "is not there for this key"
    known = next((spec for spec in catalog.models(ref.provider) if spec.writer), None)
    instead = f"use --model {known.id}" if known and known.id != ref.model else "use another"
    return f"{ref} {what}: {instead}; {_LOOK}."


def _misplaced(trouble: Trouble) -> str:
    provider = trouble.target.provider
    if PLAIN_TO_TLS.search(trouble.message):
        return f"{provider}'s address speaks TLS alone: write https:// in place of http://."
    own = _is_own(trouble.target)
    flag = "; most servers' addresses end in /v1: add /v1 where it is missing" if own else ""
    where = _address_place(provider) or "its base URL"
    led = _LED_ON.match(trouble.message)
    if _LOGIN.search(trouble.message):
        to = f" ({led[1]})" if led else ""
        return (
            f"{provider}'s address leads to a page that asks for a login{to}, not to its API: "
            f"check {where}, and that the key is one of that API."
        )
    if led:
        return (
            f"{provider}'s address leads on to {led[1]}, and neither request nor key go along to "
            f"another host: write the address where its API is into {where}."
        )
    if trouble.category is C.AUTHENTICATION:
        return (
            f"A web page refuses the call, not {provider}'s API, and says nothing of the key: a "
            "proxy, a firewall or a check for browsers stands before it. Leave the VPN or proxy, "
            f"or check {where}."
        )
    return f"What answers is not {provider}'s API: check {where}{flag}."


def _address_place(provider: str) -> str:
    """Where the address of a provider is written; empty where nobody writes it."""
    vendor = vendor_of(provider)
    if _is_server(provider):
        return f"base_url in [servers.{vendor}]"
    spec = PROVIDERS.get(vendor)
    variable = spec.base_url_env if spec and spec.base_url_env else ""
    return f"{variable} or --base-url" if vendor == "openai" else variable


def _broken(trouble: Trouble, where: str) -> str:
    """What to do about a server that was reached, and gave no reply, half of one or none that can
    be read; empty where it was not reached."""
    provider, own = trouble.target.provider, _is_own(trouble.target)
    log = "look into the server's own log" if own else "try later, or use another provider"
    if trouble.message.startswith(CUT_OFF):
        return (
            f"{provider} answers, but its replies break off: {log}; a proxy or load balancer on "
            "the way may end them."
        )
    if trouble.message.startswith(NO_HTTP):
        return (
            f"What answers at {provider}'s address is no valid HTTP: check {where or 'it'}, "
            "whether it wants https://, and any proxy on the way."
        )
    if not trouble.address and HUNG_UP.search(trouble.message):  # it had been connected
        wants = f", and whether it wants https://; its address: {where}" if own else ""
        return f"{provider} hangs up without an answer: {log}{wants}."
    return ""


_LOOK = "`legalgen models --refresh` lists what there is"


def _proxy(trouble: Trouble) -> str:
    """What is wrong with the proxy on the way; empty where it is something else."""
    provider, variables = trouble.target.provider, "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY"
    if _PROXY.match(trouble.message):
        return (
            f"The proxy at {trouble.address}, by which {provider} is asked, cannot be reached: "
            f"check it and {variables}, or name the server's host in NO_PROXY."
        )
    if trouble.status == 407 or _UNKNOWN_TO_PROXY.search(trouble.message):
        return (
            f"The proxy by which {provider} is asked wants a user and a password: write them into "
            f"{variables} (http://user:password@host:port), or name the server's host in NO_PROXY."
        )
    return ""


def _unreachable(trouble: Trouble) -> str:  # noqa: PLR0911 - a table of sentences
    """What may be wrong on the way; TLS fails only where the server was reached, so the network is
    not named then."""
    provider, message = trouble.target.provider, trouble.message
    if not is_remote(provider):
        return f"{provider} cannot be reached: {message.rstrip('.')}."
    where = _address_place(provider)
    if proxy := _proxy(trouble):
        return proxy
    if _CERTIFICATE.search(message) and _OTHER_NAME.search(message):
        return (
            f"{provider}'s certificate is made for another name: write that name into the "
            f"address: {where or 'its base URL'}."
        )
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
    if _CIRCLE.search(message):
        return (
            f"{provider}'s address leads in a circle of redirects: check {where or 'its base URL'}."
        )
    if broken := _broken(trouble, where):
        return broken
    what = f"{provider} at {trouble.address}" if trouble.address else provider
    if trouble.address and "refused" in message:  # by the system's own words
        return (
            f"{what} cannot be reached: nobody listens there; start the server, or check "
            f"{where or 'its address'}."
        )
    named = f" and {where}" if where else ""
    unknown = "no host of that name is known; " if _NO_NAME.search(message) else ""
    return f"{what} cannot be reached: {unknown}check the network, HTTPS_PROXY{named}."
