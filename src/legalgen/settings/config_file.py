"""The config file as a text: the commented template, putting a key into it, its reference page."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from legalgen.errors import ConfigurationError, DiskError, UsageError
from legalgen.providers import PROVIDERS, ProviderSpec, own_variable
from legalgen.providers.keys import key_problem
from legalgen.providers.presets import presets
from legalgen.settings.declaration import Declaration
from legalgen.settings.document import LIMIT_KEYS, WEIGHT_AXES
from legalgen.settings.layers import SETTINGS
from legalgen.settings.provider_tables import MODEL_KEYS, STRUCTURED
from legalgen.settings.reading import is_there, reason_of
from legalgen.settings.toml import read_text, read_toml
from legalgen.settings.writing import PRIVATE, make_folder, swapped_in, write_new

_HEAD = """\
# legalgen's settings. A flag wins over a variable, a variable over this file.
# Everything here is commented out and shows the default or an example.
"""
_TABLES = """
# [limits."groq/openai/gpt-oss-120b"]
# What your account may do, where the vendor does not say it in its replies.
# requests_per_minute = 30
# tokens_per_minute = 8000
# requests_per_day = 1000

# [prices."openai/qwen3:8b"]
# US dollars a million tokens, where the catalog knows none; 0 for your own hardware.
# input = 0.2
# output = 0.6

# [providers.groq.models."openai/gpt-oss-120b"]
# What is stated of one model; [providers.groq] may hold the same for all.
# context = 32768
# temperature = 0.6
# extra_body = { top_k = 20 }

# [servers.gpu1]
# A server of your own, as many as you like; `--route gpu1/qwen3:32b` uses it.
# preset = "vllm"
# base_url = "http://gpu1:8000/v1"
# key = ""
# models = ["qwen3:32b"]
# failover = false

# [gate]
# Thresholds of the gate, by name.

# [weights]
# How often, against each other, the values of one axis are planned.
# jurisdiction = { uk = 2, us = 1, eu = 1 }
"""


def init_config(path: Path) -> None:
    """Write a commented config file of all settings that only its owner can read.

    Raises:
        UsageError: there is one already; it is never overwritten.
        DiskError: it cannot be written.
    """
    if os.path.lexists(path):
        raise UsageError(f"{path} exists and is left as it is; edit it, or move it away.")
    try:
        make_folder(path.parent, 0o700)
        write_new(path, config_template().encode(), PRIVATE)
    except OSError as error:
        raise DiskError(f"{path} cannot be written: {reason_of(error, path)}.", path) from error


def config_template() -> str:
    """The text of a new config file: TOML, every setting on a commented line."""
    sections = dict.fromkeys(each.table for each in SETTINGS if "." not in each.table)
    parts = [_HEAD, *(_template_section(table) for table in sections)]
    parts += [_template_provider(spec) for spec in PROVIDERS.values()]
    return "".join(parts) + _TABLES


def _template_section(table: str) -> str:
    rows = [each for each in SETTINGS if each.table == table]
    return f"\n[{table}]\n" * bool(table) + "".join(_template_setting(each) for each in rows)


def _template_setting(each: Declaration[Any]) -> str:
    unset = f" Default: {each.absent}." if each.absent else ""
    return f"\n# {each.help}{unset}\n# {each.key} = {_toml(each)}\n"


def _template_provider(spec: ProviderSpec) -> str:
    name = spec.name
    options = "".join(f"\n# {each.help}\n# {each.key} = {each.example}\n" for each in spec.options)
    if not spec.remote:
        path = '\n# A GGUF file of your own.\n# model_path = "model.gguf"\n'
        return f"\n[providers.{name}]\n{path}{options}"
    variable = own_variable(name, "API_KEY")
    key = f"\n# The API key; {variable} wins over it.\n" + '# api_key = ""\n'
    rest = '\n# models = ["llama3.1:8b"]\n' if spec.default_base_url is None else ""
    rows = [each for each in SETTINGS if each.table == f"providers.{name}"]
    settings = "".join(_template_setting(each) for each in rows)
    return f"\n[providers.{name}]\n{key}{settings}{options}{rest}"


def _toml(each: Declaration[Any]) -> str:
    """The default, or else the example, as a TOML value."""
    if each.default in (None, ()):
        value: object = each.example
    else:
        value = (
            each.default if isinstance(each.default, bool | int) else each.kind.show(each.default)
        )
    if each.kind.several:
        value = str(value).split(",")
    if each.kind.number and isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)  # JSON's strings, booleans and arrays are TOML's


_OWN_KEY = "LEGALGEN_<NAME>_API_KEY"
_PAGE = """\
# Configuration

