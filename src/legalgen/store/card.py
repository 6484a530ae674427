"""The dataset card: the README.md that makes a folder of parts a Hugging Face dataset.

It fixes the columns' types and says what the rows are: who wrote them under which licences, what
they cover, which gate they passed, and how little is known of their citations. It holds no row
counts and no splits: a stale count makes ``load_dataset`` fail.

Writing it costs the same however many rows there are: what each part adds is counted once.
"""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from legalgen.errors import DiskError, UsageError
from legalgen.errors.plurals import plural
from legalgen.providers.catalog import Catalog
from legalgen.settings.reading import read_whole
from legalgen.store.files import NOT_OURS, DataDir, replace_file
from legalgen.store.findings import Agreement, Reviewed, judged, judged_shares, reviewed
from legalgen.store.ledger import Ledger
from legalgen.store.parts import (
    Skip,
    Summary,
    dataset_version,
    parts,
    read_columns,
    stat_part,
    summarise,
)
from legalgen.store.sample import OLDEST_VERSION, SCHEMA_VERSION, arrow_schema

if TYPE_CHECKING:
    import pyarrow as pa

_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)
_COUNTS: Final = 3
"""The version of what is counted of each part."""
_NO_PLACE: Final = frozenset({"", "unknown"})
_UNLICENSED: Final = "not established; see the vendor's terms"


class Details(msgspec.Struct):
    """What the card tells beyond the summary, in rows (``statuses``: in citations).

    ``gates`` counts rows by what their batch was run with, ``gate`` and ``citation_policy``;
    ``sources`` those that rest on texts of the user's own, by licence and title of the text;
    ``judged`` those that a judge marked, by its name, and ``marked_low`` those that it marked low.
    """

    statuses: dict[str, int] = {}
    prompts: dict[str, int] = {}
    flags: dict[str, int] = {}
    gates: dict[str, int] = {}
    sources: dict[str, dict[str, int]] = {}
    judged: dict[str, int] = {}
    marked_low: dict[str, int] = {}


def write_card(
    data_dir: DataDir,
    *,
    rehearsal: bool = False,
    thresholds: Mapping[str, float] | None = None,
    typed: bool = True,
    skip: Skip | None = None,
) -> Path | None:
    """Write the card of a dataset anew; its path, or None while the dataset has no rows.

    ``thresholds`` are the numbers that the gate has where a batch does not configure others.
    Without ``typed`` it names no columns, and ``load_dataset`` takes those of the parts: so it must
    be while the parts change from one version to another.
    With ``skip`` a part that cannot be read is told and left out.

    Raises:
        DiskError: a part cannot be read, or the card not be written.
    """
    summary = summarise(data_dir, rehearsal=rehearsal, save=True, skip=skip)
    if not summary.rows:
        return None
    details = count_details(data_dir, rehearsal=rehearsal, skip=skip)
    path = data_dir.dataset(rehearsal=rehearsal) / "README.md"
    version = dataset_version(data_dir, rehearsal=rehearsal) or SCHEMA_VERSION
    text = render_card(
        summary,
        details,
        rehearsal=rehearsal,
        thresholds=thresholds,
        version=version,
        typed=typed,
        people=reviewed(data_dir, rehearsal=rehearsal),
    )
    replace_file(data_dir, path, text.encode())
    return path


def render_card(
    summary: Summary,
    details: Details | None = None,
    *,
    rehearsal: bool = False,
    thresholds: Mapping[str, float] | None = None,
    version: int = SCHEMA_VERSION,
    typed: bool = True,
    people: Reviewed | None = None,
) -> str:
    """The card as text; ``people`` is what those found who read rows."""
    body = _REHEARSAL if rehearsal else _BODY
    found = details or Details()
    return "\n".join(
        [
            "---",
            *_front_matter(summary, rehearsal=rehearsal),
            *(_columns(version) if typed else ()),
            "---",
            "",
            body.format(
                models=_models(summary.models),
                licences=_licences(summary.models),
                coverage=_coverage(summary),
                gates=_gates(found, thresholds or {}),
                flags=_flags(found, summary.rows),
                statuses=_statuses(found),
                findings=_findings(found, people),
                prompts=_prompts(found),
                sources=_sources(found, summary.rows),
                version=version,
            ),
        ]
    )


