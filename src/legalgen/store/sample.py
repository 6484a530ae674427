"""The sample: its values, its JSON schema, its Arrow schema, and how an answer is read."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from legalgen.completion import Completion
from legalgen.errors import AnswerRefused, ErrorCategory, Reason
from legalgen.store.thinking import object_start, without_thinking

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA_VERSION: Final = 2
"""Version of the columns below, in which an empty dataset begins."""
OLDEST_VERSION: Final = 1
"""The oldest version whose parts and journals are read, and written on where they are."""


class Citation(msgspec.Struct, frozen=True):
    """One authority as the answer cites it.

    ``status``: ``unparsed``, ``named``, ``parsed``, ``conflict``, ``listed`` or ``grounded``;
    never "valid". ``key`` is the canonical form (``uksc/2013/34``), empty when unparsed; ``kind``
    names the grammar that read it (``uk_neutral``, ``uk_report``, ``statute``, ...), empty when
    unparsed. ``proposition`` is what the model says that it is cited for; nobody judges its words.

    Of a grounded citation: ``source`` is the id of one of the row's ``sources``, ``pinpoint`` the
    place in it, ``quote`` its words, which stand from character ``start`` up to ``end`` of it.
    """

    text: str
    kind: str = ""
    key: str = ""
    status: str = "unparsed"
    proposition: str | None = None
    source: str | None = None
    pinpoint: str | None = None
    quote: str | None = None
    start: int | None = None
    end: int | None = None


class GroundingText(msgspec.Struct, frozen=True):
    """One of the user's own texts that a row was written from; ``sha256`` is of the text."""

    id: str
    title: str | None = None
    pinpoint: str | None = None
    licence: str | None = None
    as_of: str | None = None
    sha256: str | None = None


class Marks(msgspec.Struct, frozen=True):
    """A judge's marks of a row, 1 to 5; null where it was not asked for one."""

    correctness: int | None = None
    relevance: int | None = None
    reasoning: int | None = None
    citation_use: int | None = None
    consistent: int | None = None
    safe: int | None = None


class DraftCitation(msgspec.Struct, frozen=True):
    """One authority as the model gave it; where it wrote from given texts, the label of one
    (``S1``) and the words that it quotes, and no text of its own."""

    text: str = ""
    proposition: str = ""
    source: str = ""
    quote: str = ""


class Draft(msgspec.Struct, frozen=True):
    """An answer that could be read, before anybody judged it. ``repaired``: JSON was mended."""

    question: str
    reasoning_steps: tuple[str, ...]
    answer: str
    citations: tuple[DraftCitation, ...]
    repaired: bool = False


class Sample(msgspec.Struct, frozen=True):
    """One row of the dataset; the columns, in their order (see ``arrow_schema``).

    The columns of version 1 come first. Those after ``schema_version`` came with version 2:
    ``grounded``, whether the row was written from the user's own texts; ``sources``, which those
    were; ``marks`` and ``remark`` of the judge that gave ``score``.
    """

    id: str
    question: str
    answer: str
    reasoning_steps: tuple[str, ...]
    citations: tuple[Citation, ...]
    jurisdiction: str
    sub_jurisdiction: str
    practice_area: str
    topic: str
    subtopic: str
    difficulty: str
    sample_type: str
    as_of: str | None
    seed_json: str
    provider: str
    model: str
    prompt_version: str
    batch_id: str
    slot: int
    attempts: int
    input_tokens: int
    output_tokens: int
    flags: tuple[str, ...]
    score: float | None
    judge: str | None
    thinking: str | None
    latency_s: float | None
    cost_usd: float | None
    reasoning_tokens: int | None
    created_at: datetime
    schema_version: int = SCHEMA_VERSION
    grounded: bool | None = False
    sources: tuple[GroundingText, ...] | None = None
    marks: Marks | None = None
    remark: str | None = None