<!-- Made by `configuration_page()` of `legalgen.settings.config_file`; a test compares them. -->

A value is taken from the first of these that has it: the flag, the environment variable, the
config file, the default. `legalgen config show` prints every value with where it came from,
`legalgen config path` the file's place (`--config` or `LEGALGEN_CONFIG` name another), and
`legalgen config init` writes a commented file to begin with.

An empty variable counts as unset. A path in the file is relative to the file's folder. Lists are
written `a,b` in flags and variables and `["a", "b"]` in the file; `all` lifts a restriction.
Durations are written `90s`, `2m`, `1h30m`, `15min` or as plain seconds; `off` is no bound.
"""
_PAGE_END = """
## Keys and servers

| provider | key | base URL |
|---|---|---|
PROVIDERS

`OPENAI_API_KEY` is sent only to OpenAI itself or to the server that `OPENAI_BASE_URL` names, never
to a server that was named to legalgen alone. `[providers.openai] models` lists what a server has,
in the order of preference. A file that holds keys must be its owner's alone: `chmod 600`.

## Other tables

`[limits."<provider>/<model>"]` states what an account may do where the vendor's replies do not:
LIMITS.
Each is a whole number from 1; a model that shall not be called at all is left out of `--route`.

`[prices."<provider>/<model>"]` states US dollars a million tokens (`input`, `output`, and
`cached` where cached input costs less), before the catalog's: 0 for your own hardware.
`--max-cost` needs a price of every model in the route.

`[providers.<name>]` states what holds for all models of a provider, and
`[providers.<name>.models."<model>"]` what holds for one; both may hold
MODEL_KEYS.
`context` and `max_output` are tokens. `extra_body` is a table of further parameters, which go into
every request as they are, and `headers` one of what is sent beside it. A flag or a variable goes
before them. Models are listed by their tables or, where nothing is stated of them, in `models`.

OPTIONS`[servers.<name>]` is a server of your own, a provider by that name:

- `base_url`, where its API begins, and `key`, or `key_variable`, the name of a variable that holds
  it; LEGALGEN_NAME_API_KEY goes before the file.
- `models`, the names of its models, and what holds for all of them or for one, as above.
- `preset`, what kind of server it is: PRESETS.
  One that is named as its kind needs no `preset`, and one that needs nothing else no table.
- `structured`, the strictest form of answers it takes: STRUCTURED.
- `failover`: true, and it may stand in a route that names it not.

`keys` in `[providers.<name>]` or `[servers.<name>]` are further keys, each an account of its own,
with budgets and health of its own: `groq#2` is Groq with the second. Whether one may have several
is for the vendor's terms to say; Groq counts the limits of an organisation, not of a key.

`[gate]` overrides thresholds of the gate by name. `[weights]` holds a table per axis
(AXES) with how often its values are planned, against each other:
`jurisdiction = { uk = 2, us = 1 }`; they lie over those of the taxonomy.
"""


def configuration_page() -> str:
    """The reference page of all settings, in Markdown."""
    tables = dict.fromkeys(each.table for each in SETTINGS)
    limits = ", ".join(f"`{name}`" for name in LIMIT_KEYS)
    axes = ", ".join(f"`{axis}`" for axis in WEIGHT_AXES)
    rows = "\n".join(_page_provider(spec) for spec in PROVIDERS.values())
    keys = ", ".join(f"`{key}`" for key in MODEL_KEYS)
    end = _PAGE_END.replace("LIMITS", limits).replace("AXES", axes).replace("PROVIDERS", rows)
    end = end.replace("MODEL_KEYS", keys).replace("LEGALGEN_NAME_API_KEY", f"`{_OWN_KEY}`")
    end = end.replace("PRESETS", ", ".join(f"`{name}`" for name in presets()))
    end = end.replace("STRUCTURED", ", ".join(f"`{form}`" for form in STRUCTURED))
    end = end.replace("OPTIONS", "".join(_page_options(spec) for spec in PROVIDERS.values()))
    return "".join([_PAGE, *(_page_section(table) for table in tables), end])


def _page_section(table: str) -> str:
    title = f"`[{table}]`" if table else "At the top of the file"
    head = "| key | value | default | flag | variable | |\n|---|---|---|---|---|---|\n"
    rows = [_page_row(each) for each in SETTINGS if each.table == table]
    return f"\n## {title}\n\n{head}{''.join(rows)}"


def _page_row(each: Declaration[Any]) -> str:
    default = each.absent if each.default in (None, ()) else f"`{each.kind.show(each.default)}`"
    cells = (f"`{each.key}`", each.kind.name, default, f"`{each.flag}`", f"`{each.env}`", each.help)
    return f"| {' | '.join(cells)} |\n"


def _page_options(spec: ProviderSpec) -> str:
    """The keys of a provider's own."""
    rows = "".join(f"- `{each.key}` (`{each.example}`): {each.help}\n" for each in spec.options)
    return f"`[providers.{spec.name}]` also holds:\n\n{rows}\n" if rows else ""


