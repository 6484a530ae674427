"""Texts as vectors of unit length, by a model in this process: a Protocol and its two readers.

A model is a folder as sentence-transformers or model2vec save it, or the name of one that lies in
the Hugging Face cache; nothing is downloaded. Two kinds are read, with numpy and ``tokenizers``
alone (the extra ``semantic``): static models, a table of vectors whose mean over the tokens of a
text is taken, and encoders of the architecture BERT (MiniLM, BGE, E5), whose forward pass is a few
matrix products a layer. Weights are read from safetensors.

Imports numpy: import it lazily.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple, Protocol

import msgspec
import numpy as np

from legalgen.errors import UsageError
from legalgen.errors.plurals import plural
from legalgen.settings.reading import is_file, is_folder, listed
from legalgen.store.files import NOT_OURS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    Vectors = NDArray[np.float32]
    Tensors = Mapping[str, NDArray[Any]]

TOKENS_AT_ONCE: Final = 512
"""Of several texts that go through an encoder together."""
ROWS_IN_CACHE: Final = 32
MOST_TOKENS: Final = 512
"""Of a text that a static model reads; those of encoders state their own."""
_DTYPES: Final = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I8": "<i1"}
_ERRORS: Final = (OSError, LookupError, TypeError, ArithmeticError, *NOT_OURS)
"""What reading a folder raises that holds something else than was expected."""


class Embedder(Protocol):
    """A model of sentences."""

    @property
    def name(self) -> str:
        """What people call it: the last part of its name, or of its folder's."""

    @property
    def digest(self) -> str:
        """16 hex digits of its weights and its tokenizer: the same for the same vectors."""

    @property
    def dimensions(self) -> int:
        """Numbers in a vector."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """A float32 matrix, a row of unit length a text (all zeros for a text without tokens)."""


def load_embedder(model: str) -> Embedder:
    """The model in a folder, or of a name in the Hugging Face cache.

    Raises:
        UsageError: it is not there, cannot be read, is of a kind that is not read here, or its
            parts do not fit each other; the sentence begins with its name.
    """
    try:
        folder = _folder_of(model)
        modules = _modules(folder)
        for reader in (_static, _bert):
            if (found := reader(folder, modules, _name_of(model))) is not None:
                return found
    except _ERRORS as error:
        raise UsageError(f"{model}: it cannot be read: {error}") from error
    raise UsageError(
        f"{model}: neither a static model nor one of the architecture BERT with "
        "model.safetensors and tokenizer.json: take all-MiniLM-L6-v2, a BGE or E5 model, or one "
        "of model2vec"
    )


# --- where it is -------------------------------------------------------------------------------


def _folder_of(model: str) -> Path:
    if is_folder(folder := Path(model).expanduser()):
        return folder
    for owner in ("", "sentence-transformers/"):
        kept = _cache() / f"models--{(owner + model).replace('/', '--')}" / "snapshots"
        snapshots = sorted(filter(is_folder, listed(kept)), key=lambda one: one.stat().st_mtime)
        if snapshots:
            return snapshots[-1]
    raise UsageError(
        f"{model}: there is no such folder, and no model of this name in {_cache()}: "
        f"nothing is downloaded here, `hf download {model}` does it"
    )


def _cache() -> Path:
    home = os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface"
    return Path(os.environ.get("HF_HUB_CACHE") or Path(home) / "hub")


def _name_of(model: str) -> str:
    path = Path(model).expanduser()
    return path.resolve().name if is_folder(path) else path.name


def _modules(folder: Path) -> Mapping[str, Path]:
    """The folder of each module by the last word of its type; a lone model has no list of them."""
    path = folder / "modules.json"
    if not is_file(path):
        return {"": folder}
    named = msgspec.json.decode(path.read_bytes(), type=list[dict[str, Any]])
    return {str(one["type"]).rpartition(".")[2]: folder / str(one["path"]) for one in named}


def _config(path: Path) -> dict[str, Any]:
    if not is_file(path):
        return {}
    return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])


def _tensors(path: Path) -> Tensors:
    """The arrays of a safetensors file: a length of 8 bytes, a JSON head, the numbers."""
    raw = path.read_bytes()
    begin = 8 + int.from_bytes(raw[:8], "little")
    head = msgspec.json.decode(raw[8:begin], type=dict[str, dict[str, Any]])
    head.pop("__metadata__", None)
    found = {name: _tensor(raw, begin, name, about) for name, about in head.items()}
    for name, tensor in found.items():
        with np.errstate(over="ignore"):  # what float32 cannot hold is found here as well
            if not np.isfinite(tensor.astype(np.float32, copy=False)).all():
                raise ValueError(f"{path.name}: {name} has numbers that are not finite")
    return found


def _tensor(raw: bytes, begin: int, name: str, about: Mapping[str, Any]) -> NDArray[Any]:
    first, last = (begin + int(at) for at in about["data_offsets"])
    shape = [int(each) for each in about["shape"]]
    # numpy takes a size below zero for "whatever is there", and a slice ends where its bytes do.
    if not (begin <= first <= last <= len(raw)) or min(shape, default=0) < 0:
        raise ValueError(f"{name} is not whole: download it again")
    if about["dtype"] == "BF16":  # the upper half of a float32
        halves = np.frombuffer(raw[first:last], "<u2").astype(np.uint32) << 16
        return np.ascontiguousarray(halves).view(np.float32).reshape(shape)
    return np.frombuffer(raw[first:last], _DTYPES[about["dtype"]]).reshape(shape)


def _digest(*paths: Path) -> str:
    digest = blake2b(digest_size=8)
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _tokenizer(path: Path, most: int) -> Tokenizer:
    from tokenizers import Tokenizer  # heavy, and an extra
    from tokenizers.models import Unigram

    found = Tokenizer.from_buffer(path.read_bytes())
    about, unknown = _config(path)["model"], getattr(found.model, "unk_token", None)
    lacks = unknown is not None and found.model.token_to_id(unknown) is None
    if isinstance(found.model, Unigram):
        lacks = about.get("unk_id") is None
    if lacks and not about.get("byte_fallback"):
        # It is taken without a word, and fails at the first word that it does not know.
        raise ValueError(f"{path.name} has no token for unknown words")
    found.no_padding()
    found.enable_truncation(most)
    return found


def _ids_of(tokenizer: Tokenizer, *, around: bool) -> int:
    """One more than the largest id that it gives; with those put ``around`` a text, or without."""
    known = tokenizer.get_vocab(with_added_tokens=True).values()
    return 1 + max([*known, *tokenizer.encode("", add_special_tokens=around).ids], default=-1)


def _check_rows(name: str, tensor: NDArray[Any], dimensions: int, ids: int) -> None:
    """Refuse a tensor that has no row for each id of a tokenizer; raises ``ValueError``."""
    if tensor.ndim != dimensions or not tensor.size:
        raise ValueError(f"{name} has the shape {list(tensor.shape)}")
    if len(tensor) < ids:
        raise ValueError(
            f"its tokenizer has ids up to {ids - 1}, and {name} {plural(len(tensor), 'row')}: "
            "take tokenizer.json and model.safetensors of one model"
        )


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    found: Vectors = vectors / np.maximum(lengths, np.float32(1e-12))
    return found


# --- a table of vectors ------------------------------------------------------------------------


class _StaticModel:
    """The mean of its tokens' vectors: no attention, and a thousandth of the time."""

    def __init__(
        self, name: str, digest: str, tensors: Tensors, tokenizer: Tokenizer, unknown: int | None
    ) -> None:
        self.name, self.digest = name, digest
        table = tensors.get("embeddings", tensors.get("embedding.weight"))
        assert table is not None
        self._table = table.astype(np.float32)
        # model2vec may keep one vector for several tokens, and the weight of each token apart.
        self._places, self._weights = tensors.get("mapping"), tensors.get("weights")
        self._tokenizer, self._unknown = tokenizer, unknown
        self._check()

    def _check(self) -> None:
        """Refuse a table that lacks what the tokenizer asks it for; raises ``ValueError``."""
        ids, places = _ids_of(self._tokenizer, around=False), self._places
        _check_rows("its table of vectors", self._table, 2, 0 if places is not None else ids)
        if self._weights is not None:
            _check_rows("weights", self._weights, 1, ids)
        if places is not None:
            _check_rows("mapping", places, 1, ids)
            inside = places.dtype.kind == "i" and 0 <= places.min() <= places.max()
            if not inside or places.max() >= len(self._table):
                rows = plural(len(self._table), "row")
                raise ValueError(f"mapping leads out of its table of vectors, which has {rows}")

    @property
    def dimensions(self) -> int:
        return int(self._table.shape[1])

    def embed(self, texts: Sequence[str]) -> Vectors:
        read = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for row, one in enumerate(read):
            ids = np.array([each for each in one.ids if each != self._unknown], np.int64)
            if len(ids):
                found = self._table[ids if self._places is None else self._places[ids]]
                if self._weights is not None:
                    found = found * self._weights[ids][:, None]
                vectors[row] = found.mean(axis=0)
        return _unit(vectors)


