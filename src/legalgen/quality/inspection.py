"""An answer inspected and reviewed: what takes time to load is loaded when an answer is there."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from legalgen.completion import Completion
from legalgen.errors import AnswerRefused, ErrorCategory, Reason
from legalgen.law.planner import Task
from legalgen.law.taxonomy import Taxonomy
from legalgen.quality.from_settings import embedder_of, exclusion_of, gate_of, rules_of
from legalgen.quality.rules import TypeBounds, Verdict
from legalgen.settings.layers import Settings
from legalgen.store.files import DataDir
from legalgen.store.parts import Skip
from legalgen.store.sample import Draft, Sample, read

if TYPE_CHECKING:  # its patterns take time to compile, and are not needed before an answer is there
    from legalgen.quality.gate import Gate
    from legalgen.quality.grounding import PassagesOf
    from legalgen.quality.selection import Selection


class Inspector:
    """Judges answers by the gate, which is opened with the first of them or by ``open``.

    Opening takes as long as a few calls, so it is done while the first calls are on their way.
    """

    def __init__(
        self,
        settings: Settings,
        taxonomy: Taxonomy,
        today: date,
        *,
        rehearsal: bool,
        passages: PassagesOf | None = None,
    ) -> None:
        self._settings = settings
        self._taxonomy = taxonomy
        self._today = today
        self._rehearsal = rehearsal
        self._passages = passages
        self._turn = threading.Lock()

    @cached_property
    def _gate(self) -> Gate:
        return gate_of(
            self._settings,
            self._taxonomy,
            self._today,
            mode="structure" if self._rehearsal else self._settings.gate,
            passages=None if self._rehearsal else self._passages,
        )

    def open(self) -> None:
        """Load what the gate needs."""
        _ = self._gate.finders

    def judge(self, draft: Draft, task: Task, completion: Completion) -> Verdict:
        """What the gate finds in an answer to a task; one answer after another.

        One interpreter judges, however many threads ask. In turn, the first answer is done when it
        has taken its own time and its thread calls again; all at once, the hundreds that came
        together are done together, and nobody calls meanwhile.
        """
        with self._turn:
            return self._gate.inspect(draft, task, completion, bounds_of(self._taxonomy, task))

    def support(self, draft: Draft, mark: int) -> Reason | None:
        """What the gate makes of a judge's mark of the citations."""
        return self._gate.support(draft, mark)

    def score(self, lowest: float | None) -> Reason | None:
        """What the gate makes of a judge's lowest mark, or of there being none."""
        return self._gate.score(lowest)


class Reviewer:
    """Reviews answers against all that was accepted, which is opened by ``open`` or with the first.

    With ``skip`` a part that cannot be read is told and passed by. ``goes_on`` hears how many rows
    of how many were read for their meaning, and says whether to go on.
    """

    def __init__(
        self,
        settings: Settings,
        data_dir: DataDir,
        *,
        rehearsal: bool,
        skip: Skip | None = None,
        goes_on: Callable[[int, int], bool] = lambda _done, _of: True,
    ) -> None:
        self._goes_on = goes_on
        self._settings = settings
        self._data_dir = data_dir
        self._rehearsal = rehearsal
        self._skip = skip

    @cached_property
    def _selection(self) -> Selection:
        from legalgen.quality.selection import Selection  # loads pyarrow

        return Selection(
            rules_of(self._settings),
            self._data_dir,
            rehearsal=self._rehearsal,
            structure_only=self._rehearsal or self._settings.gate == "structure",
            skip=self._skip,
            exclusion=exclusion_of(self._settings),
            embedder=None if self._rehearsal else embedder_of(self._settings),
            goes_on=self._goes_on,
        )

    def open(self) -> None:
        """Read what is there.

        Raises:
            DiskError: the state folder or a part cannot be read.
        """
        _ = self._selection

    def review(self, verdict: Verdict) -> Verdict:
        """As :meth:`legalgen.quality.selection.Selection.review`."""
        return self._selection.review(verdict)

    def add(self, sample: Sample, verdict: Verdict) -> None:
        """As :meth:`legalgen.quality.selection.Selection.add`."""
        self._selection.add(sample, verdict)

    def sealed(self, path: Path, rows: int) -> None:
        """As :meth:`legalgen.quality.selection.Selection.sealed`."""
        self._selection.sealed(path, rows)


def read_answer(completion: Completion) -> Draft:
    """The draft in a completion; prose that refuses is a refusal, not broken JSON.

    Raises:
        AnswerRefused: it is no sample; repairing a refusal would only be refused again.
    """
    with refusals_told(completion):
        return read(completion)


@contextlib.contextmanager
def refusals_told(completion: Completion) -> Iterator[None]:
    """Call what cannot be read a refusal where its prose refuses: it is not worth a repair."""
    try:
        yield
    except AnswerRefused as refused:
        from legalgen.quality.checks.usable import is_refusal  # what the structure does without

        if refused.reasons[0].code != "BAD_JSON" or not is_refusal(completion.text):
            raise
        reason = Reason("REFUSAL", f"REFUSAL: the answer begins {completion.text[:60]!r}")
        raise AnswerRefused([reason], category=ErrorCategory.CONTENT_FILTER) from refused


def bounds_of(taxonomy: Taxonomy, task: Task) -> TypeBounds:
    """What the task's type and difficulty demand of its answer."""
    kind = taxonomy.sample_type(task.sample_type)
    lengths = taxonomy.bounds(task.sample_type, task.difficulty)
    requires = (kind.requires,) if kind.requires else ()
    return TypeBounds(
        lengths.answer_words, lengths.reasoning_steps, lengths.min_citations, requires
    )
