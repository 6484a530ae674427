"""The routers of a run, and the book in which they leave what they learn."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from legalgen.routing import from_settings as routing
from legalgen.routing.health import HealthBook
from legalgen.routing.route import Route
from legalgen.routing.router import Router
from legalgen.routing.targets import RoutingPolicy
from legalgen.settings.layers import Settings
from legalgen.store.ledger import Record
from legalgen.store.outlays import cost_of
from legalgen.telemetry.clock import Clock


class Routers:
    """The router over the models that write, and one over the judges where they are asked for."""

    def __init__(
        self,
        settings: Settings,
        route: Route,
        policy: RoutingPolicy,
        *,
        clock: Clock,
        notice: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._policy = policy
        self._clock = clock
        self._notice = notice
        book = routing.open_book(settings, route, clock, notice)
        self.writers: Router = routing.open_router(
            settings, route, policy, book, clock, notice=notice
        )
        self.judges: Router | None = None
        """The router over the judges, once it is open."""
        self._learning: list[tuple[HealthBook, Router]] = [(book, self.writers)]

    def open_judges(self, judges: Route) -> Router:
        """A router over the judges, which shares its spending with the writers'."""
        book = routing.open_book(self._settings, judges, self._clock, self._notice)
        policy = replace(self._policy, trickle_waits=False, named=None)
        router = routing.open_router(
            self._settings,
            judges,
            policy,
            book,
            self._clock,
            tracker=self.writers.tracker,
            notice=self._notice,
        )
        self._learning.append((book, router))
        self.judges = router
        return router

    @property
    def waited_s(self) -> float:
        """Seconds in which nothing could be called, since the last accepted sample or mark."""
        return sum(router.waited_s for _, router in self._learning)

    def take_in(self, record: Record) -> None:
        """Have the bounds on tokens and money count all that the batch has spent, as its record
        says."""
        spent = record.models.values()
        tokens = sum(each.input_tokens + each.output_tokens for each in spent)
        self.writers.tracker.go_on(tokens, cost_of(record))

    def learn(self, *, force: bool = False) -> None:
        """Write down what was learnt, now and then or, with ``force``, at once."""
        for book, router in self._learning:
            book.learn(router, force=force)

    def close(self) -> None:
        """Share budgets with other processes no longer."""
        for _, router in self._learning:
            router.close()
