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
from pathlib import Path
from typing import Any

TEMPLATE = (
    "{% for message in messages %}<{{ message['role'] }}>{% if message.get('thinking') %}"
    "<think>{{ message['thinking'] }}</think>{% endif %}{{ message['content'] }}<end>"
    "{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"
)


def save_model(folder: Path) -> None:
    """A llama of two layers and 64 dimensions; each byte is a token."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = ["<pad>", "<end>", "<system>", "<user>", "<assistant>"]
    vocabulary = {token: number for number, token in enumerate([*special, *letters])}
    raw = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    raw.add_special_tokens(special)
    tokenizer: Any = PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token="<pad>", eos_token="<end>"
    )
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=1,
    )
    LlamaForCausalLM(config).save_pretrained(folder)


def main() -> None:
    """Train, and write what the trainer saw as JSON."""
    page = Path(sys.argv[1])
    os.chdir(page.parent)
    block = re.search(r"## TRL\n\n```python\n(.*?)```", page.read_text("utf-8"), re.S)
    assert block is not None
    with tempfile.TemporaryDirectory() as model:
        save_model(Path(model))
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
        found = {
            "steps": trainer.state.global_step,
            "losses": losses,
            "rows": len(trainer.train_dataset),
            "columns": sorted(row),
        }
        sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
