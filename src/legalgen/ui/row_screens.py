"""Rows of a dataset, and answers that were refused, as a person reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from legalgen.dataset.dropping import Dropped
from legalgen.dataset.refused import RefusedAnswer, Refusing
from legalgen.dataset.rows import FoundRow
from legalgen.errors.plurals import plural
from legalgen.store.journal import Rejected
from legalgen.store.sample import Citation, GroundingText, Marks, Sample
from legalgen.ui.console import Console
from legalgen.ui.frame import StyledLine, dollars
from legalgen.ui.screens import Column, TableCell, grid
from legalgen.ui.words import code_sentence, is_of_judge

_HEAD: Final = 60
"""Characters of a question in a list."""
_NARROW: Final = ("row", "answer", "topic", "flags", "refused for", "question")


# --- whole -------------------------------------------------------------------------------------


def show_rows(console: Console, rows: Sequence[FoundRow], matched: int) -> None:
    """Rows in full, on a terminal through the pager."""
    if console.json:
        console.data({"matched": matched, "rows": [row.as_data() for row in rows]})
        return
    console.paged(lambda paper: _all(paper, (row_lines(each) for each in rows)))


def show_refused(console: Console, found: Refusing) -> None:
    """Refused answers in full, with their reasons."""
    if console.json:
        answers = [each.as_data() for each in found.answers]
        console.data({"matched": found.matched, "answers": answers})
        return
    console.paged(lambda paper: _all(paper, (_refused_lines(each) for each in found.answers)))


def _all(console: Console, texts: Iterable[Iterator[StyledLine]]) -> None:
    for number, lines in enumerate(texts):
        if number:
            console.text("")
        console._lines(lines)


def row_lines(row: FoundRow, *, judged: bool = True) -> Iterator[StyledLine]:
    """One row: what it says, what was found about it, where it came from, what it cost.

    Without what a judge said of it where somebody else is to form an opinion (not ``judged``).
    """
    sample = row.sample
    where = "/".join(filter(None, (sample.jurisdiction, sample.practice_area, sample.topic)))
    kind = f"  {where}, {sample.difficulty}, {sample.sample_type}"
    yield StyledLine(((sample.id, "bold"), (kind, "dim")))
    yield from _texts(sample.question, sample.reasoning_steps, sample.answer)
    yield from _listed("Citations", _cited(sample.citations))
    told = [code for code in sample.flags if judged or not is_of_judge(code)]
    flags = [f"{code}: {code_sentence(code)}".rstrip(": ") for code in told]
    yield from _listed("Flags", flags)
    yield from _listed("Taken out", [f"{', '.join(row.taken_out)}"] if row.taken_out else [])
    yield from _listed("Judge", list(judged_words(sample)) if judged else [])
    yield from _listed("Written from", [_source(each) for each in sample.sources or ()])
    yield from _listed("Origin", [origin_of(sample)])
    yield from _listed("Cost", [cost_of(sample)])


def _texts(question: str, steps: Sequence[str], answer: str) -> Iterator[StyledLine]:
    yield from _block("Question", question)
    yield from _block("Reasoning", "\n".join(f"{n}. {step}" for n, step in enumerate(steps, 1)))
    yield from _block("Answer", answer)


def _block(heading: str, text: str) -> Iterator[StyledLine]:
    if not text:
        return
    yield StyledLine.of(heading, "cyan")
    for line in text.split("\n"):
        yield StyledLine((("  ", ""), (line, "")))


def _listed(heading: str, items: Sequence[str]) -> Iterator[StyledLine]:
    if not items:
        return
    yield StyledLine.of(heading, "cyan")
    for item in items:
        yield StyledLine((("  ", ""), (item, "")))


def _cited(citations: Iterable[Citation]) -> list[str]:
    return [
        said
        for cited in citations
        for said in (citation_words(cited), f'  "{cited.quote}"' if cited.quote else "")
        if said
    ]


def citation_words(cited: Citation) -> str:
    """A citation, its status, where it stands in its source, and what it is cited for."""
    status = ", ".join(filter(None, (cited.status, cited.kind.replace("_", " "))))
    place = ", ".join(filter(None, (cited.source, cited.pinpoint)))
    text = cited.text or place
    at = f" at {place}" if cited.source and cited.text else ""
    return f"{text} ({status}){at}" + (f": {cited.proposition}" if cited.proposition else "")


def judged_words(sample: Sample) -> Iterator[str]:
    """A judge's mean mark, its marks, and its remark."""
    if sample.score is not None:
        yield f"{sample.score:.2f} of 5" + (f" by {sample.judge}" if sample.judge else "")
    if sample.marks is not None:
        given = [(name, getattr(sample.marks, name)) for name in Marks.__struct_fields__]
        yield ", ".join(f"{n.replace('_', ' ')} {mark}" for n, mark in given if mark is not None)
    if sample.remark:
        yield sample.remark


def _source(text: GroundingText) -> str:
    return f"{text.id} ({text.title})" if text.title else text.id


def origin_of(sample: Sample) -> str:
    """Who wrote a row, for which batch, and when."""
    parts = [
        f"{sample.provider}/{sample.model}",
        f"batch {sample.batch_id}, slot {sample.slot}",
        f"attempt {sample.attempts}",
        f"prompt {sample.prompt_version}" if sample.prompt_version else "",
        f"law as of {sample.as_of}" if sample.as_of else "",
        f"{sample.created_at:%Y-%m-%d %H:%M} UTC",
    ]
    return "; ".join(filter(None, parts))


