"""report.py and page.py: what is counted, what is measured, and a page that needs nothing else."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from legalgen.dataset.neighbours import nearest
from legalgen.dataset.report import (
    Coverage,
    DatasetReport,
    Leaf,
    Share,
    court_of,
    report,
    sample_of,
)
from legalgen.dataset.verify import repair
from legalgen.errors import Reason
from legalgen.law.taxonomy import Taxonomy
from legalgen.quality.duplicates.sketches import jaccard, shingles
from legalgen.store.balances import ModelStats
from legalgen.store.files import DataDir
from legalgen.store.journal import BatchWriter, Rejected
from legalgen.store.ledger import Ledger
from legalgen.store.sample import Citation, Sample, words
from legalgen.ui import page
from tests.crash.rows import BATCH, make_sample
from tests.dataset.shelf import NOW, filled, written

TAXONOMY = Taxonomy.builtin()
EWCA = Citation("A v B [2005] EWCA Civ 5", "uk_neutral", "ewca/civ/2005/5", "parsed")
UKSC = Citation("C v D [2013] UKSC 34", "uk_neutral", "uksc/2013/34", "listed")
ODD = Citation("E v F [2001] UKHL 1", "uk_neutral", "ukhl/2001/1", "conflict")
NONE = Citation("some guidance", "", "", "unparsed")


def varied() -> list[Sample]:
    """Four rows: two of a topic, one of another, one outside the taxonomy."""
    return [
        make_sample(0, citations=(EWCA, UKSC), attempts=1, score=4.0),
        make_sample(1, citations=(EWCA, NONE), attempts=3, flags=("MARKUP",)),
        make_sample(2, topic="contract-terms", citations=(ODD,), score=5.0),
        make_sample(3, topic="of-my-own", citations=(), flags=("MARKUP", "CITATION_UNGROUNDED")),
    ]


@pytest.fixture
def data_dir(tmp_path: Path) -> DataDir:
    """The rows, their record, and what was refused on the way."""
    made = written(tmp_path / "data", varied())
    ledger = Ledger(made)
    record = ledger.load(BATCH)
    record.target = 6
    record.models = {"groq/a": ModelStats(calls=9, samples=4, output_tokens=90, cost_usd=0.5,
                                          failures={"timeout": 2})}  # fmt: skip
    ledger.save(record, force=True)
    with BatchWriter(made, BATCH, note_part=lambda *_: None) as writer:
        for slot, code in ((1, "ANSWER_LENGTH"), (1, "STEP_TEXT"), (9, "ANSWER_LENGTH")):
            reasons = (Reason(code, f"{code}: 9 words"), Reason("MARKUP", "no", reject=False))
            writer.reject(Rejected(NOW, slot, "groq", "a", reasons, "text", 4))
    return made


def test_production_and_refusals(data_dir: DataDir) -> None:
    """Asked and accepted, the first-pass share, codes by model, and how many slots were mended."""
    found = report(data_dir, TAXONOMY)
    made = found.production
    assert (made.batches, made.asked, made.accepted, made.flagged) == (1, 6, 4, 2)
    assert made.first_pass == 0.75
    assert [(m.model, m.calls, m.samples, m.cost_usd, m.failures) for m in made.models] == [
        ("groq/a", 9, 4, 0.5, {"timeout": 2})
    ]
    refused = found.refusals
    assert (refused.answers, refused.mended) == (3, 0.5)
    assert [(one.code, one.count, one.models, one.example) for one in refused.codes] == [
        ("ANSWER_LENGTH", 2, {"groq/a": 2}, "ANSWER_LENGTH: 9 words"),
        ("STEP_TEXT", 1, {"groq/a": 1}, "STEP_TEXT: 9 words"),
    ]
    assert found.score_mean == 4.5
    assert found.flags == {"MARKUP": 2, "CITATION_UNGROUNDED": 1}


def test_coverage_is_over_the_taxonomy(data_dir: DataDir) -> None:
    """Topics by difficulty with their empty cells; rows elsewhere are counted apart."""
    coverage = report(data_dir, TAXONOMY).coverage
    counts = {leaf.topic: leaf.counts for leaf in coverage.leaves if any(leaf.counts)}
    assert coverage.difficulties == ("basic", "intermediate", "advanced", "expert")
    assert counts == {"formation": (1, 0, 0, 1), "contract-terms": (1, 0, 0, 0)}
    assert len(coverage.leaves) == len(TAXONOMY.leaves())
    assert (coverage.least, coverage.most, coverage.outside) == (0, 1, 1)
    assert coverage.empty == coverage.cells - 3
    assert coverage.cells == sum(len(leaf.difficulties) for leaf in TAXONOMY.leaves())


def test_shares_stand_beside_what_is_wanted(data_dir: DataDir) -> None:
    """Without weights every difficulty is wanted alike; jurisdictions by their topics."""
    shares = report(data_dir, TAXONOMY).shares
    assert shares["difficulty"] == (
        Share("basic", 2, 0.5, 0.25),
        Share("intermediate", 0, 0.0, 0.25),
        Share("advanced", 0, 0.0, 0.25),
        Share("expert", 2, 0.5, 0.25),
    )
    leaves = TAXONOMY.leaves()
    uk = sum(leaf.jurisdiction == "uk" for leaf in leaves) / len(leaves)
    assert shares["jurisdiction"][0] == Share("uk", 4, 1.0, round(uk, 4))


def test_citations_by_kind_status_and_court(data_dir: DataDir) -> None:
    """The reviewer's work list, contradictions with their rows, and the warning."""
    cited = report(data_dir, TAXONOMY).citations
    assert (cited.total, cited.rows_with, cited.unparsed_share) == (5, 3, 0.2)
    assert cited.by_kind == {"uk_neutral": 4, "unparsed": 1}
    assert cited.by_status == {"parsed": 2, "listed": 1, "unparsed": 1, "conflict": 1}
    assert cited.courts == {"EWCA CIV": 2, "UKSC": 1, "UKHL": 1}
    assert [(one.key, one.count) for one in cited.unlisted_cases] == [
        ("ewca/civ/2005/5", 2), ("ukhl/2001/1", 1),
    ]  # fmt: skip
    assert [(one.id, one.key) for one in cited.conflicts] == [(varied()[2].id, "ukhl/2001/1")]
    assert cited.most_cited[0].text == "A v B [2005] EWCA Civ 5"
    assert cited.warning.startswith("50% of the cases are of the Court of Appeal")
    assert cited.ungrounded_rows == 1


