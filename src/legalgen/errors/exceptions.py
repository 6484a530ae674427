"""The exceptions, and what they hold; the tree is drawn in :mod:`legalgen.errors`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Final, TypedDict

import msgspec
from msgspec.structs import asdict

from legalgen.completion import DAY_S, LimitKind, LimitReading, LimitWindow, ModelRef, Usage
from legalgen.errors.category import ErrorCategory
from legalgen.errors.exit_codes import Exit


class Reason(msgspec.Struct, frozen=True):
    """Why an answer was refused or flagged, precise enough to be mended from.

    ``code`` is one of the gate's codes (``ANSWER_LENGTH``); ``message`` quotes what was measured
    against what is required, in one sentence that can be sent back to the model.
    """

    code: str
    message: str
    field: str | None = None
    reject: bool = True


LONGEST_HINT_S: Final = DAY_S
"""A server's hint is honoured in full up to a day; what is longer is a day."""
LONGEST_MESSAGE: Final = 200
"""Characters of a failure's message."""


class Failure(msgspec.Struct, frozen=True):
    """One failed call as a value: all that failover may know about it.

    ``message`` is the vendor's own words, redacted, at most ``LONGEST_MESSAGE``. ``retry_after_s``
    is the server's hint in seconds, at most ``LONGEST_HINT_S``. ``kind`` and ``window`` name the
    limit that was hit, where the reply says so; ``limit`` and ``requested`` are its numbers.
    ``wrong_url`` marks a reply that shows the base URL is not this vendor's API.
    ``structured_output`` marks a refusal of ``response_format`` itself, ``format_types`` the types
    of it that the server says it takes; ``parameters`` names what else of the request it refuses;
    ``truncated`` marks an answer that hit its token cap. ``answer`` is what the model had written,
    where the vendor refused it itself and shows it, or a reply that cannot be read, as it came;
    ``usage`` is what the reply says that the call took, None where it says nothing of that.
    ``credit`` marks an account that is out of money, whatever the model. ``reached`` is False when
    the request never left this machine whole (so nothing can have been charged), ``connected`` when
    there was not even a connection, and ``nobody_listens`` is True where this machine itself
    refused it; ``address`` is where one was tried in vain (``https://host:port``).
    """

    category: ErrorCategory
    message: str
    status: int | None = None
    code: str | None = None
    retry_after_s: float | None = None
    kind: LimitKind | None = None
    window: LimitWindow | None = None
    limit: int | None = None
    requested: int | None = None
    wrong_url: bool = False
    structured_output: bool = False
    format_types: tuple[str, ...] | None = None
    parameters: tuple[str, ...] = ()
    truncated: bool = False
    credit: bool = False
    reached: bool = True
    connected: bool = True
    nobody_listens: bool = False
    address: str = ""
    readings: tuple[LimitReading, ...] = ()
    reasons: tuple[Reason, ...] = ()
    answer: str = ""
    usage: Usage | None = None

    def __repr__(self) -> str:
        """Without ``answer``, which is a page long."""
        told = [f"{name}={value!r}" for name, value in asdict(self).items() if name != "answer"]
        return f"Failure({', '.join(told)})"


class ReplyFacts(TypedDict, total=False):
    """What a caller knows of a failed call beside the error.

    ``status``, ``body`` (parsed, or as it came) and ``headers`` are those of the reply; an SDK's
    exception holds them too. ``secrets`` never appear in the message. ``now`` (UTC) is what dates
    in hints count from. Some headers mean what their ``provider`` means by them.
    """

    status: int | None
    body: object
    headers: Mapping[str, str] | None
    provider: str
    now: datetime | None
    secrets: Sequence[str]


WRONG_URL: Final = "the base URL is wrong"


