"""How a failure is read: exception, then status, then the body's code, and words last.

:func:`legalgen.errors.categorize_error`, :func:`legalgen.errors.classify` and
:func:`legalgen.errors.parse_error` are the way in; they load this module, and its vocabulary, when
the first failure comes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from legalgen.errors import hints, parameters, patterns, quotas, retry_after
from legalgen.errors.category import ErrorCategory
from legalgen.errors.exceptions import (
    LONGEST_MESSAGE,
    Failure,
    GenerationError,
    ProviderError,
    ReplyFacts,
)
from legalgen.errors.extent import ends
from legalgen.errors.pages import BLOCK_PAGE, LOGIN_PAGE, kind_of_page
from legalgen.errors.redaction import excerpt, redact
from legalgen.errors.reply import Reply, add_body, add_text, chain, from_exception, of_proxy

_C = ErrorCategory


def categorize(error: str | BaseException, status: int | None, body: object) -> ErrorCategory:
    """The category of ``error``, for ``categorize_error``."""
    found = _gather(error, status, body)
    found.wait_s = _wait_s(found)
    return _categorize(found, error)


def _wait_s(found: Reply, now: datetime | None = None, provider: str = "") -> float | None:
    said = " ".join([*found.words, found.text, *found.raw])
    return retry_after.retry_after_s(found.headers, said, now=now, provider=provider)


def _gather(error: str | BaseException, status: int | None, body: object) -> Reply:
    found = Reply()
    if status is not None:
        found.statuses.append(status)
    if body:
        add_body(body, found)
    if isinstance(error, BaseException):
        return _merged(found, _of_exception(error))
    add_text(error, found)
    if status is not None and not 500 <= status < 600 and status not in (200, 400):
        found.statuses = [status]
    return found


def _of_exception(error: BaseException) -> Reply:
    read = from_exception(error)
    # what broke on the way never had a status: "ProxyError: 403" is the proxy's own number
    add_text(str(error), read, numbers=_by_type(read) is None)
    return read


def _merged(given: Reply, read: Reply) -> Reply:
    """What the caller knows outranks what the exception holds."""
    read.statuses = [*given.statuses, *(s for s in read.statuses if s not in given.statuses)]
    read.layers = given.layers or read.layers
    read.page = given.page or read.page
    read.headers = given.headers | read.headers
    read.raw = given.raw + read.raw
    return read


def _categorize(found: Reply, error: object) -> ErrorCategory:
    if isinstance(error, GenerationError):
        return error.category
    # Before all else: httpx calls a header that it cannot send a broken connection.
    if _malformed_key(found):
        return _C.AUTHENTICATION
    # A reply with layers came from the API itself, whatever words of proxies it holds.
    if of_proxy(found.text) and not found.layers:
        return _C.CONNECTION_ERROR
    status = _status(found)
    # no API says with a page what it thinks of a prompt: a filter on the way refuses the address
    if found.html and status in (None, 403) and any(map(BLOCK_PAGE.search, _told(found))):
        return _C.AUTHENTICATION
    if status is not None:
        return _within(status, found)
    return _without_status(found)


def _told(found: Reply) -> list[str]:
    """The vendor's sentences; where there are none, what stands alone."""
    return found.words or [found.text]


def _malformed_key(found: Reply) -> bool:
    """A key that no header can hold: empty, padded, broken by a newline, or not ASCII."""
    if found.live and any(patterns.KEY_NAMES.search(name) for name in found.names):
        return True
    # a reply is no word of a header that did not leave
    return not found.statuses and bool(_ILLEGAL_HEADER.search(" ".join(found.raw)))


_ILLEGAL_HEADER = patterns.pattern(
    r"(?:illegal|invalid) header value"
    r"|invalid (?:leading )?(?:whitespace|character)[^\n]{0,90}\bheader (?:value|content)"
)


