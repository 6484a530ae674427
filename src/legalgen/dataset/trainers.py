"""What stands beside an export for those who train: LLaMA-Factory's registry, and snippets.

    dataset_info.json      LLaMA-Factory's: an entry a file of ours, what others wrote there stays
    <out>.trainers.md      how TRL, Axolotl, Unsloth and LLaMA-Factory are told of the files
    <out>.features.json    of all columns as JSON lines: the types that JSON itself does not have

``<out>`` and an entry's name are without the file's ending, unless ``rows.jsonl`` has them already
and is there where ``rows.parquet`` is written.
The words are those of TRL 1.16, Axolotl 0.19, Unsloth 2026.10 and LLaMA-Factory 0.9. TRL's snippet
is run on each format by the tests marked ``extended``; the others' words are their documentation's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from legalgen.dataset.export import Format
from legalgen.dataset.kto import Labels
from legalgen.errors import UsageError
from legalgen.settings.reading import is_there

if TYPE_CHECKING:
    import pyarrow as pa

REGISTRY: Final = "dataset_info.json"

_CHAT: Final[Mapping[str, tuple[str, str, str, str, str]]] = {
    "messages": ("messages", "role", "content", "user", "assistant"),
    "sharegpt": ("conversations", "from", "value", "human", "gpt"),
}
"""The column of a dialogue, the keys of a turn, and who speaks."""


def beside(
    out: Path,
    files: Sequence[Path],
    form: Format,
    *,
    system: bool = False,
    labels: Labels | None = None,
    columns: pa.Schema | None = None,
) -> dict[Path, str]:
    """What to write beside an export, by path. ``files`` are what was exported, training first.

    Nothing is written here. ``system``: each row has a system message.
    """
    if form == "legacy":
        return {}
    if form == "schema":
        if out.suffix != ".jsonl" or columns is None:
            return {}
        features = {field.name: _feature(field.type) for field in columns}
        return {out.with_suffix(".features.json"): json.dumps(features, indent=1) + "\n"}
    registry = out.parent / REGISTRY
    entry = _entry(form, system=system)
    known = _registered(registry) if entry is not None else {}
    names = [_entry_name(known, file) for file in files]
    page = _page(files, form, names, system=system, labels=labels)
    found = {_page_path(out): page}
    if entry is not None:
        entries = [{"file_name": file.name, **entry} for file in files]
        added = dict(zip(names, entries, strict=True))
        found[registry] = json.dumps({**known, **added}, indent=2) + "\n"
    return found


def _entry_name(known: Mapping[str, Any], file: Path) -> str:
    """The file's stem, or its whole name where another file that is there has that entry."""
    other = known.get(file.stem, {}).get("file_name", file.name)
    taken = isinstance(other, str) and other != file.name and is_there(file.parent / other)
    return file.name if taken else file.stem


def _page_path(out: Path) -> Path:
    """Where the page goes, beside that of a file of the same stem and another ending."""
    path = out.with_suffix(".trainers.md")
    try:
        head = re.match(r"# `([^`/]+)`", path.read_text("utf-8"))
    except (OSError, ValueError):
        return path
    other = Path(head[1]) if head else out
    taken = other.suffix != out.suffix and is_there(out.parent / other)
    return out.with_name(f"{out.name}.trainers.md") if taken else path


def check(out: Path, form: Format) -> None:
    """Look before anything is written whether the registry of this folder can be added to.

    Raises:
        UsageError: a file of that name is another program's.
    """
    if _entry(form, system=False) is not None:
        _registered(out.parent / REGISTRY)


def _registered(path: Path) -> dict[str, Any]:
    """The entries that are there."""
    try:
        found = json.loads(path.read_text("utf-8")) if is_there(path) else {}
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        raise UsageError(f"{path} is not LLaMA-Factory's: export into another folder, or move it")
    return found


