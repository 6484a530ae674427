"""What is compared of a sample: its shingles, and the signatures and band keys made of these.

A question is its runs of 2 words, an answer its runs of 3, each hashed to 32 bits. MinHash (rensa)
makes of a set 128 or 144 numbers, in which two sets agree about as often as they share shingles.
Runs of these numbers, hashed to ``KEY_BITS``, are the band keys: two samples that have one in
common are candidates. Some bits of each number are the signature, from which a similarity is
estimated; the exact one needs the shingles, and so the text.

All hashes are made of CRC-32 of UTF-8 text or of BLAKE2b: they are the same in every process.
``SketchRows`` reads many samples at once, by Arrow, and finds the same numbers.

Imports pyarrow and rensa: import it lazily.
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Collection, Iterable, Sequence
from functools import cache, lru_cache
from hashlib import blake2b
from itertools import accumulate, islice, pairwise
from typing import Any, Final, Literal

import msgspec
import pyarrow as pa
from rensa import RMinHash

from legalgen.store.sample import spaced_words, words

QUESTION_WORDS: Final = 2
ANSWER_WORDS: Final = 3
QUESTION_BANDS, QUESTION_ROWS = 32, 4
ANSWER_BANDS, ANSWER_ROWS = 48, 3
"""Bands and rows per band. A pair of similarity s becomes a candidate with probability
1 - (1 - s^rows)^bands: questions 0.99 at 0.6, answers 1.00 at 0.6 and 0.73 at 0.3."""
ANSWER_KEYS = 1 + QUESTION_BANDS
"""Where the keys of an answer begin; those of the question, and the one of all its words, are
before them."""
KEYS_PER_ROW = ANSWER_KEYS + ANSWER_BANDS
KEY_BITS: Final = 28
"""Two keys are the same by accident once in 2^28: 0.3 rows in a million for a sample's 75 keys."""
QUESTION_BYTES = QUESTION_BANDS * QUESTION_ROWS // 4
ANSWER_BYTES = ANSWER_BANDS * ANSWER_ROWS // 2
SIGNATURE_BYTES = QUESTION_BYTES + ANSWER_BYTES
"""Bytes of a signature, in whole numbers of 64 bits: 2 bits for each number of the question, 4 for
each of the answer."""

_SEED = 3
_HASHES = max(QUESTION_BANDS * QUESTION_ROWS, ANSWER_BANDS * ANSWER_ROWS)
_ROWS_AT_ONCE = 1_000
_MASK_64 = 2**64 - 1
_KEY_MASK = (1 << KEY_BITS) - 1
_FACTORS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)
"""Odd numbers of 64 bits. The sum of products, of which the high bits are kept, is a hash of
several numbers in their order (multiply-shift) that Arrow can compute for a million at a time."""
_SHIFT = 8 * ANSWER_BYTES
_ANSWER_MASK = (1 << _SHIFT) - 1
_LOWEST_OF_2 = int.from_bytes(b"\x55" * QUESTION_BYTES)
_LOWEST_OF_4 = int.from_bytes(b"\x11" * ANSWER_BYTES)


def shingles(tokens: Sequence[str], size: int) -> frozenset[int]:
    """CRC-32 of each run of ``size`` words; of the whole text where it is shorter."""
    return frozenset(_runs(" ".join(tokens).encode("utf-8", "surrogatepass").split(), size))


def _runs(raw: Sequence[bytes], size: int) -> Iterable[int]:
    if len(raw) < size:
        return (zlib.crc32(b" ".join(raw)),) if raw else ()
    return map(zlib.crc32, map(b" ".join, zip(*(raw[at:] for at in range(size)), strict=False)))


def jaccard(left: frozenset[int], right: Collection[int]) -> float:
    """Shared part of two sets, 0 to 1; two empty sets share nothing.

    ``right`` may be any collection without repeats, so that stored rows need not become sets.
    """
    common = len(left.intersection(right))
    return common / (len(left) + len(right) - common) if common else 0.0


def differing(left: int, right: int) -> tuple[int, int]:
    """How many numbers of the question and of the answer differ in two signatures."""
    differs = left ^ right
    return asked_differ(differs >> _SHIFT), told_differ(differs & _ANSWER_MASK)


def asked_differ(bits: int) -> int:
    """How many numbers of a question have any of the bits that differ in two signatures."""
    return ((bits | bits >> 1) & _LOWEST_OF_2).bit_count()


def told_differ(bits: int) -> int:
    """The same of an answer."""
    bits |= bits >> 2
    return ((bits | bits >> 1) & _LOWEST_OF_4).bit_count()


def halves(signature: int) -> tuple[int, int]:
    """A signature's question and its answer."""
    return signature >> _SHIFT, signature & _ANSWER_MASK