def _status(found: Reply) -> int | None:
    """The status that tells most: gateways put their own around the one that matters."""
    inner = [layer.status for layer in found.layers if layer.status is not None]
    # 2xx tells nothing here: gateways answer 200 with an error in the body.
    known = [status for status in (*found.statuses, *inner) if 300 <= status <= 599]
    if not known:
        return None
    telling = known[0]
    for status in known[1:]:
        telling = status if _tells_more(status, telling) else telling
    return telling


def _tells_more(inner: int, outer: int) -> bool:
    """Whether a status found inside a reply says more than the one around it."""
    # 500 is what frameworks put into a body by default; it never explains another status.
    if inner in (outer, 500):
        return False
    # So is 400, but a gateway's 502 around it means that the request was read and refused.
    if inner == 400:
        return outer >= 500
    return outer in (400, 500, 502) or (outer >= 500 > inner)


def _within(status: int, found: Reply) -> ErrorCategory:
    """What codes and words make of a failure with ``status``."""
    default, asked = patterns.BY_STATUS.get(
        status, patterns.OTHER_5XX if status >= 500 else patterns.OTHER_4XX
    )
    if status >= 500 and _STREAM.isdisjoint(refused := parameters.refused(found)) and refused:
        return _C.BAD_REQUEST  # llama.cpp says so of all that a request asks for in vain
    if status == 404 and parameters.TAKEN_NOWHERE.search(" ".join(_told(found))):
        return _C.BAD_REQUEST  # the model is there, but none of its servers takes what is asked for
    if default is _C.BAD_REQUEST and (
        parameters.most_output(found) or _asks_too_many_tokens(found)
    ):
        return _C.CONTEXT_LENGTH
    if status == 503 and patterns.KEY_UNSET.search(" ".join([*found.words, found.text])):
        return _C.AUTHENTICATION
    by_code = _by_code(found)
    # Groq says rate_limit_exceeded of every window: only the words tell a minute from a day.
    # A code that says what the status says tells no more than it either.
    if by_code in asked and by_code not in (_C.RATE_LIMIT, default):
        return by_code
    if default is _C.BAD_REQUEST:
        asked = _asked_of_a_form(asked, found)
    by_name = None if found.live else _by_names(found.names)
    return (
        _by_words(asked, found)
        or _first(each for each in (by_code, by_name) if each in (*asked, default))
        or _comes_later(default, found)
        or default
    )


def _by_code(found: Reply) -> ErrorCategory | None:
    by_code = _first(_code_meaning(code) for code in _codes(found))
    if by_code is None and not found.live and _C.QUOTA_EXHAUSTED in map(_of_class, found.names):
        by_code = _C.QUOTA_EXHAUSTED  # a vendor's own class, as a log line has it
    # DashScope says insufficient_quota of limits per minute as well; new-api gives its own words
    # of load the code of what is behind it
    passes = by_code is _C.QUOTA_EXHAUSTED and _passes_soon(found)
    return _C.RATE_LIMIT if passes else by_code


def _asked_of_a_form(asked: tuple[ErrorCategory, ...], found: Reply) -> tuple[ErrorCategory, ...]:
    """Which meanings are left to a refused request whose form or parameter is named."""
    if any(patterns.FORM_CODES.search(_snake(code)) for code in found.codes):
        # A field's form was refused. The words name that field, which may be `model` or
        # `timeout`: of what they seem to say only the length can be true.
        asked = (_C.CONTEXT_LENGTH, _C.BAD_REQUEST)
    if _of_a_parameter(found):
        # "the provided token is not in the vocabulary" is no key, "no choices" no answer
        asked = tuple(meaning for meaning in asked if meaning not in _COSTLY)
    return asked


def _by_words(asked: Sequence[ErrorCategory], found: Reply) -> ErrorCategory | None:
    said = _told(found)
    by_words = _said_of(asked, said, found)
    if by_words is None and _C.SERVER_ERROR in asked:  # what a gateway did not reach behind it
        broken = _first(_meaning(text, (_C.CONNECTION_ERROR,)) for text in said)
        by_words = broken and _C.SERVER_ERROR
    return by_words


