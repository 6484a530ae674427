"""What a start compiles and Python does not keep: regular expressions, the package's own tables.

Python keeps bytecode; a pattern is compiled anew by each process, and TOML is read anew. Both are
kept here, in one file beside the bytecode of this module, so that it is found, written, left out
and removed as bytecode is: ``PYTHONDONTWRITEBYTECODE`` and ``PYTHONPYCACHEPREFIX`` hold for it. A
pattern is kept as the arguments with which ``re`` has ``_sre`` make it: they are those of one build
of Python, which the file names, and ``_sre`` checks them. What is read from a text is kept by a
hash of that, as Python's hash-based bytecode is, and by the times of the modules that read it.

Only the program does so (``use``, ``keep``); whoever imports a module gets what ``re`` makes.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import marshal
import re
import sys
from array import array
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, TypeVar

T = TypeVar("T")

LAST_PYTHON: Final = (3, 13)
"""The last version with which all of the suite passed: what is asked here of ``re`` is private."""
MOST_PATTERNS: Final = 4_000
"""Once a file has so many, the next one begins anew: they are of modules that changed since."""
_BUILD: Final = f"1 {sys.version}"

_Key = tuple[str, str | bytes, int]
_Patterns = dict[_Key, tuple[Any, ...]]
"""By type, pattern and flags: what ``_sre`` is given beside the pattern, its code as bytes."""
_Texts = dict[str, tuple[bytes, Any]]
"""By name, a hash of a text and what was read from it."""
_Compile = Callable[[Any, int], re.Pattern[Any]]


class CompileCache:
    """What the file held when this process began, and what it lacked."""

    def __init__(self, path: Path, compile_: _Compile) -> None:
        self.path = path
        self.patterns, self.texts = _read(path)
        self.new_patterns: list[_Key] = []
        self.new_texts: _Texts = {}
        self._make = importlib.import_module("_sre").compile
        self._compile = compile_

    def pattern(self, pattern: Any, flags: int = 0) -> re.Pattern[Any]:
        """In place of ``re._compiler.compile``, which ``re`` asks for what it forgot."""
        key = (type(pattern).__name__, pattern, int(flags))  # 3.13 has a kind of int for none
        if (kept := self.patterns.pop(key, None)) is not None:
            all_flags, code, *names = kept
            made: re.Pattern[Any] = self._make(
                pattern, all_flags, memoryview(code).cast("I").tolist(), *names
            )
            return made
        if type(pattern) in (str, bytes) and not flags & re.DEBUG and _in_an_import():
            self.new_patterns.append(key)
        return self._compile(pattern, flags)


_CACHE: CompileCache | None = None


def use(path: Path | None = None) -> None:
    """Take patterns and tables from the file from here on, and remember what it lacks."""
    global _CACHE  # noqa: PLW0603 - one for the process, as ``re`` is
    if sys.version_info[:2] > LAST_PYTHON:
        return  # nobody has tried what its ``re`` gives to ``_sre``
    compiler: Any = importlib.import_module("re._compiler")
    _CACHE = CompileCache(path or _beside_the_bytecode(), compiler.compile)
    compiler.compile = _CACHE.pattern


def table(package: str, name: str) -> dict[str, Any]:
    """The content of a TOML file of ours in which no dates are; whoever gets it may keep it."""
    from importlib import resources  # not needed by ``--help``

    content = resources.files(package).joinpath(name).read_bytes()

    def parse() -> dict[str, Any]:
        import tomllib  # not needed where it is kept

        return tomllib.loads(content.decode())

    return _of_text(f"{package}/{name}", content, parse)


def reading(package: str, name: str, lines: Iterable[str], read: Callable[[], T]) -> T:
    """What the modules of a package read from lines of ours, of types that ``marshal`` knows.

    ``read`` depends on nothing but these lines and modules.
    """
    if _CACHE is None:
        return read()
    folder = Path(sys.modules[package].__path__[0])
    stats = ((each.name, each.stat()) for each in folder.glob("*.*"))
    times = sorted((file, stat.st_mtime_ns, stat.st_size) for file, stat in stats)
    return _of_text(f"{package}/{name}", repr((times, *lines)).encode(), read)


def _of_text(name: str, content: bytes, read: Callable[[], T]) -> T:
    if _CACHE is None:
        return read()
    found: T
    key = importlib.util.source_hash(content)
    kept, found = _CACHE.texts.pop(name, (b"", None))
    if kept != key:
        found = read()
        _CACHE.new_texts[name] = key, found
    return found


def keep() -> None:
    """Write what this process lacked, for the next one; no harm where that cannot be."""
    cache = _CACHE
    if cache is None or not (cache.new_patterns or cache.new_texts) or sys.dont_write_bytecode:
        return
    from legalgen.settings.writing import clear_beside, swapped_in

    # Another process may have written meanwhile; and ``re`` forgets, and has a pattern made twice.
    patterns, texts = _read(cache.path)
    new = [key for key in cache.new_patterns if key not in patterns]
    if not new and not cache.new_texts:
        return
    # The command has ended well: whoever interrupts now need hear of nothing, nor that a later
    # Python gives what marshal does not know (a ValueError).
    unheard = contextlib.suppress(OSError, KeyboardInterrupt, ValueError)
    with unheard, swapped_in(cache.path, durable=False) as file:
        patterns = {**(patterns if len(patterns) < MOST_PATTERNS else {}), **_arguments(new)}
        file.write(marshal.dumps((_BUILD, patterns, texts | cache.new_texts)))
        clear_beside(cache.path.parent)


def _beside_the_bytecode() -> Path:
    return Path(importlib.util.cache_from_source(__file__)).with_suffix(".compiled")


def _read(path: Path) -> tuple[_Patterns, _Texts]:
    try:
        build, patterns, texts = marshal.loads(path.read_bytes())  # noqa: S302 - as bytecode is
    except (OSError, EOFError, ValueError, TypeError):
        return {}, {}
    return (patterns, texts) if build == _BUILD else ({}, {})


def _in_an_import() -> bool:
    """Whether a module is being imported: what is compiled later may be made of anything."""
    frame = sys._getframe(2)
    while (above := frame.f_back) is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = above
    return False


def _arguments(keys: Iterable[_Key]) -> _Patterns:
    """What ``_sre`` is given for each pattern: it is compiled once more, by who writes it."""
    spec = importlib.util.find_spec("re._compiler")
    assert spec is not None
    assert spec.loader is not None
    # A module of our own, in which nothing is made: other threads go on with the one of ``re``.
    compiler: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(compiler)
    compiler._sre = SimpleNamespace(**vars(compiler._sre) | {"compile": lambda *given: given})
    made: _Patterns = {}
    for key in keys:
        _, all_flags, code, groups, index, names = compiler.compile(key[1], key[2])
        made[key] = (all_flags, array("I", code).tobytes(), groups, dict(index), names)
    return made
