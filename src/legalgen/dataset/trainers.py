"""What stands beside an export for those who train: LLaMA-Factory's registry, and snippets.

    dataset_info.json      LLaMA-Factory's: an entry a file of ours, what others wrote there stays
    <out>.trainers.md      how TRL, Axolotl, Unsloth and LLaMA-Factory are told of the files
    <out>.features         of all columns as JSON lines: the types that JSON itself does not have

``<out>`` and an entry's name are without the file's ending, unless ``rows.jsonl`` has them already
and is there where ``rows.parquet`` is written.
The words are those of TRL 1.16, Axolotl 0.19, Unsloth 2026.10 and LLaMA-Factory 0.9. TRL's snippet
is run on each format by the tests marked ``extended``; the others' words are their documentation's.
"""

from __future__ import annotations

import glob
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from legalgen.dataset.export import Format, ReasoningForm
from legalgen.dataset.kto import Labels
from legalgen.errors import UsageError
from legalgen.settings.reading import is_there
from legalgen.settings.writing import no_file

if TYPE_CHECKING:
    import pyarrow as pa

REGISTRY: Final = "dataset_info.json"
_PAGE: Final = ".trainers.md"

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
    reasoning: ReasoningForm = "none",
    system: bool = False,
    longest_bytes: int = 0,
    labels: Labels | None = None,
    columns: pa.Schema | None = None,
) -> dict[Path, str | None]:
    """What to write beside an export, by path. ``files`` are what was exported, training first.

    Nothing is written here; who does holds the folder, as others may add to the registry. None: a
    file of ours that told of what these files were, to be removed. ``system``: each row has a
    system message; ``longest_bytes`` are those of the texts of the longest row.

    Raises:
        UsageError: a file of the registry's name is another program's.
    """
    found: dict[Path, str | None] = dict.fromkeys(_outdated(out, files))
    if form == "schema" and out.suffix == ".jsonl" and columns is not None:
        features = {field.name: _feature(field.type) for field in columns}
        found[_features_path(out)] = json.dumps(features, indent=1) + "\n"
    registry = out.parent / REGISTRY
    entry = _entry(form, system=system)
    known = _registered(registry, needed=entry is not None)
    names = [_entry_name(known, file) for file in files]
    if form not in ("legacy", "schema"):
        told = _Told(
            form,
            "parquet" if files[0].suffix == ".parquet" else "json",
            dict(zip(("train", "test"), files, strict=False)),
            dict(zip(("train", "test"), names, strict=False)),
            reasoning,
            system,
            longest_bytes,
            labels,
        )
        found[_page_path(out)] = _page(told)
    entries = {} if entry is None else {
        name: {"file_name": file.name, **entry} for name, file in zip(names, files, strict=True)
    }  # fmt: skip
    gone = {name for file in files for name in _names_of(file) if _is_entry(known, name, file)}
    if entries or gone:
        rest = {name: value for name, value in known.items() if name not in gone - entries.keys()}
        found[registry] = json.dumps({**rest, **entries}, indent=2) + "\n"
    return found


def check(out: Path, form: Format) -> None:
    """Look before anything is written whether what stands beside can be written too.

    Raises:
        UsageError: the registry of this folder is another program's, or no file can have the name
            of one of ours.
    """
    registry = out.parent / REGISTRY
    paths = [_features_path(out) if form == "schema" else _page_path(out)]
    if form == "legacy" or (form == "schema" and out.suffix != ".jsonl"):
        paths = []
    if _entry(form, system=False) is not None:
        paths.append(registry)
    for path in paths:
        if why := no_file(path):
            raise UsageError(f"{path} goes beside {out}, and {why}: move it, or take another name")
    if registry in paths:
        _registered(registry, needed=True)


def _outdated(out: Path, files: Sequence[Path]) -> Iterator[Path]:
    """What is there of ours and tells of files of these names as they were."""
    written = {file.name for file in files}
    for page in (out.with_suffix(_PAGE), out.with_name(f"{out.name}{_PAGE}")):
        if not written.isdisjoint(_files_of(page)):
            yield page
    others = {out.with_stem(f"{out.stem}{side}") for side in ("", "-train", "-test")} - {*files}
    if out.suffix == ".jsonl" and not any(map(is_there, others)):
        path = _features_path(out)
        if "reasoning_steps" in (_read_object(path) or {}):
            yield path


