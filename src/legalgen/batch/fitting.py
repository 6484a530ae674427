"""Which models can take any of the samples that are planned, and why the others cannot.

The plan and the run ask the same: a limit that no sample fits leaves a model out of both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from legalgen.batch.jobs import Job, JobPrompts
from legalgen.completion import ModelRef
from legalgen.law.planner import Task
from legalgen.routing.limiter import Shortfall
from legalgen.routing.rate_limits import Demand
from legalgen.routing.remedies import more_room, too_small
from legalgen.routing.router import Router
from legalgen.routing.targets import Target

LOOKED_AT = 60
"""Tasks of a plan whose sizes are looked at; there are far fewer kinds of them."""
UNFIT = "no model of the route can take any sample"


class PlannedSizes:
    """The sizes of the samples that are planned, by model: one task of each kind and difficulty."""

    def __init__(self, prompts: JobPrompts, tasks: Iterable[Task]) -> None:
        kinds = {(task.sample_type, task.difficulty): task for task in tasks}
        self.demands = [prompts.demand(Job(task)) for task in kinds.values()]

    def of(self, target: Target) -> Iterator[Demand]:
        """What the samples ask of a model; a size takes a prompt, which is made when it is asked
        for, once: nearly always the first of them fits."""
        return (demand(target) for demand in self.demands)


class Fitting:
    """Says once of each model that it can take no sample."""

    def __init__(self, router: Router, sizes: PlannedSizes, notice: Callable[[str], None]) -> None:
        self._router = router
        self._sizes = sizes
        self._notice = notice
        self._said = set[ModelRef]()

    def left_out(self) -> Mapping[ModelRef, Shortfall]:
        """The models that are left out, each of which is told once."""
        found = self._router.registry.shortfalls(self._sizes.of)
        for ref, shortfall in found.items():
            if ref not in self._said:
                self._said.add(ref)
                self._notice(left_out(ref, shortfall, self._share_of(ref)))
        return found

    def nothing_fits(self) -> str | None:
        """Why no model of the route can take any sample; None where one can, or none is left."""
        found = self.left_out()
        usable = self._router.registry.usable()
        if not usable or usable - found.keys():
            return None
        return unfit(found, {t.ref: t for t in self._router.registry.targets})

    def _share_of(self, ref: ModelRef) -> float:
        return next(t.quota_share for t in self._router.registry.targets if t.ref == ref)


def left_out(ref: ModelRef, shortfall: Shortfall, share: float = 1.0) -> str:
    """A sentence that names a model that can take no sample, with the limit and what is needed."""
    part = " here by --quota-share" if share < 1 else ""
    return (
        f"{ref} is left out: it has {shortfall.most:,} {shortfall.what}{part}, and the smallest "
        f"sample needs {shortfall.needed:,}"
    )


def unfit(found: Mapping[ModelRef, Shortfall], targets: Mapping[ModelRef, Target]) -> str:
    """That nothing fits, each limit, and what to do."""
    contexts = {
        ref: targets[ref].context_window for ref, s in found.items() if s.bound == "context"
    }
    said = [too_small(contexts)] if contexts else []
    others = {
        ref: left_out(ref, s, targets[ref].quota_share)
        for ref, s in found.items()
        if ref not in contexts
    }
    if others:
        remedy = more_room({ref: found[ref].bound for ref in others})
        said.append("; ".join([*others.values(), remedy]))
    return f"{UNFIT}: {'; '.join(said)}"