def _said_of(
    asked: Sequence[ErrorCategory], said: Sequence[str], found: Reply
) -> ErrorCategory | None:
    by_words = _first(_meaning(text, asked, found.wait_s) for text in said)
    if by_words is _C.QUOTA_EXHAUSTED and _passes_soon(found):
        # Google says "check your plan and billing" of limits per minute as well
        left = tuple(meaning for meaning in asked if meaning is not _C.QUOTA_EXHAUSTED)
        return _first(_meaning(text, left, found.wait_s) for text in said)
    return by_words


def _comes_later(default: ErrorCategory, found: Reply) -> ErrorCategory | None:
    """What a refusal without words means that tells a queue, or how long to wait: nobody asks who
    has a wrong key to come again."""
    if default not in (_C.AUTHENTICATION, _C.BAD_REQUEST, _C.RATE_LIMIT):
        return None
    if not found.words and any(layer.queued for layer in found.layers):
        return _C.OVERLOADED
    if default is not _C.AUTHENTICATION or _status(found) == 401:
        return None
    # of its body, which is the API's: proxies put the header beside refusals of their own
    waits = retry_after.retry_after_s(None, " ".join(found.raw)) is not None
    return _C.RATE_LIMIT if waits else None


def _asks_too_many_tokens(found: Reply) -> bool:
    """Whether a request that was read has too many tokens; those of a minute are a throttle's."""
    told = " ".join(_told(found))
    if not patterns.TOO_MANY_TOKENS.search(told):
        return False
    codes = map(_code_meaning, _codes(found))
    return (
        found.wait_s is None
        and not _of_a_rate_in_words(patterns.TOO_MANY_TOKENS.sub(" ", told))
        and _C.RATE_LIMIT not in codes
    )


_STREAM = frozenset({"stream"})
"""The parameter that servers name for other reasons: "unexpected end of stream"."""
_COSTLY = (_C.QUOTA_EXHAUSTED, _C.AUTHENTICATION, _C.MODEL_UNAVAILABLE, _C.OUTPUT_INVALID)
"""What would cost the batch a provider, a model, or the same request once more."""


def _of_a_parameter(found: Reply) -> bool:
    """Whether the reply is about a parameter of the request, and about no key, model or answer."""
    said = found.said or [found.text]
    if any(map(patterns.OF_A_TARGET.search, said)):
        return False
    return bool(parameters.refused(found)) or any(map(patterns.PARAMETER.search, said))


def _passes_soon(found: Reply) -> bool:
    """Whether a rate or a load is named, and neither money nor a long window beside it.

    Codes, the words and the anchors of addresses (``error-code#token-limit``) name a rate.
    """
    codes = " ".join(map(_snake, found.codes))
    told = " ".join(_told(found))
    if _of_a_long_window(codes) or _of_a_long_window(told):
        return False
    if quotas.PER_MOMENT_CODES.search(codes):
        return True
    if quotas.CREDIT.search(quotas.SHORT_OF_QUOTA.sub(" ", told)):
        return False
    if patterns.WORDS[_C.OVERLOADED].search(told):
        return True
    if quotas.MONEY_CODES.search(codes):
        return False
    addressed = " ".join(found.said or [ends(found.around)])
    return bool(quotas.RATE_ANCHOR.search(addressed) or quotas.A_RATE.search(told))


def _first(meanings: Iterable[ErrorCategory | None]) -> ErrorCategory | None:
    return next((meaning for meaning in meanings if meaning is not None), None)


def _snake(code: str) -> str:
    """``ResourceExhausted``, ``RESOURCE-EXHAUSTED`` and ``resource.exhausted`` as one spelling."""
    code = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", code)
    return re.sub(r"[^a-z0-9]+", "_", code.lower()).strip("_")


def _code_meaning(code: str, *, weak: bool = False) -> ErrorCategory | None:
    code = _snake(code)
    table = (*patterns.CODES, *patterns.WEAK_CODES) if weak else patterns.CODES
    return _first(category if pattern.search(code) else None for category, pattern in table)


