"""Everything that is raised on purpose, and what a failure means.

LegalgenError
 ├─ UsageError                  2   a flag, a value or a file of the user's
 ├─ ConfigurationError          2   config.toml, the environment, a key
 ├─ NoUsableProvider            3   nothing is left to call
 ├─ BatchRunning                5   another batch holds the data dir
 ├─ DiskError                  74   the disk failed; what was journalled before is intact
 ├─ RemoteUnavailable          75   where the dataset is sent to cannot be reached now
 └─ GenerationError             -   one attempt at a sample failed; failover decides what follows
     ├─ ProviderError           -   one call failed
     │   ├─ RateLimitError          rate_limit, quota_exhausted
     │   ├─ ModelUnavailableError   model_unavailable
     │   └─ TimeoutError            timeout
     └─ AnswerRefused           -   one answer is not a sample

The numbers are exit codes, the words categories (``category``). How a failure is read is the
``classifier``'s: its patterns take time to compile, so the functions here load it when the first
failure comes. ``parse_error`` makes an error of the tree of whatever a client library raised::

    try:
        reply = client.chat.completions.create(...)
    except groq.APIError as error:
        raise parse_error(error, provider="groq") from error
"""

from __future__ import annotations

from typing import Unpack

from legalgen.errors.category import Blame, ErrorCategory
from legalgen.errors.exceptions import (
    LONGEST_HINT_S,
    AnswerRefused,
    BatchRunning,
    ConfigurationError,
    DiskError,
    Failure,
    GenerationError,
    LegalgenError,
    ModelUnavailableError,
    NoUsableProvider,
    ProviderError,
    RateLimitError,
    Reason,
    RemoteUnavailable,
    ReplyFacts,
    TimeoutError,  # noqa: A004 - the tree's own, called by the category
    Trouble,
    UsageError,
)
from legalgen.errors.obstacle import BUSY, Obstacle, WaitReason

__all__ = [
    "BUSY", "LONGEST_HINT_S", "AnswerRefused", "BatchRunning", "Blame", "ConfigurationError",
    "DiskError", "ErrorCategory", "Failure", "GenerationError", "LegalgenError",
    "ModelUnavailableError", "NoUsableProvider", "Obstacle", "ProviderError", "RateLimitError",
    "Reason", "RemoteUnavailable", "ReplyFacts", "TimeoutError", "Trouble", "UsageError",
    "WaitReason", "categorize_error", "classify", "parse_error",
]  # fmt: skip


def categorize_error(
    error: str | BaseException, *, status: int | None = None, body: object = None
) -> ErrorCategory:
    """What ``error`` means.

    ``status`` and ``body`` are the HTTP status and the reply's body (parsed, or as it came) where
    the caller knows them; otherwise they are looked for in the exception or in the text.
    """
    from legalgen.errors import classifier  # its vocabulary takes time to compile

    return classifier.categorize(error, status, body)


def classify(error: str | BaseException, **facts: Unpack[ReplyFacts]) -> Failure:
    """Everything failover may know about one failed call.

    Never raises, whatever ``error`` and the ``facts`` hold.
    """
    from legalgen.errors import classifier

    return classifier.failure_of(error, facts)


def parse_error(error: str | BaseException, **facts: Unpack[ReplyFacts]) -> GenerationError:
    """``error`` as one of the tree's, by its category; one that is so already comes back as it is.

    It is to be raised ``from`` what it was made of. Never raises itself.
    """
    if isinstance(error, GenerationError):
        return error
    return ProviderError.of(classify(error, **facts))