def _static(folder: Path, modules: Mapping[str, Path], name: str) -> Embedder | None:
    within = modules.get("StaticEmbedding", modules.get("", folder))
    weights, words = within / "model.safetensors", within / "tokenizer.json"
    if not is_file(words):
        words = folder / "tokenizer.json"
    if not (is_file(weights) and is_file(words)):
        return None
    tensors = _tensors(weights)
    if not {"embeddings", "embedding.weight"} & set(tensors):
        return None
    tokenizer = _tokenizer(words, MOST_TOKENS)
    unknown = _config(words).get("model", {}).get("unk_token")
    place = tokenizer.token_to_id(unknown) if isinstance(unknown, str) else None
    return _StaticModel(name, _digest(weights, words), tensors, tokenizer, place)


# --- an encoder --------------------------------------------------------------------------------


class _Shape(msgspec.Struct, frozen=True):
    """The part of a BERT model's ``config.json`` that its forward pass goes by."""

    num_hidden_layers: Annotated[int, msgspec.Meta(ge=1)]
    num_attention_heads: Annotated[int, msgspec.Meta(ge=1)]
    max_position_embeddings: Annotated[int, msgspec.Meta(ge=1)]
    layer_norm_eps: float = 1e-12
    hidden_act: str = "gelu"
    model_type: str = ""
    position_embedding_type: str = "absolute"

    @property
    def is_known(self) -> bool:
        """Whether the pass below is the one that the model was trained with."""
        usual = self.position_embedding_type == "absolute"
        return self.model_type == "bert" and self.hidden_act.startswith("gelu") and usual


