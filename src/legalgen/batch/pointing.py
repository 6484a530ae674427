"""Points, where they are asked for: one call a topic lists what decides cases within it.

Each sample of the topic is then written on one of them, so that samples of a cell differ in law and
not in names alone. The call goes through the same loop, failover and budgets as any other, over the
models that write; what it costs is counted apart. A topic that no model can list points of is
written without.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from msgspec.structs import replace

from legalgen.batch.auxiliary import AuxiliaryCalls, as_text
from legalgen.batch.endpoints import Endpoint
from legalgen.batch.generation import POINTS_ROLE, GivenUp, Outcome, Stop, Tell, Written
from legalgen.batch.jobs import Job
from legalgen.completion import Completion, ModelRef, Prompt
from legalgen.errors import Reason
from legalgen.law.axes import Topic
from legalgen.law.planner import Task, dated
from legalgen.law.points import point_of, read_points, usable_points
from legalgen.law.prompts.prompter import Prompter
from legalgen.law.taxonomy import Taxonomy
from legalgen.quality.inspection import refusals_told
from legalgen.quality.rules import Verdict
from legalgen.routing.rate_limits import Demand
from legalgen.routing.router import Router
from legalgen.routing.targets import RECHECK_S
from legalgen.store.files import DataDir
from legalgen.store.points import LeafKey, Point, TopicPoints, keep_points, kept_points, used_points
from legalgen.store.sample import Draft
from legalgen.telemetry import events
from legalgen.telemetry.clock import Clock

USUAL_TOKENS = 900
LEAST_TOKENS = 450
"""Tokens of twenty points with their frame, and of the fewest that are taken."""


class PointShelf:
    """The lists of points that a run may use: those of its models, taxonomy and months.

    ``taxonomy`` is a digest. Without ``data_dir`` nothing is read and nothing kept.
    """

    def __init__(
        self, taxonomy: str, endpoints: Mapping[ModelRef, Endpoint], data_dir: DataDir | None
    ) -> None:
        self.taxonomy = taxonomy
        self._data_dir = data_dir
        self._models = {_model(ref) for ref in endpoints}
        # A list serves every model of the route, so it knows no more than the one that knows least.
        self.as_of = min((e.as_of for e in endpoints.values() if e.as_of), default="")

    def find(self, leaf: Topic, today: date) -> TopicPoints | None:
        """The list of a topic that is there already, with its points that can be used.

        Raises:
            DiskError: it cannot be read.
        """
        if self._data_dir is None:
            return None
        for kept in kept_points(self._data_dir, self.taxonomy, leaf.key):
            if kept.suits(self._models, self.as_of) and (
                points := usable_points(kept.points, leaf, today)  # somebody may have edited it
            ):
                return replace(kept, points=points)
        return None

    def used(self) -> dict[LeafKey, set[str]]:
        """The points that rows of the dataset are written on.

        Raises:
            DiskError: a part cannot be read.
        """
        found: dict[LeafKey, set[str]] = {}
        if self._data_dir is not None:
            for leaf, point in used_points(self._data_dir):
                found.setdefault(leaf, set()).add(point)
        return found

    def keep(self, found: TopicPoints, leaf: Topic) -> TopicPoints:
        """Put a list on the disk; the one that counts from now on, which another may have written.

        Raises:
            DiskError: it cannot be written.
        """
        if self._data_dir is None:
            return found
        keep_points(self._data_dir, found)
        return self.find(leaf, found.at.date()) or found


class Pointing:
    """Gives tasks their points; one object serves all workers."""

    def __init__(
        self,
        router: Router,
        endpoints: Mapping[ModelRef, Endpoint],
        prompter: Prompter,
        taxonomy: Taxonomy,
        shelf: PointShelf,
        *,
        stop: Stop,
        tell: Tell,
        clock: Clock | None = None,
    ) -> None:
        self._router = router
        self._prompter = prompter
        self._taxonomy = taxonomy
        self._shelf = shelf
        self._tell = tell
        self._clock = clock or Clock()
        self._calls = AuxiliaryCalls(
            router,
            endpoints,
            POINTS_ROLE,
            stop=stop,
            tell=tell,
            clock=self._clock,
            alike=(events.Waiting, events.Spilled),
        )
        self._changing = threading.Lock()
        self._asking: set[LeafKey] = set()
        self._known: dict[LeafKey, tuple[Point, ...]] = {}
        """Empty where no model could list any."""
        self._used = shelf.used()

    def point(self, job: Job) -> float:
        """Give a job its point, if its task has none yet and its topic has some.

        Returns the seconds after which to look again, where another worker is asking: 0 for most.

        Raises:
            DiskError: the list of its topic cannot be read or written.
        """
        if job.task.point or not takes_point(self._taxonomy, job.task):
            return 0.0
        leaf = self._leaf(job.task)
        with self._changing:
            if leaf.key in self._asking:
                return RECHECK_S
            if asks := leaf.key not in self._known:
                self._asking.add(leaf.key)
        if asks:
            self._list(job.task, leaf)
        with self._changing:
            used = self._used.setdefault(leaf.key, set())
            point = point_of(self._known.get(leaf.key, ()), job.task, leaf, used)
            used.add(point)
        if point:
            job.task = replace(job.task, point=point)
            job.prompts = {}  # made to see how large they are, before there was a point
        return 0.0

    def _list(self, task: Task, leaf: Topic) -> None:
        """Find the points of a task's topic, or ask for them."""
        found: tuple[Point, ...] | None = None
        try:
            found = self._found(leaf) or self._asked(task, leaf)
        finally:
            with self._changing:
                self._asking.discard(leaf.key)
                if found is not None:
                    self._known[leaf.key] = found
            self._router.wake()

    def _found(self, leaf: Topic) -> tuple[Point, ...]:
        kept = self._shelf.find(leaf, self._now().date())
        if kept is None:
            return ()
        self._told(kept, asked=False)
        return kept.points

    def _asked(self, task: Task, leaf: Topic) -> tuple[Point, ...] | None:
        """The points that a model lists now; none where none can, None where nobody was asked."""
        outcome = self._call(task, leaf)
        match outcome:
            case Written():
                kept = self._shelf.keep(self._as_list(outcome, leaf), leaf)
                self._told(kept, asked=True)
                return kept.points
            case GivenUp(job, reason):
                why = "; ".join((*job.refused[-2:], reason))
                topic = "/".join(leaf.key)
                self._tell(events.PointsListed(at=self._now(), topic=topic, reason=why))
                return ()
            case _:
                return None

    def _call(self, task: Task, leaf: Topic) -> Outcome:
        """One call in which the topic's points are asked for, with what its failure leads to."""

        def read(completion: Completion) -> Draft:
            with refusals_told(completion):
                read_points(completion, leaf, self._now().date())
            return as_text(completion)

        return self._calls.ask(
            task,
            PointPrompts(self._prompter, self._shelf.as_of),
            read=read,
            assess=lambda draft, _task, _completion, _late: Verdict(draft),
        )

    def _as_list(self, written: Written, leaf: Topic) -> TopicPoints:
        now, usage = self._now(), written.completion.usage
        return TopicPoints(
            taxonomy=self._shelf.taxonomy,
            jurisdiction=leaf.jurisdiction,
            practice_area=leaf.practice_area,
            topic=leaf.id,
            as_of=self._shelf.as_of or written.as_of or "",
            model=_model(written.lease.ref),
            prompt_version=written.prompt_version,
            at=now,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cost_usd=written.cost_usd,
            points=read_points(written.completion, leaf, now.date()),
        )

    def _told(self, found: TopicPoints, *, asked: bool) -> None:
        self._tell(
            events.PointsListed(
                at=self._now(),
                topic="/".join(found.leaf),
                model=found.model,
                points=len(found.points),
                asked=asked,
                input_tokens=found.input_tokens if asked else 0,
                output_tokens=found.output_tokens if asked else 0,
                cost_usd=found.cost_usd if asked else None,
            )
        )

    def _leaf(self, task: Task) -> Topic:
        return self._taxonomy.leaf(task.jurisdiction, task.practice_area, task.topic)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.wall(), UTC)


