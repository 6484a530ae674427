"""What the dataset commands show to people; programs get the values themselves as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

import msgspec

from legalgen.batch.generation import ROLE
from legalgen.dataset.check import CheckReport as Checked
from legalgen.dataset.compact import Compacted
from legalgen.dataset.export import Exported
from legalgen.dataset.foreign import ODDITIES
from legalgen.dataset.imports import Imported
from legalgen.dataset.marking import Marked
from legalgen.dataset.merging import Merged
from legalgen.dataset.report import (
    ANSWER_BASELINE,
    QUESTION_BASELINE,
    Coverage,
    DatasetReport,
    Model,
)
from legalgen.dataset.shapes import FORMS
from legalgen.dataset.verify import Verified
from legalgen.errors.escaping import cut
from legalgen.errors.plurals import plural
from legalgen.ui.console import Console
from legalgen.ui.frame import StyledLine
from legalgen.ui.screens import Grid, TableCell, parked
from legalgen.ui.verdict import verdict
from legalgen.ui.words import code_sentence

DASH: Final = "-"
_HEAT: Final = " .:-=+*#%@"
"""From one row to the most rows of any cell; plain characters, so that any terminal has them."""


def table(console: Console, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table of plain texts; nothing where it has no rows."""
    cells = tuple(tuple(TableCell(text) for text in row) for row in rows)
    if cells:
        console._grid(Grid(tuple(headings), cells))


def _share(value: float | None) -> str:
    return DASH if value is None else f"{value:.1%}"


# --- verify, compact, import, export -----------------------------------------------------------


def show_verified(console: Console, found: Verified) -> None:
    """What was found and what was mended."""
    if console.json:
        data = msgspec.to_builtins(found)
        whole = not found.findings
        for one, finding in zip(data["findings"], found.findings, strict=True):
            one["repairable"] = finding.repairable
        console.data(data | {"whole": whole})
        return
    for line in found.repaired:
        console.talk(f"repaired: {line}")
    for note in found.notes if not console.quiet else ():
        console.talk(f"note: {note}")
    if found.findings:
        rows = [
            (one.kind.replace("_", " "), one.where, one.what, "yes" if one.repairable else "no")
            for one in found.findings
        ]
        table(console, ("finding", "where", "what", "--repair"), rows)
    if console.quiet and not found.findings:
        return
    size = f"{plural(found.rows, 'row')} in {plural(found.parts, 'part')}"
    faults = plural(len(found.findings), "finding") if found.findings else "whole"
    console.text(f"{size}: {faults}")


def show_compacted(console: Console, done: Compacted) -> None:
    """What a compaction did."""
    if console.json:
        console.data(
            {
                "rows": done.rows,
                "parts_before": done.parts_before,
                "parts_after": done.parts_after,
                "bytes_before": done.bytes_before,
                "bytes_after": done.bytes_after,
                "generation": done.generation,
                "recovered": [each.segment for each in done.recovered],
            }
        )
        return
    if console.quiet:
        return
    if done.generation is None:
        parts = plural(done.parts_before, "part")
        console.text(f"nothing to do: {plural(done.rows, 'row')} in {parts}")
        return
    sizes = f"{_megabytes(done.bytes_before)} to {_megabytes(done.bytes_after)}"
    console.text(
        f"{plural(done.rows, 'row')}: {plural(done.parts_before, 'part')} into "
        f"{done.parts_after} (generation {done.generation}), {sizes}"
    )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def show_imported(console: Console, done: Imported) -> None:
    """What came in, and what was odd."""
    if console.json:
        console.data(done)
        return
    for example in done.examples:
        console.talk(example)
    if not console.quiet:
        _show_odd(console, done)
    left_out = done.unreadable + done.empty
    if left_out or not console.quiet:
        console.text(
            f"{plural(done.added, 'row')} added of {done.read:,} read; {done.present:,} were there "
            f"already, {left_out:,} cannot be used"
            + (f" (batch {done.batch})" if done.added else "")
        )
    if done.stopped:
        console.talk(_STOPPED)


