"""Reading files of the user's, within bounds; of config.toml errors name the file and the line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from legalgen.errors import ConfigurationError
from legalgen.settings.reading import read_bounded, reason_of
from legalgen.settings.types import MOST

_MOST_DIGITS = 4300
"""Of a longer number Python reads none, and says no more than that."""


def read_toml(path: Path) -> Mapping[str, object]:
    """The file's content.

    Raises:
        ConfigurationError: it cannot be read, is not TOML, or holds a whole number that 64 bits do
            not; the file and the line or the key are named.
    """
    import tomllib  # not needed without a config file

    text = read_text(path)
    try:
        content = tomllib.loads(text)
        beyond = _beyond_64_bits(content)
    except tomllib.TOMLDecodeError as error:
        last = f"at line {len(text.splitlines())}, the last"
        problem = str(error).replace("at end of document", last)
        if "'models'" in problem:  # a list of models, and a table of one of them
            problem += "; where a model has a table of its own, leave out models = [...]"
        raise ConfigurationError(f"{path} is not TOML: {problem}.") from error
    except ValueError as error:
        line = text[: _longest_number(text)].count("\n") + 1
        raise _too_large(path, f"(at line {line})") from error
    except RecursionError as error:
        raise ConfigurationError(
            f"{path} is not TOML that can be meant: nested too deep."
        ) from error
    if beyond is not None:
        raise _too_large(path, beyond)
    return content


def _beyond_64_bits(content: Mapping[str, object], table: str = "") -> str | None:
    """Where a whole number stands that is larger than TOML has any, as ``[table] key``."""
    for key, value in content.items():
        name = key if re.fullmatch(r"[\w-]+", key) else json.dumps(key, ensure_ascii=False)
        for each in _leaves(value):
            if isinstance(each, dict):
                if found := _beyond_64_bits(each, f"{table}.{name}" if table else name):
                    return found
            elif isinstance(each, int) and not -MOST <= each <= MOST:
                return f"[{table}] {name}" if table else name
    return None


def _leaves(value: object) -> Iterable[object]:
    """A value, or those of an array and the arrays in it."""
    if isinstance(value, list):
        for each in value:
            yield from _leaves(each)
    else:
        yield value


def _longest_number(text: str) -> int:
    """Where the number of too many digits begins."""
    found = re.search(rf"\d[\d_]{{{_MOST_DIGITS},}}", text)
    return found.start() if found else 0


def _too_large(path: Path, where: str) -> ConfigurationError:
    return ConfigurationError(f"{path} {where}: no whole number is larger than {MOST}.")


def read_text(path: Path) -> str:
    """The file's text, line ends as they are, without the mark some editors put before it.

    Raises:
        ConfigurationError: it cannot be read, or is not UTF-8.
    """
    try:
        return read_bounded(path).decode("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {reason_of(error, path)}.") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigurationError(f"{path} is not UTF-8 (at line {line}).") from error