def estimates(asked: int, told: int) -> tuple[float, float]:
    """The similarities of questions and of answers of which so many numbers differ.

    With standard errors of 0.054 and 0.042 at most; below 0 where fewer numbers agree than would by
    accident.
    """
    return 1 - asked / QUESTION_DIFFER, 1 - told / ANSWER_DIFFER


def most_differing(question: float, answer: float) -> tuple[int, int]:
    """How many numbers may differ where the similarities are estimated to be at least these."""
    asked, told = (1 - question) * QUESTION_DIFFER, (1 - answer) * ANSWER_DIFFER
    return max(0, int(asked)), max(0, int(told))


# Of numbers that differ, 1 in 4 and 1 in 16 have the same bits in the signature.
QUESTION_DIFFER: Final = 3 / 4 * QUESTION_BANDS * QUESTION_ROWS
ANSWER_DIFFER: Final = 15 / 16 * ANSWER_BANDS * ANSWER_ROWS


class Sketch(msgspec.Struct, frozen=True):
    """What the index needs of one sample."""

    id: str
    head: str
    exact: int
    question: frozenset[int]
    answer: frozenset[int]
    signature: int
    keys: tuple[int, ...]

    @property
    def short(self) -> frozenset[int]:
        """The shingles of the question as a segment has them."""
        return short(self.question)

    @property
    def wanted_keys(self) -> tuple[int, ...]:
        """The keys that candidates share one of: an empty answer is near to no other."""
        return self.keys if self.answer else self.keys[:ANSWER_KEYS]


def short(hashes: Iterable[int]) -> frozenset[int]:
    """16 bits of each shingle: of questions, two of those that differ are seldom the same."""
    return frozenset([one & 0xFFFF for one in hashes])


def sketch(sample_id: str, question: str, answer: str) -> Sketch:
    """Read one sample; about 0.15 ms for an answer of 300 words."""
    tokens = words(question)
    exact = exact_of(tokens)
    question_set = shingles(tokens, QUESTION_WORDS)
    answer_set = shingles(words(answer), ANSWER_WORDS)
    asked = _digest(question_set, QUESTION_BANDS * QUESTION_ROWS)
    told = _digest(answer_set, ANSWER_BANDS * ANSWER_ROWS)
    return Sketch(
        sample_id,
        head_of(question),
        exact,
        question_set,
        answer_set,
        int.from_bytes(_low_bits(asked, 2) + _low_bits(told, 4)),
        (
            exact_key(exact),
            *_band_keys(asked, QUESTION_ROWS),
            *_band_keys(told, ANSWER_ROWS),
        ),
    )


def exact_of(tokens: Sequence[str]) -> int:
    """64 bits of a question's words: the same for the same question."""
    return _exact(" ".join(tokens).encode("utf-8", "surrogatepass"))


def _exact(joined: bytes) -> int:
    return int.from_bytes(blake2b(joined, digest_size=8).digest())


def exact_key(exact: int) -> int:
    """The key of all words of a question, of what ``exact_of`` says of them."""
    return exact & _KEY_MASK


def head_of(question: str) -> str:
    """The first 20 words of a question, as people read them."""
    return " ".join(question.split()[:20])


def _digest(hashes: Collection[int], numbers: int) -> array[int]:
    flat = array("Q", list(hashes))  # of a list in half of the time
    return _digests(flat, [0, len(flat)], numbers)


def _digests(flat: array[int], ends: list[int], numbers: int) -> array[int]:
    """The MinHash numbers of all sets, one after another, that end at these places.

    ``flat`` has 64 bits for each: other numbers rensa takes one by one, in ten times the time.
    """
    found = array("I")
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(flat, ends, _HASHES, _SEED)
    for row in matrix.to_rows():
        found.fromlist(row[:numbers])
    return found


def _band_keys(digest: Sequence[int], rows: int) -> list[int]:
    """A hash of each ``rows`` numbers: one key a band, whose place is its band."""
    runs = zip(*(digest[at::rows] for at in range(rows)), strict=False)
    a, b, c, d = _FACTORS
    shift = 64 - KEY_BITS
    if rows == ANSWER_ROWS:
        return [((i * a + j * b + k * c) & _MASK_64) >> shift for i, j, k in runs]
    return [((i * a + j * b + k * c + m * d) & _MASK_64) >> shift for i, j, k, m in runs]


def _low_bits(digests: array[int], bits: int) -> bytes:
    """The low bits of each number, 2 or 4 of these numbers in a byte."""
    raw = digests.tobytes()[::4]  # of each number of 4 bytes the lowest comes first
    count = 8 // bits
    size = len(raw) // count
    mask = int.from_bytes(bytes([2**bits - 1]) * size)
    total = 0
    for at in range(count):
        total = total << bits | int.from_bytes(raw[at::count]) & mask
    return total.to_bytes(size)