def _show_odd(console: Console, done: Imported) -> None:
    odd = [(ODDITIES[name], str(count)) for name, count in done.odd.items() if count]
    odd += [("neither topic nor citations say whose law", str(done.unknown_jurisdiction))] * bool(
        done.unknown_jurisdiction
    )
    table(console, ("odd", "rows"), odd)
    if done.flags:
        flags = [(name, str(n), code_sentence(name)) for name, n in done.flags.items()]
        table(console, ("flag", "rows", "means"), flags)
    if done.not_taken:
        console.text(f"not taken: {_left(done.not_taken)}")
    if done.other_ids:
        console.text(
            f"ids that were not of their texts, as after an edit, made anew: {done.other_ids:,}; "
            "the rows that were edited stay until `legalgen dataset drop ID`"
        )


_STOPPED: Final = (
    "stopped: what was read is in the dataset, and the same command goes on from there"
)
_COLUMNS_NAMED: Final = 12


def _left(columns: Mapping[str, int]) -> str:
    """Columns with their rows, the first by name."""
    named = islice(columns.items(), _COLUMNS_NAMED)
    left = ", ".join(f"{cut(name)} ({plural(rows, 'row')})" for name, rows in named)
    more = len(columns) - _COLUMNS_NAMED
    return f"{left} and {plural(more, 'more column')}" if more > 0 else left


def show_merged(console: Console, done: Merged) -> None:
    """What came of a shard, batch by batch, and what is too close now."""
    if console.json:
        console.data(done)
        return
    if not console.quiet:
        _show_brought(console, done)
    if done.stopped:
        console.talk(_STOPPED)
    if done.unsealed:
        journals = plural(done.unsealed, "journal")
        console.talk(
            f"{journals} of {done.shard} not sealed yet: a batch is running there, or `legalgen "
            f"dataset verify --repair --data-dir {done.shard}` seals what a dead one has left"
        )


def _show_brought(console: Console, done: Merged) -> None:
    rows = [(one.id, one.host, f"{one.added:,}", f"{one.present:,}") for one in done.batches]
    table(console, ("batch", "host", ">added", ">here already"), rows)
    if done.near:
        near = [(code, f"{n:,}", code_sentence(code)) for code, n in done.near.items()]
        table(console, ("too close", ">rows", "means"), near)
    texts = f"; {plural(done.sources, 'source')} brought along" if done.sources else ""
    console.text(
        f"{plural(done.added, 'row')} added of {done.read:,} read; {done.present:,} were here "
        f"already{texts}"
    )


def show_exported(console: Console, done: Exported) -> None:
    """Which files were written."""
    if console.json:
        console.data(done)
        return
    if not console.quiet:
        _show_files(console, done)
    if done.without_context:
        console.talk(
            f"{plural(done.without_context, 'row')} that rest on no passage (batch --source): no "
            "context there; --status grounded leaves them out"
        )
    if done.fewer_distractors:
        console.talk(
            f"{plural(done.fewer_distractors, 'row')} with fewer passages than --distractors asks "
            "for: no others are there (of a training row: none that the test set rests on)"
        )
    if done.without_thinking:
        console.talk(
            f"{plural(done.without_thinking, 'row')} without the vendor's reasoning: empty there"
        )
    if done.beside:
        console.hint(f"beside it: {', '.join(done.beside)}")
    if done.removed:
        console.hint(f"removed, as it told of what was there before: {', '.join(done.removed)}")


def _show_files(console: Console, done: Exported) -> None:
    for path, rows in done.files.items():
        console.text(f"{path}: {plural(rows, 'row')}")
    if (labels := done.labels) is not None:
        others = ", ".join(f"{n:,} {why}" for why, n in sorted(labels.passed_over.items()))
        console.text(
            f"label true: {plural(labels.desirable, 'row')} of the dataset; false: "
            f"{plural(labels.undesirable, 'answer')} refused for what they say"
            + (f" (not taken: {others})" if others else "")
        )
    if done.left_out:
        console.talk(f"{plural(done.left_out, 'row')} left out")
    if done.excluded:
        console.talk(f"{plural(done.excluded, 'row')} too near to a question of --exclude")


