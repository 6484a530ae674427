"""Reading files of the user's, within bounds; of config.toml errors name the file and the line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from legalgen.errors import ConfigurationError
from legalgen.settings.reading import read_bounded, reason_of


def read_toml(path: Path) -> Mapping[str, object]:
    """The file's content.

    Raises:
        ConfigurationError: it cannot be read, or is not TOML; file and line are named.
    """
    import tomllib  # not needed without a config file

    text = read_text(path)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        last = f"at line {len(text.splitlines())}, the last"
        problem = str(error).replace("at end of document", last)
        if "'models'" in problem:  # a list of models, and a table of one of them
            problem += "; where a model has a table of its own, leave out models = [...]"
        raise ConfigurationError(f"{path} is not TOML: {problem}.") from error
    except RecursionError as error:
        raise ConfigurationError(
            f"{path} is not TOML that can be meant: nested too deep."
        ) from error


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