class Trouble(msgspec.Struct, frozen=True):
    """What took a target, or its provider, out of use.

    ``message`` is the vendor's own words. ``wrong_url``, ``credit`` and ``address`` are those of
    the failure: what replied is not the vendor's API, the account is out of money, where no
    connection could be had.
    """

    target: ModelRef
    category: ErrorCategory
    status: int | None = None
    message: str = ""
    wrong_url: bool = False
    credit: bool = False
    address: str = ""

    @classmethod
    def of(cls, target: ModelRef, failure: Failure) -> Trouble:
        """The trouble that a failure of a target is."""
        return cls(
            target,
            failure.category,
            failure.status,
            failure.message,
            failure.wrong_url,
            failure.credit,
            failure.address,
        )

    def __str__(self) -> str:
        """``authentication 401: Invalid API Key``, without the target."""
        status = f" {self.status}" if self.status else ""
        wrong = f"{WRONG_URL}: " if self.wrong_url else ""
        return f"{self.category}{status}: {wrong}{self.message}"


class LegalgenError(Exception):
    """The root of all errors raised on purpose; its text is a sentence for the user."""

    exit_code: ClassVar[int] = Exit.BUG


class UsageError(LegalgenError):
    """A flag, a value or a file of the user's that cannot be meant."""

    exit_code = Exit.USAGE


class ConfigurationError(LegalgenError):
    """config.toml, the environment or a key cannot be used as it is."""

    exit_code = Exit.USAGE


class NoUsableProvider(LegalgenError):  # noqa: N818 - reads as the sentence it is
    """Nothing is left to call; ``tried`` is what was, in order, with what is wrong with each."""

    exit_code = Exit.NO_PROVIDER

    def __init__(self, message: str, tried: Sequence[Trouble] = ()) -> None:
        super().__init__(message)
        self.tried = tuple(tried)


class BatchRunning(LegalgenError):  # noqa: N818
    """Another batch holds the data dir; ``holder`` is its id, pid and start."""

    exit_code = Exit.RUNNING

    def __init__(self, message: str, holder: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.holder = dict(holder or {})


class DiskError(LegalgenError):
    """The disk failed under ``path``."""

    exit_code = Exit.DISK

    def __init__(self, message: str, path: Path) -> None:
        super().__init__(message)
        self.path = path


class RemoteUnavailable(LegalgenError):  # noqa: N818
    """Where the dataset is sent to cannot be reached now; the same command goes on later."""

    exit_code = Exit.PAUSED


class GenerationError(LegalgenError):
    """One attempt at a sample failed; ``category`` says what that means."""

    category: ErrorCategory


class ProviderError(GenerationError):
    """One call of a provider failed; ``failure`` is all that is known about it."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.category = failure.category

    @staticmethod
    def of(failure: Failure) -> ProviderError:
        """The error of a failed call, of the class that its category has."""
        return _BY_CATEGORY.get(failure.category, ProviderError)(failure)


class RateLimitError(ProviderError):
    """A limit of the account was hit, of a minute or of a day; ``failure.retry_after_s`` helps."""


class ModelUnavailableError(ProviderError):
    """The model is not there, no longer there, or not for this key."""


class TimeoutError(ProviderError):  # noqa: A001 - no OSError, as the built-in is: no file failed
    """No whole answer came within the deadline of the call."""


_BY_CATEGORY: Mapping[ErrorCategory, type[ProviderError]] = {
    ErrorCategory.RATE_LIMIT: RateLimitError,
    ErrorCategory.QUOTA_EXHAUSTED: RateLimitError,
    ErrorCategory.MODEL_UNAVAILABLE: ModelUnavailableError,
    ErrorCategory.TIMEOUT: TimeoutError,
}


class AnswerRefused(GenerationError):  # noqa: N818
    """A completion came back, was paid for, and is not a sample; ``reasons`` say why.

    ``category`` is ``output_invalid`` or ``content_filter``; ``truncated`` as in ``Failure``.
    """

    def __init__(
        self,
        reasons: Sequence[Reason],
        *,
        category: ErrorCategory = ErrorCategory.OUTPUT_INVALID,
        truncated: bool = False,
    ) -> None:
        super().__init__("; ".join(reason.message for reason in reasons))
        self.reasons = tuple(reasons)
        self.category = category
        self.truncated = truncated
