"""A report as one HTML page that needs nothing else: no script, no font, no picture from elsewhere.

Inline SVG, colours that follow the reader's light or dark mode, readable on a phone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from html import escape
from typing import Final

from legalgen.dataset.report import (
    ANSWER_BASELINE,
    QUESTION_BASELINE,
    Cited,
    Coverage,
    Diversity,
    Leaf,
    Length,
    Neighbours,
    Report,
    Share,
)

_ROW: Final = 18
_LABEL: Final = 300
_CELL: Final = 56


def render(report: Report, *, title: str, written: datetime) -> str:
    """The page; ``written`` is the time of the report, UTC."""
    sections = [
        ("Production", _production(report)),
        ("Answers that were refused", _refusals(report)),
        ("Coverage", _coverage(report.coverage)),
        ("Shares", _shares(report)),
        ("Flags", _bars(report.flags.items(), report.rows)),
        ("Length of the answers", _lengths(report.lengths)),
        ("Near neighbours", _neighbours(report.neighbours)),
        ("Diversity", _diversity(report.diversity)),
        ("Citations", _citations(report)),
        ("Tokens", _tokens(report)),
        ("Rows to read", _examples(report)),
    ]
    body = "\n".join(f"<section><h2>{name}</h2>\n{text}\n</section>" for name, text in sections)
    scope = f"batch {report.batch}" if report.batch else "the whole dataset"
    return _PAGE.format(
        title=escape(title),
        scope=escape(scope),
        rows=f"{report.rows:,}",
        written=f"{written:%Y-%m-%d %H:%M} UTC",
        style=_STYLE,
        body=body,
    )


# --- pieces ------------------------------------------------------------------------------------


def _table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table that scrolls by itself where the screen is narrow; numbers stand right."""
    head = "".join(f"<th>{escape(each)}</th>" for each in headings)
    body = "".join(f"<tr>{''.join(map(_td, row))}</tr>" for row in rows)
    if not body:
        return "<p>None.</p>"
    return (
        f'<div class="wide"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _td(value: object) -> str:
    if value is None:
        return '<td class="n">-</td>'
    if isinstance(value, float):
        return f'<td class="n">{value:,.3g}</td>'
    if isinstance(value, int):
        return f'<td class="n">{value:,}</td>'
    return f"<td>{escape(str(value))}</td>"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _facts(facts: Iterable[tuple[str, object]]) -> str:
    cells = (f"<div><dt>{escape(k)}</dt><dd>{escape(str(v))}</dd></div>" for k, v in facts)
    return f'<dl class="facts">{"".join(cells)}</dl>'


def _bars(counts: Iterable[tuple[str, int]], total: int) -> str:
    """Horizontal bars, the count and its share of ``total`` behind each."""
    rows = list(counts)
    if not rows:
        return "<p>None.</p>"
    longest = max(count for _, count in rows) or 1
    lines = []
    for number, (name, count) in enumerate(rows):
        y = number * _ROW
        width, height = 180 * count / longest, _ROW - 6
        share = f"{count / total:.1%}" if total else "-"
        lines.append(
            f'<text x="0" y="{y + 13}">{escape(name)}</text>'
            f'<rect class="bar" x="230" y="{y + 3}" width="{width:.1f}" height="{height}" rx="2"/>'
            f'<text x="{236 + width:.1f}" y="{y + 13}">{count:,} ({share})</text>'
        )
    return _svg(520, len(rows) * _ROW, "".join(lines), "bars")


def _svg(width: int, height: int, inside: str, label: str) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}" '
        f'style="max-width:{width}px">{inside}</svg>'
    )


# --- sections ----------------------------------------------------------------------------------


def _production(report: Report) -> str:
    made = report.production
    facts = _facts(
        [
            ("rows", f"{report.rows:,}"),
            ("batches", f"{made.batches:,}"),
            ("asked for", f"{made.asked:,}"),
            ("with flags", f"{made.flagged:,}"),
            ("given up", f"{made.given_up:,}"),
            ("first answer kept", _percent(made.first_pass)),
            ("mean score", report.score_mean if report.score_mean is not None else "-"),
        ]
    )
    rows = [
        (m.model, m.samples, m.calls, m.input_tokens, m.output_tokens, m.reasoning_tokens,
         m.seconds, m.cost_usd, ", ".join(f"{k} {n}" for k, n in m.failures.items()))
        for m in made.models
    ]  # fmt: skip
    headings = ("model", "samples", "calls", "tokens in", "tokens out", "reasoning", "seconds",
                "US$", "failures")  # fmt: skip
    return facts + _table(headings, rows)


def _refusals(report: Report) -> str:
    refused = report.refusals
    facts = _facts(
        [("answers", f"{refused.answers:,}"), ("mended or replaced", _percent(refused.mended))]
    )
    rows = [
        (one.code, one.count, ", ".join(f"{m} {n}" for m, n in one.models.items()), one.example)
        for one in refused.codes
    ]
    return facts + _table(("code", "answers", "by model", "example"), rows)


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
    """Topics by difficulty: the darker, the more rows; an empty cell has a dashed edge."""
    head = "".join(
        f'<text class="mid" x="{_LABEL + (column + 0.5) * _CELL:g}" y="12">{escape(name)}</text>'
        for column, name in enumerate(coverage.difficulties)
    )
    lines = [head]
    y, above = 20, ("", "")
    for leaf in coverage.leaves:
        area = (leaf.jurisdiction, leaf.practice_area)
        if area != above:
            lines.append(f'<text class="area" x="0" y="{y + 15}">{escape(" / ".join(area))}</text>')
            y, above = y + _ROW + 4, area
        lines += _heat_row(leaf, y, max(1, coverage.most), coverage.difficulties)
        y += _ROW
    width = _LABEL + _CELL * len(coverage.difficulties)
    return _svg(width, y + 4, "".join(lines), "rows by topic and difficulty")


