"""Write what the documentation takes from the program.

``python docs/make.py`` writes docs/reference/commands.md and configuration.md, the marked tables
of docs/reference/sample.md and docs/how-to/own-model-server.md, man/legalgen.1, completions/ and
the words.json that completions are answered from; ``--check`` writes nothing, names what is not
current and exits 1.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer.main
from rich.text import Text
from typer._completion_shared import get_completion_script

from legalgen import __version__
from legalgen.commands.app import app
from legalgen.commands.examples import EXAMPLES
from legalgen.commands.offers import Offer
from legalgen.commands.shell_completion import WORDS
from legalgen.law.taxonomy import Taxonomy
from legalgen.providers import PROVIDERS
from legalgen.providers.presets import presets
from legalgen.quality.codes import CODES, TABLE
from legalgen.settings.config_file import configuration_page

ROOT = Path(__file__).parents[1]
SHELLS = ("bash", "zsh", "fish")
COMPLETE_VARIABLE = "_LEGALGEN_COMPLETE"


# --- the commands, as values -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parameter:
    """An option or an argument; ``value`` is empty for a switch."""

    names: tuple[str, ...]
    value: str
    help: str
    panel: str


@dataclass(frozen=True, slots=True)
class Command:
    """One command; ``path`` is what is typed."""

    path: str
    help: str
    examples: tuple[str, ...]
    arguments: tuple[Parameter, ...]
    options: tuple[Parameter, ...]
    group: bool

    @property
    def usage(self) -> str:
        """How it is called, on one line."""
        words = [argument.value for argument in self.arguments]
        return " ".join([self.path, "COMMAND ..." if self.group else "[OPTIONS]", *words])

    @property
    def panels(self) -> dict[str, list[Parameter]]:
        """The options under the headings of ``--help``, in its order."""
        found: dict[str, list[Parameter]] = {}
        for option in self.options:
            found.setdefault(option.panel or "Options", []).append(option)
        return found


def commands() -> list[Command]:
    """The program, its commands and their commands, in the order of ``--help``."""
    return list(_walk(typer.main.get_command(app), "legalgen"))


def _walk(command: Any, path: str) -> Iterator[Command]:
    shown = [each for each in command.params if not getattr(each, "hidden", False)]
    arguments = [each for each in shown if each.param_type_name == "argument"]
    options = [each for each in shown if each.param_type_name == "option"]
    children = getattr(command, "commands", {})
    first, *rest = (command.help or "").split("\n\n")
    examples, *rest = rest if EXAMPLES[path.partition(" ")[2]] else ("", *rest)
    yield Command(
        path,
        _plain("\n\n".join([first, *rest])),
        tuple(examples.splitlines()),
        tuple(map(_argument, arguments)),
        tuple(map(_option, options)),
        group=bool(children),
    )
    for name, child in children.items():
        if not child.hidden:
            yield from _walk(child, f"{path} {name}")


def _argument(found: Any) -> Parameter:
    name = (found.metavar or found.name.upper()) + ("..." if found.nargs == -1 else "")
    value = name if found.required else f"[{name}]"
    return Parameter((name,), value, _plain(found.help or ""), "")


def _option(found: Any) -> Parameter:
    names = (*found.opts, *found.secondary_opts)
    value = "" if found.is_flag else found.metavar or _kind(found)
    told = _plain(found.help or "")
    if found.show_default and not found.is_flag and found.default is not None:
        told += f" Default: {found.default}."
    return Parameter(names, value, told, found.rich_help_panel or "")


_KINDS = {int: "N", float: "NUMBER", Path: "FILE"}


def _kind(found: Any) -> str:
    """What stands for the value of an option that names no metavar."""
    return _KINDS.get(found.type_descriptor.annotation, "TEXT")


def _plain(text: str) -> str:
    """Help without its colours, one line a paragraph."""
    paragraphs = Text.from_markup(text).plain.strip().split("\n\n")
    return "\n\n".join(" ".join(each.split()) for each in paragraphs)


# --- as Markdown -------------------------------------------------------------------------------


def commands_page(found: Sequence[Command]) -> str:
    """docs/reference/commands.md."""
    head = (
        "# Commands\n\n<!-- Written by docs/make.py from the program; a test compares them. -->\n\n"
        "An option stands after its command: `legalgen batch --count 5`. What a setting means in\n"
        "the config file and the environment is in [configuration](configuration.md); how a\n"
        "command ends is in [exit codes](exit-codes.md).\n"
    )
    return head + "".join(f"\n{_section(command)}" for command in found)


def _section(command: Command) -> str:
    lines = "\n".join([command.usage, *([""] if command.examples else []), *command.examples])
    parts = [f"## `{command.path}`", command.help, f"```text\n{lines}\n```"]
    if command.arguments:
        parts.append(_table(("argument", ""), [_row(each) for each in command.arguments]))
    for panel, options in command.panels.items():
        parts += [f"{panel}:", _table(("option", ""), [_row(each) for each in options])]
    return "\n\n".join(part for part in parts if part) + "\n"


def _row(found: Parameter) -> tuple[str, str]:
    names = ", ".join(f"`{name}`" for name in found.names)
    value = f" `{found.value}`" if found.value and found.names != (found.value.strip("[]"),) else ""
    return names + value.replace("|", r"\|"), found.help.replace("|", r"\|")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


# --- as a manual page --------------------------------------------------------------------------

_EXIT = re.compile(r"^\| ([\d, ]+) \| (.+) \|$", re.MULTILINE)


def manual(found: Sequence[Command], exit_codes: str) -> str:
    """man/legalgen.1, in man(7); ``exit_codes`` is the page whose table becomes EXIT STATUS."""
    program, *rest = found
    lines = [
        f'.TH LEGALGEN 1 "" "legalgen {__version__}" "User Commands"',
        ".SH NAME",
        f"legalgen \\- {_roff(program.help[0].lower() + program.help[1:].rstrip('.'))}",
        ".SH SYNOPSIS",
    ]
    for command in rest:
        lines += [f".B {_roff(command.path)}", _roff(command.usage[len(command.path) + 1 :]), ".br"]
    lines += [".SH OPTIONS", *_entries(program.options), ".SH COMMANDS"]
    for command in rest:
        lines += [f'.SS "{_roff(command.usage)}"', *_prose(command.help)]
        lines += [".PP", ".EX", *map(_roff, command.examples), ".EE"]
        lines += _entries((*command.arguments, *command.options))
    lines += [".SH EXIT STATUS"]
    for code, meaning in _EXIT.findall(exit_codes):
        lines += [".TP", f".B {code}", _roff(meaning.replace("`", ""))]
    return "\n".join([*lines, *_environment(), *_FILES]) + "\n"


def _prose(text: str) -> Iterator[str]:
    for paragraph in text.split("\n\n"):
        yield from (".PP", _roff(paragraph))


def _entries(parameters: Sequence[Parameter]) -> Iterator[str]:
    for each in parameters:
        names = ", ".join(rf"\fB{_roff(name)}\fR" for name in each.names)
        value = rf" \fI{_roff(each.value)}\fR" if each.value and each.names != (each.value,) else ""
        yield from (".TP", names + value, _roff(each.help))


def _environment() -> Iterator[str]:
    yield ".SH ENVIRONMENT"
    for name, spec in PROVIDERS.items():
        if spec.env_var:
            yield from (".TP", f".B {spec.env_var}", f"The API key of {name}.")
    yield from (".TP", ".B LEGALGEN_CONFIG", "The config file to read, if \\-\\-config names none.")
    yield from (".TP", ".B NO_COLOR", "No colour, when it is set to anything.")
    yield from (".TP", r".B LEGALGEN_\fISETTING\fR", "Any setting that is a flag too:")
    yield _roff("LEGALGEN_MAX_WAIT=5m is --max-wait 5m. A flag wins.")


_FILES = (
    ".SH FILES",
    "The config file is where",
    ".B legalgen config path",
    "says; dataset, state and logs are in the platform's folders, or where",
    ".BR LEGALGEN_DATA_DIR , LEGALGEN_STATE_DIR",
    "and",
    ".B LEGALGEN_LOG_DIR",
    "say.",
)


def _roff(text: str) -> str:
    """Text that troff takes as it is."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq")
    return rf"\&{escaped}" if escaped.startswith(".") else escaped