def _answer_schema(*citation: str) -> Mapping[str, object]:
    cited = {
        "type": "object",
        "properties": {name: {"type": "string"} for name in citation},
        "required": list(citation),
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {
            "question": {"type": "string"},
            "reasoning_steps": {"type": "array", "items": {"type": "string"}},
            "answer": {"type": "string"},
            "citations": {"type": "array", "items": cited},
        },
        "required": ["question", "reasoning_steps", "answer", "citations"],
        "additionalProperties": False,
    }


ANSWER_SCHEMA: Final = _answer_schema("text", "proposition")
"""What a model is asked to answer with. The order is meant: reasoning before the answer.

Bounds are in the prompt and the gate: strict decoders refuse ``minItems``, ``pattern``, ``format``.
"""
GROUNDED_SCHEMA: Final = _answer_schema("source", "quote", "proposition")
"""The same where it writes from texts that it is given: each citation quotes one of them."""


# --- identity ----------------------------------------------------------------------------------

_TYPOGRAPHY: Final[Mapping[str, str]] = {
    "\u2010": "-",  # hyphen; NFKC turns the non-breaking hyphen into it
    "\u2018": "'",
    "\u2019": "'",
    "\u201a": "'",
    "\u201b": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u201e": '"',
    "\u201f": '"',
    "\u00ad": "",  # soft hyphen
    "\u200b": "",  # zero width space
    "\u200c": "",
    "\u200d": "",
    "\u2060": "",  # word joiner
    "\ufeff": "",  # byte order mark
}

_REMEMBERED: Final = 128
"""Texts: the gate, the index and the id of a sample all read the same few, one after another."""
_LONGEST_REMEMBERED: Final = 20_000
"""Characters; longer texts come from elsewhere, and are read once."""
_SHORT: Final = 400
"""Characters."""


def normalise(text: str) -> str:
    """Fold away what does not change the meaning: case, typography, white space.

    Two texts that normalise alike are the same text to a reader. Idempotent.
    """
    return _remembered(text) if len(text) <= _LONGEST_REMEMBERED else _normalised(text)


def _normalised(text: str) -> str:
    folded = _folded(text, _alone)
    line = _in_one_line(folded)
    return " ".join(folded.split()) if line is None else line


def count_words(text: str) -> int:
    """How many words ``text.split()`` finds."""
    line = _in_one_line(text)
    return len(text.split()) if line is None else line.count(" ") + (line != "")


def _in_one_line(text: str) -> str | None:
    """The text with single spaces for its white space, where nothing has to be split for that.

    Of white space nothing but the space is printable.
    """
    line = text.replace("\n", " ")
    return line.strip(" ") if "  " not in line and line.isprintable() else None


def _folded(text: str, alone: Callable[[str], str | None]) -> str:
    """The text as ``normalise`` folds it, with its white space, and ``alone`` what is not ASCII."""
    if text.isascii():
        return text.casefold()
    odd = beyond_ascii(text)
    if len(odd) <= _FEW:
        instead = {char: put for char in odd if (put := alone(char)) is not None}
        if len(instead) == len(odd):
            for char, put in instead.items():
                text = text.replace(char, put)
            # all but ASCII is folded, and of bytes nothing but ASCII is: in a third of the time
            return text.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")
    folded = _plain(unicodedata.normalize("NFKC", text)).casefold()
    return _plain(unicodedata.normalize("NFKC", folded))


_FEW: Final = 12
"""So many characters are replaced one by one sooner than the whole text is normalised."""


@functools.lru_cache(maxsize=1024)
def _alone(char: str) -> str | None:
    """What a character is folded to whatever stands around it; None where that matters.

    It matters of those that join what is before or after them: marks, and the letters of Hangul.
    """
    first = unicodedata.normalize("NFKC", char)
    folded = _plain(first).casefold()
    last = _plain(unicodedata.normalize("NFKC", folded))
    joins = (
        unicodedata.category(one).startswith("M") or "\u1100" <= one <= "\u11ff"
        for one in first + folded + last
    )
    return None if any(joins) or last.casefold() != last else last


