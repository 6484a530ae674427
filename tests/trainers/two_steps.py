"""Two steps of training with the snippet that stands beside an export.

``python two_steps.py PAGE``: the snippet for TRL is run as it stands, but for its model, which is a
tiny one with random weights and a tokenizer made here, and for the number of steps.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

TEMPLATE = (
    "{% for message in messages %}<{{ message['role'] }}>{% if message.get('thinking') %}"
    "<think>{{ message['thinking'] }}</think>{% endif %}{{ message['content'] }}<end>"
    "{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"
)


def save_model(folder: Path, texts: Sequence[str]) -> None:
    """A llama of two layers and 64 dimensions; its tokens are what is frequent in the texts."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    special = ["<pad>", "<end>", "<system>", "<user>", "<assistant>"]
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=500,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator(texts, trainer)
    tokenizer: Any = PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token="<pad>", eos_token="<end>"
    )
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=8_192,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=1,
    )
    LlamaForCausalLM(config).save_pretrained(folder)


def rows_beside(page: Path) -> Iterator[str]:
    """The rows of what was exported, as texts."""
    import pyarrow.parquet as pq

    for path in page.parent.glob("*.jsonl"):
        yield path.read_text("utf-8")
    for path in page.parent.glob("*.parquet"):
        yield from map(str, pq.read_table(path).to_pylist())


def main() -> None:
    """Train, and write what the trainer saw as JSON."""
    page = Path(sys.argv[1])
    os.chdir(page.parent)
    block = re.search(r"## TRL\n\n```python\n(.*?)```", page.read_text("utf-8"), re.S)
    assert block is not None
    with tempfile.TemporaryDirectory() as model:
        save_model(Path(model), list(rows_beside(page)))
        bounds = (
            f'output_dir="{model}/out", max_steps=2, per_device_train_batch_size=2, '
            'report_to="none", use_cpu=True, save_strategy="no", logging_steps=1'
        )
        snippet = block[1].replace('output_dir="out"', bounds)
        snippet = snippet.replace('"Qwen/Qwen3-0.6B"', repr(model))
        names: dict[str, Any] = {}
        exec(compile(snippet, str(page), "exec"), names)
        trainer = names["trainer"]
        losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
        row = trainer.train_dataset[0]
        ids = ("input_ids",) if "input_ids" in row else ("prompt_ids", "completion_ids")
        found = {
            "steps": trainer.state.global_step,
            "losses": losses,
            "rows": len(trainer.train_dataset),
            "columns": sorted(row),
            "longest": max(sum(len(row[name]) for name in ids) for row in trainer.train_dataset),
            "max_length": trainer.args.max_length,
        }
        sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
