"""Texts as vectors of unit length, by a model in this process: a Protocol and its two readers.

A model is a folder as sentence-transformers or model2vec save it, or the name of one that lies in
the Hugging Face cache; nothing is downloaded. Two kinds are read, with numpy and ``tokenizers``
alone (the extra ``semantic``): static models, a table of vectors whose mean over the tokens of a
text is taken, and encoders of the architecture BERT (MiniLM, BGE, E5), whose forward pass is a few
matrix products a layer. Weights are read from safetensors.

Imports numpy: import it lazily.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec
import numpy as np

from legalgen.errors import UsageError
from legalgen.store.files import NOT_OURS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    Vectors = NDArray[np.float32]
    Tensors = Mapping[str, NDArray[Any]]

MOST_TOKENS: Final = 512
"""Of a text that a static model reads; those of encoders state their own."""
_DTYPES: Final = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I8": "<i1"}
_ERRORS: Final = (OSError, KeyError, TypeError, *NOT_OURS)
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
        UsageError: it is not there, cannot be read, or is of a kind that is not read here.
    """
    folder = _folder_of(model)
    try:
        modules = _modules(folder)
        for reader in (_static, _bert):
            if (found := reader(folder, modules, _name_of(model))) is not None:
                return found
    except _ERRORS as error:
        raise UsageError(f"--semantic {model}: {folder} cannot be read: {error}") from error
    raise UsageError(
        f"--semantic {model}: neither a static model nor one of the architecture BERT with "
        "model.safetensors and tokenizer.json: take all-MiniLM-L6-v2, a BGE or E5 model, or one "
        "of model2vec"
    )


# --- where it is -------------------------------------------------------------------------------


def _folder_of(model: str) -> Path:
    if (folder := Path(model).expanduser()).is_dir():
        return folder
    for owner in ("", "sentence-transformers/"):
        kept = _cache() / f"models--{(owner + model).replace('/', '--')}" / "snapshots"
        snapshots = sorted(kept.glob("*/"), key=lambda one: one.stat().st_mtime)
        if snapshots:
            return snapshots[-1]
    raise UsageError(
        f"--semantic {model}: there is no such folder, and no model of this name in {_cache()}: "
        f"nothing is downloaded here, `hf download {model}` does it"
    )


def _cache() -> Path:
    home = os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface"
    return Path(os.environ.get("HF_HUB_CACHE") or Path(home) / "hub")


def _name_of(model: str) -> str:
    return Path(model).expanduser().resolve().name if Path(model).is_dir() else Path(model).name


def _modules(folder: Path) -> Mapping[str, Path]:
    """The folder of each module by the last word of its type; a lone model has no list of them."""
    path = folder / "modules.json"
    if not path.is_file():
        return {"": folder}
    listed = msgspec.json.decode(path.read_bytes(), type=list[dict[str, Any]])
    return {str(one["type"]).rpartition(".")[2]: folder / str(one["path"]) for one in listed}


def _config(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])


def _tensors(path: Path) -> Tensors:
    """The arrays of a safetensors file: a length of 8 bytes, a JSON head, the numbers."""
    raw = path.read_bytes()
    begin = 8 + int.from_bytes(raw[:8], "little")
    head = msgspec.json.decode(raw[8:begin], type=dict[str, dict[str, Any]])
    head.pop("__metadata__", None)
    return {name: _tensor(raw, begin, about) for name, about in head.items()}