@functools.lru_cache(maxsize=1024)
def _alone_in_words(char: str) -> str | None:
    """As ``_alone``, with a space for what is no part of a word."""
    folded = _alone(char)
    if folded is None:
        return None
    return "".join(one if one.isascii() or one.isalnum() else " " for one in folded)


def beyond_ascii(text: str) -> set[str]:
    """The characters of a text that are not ASCII, in a tenth of the time of a pattern."""
    raw = text.encode("utf-8", "surrogatepass").translate(None, _ASCII)
    return set(raw.decode("utf-8", "surrogatepass"))


def _plain(text: str) -> str:
    """The text in plain typography; ``str.translate`` takes ten times as long over prose."""
    for odd, plain in _TYPOGRAPHY.items():
        if odd in text:
            text = text.replace(odd, plain)
    return text


_ASCII: Final = bytes(range(128))
_BETWEEN_WORDS: Final = bytes(
    code if code >= 128 or chr(code).isalnum() or chr(code) == "_" else 32 for code in range(256)
)


_remembered = functools.lru_cache(maxsize=_REMEMBERED)(_normalised)


def words(text: str) -> tuple[str, ...]:
    r"""The words of a normalised text: case, punctuation and quotes are gone.

    What ``re.findall(r"\w+", normalise(text))`` finds, in a third of the time.
    """
    return _remembered_words(text) if len(text) <= _LONGEST_REMEMBERED else _words(text)


def spaced_words(text: str) -> bytes:
    """As ``words``, in UTF-8 with spaces between; nothing of it is remembered."""
    return _apart(_folded(text, _alone_in_words))


def _words(text: str) -> tuple[str, ...]:
    # of what is short, a sentence or a step, hardly anybody asks how it is normalised
    raw = spaced_words(text) if len(text) < _SHORT else _apart(normalise(text))
    return tuple(raw.decode("utf-8", "surrogatepass").split())


def _apart(plain: str) -> bytes:
    """The text with nothing but space between its words."""
    if not plain.isascii():
        for mark in beyond_ascii(plain):
            if not mark.isalnum():
                plain = plain.replace(mark, " ")
    return plain.encode("utf-8", "surrogatepass").translate(_BETWEEN_WORDS)


_remembered_words = functools.lru_cache(maxsize=_REMEMBERED)(_words)


def sample_id(question: str, answer: str) -> str:
    """The id of a sample: ``lg_`` and 16 hex digits of BLAKE2b over the normalised text."""
    # A normalised text holds no newline, so the two fields cannot run into each other.
    text = f"{normalise(question)}\n{normalise(answer)}"
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8)
    return f"lg_{digest.hexdigest()}"


# --- rows --------------------------------------------------------------------------------------


def arrow_schema(version: int = SCHEMA_VERSION) -> pa.Schema:
    """The one schema of every part of a version: the columns of ``Sample`` in their order.

    Plain strings, booleans, int64, float64, lists and structs only: readers disagree about
    everything else.
    """
    return _schemas()[version]


@functools.cache
def _schemas() -> Mapping[int, pa.Schema]:
    import pyarrow as pa  # heavy; only what touches parquet pays for it

    text, texts, number = pa.string(), pa.list_(pa.string()), pa.int64()
    citation = pa.struct([(name, text) for name in _CITATION_TEXTS])
    first = pa.struct([(name, text) for name in _CITATION_1])
    types = {
        "reasoning_steps": texts,
        "citations": pa.list_(pa.struct([*citation, ("start", number), ("end", number)])),
        "flags": texts,
        **dict.fromkeys(("slot", "attempts", "schema_version"), number),
        **dict.fromkeys(("input_tokens", "output_tokens", "reasoning_tokens"), number),
        **dict.fromkeys(("score", "latency_s", "cost_usd"), pa.float64()),
        "created_at": pa.timestamp("us", tz="UTC"),
        "grounded": pa.bool_(),
        "sources": pa.list_(pa.struct([(name, text) for name in GroundingText.__struct_fields__])),
        "marks": pa.struct([(name, number) for name in Marks.__struct_fields__]),
    }
    second = pa.schema([(name, types.get(name, text)) for name in Sample.__struct_fields__])
    types["citations"] = pa.list_(first)
    names = [name for name in Sample.__struct_fields__ if name not in ADDED]
    return {1: pa.schema([(name, types.get(name, text)) for name in names]), 2: second}


