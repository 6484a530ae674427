"""How an answer that passed becomes a row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from legalgen.batch.generation import Written
from legalgen.law.planner import Task, dated
from legalgen.store.sample import GroundingText, Sample, sample_id

if TYPE_CHECKING:  # of texts, which few batches have
    from legalgen.sources.passages import Passages


class Composer:
    """Makes rows; ``seed_json`` tells what of a prompt was drawn for a task, ``passages`` what a
    grounded one was written from."""

    def __init__(
        self,
        seed_json: Callable[[Task], str],
        *,
        keep_thinking: bool,
        now: Callable[[], datetime],
        passages: Passages | None = None,
        rehearsal: bool = False,
    ) -> None:
        self._seed_json = seed_json
        self._keep_thinking = keep_thinking
        self._now = now
        self._passages = passages
        self._rehearsal = rehearsal

    def compose(self, written: Written, batch_id: str) -> Sample:
        """The row of an answer, by what was planned, what was found and what it took."""
        task = dated(written.job.task, written.as_of)
        draft, completion = written.verdict.draft, written.completion
        sample = Sample(
            id=sample_id(draft.question, draft.answer),
            question=draft.question,
            answer=draft.answer,
            reasoning_steps=draft.reasoning_steps,
            citations=written.verdict.citations,
            jurisdiction=task.jurisdiction,
            sub_jurisdiction=task.sub_jurisdiction,
            practice_area=task.practice_area,
            topic=task.topic,
            subtopic=task.subtopic,
            difficulty=task.difficulty,
            sample_type=task.sample_type,
            as_of=written.as_of,
            seed_json=self._seed_json(task),
            provider=written.lease.ref.vendor,
            model=written.lease.ref.model,
            prompt_version=written.prompt_version,
            batch_id=batch_id,
            slot=task.slot,
            attempts=written.job.attempts,
            input_tokens=completion.usage.input_tokens,
            output_tokens=completion.usage.output_tokens,
            flags=written.verdict.flags,
            score=written.verdict.score,
            judge=written.verdict.judge,
            thinking=completion.thinking if self._keep_thinking else None,
            latency_s=round(completion.latency_s, 3),
            cost_usd=written.cost_usd,
            reasoning_tokens=completion.usage.reasoning_tokens,
            created_at=self._now(),
            marks=written.verdict.marks,
            remark=written.verdict.remark,
        )
        return sample if self._passages is None else self._grounded(sample, task, self._passages)

    def _grounded(self, sample: Sample, task: Task, passages: Passages) -> Sample:
        """The row with its sources; topic and month are those of the text, not of a model.

        A rehearsal's quotations were not looked up.
        """
        from legalgen.sources.space import area_of, topic_of  # of texts, which few batches have

        given = passages.of(task)
        source = passages.source(task)
        return replace(
            sample,
            practice_area=area_of(source),
            topic=topic_of(source),
            as_of=source.as_of,
            grounded=not self._rehearsal,
            sources=tuple(
                GroundingText(
                    id=each.chunk.id,
                    title=each.chunk.citation,
                    pinpoint=each.chunk.pinpoint or None,
                    licence=each.licence,
                    as_of=each.chunk.as_of,
                    sha256=each.chunk.sha256,
                )
                for each in given
            ),
        )
