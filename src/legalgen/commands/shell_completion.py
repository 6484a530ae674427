"""What a shell offers after TAB: commands, options, and the values of options.

The scripts for the shells are Typer's: they set ``_LEGALGEN_COMPLETE`` and ask this program. It is
answered from ``words.json``, which ``docs/make.py`` writes from the commands: to import Typer and
build its commands takes longer than an answer, and a key press waits for it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from legalgen.commands.offers import Offer

ASKED = "_LEGALGEN_COMPLETE"
"""The variable in which a shell's script says which answer it wants."""

RESUMABLE = ("paused", "stopped", "interrupted", "failed")
BATCH_STATUSES = ("running", "completed", *RESUMABLE, "unreadable")
"""The statuses of a batch; one of the former can be gone on with."""


class Offered(NamedTuple):
    """One word that a shell may put in, and a sentence on it."""

    value: str
    help: str = ""


class Option(NamedTuple):
    """An option with all its names; ``offer`` is None for a switch, which takes no value."""

    names: tuple[str, ...]
    help: str
    offer: Offer | None


class Words(NamedTuple):
    """What may follow a command: its options, what its arguments may be, and its own commands."""

    help: str
    options: tuple[Option, ...]
    arguments: tuple[Offer, ...]
    commands: tuple[str, ...]

    @property
    def by_name(self) -> dict[str, Option]:
        """The options by each of their names."""
        return {name: option for option in self.options for name in option.names}


WORDS = Path(__file__).with_name("words.json")


def load_words() -> dict[str, Words]:
    """What each command takes, by the words that call it: ``dataset verify``, and "" for all."""
    written = json.loads(WORDS.read_text(encoding="utf-8"))
    return {path: _words(written, path) for path in written}


def _words(written: Mapping[str, Any], path: str) -> Words:
    command = written[path]
    within = f"{path} ".lstrip()
    return Words(
        command["help"],
        tuple(Option(tuple(n), said, _offer(takes)) for n, said, takes in command["options"]),
        tuple(offer for takes in command["arguments"] if (offer := _offer(takes)) is not None),
        tuple(
            other.removeprefix(within)
            for other in written
            if other and other.startswith(within) and " " not in other.removeprefix(within)
        ),
    )


def _offer(takes: str | Sequence[str] | None) -> Offer | None:
    """Null: no value. A list: one of these words. A text: what is found by that name."""
    if takes is None or isinstance(takes, str):
        return None if takes is None else Offer(takes)
    return Offer(words=takes)


# ----------------------------------------------------------------- the line


def answer() -> str | None:
    """What to print for the shell that asked; None where none did, or one that Typer answers.

    Raises:
        SystemExit: fish asks only whether there is anything; the exit code says it.
    """
    reply = _REPLIES.get(os.environ.get(ASKED, ""))
    return reply(offered(load_words(), *_line())) if reply is not None else None


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


class Before(NamedTuple):
    """What the words before the cursor are.

    ``path`` is the command, ``arguments`` how many of its arguments are given, ``pending`` the
    option whose value is next, ``given`` the values of the others by their first names.
    """

    path: str
    arguments: int
    pending: Option | None
    given: Mapping[str, str]


def _read(commands: Mapping[str, Words], words: Sequence[str]) -> Before:
    path, arguments = "", 0
    pending: Option | None = None
    given: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        option = commands[path].by_name.get(name)
        if pending is not None:
            given[pending.names[0]] = word
            pending = None
        elif option is not None:
            if equals:
                given[option.names[0]] = value
            elif option.offer is not None:
                pending = option
        elif word in commands[path].commands:
            path = f"{path} {word}".lstrip()
        else:
            arguments += 1
    return Before(path, arguments, pending, given)


def offered(commands: Mapping[str, Words], words: Sequence[str], incomplete: str) -> list[Offered]:
    """What may stand in place of ``incomplete`` after ``words``."""
    path, arguments, pending, given = _read(commands, words)
    command = commands[path]
    if pending is not None:
        return _values(pending.offer, incomplete, given)
    name, equals, begun = incomplete.partition("=")
    if equals and name in command.by_name:
        found = _values(command.by_name[name].offer, begun, given)
        return [each._replace(value=f"{name}={each.value}") for each in found]
    if incomplete.startswith("-"):
        return list(_options(command, incomplete))
    if command.commands:
        return [
            Offered(each, commands[f"{path} {each}".lstrip()].help)
            for each in command.commands
            if each.startswith(incomplete)
        ]
    offers = command.arguments[arguments:]
    return _values(offers[0], incomplete, given) if offers else []


def _values(offer: Offer | None, incomplete: str, given: Mapping[str, str]) -> list[Offered]:
    return [] if offer is None else list(map(Offered, offer.beginning(incomplete, given)))


def _options(command: Words, incomplete: str) -> Iterator[Offered]:
    """The options that begin so; the short name of one only where it is whole."""
    for option in command.options:
        for name in option.names:
            if name.startswith(incomplete) and (name.startswith("--") or incomplete == name):
                yield Offered(name, option.help)


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