def _keys_of_nothing() -> dict[int, int]:
    question = _digest((), QUESTION_BANDS * QUESTION_ROWS)
    answer = _digest((), ANSWER_BANDS * ANSWER_ROWS)
    return {
        QUESTION_ROWS: _band_keys(question, QUESTION_ROWS)[0],
        ANSWER_ROWS: _band_keys(answer, ANSWER_ROWS)[0],
    }


_OF_NOTHING: Final = _keys_of_nothing()


def says_nothing(band: int, key: int) -> bool:
    """Whether this is the key of an empty text, which is near to no other."""
    return band > 0 and key == _OF_NOTHING[QUESTION_ROWS if band < ANSWER_KEYS else ANSWER_ROWS]


# --- many at once ------------------------------------------------------------------------------


class SketchRows:
    """What a segment keeps of many samples: ids, exact hashes, signatures, and keys by band.

    ``asked`` and ``told`` are the signatures, those of the questions and those of the answers.
    """

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.exact = array("Q")
        self.asked, self.told = bytearray(), bytearray()
        self.questions = array("H")
        self.ends = array("i", [0])
        self.bands = [array("I") for _ in range(KEYS_PER_ROW)]

    def __len__(self) -> int:
        return len(self.ids)

    def add(
        self,
        name: str,
        exact: int,
        question: Iterable[int],
        signature: int,
        keys: Sequence[int],
    ) -> None:
        """One sample that has been read already; ``question`` are its shingles."""
        self.ids.append(name)
        self.exact.append(exact)
        raw = signature.to_bytes(SIGNATURE_BYTES)
        self.asked += raw[:QUESTION_BYTES]
        self.told += raw[QUESTION_BYTES:]
        self._ask(short(question))
        for band, key in zip(self.bands, keys, strict=True):
            band.append(key)

    def read(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """Read samples (id, question, answer) from their text."""
        left = iter(rows)
        while some := list(islice(left, _ROWS_AT_ONCE)):
            ids, questions, answers = zip(*some, strict=True)
            self.ids += ids
            joined = [b" ".join(spaced_words(text).split()) for text in questions]
            exact = array("Q", map(_exact, joined))
            self.exact += exact
            self.bands[0].extend(map(exact_key, exact))
            asked, asked_ends = many_shingles(joined, QUESTION_WORDS)
            told, told_ends = many_shingles(list(map(spaced_words, answers)), ANSWER_WORDS)
            low = array("H", asked.tobytes())[::4]  # 16 bits of each: the lowest come first
            for first, last in pairwise(asked_ends):
                self._ask(frozenset(low[first:last]))
            questions_digest = _digests(asked, asked_ends, QUESTION_BANDS * QUESTION_ROWS)
            answers_digest = _digests(told, told_ends, ANSWER_BANDS * ANSWER_ROWS)
            self.asked += _low_bits(questions_digest, 2)
            self.told += _low_bits(answers_digest, 4)
            self._keep(questions_digest, QUESTION_ROWS, self.bands[1:ANSWER_KEYS])
            self._keep(answers_digest, ANSWER_ROWS, self.bands[ANSWER_KEYS:])

    def _ask(self, question: frozenset[int]) -> None:
        self.questions.extend(question)
        self.ends.append(len(self.questions))

    @staticmethod
    def _keep(digests: array[int], rows: int, bands: Sequence[array[int]]) -> None:
        columns = [packed("I", digests[at::rows]) for at in range(rows)]
        keys = _mixed_columns(columns)
        for at, band in enumerate(bands):
            band.extend(keys[at :: len(bands)])


_LONGEST_WORD: Final = 63
"""Bytes; texts with a longer word are read one by one."""


def many_shingles(texts: Sequence[bytes], size: int) -> tuple[array[int], list[int]]:
    """The shingles of many texts, in words with space between, and where those of each end.

    As ``_runs`` finds them, in a third of the time: Arrow takes the texts apart, and makes the
    CRC-32 of a run of those of its words. A CRC is linear: that of ``left + right`` is that of
    ``left``, moved on by the bytes of ``right``, xor that of ``right``. The ends follow a 0.
    """
    import pyarrow.compute as pc  # 25 ms that few starts need

    texts = [text.strip() for text in texts]
    split = pc.ascii_split_whitespace(_strings([*texts, b" ".join([b"-"] * size)]))
    found = split.values.dictionary_encode()
    known = _byte_strings(found.dictionary)
    if max(map(len, known)) > _LONGEST_WORD:
        return _shingles_one_by_one(texts, size)
    after = [b" " + word for word in known]
    joined, lengths = packed("I", map(zlib.crc32, after)), packed("I", map(len, after))

    # A run begins at each word; of the text that was added, at its first alone.
    places, count = found.indices, len(found.indices) - size + 1
    runs = packed("I", map(zlib.crc32, known)).take(places.slice(0, count))
    for at in range(1, size):
        word = places.slice(at, count)
        runs = pc.bit_wise_xor(_moved_on(runs, lengths.take(word)), joined.take(word))

    kept, ends, short = bytearray(b"\1") * count, [0], list[tuple[int, bytes]]()
    kept[-1] = 0
    for text, (first, last) in zip(texts, pairwise(numbers(split.offsets, "i")), strict=False):
        whole = max(0, last - first - size + 1) if text else 0  # of "" there is a word, too: ""
        if text and not whole:
            short.append((ends[-1], text))
            whole = 1
        kept[first + whole : last] = bytes(last - first - whole)
        ends.append(ends[-1] + whole)
    mask = pa.Array.from_buffers(pa.uint8(), count, [None, pa.py_buffer(kept)]).cast(pa.bool_())
    flat = array("Q", numbers(runs.filter(mask).cast(pa.uint64()), "Q").tobytes())
    for at, text in short:
        flat[at] = zlib.crc32(b" ".join(text.split()))
    return flat, ends


def _shingles_one_by_one(texts: Iterable[bytes], size: int) -> tuple[array[int], list[int]]:
    flat, ends = array("Q"), [0]
    for text in texts:
        flat.extend(_runs(text.split(), size))
        ends.append(len(flat))
    return flat, ends


def _moved_on(crcs: Any, lengths: Any) -> Any:
    """What each CRC-32 adds to that of a text in which so many bytes follow."""
    import pyarrow.compute as pc  # 25 ms that few starts need

    table, row = _moves(), pc.shift_left(lengths, uint32(10))
    total = None
    for byte in range(4):
        value = pc.bit_wise_and(pc.shift_right(crcs, uint32(8 * byte)), uint32(0xFF))
        at = pc.bit_wise_or(pc.bit_wise_or(row, uint32(byte << 8)), value)
        part = table.take(at)
        total = part if total is None else pc.bit_wise_xor(total, part)
    return total


@cache
def _moves() -> Any:
    """By bytes that follow, byte of the CRC, and its value: what that adds, in 256 kB."""
    found = array("I")
    for length in range(_LONGEST_WORD + 2):
        zeros = bytes(length)
        nothing = zlib.crc32(zeros)
        for byte in range(0, 32, 8):
            found.extend(zlib.crc32(zeros, value << byte) ^ nothing for value in range(256))
    return packed("I", found)


def _mixed_columns(columns: Sequence[Any]) -> array[int]:
    """As ``_band_keys``, of the numbers that stand in one row of these Arrow arrays."""
    import pyarrow.compute as pc  # 25 ms that few starts need

    total = None
    for column, factor in zip(columns, _FACTORS, strict=False):
        product = pc.multiply(column.cast(pa.uint64()), uint64(factor))
        total = product if total is None else pc.add(total, product)
    keys = pc.shift_right(total, uint64(64 - KEY_BITS)).cast(pa.uint32())
    return array("I", numbers(keys, "I").tobytes())


# --- numbers in Arrow's memory -----------------------------------------------------------------

# Arrow arrays are built from buffers: for Python's own values pyarrow imports pandas where that is
# installed, which takes 0.3 s and 40 MB.


def numbers(values: Any, code: Literal["i", "H", "I", "Q"]) -> memoryview:
    """The numbers of an Arrow array, without a copy."""
    width = array(code).itemsize
    start = values.offset * width
    return memoryview(values.buffers()[1])[start : start + len(values) * width].cast("B").cast(code)


def packed(code: Literal["H", "I", "Q"], values: Iterable[int]) -> Any:
    """Numbers as an Arrow array; an ``array`` or a view of that kind is not copied."""
    kinds = {"H": pa.uint16(), "I": pa.uint32(), "Q": pa.uint64()}
    if not isinstance(values, array | memoryview) or memoryview(values).format != code:
        values = array(code, values)
    return pa.Array.from_buffers(kinds[code], len(values), [None, pa.py_buffer(values)])


@lru_cache(maxsize=256)
def uint64(value: int) -> Any:
    """A number for Arrow to reckon with."""
    return packed("Q", (value,))[0]


@lru_cache(maxsize=256)
def uint32(value: int) -> Any:
    """As ``uint64``, for numbers of 32 bits."""
    return packed("I", (value,))[0]


def _strings(raw: Sequence[bytes]) -> Any:
    ends = array("q", accumulate(map(len, raw), initial=0))
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(raw))]
    return pa.Array.from_buffers(pa.large_string(), len(raw), buffers)


def _byte_strings(strings: Any) -> list[bytes]:
    """The bytes of an Arrow array of large strings: no text of it is decoded."""
    raw = strings.cast(pa.large_binary())
    return list(raw.to_pylist())
