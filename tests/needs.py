"""What a test needs, read from its code: ``server``, ``process``, ``browser``.

A test needs what its fixtures need, and what the functions and classes of the tests that it names
need. ``conftest.py`` sets the markers, and lets a test fail that does without its marker what it
stands for.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from functools import cache
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest

MARKERS = ("server", "process", "browser")
BY_NAME: Mapping[str, str] = {
    "create_server": "server", "bind": "server", "HTTPServer": "server",
    "ThreadingHTTPServer": "server", "TCPServer": "server",
    "VendorServer": "server",
    "subprocess": "process", "multiprocessing": "process", "fork": "process",
    "sync_playwright": "browser",
}  # fmt: skip
"""Names that, wherever code uses them, say what it needs."""


def of_test(item: pytest.Item) -> frozenset[str]:
    """The markers of a test."""
    assert isinstance(item, pytest.Function)
    found = set(of_function(inspect.unwrap(item.function)))
    for name in item.fixturenames:
        for fixture in item._fixtureinfo.name2fixturedefs.get(name, ()):  # no public name for it
            if fixture.func.__module__ != "tests.conftest" or fixture.scope != "session":
                # What conftest.py has for a whole session are traps, for all tests.
                found |= of_function(inspect.unwrap(fixture.func))
    return frozenset(found)


@cache
def of_function(function: FunctionType) -> frozenset[str]:
    """The markers of whatever calls a function."""
    return frozenset(_reached(function, set()))


def _reached(thing: object, seen: set[int]) -> Iterator[str]:
    if id(thing) in seen:
        return
    seen.add(id(thing))
    needs, further = _own(thing)
    yield from needs
    for each in further:
        yield from _reached(each, seen)


@cache
def _own(thing: object) -> tuple[frozenset[str], tuple[object, ...]]:
    """What a function needs by its own code, and the functions and classes that it names."""
    if isinstance(thing, type):
        plain = (getattr(m, "__func__", None) or _getter(m) or m for m in vars(thing).values())
        return frozenset(), tuple(inspect.unwrap(m) for m in plain if isinstance(m, FunctionType))
    if not isinstance(thing, FunctionType):
        return frozenset(), ()
    names = dict.fromkeys(_names(thing.__code__))
    further = (_ours(thing.__globals__.get(name)) for name in names)
    needs = frozenset(BY_NAME[name] for name in names if name in BY_NAME)
    return needs, tuple(each for each in further if each is not None)


def _getter(method: object) -> object:
    return method.fget if isinstance(method, property) else None


def _names(code: CodeType) -> Iterator[str]:
    """The global names and attributes that code uses, with those of functions inside it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _ours(thing: Any) -> object:
    """A function or class of the tests; what is the program's is not looked into."""
    thing = inspect.unwrap(thing) if callable(thing) else thing
    if isinstance(thing, ModuleType) or not isinstance(thing, FunctionType | type):
        return None
    return thing if (thing.__module__ or "").startswith("tests.") else None
