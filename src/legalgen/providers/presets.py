"""What is known of compatible servers by name: address, variable of the key, what they refuse.

The data lie in ``presets.toml``, each with its source.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

import msgspec

from legalgen.completion import ResponseFormat


class Preset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of server; ``base_url`` None: it is each customer's own.

    ``structured`` is the strictest ``response_format`` it takes, ``refuses`` holds names of what is
    not sent to it. ``local``: it usually runs on a machine of one's own, and needs no key.
    ``hosts`` are domains under which customers have addresses of their own.
    """

    title: str
    structured: ResponseFormat
    source: tuple[str, ...]
    base_url: str | None = None
    key_variable: str | None = None
    local: bool = False
    refuses: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()

    def owns(self, url: str) -> bool:
        """Whether an address is the vendor's own, so that its key may go there.

        One's own machine is where one says, and its key was given out by it.
        """
        if self.local:
            return True
        host = urlsplit(url).hostname or ""
        if self.base_url is not None and host == urlsplit(self.base_url).hostname:
            return True
        return any(host.endswith(f".{end}") for end in self.hosts)


@cache
def presets() -> Mapping[str, Preset]:
    """All of them by name, servers of one's own first."""
    import tomllib  # most commands name no server

    text = files("legalgen.providers").joinpath("presets.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Preset])
