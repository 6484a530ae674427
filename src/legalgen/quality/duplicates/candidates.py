"""Rows that may be near to many samples, looked for all at once: Arrow's loops instead of ours.

Of a hundred samples at a time a search of their keys takes a tenth of what one sample takes alone;
what is found is the same. Imports pyarrow: import it lazily.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any, Final, Literal, TypeVar

import msgspec
import pyarrow as pa

from legalgen.quality.duplicates.sketches import (
    ANSWER_BYTES,
    ANSWER_DIFFER,
    KEY_BITS,
    QUESTION_BYTES,
    QUESTION_DIFFER,
    SIGNATURE_BYTES,
    Sketch,
    numbers,
    packed,
    uint32,
    uint64,
)

_QUESTION: Final = QUESTION_BYTES // 8
_ANSWER: Final = ANSWER_BYTES // 8


class Probes(msgspec.Struct, frozen=True):
    """Samples that candidates are looked for of: their keys, one after another, each with its band
    and the number of its sample, and their signatures, in Arrow arrays."""

    keys: Any
    bands: Any
    of: Any
    signatures: tuple[Any, Any]


def probes_of(sketches: Sequence[Sketch]) -> Probes:
    """The samples of a search, numbered from 0 on."""
    keys, bands, of = array("I"), array("I"), array("I")
    for number, one in enumerate(sketches):
        wanted = one.wanted_keys
        keys.extend(wanted)
        bands.extend(range(len(wanted)))
        of.extend([number] * len(wanted))
    raw = [one.signature.to_bytes(SIGNATURE_BYTES) for one in sketches]
    signatures = (
        fixed(b"".join(one[:QUESTION_BYTES] for one in raw), QUESTION_BYTES),
        fixed(b"".join(one[QUESTION_BYTES:] for one in raw), ANSWER_BYTES),
    )
    return Probes(packed("I", keys), packed("I", bands), packed("I", of), signatures)


def fixed(raw: Any, width: int) -> Any:
    """Bytes as an Arrow array of so many each; they are not copied."""
    buffer = pa.py_buffer(raw)
    return pa.Array.from_buffers(pa.binary(width), buffer.size // width, [None, buffer])


def words_of(column: Any) -> array[int]:
    """The bytes of such an array in words of 64 bits."""
    width = column.type.byte_width
    start = column.offset * width
    raw = memoryview(column.buffers()[1])[start : start + len(column) * width]
    return array("Q", raw.tobytes())


def sharing(entries: Any, directory: Any, row_bits: int, probes: Probes) -> Any:
    """Samples and rows of a segment that share a key: each pair once, ``sample << 32 | row``.

    ``entries`` and ``directory`` are those of the segment, as Arrow arrays.
    """
    import pyarrow.compute as pc  # 25 ms that few starts need

    low_bits = 32 - row_bits
    buckets = 1 << (KEY_BITS - low_bits)
    bucket = pc.shift_right(probes.keys, uint32(low_bits))
    bucket = pc.add(pc.multiply(probes.bands, uint32(buckets)), bucket)
    low, high = directory.take(bucket), directory.take(pc.add(bucket, uint32(1)))
    taken = pc.less(low, high)
    low, high, keys, of = (each.filter(taken) for each in (low, high, probes.keys, probes.of))

    wanted = pc.bit_wise_and(keys, uint32((1 << low_bits) - 1)).cast(pa.uint64())
    wanted = pc.shift_left(wanted, uint64(row_bits))
    first = _first(entries, low, high, wanted)
    last = _first(entries, first, high, pc.add(wanted, uint64(1 << row_bits)))
    values, samples = array("I"), array("I")
    places = numbers(entries, "I"), numbers(first, "I"), numbers(last, "I"), numbers(of, "I")
    for at in pc.indices_nonzero(pc.subtract(last, first)).to_pylist():
        found = places[0][places[1][at] : places[2][at]]
        values.extend(found)
        samples.extend([places[3][at]] * len(found))
    rows = pc.bit_wise_and(packed("I", values), uint32((1 << row_bits) - 1)).cast(pa.uint64())
    sample = pc.shift_left(packed("I", samples).cast(pa.uint64()), uint64(32))
    return pc.bit_wise_or(sample, rows).unique()


def _first(entries: Any, low: Any, high: Any, wanted: Any) -> Any:
    """Where in each range the first entry is that is no less than what is wanted: a bisection."""
    import pyarrow.compute as pc  # 25 ms that few starts need

    longest = pc.max(pc.subtract(high, low)).as_py() or 0
    for _ in range(longest.bit_length()):
        is_open = pc.less(low, high)
        middle = pc.shift_right(pc.add(low, high), uint32(1))
        entry = entries.take(pc.if_else(is_open, middle, uint32(0))).cast(pa.uint64())
        goes_on = pc.and_(is_open, pc.less(entry, wanted))
        low = pc.if_else(goes_on, pc.add(middle, uint32(1)), low)
        high = pc.if_else(goes_on, high, middle)  # of one that is closed, all three are the same
    return low


Signatures = tuple["array[int]", "array[int]"]
"""Of some samples, one after another, in words of 64 bits: those of the questions, and of the
answers."""


NEAREST: Final = 32
"""Of more rows that may be near so many are looked at whose questions seem most alike, so many
whose answers do, and so many of which both together do.