# --- check -------------------------------------------------------------------------------------


def show_checked(console: Console, found: Checked) -> None:
    """What the gate says of a file."""
    if console.json:
        console.data(found.as_data())
        return
    for line in found.unreadable:
        console.talk(line)
    for line in _forms(found):
        console.text(line)
    odd = list(_columns(found))
    table(console, ("columns", "rows"), odd)
    if found.codes:
        rows = [
            (code, str(one.refused or DASH), str(one.flagged or DASH), f"{one.row}", one.example,
             code_sentence(code))
            for code, one in found.codes.items()
        ]  # fmt: skip
        table(console, ("code", "refused", "flagged", "row", "the first", "means"), rows)
    if found.pairs:
        pairs = [
            (one.code, str(one.earlier), str(one.row), f"{one.question:.2f}", f"{one.answer:.2f}")
            for one in found.pairs[:10]
        ]
        table(console, ("too close", "row", "row", "question", "answer"), pairs)
    console.text(
        f"{plural(found.rows, 'row')}: {found.refused:,} would be refused, {found.flagged:,} "
        f"flagged, {found.clean:,} have nothing against them"
    )


def show_marked(console: Console, done: Marked) -> None:
    """What the present gate noted of the rows that are there."""
    if console.json:
        console.data(msgspec.to_builtins(done))
        return
    if console.quiet and not done.dry_run:
        return
    codes = dict.fromkeys((*done.drops, *done.flags))
    rows = [
        (code, str(done.drops.get(code) or DASH), str(done.flags.get(code) or DASH),
         code_sentence(code))
        for code in codes
    ]  # fmt: skip
    table(console, ("code", "taken out", "flagged", "means"), rows)
    would = "would be " if done.dry_run else ""
    console.text(
        f"{plural(done.rows, 'row')}: {done.dropped:,} {would}taken out, "
        f"{done.flagged:,} {would}flagged"
    )
    if not done.dry_run and (done.dropped or done.flagged):
        console.text("`legalgen dataset compact` makes it final for who reads the folder itself")


def _forms(found: Checked) -> Iterator[str]:
    """Which columns were read, and what they leave open."""
    read = [f"{plural(count, 'row')} by {FORMS[form]}" for form, count in found.forms.items()]
    if read:
        yield f"read {' and '.join(read)}"
    if found.missing:
        what = ", ".join(found.missing)
        widest = "sample_type" in found.missing or "difficulty" in found.missing
        bounds = ": held to the widest bounds" if widest else ""
        yield f"not in every row: {what}{bounds}"


def _columns(found: Checked) -> Iterator[tuple[str, str]]:
    counts = {
        "the question stands there already": found.question_repeats,
        "the answer stands there already": found.answer_repeats,
        "the id stands there already": found.id_repeats,
        "too close to an earlier row": found.near_duplicate_pairs,
        "cannot be read": found.unreadable_rows,
    }
    counts |= {ODDITIES[name]: count for name, count in found.oddities.items()}
    yield from ((name, f"{count:,}") for name, count in counts.items() if count)


# --- stats -------------------------------------------------------------------------------------


def show_report(
    console: Console, report: DatasetReport, again: str, *, rehearsal: bool, full: bool
) -> None:
    """A report in five lines; in ``full`` also as tables, and the coverage as a heat map.

    ``again`` are flags that the next command repeats.
    """
    lines = list(verdict(report, again, rehearsal=rehearsal))
    if console.json:
        console.data(report)
    elif full:
        console.paged(lambda paper: _show_full(paper, report, lines))
    else:
        _show_verdict(console, lines)
        _show_score(console, report)
        more = f"{' --rehearsal' if rehearsal else ''}{again}"
        console.hint(f"All of it: legalgen dataset stats --full{more}, or --html FILE.")


