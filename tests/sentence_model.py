"""A model of sentences on disk, as model2vec saves it: twelve words, a vector each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

WORDS = ("[UNK]", "lease", "tenancy", "forfeit", "end", "rent", "will", "patent", "theft", "murder")
LIKE = {"tenancy": "lease", "end": "forfeit"}
"""Words of one meaning: their vectors are nearly the same."""


Tensor = NDArray[np.float32] | NDArray[np.int64]


def safetensors(tensors: Mapping[str, Tensor]) -> bytes:
    """The bytes of a file of the format, as its specification has it."""
    head: dict[str, object] = {"__metadata__": {"format": "pt"}}
    body = b""
    for name, tensor in tensors.items():
        end = len(body) + tensor.nbytes
        dtype, raw = ("I64", "<i8") if tensor.dtype.kind == "i" else ("F32", "<f4")
        about = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": [len(body), end]}
        head[name] = about
        body += tensor.astype(raw).tobytes()
    encoded = json.dumps(head).encode()
    return len(encoded).to_bytes(8, "little") + encoded + body


def tokenizer(words: tuple[str, ...] = WORDS, first: int = 0, **more: object) -> str:
    """A ``tokenizer.json``; ids are counted from ``first``, and ``more`` stands in its place."""
    return json.dumps({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [],
        "normalizer": {"type": "Lowercase"}, "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None, "decoder": None,
        "model": {
            "type": "WordLevel", "vocab": {word: n for n, word in enumerate(words, first)},
            "unk_token": "[UNK]",
        },
        **more,
    })  # fmt: skip


def vectors() -> NDArray[np.float32]:
    found = np.eye(len(WORDS), dtype=np.float32)
    for one, other in LIKE.items():
        found[WORDS.index(one)] = found[WORDS.index(other)]
        found[WORDS.index(one), 0] = 0.1
    return found


def sentence_model(folder: Path, **more: Tensor) -> Path:
    """The folder of a static model; ``more`` are tensors beside its table."""
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(safetensors({"embeddings": vectors(), **more}))
    (folder / "tokenizer.json").write_text(tokenizer(), "utf-8")
    (folder / "config.json").write_text('{"model_type": "model2vec", "normalize": true}', "utf-8")
    return folder