# --- as the words that a shell completes -------------------------------------------------------


def words(command: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """What each command takes, as shell_completion reads it; by its path, one line an option."""
    shown = [each for each in command.params if not each.hidden]
    options = [
        json.dumps([each.opts, _sentence(each.help), _taken(command, each)], ensure_ascii=False)
        for each in shown
        if each.param_type_name == "option"
    ]
    options.append(json.dumps([["--help", "-h"], "Show this message and exit.", None]))
    arguments = [_taken(command, each) for each in shown if each.param_type_name == "argument"]
    rows, said = ",\n      ".join(options), json.dumps(_sentence(command.help), ensure_ascii=False)
    text = f'"help": {said},\n    "arguments": {json.dumps(arguments)},\n    "options": '
    yield path, f"{{\n    {text}[\n      {rows}\n    ]\n  }}"
    for name, child in getattr(command, "commands", {}).items():
        if not child.hidden:
            yield from words(child, f"{path} {name}".lstrip())


def words_file(root: Any) -> str:
    """src/legalgen/commands/words.json."""
    found = ",\n".join(f"  {json.dumps(path)}: {text}" for path, text in words(root))
    return f"{{\n{found}\n}}\n"


def _taken(command: Any, found: Any) -> str | tuple[str, ...] | None:
    """Null for a switch; else the words after it, or by which name those are found."""
    if getattr(found, "is_flag", False):
        return None
    declared = inspect.signature(command.callback).parameters[found.name].annotation
    offer = declared.__metadata__[0].autocompletion
    return (offer.words or offer.of) if isinstance(offer, Offer) else ""


def _sentence(text: str | None) -> str:
    """The first sentence of a help, without colours."""
    return re.split(r"(?<=\.) ", _plain(text or "").partition("\n")[0], maxsplit=1)[0]


# --- tables of hand-written pages --------------------------------------------------------------


def bounds_table(taxonomy: Taxonomy) -> str:
    """The sample types with their bounds at difficulty factor 1."""
    return _table(
        ("sample type", "answer, words", "steps", "citations", "requires"),
        [
            (
                f"`{each.id}`",
                "{} to {}".format(*each.answer_words),
                "{} to {}".format(*each.reasoning_steps),
                f"{each.min_citations}",
                each.requirement,
            )
            for each in taxonomy.sample_types
        ],
    )


def difficulty_table(taxonomy: Taxonomy) -> str:
    """The difficulties with what tells them apart."""
    return _table(
        ("difficulty", "words are multiplied by", "told by"),
        [(f"`{d.id}`", f"{d.word_factor:g}", d.features) for d in taxonomy.difficulties],
    )


def presets_table() -> str:
    """What each kind of server takes."""
    rows = []
    for name, preset in presets().items():
        sources = ", ".join(f"[{n}]({page})" for n, page in enumerate(preset.source, 1))
        address = f"`{preset.base_url}`" if preset.base_url else "yours"
        key = f"`{preset.key_variable}`" if preset.key_variable else "none"
        refuses = ", ".join(f"`{each}`" for each in preset.refuses) or "-"
        form = f"`{preset.structured}`"
        rows.append((f"`{name}`", preset.title, address, key, form, refuses, sources))
    head = ("preset", "server", "address", "key", "answers", "is not sent", "source")
    return _table(head, rows)


def filled(page: str, name: str, table: str) -> str:
    """The page with its marked table replaced.

    Raises:
        ValueError: the page has no such mark.
    """
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    before, _, rest = page.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"there is no {begin} ... {end}")
    return f"{before}{begin}\n{table}\n{end}{after}"


