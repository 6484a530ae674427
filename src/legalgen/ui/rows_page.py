"""Rows to read, as one HTML page: their texts, and filters that need no server.

Everything is in the file. Without scripts all rows are shown and the filters are not; the one
script of the page is named by its digest in the page's policy, so that nothing in a row can run.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from typing import Final

from legalgen.dataset.rows import FoundRow
from legalgen.errors.plurals import plural
from legalgen.store.sample import Sample
from legalgen.ui.html_page import NO_SCRIPTS, html_page
from legalgen.ui.row_screens import citation_words, cost_of, judged_words, origin_of
from legalgen.ui.words import code_sentence

NO_FLAG: Final = "(none)"
"""The choice of rows without any flag."""


def render_rows(
    rows: Sequence[FoundRow], matched: int, *, title: str, chosen: str, written: datetime
) -> str:
    """The page; ``chosen`` says which of the ``matched`` rows these are, ``written`` is UTC."""
    samples = [row.sample for row in rows]
    body = _BODY.format(
        script=_SCRIPT,
        filters=_filters(samples),
        rows="\n".join(map(_article, samples)),
        count=f"{len(rows):,} of {plural(len(rows), 'row')}",
    )
    return html_page(
        body,
        title=title,
        about=f"{len(rows):,} of {plural(matched, 'row')}, {chosen}.",
        written=written,
        style=_STYLE,
        policy=_POLICY,
    )


# --- filters -----------------------------------------------------------------------------------


def _filters(samples: Sequence[Sample]) -> str:
    """A field for each thing that the rows differ in, with the values that there are."""
    flags = sorted({flag for each in samples for flag in each.flags})
    choices = [
        ("topic", "Topic", sorted({_topic(each) for each in samples})),
        ("difficulty", "Difficulty", sorted({each.difficulty for each in samples})),
        ("type", "Type", sorted({each.sample_type for each in samples})),
        ("model", "Model", sorted({_model(each) for each in samples})),
        ("flags", "Flag", [*([NO_FLAG] if any(not s.flags for s in samples) else []), *flags]),
        ("status", "Citation", sorted({c.status for each in samples for c in each.citations})),
    ]
    fields = [_select(*each) for each in choices if len(each[2]) > 1]
    if any(each.score is not None for each in samples):
        fields.append(
            '<label>Mark below <input name="score" type="number" min="1" max="5" step="0.5">'
            "</label>"
        )
    return "\n".join(fields)


def _select(name: str, label: str, values: Iterable[str]) -> str:
    options = "".join(f"<option>{escape(value)}</option>" for value in values)
    return (
        f'<label>{label} <select name="{name}"><option value="">any</option>{options}'
        "</select></label>"
    )


def _topic(sample: Sample) -> str:
    return f"{sample.jurisdiction}/{sample.practice_area}/{sample.topic}"


def _model(sample: Sample) -> str:
    return f"{sample.provider}/{sample.model}"


# --- one row -----------------------------------------------------------------------------------


def _article(sample: Sample) -> str:
    score = "" if sample.score is None else f"{sample.score:g}"
    data = {
        "topic": _topic(sample),
        "difficulty": sample.difficulty,
        "type": sample.sample_type,
        "model": _model(sample),
        # one value a line: a name of somebody's taxonomy may hold blanks
        "flags": "\n".join(sample.flags) or NO_FLAG,
        "status": "\n".join(dict.fromkeys(cited.status for cited in sample.citations)),
        "score": score,
    }
    attributes = " ".join(f'data-{name}="{escape(value)}"' for name, value in data.items())
    kind = f"{_topic(sample)}, {sample.difficulty}, {sample.sample_type}"
    flagged = f" &middot; {escape(' '.join(sample.flags))}" if sample.flags else ""
    return (
        f'<article id="{escape(sample.id)}" {attributes}><details><summary>'
        f'<span class="question">{escape(sample.question)}</span>'
        f'<span class="dim">{escape(kind)}{flagged}</span></summary>{_body(sample)}'
        "</details></article>"
    )


def _body(sample: Sample) -> str:
    steps = "".join(f"<li>{escape(step)}</li>" for step in sample.reasoning_steps)
    cited = (
        f"{escape(citation_words(each))}"
        + (f"<blockquote>{escape(each.quote)}</blockquote>" if each.quote else "")
        for each in sample.citations
    )
    flags = (f"<b>{escape(code)}</b> {escape(code_sentence(code))}" for code in sample.flags)
    judged = map(escape, judged_words(sample))
    return (
        (f"<h2>Reasoning</h2><ol>{steps}</ol>" if steps else "")
        + f'<h2>Answer</h2><p class="answer">{escape(sample.answer)}</p>'
        + _list("Citations", cited)
        + _list("Flags", flags)
        + _list("Judge", judged)
        + f'<p class="dim">{escape(sample.id)}<br>{escape(origin_of(sample))}<br>'
        f"{escape(cost_of(sample))}</p>"
    )


def _list(heading: str, items: Iterable[str]) -> str:
    listed = "".join(f"<li>{item}</li>" for item in items)
    return f"<h2>{heading}</h2><ul>{listed}</ul>" if listed else ""


# --- the page ----------------------------------------------------------------------------------

_SCRIPT: Final = """
const form = document.querySelector("form"), status = document.querySelector("output");
const rows = [...document.querySelectorAll("article")];
const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
const chosen = (row, [name, value]) => {
  if (!value) return true;
  if (name === "text") {
    return value.toLowerCase().split(/\\s+/).every((word) => texts.get(row).includes(word));
  }
  const mark = row.dataset.score;
  if (name === "score") return mark !== "" && Number(mark) < Number(value);
  return row.dataset[name].split("\\n").includes(value);
};
const show = () => {
  const wanted = [...new FormData(form)];
  let count = 0;
  for (const row of rows) {
    row.hidden = !wanted.every((each) => chosen(row, each));
    count += !row.hidden;
  }
  status.value = `${count} of ${rows.length} row${rows.length === 1 ? "" : "s"}`;
};
const turn = (open) => rows.forEach((row) => { row.firstElementChild.open = open && !row.hidden; });
const follow = () => {
  const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (row && row.matches("article")) { row.hidden = false; row.firstElementChild.open = true; }
};
form.addEventListener("input", show);
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(show));
document.getElementById("open").addEventListener("click", () => turn(true));
document.getElementById("close").addEventListener("click", () => turn(false));
addEventListener("hashchange", follow);
form.hidden = false;
show();
follow();
"""
_DIGEST: Final = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
_POLICY: Final = f"{NO_SCRIPTS}; script-src 'sha256-{_DIGEST}'; form-action 'none'; base-uri 'none'"

_STYLE: Final = """
:root { --edge: #767d86; }
@media (prefers-color-scheme: dark) { :root { --edge: #7b848d; } }
[hidden] { display: none !important; }
h2 { font-size: 1rem; margin: 1rem 0 .25rem; }
p, li, blockquote, .question, .dim { unicode-bidi: plaintext; }
form { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 9rem), 1fr));
  gap: .5rem 1rem; align-items: end; padding: .75rem 0; margin: .5rem 0;
  border-block: 1px solid var(--line); background: var(--back); }
