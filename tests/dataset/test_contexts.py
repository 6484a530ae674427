"""contexts.py: which passages stand before a question, and that a split parts them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from legalgen.dataset.contexts import SourceContexts
from legalgen.dataset.splitting import Split, SplitBy, tied
from legalgen.sources.chunk import Chunk
from legalgen.sources.collection import SourceCollection
from legalgen.store.files import DataDir
from legalgen.store.sample import GroundingText, Sample
from tests.crash.rows import make_sample
from tests.dataset.shelf import add_text, boats_act, rows_of, written

ALL = 20


def row_of(slot: int, chunk: Chunk) -> Sample:
    passage = GroundingText(id=chunk.id, sha256=chunk.sha256)
    return make_sample(slot, id=f"lg_{slot:02}", grounded=True, sources=(passage,))


def chunks_of(data_dir: DataDir) -> list[Chunk]:
    collection = SourceCollection(data_dir)
    return [chunk for each in collection.all() for chunk in collection.chunks(each.id)]


def shown(contexts: SourceContexts, row: Sample, chunks: list[Chunk]) -> set[str]:
    text = contexts(msgspec.to_builtins(row))
    return {each.id for each in chunks if each.text in text}


@pytest.mark.parametrize("by", ["chunk", "source"])
def test_no_training_row_is_shown_a_passage_of_the_test_set(tmp_path: Path, by: SplitBy) -> None:
    """Nor, by source, another passage of a text that is held out; test rows may be shown any."""
    data_dir = DataDir(tmp_path / "data")
    for year in range(2001, 2009):
        add_text(data_dir, f"act-{year}", boats_act(year))
    add_text(data_dir, "copy-of-2001", boats_act(2001))
    chunks = chunks_of(data_dir)
    written(data_dir.root, [row_of(n, chunk) for n, chunk in enumerate(chunks[::2])])
    rows = rows_of(data_dir)
    split = Split(0.4, 3, by, tied(data_dir, [], by))
    sides = {row.id: split.side(msgspec.to_builtins(row)) for row in rows}
    held = {row.sources[0].id for row in rows if row.sources and sides[row.id] == "test"}
    if by == "source":
        texts = {each.partition("#")[0] for each in held}
        held = {each.id for each in chunks if each.source in texts}
    words = {each.text for each in chunks if each.id in held}
    contexts = SourceContexts(data_dir, ALL, 0, split)
    for row in rows:
        found = shown(contexts, row, chunks)
        if sides[row.id] == "train":
            assert not [each for each in chunks if each.id in found and each.text in words]
        else:
            assert len(found) > ALL
    assert held


def test_a_removed_text_gives_no_distractors(tmp_path: Path) -> None:
    """It is drawn from no more; its rows keep the passage that they rest on."""
    data_dir = DataDir(tmp_path / "data")
    gone, stays = (add_text(data_dir, f"act-{n}", boats_act(n)) for n in (2001, 2002))
    before = chunks_of(data_dir)
    own = next(each for each in before if each.source == gone)
    used = next(each for each in before if each.source == gone and each.id != own.id)
    rows = [row_of(0, own), row_of(1, used)]
    written(data_dir.root, rows)
    collection = SourceCollection(data_dir)
    assert collection.remove(collection.find(gone)) == 2
    contexts = SourceContexts(data_dir, 4, 0)
    found = shown(contexts, rows[0], before)
    assert found == {own.id} | {each.id for each in before if each.source == stays}
    assert contexts.short == 0


def test_the_same_words_are_no_distractor(tmp_path: Path) -> None:
    """A copy of the passage that the answer rests on would be one under another citation."""
    data_dir = DataDir(tmp_path / "data")
    for name in ("a", "b"):
        add_text(data_dir, name, boats_act(2001))
    first = chunks_of(data_dir)[0]
    contexts = SourceContexts(data_dir, ALL, 0)
    assert contexts(msgspec.to_builtins(row_of(0, first))).count(first.text) == 1
    assert contexts.short == 1, "fewer than were asked for are counted"