def _show_verdict(console: Console, lines: Iterable[tuple[str, str]]) -> None:
    for label, said in lines:
        console._lines([StyledLine(((f"{label:<9} ", "bold"), (said, "")))])


def _show_full(console: Console, report: DatasetReport, lines: Iterable[tuple[str, str]]) -> None:
    _show_verdict(console, lines)
    _show_production(console, report)
    _show_score(console, report)
    _show_coverage(console, report.coverage)
    _show_shares(console, report)
    _show_texts(console, report)
    _show_citations(console, report)
    for one in report.examples:
        console.text(f"\n{one.id}  {one.topic}, {one.difficulty}, {one.sample_type}")
        console.text(f"Q: {one.question}\nA: {one.answer}")


def _show_production(console: Console, report: DatasetReport) -> None:
    made = report.production
    for cell in made.parked:
        console.text(f"not asked for any more: {parked(cell)}")
    console.text(
        f"{plural(report.rows, 'row')} {made.origin('record', 'records')}; "
        f"{made.flagged:,} with flags, "
        f"{plural(made.given_up, 'task')} given up, first answer kept: {_share(made.first_pass)}"
    )
    rows = [
        (m.model, f"{m.samples:,}", f"{m.calls:,}", f"{m.input_tokens:,}", f"{m.output_tokens:,}",
         f"{m.seconds:,.0f}", DASH if m.cost_usd is None else f"${m.cost_usd:.4g}")
        for m in made.models
    ]  # fmt: skip
    if rows:
        headings = ("model", "samples", "calls", "tokens in", "tokens out", "seconds", "cost")
        table(console, headings, rows)
    refused = report.refusals
    if refused.codes:
        codes = [
            (one.code, str(one.count), ", ".join(f"{m} {n}" for m, n in one.models.items()),
             one.example[:100], code_sentence(one.code))
            for one in refused.codes
        ]  # fmt: skip
        table(console, ("refused for", "answers", "by model", "the first", "means"), codes)
        console.text(f"mended or replaced: {_share(refused.mended)} of the slots")


def _show_score(console: Console, report: DatasetReport) -> None:
    if report.score_mean is None:
        return
    judges = [m.model.removesuffix(ROLE) for m in report.production.models if _judged(m)]
    by = f", marked by {', '.join(judges)}" if judges else ""
    console.text(f"mean score: {report.score_mean:.2f} of 5{by}")


def _judged(model: Model) -> bool:
    return model.model.endswith(ROLE)


def _show_coverage(console: Console, coverage: Coverage) -> None:
    rows = [
        (f"{leaf.jurisdiction}/{leaf.practice_area}", leaf.topic,
         *(heat(count, coverage.most) for count in leaf.counts))
        for leaf in coverage.leaves
    ]  # fmt: skip
    table(console, ("area", "topic", *coverage.difficulties), rows)
    console.text(
        f"{plural(coverage.cells, 'pair')} of topic and difficulty: {coverage.empty:,} empty, "
        f"{coverage.least} to {coverage.most} rows each; {plural(coverage.outside, 'row')} "
        "outside the taxonomy"
    )


