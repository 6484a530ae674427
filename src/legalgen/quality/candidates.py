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
    KEY_BITS,
    QUESTION_BYTES,
    SIGNATURE_BYTES,
    Sketch,
    numbers,
    packed,
    uint32,
    uint64,
)

_WIDTH: Final = SIGNATURE_BYTES // 8


class Probes(msgspec.Struct, frozen=True):
    """Samples that candidates are looked for of: their keys, one after another, each with its band
    and the number of its sample, and their signatures, in Arrow arrays."""

    keys: Any
    bands: Any
    of: Any
    signatures: Any


def probes_of(sketches: Sequence[Sketch]) -> Probes:
    """The samples of a search, numbered from 0 on."""
    keys, bands, of = array("I"), array("I"), array("I")
    for number, one in enumerate(sketches):
        wanted = one.wanted_keys
        keys.extend(wanted)
        bands.extend(range(len(wanted)))
        of.extend([number] * len(wanted))
    raw = b"".join(one.signature.to_bytes(SIGNATURE_BYTES) for one in sketches)
    buffers = [None, pa.py_buffer(raw)]
    signatures = pa.Array.from_buffers(pa.binary(SIGNATURE_BYTES), len(sketches), buffers)
    return Probes(packed("I", keys), packed("I", bands), packed("I", of), signatures)


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


def few_differ(
    left: array[int], right: array[int], most: tuple[int, int]
) -> tuple[list[int], Sequence[int], Sequence[int]]:
    """The pairs of signatures of whose question or answer so few numbers differ, by their places.

    ``left`` and ``right`` are signatures in words of 64 bits, one after another. The other two say
    of each pair how many numbers of the question differ, and how many of the answer.
    """
    import pyarrow.compute as pc  # 25 ms that few starts need

    def differing(half: Half) -> Any:
        words, same = array("Q"), array("Q")
        for at in half.words:
            words += left[at::_WIDTH]
            same += right[at::_WIDTH]
        return half.differing(packed("Q", words), packed("Q", same))

    asked, told = differing(QUESTION), differing(ANSWER)
    near = pc.or_(pc.less_equal(asked, uint64(most[0])), pc.less_equal(told, uint64(most[1])))
    return pc.indices_nonzero(near).to_pylist(), numbers(asked, "Q"), numbers(told, "Q")


class Half(msgspec.Struct, frozen=True):
    """The question or the answer in a signature: its words of 64 bits, and the bits of a number."""

    words: range
    bits: int

    def differing(self, left: Any, right: Any) -> Any:
        """How many numbers differ in each pair of signatures, as an Arrow array.

        Both sides are Arrow arrays: the first word of all of them, then the second one of all.
        """
        import pyarrow.compute as pc  # 25 ms that few starts need

        count = len(left) // len(self.words)
        found = pc.bit_wise_xor(left, right)
        # Whether any bit of a number differs is gathered in its lowest; then there are numbers of 4
        # bits, which count 0 to 2 that differ.
        if self.bits == 4:
            found = pc.bit_wise_or(found, pc.shift_right(found, _2))
        found = pc.bit_wise_or(found, pc.shift_right(found, _1))
        if self.bits == 4:
            found = pc.bit_wise_and(found, _LOWEST_OF_4)
        else:
            found = pc.bit_wise_and(found, _LOWEST_OF_2)
            found = pc.bit_wise_and(pc.add(found, pc.shift_right(found, _2)), _PAIRS)
        total = found.slice(0, count)
        for at in range(count, len(found), count):  # no more than 9 in 4 bits
            total = pc.add(total, found.slice(at, count))
        low = pc.bit_wise_and(total, _NIBBLES)
        bytes_of = pc.add(low, pc.bit_wise_and(pc.shift_right(total, _4), _NIBBLES))
        return pc.shift_right(pc.multiply(bytes_of, _EACH_BYTE), _56)

    def of(self, signatures: Any, rows: Any, probe: Sequence[int]) -> Any:
        """``differing`` of some rows from one sample, which is given as the words of its signature.

        ``signatures`` are the words of all rows, one signature after another, as an Arrow array.
        """
        import pyarrow.compute as pc  # 25 ms that few starts need

        first, same = pc.multiply(rows, uint32(_WIDTH)), array("Q")
        for word in self.words:
            same.extend(array("Q", (probe[word],)) * len(rows))
        found = pa.concat_arrays([signatures.slice(word).take(first) for word in self.words])
        return self.differing(found, packed("Q", same))


QUESTION: Final = Half(range(QUESTION_BYTES // 8), 2)
ANSWER: Final = Half(range(QUESTION_BYTES // 8, _WIDTH), 4)
_1, _2, _4, _56 = map(uint64, (1, 2, 4, 56))
_LOWEST_OF_2, _LOWEST_OF_4 = uint64(0x5555_5555_5555_5555), uint64(0x1111_1111_1111_1111)
_PAIRS, _NIBBLES = uint64(0x3333_3333_3333_3333), uint64(0x0F0F_0F0F_0F0F_0F0F)
_EACH_BYTE: Final = uint64(0x0101_0101_0101_0101)