class _Bert:
    """The encoder of BERT (Devlin et al. 2018).

    The tokens of several texts go through each layer as rows of one matrix, so that its weights are
    read once for all of them and nothing is padded; only attention looks at a text by itself.
    """

    def __init__(
        self, name: str, digest: str, tensors: Tensors, tokenizer: Tokenizer, shape: _Shape,
        *, first_token: bool,
    ) -> None:  # fmt: skip
        self.name, self.digest = name, digest
        weights = {
            key.removeprefix("bert."): value.astype(np.float32, copy=False)
            for key, value in tensors.items()
            if value.dtype.kind == "f"
        }
        self._tokenizer, self._shape, self._first_token = tokenizer, shape, first_token
        self._tables = {
            each: weights[f"embeddings.{each}_embeddings.weight"]
            for each in ("word", "position", "token_type")
        }
        self._first_norm = _affine(weights, "embeddings.LayerNorm")
        layers = range(shape.num_hidden_layers)
        self._layers = [_Layer.of(weights, f"encoder.layer.{each}.") for each in layers]
        self._check()

    def _check(self) -> None:
        """Refuse tables that lack what the tokenizer asks them for, and layers that do not fit each
        other; raises ``ValueError``, or what numpy does where their shapes differ."""
        word, position = self._tables["word"], self._tables["position"]
        _check_rows("its table of words", word, 2, _ids_of(self._tokenizer, around=True))
        most, heads = self._shape.max_position_embeddings, self._shape.num_attention_heads
        if len(position) < most:
            raise ValueError(f"max_position_embeddings is {most}, and it has {len(position)}")
        if self.dimensions % heads:
            raise ValueError(f"{heads} attention heads do not share {self.dimensions} dimensions")
        with np.errstate(all="ignore"):  # it is looked at what came of it
            [states] = self._encode([[0]])
        if states.shape != (1, self.dimensions) or not np.isfinite(states).all():
            raise ValueError("what its layers make of a token is no vector")

    @property
    def dimensions(self) -> int:
        return int(self._tables["word"].shape[1])

    def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        read = self._tokenizer.encode_batch(list(texts))
        for rows in _groups({row: len(one.ids) for row, one in enumerate(read) if one.ids}):
            encoded = self._encode([read[row].ids for row in rows])
            for row, states in zip(rows, encoded, strict=True):
                vectors[row] = states[0] if self._first_token else states.mean(axis=0)
        return _unit(vectors)

    def _encode(self, texts: Sequence[Sequence[int]]) -> Sequence[Vectors]:
        """The last states of the tokens of each text."""
        lengths = [len(ids) for ids in texts]
        places = np.concatenate([np.arange(length) for length in lengths])
        states = self._tables["word"][np.concatenate([np.asarray(ids) for ids in texts])]
        states = states + self._tables["position"][places] + self._tables["token_type"][0]
        ends = list(itertools.accumulate(lengths))
        spans = list(zip([0, *ends], ends, strict=False))
        states = self._normal(states, self._first_norm)
        for layer in self._layers:
            attended = self._attend(_linear(states, layer.queries_keys_values), spans)
            attended = _linear(attended, layer.attended)
            attended += states
            states = self._normal(attended, layer.attended_norm)
            inner = _linear(states, layer.inner)
            _gelu(inner)
            outer = _linear(inner, layer.outer)
            outer += states
            states = self._normal(outer, layer.outer_norm)
        return [states[start:end] for start, end in spans]

    def _attend(self, projected: Vectors, spans: Sequence[tuple[int, int]]) -> Vectors:
        """Every token's values, weighted by how well its key answers to the others' queries.

        One head of one text at a time: what it takes stays in the cache of the processor.
        """
        size = projected.shape[1] // 3
        wide = size // self._shape.num_attention_heads
        found = np.empty((len(projected), size), np.float32)
        projected[:, :size] *= np.float32(1 / math.sqrt(wide))
        for start, end in spans:
            for first in range(0, size, wide):
                query, key, value = (
                    projected[start:end, at + first : at + first + wide]
                    for at in (0, size, 2 * size)
                )
                fits = query @ key.T
                fits -= fits.max(axis=1, keepdims=True)
                np.exp(fits, out=fits)
                mixed = fits @ value
                mixed /= fits.sum(axis=1, keepdims=True)
                found[start:end, first : first + wide] = mixed
        return found

    def _normal(self, states: Vectors, affine: _Affine) -> Vectors:
        """Each row with mean 0 and variance 1, then scaled and moved; in place."""
        states -= states.mean(axis=1, keepdims=True)
        spread = np.einsum("ij,ij->i", states, states) / np.float32(states.shape[1])
        states /= np.sqrt(spread + np.float32(self._shape.layer_norm_eps))[:, None]
        states *= affine.weight
        states += affine.bias
        return states