def _entry(form: Format, *, system: bool) -> dict[str, Any] | None:
    """An entry of LLaMA-Factory's registry, without the file; None: it does not read this form."""
    if form == "alpaca":
        more = {"system": "system"} if system else {}
        columns = {"prompt": "instruction", "query": "input", "response": "output", **more}
        return {"columns": columns}
    if form not in _CHAT:
        return None
    column, role, content, user, assistant = _CHAT[form]
    return {
        "formatting": "sharegpt",
        "columns": {"messages": column},
        "tags": {
            "role_tag": role,
            "content_tag": content,
            "user_tag": user,
            "assistant_tag": assistant,
            "system_tag": "system",
        },
    }


# --- types of JSON lines -----------------------------------------------------------------------


def _feature(kind: pa.DataType) -> Any:
    """A type in the words of ``datasets.Features.from_dict``."""
    import pyarrow as pa  # heavy; only what touches parquet pays for it

    if pa.types.is_list(kind):
        return {"_type": "List", "feature": _feature(kind.value_type)}
    if pa.types.is_struct(kind):
        return {field.name: _feature(field.type) for field in kind}
    return {"_type": "Value", "dtype": {"double": "float64"}.get(str(kind), str(kind))}


# --- snippets ----------------------------------------------------------------------------------


def _page(
    files: Sequence[Path],
    form: Format,
    entries: Sequence[str],
    *,
    system: bool,
    labels: Labels | None,
) -> str:
    kind = "parquet" if files[0].suffix == ".parquet" else "json"
    sides = {"train": files[0].name, **({"test": files[1].name} if len(files) > 1 else {})}
    told = {
        "TRL": _trl(form, kind, sides, labels, system=system),
        "Unsloth": _unsloth(form, kind, sides),
        "Axolotl": _axolotl(form, kind, sides),
        "LLaMA-Factory": _llama_factory(form, dict(zip(sides, entries, strict=True))),
    }
    names = " and ".join(f"`{name}`" for name in sides.values())
    head = f"# {names} ({form})\n\nRun these in this folder. The model is yours to choose.\n"
    return head + "".join(f"\n## {name}\n\n{text}\n" for name, text in told.items())


def _code(kind: str, text: str) -> str:
    return f"```{kind}\n{text.strip()}\n```"


def _load(kind: str, sides: Mapping[str, str]) -> str:
    files = ", ".join(f'"{side}": "{name}"' for side, name in sides.items())
    return f'rows = load_dataset("{kind}", data_files={{{files}}})'


def _trl(
    form: Format, kind: str, sides: Mapping[str, str], labels: Labels | None, *, system: bool
) -> str:
    test = '\n    eval_dataset=rows["test"],' if "test" in sides else ""
    if form == "kto":
        return _code(
            "python",
            f"""
from datasets import load_dataset
from trl import KTOConfig, KTOTrainer

{_load(kind, sides)}.remove_columns("id")
trainer = KTOTrainer(
    model="Qwen/Qwen3-0.6B",
    args=KTOConfig(output_dir="out"{_weights(labels)}),
    train_dataset=rows["train"],{test}
)
trainer.train()
""",
        )
    roles = _ROLES if form == "sharegpt" else ""
    note = _MASKING if form in ("messages", "sharegpt") else ""
    return (
        _code(
            "python",
            f"""
from datasets import load_dataset
from trl import SFTConfig, SFTTrainer
{roles}
{_load(kind, sides)}{_prepared(form, system=system)}
trainer = SFTTrainer(
    model="Qwen/Qwen3-0.6B",
    args=SFTConfig(output_dir="out"),
    train_dataset=rows["train"],{test}
)
trainer.train()
""",
        )
        + note
    )


_ROLES: Final = """
ROLES = {"system": "system", "human": "user", "gpt": "assistant"}

def turns(row):
    said = row["conversations"]
    return {"messages": [{"role": ROLES[one["from"]], "content": one["value"]} for one in said]}
"""
_MASKING: Final = (
    "\n\nThe loss is on the whole dialogue; `SFTConfig(assistant_only_loss=True)` keeps it on the "
    "answer where the model's chat template marks what was generated. With `--format "
    "prompt-completion` it is on the answer whatever the template."
)