def _files_of(page: Path) -> list[str]:
    """The files that a page of ours tells of; none where it is not ours."""
    try:
        first = page.read_text("utf-8").partition("\n")[0]
    except (OSError, ValueError):
        return []
    return re.findall(r"`([^`/]+)`", first) if first.startswith("# `") else []


def _features_path(out: Path) -> Path:
    """Of an ending that no loader takes for data, as all take ``.json``."""
    return out.with_suffix(".features")


def _page_path(out: Path) -> Path:
    """Where the page goes, beside that of a file of the same stem and another ending."""
    path = out.with_suffix(_PAGE)
    other = out.with_name(next(iter(_files_of(path)), out.name))
    taken = other.suffix != out.suffix and is_there(other)
    return out.with_name(f"{out.name}{_PAGE}") if taken else path


def _names_of(file: Path) -> tuple[str, str]:
    """What its entry may be called; LLaMA-Factory reads a comma as the end of a name."""
    return file.stem.replace(",", "_"), file.name.replace(",", "_")


def _entry_name(known: Mapping[str, Any], file: Path) -> str:
    """The file's stem, or its whole name where another file that is there has that entry."""
    stem, whole = _names_of(file)
    other = known.get(stem, {}).get("file_name", file.name)
    taken = isinstance(other, str) and other != file.name and is_there(file.parent / other)
    return whole if taken else stem


def _is_entry(known: Mapping[str, Any], name: str, file: Path) -> bool:
    return bool(known.get(name, {}).get("file_name") == file.name)


def _read_object(path: Path) -> dict[str, Any] | None:
    """The object in a file of JSON; None: it is none."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _registered(path: Path, *, needed: bool) -> dict[str, Any]:
    """The entries that are there; another program's file has none, and is refused if ``needed``."""
    found = _read_object(path) if is_there(path) else {}
    if found is not None and all(isinstance(one, dict) for one in found.values()):
        return found
    if needed:
        raise UsageError(f"{path} is not LLaMA-Factory's: export into another folder, or move it")
    return {}


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
        return [_feature(kind.value_type)]  # as datasets before version 4 read it, and those after
    if pa.types.is_struct(kind):
        return {field.name: _feature(field.type) for field in kind}
    return {"_type": "Value", "dtype": {"double": "float64"}.get(str(kind), str(kind))}


# --- snippets ----------------------------------------------------------------------------------


class _Told(msgspec.Struct, frozen=True):
    """What the snippets say of an export: its files and their entries, by the side of a split."""

    form: Format
    kind: str
    files: Mapping[str, Path]
    entries: Mapping[str, str]
    reasoning: ReasoningForm
    system: bool
    longest_bytes: int
    labels: Labels | None

    @property
    def most_tokens(self) -> int:
        """Of a row, more than it will have; English prose has four bytes and more to a token."""
        return self.longest_bytes // _BYTES_A_TOKEN + _TEMPLATE_TOKENS

    @property
    def length(self) -> int:
        """What trainers are to make room for, in tokens."""
        return math.ceil(self.most_tokens / _LENGTH_STEP) * _LENGTH_STEP


_BYTES_A_TOKEN: Final = 2
"""So few have Japanese, and English full of numbers and section signs."""
_TEMPLATE_TOKENS: Final = 128
"""What a chat template puts around a dialogue, with a system text of its own."""
_LENGTH_STEP: Final = 1_024


