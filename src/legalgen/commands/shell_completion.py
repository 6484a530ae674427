"""What a shell offers after TAB: commands, options, and the values of options.

The scripts for the shells are Typer's: they set ``_LEGALGEN_COMPLETE`` and ask this program. It is
answered from the tree of commands alone. Typer would read the line as a command reads it, which
loads pydantic for the types of the values: as much time again as all the rest.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import typer

if TYPE_CHECKING:
    from legalgen.law.taxonomy import Taxonomy
    from legalgen.settings.layers import Settings

ASKED = "_LEGALGEN_COMPLETE"
"""The variable in which a shell's script says which answer it wants."""

RESUMABLE = ("paused", "stopped", "interrupted", "failed")
STATUSES = ("running", "completed", *RESUMABLE, "unreadable")
"""The statuses of a batch; one of the former can be gone on with."""

Offer = Callable[[typer.Context, str], list[str]]
"""What may follow a value that was begun; ``params`` of the context are the options before it."""


class Offered(msgspec.Struct, frozen=True):
    """One word that a shell may put in, and a sentence on it."""

    value: str
    help: str = ""


# ----------------------------------------------------------------- values


def among(words: Iterable[str]) -> Offer:
    """Those of ``words`` that begin as the value does."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:  # noqa: ARG001 - an Offer
        return [word for word in words if word.startswith(incomplete)]

    return complete


def _found(find: Callable[[Settings, Mapping[str, Any]], Iterable[str]]) -> Offer:
    """What ``find`` sees with the settings of the line; the last of several names is completed."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        from legalgen.errors import LegalgenError

        before, comma, last = incomplete.rpartition(",")
        try:
            found = find(_settings(ctx.params), ctx.params)
            return [f"{before}{comma}{word}" for word in found if word.startswith(last)]
        except (LegalgenError, OSError):  # a shell has no place to complain in
            return []

    return complete


def _settings(given: Mapping[str, Any]) -> Settings:
    from legalgen.settings.layers import Settings, find_config

    flags = {name: value for name in ("data_dir", "taxonomy") if (value := given.get(name))}
    return Settings.load(flags, os.environ, find_config(os.environ, flag=given.get("config")))


def _models(settings: Settings, given: Mapping[str, Any]) -> Iterator[str]:
    provider = given.get("provider")
    for ref in _targets(settings, given):
        of, _, model = ref.partition("/")
        if provider in (None, of):
            yield model


def _targets(settings: Settings, _: Mapping[str, Any]) -> Iterator[str]:
    from legalgen.providers.catalog import Catalog

    catalog = Catalog.load()
    for name in settings.specs():
        own = settings.table(name).models
        listed = [spec.id for spec in catalog.models(name)]
        yield from (f"{name}/{model}" for model in dict.fromkeys([*own, *listed]))


def _of_taxonomy(ids: Callable[[Taxonomy], Iterable[str]]) -> Offer:
    def find(settings: Settings, _: Mapping[str, Any]) -> Iterable[str]:
        from legalgen.law.opening import taxonomy_of

        return dict.fromkeys(ids(taxonomy_of(settings)))

    return _found(find)


def _batches(settings: Settings, _: Mapping[str, Any]) -> list[str]:
    """The ids by the names of their records, newest first; no record is read."""
    from legalgen.store.files import DataDir

    return sorted(path.stem for path in DataDir(settings.data_dir).batches.glob("*.json"))[::-1]


OFFERS: Mapping[str, Offer] = {
    "model": _found(_models),
    "route": _found(_targets),
    "judge": _found(_targets),
    "jurisdiction": _of_taxonomy(lambda all_: (each.id for each in all_.jurisdictions)),
    "practice_area": _of_taxonomy(lambda all_: (each.id for each in all_.areas)),
    "topic": _of_taxonomy(lambda all_: (each.id for each in all_.leaves())),
    "difficulty": _of_taxonomy(lambda all_: (each.id for each in all_.difficulties)),
    "sample_type": _of_taxonomy(lambda all_: (each.id for each in all_.sample_types)),
}
"""By the name of a setting, where its kind does not list the words."""
BATCHES = _found(_batches)


# ----------------------------------------------------------------- the line


def answer(root: Any) -> str | None:
    """What to print for the shell that asked; None where none did, or one that Typer answers.

    Raises:
        SystemExit: fish asks only whether there is anything; the exit code says it.
    """
    reply = _REPLIES.get(os.environ.get(ASKED, ""))
    return reply(offered(root, *_line())) if reply is not None else None


