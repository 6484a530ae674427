"""A report as one HTML page that needs nothing else: no script, no font, no picture from elsewhere.

Inline SVG, colours that follow the reader's light or dark mode, readable on a phone. Text beside
a chart is HTML and a chart is never scaled: names wrap and letters keep their size on any screen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from typing import Final

from legalgen.dataset.report import (
    ANSWER_BASELINE,
    QUESTION_BASELINE,
    Cited,
    Coverage,
    DatasetReport,
    Diversity,
    Leaf,
    Length,
    Neighbours,
    Share,
)
from legalgen.errors.plurals import plural
from legalgen.ui.html_page import html_page
from legalgen.ui.verdict import cost, verdict
from legalgen.ui.words import code_sentence

_NUMBER: Final = re.compile(r"[-\d.,]*%?")
_CODE_JOINT: Final = re.compile(r"(?<=\w{3}_)(?=\w{3})")
_SLIVER: Final = 0.5
"""Percent of the longest bar: nothing that was counted is too small to be seen."""


def render(report: DatasetReport, *, title: str, written: datetime) -> str:
    """The page; ``written`` is the time of the report, UTC."""
    sections = [("Rows to read", _examples(report))] if report.rows else []
    sections += [
        ("Production", _production(report)),
        ("Answers that were refused", _refusals(report)),
    ]
    if report.rows:
        sections += _of_rows(report)
    body = "\n".join(
        f'<section id="{_anchor(name)}"><h2>{name}</h2>\n{text}\n</section>'
        for name, text in sections
    )
    links = (f'<li><a href="#{_anchor(name)}">{name}</a></li>' for name, _ in sections)
    body = f'{_verdict(report)}<nav><ul class="contents">{"".join(links)}</ul></nav>\n{body}'
    scope = f"batch {report.batch}" if report.batch else "the whole dataset"
    return html_page(
        body,
        title=title,
        about=f"{plural(report.rows, 'row')}, {scope}.",
        written=written,
        style=_STYLE,
    )


def _of_rows(report: DatasetReport) -> list[tuple[str, str]]:
    return [
        ("Coverage", _coverage(report.coverage)),
        ("Shares", _shares(report)),
        ("Flags", _flags(report)),
        ("Length of the answers", _lengths(report.lengths)),
        ("Near neighbours", _neighbours(report.neighbours)),
        ("Diversity", _diversity(report.diversity)),
        ("Citations", _citations(report)),
        ("Tokens", _tokens(report)),
    ]


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")


def _verdict(report: DatasetReport) -> str:
    """What an owner needs first, as the terminal has it."""
    lines = (f"<dt>{name}</dt><dd>{escape(said)}</dd>" for name, said in verdict(report))
    return f'<dl class="verdict">{"".join(lines)}</dl>\n'


# --- pieces ------------------------------------------------------------------------------------


def _table(headings: Sequence[str], rows: Iterable[Sequence[object]], kind: str = "small") -> str:
    """Columns of numbers stand right. A small table has room on a phone; of ``records`` each row
    becomes a card there, so that no column is out of sight."""
    cells = [[_shown(value) for value in row] for row in rows]
    if not cells:
        return "<p>None.</p>"
    columns = [
        (escape(name), ' class="n"' if all(map(_NUMBER.fullmatch, column)) else "")
        for name, column in zip(headings, zip(*cells, strict=True), strict=True)
    ]
    head = "".join(f'<th scope="col"{n}>{name}</th>' for name, n in columns)
    body = "".join(
        f"<tr>{''.join(_td(value, *of) for value, of in zip(row, columns, strict=True))}</tr>"
        for row in cells
    )
    return (
        f'<div class="wide"><table class="{kind}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _records(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    return _table(headings, rows, "records")


def _td(value: str, name: str, n: str) -> str:
    return f'<td{n} data-name="{name}">{_breakable(value)}</td>'


def _shown(value: object) -> str:
    """Numbers as people read them: three figures at least, never an exponent for thousands."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _breakable(text: str) -> str:
    """A long code may go on in the next line after its underscores; an id is kept together."""
    return _CODE_JOINT.sub("<wbr/>", escape(text))


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _facts(facts: Iterable[tuple[str, object]]) -> str:
    cells = (f"<div><dt>{escape(k)}</dt><dd>{_breakable(_shown(v))}</dd></div>" for k, v in facts)
    return f'<dl class="facts">{"".join(cells)}</dl>'


def _bars(counts: Iterable[tuple[str, int]], total: int) -> str:
    """Horizontal bars, each with its count and its share of ``total``."""
    rows = list(counts)
    if not rows:
        return "<p>None.</p>"
    longest = max(count for _, count in rows) or 1
    return f'<ul class="bars">{"".join(_bar(*row, longest, total) for row in rows)}</ul>'