def card_fault(data_dir: DataDir, *, rehearsal: bool) -> str | None:
    """What is wrong with the card of a dataset that has rows: it must name every column."""
    path = data_dir.dataset(rehearsal=rehearsal) / "README.md"
    try:
        text = read_whole(path).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return f"cannot be read: {error}"
    columns = arrow_schema(dataset_version(data_dir, rehearsal=rehearsal) or OLDEST_VERSION).names
    absent = [name for name in columns if f"\n  - name: {name}\n" not in text]
    return f"does not name the column {absent[0]}" if absent else None


# --- what is counted ---------------------------------------------------------------------------


class _Index(msgspec.Struct):
    """The details of all parts seen so far, and which those were: (size, mtime in ns).

    Only a saving of time: whatever does not fit what is on the disk is counted afresh.
    """

    version: int = _COUNTS
    parts: dict[str, tuple[int, int]] = {}
    details: Details = msgspec.field(default_factory=Details)


def count_details(
    data_dir: DataDir, *, rehearsal: bool = False, skip: Skip | None = None
) -> Details:
    """Count the rows of parts that were not counted before, and keep the counts.

    Raises:
        DiskError: a part cannot be read, or the counts not be kept.
    """
    path = data_dir.state / f"card-{data_dir.dataset(rehearsal=rehearsal).name}.json"
    found = {each.name: each for each in parts(data_dir, rehearsal=rehearsal)}
    index = _load_index(path, found)
    for name in [name for name in found if name not in index.parts]:
        try:
            stamp = _stamp(found[name])
            _count_part(data_dir, found[name], index.details)
        except DiskError as error:
            if skip is None:
                raise
            skip(error)
            continue
        index.parts[name] = stamp
    replace_file(data_dir, path, msgspec.json.encode(index))
    return index.details


def _load_index(path: Path, found: Mapping[str, Path]) -> _Index:
    """The counts, if every part they are of stands unchanged; otherwise none."""
    try:
        index = msgspec.json.decode(read_whole(path), type=_Index)
    except (OSError, *NOT_OURS):
        return _Index()
    stands = index.version == _COUNTS and all(
        name in found and _is_stamped(found[name], stamp) for name, stamp in index.parts.items()
    )
    return index if stands else _Index()


def _is_stamped(path: Path, stamp: tuple[int, int]) -> bool:
    with contextlib.suppress(DiskError):
        return _stamp(path) == stamp
    return False


def _stamp(path: Path) -> tuple[int, int]:
    stat = stat_part(path)
    return stat.st_size, stat.st_mtime_ns


def _count_part(data_dir: DataDir, path: Path, details: Details) -> None:
    # At once: each time that a part is opened all of it is read, for its checksum.
    columns = ("citations", "prompt_version", "flags", "batch_id", "score")
    table = read_columns(path, columns, newer=("sources",))
    if "sources" in table.column_names:  # parts of version 1 know of none
        _count_sources(table["sources"].to_pylist(), details)
    if table["score"].null_count < table.num_rows:
        _count_judged(path, details)
    cited = _items(table["citations"])
    statuses = [status for chunk in cited for status in chunk.field("status").to_pylist()]
    flags = [flag for chunk in _items(table["flags"]) for flag in chunk.to_pylist()]
    details.statuses = _sum(details.statuses, statuses)
    details.prompts = _sum(details.prompts, table["prompt_version"].to_pylist())
    details.flags = _sum(details.flags, flags)
    batches = Counter(table["batch_id"].to_pylist())
    gates: Counter[str] = Counter(details.gates)
    for batch_id, rows in batches.items():
        gates[_gate_of(data_dir, batch_id)] += rows
    details.gates = dict(gates)


def _count_sources(
    rows: Iterable[Sequence[Mapping[str, str | None]] | None], details: Details
) -> None:
    """Rows by the texts that they rest on."""
    for sources in rows:
        named = {(each["licence"] or "", each["title"] or "") for each in sources or ()}
        for licence, title in named:
            titles = details.sources.setdefault(licence, {})
            titles[title] = titles.get(title, 0) + 1


def _count_judged(path: Path, details: Details) -> None:
    """Rows by the judge that marked them."""
    table = read_columns(path, ("judge", "score", "flags"), newer=("marks",))
    rows, low = Counter(details.judged), Counter(details.marked_low)
    for row in table.to_pylist():
        if (found := judged(row)) is not None:
            rows[found[0]] += 1
            low[found[0]] += found[1]
    details.judged, details.marked_low = dict(rows), dict(low)