def _line() -> tuple[list[str], str]:
    """The words before the cursor without the program's name, and the one that was begun."""
    if "COMP_WORDS" in os.environ:  # bash, which takes = for a word of its own
        words = _split(os.environ["COMP_WORDS"])
        at = int(os.environ.get("COMP_CWORD") or len(words))
        begun = words[at] if at < len(words) else ""
        return [word for word in words[1:at] if word != "="], "" if begun == "=" else begun
    line = os.environ.get("_TYPER_COMPLETE_ARGS", "")
    words = _split(line)[1:]
    if words and not line[-1].isspace():
        return words[:-1], words[-1]
    return words, ""


def _split(line: str) -> list[str]:
    """As the shell would; a quote may still be open."""
    lexer = shlex.shlex(line, posix=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    words: list[str] = []
    try:
        words.extend(lexer)
    except ValueError:  # shlex's word for an open quote: what was begun
        words.append(lexer.token)
    return words


def offered(root: Any, words: Sequence[str], incomplete: str) -> list[Offered]:
    """What may stand in place of ``incomplete`` after ``words``."""
    command = root
    context = command.context_class(command, info_name="legalgen")
    flags = _flags(command)
    positional, pending = 0, None
    for word in words:
        name, given, value = word.partition("=")
        if pending is not None:
            context.params[pending.name] = word
            pending = None
        elif name in flags:
            pending = None if flags[name].is_flag or given else flags[name]
            if given:
                context.params[flags[name].name] = value
        elif word in getattr(command, "commands", {}):
            command = command.commands[word]
            context = command.context_class(command, info_name=word, parent=context)
            flags = _flags(command)
        else:
            positional += 1
    if pending is not None:
        return _values(pending, context, incomplete)
    name, given, begun = incomplete.partition("=")
    if given and name in flags:
        found = _values(flags[name], context, begun)
        return [msgspec.structs.replace(each, value=f"{name}={each.value}") for each in found]
    if incomplete.startswith("-"):
        return _options(command, incomplete)
    if hasattr(command, "commands"):
        return _commands(command, incomplete)
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    return _values(arguments[positional], context, incomplete) if arguments[positional:] else []


def _flags(command: Any) -> dict[str, Any]:
    options = (each for each in command.params if each.param_type_name == "option")
    return {name: each for each in options for name in each.opts}


def _values(parameter: Any, context: Any, incomplete: str) -> list[Offered]:
    return [Offered(each.value) for each in parameter.shell_complete(context, incomplete) or ()]


def _options(command: Any, incomplete: str) -> list[Offered]:
    return [
        Offered(name, _sentence(each.help))
        for each in command.params
        if each.param_type_name == "option" and not each.hidden
        for name in each.opts
        if name.startswith(incomplete) and (name.startswith("--") or incomplete == name)
    ]


def _commands(group: Any, incomplete: str) -> list[Offered]:
    return [
        Offered(name, _sentence(each.help))
        for name, each in group.commands.items()
        if name.startswith(incomplete) and not each.hidden
    ]


def _sentence(text: str | None) -> str:
    """The first sentence of a help, without colours."""
    plain = " ".join(re.sub(r"\[/?[a-z]+\]", "", text or "").split())
    return re.split(r"(?<=\.) ", plain, maxsplit=1)[0]


def _bash(found: Sequence[Offered]) -> str:
    return "\n".join(each.value for each in found)


def _zsh(found: Sequence[Offered]) -> str:
    """A command that zsh runs; ``_files`` where any file may follow."""

    def quoted(text: str) -> str:
        doubled = text.replace('"', '""').replace("'", "''")
        return re.sub(r"[$`]", r"\\\g<0>", doubled).replace(":", r"\\:")

    words = "\n".join(
        f'"{quoted(each.value)}"' + f':"{quoted(each.help)}"' * bool(each.help) for each in found
    )
    return f"_arguments '*: :(({words}))'" if words else "_files"


def _fish(found: Sequence[Offered]) -> str:
    """A word a line with its sentence; the exit code alone tells whether there are any."""
    if os.environ.get("_TYPER_COMPLETE_FISH_ACTION") == "is-args":
        sys.exit(0 if found else 1)
    return "\n".join(f"{each.value}\t{each.help}".rstrip() for each in found)


_REPLIES: Mapping[str, Callable[[Sequence[Offered]], str]] = {
    "complete_bash": _bash,
    "complete_zsh": _zsh,
    "complete_fish": _fish,
}