ADDED: Final = ("grounded", "sources", "marks", "remark")
"""The columns that version 1 lacks."""
_CITATION_1: Final = ("text", "kind", "key", "status")
_CITATION_TEXTS: Final = (*_CITATION_1, "proposition", "source", "pinpoint", "quote")


def version_of(schema: pa.Schema) -> int | None:
    """The version whose columns these are, or None: they are not ours."""
    return next((number for number, ours in _schemas().items() if schema.equals(ours)), None)


def table_of(rows: Iterable[bytes], version: int = SCHEMA_VERSION) -> pa.Table:
    """An Arrow table of ``arrow_schema``, of rows as ``to_json`` gives them.

    ``version`` is that of every row: see ``in_version``.
    """
    import pyarrow as pa  # heavy; only what touches parquet pays for it
    from pyarrow import json

    # By way of JSON, because from Python objects pyarrow imports pandas where that is installed:
    # 0.3 s and 40 MB for nothing. In blocks, because all rows at once stand there three times.
    current = version == SCHEMA_VERSION
    parse_options = json.ParseOptions(
        explicit_schema=arrow_schema(version),
        unexpected_field_behavior="error" if current else "ignore",
    )

    def read(lines: bytes) -> pa.Table:
        options = json.ReadOptions(use_threads=False, block_size=len(lines) + 1)
        return json.read_json(io.BytesIO(lines), options, parse_options)

    tables = [read(lines) for lines in _blocks(rows)]
    return pa.concat_tables(tables) if tables else arrow_schema(version).empty_table()


_BLOCK_BYTES: Final = 1 << 18
"""So many bytes of rows, and what is left of the last of them, are read at once."""


def _blocks(rows: Iterable[bytes]) -> Iterator[bytes]:
    """The rows a line each, as texts that end with the row that reaches ``_BLOCK_BYTES``."""
    block, size = list[bytes](), 0
    for row in rows:
        block.append(row)
        size += len(row)
        if size >= _BLOCK_BYTES:
            yield b"\n".join(block)
            block, size = [], 0
    if block:
        yield b"\n".join(block)


def in_version(sample: Sample, version: int) -> Sample:
    """The sample as a row of a dataset of this version."""
    if sample.schema_version == version:
        return sample
    return msgspec.structs.replace(sample, schema_version=version)