def _meaning(
    text: str, asked: Sequence[ErrorCategory], wait_s: float | None = None
) -> ErrorCategory | None:
    """The first of ``asked`` that ``text``, of a reply with that hint to wait, speaks of."""
    if _C.TIMEOUT in asked and _took_long(text):
        return _C.TIMEOUT  # "the request took too long" is not too long a request
    return next((category for category in asked if _speaks_of(category, text, wait_s)), None)


def _speaks_of(category: ErrorCategory, text: str, wait_s: float | None) -> bool:
    if category is _C.QUOTA_EXHAUSTED:
        return _of_money(text, wait_s) or _of_a_long_window(text, wait_s)
    if category is _C.CONTEXT_LENGTH:  # what else it may be is asked only where it seems to be that
        return _is_too_long(text) and not (_took_long(text) or _of_money(text, wait_s))
    if any(other.search(text) for other in patterns.UNLESS.get(category, ())):
        return False
    return bool(patterns.WORDS[category].search(text))


def _is_too_long(text: str) -> bool:
    # A message that states a limit is one of a rate, unless the request is larger than all of it.
    if _of_a_rate(text):
        return _never_fits(text) or bool(patterns.TOO_LARGE.search(text))
    return bool(patterns.WORDS[_C.CONTEXT_LENGTH].search(text))


def _took_long(text: str) -> bool:
    if not patterns.TOOK_LONG.search(text):
        return False
    return not (patterns.WORDS[_C.CONNECTION_ERROR].search(text) or quotas.CREDIT.search(text))


def _of_a_rate(text: str) -> bool:
    hit = retry_after.limit_in(text)
    return hit is not None and bool(hit.window or patterns.WORDS[_C.RATE_LIMIT].search(text))


def _never_fits(text: str) -> bool:
    """A request larger than the whole bucket: no wait helps."""
    hit = retry_after.limit_in(text)
    if hit is None or hit.limit is None or hit.requested is None:
        return False
    return hit.requested > hit.limit > 0


def _of_money(text: str, wait_s: float | None = None) -> bool:
    """Whether money is missing; offers to pay, beside a limit that passes by itself, are none."""
    if quotas.CREDIT.search(text):  # what a short wait may stand beside, but not a rate as well
        return not (_is_short(wait_s) and _of_a_rate_in_words(text))
    if quotas.BUY_NOW.search(text):
        return not (_comes_back_soon(text, wait_s) or _per_minute(text))
    return bool(quotas.OFFERS.search(text)) and not _of_a_moment(text, wait_s)


def _of_a_moment(text: str, wait_s: float | None) -> bool:
    """A limit of a rate, or one that the reply says is over in two minutes."""
    return _is_short(wait_s) or _of_a_rate_in_words(text)


def _of_a_rate_in_words(text: str) -> bool:
    told = quotas.OF_ANY_QUOTA.sub(" ", text)
    if patterns.WORDS[_C.RATE_LIMIT].search(told) or quotas.MOMENT.search(told):
        return True
    return _per_minute(text)


def _per_minute(text: str) -> bool:
    hit = retry_after.limit_in(text)
    return hit is not None and hit.window == "minute"


def _is_short(wait_s: float | None) -> bool:
    return wait_s is not None and wait_s <= 120


def _of_a_long_window(text: str, wait_s: float | None = None) -> bool:
    if _per_minute(text):
        return False
    # Nobody says "try again in 3 h" of a budget of minutes, whatever else is said.
    wait = retry_after.retry_after_s(None, text)
    if wait is not None and wait >= 3600:
        return True
    if not quotas.LIMIT_WORDS.search(text):
        return False
    if quotas.WINDOW_WORDS.search(text):
        return True
    if _is_short(wait_s) or quotas.PER_MOMENT.search(text):
        return False
    return bool(quotas.USED_UP.search(text))


def _comes_back_soon(text: str, wait_s: float | None) -> bool:
    """Google says "check your plan and billing" of limits per minute as well."""
    return _is_short(wait_s) and not quotas.WINDOW_WORDS.search(text)


