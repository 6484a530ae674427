"""Chunks of outlines: sizes, joins, cuts, ids."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from legalgen.sources.chunk import Chunk
from legalgen.sources.chunking import LEAST_WORDS, MOST_WORDS, chunks_of
from legalgen.sources.outline import Division, Outline, visible
from legalgen.sources.personal import found_in


def cut(body: Division, kind: str = "statute") -> list[Chunk]:
    outline = Outline(body, "The Act", kind)  # type: ignore[arg-type]
    return list(
        chunks_of(outline, source="act", citation="The Act", jurisdiction="uk", as_of="2026-01")
    )


def section(number: str, words: int, *inner: Division) -> Division:
    return Division("section", number, f"Heading {number}", ["word " * words, *inner])


def test_a_section_is_a_chunk() -> None:
    """With its heading, those above, and what the source is."""
    part = Division("part", "1", "General", ["General", section("1", 60), section("2", 70)])
    first, second = cut(Division("text", items=[part]))
    assert (first.pinpoint, first.heading, first.path) == ("s 1", "Heading 1", ("General",))
    assert second.id == "act#s2"
    assert (second.citation, second.jurisdiction, second.as_of) == ("The Act", "uk", "2026-01")


def test_small_neighbours_are_joined() -> None:
    """Until they have forty words; the place is from the first to the last."""
    body = Division("text", items=[section(str(n), 15) for n in range(1, 7)])
    found = cut(body)
    assert [each.pinpoint for each in found] == ["s 1 to s 3", "s 4 to s 6"]
    assert all(each.words() >= LEAST_WORDS for each in found)


def test_a_long_section_is_cut_at_its_subsections() -> None:
    """Each is cited within the section."""
    inner = [Division("subsection", str(n), "", ["word " * 400]) for n in (1, 2, 3)]
    found = cut(Division("text", items=[section("9", 3, *inner)]))
    assert [each.pinpoint for each in found] == ["s 9 to s 9(1)", "s 9(2)", "s 9(3)"] or [
        each.pinpoint for each in found
    ] == ["s 9(1)", "s 9(2)", "s 9(3)"]
    assert all(each.words() <= MOST_WORDS for each in found)


def test_a_number_that_comes_twice_has_an_ordinal_in_its_id() -> None:
    """Real files repeat numbers; the place is what the law says, the id is ours."""
    found = cut(Division("text", items=[section("5", 50), section("5", 60)]))
    assert [each.id for each in found] == ["act#s5", "act#s5~2"]


def test_what_has_the_same_number_in_two_schedules_is_told_apart() -> None:
    """A paragraph is cited with its schedule."""
    schedules = [
        Division("schedule", n, "", [Division("numbered", "1", "", ["word " * 50])])
        for n in ("1", "2")
    ]
    found = cut(Division("text", items=[*schedules]))
    assert [each.pinpoint for each in found] == ["Sch 1, para 1", "Sch 2, para 1"]


_WORDS = st.integers(0, 2000).map(lambda n: "word " * n)
_DIVISIONS = st.recursive(
    st.builds(
        Division,
        st.sampled_from(["section", "paragraph", "part", "clause", "numbered"]),
        st.sampled_from(["", "1", "2", "a", "1.1"]),
        st.sampled_from(["", "Duty"]),
        st.lists(_WORDS, max_size=3),
    ),
    lambda inner: st.builds(
        Division,
        st.sampled_from(["part", "schedule", "section", "article", "paragraph"]),
        st.sampled_from(["", "1", "2", "IV"]),
        st.sampled_from(["", "General"]),
        st.lists(st.one_of(_WORDS, inner), max_size=4),
    ),
    max_leaves=8,
)


@given(body=_DIVISIONS)
def test_every_word_is_in_one_chunk_and_none_is_too_long(body: Division) -> None:
    """Whatever the structure; a chunk is under forty words only where no neighbour has room."""

    def words(division: Division) -> int:
        return sum(
            len(item.split()) if isinstance(item, str) else words(item) for item in division.items
        )

    there = words(body)
    found = cut(Division("text", items=[body]))  # which uses it up
    assert sum(each.words() for each in found) == there
    assert sum(visible(each.text) for each in found) == 4 * there
    assert all(each.words() <= MOST_WORDS for each in found)
    assert len({each.id for each in found}) == len(found)


def test_chunks_are_made_one_by_one_and_the_outline_is_used_up() -> None:
    """So that a text of 100 MB stands in memory once: what was taken is no longer held."""
    sections = [section(str(at), 50) for at in range(1, 2001)]
    outline = Outline(Division("text", items=[*sections]), "The Act", "statute")
    coming = chunks_of(outline, source="act", citation="The Act", jurisdiction="uk", as_of=None)
    taken = [next(coming) for _ in range(1000)]
    assert [each.pinpoint for each in taken] == [f"s {at}" for at in range(1, 1001)]
    assert not any(each.items for each in sections[:1000])
    assert all(each.items for each in sections[1010:])
    assert len(list(coming)) == 1000


def test_personal_data_is_looked_for_in_a_word_of_any_length() -> None:
    """Such as a page of data that a file holds."""
    assert found_in("a." * 100_000) == {}
    assert found_in(f"{'a.' * 100_000} to jane.doe@example.org") == {"e-mail address": 1}