def upgraded(batch: pa.RecordBatch, version: int = SCHEMA_VERSION) -> pa.RecordBatch:
    """Rows of an older version as rows of ``version``: null stands where there was nothing.

    Rows of that version, and of a later one, come back as they are.
    """
    import pyarrow as pa  # heavy; only what touches parquet pays for it

    if version_of(batch.schema) != 1 or version == 1:
        return batch
    rows, schema = batch.num_rows, arrow_schema(version)
    made: dict[str, pa.Array] = {
        "citations": _widened(batch.column("citations"), schema.field("citations").type),
        "schema_version": pa.repeat(pa.scalar(version, pa.int64()), rows),
        "grounded": pa.repeat(pa.scalar(value=False), rows),
    }
    held = {name: batch.column(name) for name in batch.schema.names} | made
    columns = [
        held[field.name] if field.name in held else pa.nulls(rows, field.type) for field in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _widened(lists: pa.ListArray, kind: pa.ListType) -> pa.ListArray:
    """Lists of structs with the fields of ``kind``: those that they lack are null."""
    import pyarrow as pa  # heavy; only what touches parquet pays for it

    # ``values`` are those of the whole buffer, of which a slice's offsets know their own.
    values = lists.values
    held = {field.name for field in values.type}
    children = [
        values.field(field.name) if field.name in held else pa.nulls(len(values), field.type)
        for field in kind.value_type
    ]
    structs = pa.StructArray.from_arrays(
        children, fields=list(kind.value_type), mask=values.is_null()
    )
    offsets = pa.array(lists.offsets.to_pylist(), pa.int32())
    return pa.ListArray.from_arrays(offsets, structs, type=kind, mask=lists.is_null())


def from_table(table: pa.Table) -> list[Sample]:
    """The samples of an Arrow table that has the columns of ``arrow_schema``, of any version.

    Raises:
        msgspec.ValidationError: a column is missing or of another type.
    """
    return [msgspec.convert(row, Sample) for row in table.to_pylist()]


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(Sample)
_SURROGATES: Final = re.compile("[\ud800-\udfff]")


def to_json(value: msgspec.Struct) -> bytes:
    """One sample, or another value of ours, as one line of JSON without the newline.

    Half a surrogate pair, which a vendor's JSON may hold and UTF-8 may not, becomes U+FFFD.
    """
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:
        return _ENCODER.encode(_without_surrogates(msgspec.to_builtins(value)))


def _without_surrogates(value: object) -> object:
    if isinstance(value, str):
        return in_utf8(value)
    if isinstance(value, (list, tuple)):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {key: _without_surrogates(item) for key, item in value.items()}
    return value


def in_utf8(text: str) -> str:
    """The text as a file holds it: half a surrogate pair becomes U+FFFD."""
    return _SURROGATES.sub("\ufffd", text)


def from_json(line: bytes) -> Sample:
    """The sample of one line of JSON.

    Raises:
        msgspec.DecodeError: the line is not a sample.
    """
    return _DECODER.decode(line)


# --- reading an answer -------------------------------------------------------------------------

_COMPLETE: Final = frozenset({"stop", "eos", "end_turn"})
_MAX_CHARACTERS: Final = 200_000
_MAX_BRACKETS: Final = 500
_MAX_CANDIDATES: Final = 64


def read(completion: Completion) -> Draft:
    """Read what a model answered; nothing is judged here but whether it can be read.

    Truncation is looked at first: a mended half of an answer looks like a whole one.

    Raises:
        AnswerRefused: with every reason found: ``THINKING_ONLY``, ``NO_TEXT``, ``TRUNCATED``,
            ``CONTENT_FILTER``, ``BAD_JSON``, ``SCHEMA``, ``EMPTY_FIELD``.
    """
    found, repaired = read_object(completion, "question")
    return _to_draft(found, repaired=repaired)


def read_object(completion: Completion, key: str) -> tuple[Mapping[str, object], bool]:
    """The JSON object in a completion that has a key, and whether it had to be mended.

    Raises:
        AnswerRefused: it was cut off or blocked, or there is no such object.
    """
    text = without_thinking(_decoded(completion.text), key)
    if completion.finish_reason != "content_filter" and not text.strip():
        raise _silent(completion)
    _refuse_unfinished(completion)
    return _find_object(text, completion.finish_reason, key)


def _decoded(text: str) -> str:
    """An answer that was written as JSON twice, as a gateway does, once less."""
    if not text.startswith('"{') and not text.startswith('"\\n'):
        return text
    value, end = _decode(text, 0)
    return value if isinstance(value, str) and not text[end:].strip() else text


def _refuse_unfinished(completion: Completion) -> None:
    if completion.finish_reason == "length":
        raise _truncated(f"cut off after {completion.usage.output_tokens} tokens")
    if completion.finish_reason == "content_filter":
        reason = Reason("CONTENT_FILTER", "the vendor's filter blocked the answer")
        raise AnswerRefused([reason], category=ErrorCategory.CONTENT_FILTER)


def _silent(completion: Completion) -> AnswerRefused:
    """Why nothing is left once the thinking is cut away.

    Some vendors do not show the thinking: then its tokens tell of it, or that all tokens of the
    cap were used up and nothing was written, not even blanks.
    """
    usage, cut = completion.usage, completion.finish_reason == "length"
    thought = len((completion.thinking or completion.text).strip())
    unseen = usage.reasoning_tokens or (cut and not completion.text and usage.output_tokens)
    how = f"cut off after {usage.output_tokens:,} tokens"
    if thought or unseen:
        much = f" ({thought:,} characters)" if thought else ""
        why = f"the model only thought{much}{f', and was {how}' if cut else ''}: no answer came"
        return AnswerRefused([Reason("THINKING_ONLY", why)], truncated=cut)
    if cut:
        return _truncated(how)
    ended = completion.finish_reason or "nothing"
    return AnswerRefused([Reason("NO_TEXT", f"no text came back, ended by {ended!r}")])


def _truncated(how: str) -> AnswerRefused:
    return AnswerRefused([Reason("TRUNCATED", f"the answer was {how}")], truncated=True)


def _find_object(text: str, finish_reason: str, key: str) -> tuple[Mapping[str, object], bool]:
    """The JSON object in the text, and whether it had to be mended."""
    if len(text) > _MAX_CHARACTERS:
        raise _bad_json(f"it is {len(text)} characters long")
    found, end = _intact(text, key)
    if found is not None:
        begun = object_start(key).search(text, end)
        if begun is None:
            return found, False
        text = text[begun.start() :]  # what stands whole before it was a draft
    is_open = not text.rstrip("`\n\r\t ").endswith("}")
    if is_open and (found is not None or finish_reason not in _COMPLETE):
        raise _truncated(f"not closed, and ended by {finish_reason or 'nothing'!r}")
    return _mended(text, key), True


def _bad_json(why: str) -> AnswerRefused:
    return AnswerRefused([Reason("BAD_JSON", f"the answer is not one JSON object: {why}")])


def _intact(text: str, key: str) -> tuple[Mapping[str, object] | None, int]:
    """The last object that stands in the text whole, behind fences or prose, and where it ends."""
    found: Mapping[str, object] | None = None
    value, end = _decode(text, max(0, text.find("{")))
    if isinstance(value, dict) and key in value and text.find("{", end) < 0:
        return value, end  # as it nearly always is
    end = 0
    for start in _candidates(text, key):
        if start < end:
            continue
        value, stop = _decode(text, start)
        if isinstance(value, dict) and key in value:
            found, end = value, stop
    return found, end


def _candidates(text: str, key: str) -> Sequence[int]:
    """Where an object may begin, in order: a bounded number of places."""
    named = [match.start() for match in object_start(key).finditer(text)]
    others = [match.start() for match in re.finditer(r"\{", text)]
    return sorted({*others[:_MAX_CANDIDATES], *named[-_MAX_CANDIDATES:]})


_JSON: Final = json.JSONDecoder(strict=False)  # a raw newline in a string is no damage


def _decode(text: str, start: int) -> tuple[object, int]:
    try:
        return _JSON.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None, start


def _mended(text: str, key: str) -> Mapping[str, object]:
    import json_repair  # needed for broken answers only

    # Measured: 60,000 braces keep json_repair busy for 40 s; a sample has some thirty.
    if sum(text.count(sign) for sign in "{[") > _MAX_BRACKETS:
        raise _bad_json(f"more than {_MAX_BRACKETS} brackets are open in it")
    start = object_start(key).search(text)
    try:
        value = json_repair.loads(text[start.start() :] if start else text)
    except (ValueError, RecursionError) as error:
        raise _bad_json(str(error)[:100]) from error
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict) and one:
            return one
    raise _bad_json(f"it begins {text.strip()[:40]!r}" if text.strip() else "it is empty")