def _items(column: pa.ChunkedArray) -> Iterator[pa.Array]:
    """The items of a list column; ``flatten`` loads pyarrow.compute for them, which takes 25 ms."""
    for lists in column.chunks:
        yield lists.values[lists.offsets[0].as_py() : lists.offsets[-1].as_py()]


def _sum(counts: Mapping[str, int], more: Iterable[str]) -> dict[str, int]:
    return dict(Counter(counts) + Counter(more))


def _gate_of(data_dir: DataDir, batch_id: str) -> str:
    """What a batch was run with, in words; its record says so."""
    try:
        parameters = Ledger(data_dir).load(batch_id).parameters
    except UsageError:
        return "not recorded"
    if "import" in parameters:
        return "imported: no gate, its findings are flags"
    chosen = {"gate": "full"} | parameters
    if chosen.get("semantic"):  # of a folder the name: who reads a card has not these folders
        chosen["semantic"] = str(chosen["semantic"]).rstrip("/").rpartition("/")[2]
    said = [
        f"{_GATE_WORDS.get(name) or name.replace('_', ' ')} {_named(chosen[name])}"
        for name in (
            "gate",
            "gate_digest",
            "citation_policy",
            "semantic",
            "judge",
            "judge_share",
            "min_score",
        )
        if chosen.get(name) not in (None, "")
    ]
    if parameters.get("points"):
        said.append("written on points")
    excluded = parameters.get("excluded")
    if isinstance(excluded, list):
        said.append(f"kept away from {', '.join(map(str, excluded))}")
    return ", ".join(said)


def _named(value: object) -> str:
    return " and ".join(map(str, value)) if isinstance(value, list) else str(value)


_GATE_WORDS: Final = {"gate_digest": "with settings", "semantic": "meaning by"}
"""What a parameter is called where its name says too little."""


# --- front matter ------------------------------------------------------------------------------


def _front_matter(summary: Summary, *, rehearsal: bool) -> list[str]:
    jurisdictions = sorted({cell[0] for cell in summary.cells} - _NO_PLACE)
    tags = ["legal", "synthetic", *(["rehearsal"] if rehearsal else [])]
    return [
        "license: other",
        "license_name: licences-of-the-generating-models",
        "language:\n- en",
        f"pretty_name: {'legalgen rehearsal' if rehearsal else 'Synthetic legal Q&A (legalgen)'}",
        "task_categories:\n- question-answering\n- text-generation",
        f"size_categories:\n- {_size(summary.rows)}",
        "tags:",
        *(f"- {_quoted(tag)}" for tag in [*tags, *(f"{one}-law" for one in jurisdictions)]),
        # No "configs": with one, datasets keys its cache on the pattern and not on the files, and
        # goes on returning the rows it saw first. By the names of the parts it finds train itself.
    ]


def _columns(version: int) -> list[str]:
    return [
        "dataset_info:",
        "  config_name: default",
        "  features:",
        *(line for field in arrow_schema(version) for line in _feature(field, "  ")),
    ]


def _size(rows: int) -> str:
    return next((name for limit, name in _SIZES if rows < limit), "10M<n<100M")


def _quoted(text: str) -> str:
    """A YAML scalar that stays a string whatever a taxonomy calls its jurisdictions."""
    return "'" + " ".join(text.split()).replace("'", "''") + "'"


def _feature(field: pa.Field, indent: str) -> list[str]:
    """One column in the words of ``datasets.Features``."""
    import pyarrow as pa  # heavy; only what touches parquet pays for it

    name, kind = f"{indent}- name: {field.name}", field.type
    if pa.types.is_list(kind) and not pa.types.is_struct(kind.value_type):
        return [name, f"{indent}  list: {_dtype(kind.value_type)}"]
    if not pa.types.is_nested(kind):
        return [name, f"{indent}  dtype: {_dtype(kind)}"]
    word, fields = ("list", kind.value_type) if pa.types.is_list(kind) else ("struct", kind)
    inner = [line for one in fields for line in _feature(one, indent + "  ")]
    return [name, f"{indent}  {word}:", *inner]