def takes_point(taxonomy: Taxonomy, task: Task) -> bool:
    """Whether a task is written on a point: a rule of conduct is a point of its own."""
    return taxonomy.sample_type(task.sample_type).requires != "conduct_rule"


class PointPrompts:
    """Prompts that ask for a topic's points, as at the month that every model of a route knows."""

    def __init__(self, prompter: Prompter, as_of: str) -> None:
        self._prompter = prompter
        self._as_of = as_of

    def build(
        self,
        task: Task,
        *,
        style: str,  # noqa: ARG002 - a rehearsal, which has the other style, asks for no points
        avoid: Sequence[str] = (),  # noqa: ARG002 - nothing is to be avoided
    ) -> Prompt:
        """What the topic is, and what is asked for."""
        return self._prompter.points(dated(task, self._as_of) if self._as_of else task)

    def repair(self, prompt: Prompt, answer: str, reasons: Sequence[Reason]) -> Prompt:
        """The same, with a list that could not be used."""
        return self._prompter.repair(prompt, answer, reasons)

    def demand(self, task: Task, prompt: Prompt, *, style: str) -> Demand:  # noqa: ARG002 - as above
        """A prompt and a list."""
        return Demand(prompt.characters(), USUAL_TOKENS, LEAST_TOKENS)


def _model(ref: ModelRef) -> str:
    """Whose list it is, with whichever key it was asked for."""
    return f"{ref.vendor}/{ref.model}"
