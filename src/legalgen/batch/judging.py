"""A second opinion: each sample marked by another model, in a second call.

The call goes through the same loop, failover and budgets as any other, over a route of its own:
the judge's model, and the same weights elsewhere. What it costs is counted apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Annotated

import msgspec
from msgspec.structs import replace

from legalgen.batch.auxiliary import AuxiliaryCalls, as_text
from legalgen.batch.endpoints import Endpoint
from legalgen.batch.generation import (
    ROLE,
    Halted,
    JudgeAwayError,
    Late,
    Stop,
    Stuck,
    Tell,
    Written,
    on_time,
)
from legalgen.completion import Completion, ModelRef, Prompt
from legalgen.errors import Reason
from legalgen.law.planner import Task
from legalgen.law.prompts.prompter import Prompter
from legalgen.quality.inspection import Inspector
from legalgen.quality.rules import Verdict
from legalgen.routing.rate_limits import Demand
from legalgen.routing.router import Router
from legalgen.routing.targets import Spent
from legalgen.store.sample import Draft, Marks, clean
from legalgen.telemetry.clock import Clock

MARK_TOKENS = 140
"""Tokens of the six marks and the remark."""
REMARK_CHARACTERS = 200
"""So much of the remark is told to the model that has to mend its answer."""

SCORED = ("correctness", "relevance", "reasoning", "citation_use")
"""The marks whose mean is a row's score: those that every judge has been asked for, so that rows of
all versions compare. ``safe`` is 5 nearly always, and would hide a low one in the mean."""

Mark = Annotated[int, msgspec.Meta(ge=1, le=5)]


class Judgement(msgspec.Struct, frozen=True):
    """The six marks, 1 to 5, and the worst fault in a sentence."""

    correctness: Mark
    relevance: Mark
    reasoning: Mark
    citation_use: Mark
    consistent: Mark
    safe: Mark
    remark: str = ""

    @property
    def marks(self) -> Marks:
        """The marks as a row holds them."""
        return Marks(**self._marks)

    @property
    def score(self) -> float:
        """The mean of ``SCORED``, which is stored."""
        return sum(self._marks[name] for name in SCORED) / len(SCORED)

    @property
    def lowest(self) -> int:
        """The least of the six marks, by which the gate refuses or flags."""
        return min(self._marks.values())

    @property
    def _marks(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in Marks.__struct_fields__}

    def told(self, reason: Reason) -> Reason:
        """The gate's reason for the lowest mark, in words that say what is to be mended."""
        lowest = (name for name, mark in self._marks.items() if mark == self.lowest)
        names = ", ".join(name.replace("_", " ") for name in lowest)
        need = reason.message.partition(" of 5")[2]
        remark = " ".join(self.remark.split())[:REMARK_CHARACTERS]
        quoted = f' ("{remark}")' if remark else ""
        return replace(reason, message=f"{reason.code}: {names} {self.lowest} of 5{need}{quoted}")


# msgspec works a type out at its first use, and two workers at once would end the process.
msgspec.json.Decoder(Judgement)


class Judging:
    """Marks drafts; one object serves all workers."""

    def __init__(
        self,
        router: Router,
        endpoints: Mapping[ModelRef, Endpoint],
        prompter: Prompter,
        *,
        stop: Stop,
        tell: Tell,
        clock: Clock | None = None,
    ) -> None:
        self._router = router
        self._prompter = prompter
        self._calls = AuxiliaryCalls(
            router, endpoints, ROLE, stop=_Patient(stop), tell=tell, clock=clock or Clock()
        )

    def mark(
        self, task: Task, draft: Draft, late: Late
    ) -> tuple[Judgement, ModelRef] | JudgeAwayError:
        """The marks of a draft and who gave them, or why no judge could be had.

        A sample that was paid for is not lost because its judge is down: it stays unmarked.
        """
        source = _Questions(self._prompter, task, draft)
        outcome = self._calls.ask(task, source, read=as_text, assess=_readable, late=late)
        if not isinstance(outcome, Written):
            turn = outcome.turn if isinstance(outcome, Stuck) else None
            unasked = isinstance(turn, Spent) or isinstance(outcome, Halted)
            troubles = self._router.registry.troubles(refused=True)
            return JudgeAwayError(turn, troubles, unasked=unasked)
        self._router.accepted()
        return _judgement(outcome.completion.text), outcome.lease.ref


