"""What is wrong with an account while a batch runs: noted once each, and told at once.

A call that fails is failover's. That a key is refused, the credit used up, a model gone, and that
another provider is paid because of it, is for the person who pays; so is a row without the marks
that were asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from legalgen.batch.generation import POINTS_ROLE, ROLE, Departed, Written
from legalgen.batch.reporting import Reporter
from legalgen.batch.routers import Routers
from legalgen.completion import ModelRef
from legalgen.errors import ErrorCategory, Trouble
from legalgen.providers import is_remote
from legalgen.providers.catalog import Catalog
from legalgen.routing.remedies import UNMARKED, account_trouble, remedy
from legalgen.routing.router import Router
from legalgen.store.ledger import Record, TroubleKind, TroubleNote
from legalgen.telemetry import events
from legalgen.telemetry.metrics import Metrics

_OF_ACCOUNTS = frozenset(
    {ErrorCategory.AUTHENTICATION, ErrorCategory.QUOTA_EXHAUSTED, ErrorCategory.MODEL_UNAVAILABLE}
)


class TroubleBook:
    """Notes troubles in a batch's record and tells them, once a run each; in the main thread."""

    def __init__(self, record: Record, metrics: Metrics, reporter: Reporter) -> None:
        self._record = record
        self._metrics = metrics
        self._reporter = reporter
        self._told: set[tuple[str, str]] = set()

    def of_account(self, trouble: Trouble) -> bool:
        """What is wrong with the account behind a target; whether it is, and was not told yet."""
        kind = account_trouble(trouble)
        if kind is None:
            return False
        return self._note(
            kind,
            str(trouble.target) if kind == "model_gone" else trouble.target.provider,
            remedy(trouble, Catalog.load()),
            category=trouble.category,
            status=trouble.status,
            message=trouble.message,
        )

    def paid_instead(self, provider: str, of: str) -> None:
        """A provider is paid in place ``of`` another, which an account's trouble left."""
        words = f"{provider} is paid in place of {of}."
        self._note("paid_instead", provider, words, instead_of=of)

    def accepted(self, samples: Sequence[Written]) -> None:
        """Rows were kept: perhaps without the marks that were asked for."""
        if any("UNJUDGED" in written.verdict.flags for written in samples):
            self._note("unjudged", "judge", UNMARKED)

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
        # What is kept and what is told have the same fields.
        self._reporter.tell(events.TroubleFound(**msgspec.structs.asdict(found)))
        return True


class TroubleWatch:
    """Looks at the models that write, and at those that mark if they are asked, for troubles.

    The main thread alone uses it.
    """

    def __init__(self, book: TroubleBook, routers: Routers) -> None:
        self._each = [RouterWatch(book, routers.writers, POINTS_ROLE)]
        if routers.judges is not None:
            self._each.append(RouterWatch(book, routers.judges, ROLE))

    def hear(self, message: Departed | events.CallFailed) -> None:
        """A call failed, or left: perhaps for who is paid in place of another."""
        for watch in self._each:
            watch.hear(message)

    def look(self, *, ended: bool = False) -> None:
        """Note what keeps targets out of use for good; once ``ended``, for a time, too."""
        for watch in self._each:
            watch.look(ended=ended)


class RouterWatch:
    """Looks at the targets of one router.

    ``role`` is what may be told of a model's name beside it: what else its calls were made for.
    """

    def __init__(self, book: TroubleBook, router: Router, role: str) -> None:
        self._book = book
        self._router = router
        self._role = role
        self._out: dict[str, ModelRef] = {}
        """Providers that an account's trouble left without a model, and their first in the route;
        who is paid in their place is not told yet."""
        self._left: dict[ModelRef, None] = {}
        """Targets that calls left for, in order."""

    def hear(self, message: object) -> None:
        """As of :class:`TroubleWatch`; what is neither is nothing here."""
        match message:
            case events.CallFailed() if message.category in _OF_ACCOUNTS or message.wrong_url:
                self.look()
            case Departed(ref):
                self._departed(ref)
            case _:
                pass

    def look(self, *, ended: bool = False) -> None:
        """As of :class:`TroubleWatch`."""
        for trouble in self._router.registry.troubles(refused=ended):
            self._note_trouble(trouble)
        if ended:  # a call may have left, and been heard of, before the refusal was
            for ref in self._left:
                self._replace(ref)

    def _departed(self, ref: ModelRef) -> None:
        if is_remote(ref.provider):
            ref = ModelRef(ref.provider, ref.model.removesuffix(self._role))
            self._left[ref] = None
            self._replace(ref)

    def _replace(self, ref: ModelRef) -> None:
        """Note that a target is paid in place of providers that are out."""
        if not self._out:
            return
        route = [target.ref for target in self._router.registry.targets]
        for provider, first in list(self._out.items()):
            if ref.provider == provider:
                continue  # it left before its provider was out: messages are heard in their order
            if ref in route and route.index(first) < route.index(ref):
                del self._out[provider]
                self._book.paid_instead(ref.provider, provider)

    def _note_trouble(self, trouble: Trouble) -> None:
        provider = trouble.target.provider
        new = self._book.of_account(trouble)
        if new and not any(ref.provider == provider for ref in self._router.registry.usable()):
            first = next(t.ref for t in self._router.registry.targets if t.ref.provider == provider)
            self._out[provider] = first
