"""What a failure is to a person, who need not know the program's own words."""

from __future__ import annotations

from collections.abc import Mapping

from legalgen.errors.category import ErrorCategory as C
from legalgen.errors.exceptions import WRONG_URL
from legalgen.errors.pages import CUT_OFF, LED_ON, LOGIN_PAGE, NO_HTTP, WEB_PAGE
from legalgen.errors.patterns import ACCOUNT_SETTINGS
from legalgen.errors.plurals import plural

IS: Mapping[str, str] = {
    C.RATE_LIMIT: "at its rate limit",
    C.QUOTA_EXHAUSTED: "out of quota",
    C.OVERLOADED: "over capacity",
    C.MODEL_UNAVAILABLE: "gone, or closed to this key",
    C.TIMEOUT: "too slow to answer",
    C.CONNECTION_ERROR: "out of reach",
    C.SERVER_ERROR: "answering with errors",
    C.AUTHENTICATION: "refusing the key",
    C.BAD_REQUEST: "refusing the request",
    C.CONTEXT_LENGTH: "too small for such a sample",
    C.OUTPUT_INVALID: "giving answers that cannot be kept",
    C.CONTENT_FILTER: "refusing to answer",
    C.GENERAL: "failing",
}
"""What a model is, by its failure's category: ``groq is over capacity``."""

WHAT: Mapping[str, str] = {
    C.RATE_LIMIT: "rate limit",
    C.QUOTA_EXHAUSTED: "quota used up",
    C.OVERLOADED: "over capacity",
    C.MODEL_UNAVAILABLE: "model gone",
    C.TIMEOUT: "no answer in time",
    C.CONNECTION_ERROR: "connection failed",
    C.SERVER_ERROR: "server error",
    C.AUTHENTICATION: "key refused",
    C.BAD_REQUEST: "request refused",
    C.CONTEXT_LENGTH: "request too large",
    C.OUTPUT_INVALID: "answer not kept",
    C.CONTENT_FILTER: "would not answer",
    C.GENERAL: "unknown error",
}
"""What a failure is: ``over capacity 3``."""


def is_(category: str) -> str:
    """What a model is that failed so."""
    return IS.get(category, IS[C.GENERAL])


def what(category: str) -> str:
    """What failed."""
    return WHAT.get(category, category)


def told(why: str) -> str:
    """The reason that a model's health keeps, ``category status: message``, in a person's words."""
    head, colon, message = why.partition(": ")
    category, _, status = head.partition(" ")
    if category not in WHAT:
        return why
    return f"{_by(message, category)}{f' ({status})' if status else ''}{colon}{message}"


def _by(message: str, category: str) -> str:
    """What failed, where the message tells more of it than the category."""
    if message.startswith((WRONG_URL, LED_ON)):
        return "wrong address"
    if category == C.AUTHENTICATION and message.startswith((WEB_PAGE, LOGIN_PAGE)):
        return "refused by what is no API"
    if category == C.MODEL_UNAVAILABLE and ACCOUNT_SETTINGS.search(message):
        return "not allowed by the account"
    if message.startswith((CUT_OFF, NO_HTTP)):
        return "broken reply"
    return WHAT[category]


def told_of(line: str) -> str:
    """``provider/model: category status: message``, or ``...: category``, in a person's words."""
    target, colon, why = line.partition(": ")
    return f"{target}{colon}{told(why)}" if colon else told(target)


def counted(failures: Mapping[str, int]) -> dict[str, int]:
    """Failures by what they are to a person."""
    return {what(category): count for category, count in failures.items()}


def code_sentence(code: str) -> str:
    """What a code of the gate means, as the reference page of the sample has it; empty: unknown."""
    from legalgen.quality.codes import meaning  # few screens count codes

    return meaning(code)


def is_of_judge(code: str) -> bool:
    """Whether a flag tells of a judge's marks."""
    from legalgen.quality import codes

    return codes.is_of_judge(code)


NAMED = 2
"""So many codes are named with their sentences."""


def why_refused(codes: Mapping[str, int]) -> str:
    """The commonest codes, each with how often and with what it means; the others are counted."""
    from legalgen.quality.codes import in_words

    worst = sorted(codes.items(), key=lambda pair: -pair[1])
    named = [f"{count:,} {in_words(code)}" for code, count in worst[:NAMED]]
    if more := len(worst) - NAMED:
        named += [plural(more, "more reason")] if more > 0 else []
    return ", ".join(named)