def codes_table() -> str:
    """The codes of the gate; one that is looked for in two stages has both sentences."""
    when: dict[str, list[str]] = {}
    for check in TABLE:
        when.setdefault(check.code, []).append(check.when)
    rows = [f"| `{code}` | {CODES[code]} | {' '.join(said)} |" for code, said in when.items()]
    return "\n".join(["| code | default | when |", "|---|---|---|", *rows])


# --- all of it ---------------------------------------------------------------------------------


def files(root: Path) -> dict[Path, str]:
    """Every file that is made from the program, with what it should hold."""
    reference, taxonomy, found = root / "docs" / "reference", Taxonomy.builtin(), commands()
    sample = (reference / "sample.md").read_text("utf-8")
    sample = filled(sample, "bounds", bounds_table(taxonomy))
    sample = filled(sample, "difficulties", difficulty_table(taxonomy))
    sample = filled(sample, "codes", codes_table())
    servers = root / "docs" / "how-to" / "own-model-server.md"
    exit_codes = (reference / "exit-codes.md").read_text("utf-8")
    scripts = {root / "completions" / f"legalgen.{shell}": _completion(shell) for shell in SHELLS}
    return {
        reference / "commands.md": commands_page(found),
        reference / "configuration.md": configuration_page(),
        reference / "sample.md": sample,
        servers: filled(servers.read_text("utf-8"), "presets", presets_table()),
        root / "man" / "legalgen.1": manual(found, exit_codes),
        root / WORDS.relative_to(ROOT): words_file(typer.main.get_command(app)),
        **scripts,
    }


def _completion(shell: str) -> str:
    script = get_completion_script(
        prog_name="legalgen", complete_var=COMPLETE_VARIABLE, shell=shell
    )
    return script.rstrip() + "\n"


def main(check: bool) -> int:
    """Write the files, or say which are not current."""
    stale = [
        (path, text)
        for path, text in files(ROOT).items()
        if not path.exists() or path.read_text("utf-8") != text
    ]
    for path, text in stale:
        sys.stdout.write(f"{path.relative_to(ROOT)}{' is not current' if check else ''}\n")
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