_ANY_MEANING = (
    _C.CONTEXT_LENGTH,
    _C.CONTENT_FILTER,
    _C.QUOTA_EXHAUSTED,
    _C.AUTHENTICATION,
    _C.OUTPUT_INVALID,
    _C.MODEL_UNAVAILABLE,
    _C.RATE_LIMIT,
    _C.CONNECTION_ERROR,
    _C.TIMEOUT,
    _C.OVERLOADED,
    _C.BAD_REQUEST,
    _C.SERVER_ERROR,
)


def _without_status(found: Reply) -> ErrorCategory:
    """Type, then the body's codes, then class names that stand for a status, then words."""
    own = _first(_code_meaning(code) for code in found.codes)
    by_type = _by_type(found)
    # The class of an exception that is here is certain; a class name in a logged line may be the
    # wrapper's, so that a code of the vendor's beside it goes first.
    if by_type is not None and (found.live or own is None):
        return by_type
    return (
        _by_own_words(found, own)
        or _by_status_name(found)
        or _by_names(_telling(found.names))
        or _said_of(_ANY_MEANING, (*found.words, found.text), found)
        or _first(_code_meaning(code, weak=True) for code in _codes(found))
        or (_C.SERVER_ERROR if found.html else None)
        or (_C.CONNECTION_ERROR if any("APIConnection" in n for n in found.names) else None)
        or _comes_later(_C.RATE_LIMIT, found)
        or _in_an_object_without_words(found)
        or _by_hints(found)
        or _C.GENERAL
    )


_HINTS_WITHIN = 4_000
"""Characters in which a text shows what it is about; later words are of something else."""


def _by_hints(found: Reply) -> ErrorCategory | None:
    """What the single words of an error are about, where no sentence of it is known."""
    if any(map(patterns.MISTAKES.search, found.names)):
        return None
    said = " ".join([*found.words, found.text])[:_HINTS_WITHIN].replace("_", " ")
    if not (found.live or found.names or found.words or _calls_itself_an_error(said)):
        return None
    # what stands last behind a colon is the cause of what stands before it
    cause = said.rpartition(": ")[2]
    return _hinted(cause, hints.HINTS[:-1]) or _hinted(said, hints.HINTS)


def _hinted(
    said: str, table: Sequence[tuple[ErrorCategory, re.Pattern[str]]]
) -> ErrorCategory | None:
    return _first(meaning if hint.search(said) else None for meaning, hint in table)


def _calls_itself_an_error(text: str) -> bool:
    if hints.AN_ERROR.search(text):
        return True
    return bool(hints.NEGATION.search(text) and hints.MACHINERY.search(text))


def _in_an_object_without_words(found: Reply) -> ErrorCategory | None:
    """What a program's own dump of a broken connection says, which reads like a reply's object."""
    if not found.layers or found.said:
        return None
    return _first(_meaning(text, (_C.CONNECTION_ERROR, _C.TIMEOUT)) for text in found.raw)


def _by_type(found: Reply) -> ErrorCategory | None:
    # The SDKs wrap a connection that never stood in the class of any other timeout.
    if any(map(patterns.CONNECT_TIMEOUT_NAMES.search, found.names)):
        return _C.CONNECTION_ERROR
    return _first(map(_of_type, _telling(found.names)))


def _by_names(names: list[str]) -> ErrorCategory | None:
    """What classes mean whose names are written like codes, without their modules."""
    return _first(map(_of_class, names))


def _of_class(name: str) -> ErrorCategory | None:
    return _code_meaning(name.rpartition(".")[2])


def _telling(names: list[str]) -> list[str]:
    return [name for name in names if not patterns.CATCH_ALL.search(name)]


def _of_type(name: str) -> ErrorCategory | None:
    if patterns.TIMEOUT_NAMES.search(name):
        return _C.TIMEOUT
    if patterns.UNREADABLE_NAMES.search(name):
        return _C.SERVER_ERROR
    return _C.CONNECTION_ERROR if patterns.CONNECTION_NAMES.search(name) else None