@pytest.mark.parametrize(
    ("kind", "key", "court"),
    [("uk_neutral", "ewhc/ch/2010/123", "EWHC CH"), ("uk_neutral", "uksc/2013/34", "UKSC"),
     ("uk_report", "[1893] 1 QB 256", "uk_report")],
)  # fmt: skip
def test_a_court_is_read_from_the_key(kind: str, key: str, court: str) -> None:
    """Law reports name no court."""
    assert court_of(kind, key) == court


def test_lengths_and_tokens(tmp_path: Path) -> None:
    """Percentiles by nearest rank, the share outside the type's bounds, tokens from characters."""
    samples = [make_sample(n, answer="word " * n, reasoning_steps=()) for n in range(1, 101)]
    found = report(written(tmp_path / "data", samples), TAXONOMY)
    (length,) = found.lengths
    assert (length.rows, length.p5, length.p50, length.p95) == (100, 5, 50, 95)
    assert (length.low, length.high) == (32, 182)
    assert length.outside is not None
    assert 0.3 < length.outside < 0.6
    assert found.tokens is not None
    characters = sum(len(s.question) + len(s.answer) for s in samples)
    assert characters / 4.3 <= found.tokens.total <= characters / 4.3 + 100
    assert [context.longer for context in found.tokens.contexts] == [0.0, 0.0, 0.0]


def test_one_batch_by_itself(tmp_path: Path) -> None:
    """Its rows, its record, and nothing of the others."""
    filled(tmp_path / "data", rows=3)
    data_dir = filled(tmp_path / "data", rows=5, batch_id="20261201-second")
    found = report(data_dir, TAXONOMY, batch="20261201-second")
    assert (found.rows, found.batch, found.production.batches) == (5, "20261201-second", 1)
    assert report(data_dir, TAXONOMY).rows == 8


def test_the_sample_is_bounded_and_repeatable(tmp_path: Path) -> None:
    """Text is measured on at most so many rows; the seed decides on which."""
    data_dir = filled(tmp_path / "data", rows=50, part_rows=50)
    one, same, other = (report(data_dir, TAXONOMY, seed=seed, sample_rows=20) for seed in (1, 1, 2))
    assert one == same
    assert one.examples != other.examples
    assert one.neighbours is not None
    assert (one.rows, one.neighbours.measured_on, len(one.examples)) == (50, 20, 5)
    slots = [row["slot"] for row in sample_of(data_dir, 10, seed=3)]
    assert len(set(slots)) == 10
    assert slots == sorted(slots)


def test_an_empty_dataset_has_an_empty_report(tmp_path: Path) -> None:
    """Nothing to divide by; it can be shown all the same."""
    data_dir = DataDir(tmp_path / "data")
    data_dir.create()
    found = report(data_dir, TAXONOMY)
    assert (found.rows, found.tokens, found.neighbours, found.diversity) == (0, None, None, None)
    assert "0 rows" in page.render(found, title="t", written=NOW)


@given(st.lists(st.text("ab c", max_size=12), max_size=8), st.integers(1, 3))
def test_the_nearest_is_the_nearest_of_all(texts: list[str], size: int) -> None:
    """The fast way gives what comparing every pair gives."""
    sets = [shingles(words(text), size) for text in texts]
    expected = [
        max((jaccard(own, other) for m, other in enumerate(sets) if m != n), default=0.0)
        for n, own in enumerate(sets)
    ]
    assert [similarity for similarity, _ in nearest(texts, size)] == expected


# --- the page ----------------------------------------------------------------------------------


