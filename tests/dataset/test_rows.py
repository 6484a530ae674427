"""wanted.py, rows.py and refused.py: which rows are meant, and how they are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from legalgen.commands.row_filters import CITATION_STATUSES, OPTIONS, wanted_of
from legalgen.dataset import refused, rows, wanted
from legalgen.dataset.refused import RefusedAnswer
from legalgen.dataset.wanted import Wanted
from legalgen.errors import Reason, UsageError
from legalgen.store.files import DataDir
from legalgen.store.journal import BatchWriter, Rejected, Unmarked
from legalgen.store.notes import RowNotes, save_notes, with_notes
from legalgen.store.sample import Citation
from tests.crash.rows import BATCH, make_sample
from tests.dataset.shelf import NOW, filled, rows_of, written
from tests.dataset.test_marking import stone

OTHER = "20261201-090000-cd34"


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> DataDir:
    """Four rows that differ in what filters look at, and three refused answers."""
    data_dir = written(
        tmp_path_factory.mktemp("rows") / "data",
        [
            make_sample(0, flags=("DUP_SOFT", "MARKUP"), score=2.5, topic="formation"),
            make_sample(1, citations=(Citation("s 2", status="grounded", quote="No seal"),)),
            make_sample(2, topic="breach", score=4.0, citations=(), question="Is a PENALTY due?"),
            make_sample(3, flags=("DUP_NEAR",), citations=(Citation("x", status="conflict"),)),
        ],
        part_rows=2,
    )
    text = '{"question":"Q?","reasoning_steps":["a"],"answer":"A.","citations":[]}'
    for batch, answers in ((BATCH, (text, "no JSON")), (OTHER, ("lease",))):
        with BatchWriter(data_dir, batch, note_part=lambda *_: None) as writer:
            for slot, each in enumerate(answers):
                code = "BAD_JSON" if slot else "ANSWER_LENGTH"
                why = (Reason(code, f"{code}: measured"),)
                writer.reject(Rejected(NOW, slot, "groq", f"m{slot}", why, each, len(each)))
    return data_dir


@pytest.mark.parametrize(
    ("chosen", "slots"),
    [
        (Wanted(), [0, 1, 2, 3]),
        (Wanted(flags=("DUP_*",)), [0, 3]),
        (Wanted(flags=("DUP_*",), without_flags=("MARKUP",)), [3]),
        (Wanted(topics=("bre*", "tort")), [2]),
        (Wanted(batches=("20261123",), difficulties=("basic",)), [0, 2]),
        (Wanted(models=("groq/*-20b",)), [1, 3]),
        (Wanted(statuses=("grounded", "conflict")), [1, 3]),
        (Wanted(score_below=4.0), [0]),
        (Wanted(grep="penalty"), [2]),
        (Wanted(grep=r"^no seal$"), [1]),
        (Wanted(grep="weigh [13]"), [1, 3]),
        (Wanted(jurisdictions=("eu",)), []),
        (Wanted(jurisdictions=("UK",), difficulties=("Basic",), topics=("FORM*",)), [0]),
    ],
)
def test_a_filter_means_rows(shelf: DataDir, chosen: Wanted, slots: list[int]) -> None:
    """Each of its fields, and all of them at once; the newest come first where they are listed."""
    held = {row.id: row.slot for row in rows_of(shelf)}
    assert [held[name] for name in rows.ids_of(shelf, chosen)] == slots
    found = rows.newest(shelf, chosen, 2)
    assert ([held[name] for name in found.ids], found.matched) == (slots[::-1][:2], len(slots))


def test_the_options_are_the_fields() -> None:
    """Whoever types a filter gets the one that the words name, and reads it back as typed."""
    given = {each.name: None for each in OPTIONS}
    assert not wanted_of(given)
    several = {name: [name] for name in given if name not in ("score_below", "grep", "status")}
    full = wanted_of({**several, "status": ["parsed"], "score_below": 3.0, "grep": "x"})
    assert all(getattr(full, name) for name in Wanted.__struct_fields__)
    assert str(full).count("--") == len(OPTIONS) == len(Wanted.__struct_fields__)
    assert CITATION_STATUSES == wanted.CITATION_STATUSES
    for expression in ("(", "a{99999999999}", "(" * 5000 + ")" * 5000):
        with pytest.raises(UsageError, match=r"--grep [(a].*: no regular expression: "):
            wanted_of({**given, "grep": expression})
    with pytest.raises(UsageError, match="--status valid: take one of unparsed"):
        wanted_of({**given, "status": ["valid"]})


def test_a_draw_can_be_repeated_and_hardly_changes_with_growth(tmp_path: Path) -> None:
    """The same seed, the same rows; of a dataset twice as large about half of them stay."""
    data_dir = filled(tmp_path / "data", rows=40, part_rows=50)
    first = rows.drawn(data_dir, Wanted(), 10, 7)
    assert (first, first.matched) == (rows.drawn(data_dir, Wanted(), 10, 7), 40)
    assert first.ids != rows.drawn(data_dir, Wanted(), 10, 8).ids
    written(data_dir.root, [make_sample(slot, OTHER) for slot in range(40, 80)], batch_id=OTHER)
    grown = rows.drawn(data_dir, Wanted(), 80, 7).ids
    assert [name for name in grown if name in first.ids] == first.ids


def test_rows_are_found_by_the_beginning_of_an_id(shelf: DataDir) -> None:
    """With or without what all ids begin with, in the order asked for, each once."""
    ids = [row.id for row in rows_of(shelf)]
    asked = [ids[3], ids[1][:8], ids[1].removeprefix("lg_")]
    found = rows.fetched(shelf, rows.named(shelf, asked))
    assert [each.sample.id for each in found] == [ids[3], ids[1]]
    assert found[0].sample == rows_of(shelf)[3]
    with pytest.raises(UsageError, match="begins the ids of 4 rows"):
        rows.named(shelf, ["lg_"])
    with pytest.raises(UsageError, match="there is no row zz"):
        rows.named(shelf, ["zz"])


def test_what_was_taken_out_is_shown_as_such_and_listed_by_nobody(tmp_path: Path) -> None:
    """Who asks for it by its id sees why it went; later flags are with the row's own."""
    data_dir = filled(tmp_path / "data", rows=3)
    gone, flagged, _ = rows_of(data_dir)
    save_notes(data_dir, with_notes(RowNotes(), {gone.id: stone(gone)}, {flagged.id: ["MARKUP"]}))
    assert gone.id not in rows.newest(data_dir, Wanted(), 9).ids
    found = rows.fetched(data_dir, [gone.id, flagged.id])
    assert [(each.taken_out, each.sample.flags) for each in found] == [
        (("META_TALK",), ()),
        ((), ("MARKUP",)),
    ]
    assert found[0].as_data()["taken_out"] == ["META_TALK"]


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        (Wanted(), [f"{BATCH}#1", f"{BATCH}#2", f"{OTHER}#1"]),
        (Wanted(flags=("BAD_*",)), [f"{BATCH}#2"]),
        (Wanted(without_flags=("BAD_*",), batches=("20261123",)), [f"{BATCH}#1"]),
        (Wanted(models=("groq/m1",)), [f"{BATCH}#2"]),
        (Wanted(grep="LEASE"), [f"{OTHER}#1"]),
    ],
)
def test_refused_answers_have_names_and_filters(
    shelf: DataDir, chosen: Wanted, names: list[str]
) -> None:
    """By code, model, batch and text; the newest first, and the same draw with the same seed."""
    assert [each.id for each in refused.refused(shelf, chosen)] == names
    found = refused.newest_refused(shelf, chosen, 1)
    assert ([each.id for each in found.answers], found.matched) == (names[-1:], len(names))
    drawn = refused.drawn_refused(shelf, chosen, 2, 1)
    assert drawn == refused.drawn_refused(shelf, chosen, 2, 1)
    assert len(drawn.answers) == min(2, len(names))


