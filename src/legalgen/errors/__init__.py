"""Everything that is raised on purpose, and what a failure means.

The tree of exceptions, with the exit code of each, is drawn in ``exceptions``; the words for what
a failure means stand in ``category``. How a failure is read is the ``classifier``'s: its patterns
take time to compile, so the two functions here load it when the first failure comes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from legalgen.errors.category import Blame, ErrorCategory
from legalgen.errors.exceptions import (
    AnswerRefused,
    BatchRunning,
    ConfigurationError,
    DiskError,
    Failure,
    LegalgenError,
    NoUsableProvider,
    ProviderError,
    Reason,
    UsageError,
)

__all__ = [
    "AnswerRefused", "BatchRunning", "Blame", "ConfigurationError", "DiskError", "ErrorCategory",
    "Failure", "LegalgenError", "NoUsableProvider", "ProviderError", "Reason", "UsageError",
    "categorize_error", "classify",
]  # fmt: skip


def categorize_error(
    error: str | BaseException, *, status: int | None = None, body: object = None
) -> ErrorCategory:
    """What ``error`` means.

    ``status`` and ``body`` are the HTTP status and the reply's body (parsed, or as it came) where
    the caller knows them; otherwise they are looked for in the exception or in the text.
    """
    from legalgen.errors import classifier  # its vocabulary takes time to compile

    return classifier.categorize(error, status=status, body=body)


def classify(
    error: str | BaseException,
    *,
    status: int | None = None,
    body: object = None,
    headers: Mapping[str, str] | None = None,
    provider: str = "",
    now: datetime | None = None,
    secrets: Sequence[str] = (),
) -> Failure:
    """Everything failover may know about one failed call.

    ``status``, ``body`` and ``headers`` are those of the reply, where the caller has them; an
    SDK's exception holds them too. ``secrets`` never appear in the message. ``now`` (UTC) is what
    dates in hints count from. Never raises, whatever ``error`` and ``body`` hold.
    """
    from legalgen.errors import classifier

    return classifier.classify(
        error,
        status=status,
        body=body,
        headers=headers,
        provider=provider,
        now=now,
        secrets=secrets,
    )