def _to_draft(found: Mapping[str, object], *, repaired: bool) -> Draft:
    """The values of the four fields, cleaned; fields that nobody asked for are left out."""
    if not _TYPES.keys() <= found.keys():
        found = {_field_name(name): value for name, value in found.items()} | dict(found)
    try:
        answer = msgspec.convert(found, _Answer)
    except msgspec.ValidationError:
        faults = map(functools.partial(_fault, found), _TYPES)
        raise AnswerRefused([fault for fault in faults if fault]) from None
    draft = Draft(
        question=clean(answer.question),
        reasoning_steps=_steps(answer.reasoning_steps),
        answer=clean(answer.answer),
        citations=_citations(answer.citations),
        repaired=repaired,
    )
    _refuse_empty(draft)
    return draft


class _Answer(msgspec.Struct, frozen=True):
    question: str
    reasoning_steps: tuple[str, ...]
    answer: str
    citations: tuple[DraftCitation | str, ...]


# msgspec works a type out at its first use, and two workers at once would end the process.
msgspec.json.Decoder(_Answer)
_TYPES: Final = {field.name: field.type for field in msgspec.structs.fields(_Answer)}


def _field_name(name: str) -> str:
    """The field that is meant, where a model writes ``Reasoning Steps`` or ``reasoningSteps``."""
    return _FIELDS_BY_LETTERS.get(_letters(name), name)


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