def _bar(name: str, count: int, longest: int, total: int) -> str:
    width = max(_SLIVER, 100 * count / longest) if count else 0
    share = f"{count / total:.1%}" if total else "-"
    return (
        f'<li><span class="name">{_breakable(name)}</span>'
        f'<svg aria-hidden="true"><rect class="bar" width="{width:.1f}%" height="100%" rx="2"/>'
        f'</svg><span class="count">{count:,} ({share})</span></li>'
    )


# --- sections ----------------------------------------------------------------------------------


def _production(report: DatasetReport) -> str:
    made = report.production
    facts = _facts(
        [
            ("rows", f"{report.rows:,}"),
            ("batches", f"{made.batches:,}"),
            ("asked for", f"{made.asked:,}"),
            ("with flags", f"{made.flagged:,}"),
            ("given up", f"{made.given_up:,}"),
            ("first answer kept", _percent(made.first_pass)),
            ("mean score", report.score_mean),
            ("cost in all", cost(report)),
        ]
    )
    rows = [
        (m.model, m.samples, m.calls, m.input_tokens, m.output_tokens, m.reasoning_tokens,
         m.seconds, m.cost_usd, ", ".join(f"{k} {n}" for k, n in m.failures.items()))
        for m in made.models
    ]  # fmt: skip
    headings = ("model", "samples", "calls", "tokens in", "tokens out", "reasoning", "seconds",
                "US$", "failures")  # fmt: skip
    return facts + _records(headings, rows)


def _refusals(report: DatasetReport) -> str:
    refused = report.refusals
    facts = _facts(
        [("answers", f"{refused.answers:,}"), ("mended or replaced", _percent(refused.mended))]
    )
    rows = [
        (one.code, one.count, ", ".join(f"{m} {n}" for m, n in one.models.items()), one.example,
         code_sentence(one.code))
        for one in refused.codes
    ]  # fmt: skip
    return facts + _records(("code", "answers", "by model", "example", "means"), rows)


def _flags(report: DatasetReport) -> str:
    rows = [
        (code, count, _percent(count / max(1, report.rows)), code_sentence(code))
        for code, count in report.flags.items()
    ]
    return _records(("flag", "rows", "share", "means"), rows)


def _coverage(coverage: Coverage) -> str:
    facts = _facts(
        [
            ("cells", f"{coverage.cells:,}"),
            ("empty", f"{coverage.empty:,}"),
            ("fewest rows", coverage.least),
            ("most rows", coverage.most),
            ("outside the taxonomy", f"{coverage.outside:,}"),
        ]
    )
    return facts + heat_map(coverage)