def _groups(lengths: Mapping[int, int]) -> Iterator[list[int]]:
    """Rows in their order, as many at a time as have ``TOKENS_AT_ONCE``; a longer one by itself."""
    group: list[int] = []
    tokens = 0
    for row, length in lengths.items():
        if group and tokens + length > TOKENS_AT_ONCE:
            yield group
            group, tokens = [], 0
        group.append(row)
        tokens += length
    if group:
        yield group


class _Affine(NamedTuple):
    """A matrix, or a vector of scales, and what is added."""

    weight: Vectors
    bias: Vectors


class _Layer(NamedTuple):
    """The weights of one layer; those of queries, keys and values are one matrix."""

    queries_keys_values: _Affine
    attended: _Affine
    attended_norm: _Affine
    inner: _Affine
    outer: _Affine
    outer_norm: _Affine

    @classmethod
    def of(cls, weights: Tensors, within: str) -> _Layer:
        """Those whose names begin so."""
        three = [_affine(weights, f"{within}attention.self.{each}")
                 for each in ("query", "key", "value")]  # fmt: skip
        return cls(
            _Affine(
                np.concatenate([each.weight for each in three]),
                np.concatenate([each.bias for each in three]),
            ),
            *(
                _affine(weights, within + name)
                for name in (
                    "attention.output.dense",
                    "attention.output.LayerNorm",
                    "intermediate.dense",
                    "output.dense",
                    "output.LayerNorm",
                )
            ),
        )


def _affine(weights: Tensors, name: str) -> _Affine:
    return _Affine(weights[f"{name}.weight"], weights[f"{name}.bias"])


def _linear(states: Vectors, by: _Affine) -> Vectors:
    found: Vectors = states @ by.weight.T
    found += by.bias
    return found


def _gelu(values: Vectors) -> None:
    """By its usual approximation (numpy has no erf), in place: cosines differ by less than 0.005.

    ``x (1 + tanh(u)) / 2`` is ``x / (1 + exp(-2u))``; some rows at a time, which stay in the cache.
    """
    twice = np.float32(-2 * math.sqrt(2 / math.pi))
    with np.errstate(over="ignore"):  # of what is far below zero nothing is left
        for start in range(0, len(values), ROWS_IN_CACHE):
            block = values[start : start + ROWS_IN_CACHE]
            inner = block * block
            inner *= np.float32(0.044715) * twice
            inner += twice
            inner *= block
            np.exp(inner, out=inner)
            inner += np.float32(1)
            block /= inner


def _bert(folder: Path, modules: Mapping[str, Path], name: str) -> Embedder | None:
    within = modules.get("Transformer", modules.get("", folder))
    weights, words = within / "model.safetensors", within / "tokenizer.json"
    config = _config(within / "config.json")
    known = set(modules) <= {"", "Transformer", "Pooling", "Normalize"}
    if not (is_file(weights) and is_file(words) and known and config.get("num_hidden_layers")):
        return None
    shape = msgspec.convert(config, _Shape)
    pooling = _config(modules["Pooling"] / "config.json") if "Pooling" in modules else {}
    first_token = bool(pooling.get("pooling_mode_cls_token"))
    if not shape.is_known or not (first_token or pooling.get("pooling_mode_mean_tokens", True)):
        return None
    stated = _config(folder / "sentence_bert_config.json").get("max_seq_length")
    most = min(int(stated or MOST_TOKENS), shape.max_position_embeddings)
    if most < 1:
        raise ValueError(f"max_seq_length is {most}")
    tokenizer = _tokenizer(words, most)
    digest = _digest(weights, words)
    return _Bert(name, digest, _tensors(weights), tokenizer, shape, first_token=first_token)