# The status that a category's code would have come with, where words still refine it.
_USUAL_STATUS: dict[ErrorCategory | None, int] = {
    _C.RATE_LIMIT: 429,
    _C.AUTHENTICATION: 403,
}


def _by_own_words(found: Reply, own: ErrorCategory | None) -> ErrorCategory | None:
    """What a specific code means, in the body or alone in the text."""
    own = own or _first(map(_code_meaning, _codes(found)))
    if own is _C.QUOTA_EXHAUSTED and _passes_soon(found):
        own = _C.RATE_LIMIT
    return _within(_USUAL_STATUS[own], found) if own in _USUAL_STATUS else own


def _codes(found: Reply) -> list[str]:
    """The body's codes; where there is no body, what looks like one in the text."""
    return found.codes if found.layers else _CODE_IN_TEXT.findall(found.text)


_CODE_IN_TEXT = re.compile(
    r"\b[a-z]{2,}(?:_[a-z]{2,}){1,20}\b|\b[A-Z]{3,}(?:_[A-Z]{2,}){1,20}\b"
    r"|\b(?!\w{0,80}(?:Error|Exception|Timeout)\b)[A-Z][A-Za-z]{0,40}[a-z][A-Z][A-Za-z]{0,40}[a-z]\b"
)


def _by_status_name(found: Reply) -> ErrorCategory | None:
    """What ``RateLimitError`` or ``TooManyRequests`` stands for, refined by the words."""
    printed = (
        "".join(groups).replace("_", "") for groups in patterns.HTTP_NAMES.findall(found.text)
    )
    for name in (*found.names, *printed):
        for pattern, status in patterns.STATUS_NAMES:
            if pattern.search(name):
                return _through_a_wrapper(status, found) or _within(status, found)
    return None


def _through_a_wrapper(status: int, found: Reply) -> ErrorCategory | None:
    """LiteLLM calls a broken connection an InternalServerError, gRPC calls it Unavailable."""
    if status not in (500, 503):
        return None
    return _first(_meaning(text, (_C.CONNECTION_ERROR,)) for text in (*found.words, found.text))


# --- one failure as a value ----------------------------------------------------------------------


def failure_of(error: str | BaseException, facts: ReplyFacts) -> Failure:
    """The failure that ``error`` is, for ``classify``."""
    if isinstance(error, ProviderError):
        return error.failure
    body, provider, secrets = facts.get("body"), facts.get("provider", ""), facts.get("secrets", ())
    found = _gather(error, facts.get("status"), body)
    # What the caller read from the reply itself wins over what was found in an exception.
    found.headers |= facts.get("headers") or {}
    found.wait_s = _wait_s(found, facts.get("now"), provider)
    category = _categorize(found, error)
    said = " ".join([*found.words, found.text])
    limited = category in _LIMITED
    hit = (retry_after.limit_in(said) if limited else None) or retry_after.LimitHit()
    if category is _C.CONTEXT_LENGTH and (most := parameters.most_output(found)):
        hit = retry_after.LimitHit("output_tokens", limit=most)
    reached = _reached(found, category)
    message = _message(found, error, secrets)
    if found.html and category is _C.AUTHENTICATION:  # the API itself may not have seen the key
        page = LOGIN_PAGE if _status(found) == 401 else kind_of_page(found.page)
        message = f"{page}: {message}"[:LONGEST_MESSAGE]
    names = parameters.refused(found) if category is _C.BAD_REQUEST else ()
    return Failure(
        category,
        message,
        status=_reported_status(found),
        code=next((code for code in found.codes if _is_code(code, secrets)), None),
        retry_after_s=found.wait_s,
        kind=hit.kind,
        window=hit.window,
        limit=hit.limit,
        requested=hit.requested,
        wrong_url=_wrong_url(found, category),
        structured_output=category is _C.BAD_REQUEST
        and (parameters.FORMAT in names if names else _of_the_format(found, said)),
        format_types=parameters.format_types(found, names) if names else None,
        parameters=tuple(name for name in names if name != parameters.FORMAT),
        truncated=category is _C.OUTPUT_INVALID and _cut_short(found, said),
        credit=category is _C.QUOTA_EXHAUSTED and _of_credit(found, said, facts.get("now")),
        reached=reached,
        connected=reached or any(patterns.WRITING_NAMES.search(name) for name in found.names),
        readings=retry_after.readings(found.headers, provider=provider),
        answer=_refused_answer(body, secrets) if category is _C.OUTPUT_INVALID else "",
    )


