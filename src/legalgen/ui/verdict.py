"""What an owner of a dataset needs first, in five lines: in the terminal and on top of the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from legalgen.dataset.report import DatasetReport
from legalgen.errors.plurals import plural
from legalgen.store.findings import Agreement, JudgedShare, Reviewed
from legalgen.ui.words import why_refused

MANY_REPEATS: Final = 0.05
"""The share of rows flagged as repeats above which they should go first."""
MOST_AT_ONCE: Final = 1_000
"""A batch of more samples is nobody's next step."""


def verdict(
    report: DatasetReport, again: str = "", *, rehearsal: bool = False
) -> Iterator[tuple[str, str]]:
    """Rows, coverage, flagged and why, refused and why, what to do next; each with its label.

    Before the last, where a judge marked rows and where people have read some, what they found.
    ``again`` are flags that the next command repeats; ``rehearsal``: these are the toy model's.
    """
    yield "rows", _rows(report)
    yield "coverage", _coverage(report)
    yield "flagged", _flagged(report)
    yield "refused", _refused(report)
    for one in report.judged:
        yield "judged", judged_words(one)
    if report.reviewed is not None:
        yield "reviewed", reviewed_words(report.reviewed)
        for both in report.reviewed.agreements:
            yield "agreement", agreement_words(both)
    yield "next", next_step(report, again, f" --rehearsal{again}" if rehearsal else again)


def cost(report: DatasetReport) -> str:
    """What all batches cost; of models without a known price, how many tokens they took."""
    models = report.production.models
    priced = sum(one.cost_usd for one in models if one.cost_usd is not None)
    unpriced = sum(one.input_tokens + one.output_tokens for one in models if one.cost_usd is None)
    parts = [f"${priced:,.2f}" if priced >= 0.01 else f"${priced:.2g}"] if priced else []
    if unpriced:
        parts.append(f"price unknown: {unpriced:,} tokens")
    return ", ".join(parts) or "no cost"


def _rows(report: DatasetReport) -> str:
    made = report.production
    by = f" by {report.chosen}," if report.chosen else ""
    return f"{report.rows:,}{by} {made.origin('batch', 'batches')}, {cost(report)}"


def _coverage(report: DatasetReport) -> str:
    covered = report.coverage
    full = covered.cells - covered.empty
    outside = f"; {plural(covered.outside, 'row')} outside the taxonomy" if covered.outside else ""
    share = f" ({full / covered.cells:.0%})" if covered.cells else ""
    return (
        f"{full:,} of {plural(covered.cells, 'pair')} of topic and difficulty have rows{share}, "
        f"{covered.most:,} at the most{outside}"
    )


def _flagged(report: DatasetReport) -> str:
    count = report.production.flagged
    if not count:
        return "no row"
    return f"{plural(count, 'row')} ({count / max(1, report.rows):.1%}){_why(report.flags)}"


def _refused(report: DatasetReport) -> str:
    refused = report.refusals
    given_up = report.production.given_up
    tail = f"; {plural(given_up, 'task')} given up" if given_up else ""
    if not refused.answers:
        return f"no answer{tail}"
    codes = {one.code: one.count for one in refused.codes}
    return f"{plural(refused.answers, 'answer')}{_why(codes)}{tail}"


def reviewed_words(found: Reviewed) -> str:
    """The share that people found wrong, and between what the true one is."""
    apart = f"; {plural(found.elsewhere, 'row')} more by filters" if found.elsewhere else ""
    if not found.rows:
        return f"{plural(found.elsewhere, 'row')} by filters, which say nothing of the whole"
    cited = f"; citations wrong in {found.citations_wrong} of {found.citations}"
    return (
        f"{found.wrong} of {plural(found.rows, 'row')} found wrong ({found.share:.1%}; of all rows "
        f"{found.low:.1%} to {found.high:.1%}, with 95 % confidence)"
        f"{cited if found.citations else ''}{apart}"
    )


def judged_words(found: JudgedShare) -> str:
    """The share that a judge marked low, and between what it is of all rows such as these."""
    return (
        f"{found.marked_low:,} of {plural(found.rows, 'row')} that {found.judge} marked, marked low"
        f" ({found.share:.1%}; {found.low:.1%} to {found.high:.1%} with 95 % confidence): its "
        "opinion"
    )


def agreement_words(found: Agreement) -> str:
    """How often a judge and a person said the same, and who found a fault alone."""
    kappa = "" if found.kappa is None else f"; Cohen's kappa {found.kappa:.2f}"
    between = f"{found.low:.1%} to {found.high:.1%}"
    return (
        f"{found.judge} and a person say the same of {found.both_wrong + found.both_right} of "
        f"{plural(found.rows, 'row')} ({found.share:.1%}; {between}{kappa}): low and wrong "
        f"{found.both_wrong}, low alone {found.judge_alone}, wrong alone {found.person_alone}"
    )


def _why(codes: Mapping[str, int]) -> str:
    """The commonest codes with what they mean."""
    return f": {why_refused(codes)}" if codes else ""


def next_step(report: DatasetReport, again: str, of_dataset: str) -> str:
    """The one thing to do now, with the command for it; ``of_dataset`` are flags of one that looks
    at the rows, ``again`` those of another.
    """
    if report.chosen:
        return f"look at them: legalgen dataset sample {report.chosen}{of_dataset}"
    repeats = sum(count for code, count in report.flags.items() if code.startswith("DUP_"))
    if not report.rows:
        return f"see why nothing was kept: legalgen history --why{again}"
    if report.citations.conflicts:
        count = plural(len(report.citations.conflicts), "citation")
        return f"look at {count} that contradict others: legalgen dataset stats --full{of_dataset}"
    if repeats > MANY_REPEATS * report.rows:
        return (
            f"take out {plural(repeats, 'repeat')}: legalgen dataset check --drop 'DUP_*' "
            f"--dry-run{again}"
        )
    if report.coverage.empty:
        most = min(report.coverage.empty, MOST_AT_ONCE)
        pairs = plural(report.coverage.empty, "empty pair")
        return f"fill {pairs}: legalgen batch --count {most}{again}"
    return f"read some before you train: legalgen dataset review{of_dataset}"
