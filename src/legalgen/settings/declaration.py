"""How a setting is declared, and the platform's folders that some of them default to.

``Settings`` in ``layers`` holds the declarations; the flags of the commands, the variables, the
file, the completions and the reference pages are made from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, field
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar, cast

import msgspec
from msgspec.structs import replace

from legalgen.settings.types import FOLDER, URL, Kind

T = TypeVar("T")

Resolved = tuple[object, "Origin"]


class Origin(msgspec.Struct, frozen=True):
    """Where a value came from: ``where`` is the flag, the variable, or file, table and key."""

    source: Literal["flag", "environment", "config", "default"]
    where: str = ""

    def __str__(self) -> str:
        return f"{self.source} ({self.where})" if self.where else self.source


Resumed = Literal["anew", "kept", "changeable", "file"]
"""A batch that goes on takes a setting ``anew`` from the command that resumes it, has it ``kept``
because it makes the batch what it is, keeps it unless a flag changes it (``changeable``), or reads
the ``file`` again that it names."""


class Declaration(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """All that is known about one setting before anybody sets it.

    ``absent`` says in words what holds when the value is None. ``example`` is a value as a user
    writes it, for the commented file. ``table`` and ``key`` are its place in that file. The flag
    ``flag``, or ``short``, is taken by ``commands`` (``dataset verify``), and shown in ``--help``
    under the heading ``panel``, with ``metavar`` in place of its value. ``resumed`` says what
    becomes of it when a batch goes on.
    """

    name: str = ""
    kind: Kind[T]
    default: T | None = None
    help: str
    table: str
    key: str
    env: str
    absent: str
    example: str
    metavar: str
    short: str
    panel: str
    commands: tuple[str, ...]
    resumed: Resumed

    @property
    def flag(self) -> str:
        """``--max-wait``."""
        return "--" + self.name.replace("_", "-")

    def named(self, name: str, default: T | None) -> Declaration[T]:
        """The declaration of the field ``name``, with what follows from the name."""
        return replace(
            self,
            name=name,
            default=default,
            key=self.key or name,
            env=self.env or f"LEGALGEN_{name.upper()}",
        )


PANELS: Mapping[str, str] = {
    "": "Who writes it",
    "calls": "Who writes it",
    "failover": "Who writes it",
    "providers.openai": "Who writes it",
    "sample": "What to write",
    "batch": "How far",
    "paths": "Files and output",
    "log": "Files and output",
    "output": "Files and output",
}
"""The headings of ``--help``, in their order: each setting stands under that of its table."""

BATCH = ("batch",)
WRITING = ("generate", *BATCH)
"""Commands that ask a model for samples."""
READING = (
    "dataset verify", "dataset compact", "dataset import", "dataset export", "dataset check",
    "dataset stats", "dataset show", "dataset list", "dataset sample", "dataset drop",
    "dataset review", "dataset page", "dataset push",
)  # fmt: skip
"""Commands that work on a dataset which is there."""
SOURCES = ("sources add", "sources list", "sources show", "sources remove", "sources check")
"""Commands on the user's own texts."""
SHOWING = (*WRITING, "models", "history", "doctor", *READING, *SOURCES)
"""Commands that show something of a dataset, of texts or of the models."""
BY_TAXONOMY = (
    "dataset import", "dataset export", "dataset check", "dataset stats", "dataset page",
    "sources add", "sources check",
)  # fmt: skip
"""Commands that need the taxonomy beside a dataset or texts."""
BY_AUTHORITIES = ("dataset import", "dataset check")
"""Commands that run the gate over rows."""
TREE = "config taxonomy"
CONFIG = ("config show", "config path", "config init", "config set-key", TREE)


def setting(
    kind: Kind[T],
    default: T,
    table: str,
    help: str,  # noqa: A002 - the word that Typer uses for it
    *,
    commands: tuple[str, ...] = WRITING,
    resumed: Resumed = "anew",
    metavar: str = "",
    short: str = "",
    key: str = "",
    env: str = "",
    absent: str = "",
    example: str = "",
) -> T:
    """A field of ``Settings`` with its declaration; typed as the value it will hold."""
    declared: Declaration[T] = Declaration(
        kind=kind,
        help=help,
        table=table,
        key=key,
        env=env,
        absent=absent,
        example=example,
        metavar=metavar or kind.metavar,
        short=short,
        panel=PANELS[table],
        commands=commands,
        resumed=resumed,
    )
    # A URL may hold a password, and a value's repr ends in tracebacks.
    return field(default=default, repr=kind.name != URL.name, metadata={"setting": declared})


def folder(
    help: str,  # noqa: A002
    *,
    commands: tuple[str, ...],
    example: str = "",
) -> Path:
    """A field that holds a folder, whose default is the platform's and found at loading."""
    absent = "the platform's folder"
    declared = setting(
        FOLDER, None, "paths", help, commands=commands, absent=absent, example=example
    )
    return cast(Path, field(metadata=cast("Field[None]", declared).metadata))


def declarations(of: Iterable[Field[Any]]) -> Iterator[Declaration[Any]]:
    """The declarations that a dataclass's fields hold, in their order."""
    for each in of:
        declared: Declaration[Any] | None = each.metadata.get("setting")
        if declared is not None:
            yield declared.named(each.name, None if each.default is MISSING else each.default)


class Folders(msgspec.Struct, frozen=True):
    """The platform's folders for this program; None where there is no home folder."""

    data: Path | None
    state: Path | None
    log: Path | None
    config: Path | None

    @classmethod
    def of_platform(cls) -> Folders:
        """As platformdirs names them for this user."""
        import platformdirs  # not needed when all folders are named

        return cls(
            data=_existing_home(platformdirs.user_data_dir),
            state=_existing_home(platformdirs.user_state_dir),
            log=_existing_home(platformdirs.user_log_dir),
            config=_existing_home(platformdirs.user_config_dir),
        )


def _existing_home(find: Callable[..., str]) -> Path | None:
    """A folder under a home; None where neither HOME nor the account names one.

    platformdirs raises then, or, up to 4.9, answers a relative ``~/…`` that must never be made.
    """
    try:
        path = Path(find("legalgen", appauthor=False))
    except RuntimeError:  # its word for exactly this, and None is ours
        return None
    return path if path.is_absolute() else None