def _is_code(code: str, secrets: Sequence[str]) -> bool:
    """Whether it is a word of the vendor's: no path, and no key that it echoes."""
    return "/" not in code and redact(code, secrets) == code


_LIMITED = (_C.RATE_LIMIT, _C.QUOTA_EXHAUSTED, _C.CONTEXT_LENGTH, _C.OVERLOADED)


def _reported_status(found: Reply) -> int | None:
    """The reply's own status, or the one inside it where its own says that all is well."""
    telling = _status(found)
    refused = found.statuses and (found.statuses[0] >= 300 or telling is None)
    return found.statuses[0] if refused else telling


def _message(found: Reply, error: str | BaseException, secrets: Sequence[str]) -> str:
    """The vendor's own words; an exception without any is called by its class."""
    own = found.message
    code = next(iter(found.codes), "")
    # the SDKs say "Error code: 401" of a reply that says "Unauthorized" and no more
    own = own or (found.live and code) or found.around or code
    if isinstance(error, BaseException) and not found.said:
        # "Connection error." says less than what it was raised from
        causes = (str(link) for link in chain(error)[1:])
        cause = next((text for text in causes if text and text not in own), "")
        own = ": ".join(filter(None, [own or type(error).__name__, cause]))
    return _storable(excerpt(own, LONGEST_MESSAGE, secrets))


def _storable(text: str) -> str:
    """``text`` without halves of surrogate pairs, which no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


_UNEXPECTED = patterns.pattern(r"^unexpected\sendpoint\sor\smethod")
_NO_SUCH_PATH = patterns.pattern(
    r"unknown\srequest\surl|check\sthe\surl|page\snot\sfound|unknown_url|invalid\surl"
    r"|no\s(?:such\s)?(?:route|path)|cannot\s(?:get|post)\s/|route\snot\sfound|method\snot\sallowed"
    r"|unexpected\sendpoint|\b(?:endpoint|resource|path|url)\s[`'\"]?/\w"
)


def _wrong_url(found: Reply, category: ErrorCategory) -> bool:
    """Whether the reply shows that the base URL is not this vendor's API."""
    if any(patterns.WRONG_URL_NAMES.search(name) for name in found.names):
        return True
    status = _reported_status(found)
    if status == 400 and patterns.PLAIN_TO_TLS.search(" ".join([*found.words, found.text])):
        return True
    if category is _C.MODEL_UNAVAILABLE and any(map(_UNEXPECTED.search, found.words)):
        return True
    if status is None or (status >= 400 and status not in (404, 405)):
        return False
    # What is left is a redirect, a page where an API should be, or a 404; of a model that is gone
    # the vendors say its name or a code.
    if 300 <= status < 400 or found.html or status == 405:
        return True
    return category is _C.MODEL_UNAVAILABLE and not _names_a_model(found)


def _names_a_model(found: Reply) -> bool:
    if any(_code_meaning(code) is _C.MODEL_UNAVAILABLE for code in found.codes):
        return True
    said = " ".join([*found.words, found.text])
    return bool(patterns.WORDS[_C.MODEL_UNAVAILABLE].search(said)) and not _NO_SUCH_PATH.search(
        said
    )


_FORMAT = patterns.pattern(
    r"response[\s_]?format|json[\s_]?schema|structured[\s_]?outputs?|json[\s_]mode|json_object"
    r"|\bschema\b|additionalproperties|guided_json|grammar|'items'\sor|prefixitems"
)


def _of_the_format(found: Reply, said: str) -> bool:
    params = " ".join(layer.param for layer in found.layers)
    return bool(_FORMAT.search(f"{params} {said} {' '.join(found.codes)}"))