def _page_provider(spec: ProviderSpec) -> str:
    """Where the key and the address of a provider are read, in that order."""
    place = f"[providers.{spec.name}]"
    if not spec.remote:
        return f"| {spec.name} | none | none; `model_path` in `{place}` names a GGUF file |"
    key = f"`{own_variable(spec.name, 'API_KEY')}`, then `api_key` in `{place}`"
    url = f"`{spec.base_url_env}`, then `base_url`"
    if spec.shared_variables:
        key += f", then `{spec.env_var}`"
        own = own_variable(spec.name, "BASE_URL")
        url = f"`--base-url`, `{own}`, then `base_url`, then `{spec.base_url_env}`"
    return f"| {spec.name} | {key} | {url} |"


def set_key(path: Path, provider: str, key: str) -> None:
    """Put a provider's key into the config file, keep all else, close it to others.

    The file is replaced in one step and made when there is none.

    Raises:
        UsageError: the key cannot be one.
        ConfigurationError: the file is not TOML, or has no room for the key as it is written.
        DiskError: it cannot be written.
    """
    if problem := key_problem(key):
        raise UsageError(f"The key {problem}; nothing was written.")
    path = path.resolve()  # a link to the user's own collection stays one
    content = read_config(path)
    before = read_text(path) if is_there(path) else ""
    after = _edited(before, provider, key.strip(), path)
    if _parsed_toml(after) != _with_key(content, provider, key.strip()):
        raise _no_room(path, provider)
    _replace_private(path, after)


def read_config(path: Path) -> Mapping[str, object]:
    """What the file says, and nothing where there is none.

    Raises:
        ConfigurationError: it cannot be read, or is not TOML.
    """
    return read_toml(path) if is_there(path) else {}


def _with_key(content: Mapping[str, object], provider: str, key: str) -> dict[str, object]:
    """What the file shall say after the edit, whatever the editor makes of it."""
    providers = cast("dict[str, dict[str, object]]", content.get("providers", {}))
    table = {**providers.get(provider, {}), "api_key": key}
    return {**content, "providers": {**providers, provider: table}}


def _edited(text: str, provider: str, key: str, path: Path) -> str:
    import tomlkit  # only set-key needs it
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(text)
        providers = document.setdefault("providers", tomlkit.table(is_super_table=True))
        providers.setdefault(provider, tomlkit.table())["api_key"] = key
        return tomlkit.dumps(document)
    except (TOMLKitError, TypeError, AttributeError) as error:  # the last two: no table there
        raise _no_room(path, provider) from error


def _parsed_toml(text: str) -> dict[str, object] | None:
    import tomllib  # not needed without a config file

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:  # our own edit went wrong, which the caller reports
        return None


def _no_room(path: Path, provider: str) -> ConfigurationError:
    return ConfigurationError(
        f"{path} cannot be edited without touching other lines; "
        f"write api_key under [providers.{provider}] yourself. Nothing was changed."
    )


def _replace_private(path: Path, text: str) -> None:
    """Write beside, then swap, so that only its owner can read it."""
    try:
        make_folder(path.parent, 0o700)
        with swapped_in(path, PRIVATE) as file:
            file.write(text.encode())
    except OSError as error:
        raise DiskError(f"{path} cannot be written: {reason_of(error, path)}.", path) from error