class Parsed(HTMLParser):
    """Whether tags close in order, and what a page would fetch."""

    VOID = frozenset({"meta", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        named = [str(v) for k, v in attrs if k in ("src", "href", "srcset", "data")]
        self.fetched += [address for address in named if not address.startswith("#")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def rendered(found: DatasetReport) -> str:
    return page.render(found, title="A & B", written=datetime(2026, 11, 23, 16, 15, tzinfo=UTC))


def test_the_page_is_whole_and_needs_nothing_from_elsewhere(data_dir: DataDir) -> None:
    """Every tag closes, nothing is fetched, no script runs, it fits a phone and the dark."""
    text = rendered(report(data_dir, TAXONOMY))
    parsed = Parsed()
    parsed.feed(text)
    parsed.close()
    assert (parsed.open, parsed.fetched) == ([], [])
    assert parsed.tags.isdisjoint({"script", "link", "img", "iframe", "object"})
    assert "url(" not in text
    assert "@import" not in text
    assert "prefers-color-scheme: dark" in text
    assert 'name="viewport" content="width=device-width' in text
    assert "<title>A &amp; B</title>" in text


def test_the_heat_map_has_a_cell_for_every_pair(data_dir: DataDir) -> None:
    """Well-formed SVG: one rectangle a cell, its count in words too."""
    coverage = report(data_dir, TAXONOMY).coverage
    svg = ElementTree.fromstring(page.heat_map(coverage))
    assert len(list(svg.iter("rect"))) == coverage.cells
    titles = [title.text for title in svg.iter("title")]
    assert "formation, basic: 1" in titles
    assert "formation, advanced: 0" in titles


def test_a_cell_of_many_rows_is_short_and_its_tip_is_exact() -> None:
    """Whatever is counted fits its cell; a topic without a difficulty has no cell there."""
    leaf = Leaf("uk", "contract", "formation", (9_999, 12_345, None, 1_234_567))
    names = ("basic", "intermediate", "advanced", "expert")
    svg = ElementTree.fromstring(page.heat_map(Coverage(names, (leaf,), 0, 1_234_567, 0, 3, 0)))
    assert [text.text for text in svg.iter("text")] == ["9999", "12k", "1.23M"]
    assert [title.text for title in svg.iter("title")] == [
        "formation, basic: 9999", "formation, intermediate: 12345", "formation, expert: 1234567",
    ]  # fmt: skip


def test_the_page_of_nothing_has_no_empty_charts(tmp_path: Path) -> None:
    """What was tried and refused is shown; of rows that are not there, nothing."""
    data_dir = DataDir(tmp_path / "data")
    data_dir.create()
    text = rendered(report(data_dir, TAXONOMY))
    assert re.findall("<h2>(.*?)</h2>", text) == ["Production", "Answers that were refused"]


def test_numbers_are_written_for_people(data_dir: DataDir) -> None:
    """No exponents for thousands, and long codes may break after an underscore."""
    ledger = Ledger(data_dir)
    record = ledger.load(BATCH)
    record.models = {"groq/a": ModelStats(seconds=12_345.6, cost_usd=0.25, output_tokens=10**9)}
    ledger.save(record, force=True)
    text = rendered(report(data_dir, TAXONOMY))
    assert all(f">{number}</td>" in text for number in ("12,346", "0.25", "1,000,000,000"))
    assert "CITATION_<wbr/>UNGROUNDED" in text


def test_text_of_a_model_cannot_break_the_page(tmp_path: Path) -> None:
    """Whatever stands in a row is text on the page."""
    nasty = '<script>alert(1)</script> & "x" \'</section>'
    samples = [
        make_sample(slot, question=f"{nasty} {slot}", answer=nasty, flags=(nasty,),
                    citations=(Citation(nasty, "statute", nasty, "conflict"),), topic=nasty)
        for slot in range(3)
    ]  # fmt: skip
    text = rendered(report(written(tmp_path / "data", samples), TAXONOMY))
    parsed = Parsed()
    parsed.feed(text)
    assert "script" not in parsed.tags
    assert parsed.open == []
    assert not re.search(r"<script", text)


def test_a_report_is_json(data_dir: DataDir) -> None:
    """And comes back the same."""
    found = report(data_dir, TAXONOMY)
    assert msgspec.json.decode(msgspec.json.encode(found), type=DatasetReport) == found


def test_of_batches_without_a_record_is_not_said_what_they_asked_for(tmp_path: Path) -> None:
    """More rows than were asked for would be nonsense."""
    data_dir = filled(tmp_path / "data", 3)
    filled(tmp_path / "data", 2, batch_id="20261124-120000-cd34")
    (data_dir.batches / "20261124-120000-cd34.json").write_text("")
    made = report(data_dir, TAXONOMY).production
    assert (made.batches, made.accepted, made.unrecorded) == (1, 5, 1)
    assert made.origin("record", "records") == (
        f"({made.asked} asked for in 1 record; of 1 batch no record can be read: "
        "legalgen dataset verify --repair)"
    )
    repair(data_dir)
    made = report(data_dir, TAXONOMY).production
    assert (made.batches, made.unrecorded) == (2, 0)
    assert made.origin("record", "records") == f"of {made.asked} asked for in 2 records"