class _Patient(Stop):
    """A mark belongs to the sample that is in flight: only the second signal ends it."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop

    @property
    def requested(self) -> bool:  # type: ignore[override]  # asked, not set
        """Whether not even marks are waited for."""
        return self._stop.abandoned

    @property
    def abandoned(self) -> bool:  # type: ignore[override]
        """As ``requested``."""
        return self._stop.abandoned


class _Questions:
    """The prompts of one draft's judgement, as at the month that its writer was given."""

    def __init__(self, prompter: Prompter, task: Task, draft: Draft) -> None:
        self._prompter = prompter
        self._task = task
        self._draft = draft

    def build(
        self,
        task: Task,  # noqa: ARG002 - dated for the judge, whose knowledge is not the writer's
        *,
        style: str,  # noqa: ARG002 - one style serves all judges
        avoid: Sequence[str] = (),  # noqa: ARG002 - nothing is to be avoided
    ) -> Prompt:
        """The draft and the marks that are asked for."""
        return self._prompter.judge(self._task, self._draft)

    def repair(self, prompt: Prompt, answer: str, reasons: Sequence[Reason]) -> Prompt:
        """The same, with marks that could not be read."""
        return self._prompter.repair(prompt, answer, reasons)

    def demand(self, task: Task, prompt: Prompt, *, style: str) -> Demand:  # noqa: ARG002 - Words
        """A long prompt and a short answer."""
        return Demand(prompt.characters(), MARK_TOKENS, MARK_TOKENS // 2)


def _readable(draft: Draft, _: Task, completion: Completion, _late: Late = on_time) -> Verdict:
    """Whether the marks can be read; if not, the judge is asked again with the reason."""
    if completion.finish_reason == "length":
        return Verdict(draft, (Reason("TRUNCATED", "TRUNCATED: the marks were cut off"),))
    try:
        _judgement(draft.answer)
    except (msgspec.DecodeError, RecursionError) as error:
        return Verdict(draft, (Reason("SCHEMA", f"SCHEMA: {error}"),))
    return Verdict(draft)


def _judgement(text: str) -> Judgement:
    """The marks in an answer, wherever its JSON object stands.

    Raises:
        msgspec.DecodeError: there are none, or a mark is not 1 to 5.
        RecursionError: they are nested deeper than anything can be read.
    """
    start, end = text.find("{"), text.rfind("}")
    return msgspec.json.decode(text[start : end + 1].encode(), type=Judgement)


def is_drawn(task: Task, share: float) -> bool:
    """Whether the judge marks a task's sample, where it marks this share of all.

    Drawn by the task's seed, which is of the batch's seed and the slot: whoever writes it, however
    often it is begun again and after a resumption, the draw is the same.
    """
    lot = blake2b(f"judge:{task.seed}".encode(), digest_size=8).digest()
    return int.from_bytes(lot) < share * 2**64


class MarkedGate:
    """The gate with the judge behind it: only what the gate lets through is marked.

    The gate is asked about the lowest mark, or about there being none: each of the six has to
    suffice. With ``waits`` an answer that could not be marked is kept back until it is; without,
    only one whose judge would have answered, had a bound or a stop let it be asked. ``share`` of
    the tasks are marked; of the others nobody wants marks, and they lack none.
    """

    def __init__(
        self, gate: Inspector, judging: Judging, *, waits: bool = False, share: float = 1.0
    ) -> None:
        self._gate = gate
        self._judging = judging
        self._waits = waits
        self._share = share

    def judge(self, draft: Draft, task: Task, completion: Completion, late: Late) -> Verdict:
        """What the gate and the marks say of an answer to a task.

        Raises:
            JudgeAwayError: it waits for its marks.
        """
        verdict = self._gate.judge(draft, task, completion)
        if verdict.rejected or not is_drawn(task, self._share):
            return verdict
        marked = self._judging.mark(task, verdict.draft, late)
        if isinstance(marked, JudgeAwayError):
            if self._waits or marked.unasked:
                raise marked
            return verdict.with_reasons([self._gate.score(None)])
        judgement, ref = marked
        reason = self._gate.score(judgement.lowest)
        found = verdict.with_reasons(
            [
                judgement.told(reason) if reason is not None else None,
                self._gate.support(verdict.draft, judgement.citation_use),
            ]
        )
        return replace(
            found,
            score=judgement.score,
            judge=str(ref),
            marks=judgement.marks,
            remark=clean(judgement.remark) or None,
        )