def _page(told: _Told) -> str:
    template = _OF_THE_TEMPLATE.format(told.reasoning) if told.reasoning in _KEYS else ""
    sections = {
        "TRL": _trl(told) + template,
        "Unsloth": _unsloth(told),
        "Axolotl": _axolotl(told),
        "LLaMA-Factory": _llama_factory(told),
    }
    names = " and ".join(f"`{file.name}`" for file in told.files.values())
    head = (
        f"# {names} ({told.form})\n\nRun these in this folder. The model is yours to choose.\n\n"
        f"The longest row has {told.longest_bytes:,} bytes of text. How many tokens those are "
        f"depends on the tokenizer; {told.most_tokens:,} is a careful estimate. Of a longer row "
        "than they were told trainers cut the end, where the answer is, or drop it, and say "
        f"nothing: each is told {told.length:,} here. The model's window must hold as many. TRL "
        "cuts no row with `max_length=None`.\n"
    )
    return head + "".join(f"\n## {name}\n\n{text}\n" for name, text in sections.items())


def _code(kind: str, text: str) -> str:
    return f"```{kind}\n{text.strip()}\n```"


def _load(told: _Told) -> str:
    files = ", ".join(f'"{side}": {_pattern(file)}' for side, file in told.files.items())
    return f'rows = load_dataset("{told.kind}", data_files={{{files}}})'


def _pattern(file: Path) -> str:
    """A file's name in Python, where datasets reads ``*``, ``?`` and ``[`` as a shell does."""
    return json.dumps(glob.escape(file.name), ensure_ascii=False)


def _yaml(name: str) -> str:
    """A name in YAML, in quotes where it could be read as anything else."""
    plain = _PLAIN.fullmatch(name) and name.lower() not in _WORDS_OF_YAML
    return name if plain else json.dumps(name, ensure_ascii=False)


_PLAIN: Final = re.compile(r"[a-z][\w.-]*", re.ASCII | re.IGNORECASE)
_WORDS_OF_YAML: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def _as_pattern(told: _Told) -> str:
    """What is to be known of names that these trainers hand to datasets as they are."""
    if not any(glob.has_magic(file.name) for file in told.files.values()):
        return ""
    return "\n\nIt reads `*`, `?` and `[` in the name as a shell does: rename the file first."