def _prepared(form: Format, *, system: bool) -> str:
    """What brings a form that TRL does not know into one that it does."""
    if form == "sharegpt":
        return '.map(turns, remove_columns=["conversations"])'
    if form != "alpaca":
        return ""
    before = '{"role": "system", "content": row["system"]}, ' if system else ""
    gone = ["instruction", "input", "output", *(["system"] if system else [])]
    return f"""
rows = rows.map(
    lambda row: {{
        "prompt": [{before}{{"role": "user", "content": row["instruction"]}}],
        "completion": [{{"role": "assistant", "content": row["output"]}}],
    }},
    remove_columns={json.dumps(gone)},
)"""


def _weights(labels: Labels | None) -> str:
    """TRL asks that the weighted counts of both labels be about equal (1:1 to 4:3)."""
    if labels is None or not labels.undesirable or not labels.desirable:
        return ""
    if labels.desirable >= labels.undesirable:
        return f", undesirable_weight={max(1.0, labels.desirable / labels.undesirable):.1f}"
    return f", desirable_weight={labels.undesirable / labels.desirable:.1f}"


def _unsloth(form: Format, kind: str, sides: Mapping[str, str]) -> str:
    if form in ("prompt-completion", "kto"):
        return (
            "It patches TRL: `FastLanguageModel.from_pretrained(...)` gives the model, and its "
            "`tokenizer` is the `processing_class`, for the trainer above."
        )
    text = {
        "messages": 'tokenizer.apply_chat_template(row["messages"], tokenize=False)',
        "sharegpt": 'tokenizer.apply_chat_template(row["conversations"], tokenize=False)',
        "alpaca": 'row["instruction"] + "\\n\\n" + row["output"] + tokenizer.eos_token',
    }[form]
    standard = form == "sharegpt"
    more = "\nfrom unsloth.chat_templates import standardize_sharegpt" if standard else ""
    then = "\nrows = standardize_sharegpt(rows)" if standard else ""
    return _code(
        "python",
        f"""
from datasets import load_dataset
from trl import SFTConfig, SFTTrainer
from unsloth import FastLanguageModel{more}

model, tokenizer = FastLanguageModel.from_pretrained("unsloth/Qwen3-0.6B", max_seq_length=4096)
model = FastLanguageModel.get_peft_model(model, r=16)
rows = load_dataset("{kind}", data_files="{sides["train"]}", split="train"){then}
rows = rows.map(lambda row: {{"text": {text}}})
trainer = SFTTrainer(
    model=model,
    processing_class=tokenizer,
    train_dataset=rows,
    args=SFTConfig(output_dir="out", dataset_text_field="text"),
)
trainer.train()
""",
    )


def _axolotl(form: Format, kind: str, sides: Mapping[str, str]) -> str:
    if form in ("prompt-completion", "kto"):
        return "It reads no dialogues in this form: `--format messages`."
    lines = [
        "datasets:",
        f"  - path: {sides['train']}",
        f"    ds_type: {kind}",
    ]
    if form == "alpaca":
        lines += ["    type: alpaca"]
    else:
        column, role, content, user, assistant = _CHAT[form]
        lines += [
            "    type: chat_template",
            f"    field_messages: {column}",
            "    message_property_mappings:",
            f"      role: {role}",
            f"      content: {content}",
        ]
        if form == "sharegpt":
            lines += [
                "    roles:",
                f"      user: [{user}]",
                f"      assistant: [{assistant}]",
                "      system: [system]",
            ]
        lines += [f"    roles_to_train: [{assistant if form == 'messages' else 'assistant'}]"]
    return _code("yaml", "\n".join(lines))


def _llama_factory(form: Format, entries: Mapping[str, str]) -> str:
    if _entry(form, system=False) is None:
        return "It reads no dialogues in this form: `--format sharegpt`, `messages` or `alpaca`."
    lines = [
        f"dataset_dir: .  # {REGISTRY} is here",
        f"dataset: {entries['train']}",
        *([f"eval_dataset: {entries['test']}"] if "test" in entries else []),
        "template: qwen3",
    ]
    return _code("yaml", "\n".join(lines))