_FIELDS_BY_LETTERS: Final = {_letters(name): name for name in _TYPES}


def _fault(found: Mapping[str, object], field: str) -> Reason | None:
    """What is wrong with one field, so that a model hears of all of them at once."""
    if field not in found:
        return Reason("SCHEMA", f"field {field!r} is missing", field)
    try:
        msgspec.convert(found[field], _TYPES[field])
    except msgspec.ValidationError as error:
        return Reason("SCHEMA", f"field {field!r}: {error}", field)
    return None


def _refuse_empty(draft: Draft) -> None:
    texts = {"question": draft.question, "answer": draft.answer}
    reasons = [
        Reason("EMPTY_FIELD", f"field {name!r} is empty", name)
        for name, text in texts.items()
        if not text
    ]
    if reasons:
        raise AnswerRefused(reasons)


_STEP_NUMBER: Final = re.compile(
    r"""\A(?:\*\*)?(?:
        step\s+\d+\s*(?:\*\*)?\s*(?:[:.)-]|\u2013|\u2014)+   # Step 1: / **Step 1** -
        | \(?\d{1,2}[.):](?=\s)                              # 1. / 1) / (1)
        | [-\u2022*](?=\s)                                   # a bullet
    )(?:\*\*)?\s*""",
    re.IGNORECASE | re.VERBOSE,
)


def _steps(texts: Iterable[str]) -> tuple[str, ...]:
    """The steps without numbers of their own; blank ones are left out."""
    lines = (_STEP_NUMBER.sub("", one_line(text), count=1) for text in texts)
    return tuple(step for step in lines if step)


def _citations(found: Iterable[DraftCitation | str]) -> tuple[DraftCitation, ...]:
    """One value each, on one line; a bare string is a text without a proposition."""
    drafts = (DraftCitation(one) if isinstance(one, str) else one for one in found)
    lines = (
        DraftCitation(
            one_line(one.text),
            clean(one.proposition),
            clean(one.source),
            one_line(one.quote),
        )
        for one in drafts
    )
    return tuple(line for line in lines if line.text or line.quote)


_UNPRINTABLE: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)


_BLANKS: Final = re.compile("[ \t\u00a0]+")
_LINE_ENDS: Final = re.compile(r" *\n *")
_BLANK_LINES: Final = re.compile(r"\n{3,}")


def clean(text: str) -> str:
    """Text as it may be stored: no control characters, no invisible ones, tidy white space.

    Paragraphs stay; spaces at line ends and more than one blank line in a row do not.
    """
    if _is_tidy(text):
        return text.strip()
    text = in_utf8(text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _BLANKS.sub(" ", _UNPRINTABLE.sub("", text))
    return _BLANK_LINES.sub("\n\n", _LINE_ENDS.sub("\n", text)).strip()


def one_line(text: str) -> str:
    """Clean text without line ends, as a step of the reasoning is stored."""
    return " ".join(clean(text).split())


def _is_tidy(text: str) -> bool:
    """Whether nothing inside is to be cleaned; so it is for most texts, and quickly seen."""
    if "  " in text:
        return False
    if "\n" not in text:
        return text.isprintable()
    untidy = " \n" in text or "\n " in text or "\n\n\n" in text
    return not untidy and text.replace("\n", "").isprintable()