def _tensor(raw: bytes, begin: int, about: Mapping[str, Any]) -> NDArray[Any]:
    first, last = (begin + int(at) for at in about["data_offsets"])
    shape = [int(each) for each in about["shape"]]
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

    found = Tokenizer.from_buffer(path.read_bytes())
    found.no_padding()
    found.enable_truncation(most)
    return found


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
    if not words.is_file():
        words = folder / "tokenizer.json"
    if not (weights.is_file() and words.is_file()):
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

    num_hidden_layers: int
    num_attention_heads: int
    max_position_embeddings: int
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
    """The encoder of BERT (Devlin et al. 2018), one text at a time: none is padded."""

    def __init__(
        self, name: str, digest: str, tensors: Tensors, tokenizer: Tokenizer, shape: _Shape,
        *, first_token: bool,
    ) -> None:  # fmt: skip
        self.name, self.digest = name, digest
        self._weights = {
            key.removeprefix("bert."): value.astype(np.float32, copy=False)
            for key, value in tensors.items()
            if value.dtype.kind == "f"
        }
        self._tokenizer, self._shape, self._first_token = tokenizer, shape, first_token

    @property
    def dimensions(self) -> int:
        return int(self._weights["embeddings.word_embeddings.weight"].shape[1])

    def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in enumerate(texts):
            states = self._encode(self._tokenizer.encode(text).ids)
            vectors[row] = states[0] if self._first_token else states.mean(axis=0)
        return _unit(vectors)

    def _encode(self, ids: Sequence[int]) -> Vectors:
        tables = self._weights
        states = tables["embeddings.word_embeddings.weight"][list(ids)]
        states = states + tables["embeddings.position_embeddings.weight"][: len(ids)]
        states = states + tables["embeddings.token_type_embeddings.weight"][0]
        states = self._normal(states, "embeddings.LayerNorm")
        for layer in range(self._shape.num_hidden_layers):
            within = f"encoder.layer.{layer}."
            attended = self._attend(states, f"{within}attention.self.")
            more = self._linear(attended, f"{within}attention.output.dense")
            states = self._normal(states + more, f"{within}attention.output.LayerNorm")
            inner = _gelu(self._linear(states, f"{within}intermediate.dense"))
            more = self._linear(inner, f"{within}output.dense")
            states = self._normal(states + more, f"{within}output.LayerNorm")
        return states

    def _attend(self, states: Vectors, within: str) -> Vectors:
        """Every token's values, weighted by how well its key answers to the others' queries."""
        length, heads = len(states), self._shape.num_attention_heads

        def split(name: str) -> Vectors:
            return self._linear(states, within + name).reshape(length, heads, -1).swapaxes(0, 1)

        query, key, value = split("query"), split("key"), split("value")
        fits = query @ key.swapaxes(1, 2) / np.float32(math.sqrt(query.shape[2]))
        shares = np.exp(fits - fits.max(axis=2, keepdims=True))
        shares /= shares.sum(axis=2, keepdims=True)
        found: Vectors = (shares @ value).swapaxes(0, 1).reshape(length, -1)
        return found

    def _linear(self, states: Vectors, name: str) -> Vectors:
        found: Vectors = states @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return found

    def _normal(self, states: Vectors, name: str) -> Vectors:
        apart = states - states.mean(axis=1, keepdims=True)
        spread = np.sqrt((apart * apart).mean(axis=1, keepdims=True) + self._shape.layer_norm_eps)
        scaled = apart / spread * self._weights[f"{name}.weight"]
        found: Vectors = scaled + self._weights[f"{name}.bias"]
        return found


def _gelu(values: Vectors) -> Vectors:
    """By its usual approximation (numpy has no erf): cosines differ by less than 0.005."""
    cubed = values * values * values  # numpy's power takes fifty times as long
    inner = np.float32(math.sqrt(2 / math.pi)) * (values + np.float32(0.044715) * cubed)
    found: Vectors = np.float32(0.5) * values * (1 + np.tanh(inner))
    return found


def _bert(folder: Path, modules: Mapping[str, Path], name: str) -> Embedder | None:
    within = modules.get("Transformer", modules.get("", folder))
    weights, words = within / "model.safetensors", within / "tokenizer.json"
    config = _config(within / "config.json")
    known = set(modules) <= {"", "Transformer", "Pooling", "Normalize"}
    if not (weights.is_file() and words.is_file() and known and config.get("num_hidden_layers")):
        return None
    shape = msgspec.convert(config, _Shape)
    pooling = _config(modules["Pooling"] / "config.json") if "Pooling" in modules else {}
    first_token = bool(pooling.get("pooling_mode_cls_token"))
    if not shape.is_known or not (first_token or pooling.get("pooling_mode_mean_tokens", True)):
        return None
    stated = _config(folder / "sentence_bert_config.json").get("max_seq_length")
    most = min(int(stated or MOST_TOKENS), shape.max_position_embeddings)
    tokenizer = _tokenizer(words, most)
    digest = _digest(weights, words)
    return _Bert(name, digest, _tensors(weights), tokenizer, shape, first_token=first_token)
