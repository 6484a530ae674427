"""Rows that may be near to many samples, looked for all at once: Arrow's loops instead of ours.

Of a hundred samples at a time a search of their keys takes a tenth of what one sample takes alone;
what is found is the same. Imports pyarrow: import it lazily.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import pyarrow as pa

from legalgen.quality.sketches import (
    ANSWER_BYTES,
    KEY_BITS,
    QUESTION_BYTES,
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


def few_differ(
    left: Signatures, right: Signatures, most: tuple[int, int]
) -> tuple[list[int], Sequence[int], Sequence[int]]:
    """The pairs of signatures of whose question or answer so few numbers differ, by their places.

    The other two say of each pair how many numbers of the question differ, and how many of the
    answer.
    """
    import pyarrow.compute as pc  # 25 ms that few starts need

    count = len(left[0]) // _QUESTION

    def flags(half: int, width: int, by: Sequence[int], mask: int) -> Any:
        """Of each word a one at the lowest bit of each number that differs."""
        words, same = array("Q"), array("Q")
        for at in range(width):
            words += left[half][at::width]
            same += right[half][at::width]
        found = pc.bit_wise_xor(packed("Q", words), packed("Q", same))
        for bits in by:
            found = pc.bit_wise_or(found, pc.shift_right(found, uint64(bits)))
        return pc.bit_wise_and(found, uint64(mask))

    def halved(words: Any, bits: int, mask: int) -> Any:
        """Neighbouring counts of so many bits each, added up."""
        low = pc.bit_wise_and(words, uint64(mask))
        high = pc.bit_wise_and(pc.shift_right(words, uint64(bits)), uint64(mask))
        return pc.add(low, high)

    def summed(counts: Any) -> Any:
        """The bytes of all words of a row, added up."""
        total = counts.slice(0, count)
        for at in range(count, len(counts), count):
            total = pc.add(total, counts.slice(at, count))
        return pc.shift_right(pc.multiply(total, uint64(0x0101_0101_0101_0101)), uint64(56))

    asked = halved(flags(0, _QUESTION, (1,), 0x5555_5555_5555_5555), 2, 0x3333_3333_3333_3333)
    asked = summed(halved(asked, 4, 0x0F0F_0F0F_0F0F_0F0F))
    told = flags(1, _ANSWER, (2, 1), 0x1111_1111_1111_1111)
    told = summed(halved(told, 4, 0x0F0F_0F0F_0F0F_0F0F))
    near = pc.or_(pc.less_equal(asked, uint64(most[0])), pc.less_equal(told, uint64(most[1])))
    return pc.indices_nonzero(near).to_pylist(), numbers(asked, "Q"), numbers(told, "Q")


def near_by_question(rows: Any, asked: Any, probe: bytes, most: int) -> Any:
    """Those of many rows of whose question so few numbers differ, as an Arrow array.

    ``asked`` are the signatures of the questions of all rows, ``probe`` is that of a sample. In few
    steps of Arrow, each of which takes as long as to look at a thousand rows.
    """
    import pyarrow.compute as pc  # 25 ms that few starts need

    count, found, same = len(rows), words_of(asked.take(rows)), array("Q", probe)
    left, right = array("Q"), array("Q")
    for at in range(_QUESTION):
        left += found[at::_QUESTION]
        right += same[at : at + 1] * count
    differ = pc.bit_wise_xor(packed("Q", left), packed("Q", right))
    differ = pc.bit_wise_and(pc.bit_wise_or(differ, pc.shift_right(differ, _1)), _LOWEST_OF_2)
    # Counts in 4 bits, of all words of a row, then in bytes.
    counts = pc.bit_wise_and(pc.add(differ, pc.shift_right(differ, _2)), _PAIRS)
    total = counts.slice(0, count)
    for at in range(count, len(counts), count):
        total = pc.add(total, counts.slice(at, count))
    low = pc.bit_wise_and(total, _NIBBLES)
    total = pc.add(low, pc.bit_wise_and(pc.shift_right(total, _4), _NIBBLES))
    total = pc.multiply(total, _EACH_BYTE)  # the sum is its highest byte
    return rows.filter(pc.less(total, uint64(most + 1 << 56)))


_1, _2, _4 = map(uint64, (1, 2, 4))
_LOWEST_OF_2: Final = uint64(0x5555_5555_5555_5555)
_PAIRS: Final = uint64(0x3333_3333_3333_3333)
_NIBBLES: Final = uint64(0x0F0F_0F0F_0F0F_0F0F)
_EACH_BYTE: Final = uint64(0x0101_0101_0101_0101)
