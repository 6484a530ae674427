"""From settings to the gate of a run; what takes time to load is loaded when an answer is there."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from legalgen.completion import Completion
from legalgen.errors import (
    AnswerRefused,
    ConfigurationError,
    ErrorCategory,
    Reason,
    UsageError,
)
from legalgen.law.opening import authorities_of
from legalgen.law.planner import Task
from legalgen.law.taxonomy import Taxonomy
from legalgen.quality.meaning.packages import has_numpy, has_tokenizers
from legalgen.quality.rules import Rules, TypeBounds, Verdict
from legalgen.settings.layers import Settings
from legalgen.settings.toml import read_toml
from legalgen.settings.types import GateMode
from legalgen.store.files import DataDir
from legalgen.store.parts import Skip
from legalgen.store.sample import Draft, Sample, read

if TYPE_CHECKING:  # its patterns take time to compile, and are not needed before an answer is there
    from legalgen.quality.exclusion import ExcludedFile, Exclusion
    from legalgen.quality.gate import Gate
    from legalgen.quality.grounding import PassagesOf
    from legalgen.quality.meaning.embedding import Embedder
    from legalgen.quality.selection import Selection


def rules_of(settings: Settings) -> Rules:
    """The gate's table, with the user's ``[gate]``, ``--gate-file`` and ``--min-score`` over it.

    Raises:
        UsageError: a name or a value in it cannot be meant, or no question could pass.
    """
    least = {} if settings.min_score is None else {"min_score": settings.min_score}
    rules = Rules.of({**settings.gate_overrides, **gate_file(settings), **least})
    fewest, most = rules.thresholds.question_min_words, rules.thresholds.question_max_words
    if fewest > most:
        raise UsageError(
            f"[gate] question_min_words {fewest} is more than question_max_words {most}: "
            "no question could pass"
        )
    return rules


def gate_file(settings: Settings) -> Mapping[str, object]:
    """What ``--gate-file`` says: codes and thresholds, at its top or in a table ``[gate]``.

    Raises:
        UsageError: it cannot be read, is not TOML, or holds something that the gate has not.
    """
    path = settings.gate_file
    if path is None:
        return {}
    try:
        content = dict(read_toml(path))
        nested = content.pop("gate", {})
        found = {**content, **nested} if isinstance(nested, dict) else {"gate": nested}
        Rules.of(found)
    except (ConfigurationError, UsageError) as error:
        raise UsageError(f"--gate-file {path}: {error}") from error
    return found


def gate_of(
    settings: Settings,
    taxonomy: Taxonomy,
    today: date,
    *,
    mode: GateMode,
    passages: PassagesOf | None = None,
) -> Gate:
    """The gate; the authorities it knows are the taxonomy's and the user's own.

    The leading cases that come with the program are admitted, but where cases are taken from a
    list alone.
    It is told what the prompts say and what each topic is about, so that it knows both again.
    """
    from legalgen.law.citations import Authorities, leading_cases, shipped  # only a run needs them
    from legalgen.quality.gate import Gate  # only a run needs the gate

    ours = taxonomy is Taxonomy.builtin()
    known = (shipped if ours else Authorities.of)(taxonomy.authorities(), "taxonomy", strict=False)
    known |= authorities_of(settings)
    gate = Gate(
        mode,
        today,
        rules_of(settings),
        known,
        settings.citation_policy,
        passages=passages,
    )
    if mode == "structure":
        return gate
    from legalgen.law.prompts.instructions import instructions  # what only the full gate needs
    from legalgen.quality.checks.substance import topics_of  # what only the full gate needs
    from legalgen.quality.reading import KnownRuns  # what only the full gate needs

    return replace(
        gate,
        admitted=None if settings.citation_policy == "menu" else leading_cases(),
        instructions=KnownRuns.of(instructions(taxonomy, settings.reasoning_instruction or "")),
        topics=topics_of(taxonomy),
    )


def exclusion_of(settings: Settings) -> Exclusion | None:
    """What no row may come near to; None where ``--exclude`` names nothing.

    Raises:
        UsageError: a file cannot be read, or asks nothing.
    """
    return exclusion_from(settings.exclude, rules_of(settings), settings.semantic)


def exclusion_from(
    paths: Sequence[Path], rules: Rules, semantic: str | None = None
) -> Exclusion | None:
    """As ``exclusion_of``, of what a worker may be told: settings have keys, which stay here."""
    if not paths:
        return None
    from legalgen.quality.exclusion import read_exclusion  # loads pyarrow

    found = read_exclusion(paths, rules.duplicate_thresholds())[0]
    if semantic is not None:
        found.look_at_meaning(_embedder(semantic))
    return found


def embedder_of(settings: Settings) -> Embedder | None:
    """The model of ``--semantic``, loaded once a process; None where none is named.

    Raises:
        UsageError: the extra is not installed, or the model cannot be read.
    """
    return None if settings.semantic is None else _embedder(settings.semantic)


@lru_cache(maxsize=1)
def _embedder(model: str) -> Embedder:
    if not (has_numpy() and has_tokenizers()):
        raise UsageError(
            "--semantic needs the packages numpy and tokenizers: pip install 'legalgen[semantic]'"
        )
    # Of short texts a second thread makes nothing faster, and it spins while it waits for work:
    # measured ten times the CPU on a busy machine. Read when numpy is loaded.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from legalgen.quality.meaning.embedding import load_embedder  # loads numpy

    return load_embedder(model)


def excluded_files(settings: Settings) -> tuple[ExcludedFile, ...]:
    """The files of ``--exclude`` as a record names them; raises as ``exclusion_of``."""
    if not settings.exclude:
        return ()
    from legalgen.quality.exclusion import read_exclusion  # loads pyarrow

    return read_exclusion(settings.exclude, rules_of(settings).duplicate_thresholds())[1]


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