_CUT = patterns.pattern(
    r"max(?:imum)?\s(?:completion|output|new)?\s?tokens\s(?:was\s|were\s)?reached|too\sverbose"
    r"|incomplete_json|truncat|finish_reason\W{1,4}length|length\slimit\swas\sreached"
)
# The one thing in this field that is the vendor's sentence and not the model's.
_CUT_ECHO = patterns.pattern(r"failed_generation\W{1,6}max completion tokens reached")


def _cut_short(found: Reply, said: str) -> bool:
    if _CUT_ECHO.search(" ".join(found.raw)):
        return True
    return bool(_CUT.search(f"{said} {' '.join(found.codes)}"))


_LONGEST_ANSWER = 200_000
"""Characters; no answer is longer."""


def _refused_answer(body: object, secrets: Sequence[str]) -> str:
    """What the model had written, where the vendor refused it and shows it; read for nothing."""
    if not isinstance(body, Mapping):
        return ""
    error = body.get("error", body)
    text = error.get("failed_generation") if isinstance(error, Mapping) else None
    if not isinstance(text, str) or text.startswith("max completion tokens reached"):
        return ""
    return _storable(redact(text[:_LONGEST_ANSWER], secrets))


def _of_credit(found: Reply, said: str, now: datetime | None) -> bool:
    """Whether money is what is missing; an offer to buy beside a limit per day, or beside a quota
    that nobody knows the length of, is an offer."""
    hit = retry_after.limit_in(said)
    if _status(found) == 402:
        return True
    codes = [_snake(code) for code in (*found.codes, *(() if found.live else found.names))]
    if _comes_back(found, said, now) or _is_mixed(said, codes):
        return False
    limit = (hit is not None and hit.window is not None) or (
        quotas.OF_ANY_QUOTA.search(said) and not quotas.CREDIT.search(said)
    )
    if _of_money(said, found.wait_s) and not limit:
        return True
    return any(map(_CREDIT_CODES.search, codes))


def _is_mixed(said: str, codes: Sequence[str]) -> bool:
    """Whether a quota that is short may as well be one of a rate, which the words name."""
    if any(map(quotas.MONEY_CODES.search, codes)) or not quotas.A_RATE.search(said):
        return False
    return not quotas.CREDIT.search(quotas.SHORT_OF_QUOTA.sub(" ", said))


def _comes_back(found: Reply, said: str, now: datetime | None) -> bool:
    """Whether what is used up is there again by itself: at a time that the reply tells, or with
    the day, the week, the session that it names. What may be spent in a month is money."""
    if quotas.RESETS.search(said):
        return True
    wait = retry_after.retry_after_s(None, " ".join([said, *found.raw]), now=now)
    if wait is not None and not _is_short(wait):
        return True
    if any(quotas.WINDOW_CODES.search(_snake(code)) for code in found.codes):
        return True
    if quotas.MONTHLY.search(said):
        return not quotas.MONEY.search(said)
    return _of_a_long_window(said) and bool(quotas.WINDOW_WORDS.search(said))


_CREDIT_CODES = patterns.pattern(
    r"insufficient|payment|credit|spend|billing|arrear|overdue|budget|blocked_api"
)
_UNREACHED_WORDS = patterns.pattern(
    r"refused|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|getaddrinfo|name\s(?:or\sservice|resolution)|no\ssuch"
    r"\shost|could\snot\sresolve|certificate|handshake|proxy|no\sroute\sto|unreachable|dial\stcp"
    r"|illegal\sheader"
)


def _reached(found: Reply, category: ErrorCategory) -> bool:
    """Whether the request may have left this machine whole; in doubt it may have."""
    if _malformed_key(found):
        return False
    if _reported_status(found) is not None:
        return True
    if any(patterns.UNREACHED_NAMES.search(name) for name in found.names):
        return False
    return category is not _C.CONNECTION_ERROR or not _UNREACHED_WORDS.search(found.text)
