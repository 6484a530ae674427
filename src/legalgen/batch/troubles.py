"""What is wrong with an account while a batch runs: noted once each, and told at once.

A call that fails is failover's. That a key is refused, the credit used up, a model gone, and that
another provider is paid because of it, is for the person who pays; so is a row without the marks
that were asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

from legalgen.batch.generation import Written
from legalgen.batch.reporting import Reporter
from legalgen.completion import ModelRef
from legalgen.errors import ErrorCategory, Trouble
from legalgen.providers.catalog import Catalog
from legalgen.routing.remedies import UNMARKED, account_trouble, remedy
from legalgen.routing.router import Router
from legalgen.store.ledger import Record, TroubleKind, TroubleNote
from legalgen.telemetry import events
from legalgen.telemetry.metrics import Metrics

_OF_ACCOUNTS = frozenset(
    {ErrorCategory.AUTHENTICATION, ErrorCategory.QUOTA_EXHAUSTED, ErrorCategory.MODEL_UNAVAILABLE}
)


class TroubleWatch:
    """Notes troubles in a batch's record and tells them; the main thread alone uses it."""

    def __init__(
        self,
        record: Record,
        router: Router,
        metrics: Metrics,
        reporter: Reporter,
    ) -> None:
        self._record = record
        self._router = router
        self._metrics = metrics
        self._reporter = reporter
        self._told: set[tuple[str, str]] = set()
        self._out: dict[str, ModelRef] = {}
        """Providers that an account's trouble left without a model, and their first in the route;
        who is paid in their place is not told yet."""

    def failed(self, event: events.CallFailed) -> None:
        """A call failed."""
        if event.category in _OF_ACCOUNTS:
            self.look()

    def look(self, *, ended: bool = False) -> None:
        """Note what keeps targets out of use for good; once ``ended``, for a time, too."""
        for trouble in self._router.registry.troubles(refused=ended):
            self._note_trouble(trouble)

    def departed(self, ref: ModelRef) -> None:
        """A call left: perhaps for who is paid in place of another."""
        if not self._out or ref.provider == "local":
            return
        route = [target.ref for target in self._router.targets]
        for provider, first in list(self._out.items()):
            if ref in route and route.index(first) < route.index(ref):
                del self._out[provider]
                words = f"{ref.provider} is paid in place of {provider}."
                self._note("paid_instead", ref.provider, words, instead_of=provider)

    def accepted(self, samples: Sequence[Written]) -> None:
        """Rows were kept: perhaps without the marks that were asked for."""
        if any("UNJUDGED" in written.verdict.flags for written in samples):
            self._note("unjudged", "judge", UNMARKED)

    def _note_trouble(self, trouble: Trouble) -> None:
        kind = account_trouble(trouble)
        if kind is None:
            return
        provider = trouble.target.provider
        target = str(trouble.target) if kind == "model_gone" else provider
        new = self._note(
            kind,
            target,
            remedy(trouble, Catalog.load()),
            category=trouble.category,
            status=trouble.status,
            message=trouble.message,
        )
        if new and not any(ref.provider == provider for ref in self._router.registry.usable()):
            first = next(t.ref for t in self._router.targets if t.ref.provider == provider)
            self._out[provider] = first

    def _note(
        self,
        kind: TroubleKind,
        target: str,
        words: str,
        *,
        category: str = "",
        status: int | None = None,
        message: str = "",
        instead_of: str = "",
    ) -> bool:
        """Note it, unless this run has told it already; a resumed batch tells it again."""
        if (kind, target + instead_of) in self._told:
            return False
        self._told.add((kind, target + instead_of))
        found = TroubleNote(
            self._reporter.now(), kind, target, words, category, status, message, instead_of
        )
        known = {(each.kind, each.target, each.instead_of) for each in self._record.troubles}
        if (kind, target, instead_of) not in known:
            self._record.note(found)
        self._metrics.trouble(kind, target)
        self._reporter.tell(
            events.TroubleFound(
                at=found.at,
                kind=kind,
                target=target,
                remedy=words,
                category=category,
                status=status,
                message=message,
                instead_of=instead_of,
            )
        )
        return True