def heat(count: int | None, most: int) -> str:
    """A cell of the heat map: how full it is beside the fullest, and its count."""
    if count is None:
        return ""
    step = -(-count * (len(_HEAT) - 1) // max(1, most))
    return f"{_HEAT[step] * 3} {count}" if count else "    0"


def _show_shares(console: Console, report: DatasetReport) -> None:
    rows = [
        (axis.replace("_", " "), one.value, f"{one.rows:,}", _share(one.share), _share(one.wanted))
        for axis, shares in report.shares.items()
        for one in shares
    ]
    table(console, ("axis", "value", "rows", "share", "wanted"), rows)


def _show_texts(console: Console, report: DatasetReport) -> None:
    if report.flags:
        flags = [
            (code, f"{n:,}", _share(n / max(1, report.rows)), code_sentence(code))
            for code, n in report.flags.items()
        ]
        table(console, ("flag", "rows", "share", "means"), flags)
    lengths = [
        (one.sample_type, f"{one.rows:,}", str(one.p5), str(one.p50), str(one.p95),
         DASH if one.low is None else f"{one.low}-{one.high}", _share(one.outside))
        for one in report.lengths
    ]  # fmt: skip
    if lengths:
        headings = ("answers of type", "rows", "p5", "p50", "p95", "bounds (words)", "outside")
        table(console, headings, lengths)
    _show_likeness(console, report)
    if report.tokens is not None:
        tokens = report.tokens
        longer = ", ".join(f"{_share(c.longer)} over {c.tokens:,}" for c in tokens.contexts)
        console.text(f"tokens: {tokens.total:,}, p95 {tokens.p95:,} a row; {longer}")


def _show_likeness(console: Console, report: DatasetReport) -> None:
    near, varied = report.neighbours, report.diversity
    if near is None or varied is None:
        return
    question, answer = QUESTION_BASELINE, ANSWER_BASELINE
    rows = [
        ("question", f"{near.question_p50:.2f}", f"{near.question_p95:.2f}",
         f"{question[0]:.2f}/{question[1]:.2f}", f"{varied.question_zlib:.2f}",
         f"{varied.question_distinct_2:.2f}"),
        ("answer", f"{near.answer_p50:.2f}", f"{near.answer_p95:.2f}",
         f"{answer[0]:.2f}/{answer[1]:.2f}", f"{varied.answer_zlib:.2f}",
         f"{varied.answer_distinct_2:.2f}"),
    ]  # fmt: skip
    headings = ("likeness", "nearest p50", "p95", "baseline", "zlib", "distinct pairs")
    table(console, headings, rows)
    if (apart := report.spread) is not None:
        console.text(
            f"meaning: a question is {apart.distance:.2f} from the nearest other one "
            f"(1 - cosine, mean of {apart.measured_on:,})"
        )
        narrow = [(one.area, str(one.rows), f"{one.distance:.2f}") for one in apart.areas]
        table(console, ("area", "rows", "distance"), narrow)
    pairs = [
        (f"{one.similarity:.2f}", one.field, *one.ids, one.texts[0][:80]) for one in near.closest
    ]
    table(console, ("closest", "by", "row", "row", "question"), pairs)
    openings = [(text, str(n)) for text, n in varied.openings]
    table(console, ("questions open with", "rows"), openings)
    table(console, ("names", "rows"), [(text, str(n)) for text, n in varied.parties])


def _show_citations(console: Console, report: DatasetReport) -> None:
    cited = report.citations
    if not cited.total:
        return
    kinds = [(k, f"{n:,}", _share(n / cited.total)) for k, n in cited.by_kind.items()]
    table(console, ("citations of kind", "count", "share"), kinds)
    statuses = [(k, f"{n:,}", _share(n / cited.total)) for k, n in cited.by_status.items()]
    table(console, ("status", "count", "share"), statuses)
    courts = [(k, f"{n:,}") for k, n in cited.courts.items()]
    table(console, ("court, or kind of report", "cases"), courts)
    table(
        console,
        ("most cited", "key", "times"),
        [(one.text, one.key, str(one.count)) for one in cited.most_cited],
    )
    if cited.unlisted_cases:
        table(
            console,
            (f"cases in no list ({cited.unlisted_count:,}, the first 20)", "key", "times"),
            [(one.text, one.key, str(one.count)) for one in cited.unlisted_cases[:20]],
        )
    if cited.conflicts:
        rows = [(one.text, one.key, one.id) for one in cited.conflicts[:20]]
        table(console, (f"contradictions ({len(cited.conflicts)})", "key", "row"), rows)
    if cited.warning:
        console.talk(f"Warning: {cited.warning}.")
