"""Where a dataset is sent: the contract of such a place, and how one is named.

A place holds files by path. ``hub`` and ``s3`` fulfil the contract; what is sent there, what goes,
and what is refused is decided in ``push``, which knows neither.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, Protocol
from urllib.parse import parse_qsl

import msgspec

from legalgen.errors import RemoteUnavailable, UsageError

CARD: Final = "README.md"
FOLDER: Final = "data/"
"""What is ours there: the card, and the parquet files directly in this folder."""

_REPOSITORY: Final = re.compile(r"(?:hf://datasets/)?([\w.-]+/[\w.-]+)", re.ASCII)
_BUCKET: Final = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([^?]*))?(?:\?(.*))?")
OPTIONS: Final = ("endpoint_override", "region", "scheme")
"""What may follow a bucket and its prefix as a query, in pyarrow's words."""


class RemoteFile(msgspec.Struct, frozen=True):
    """A file that is there: bytes, and what tells its content apart where the place knows it."""

    size: int
    digest: str = ""


class Standing(msgspec.Struct, frozen=True):
    """What is there at one moment. ``public`` is None where others decide who may read.

    ``version`` names the moment: a change that is made for it is refused at another.
    """

    files: Mapping[str, RemoteFile]
    exists: bool = True
    public: bool | None = None
    version: str = ""


class Outgoing(msgspec.Struct, frozen=True):
    """A file of ours as it is to be there. ``whole``: it is the sealed part, byte for byte."""

    path: str
    file: Path
    size: int
    rows: int = 0
    whole: bool = True


class Change(msgspec.Struct, frozen=True):
    """What is sent and what is removed; ``replaces``: rows would be there twice in between."""

    send: tuple[Outgoing, ...]
    remove: tuple[str, ...]
    replaces: bool = False


class RemoteChanged(RemoteUnavailable):
    """Somebody else changed what is there in between: look again."""


class Remote(Protocol):
    """A place for one dataset.

    Every method raises ``RemoteUnavailable`` where it cannot be reached within bounds,
    ``ConfigurationError`` where it refuses who asks, ``UsageError`` where it cannot be meant.
    """

    @property
    def url(self) -> str:
        """Where a person or a program finds it."""

    def look(self) -> Standing:
        """What is there. Changes nothing, makes nothing."""

    def holds(self, standing: Standing, outgoing: Outgoing) -> bool:
        """Whether the file is there already, with the content that it has here."""

    def batches_in(self, standing: Standing, path: str) -> frozenset[str]:
        """The batches whose rows a parquet file there holds; empty if it holds none of ours."""

    def text(self, standing: Standing, path: str) -> str:
        """A small text file that is there."""

    def apply(self, standing: Standing, change: Change, message: str) -> None:
        """Make the change.

        Raises:
            RemoteChanged: what is there is not ``standing`` any more; nothing was changed.
        """


class Destination(msgspec.Struct, frozen=True):
    """What a target names: a repository of the ``hub``, or a bucket of ``s3`` with a prefix."""

    kind: Literal["hub", "s3"]
    name: str
    prefix: str = ""
    options: Mapping[str, str] = {}


def place_of(target: str) -> Destination:
    """``me/name``, ``hf://datasets/me/name``, ``s3://bucket/prefix?region=eu-west-2``.

    Raises:
        UsageError: it is none of them.
    """
    if match := _BUCKET.fullmatch(target):
        options = dict(parse_qsl(match[3] or ""))
        for name in options:
            if name not in OPTIONS:
                raise UsageError(f"{target}: {name} is none of {', '.join(OPTIONS)}")
        if (scheme := options.get("scheme", "https")) not in ("http", "https"):
            raise UsageError(f"{target}: scheme is http or https, not {scheme}")
        prefix = (match[2] or "").strip("/")
        if "//" in prefix:
            raise UsageError(f"{target}: a folder without a name; write one slash for two")
        return Destination("s3", match[1], prefix, options)
    match = _REPOSITORY.fullmatch(target)
    if match and not match[1].startswith((".", "/")):
        return Destination("hub", match[1])
    if re.match(r"s3://[^/]*@", target):
        raise UsageError("a key in an address stands in files and lists: set AWS_ACCESS_KEY_ID")
    if match := re.match(r"s3://([^/?]+)", target):
        raise UsageError(
            f"{target}: {match[1]} can be no bucket: a name has 3 to 63 small letters, digits, "
            "dots and hyphens"
        )
    raise UsageError(
        f"{target}: write me/name for a dataset on the Hugging Face Hub, or s3://bucket/prefix"
    )