def _heat_row(leaf: Leaf, y: int, most: int, difficulties: Sequence[str]) -> Iterator[str]:
    yield f'<text x="10" y="{y + 13}">{escape(leaf.topic)}</text>'
    for column, count in enumerate(leaf.counts):
        if count is None:
            continue
        x = _LABEL + column * _CELL
        kind = "heat" if count else "none"
        strength = f"{0.15 + 0.85 * count / most:.2f}" if count else "1"
        strong = " strong" if count and count / most > 0.5 else ""
        tip = f"{leaf.topic}, {difficulties[column]}: {count}"
        yield (
            f'<g><title>{escape(tip)}</title><rect class="{kind}" x="{x + 1}" y="{y + 1}" '
            f'width="{_CELL - 2}" height="{_ROW - 2}" rx="2" fill-opacity="{strength}"/>'
            f'<text class="mid{strong}" x="{x + _CELL / 2:g}" y="{y + 13}">{count}</text></g>'
        )


def _shares(report: Report) -> str:
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
    return _table(("type", "rows", "p5", "p50", "p95", "bounds (words)", "outside"), rows)


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
        f"<p>Measured on {near.measured_on:,} rows: similarity to the nearest other row.</p>"
        + _table(("field", "p50", "p95", "baseline p50", "baseline p95"), rows)
        + _table(("similarity", "by", "rows", "questions"), pairs)
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
        f"<p>Measured on {total:,} rows. zlib: how far the texts shrink (2.8 was measured "
        "on older samples; more is more alike).</p>"
        + _table(("field", "zlib", "distinct word pairs"), rows)
        + f"<h3>Openings</h3>{_bars(diversity.openings, total)}"
        + f"<h3>Names</h3>{_bars(diversity.parties, total)}"
    )


def _citations(report: Report) -> str:
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
    return (
        warning + facts + note
        + f"<h3>By status</h3>{_bars(cited.by_status.items(), cited.total)}"
        + f"<h3>By kind</h3>{_bars(cited.by_kind.items(), cited.total)}"
        + f"<h3>Courts</h3>{_bars(cited.courts.items(), sum(cited.courts.values()))}"
        + f"<h3>Most cited</h3>{_cited(cited.most_cited)}"
        + f"<h3>Contradictions</h3>{_table(('citation', 'key', 'row'), conflicts)}"
        + f"<h3>Cases in no list of known authorities ({cited.unlisted_count:,})</h3>"
        + f"<details><summary>To look up</summary>{_cited(cited.unlisted_cases)}</details>"
    )  # fmt: skip


def _cited(cases: Sequence[Cited]) -> str:
    return _table(("citation", "key", "times"), [(one.text, one.key, one.count) for one in cases])


def _tokens(report: Report) -> str:
    tokens = report.tokens
    if tokens is None:
        return "<p>No rows.</p>"
    contexts = ((f"longer than {c.tokens:,}", _percent(c.longer)) for c in tokens.contexts)
    known = [("in all", f"{tokens.total:,}"), ("mean", tokens.mean), ("p95", tokens.p95)]
    return _facts([*known, *contexts])


def _examples(report: Report) -> str:
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
:root { color-scheme: light dark; --ink: #1c1e21; --dim: #5b626b; --back: #ffffff;
  --line: #d8dce1; --accent: #1f6f8b; --strong: #ffffff; --warn: #8a4b00; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8ea; --dim: #9aa3ad; --back: #14171a; --line: #343a41;
    --accent: #5cb6d3; --strong: #0b0d0f; --warn: #ffb454; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 62rem; color: var(--ink); background: var(--back);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.5rem; margin: .5rem 0; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem;
  border-bottom: 1px solid var(--line); } h3 { font-size: 1rem; margin: 1rem 0 .25rem; }
.dim { color: var(--dim); font-size: .875rem; margin: .25rem 0; overflow-wrap: anywhere; }
.warning { color: var(--warn); font-weight: 600; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .875rem; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; vertical-align: top;
  border-bottom: 1px solid var(--line); } td.n { text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.facts { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; margin: .5rem 0; }
.facts dt { color: var(--dim); font-size: .8rem; } .facts dd { margin: 0; font-weight: 600; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; } svg .mid { text-anchor: middle; }
svg .area { font-weight: 600; } svg .strong { fill: var(--strong); }
svg .bar, svg .heat { fill: var(--accent); }
svg .none { fill: none; stroke: var(--line); stroke-dasharray: 3 2; }
article { border-left: 3px solid var(--line); padding-left: .75rem; margin: 1rem 0; }
.answer { white-space: pre-line; } details summary { cursor: pointer; }
"""

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<h1>{title}</h1>
<p class="dim">{rows} rows, {scope}. Written {written}.
Synthetic text; not legal advice, and nobody has checked the law in it.</p>
{body}
</body>
</html>
"""
