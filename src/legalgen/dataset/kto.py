"""Answers that were refused for what they say, as the undesirable half of a KTO export.

TRL's ``KTOTrainer`` learns from single answers with a label, here ``{"prompt": [...],
"completion": [...], "label": true}``: rows of the dataset are true, refused answers false. Such an
answer stands under the question that it came with. Taken are those whose every reason is one of
``SAID``: what the text of the answer itself does wrong. Not those refused for their form, as
repeats, or because they were cut off: nothing in them shows a model what not to say. A fault of a
citation alone counts where the answer names what is cited, as the export holds no citations. An
answer that the dataset has, because another gate kept it, is none of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

import msgspec

from legalgen.completion import Completion, Usage
from legalgen.errors import AnswerRefused
from legalgen.quality.exclusion import Exclusion
from legalgen.store.files import DataDir
from legalgen.store.journal import Rejected, read_rejected
from legalgen.store.ledger import Ledger, Record
from legalgen.store.parts import known_ids
from legalgen.store.sample import Draft, normalise, read, sample_id

SAID: Final = frozenset({
    "REFUSAL", "META_TALK", "PROMPT_LEAK", "PLACEHOLDER", "LANGUAGE", "ROLE_PLAY", "ADVERTISING",
    "NO_ANSWER", "OFF_TOPIC", "CONTRADICTION", "INCONSISTENT", "ARITHMETIC", "DEADLINE",
    "SECTION_NONEXISTENT", "LAW_JURISDICTION", "LOW_SCORE",
})  # fmt: skip
"""Codes of the gate that say of the answer's text that it is wrong, or no answer."""
CITED: Final = frozenset({"CITATION_IMPOSSIBLE", "CITATION_JURISDICTION", "CITATION_UNLISTED"})
"""Codes of what is cited."""
_DUPLICATES: Final = ("DUP_", "OPENING_", "PARTY_")
_LEAST_NAME: Final = 6


class Labels(msgspec.Struct, frozen=True):
    """How many rows of an export have which label.

    ``passed_over`` counts refused answers that are not in it, by why: ``form``, ``repeat``,
    ``truncated``, ``unreadable``, ``excluded``, ``kept`` (the dataset has the same answer).
    ``in_training`` are those in the first file, true and false, which weights are made for.
    """

    desirable: int
    undesirable: int
    passed_over: dict[str, int] = {}
    in_training: tuple[int, int] = (0, 0)


class RefusedAnswers:
    """The refused answers of a data dir that belong into a KTO export; read once an iteration.

    ``batches`` are ids or their beginnings, ``models`` patterns; empty: all. What comes too near
    to a question of an ``exclusion`` is none of them.
    """

    def __init__(
        self,
        data_dir: DataDir,
        *,
        batches: Sequence[str] = (),
        models: Sequence[str] = (),
        exclusion: Exclusion | None = None,
    ) -> None:
        self._exclusion = exclusion
        self._data_dir = data_dir
        self._batches = tuple(batches)
        self._models = tuple(models)
        self.passed_over: Counter[str] = Counter()

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        """Rows with what a shape needs of them; ``passed_over`` counts the others anew.

        Raises:
            DiskError: a file of refused answers is there and cannot be read, or a part.
        """
        self.passed_over.clear()
        # Wanted or not: no answer is to have both labels, or the wrong one.
        kept = known_ids(self._data_dir, as_sealed=False)
        seen: set[str] = set()
        for record in sorted(Ledger(self._data_dir).all(), key=lambda one: one.id):
            if not (isinstance(record, Record) and self._wants(record)):
                continue
            for refused in read_rejected(self._data_dir, record.id):
                if self._models and not self._by_model(refused):
                    continue
                draft, why = _taken(refused)
                if draft is None:
                    self.passed_over[why] += 1
                    continue
                if self._is_near(draft):
                    self.passed_over["excluded"] += 1
                    continue
                row = _row(record.id, refused, draft)
                if row["id"] in kept:  # by another gate, or by whoever looked at it
                    self.passed_over["kept"] += 1
                    continue
                if row["id"] in seen:
                    self.passed_over["repeat"] += 1
                    continue
                seen.add(row["id"])
                yield row

    def _is_near(self, draft: Draft) -> bool:
        if self._exclusion is None:
            return False
        near = self._exclusion.near(draft.question, draft.answer, draft.reasoning_steps)
        return near is not None

    def _wants(self, record: Record) -> bool:
        wanted = not self._batches or record.id.startswith(self._batches)
        return wanted and not record.rehearsal

    def _by_model(self, refused: Rejected) -> bool:
        names = (f"{refused.provider}/{refused.model}", refused.model)
        return any(fnmatchcase(name, pattern) for name in names for pattern in self._models)


def _taken(refused: Rejected) -> tuple[Draft | None, str]:
    """The answer as it was read, or why it is not taken."""
    codes = {reason.code for reason in refused.reasons if reason.reject}
    if "TRUNCATED" in codes or refused.finish_reason == "length":
        return None, "truncated"
    if any(code.startswith(_DUPLICATES) for code in codes):
        return None, "repeat"
    said = [reason for reason in refused.reasons if reason.reject and reason.field != "question"]
    if not codes <= SAID | CITED or not said:
        return None, "form"
    draft = _read(refused)
    if draft is None:
        return None, "unreadable"
    if codes <= CITED and not _names_what_it_cites(draft):
        return None, "form"
    return draft, ""


def _read(refused: Rejected) -> Draft | None:
    """None where the text was cut when it was kept, or is no sample at all."""
    if len(refused.text) < refused.characters:
        return None
    usage = Usage(refused.input_tokens, refused.output_tokens)
    try:
        draft = read(Completion(refused.text, "stop", usage, refused.model, latency_s=0.0))
    except AnswerRefused:
        return None
    return None if draft.repaired else draft


def _names_what_it_cites(draft: Draft) -> bool:
    """Whether the answer or a step holds a citation, or the name before its year or number."""
    text = normalise(" ".join((*draft.reasoning_steps, draft.answer)))
    for cited in draft.citations:
        whole = normalise(cited.text)
        name = normalise(cited.text.partition("[")[0].partition("(")[0])
        if (whole and whole in text) or (len(name) >= _LEAST_NAME and name in text):
            return True
    return False


def _row(batch_id: str, refused: Rejected, draft: Draft) -> Mapping[str, Any]:
    return {
        "id": sample_id(draft.question, draft.answer),
        "question": draft.question,
        "answer": draft.answer,
        "reasoning_steps": list(draft.reasoning_steps),
        "batch_id": batch_id,
        "slot": refused.slot,
        "label": False,
    }
