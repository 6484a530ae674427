"""The thirteen categories of failures, and who is to blame for each."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

Blame = Literal["request", "model", "provider", "answer", "unknown"]
"""Who caused a failure, which tells whether another target or another try would help."""


class ErrorCategory(StrEnum):
    """What a failure means; the word users see."""

    RATE_LIMIT = "rate_limit"
    QUOTA_EXHAUSTED = "quota_exhausted"
    OVERLOADED = "overloaded"
    MODEL_UNAVAILABLE = "model_unavailable"
    TIMEOUT = "timeout"
    CONNECTION_ERROR = "connection_error"
    SERVER_ERROR = "server_error"
    AUTHENTICATION = "authentication"
    BAD_REQUEST = "bad_request"
    CONTEXT_LENGTH = "context_length"
    OUTPUT_INVALID = "output_invalid"
    CONTENT_FILTER = "content_filter"
    GENERAL = "general"

    @property
    def blame(self) -> Blame:
        """Who caused it; of a ``Failure`` with ``credit`` it is always the provider."""
        return _BLAME.get(self, "unknown")


_BLAME: dict[ErrorCategory, Blame] = {
    ErrorCategory.RATE_LIMIT: "model",
    ErrorCategory.QUOTA_EXHAUSTED: "model",
    ErrorCategory.OVERLOADED: "model",
    ErrorCategory.MODEL_UNAVAILABLE: "model",
    ErrorCategory.TIMEOUT: "model",
    ErrorCategory.SERVER_ERROR: "model",
    ErrorCategory.CONNECTION_ERROR: "model",  # first; the provider's when two models fail so
    ErrorCategory.AUTHENTICATION: "provider",
    ErrorCategory.BAD_REQUEST: "request",
    ErrorCategory.CONTEXT_LENGTH: "request",
    ErrorCategory.OUTPUT_INVALID: "answer",
    ErrorCategory.CONTENT_FILTER: "answer",
}
