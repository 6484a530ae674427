"""How a setting is declared, and the platform's folders that some of them default to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Literal, TypeVar, cast

import msgspec

from legalgen.settings.types import (
    PATH,
    URL,
    Kind,
    Secret,
)

T = TypeVar("T")

Found = tuple[object, "Origin"]


class Origin(msgspec.Struct, frozen=True):
    """Where a value came from: ``where`` is the flag, the variable, or file, table and key."""

    source: Literal["flag", "environment", "config", "default"]
    where: str = ""

    def __str__(self) -> str:
        return f"{self.source} ({self.where})" if self.where else self.source


class Declaration(msgspec.Struct, Generic[T], frozen=True):
    """All that is known about one setting before anybody sets it.

    ``absent`` says in words what holds when the value is None. ``example`` is a value as a user
    writes it, for the commented file.
    """

    name: str
    kind: Kind[T]
    default: T | None
    help: str
    table: str
    key: str
    env: str
    absent: str
    example: str

    @property
    def flag(self) -> str:
        """``--max-wait``."""
        return "--" + self.name.replace("_", "-")


def setting(
    kind: Kind[T],
    default: T,
    table: str,
    help: str,  # noqa: A002 - the word that Typer uses for it
    *,
    key: str = "",
    env: str = "",
    absent: str = "",
    example: str = "",
) -> T:
    """A field of ``Settings`` with its declaration; typed as the value it will hold."""
    details = {
        "kind": kind, "help": help, "table": table, "key": key, "env": env,
        "absent": absent, "example": example,
    }  # fmt: skip
    # A URL may hold a password, and a value's repr ends in tracebacks.
    return field(default=default, repr=kind.name != URL.name, metadata={"setting": details})


def folder(table: str, help: str, *, key: str = "", example: str = "") -> Path:  # noqa: A002
    """A field that holds a folder, whose default is the platform's and found at loading."""
    details = {
        "kind": PATH, "help": help, "table": table, "key": key, "env": "",
        "absent": "the platform's folder", "example": example,
    }  # fmt: skip
    return cast(Path, field(metadata={"setting": details}))


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


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """The table ``[providers.<name>]`` of the file; ``models`` in the order of preference."""

    api_key: Secret | None = None
    base_url: str | None = field(default=None, repr=False)
    models: tuple[str, ...] = ()
    model_path: Path | None = None