def cost_of(sample: Sample) -> str:
    """Tokens, seconds and dollars of a row, as far as they are known."""
    return _cost(
        sample.input_tokens,
        sample.output_tokens,
        sample.reasoning_tokens,
        sample.latency_s,
        sample.cost_usd,
    )


def _cost(
    tokens_in: int, out: int, reasoning: int | None, seconds: float | None, usd: float | None
) -> str:
    of_them = f" ({reasoning:,} of them reasoning)" if reasoning else ""
    parts = [
        f"{tokens_in:,} + {out:,} tokens{of_them}",
        f"{seconds:.1f} s" if seconds is not None else "",
        dollars(usd) if usd is not None else "price unknown",
    ]
    return ", ".join(filter(None, parts))


def _refused_lines(found: RefusedAnswer) -> Iterator[StyledLine]:
    answer, draft = found.answer, found.draft
    yield StyledLine(((found.id, "bold"), (f"  {answer.provider}/{answer.model}", "dim")))
    yield from _listed("Refused for", list(_reasons(answer)))
    if draft is not None:
        yield from _texts(draft.question, draft.reasoning_steps, draft.answer)
        yield from _listed("Citations", [each.text or each.quote for each in draft.citations])
    else:
        cut = answer.characters - len(answer.text)
        yield from _block("Text", answer.text + (f" [{cut:,} more characters]" if cut else ""))
        if answer.thinking:
            yield from _block("Thinking", answer.thinking)
    ended = f"; ended by {answer.finish_reason}" if answer.finish_reason else ""
    slot = f"slot {answer.slot}, attempt {answer.attempt}; {answer.at:%Y-%m-%d %H:%M} UTC{ended}"
    yield from _listed("Origin", [slot])
    spent = (answer.input_tokens, answer.output_tokens, None, answer.latency_s, answer.cost_usd)
    yield from _listed("Cost", [_cost(*spent)])


def _reasons(answer: Rejected) -> Iterator[str]:
    """What was measured, and what the code means."""
    for reason in answer.reasons:
        measured = reason.message.removeprefix(f"{reason.code}: ")
        means = code_sentence(reason.code)
        yield f"{reason.code}: {measured}" + (f" ({means})" if means else "")


# --- in a line each ----------------------------------------------------------------------------


_COLUMNS: Final[tuple[Column, ...]] = (
    ("row", lambda row: TableCell(row.sample.id, "bold")),
    ("topic", lambda row: f"{row.sample.practice_area}/{row.sample.topic}"),
    ("difficulty", lambda row: row.sample.difficulty),
    ("type", lambda row: row.sample.sample_type),
    ("model", lambda row: row.sample.model.rpartition("/")[2]),
    (">mark", lambda row: "" if row.sample.score is None else f"{row.sample.score:.1f}"),
    ("flags", lambda row: " ".join(row.sample.flags)),
    ("question", lambda row: _begun(row.sample.question)),
)
_REFUSED_COLUMNS: Final[tuple[Column, ...]] = (
    ("answer", lambda each: TableCell(each.id, "bold")),
    ("model", lambda each: each.answer.model.rpartition("/")[2]),
    ("refused for", lambda each: " ".join(dict.fromkeys(r.code for r in each.answer.reasons))),
    ("question", lambda each: _begun(each.draft.question if each.draft else each.answer.text)),
)


def _begun(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _HEAD else line[: _HEAD - 2].rstrip() + ".."


def list_rows(console: Console, rows: Sequence[FoundRow], matched: int) -> None:
    """Rows in a line each, and how many more there are."""
    if console.json:
        show_rows(console, rows, matched)
        return
    table = grid(_COLUMNS, rows)
    console.paged(lambda paper: paper._grid(table, table.only(_NARROW)))
    _more(console, len(rows), matched, "row")


def list_refused(console: Console, found: Refusing) -> None:
    """Refused answers in a line each."""
    if console.json:
        show_refused(console, found)
        return
    table = grid(_REFUSED_COLUMNS, found.answers)
    console.paged(lambda paper: paper._grid(table, table.only(_NARROW)))
    _more(console, len(found.answers), found.matched, "answer")


def _more(console: Console, shown: int, matched: int, noun: str) -> None:
    if shown < matched and not console.quiet:
        console.talk(f"the newest {shown:,} of {matched:,} {noun}s; -n shows more")


# --- taken out ---------------------------------------------------------------------------------


def show_dropped(console: Console, done: Dropped) -> None:
    """How many rows were taken out or put back, and until when that can be undone."""
    if console.json:
        console.data(done)
        return
    if console.quiet and not done.dry_run:
        return
    would = "would be " if done.dry_run else ""
    did = "put back" if done.undo else "taken out"
    before = "were not taken out" if done.undo else "were taken out before"
    already = f"; {plural(done.already, 'row')} {before}" if done.already else ""
    console.text(f"{plural(done.dropped, 'row')} {would}{did}{already}")
    if done.dropped and not done.dry_run and not done.undo:
        console.talk(
            "`legalgen dataset drop --undrop` puts them back, until `legalgen dataset compact` "
            "makes it final"
        )