def _dtype(kind: pa.DataType) -> str:
    return {"double": "float64"}.get(str(kind), str(kind))


# --- the body ----------------------------------------------------------------------------------


def _models(models: Counter[str]) -> str:
    """The models by share, in whole per cent."""
    total = models.total()
    return "\n".join(
        f"- {_code(name)}: {_share(count, total)} of the rows"
        for name, count in models.most_common()
    )


def _share(count: int, total: int) -> str:
    percent = round(100 * count / total)
    return f"{percent} %" if percent else "under 1 %"


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(headings)
    lines = [head, ["---"] * len(head), *(list(row) for row in rows)]
    return "\n".join(f"| {' | '.join(_cell(text) for text in line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _code(name: str) -> str:
    """A name that may come from an imported row, as code in one line."""
    line = " ".join(name.split()).replace("`", "'")
    return f"`{line}`"


def _plain(text: str) -> str:
    """A text that may come from an imported row, in one line and without any markup."""
    return _MARKUP.sub(r"\\\g<0>", " ".join(text.split()))


_MARKUP: Final = re.compile(r"[\\`*\[\]<>]")


def _licences(models: Counter[str]) -> str:
    catalog = Catalog.load()
    rows = []
    for name, _ in models.most_common():
        provider, _, model = name.partition("/")
        spec = catalog.find(provider, model)
        rows.append((_code(name), spec.license if spec and spec.license else _UNLICENSED))
    return _table(("model", "licence of its weights"), rows)


def _coverage(summary: Summary) -> str:
    """Practice areas by difficulty, in per cent of all rows, with how many topics have any."""
    difficulties = sorted({cell[3] for cell in summary.cells}, key=_difficulty_order)
    areas: dict[tuple[str, str], Counter[str]] = {}
    topics: dict[tuple[str, str], set[str]] = {}
    for (jurisdiction, area, topic, difficulty, _), count in summary.cells.items():
        areas.setdefault((jurisdiction, area), Counter())[difficulty] += count
        topics.setdefault((jurisdiction, area), set()).add(topic)
    rows = _coverage_rows(areas, topics, difficulties, summary.rows)
    return _table(
        ("jurisdiction", "practice area", "topics", *map(_plain, difficulties), "all"), rows
    )


def _coverage_rows(
    areas: Mapping[tuple[str, str], Counter[str]],
    topics: Mapping[tuple[str, str], set[str]],
    difficulties: Iterable[str],
    total: int,
) -> Iterator[tuple[str, ...]]:
    """The areas, the fullest first; those beyond the first ``_MOST_AREAS`` together."""
    names = list(difficulties)
    ordered = sorted(areas, key=lambda key: (-areas[key].total(), key))
    for key in ordered[:_MOST_AREAS]:
        counts = areas[key]
        shares = [_part_of(counts[name], total) for name in names]
        yield (*map(_plain, key), str(len(topics[key])), *shares, _part_of(counts.total(), total))
    if rest := ordered[_MOST_AREAS:]:
        counts = sum((areas[key] for key in rest), start=Counter())
        shares = [_part_of(counts[name], total) for name in names]
        seen = str(sum(len(topics[key]) for key in rest))
        yield (
            "others",
            f"{plural(len(rest), 'area')}",
            seen,
            *shares,
            _part_of(counts.total(), total),
        )


_MOST_AREAS: Final = 60


def _part_of(count: int, total: int) -> str:
    if not count:
        return ""
    return f"{100 * count / total:.1f} %" if count * 1000 >= total else "under 0.1 %"


def _difficulty_order(name: str) -> tuple[int, str]:
    known = ("basic", "intermediate", "advanced", "expert")
    return (known.index(name) if name in known else len(known), name)


def _gates(details: Details, thresholds: Mapping[str, float]) -> str:
    total = sum(details.gates.values())
    rows = [
        f"- {name}: {_share(count, total)} of the rows"
        for name, count in Counter(details.gates).most_common()
    ]
    numbers = ", ".join(f"`{name}` {value:g}" for name, value in thresholds.items())
    if numbers:
        rows.append(f"- numbers of the gate unless a batch was configured otherwise: {numbers}")
    return "\n".join(rows)


def _flags(details: Details, total: int) -> str:
    if not details.flags:
        return "No row has a flag."
    flags = Counter(details.flags).most_common()
    return _table(("flag", "rows"), ((f"`{code}`", _part_of(n, total)) for code, n in flags))


_STATUS_WORDS: Final = {
    "unparsed": "no form of citation that is known",
    "named": "names a document, section or case that nobody could look up by it",
    "parsed": "has the form of a citation; nobody has looked it up",
    "conflict": "contradicts another row: one of the two is wrong",
    "listed": "is in a list of known authorities",
    "grounded": "is quoted word for word from one of the texts below Sources",
}


def _statuses(details: Details) -> str:
    total = sum(details.statuses.values())
    if not total:
        return "No row cites anything."
    rows = (
        (f"`{status}`", _part_of(count, total), _STATUS_WORDS.get(status, ""))
        for status, count in Counter(details.statuses).most_common()
    )
    return _table(("status", "citations", "meaning"), rows)


def _prompts(details: Details) -> str:
    total = sum(details.prompts.values())
    lines = [
        f"- {_code(name or 'none')}: {_share(count, total)} of the rows"
        for name, count in Counter(details.prompts).most_common()
    ]
    return "\n".join(lines) or "Not counted."


def _sources(details: Details, total: int) -> str:
    """The texts that grounded rows rest on; nothing where there are none."""
    rows = [
        (_plain(title or "untitled"), _plain(licence or "not stated"), _share(count, total))
        for licence, titles in details.sources.items()
        for title, count in titles.items()
    ]
    if not rows:
        return ""
    return _SOURCES.format(table=_table(("text", "licence", "rows"), sorted(rows)))


def _findings(details: Details, people: Reviewed | None) -> str:
    """What judges and people found; nothing where neither has looked."""
    lines = [
        f"- {_code(one.judge)}: of the rows that it marked "
        f"{_interval(one.share, one.low, one.high)} are marked low."
        for one in judged_shares(details.judged, details.marked_low)
    ]
    if people is not None and people.rows:
        found = _interval(people.share, people.low, people.high)
        lines.append(f"- People: of {plural(people.rows, 'row')} drawn by lot {found} are wrong.")
        lines += [
            f"- {_code(one.judge)} and people: of {plural(one.rows, 'row')} that both read they "
            f"say the same of {_interval(one.share, one.low, one.high)}{_kappa(one)}."
            for one in people.agreements
        ]
    return _FINDINGS.format(lines="\n".join(lines)) if lines else ""


def _interval(share: float, low: float, high: float) -> str:
    return f"{share:.1%} ({low:.1%} to {high:.1%})"


def _kappa(found: Agreement) -> str:
    return "" if found.kappa is None else f", Cohen's kappa {found.kappa:.2f}"


_FINDINGS = """
## What was found

A judge is another model: what it marks low (one of its marks below 3.5 of 5) is its opinion, and no
count of wrong rows. In brackets are intervals with 95 % confidence.

{lines}
"""

_SOURCES = """
## Sources

Rows were written from these texts, whose licences apply to what is quoted of them. A citation with
the status `grounded` is a quotation that stands in its text word for word, at the place named.

{table}
"""

_BODY = """\
# Synthetic legal questions and answers

Written by language models through legalgen, for fine-tuning. **This is not legal advice.** Nobody
has checked the law in it. A citation whose `status` is `parsed` has the form of a citation and
nothing more: it may name a case that does not exist, or the wrong one. `as_of` is the month whose
law the model was asked for, null where none was named to it.

The planner sets `jurisdiction`, `practice_area`, `topic`, `difficulty` and `sample_type`; the model
writes `question`, `reasoning_steps`, `answer` and `citations`. `flags` names the soft checks that a
row did not pass. The columns are schema version {version}.

## Models

The licences of the models apply to what they wrote, and so do the terms of who served them.

{models}

{licences}
{sources}
## Coverage

Shares of all rows.

{coverage}

## Gate

{gates}

{flags}

## Citations

{statuses}
{findings}
## Prompts

{prompts}

## Loading

```python
from datasets import load_dataset

rows = load_dataset("<this folder>", split="train")
```

pandas, polars and DuckDB read the folder `data/`.
"""

_REHEARSAL = """\
# Rehearsal

Text of no value, written by a toy model to try a chain of batches. **Do not train on it.** The
files and columns (schema version {version}) are those of the real dataset.

## Models

{models}
"""
