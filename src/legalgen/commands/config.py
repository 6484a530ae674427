"""``legalgen config``: where settings come from, and the file that holds them."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from legalgen.commands.offers import Offer
from legalgen.commands.options import (
    Flags,
    config_of,
    console_of,
    console_without_file,
    group,
    settings_of,
    takes,
)

if TYPE_CHECKING:
    from legalgen.law.taxonomy import Taxonomy
    from legalgen.providers.presets import Preset
    from legalgen.ui.console import Console

config_app = group("config", "Show and write the configuration.")


@config_app.command("show")
@takes("config show")
def show(flags: Flags) -> int:
    """Print every setting with where its value came from; keys are masked."""
    from legalgen.providers import PROVIDERS
    from legalgen.settings.show import describe

    settings = settings_of(flags)
    console = console_of(settings)
    for warning in settings.warnings:
        console.talk(warning)
    rows = describe(settings, PROVIDERS)
    console.settings([(row.name, row.value, str(row.origin)) for row in rows])
    return 0


@config_app.command("path")
@takes("config path")
def path(flags: Flags) -> int:
    """Print where the config file is, or would be."""
    from legalgen.settings.layers import config_path

    console = console_without_file(flags)
    where = str(config_path(os.environ, flag=config_of(flags)))
    if console.json:
        console.data({"path": where})
    else:
        console.text(where)
    return 0


@config_app.command("init")
@takes("config init")
def init(flags: Flags) -> int:
    """Write a commented config file to begin with; one that is there stays as it is."""
    from legalgen.settings.config_file import init_config
    from legalgen.settings.layers import config_path

    console = console_without_file(flags)
    where = config_path(os.environ, flag=config_of(flags))
    init_config(where)
    console.talk(f"Wrote {where}; every setting is in it, commented out.")
    if console.json:
        console.data({"path": str(where)})
    return 0


@config_app.command("set-key")
@takes("config set-key")
def set_key(
    flags: Flags,
    provider: Annotated[
        str,
        typer.Argument(metavar="PROVIDER", help="Such as groq.", autocompletion=Offer("built_in")),
    ],
) -> int:
    """Put a provider's API key into the config file: typed without echo, or from stdin."""
    from legalgen.errors import UsageError
    from legalgen.providers import PROVIDERS
    from legalgen.providers.presets import presets
    from legalgen.routing.route import known_provider
    from legalgen.settings import config_file
    from legalgen.settings.layers import config_path

    console = console_without_file(flags)
    if provider in settings_of({}).specs() and provider not in PROVIDERS:
        raise UsageError(f'{provider} is a server: write key = "..." in [servers.{provider}]')
    if provider in presets() and provider not in PROVIDERS:
        raise UsageError(_key_of_preset(provider, presets()[provider]))
    name = known_provider(provider, "set-key")
    if PROVIDERS[name].env_var is None:
        raise UsageError(f"{name} takes no key")
    where = config_path(os.environ, flag=config_of(flags))
    config_file.read_config(where)  # what is wrong with it is told before a key is typed
    config_file.set_key(where, name, _typed_key(name))
    console.talk(f"The key of {name} is in {where}; only you can read it.")
    if console.json:
        console.data({"provider": name, "path": str(where)})
    return 0


def _key_of_preset(name: str, preset: Preset) -> str:
    """Where the key of a known kind of server is written."""
    if preset.local:
        return f"{name} takes no key"
    address = "" if preset.base_url else "base_url and "
    variable = f", or set {preset.key_variable}" if preset.base_url and preset.key_variable else ""
    return f'{name} is a server: write {address}key = "..." in [servers.{name}]{variable}'


def _typed_key(name: str) -> str:
    """The key, from a person or from a pipe; it is never shown."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    from getpass import getpass

    return getpass(f"API key of {name} (it is not shown): ", sys.stderr)


@config_app.command("taxonomy")
@takes("config taxonomy")
def taxonomy(
    flags: Flags,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Tell what nobody compared with the law for a year.")
    ] = False,
) -> int:
    """Print the tree of what can be asked for, with how many cells each branch holds."""
    from legalgen.law import from_settings as law

    settings = settings_of(flags)
    whole = law.taxonomy_of(settings)
    console = console_of(settings)
    for warning in whole.warnings:
        console.talk(warning)
    if check:
        return _stale_topics(whole, console)
    console.taxonomy(whole.as_tree(law.filter_of(settings)))
    return 0


def _stale_topics(taxonomy: Taxonomy, console: Console) -> int:
    """Name the topics that were last compared with the law more than a year ago, or never."""
    from legalgen.errors.exit_codes import Exit
    from legalgen.errors.plurals import plural  # most commands count nothing here

    today = datetime.now(UTC)
    year_ago = f"{today.year - 1}-{today.month:02}"
    stale = taxonomy.unchecked_since(year_ago)
    rows = [{"topic": "/".join(leaf.key), "checked": leaf.checked or None} for leaf in stale]
    if console.json:
        console.data({"unchecked_since": year_ago, "topics": rows})
    else:
        for row in rows:
            console.text(f"{row['topic']}: {row['checked'] or 'never checked'}")
        console.talk(
            f"Of {plural(len(taxonomy.leaves()), 'topic')} {len(rows)} were not compared with the "
            f"law since "
            f'{year_ago}; look their authorities up, and write checked = "{today:%Y-%m}" there.'
            if rows
            else f"Each of {plural(len(taxonomy.leaves()), 'topic')} was compared with the law "
            f"since {year_ago}."
        )
    return Exit.FOUND if rows else Exit.DONE