def test_an_answer_that_waits_for_its_marks_is_none_of_the_refused(tmp_path: Path) -> None:
    """It may be a row by now; who asks for ``UNJUDGED``, or for its name, sees it."""
    data_dir, why = DataDir(tmp_path), (Reason("UNJUDGED", "UNJUDGED: it waits for a judge"),)
    data_dir.create()
    waiting = Rejected(NOW, 0, "groq", "m", why, "text", 4, unmarked=Unmarked({}, "2026-11"))
    with BatchWriter(data_dir, BATCH, note_part=lambda *_: None) as writer:
        writer.reject(waiting)
    name = f"{BATCH}#1"
    assert refused.newest_refused(data_dir, Wanted(), 5).answers == []
    asked = refused.newest_refused(data_dir, Wanted(flags=("UNJUDGED",)), 5).answers
    assert asked == refused.named_refused(data_dir, [name]) == [RefusedAnswer(name, waiting)]


def test_a_refused_answer_is_called_by_its_name(shelf: DataDir) -> None:
    """Its parts are shown where it can be read, whatever it was refused for."""
    whole, broken = refused.named_refused(shelf, [f"{BATCH}#1", "20261123#2"])
    assert whole.draft is not None
    assert (whole.draft.question, whole.draft.answer) == ("Q?", "A.")
    assert broken.draft is None
    for name, words in (("2026#1", "2 batches"), (f"{BATCH}#9", "no refused"), ("x", "BATCH#LINE")):
        with pytest.raises(UsageError, match=words):
            refused.named_refused(shelf, [name])


@pytest.mark.parametrize(
    "chosen", [Wanted(topics=("x",)), Wanted(statuses=("parsed",)), Wanted(score_below=0.0)]
)
def test_what_nobody_knows_of_a_refused_answer_is_said(shelf: DataDir, chosen: Wanted) -> None:
    """Rather than find nothing."""
    with pytest.raises(UsageError, match="is for rows"):
        refused.refused(shelf, chosen)