def heat_map(coverage: Coverage) -> str:
    """Topics by difficulty: the stronger the colour, the more rows; an empty cell has a dashed
    edge, and one that the topic does not allow is missing."""
    names = coverage.difficulties
    head = "".join(f'<th scope="col"><span>{_breakable(name)}</span></th>' for name in names)
    lines = []
    above = ("", "")
    for leaf in coverage.leaves:
        area = (leaf.jurisdiction, leaf.practice_area)
        if area != above:
            lines.append(
                f'<tr><th class="area" scope="rowgroup" colspan="{len(names) + 1}">'
                f"{_breakable(' / '.join(area))}</th></tr>"
            )
            above = area
        lines.append(_heat_row(leaf, max(1, coverage.most), names))
    return (
        f'<div class="wide"><table class="heat"><thead><tr><td></td>{head}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _heat_row(leaf: Leaf, most: int, difficulties: Sequence[str]) -> str:
    cells = (
        "<td></td>"
        if count is None
        else f"<td>{_heat_cell(count, most, f'{leaf.topic}, {name}: {count}')}</td>"
        for name, count in zip(difficulties, leaf.counts, strict=True)
    )
    return f'<tr><th scope="row">{_breakable(leaf.topic)}</th>{"".join(cells)}</tr>'


def _heat_cell(count: int, most: int, tip: str) -> str:
    look = (
        f'class="some" fill-opacity="{0.15 + 0.85 * count / most:.2f}"' if count else 'class="none"'
    )
    return (
        f'<svg role="img"><title>{escape(tip)}</title><rect {look} width="100%" height="100%" '
        f'rx="2"/><text x="50%" y="50%">{_short(count)}</text></svg>'
    )


def _short(count: int) -> str:
    """At most five characters, for a cell; its tip has the whole number."""
    if count < 10_000:
        return str(count)
    return f"{count // 1000}k" if count < 1_000_000 else f"{count / 1_000_000:.3g}M"


def _shares(report: DatasetReport) -> str:
    return "".join(
        f"<h3>{escape(axis.replace('_', ' '))}</h3>{_share_table(shares)}"
        for axis, shares in report.shares.items()
    )


def _share_table(shares: Sequence[Share]) -> str:
    rows = [(one.value, one.rows, _percent(one.share), _percent(one.wanted)) for one in shares]
    return _table(("value", "rows", "share", "wanted"), rows)


def _lengths(lengths: Sequence[Length]) -> str:
    rows = [
        (one.sample_type, one.rows, one.p5, one.p50, one.p95,
         "-" if one.low is None else f"{one.low}-{one.high}", _percent(one.outside))
        for one in lengths
    ]  # fmt: skip
    return _records(("type", "rows", "p5", "p50", "p95", "bounds (words)", "outside"), rows)


def _neighbours(near: Neighbours | None) -> str:
    if near is None:
        return "<p>Not enough rows.</p>"
    rows = [
        ("question", near.question_p50, near.question_p95, *QUESTION_BASELINE),
        ("answer", near.answer_p50, near.answer_p95, *ANSWER_BASELINE),
    ]
    pairs = [
        (one.similarity, one.field, " and ".join(one.ids), " | ".join(one.texts))
        for one in near.closest
    ]
    return (
        f"<p>Measured on {plural(near.measured_on, 'row')}: "
        "similarity to the nearest other row.</p>"
        + _records(("field", "p50", "p95", "baseline p50", "baseline p95"), rows)
        + _records(("similarity", "by", "rows", "questions"), pairs)
    )


def _diversity(diversity: Diversity | None) -> str:
    if diversity is None:
        return "<p>No rows.</p>"
    rows = [
        ("question", diversity.question_zlib, diversity.question_distinct_2),
        ("answer", diversity.answer_zlib, diversity.answer_distinct_2),
    ]
    total = diversity.measured_on
    return (
        f"<p>Measured on {plural(total, 'row')}. zlib: how far the texts shrink (2.8 was measured "
        "on older samples; more is more alike).</p>"
        + _table(("field", "zlib", "distinct word pairs"), rows)
        + f"<h3>Openings</h3>{_bars(diversity.openings, total)}"
        + f"<h3>Names</h3>{_bars(diversity.parties, total)}"
    )


def _citations(report: DatasetReport) -> str:
    cited = report.citations
    warning = f'<p class="warning">{escape(cited.warning)}</p>' if cited.warning else ""
    facts = _facts(
        [
            ("citations", f"{cited.total:,}"),
            ("rows with any", f"{cited.rows_with:,}"),
            ("unparsed", _percent(cited.unparsed_share)),
            ("rows ungrounded", f"{cited.ungrounded_rows:,}"),
            ("lower courts", _percent(cited.lower_court_share)),
        ]
    )
    note = "<p>Parsed says that it has the form of a citation; nobody has looked it up.</p>"
    conflicts = [(one.text, one.key, one.id) for one in cited.conflicts]
    cases = sum(cited.courts.values())
    return (
        warning + facts + note
        + f"<h3>By status</h3>{_bars(cited.by_status.items(), cited.total)}"
        + f"<h3>By kind</h3>{_bars(cited.by_kind.items(), cited.total)}"
        + f"<h3>Courts, or kinds of reports</h3>{_bars(cited.courts.items(), cases)}"
        + f"<h3>Most cited</h3>{_cited(cited.most_cited)}"
        + f"<h3>Contradictions</h3>{_records(('citation', 'key', 'row'), conflicts)}"
        + f"<h3>Cases in no list of known authorities ({cited.unlisted_count:,})</h3>"
        + f"<details><summary>To look up</summary>{_cited(cited.unlisted_cases)}</details>"
    )  # fmt: skip


def _cited(cases: Sequence[Cited]) -> str:
    return _records(("citation", "key", "times"), [(one.text, one.key, one.count) for one in cases])


def _tokens(report: DatasetReport) -> str:
    tokens = report.tokens
    if tokens is None:
        return "<p>No rows.</p>"
    contexts = ((f"longer than {c.tokens:,}", _percent(c.longer)) for c in tokens.contexts)
    known = [("in all", f"{tokens.total:,}"), ("mean", tokens.mean), ("p95", tokens.p95)]
    return _facts([*known, *contexts])


def _examples(report: DatasetReport) -> str:
    return "".join(
        f"<article><h3>{escape(one.question)}</h3><p class='dim'>{escape(one.id)}, "
        f"{escape(one.topic)}, {escape(one.difficulty)}, {escape(one.sample_type)}</p>"
        f"<ol>{''.join(f'<li>{escape(step)}</li>' for step in one.reasoning_steps)}</ol>"
        f"<p class='answer'>{escape(one.answer)}</p>"
        f"<p class='dim'>{escape('; '.join(one.citations))}</p>"
        f"<p class='dim'>{escape(' '.join(one.flags))}</p></article>"
        for one in report.examples
    )


_STYLE: Final = """
:root { --edge: #9aa1aa; --heat: #55abc6; --warn: #8a4b00; }
@media (prefers-color-scheme: dark) {
  :root { --edge: #5f6871; --heat: #1f6a84; --warn: #ffb454; } }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem;
  border-bottom: 1px solid var(--line); } h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
h3, p, li, td, dd, .name { unicode-bidi: plaintext; }
.dim { margin: .25rem 0; }
.warning { color: var(--warn); font-weight: 600; }
.verdict { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem;
  margin: 1rem 0; } .verdict dt { color: var(--dim); } .verdict dd { margin: 0; }
.contents { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; padding: 0; list-style: none;
  font-size: .875rem; } a { color: var(--accent); }
.facts { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; margin: .5rem 0; }
.facts dt { color: var(--dim); font-size: .8rem; } .facts dd { margin: 0; font-weight: 600; }
.wide { overflow-x: auto; margin: .5rem 0 1rem; }
table { border-collapse: collapse; font-size: .875rem; }
.small th, .small td, .records th, .records td { text-align: left; padding: .25rem .75rem .25rem 0;
  vertical-align: top; border-bottom: 1px solid var(--line); }
.small .n, .records .n { text-align: right; padding-left: .5rem;
  font-variant-numeric: tabular-nums; } td.n { white-space: nowrap; }
th { overflow-wrap: normal; } td:first-child { min-width: 4.5rem; }
.records td { overflow-wrap: break-word; max-width: 36rem; }
.records td:first-child:not(.n) { overflow-wrap: anywhere; min-width: 11rem; }
svg { display: block; overflow: visible; }
.bars { list-style: none; margin: .5rem 0; padding: 0; max-width: 46rem; font-size: .875rem; }
.bars li { display: grid; grid-template-columns: 14rem 1fr 8rem; gap: 0 .75rem;
  align-items: center; }
.bars svg { width: 100%; height: .75rem; } .bar { fill: var(--accent); }
.name { text-align: left; }
.count { font-variant-numeric: tabular-nums; } time { white-space: nowrap; }
.heat { border-collapse: separate; border-spacing: 3px; font-size: .8rem; line-height: 1.3; }
.heat thead th { font-weight: 400; color: var(--dim); vertical-align: bottom; }
.heat tbody th { text-align: left; font-weight: 400; padding: 0 .75rem 0 .5rem; min-width: 5.5rem;
  overflow-wrap: anywhere; }
.heat tbody .area { font-weight: 600; padding: .5rem 0 0; }
.heat td { padding: 0; } .heat svg { width: 5.75rem; height: 1.2rem; margin: auto; }
.heat text { fill: var(--ink); font-size: .75rem; text-anchor: middle;
  dominant-baseline: central; }
.some { fill: var(--heat); } .none { fill: none; stroke: var(--edge); stroke-dasharray: 3 2; }
article { border-left: 3px solid var(--line); padding-left: .75rem; margin: 1.5rem 0; }
article ol { padding-left: 1.5rem; } .answer { white-space: pre-line; }
details summary { cursor: pointer; padding: .25rem 0; }
@media (max-width: 40rem) {
  .small .n { padding: .25rem .25rem .25rem .4rem; }
  .small td:first-child { padding-right: .25rem; min-width: 6.75rem; }
  .bars li { grid-template: "name count" "bar bar" / 1fr auto; margin-bottom: .4rem;
    align-items: start; }
  .bars svg { grid-area: bar; height: .6rem; }
  .heat svg { width: 2.5rem; } .heat tbody th { padding-right: .25rem; }
  .heat thead span { writing-mode: vertical-rl; transform: rotate(180deg); }
  .records thead { display: none; } .records, .records tbody, .wide { display: block; }
  .records tr { display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: .5rem 0;
    border-bottom: 1px solid var(--line); }
  .records td, .records td.n { border: 0; padding: 0; text-align: left; white-space: normal;
    min-width: 0; max-width: 100%; overflow-wrap: anywhere; }
  .records td:first-child:not(.n) { flex-basis: 100%; min-width: 0; font-weight: 600; }
  .records td:empty { display: none; }
  .records td::before { content: attr(data-name); display: block; color: var(--dim);
    font-size: .8rem; font-weight: 400; } }
"""
