"""card.py: what the card tells of licences, coverage, gate, citations and prompts."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from legalgen.quality.rules import default_thresholds
from legalgen.store.card import Details, count_details, write_card
from legalgen.store.files import DataDir
from legalgen.store.ledger import Ledger
from legalgen.store.parts import parts
from legalgen.store.sample import Citation, GroundingText
from tests.crash.rows import BATCH, make_sample
from tests.dataset.shelf import filled, written

LISTED = Citation("C v D [2013] UKSC 34", "uk_neutral", "uksc/2013/34", "listed")


def made(root: Path) -> DataDir:
    samples = [
        make_sample(0, flags=("MARKUP",)),
        make_sample(1, citations=(LISTED, LISTED), prompt_version="v2"),
        make_sample(2, citations=(), topic="contract-terms", jurisdiction="unknown"),
        make_sample(3, provider="groq", model="somebody/new | model"),
    ]
    data_dir = written(root, samples, part_rows=2)
    ledger = Ledger(data_dir)
    record = ledger.load(BATCH)
    record.parameters = {"gate": "full", "citation_policy": "menu"}
    ledger.save(record, force=True)
    for path in (data_dir.state).glob("card-*.json"):
        path.unlink()
    return data_dir


def test_what_parts_add_is_counted_once(tmp_path: Path) -> None:
    """Counts are kept beside; new parts are added to them, a rewrite counts anew."""
    data_dir = made(tmp_path / "data")
    expected = Details(
        statuses={"parsed": 2, "listed": 2},
        prompts={"v1": 3, "v2": 1},
        flags={"MARKUP": 1},
        gates={"gate full, citation policy menu": 4},
    )
    assert count_details(data_dir) == expected
    kept = [path.stat().st_atime_ns for path in parts(data_dir)]
    assert count_details(data_dir) == expected
    assert [path.stat().st_atime_ns for path in parts(data_dir)] == kept
    filled(tmp_path / "data", rows=2, batch_id="20261201-second")
    assert count_details(data_dir).prompts == {"v1": 5, "v2": 1}
    parts(data_dir)[0].unlink()
    assert sum(count_details(data_dir).prompts.values()) == 4


def test_the_card_tells_all_of_it(tmp_path: Path) -> None:
    """Licences by model, coverage, gate, citation statuses and prompt versions; no row counts."""
    path = write_card(made(tmp_path / "data"), thresholds=default_thresholds())
    assert path is not None
    text = path.read_text()
    assert "| `groq/openai/gpt-oss-120b` | Apache-2.0 |\n" in text
    assert "| `groq/somebody/new \\| model` | not established; see the vendor's terms |\n" in text
    assert "| uk | contract | 1 | 25.0 % | 50.0 % | 75.0 % |\n" in text
    assert "| unknown | contract | 1 | 25.0 % |  | 25.0 % |\n" in text
    assert "- gate full, citation policy menu: 100 % of the rows\n" in text
    assert "`near_answer` 0.6" in text
    assert "| `MARKUP` | 25.0 % |\n" in text
    assert "| `listed` | 50.0 % | is in a list of known authorities |\n" in text
    assert "- `v1`: 75 % of the rows\n- `v2`: 25 % of the rows\n" in text
    assert "'unknown-law'" not in text
    assert "not legal advice" in text
    assert "num_examples" not in text
    assert "splits:" not in text


def test_names_of_imported_rows_break_out_of_nothing(tmp_path: Path) -> None:
    """A model, a jurisdiction, a version, a title: each stays in its line and is no markup."""
    odd = "x`y\n\n# <b>[hi](z)</b>"
    sources = (GroundingText("a#1", title=odd, licence=odd),)
    row = make_sample(0, model=odd, prompt_version=odd, jurisdiction=odd, practice_area=odd)
    grounded = replace(row, grounded=True, sources=sources, difficulty=odd, judge=odd, score=4.0)
    path = write_card(written(tmp_path / "data", [grounded]), thresholds=default_thresholds())
    assert path is not None
    text = path.read_text()
    code, plain = "`groq/x'y # <b>[hi](z)</b>`", r"x\`y # \<b\>\[hi\](z)\</b\>"
    assert f"- {code}: 100 % of the rows\n" in text
    assert f"| {code} | " in text
    assert "- `x'y # <b>[hi](z)</b>`: of the rows that it marked " in text
    assert f"| {plain} | {plain} | 1 | " in text
    assert f"| jurisdiction | practice area | topics | {plain} | all |" in text
    assert f"| {plain} | {plain} | 100 % |" in text
    assert "- 'x`y # <b>[hi](z)</b>-law'\n" in text
    assert "\n# <b>" not in text


def test_a_batch_without_a_record_is_said_to_have_none(tmp_path: Path) -> None:
    """What is not known of the gate is not made up."""
    data_dir = made(tmp_path / "data")
    (data_dir.batches / f"{BATCH}.json").unlink()
    assert count_details(data_dir).gates == {"not recorded": 4}


def test_the_card_tells_the_texts_and_their_licences(tmp_path: Path) -> None:
    """A row with two passages of one text counts once for it; without texts there is no section."""
    acts = [GroundingText(f"boats-1#s{n}", "Boats Act 2015", f"s {n}", "OGL-3.0") for n in (1, 2)]
    deal = GroundingText("deal-2#cl1", "Deal | 9", "clause 1", None)
    samples = [
        make_sample(0, sources=tuple(acts)),
        make_sample(1, sources=(acts[0], deal)),
        make_sample(2),
        make_sample(3),
    ]
    data_dir = written(tmp_path / "grounded", samples, part_rows=2)
    path = write_card(data_dir)
    assert path is not None
    text = path.read_text()
    assert "## Sources\n" in text
    assert "| Boats Act 2015 | OGL-3.0 | 50 % |\n" in text
    assert "| Deal \\| 9 | not stated | 25 % |\n" in text
    plain = write_card(made(tmp_path / "plain"))
    assert plain is not None
    assert "## Sources" not in plain.read_text()