form .text { grid-column: 1 / -1; } form p { margin: 0; grid-column: 1 / -1; display: flex;
  flex-wrap: wrap; gap: .5rem 1rem; align-items: center; }
label { display: block; font-size: .875rem; min-width: 0; }
input, select, button { display: block; width: 100%; min-width: 0; min-height: 2.25rem;
  padding: .25rem .5rem; font: inherit; color: inherit; background: var(--back);
  border: 1px solid var(--edge); border-radius: 4px; }
button { width: auto; cursor: pointer; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 1px; }
output { font-weight: 600; }
article { border-bottom: 1px solid var(--line); }
summary { cursor: pointer; padding: .6rem 0; }
.question { white-space: pre-line; } summary .dim { display: block; }
details[open] .question { font-weight: 600; }
details[open] { padding-bottom: 1rem; }
.answer { white-space: pre-line; margin: 0; }
ol, ul { margin: 0; padding-left: 1.5rem; }
blockquote { margin: .25rem 0; padding-left: .75rem; border-left: 3px solid var(--line); }
@media print { form { display: none; } }
"""

_BODY: Final = """<form hidden aria-label="Which rows to show">
<label class="text">Words in the row <input name="text" type="search"></label>
{filters}
<p><output aria-live="polite">{count}</output>
<button type="reset">Show all</button> <button type="button" id="open">Open them</button>
<button type="button" id="close">Close them</button></p>
</form>
<main>
{rows}
</main>
<script>{script}</script>"""
