"""Provider: the one thing a provider must be able to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from legalgen.completion import Completion, Request


@dataclass(frozen=True, slots=True)
class RemoteModel:
    """A model as the vendor's own list describes it; None where the list does not say."""

    id: str
    context_window: int | None = None
    max_completion_tokens: int | None = None


@runtime_checkable
class Provider(Protocol):
    """A source of completions: one call, no retry, no sleep, no log, no environment."""

    name: str

    def complete(self, request: Request) -> Completion:
        """Ask once and return the answer.

        Never takes longer than ``request.timeout_s`` (plus scheduling), whatever the server does.

        Raises:
            legalgen.errors.ProviderError: everything that can go wrong, already categorised.
        """

    def list_models(self, timeout_s: float) -> Sequence[RemoteModel]:
        """The models that this key can see, from the vendor.

        Raises:
            legalgen.errors.ProviderError: as ``complete``.
        """

    def abandon(self) -> None:
        """End what is in flight as soon as possible; may be called from any thread, twice."""

    def close(self) -> None:
        """Free sockets and memory. The provider is not used afterwards."""