Rows that an opening or a template makes alike would else each be compared with all before it. One
that is nearer than such a crowd in anything is among these: of answers alike by 0.5 one in 120
seems alike by 0.6, of questions alike by 0.42 one in 2,000. Of 2,057 rows as models write them none
had more than six to look at."""


def few_differ(
    left: Signatures, right: Signatures, most: tuple[int, int], *, nearest: bool = False
) -> tuple[Sequence[int], Sequence[int], Sequence[int]]:
    """The pairs of signatures of whose question or answer so few numbers differ, by their places.

    The other two say of each pair how many numbers of the question differ, and how many of the
    answer. ``nearest``: all are pairs with one sample, of which a crowd is cut to ``NEAREST``.
    """
    import pyarrow.compute as pc  # 25 ms that few starts need

    asked = _differ(*(_by_word(one[0], _QUESTION) for one in (left, right)), bits=2)
    told = _differ(*(_by_word(one[1], _ANSWER) for one in (left, right)), bits=4)
    asked, told = (pc.shift_right(each, uint64(_HIGHEST)) for each in (asked, told))
    near = pc.or_(pc.less_equal(asked, uint64(most[0])), pc.less_equal(told, uint64(most[1])))
    places = pc.indices_nonzero(near)
    if nearest and len(places) > NEAREST:
        among = _nearest(asked.take(places), told.take(places))
        return [places[at].as_py() for at in among], numbers(asked, "Q"), numbers(told, "Q")
    return places.to_pylist(), numbers(asked, "Q"), numbers(told, "Q")


R = TypeVar("R")


def nearest_of(found: Sequence[tuple[R, int, int]]) -> Sequence[tuple[R, int, int]]:
    """Rows with how many numbers differ of question and answer; of a crowd its ``NEAREST``."""
    if len(found) <= NEAREST:
        return found
    asked, told = array("Q", [one[1] for one in found]), array("Q", [one[2] for one in found])
    return [found[at] for at in _nearest(packed("Q", asked), packed("Q", told))]


def _nearest(asked: Any, told: Any) -> list[int]:
    """The places of these, in order; ``asked`` and ``told`` are Arrow's, of 64 bits."""
    import pyarrow.compute as pc  # 25 ms that few starts need

    places = packed("Q", range(len(asked)))
    question, answer = (uint64(int(each)) for each in (QUESTION_DIFFER, ANSWER_DIFFER))
    both = pc.add(pc.multiply(asked, answer), pc.multiply(told, question))
    kept = set[int]()
    for counts in (asked, told, both):
        ranks = pc.bit_wise_or(pc.shift_left(counts, uint64(32)), places)
        first = pc.select_k_unstable(ranks, NEAREST, sort_keys=[("", "ascending")])
        kept.update(first.to_pylist())
    return sorted(kept)


def near_by_question(rows: Any, asked: Any, probe: bytes, most: int) -> Any:
    """Those of many rows of whose question so few numbers differ, as an Arrow array.

    ``asked`` are the signatures of the questions of all rows, ``probe`` is that of a sample. In few
    steps of Arrow, each of which takes as long as to look at a thousand rows.
    """
    import pyarrow.compute as pc  # 25 ms that few starts need

    same = array("Q")
    for word in array("Q", probe):
        same.extend(array("Q", (word,)) * len(rows))
    differ = _differ(_by_word(words_of(asked.take(rows)), _QUESTION), same, bits=2)
    return rows.filter(pc.less(differ, uint64(most + 1 << _HIGHEST)))


def _by_word(words: array[int], width: int) -> array[int]:
    """The first word of all signatures of so many words, then the second one of all."""
    found = array("Q")
    for at in range(width):
        found += words[at::width]
    return found


def _differ(left: array[int], right: array[int], *, bits: Literal[2, 4]) -> Any:
    """How many numbers of so many bits differ in each pair, in the highest byte of Arrow's words.

    Both sides stand word by word; of all words of a pair the counts are added up before they are
    spread, which spares steps of Arrow.
    """
    import pyarrow.compute as pc  # 25 ms that few starts need

    width = _QUESTION if bits == 2 else _ANSWER
    found = pc.bit_wise_xor(packed("Q", left), packed("Q", right))
    # Whether any bit of a number differs is gathered in its lowest.
    if bits == 4:
        found = pc.bit_wise_or(found, pc.shift_right(found, _2))
    found = pc.bit_wise_or(found, pc.shift_right(found, _1))
    if bits == 4:
        counts = pc.bit_wise_and(found, _LOWEST_OF_4)
    else:
        found = pc.bit_wise_and(found, _LOWEST_OF_2)
        counts = pc.bit_wise_and(pc.add(found, pc.shift_right(found, _2)), _PAIRS)
    # Counts in 4 bits, of all words of a row, then in bytes.
    count = len(counts) // width
    total = counts.slice(0, count)
    for at in range(count, len(counts), count or 1):
        total = pc.add(total, counts.slice(at, count))
    low = pc.bit_wise_and(total, _NIBBLES)
    total = pc.add(low, pc.bit_wise_and(pc.shift_right(total, _4), _NIBBLES))
    return pc.multiply(total, _EACH_BYTE)  # the sum is its highest byte


_1, _2, _4 = map(uint64, (1, 2, 4))
_LOWEST_OF_2, _LOWEST_OF_4 = uint64(0x5555_5555_5555_5555), uint64(0x1111_1111_1111_1111)
_PAIRS: Final = uint64(0x3333_3333_3333_3333)
_NIBBLES: Final = uint64(0x0F0F_0F0F_0F0F_0F0F)
_EACH_BYTE: Final = uint64(0x0101_0101_0101_0101)
_HIGHEST: Final = 56
"""Bits below the highest byte."""