def _trl(told: _Told) -> str:
    test = '\n    eval_dataset=rows["test"],' if "test" in told.files else ""
    if told.form == "kto":
        return _code(
            "python",
            f"""
from datasets import load_dataset
from trl import KTOConfig, KTOTrainer

{_load(told)}.remove_columns("id")
trainer = KTOTrainer(
    model="Qwen/Qwen3-0.6B",
    args=KTOConfig(output_dir="out", max_length={told.length}{_weights(told.labels)}),
    train_dataset=rows["train"],{test}
)
trainer.train()
""",
        )
    roles = _ROLES if told.form == "sharegpt" else ""
    note = _MASKING if told.form in ("messages", "sharegpt") else ""
    return (
        _code(
            "python",
            f"""
from datasets import load_dataset
from trl import SFTConfig, SFTTrainer
{roles}
{_load(told)}{_prepared(told)}
trainer = SFTTrainer(
    model="Qwen/Qwen3-0.6B",
    args=SFTConfig(output_dir="out", max_length={told.length}),
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


def _prepared(told: _Told) -> str:
    """What brings a form that TRL does not know into one that it does."""
    if told.form == "sharegpt":
        return '.map(turns, remove_columns=["conversations"])'
    if told.form != "alpaca":
        return ""
    before = '{"role": "system", "content": row["system"]}, ' if told.system else ""
    gone = ["instruction", "input", "output", *(["system"] if told.system else [])]
    return f"""
rows = rows.map(
    lambda row: {{
        "prompt": [{before}{{"role": "user", "content": row["instruction"]}}],
        "completion": [{{"role": "assistant", "content": row["output"]}}],
    }},
    remove_columns={json.dumps(gone)},
)"""


def _weights(labels: Labels | None) -> str:
    """TRL asks that the weighted counts of both labels be from 1:1 to 4:3 (for it 1.33).

    The middle of that: two decimals of its ends may be beyond them.
    """
    desirable, undesirable = labels.in_training if labels is not None else (0, 0)
    if not desirable or not undesirable or 1 <= desirable / undesirable <= _MOST_TO_ONE:
        return ""
    middle = (1 + _MOST_TO_ONE) / 2
    if desirable > undesirable:
        return f", undesirable_weight={desirable / undesirable / middle:.2f}"
    return f", desirable_weight={undesirable / desirable * middle:.2f}"


_MOST_TO_ONE: Final = 1.33


def _unsloth(told: _Told) -> str:
    if told.form in ("prompt-completion", "kto"):
        return (
            "It patches TRL: `FastLanguageModel.from_pretrained(..., max_seq_length="
            f"{told.length})` gives the model, and its `tokenizer` is the `processing_class`, for "
            "the trainer above."
        )
    text = {
        "messages": 'tokenizer.apply_chat_template(row["messages"], tokenize=False)',
        "sharegpt": 'tokenizer.apply_chat_template(row["conversations"], tokenize=False)',
        "alpaca": 'row["instruction"] + "\\n\\n" + row["output"] + tokenizer.eos_token',
    }[told.form]
    if told.form == "alpaca" and told.system:
        text = f'row["system"] + "\\n\\n" + {text}'
    standard = told.form == "sharegpt"
    more = "\nfrom unsloth.chat_templates import standardize_sharegpt" if standard else ""
    then = "\nrows = standardize_sharegpt(rows)" if standard else ""
    return _code(
        "python",
        f"""
from datasets import load_dataset
from trl import SFTConfig, SFTTrainer
from unsloth import FastLanguageModel{more}

LENGTH = {told.length}
model, tokenizer = FastLanguageModel.from_pretrained("unsloth/Qwen3-0.6B", max_seq_length=LENGTH)
model = FastLanguageModel.get_peft_model(model, r=16)
rows = load_dataset("{told.kind}", data_files={_pattern(told.files["train"])}, split="train"){then}
rows = rows.map(lambda row: {{"text": {text}}})
trainer = SFTTrainer(
    model=model,
    processing_class=tokenizer,
    train_dataset=rows,
    args=SFTConfig(output_dir="out", dataset_text_field="text", max_length=LENGTH),
)
trainer.train()
""",
    )


def _axolotl(told: _Told) -> str:
    if told.form in ("prompt-completion", "kto"):
        return "It reads no dialogues in this form: `--format messages`."
    lines = [
        f"sequence_len: {told.length}",
        "datasets:",
        f"  - path: {_yaml(told.files['train'].name)}",
        f"    ds_type: {told.kind}",
    ]
    if told.form == "alpaca":
        lines += [f"    type: {'alpaca_w_system.load_instruct' if told.system else 'alpaca'}"]
    else:
        column, role, content, user, assistant = _CHAT[told.form]
        lines += [
            "    type: chat_template",
            f"    field_messages: {column}",
            "    message_property_mappings:",
            f"      role: {role}",
            f"      content: {content}",
        ]
        if told.form == "sharegpt":
            lines += [
                "    roles:",
                f"      user: [{user}]",
                f"      assistant: [{assistant}]",
                "      system: [system]",
            ]
        trained = assistant if told.form == "messages" else "assistant"
        lines += [f"    roles_to_train: [{trained}]"]
    return _code("yaml", "\n".join(lines)) + _as_pattern(told)


def _llama_factory(told: _Told) -> str:
    if _entry(told.form, system=False) is None:
        return "It reads no dialogues in this form: `--format sharegpt`, `messages` or `alpaca`."
    entries = told.entries
    lines = [
        f"dataset_dir: .  # {REGISTRY} is here",
        f"dataset: {_yaml(entries['train'])}",
        *([f"eval_dataset: {_yaml(entries['test'])}"] if "test" in entries else []),
        "template: qwen3",
        f"cutoff_len: {told.length}",
    ]
    unread = _UNREAD.format(told.reasoning) if told.reasoning in _KEYS else ""
    return _code("yaml", "\n".join(lines)) + unread + _as_pattern(told)


_KEYS: Final = ("reasoning_content", "thinking")
"""Reasoning that stands in a key of the message."""
_UNREAD: Final = (
    "\n\nIt reads `role` and `content` of a message alone, and trains without `{}`: export with "
    "`--reasoning think` to have the steps in it."
)
_OF_THE_TEMPLATE: Final = (
    "\n\nThe model's chat template has to read `{}` of a message; many drop it, and say nothing. "
    "`--reasoning think` has the steps in the answer whatever the template."
)
