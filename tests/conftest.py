"""Traps and fixtures of all tests.

No test reaches a home folder, a paid API or the network beyond loopback: what a test forgot to
set leads into a trap whose name says what was forgotten.
"""

from __future__ import annotations

import atexit
import functools
import gc
import ipaddress
import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests import surroundings

surroundings.make_known()

import hypothesis  # noqa: E402 - reads the environment, as others do
import pytest  # noqa: E402
import typer.testing  # noqa: E402
from hypothesis.internal.conjecture import providers  # noqa: E402

from tests import extended, needs, order, reports  # noqa: E402
from tests.program import Program  # noqa: E402
from tests.vendors import Config, VendorServer  # noqa: E402

NOWHERE = "/dev/null/this-test-forgot-to-set-{}"
"""Below a file nothing can be made, not even by root."""
FOLDERS = ("LEGALGEN_DATA_DIR", "LEGALGEN_STATE_DIR", "LEGALGEN_LOG_DIR")
LATENCY_S = 0.02

# No deadline and no check of the pace: a busy machine is no fault of the code. Few examples, the
# same for everybody, fewer in `make quick`; many new ones in `make extended`. What those find
# becomes an explicit example.
patient = hypothesis.settings(
    deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile(
    "everybody", patient, derandomize=True, database=None, max_examples=20
)
hypothesis.settings.register_profile(
    "quick", hypothesis.settings.get_profile("everybody"), max_examples=4
)
hypothesis.settings.register_profile("random", patient, print_blob=True, max_examples=300)
hypothesis.settings.load_profile("everybody")  # `--hypothesis-profile random` draws new examples

# What tests make is small and dies young; looking for cycles after each 700 objects costs 4 %,
# after each 100,000 still 2 %.
gc.set_threshold(1_000_000, 20, 100)

# The whole command line is built once, not by each test that runs one of its commands.
typer.testing._get_command = functools.cache(typer.main.get_command)  # type: ignore[attr-defined]


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--note-extended FILE``: keep date and figures of the extended tests that run."""
    parser.addoption("--note-extended", type=Path, metavar="FILE")


def pytest_configure(config: pytest.Config) -> None:
    """Order what workers run; take down what the extended tests show, where they are reported.

    Hypothesis mixes constants into its examples that stand in the modules which are imported. New
    examples are the better for it; those that are the same for everybody would be others where a
    test runs alone, and after a change anywhere.
    """
    if config.getoption("--hypothesis-profile") != "random":
        providers._get_local_constants = lambda: providers._local_constants
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    if workers > 1:
        config.pluginmanager.register(order.LongFirst(workers))
    if hasattr(config, "workerinput"):
        if not reports.are_all_read(config):
            config.pluginmanager.register(reports.WithoutPhasesThatPassed())
        # All is said, and the system has the memory back at once: Python would first take apart
        # what thousands of tests are made of, for a second.
        atexit.register(os._exit, 0)
    notebook = config.getoption("--note-extended")
    if notebook is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(extended.Notes(notebook))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with what it needs."""
    for item in items:
        for name in needs.of_test(item):
            item.add_marker(name)


def pytest_collection_finish() -> None:
    """What was collected stays to the end: no garbage collection need look through it again."""
    gc.freeze()


@pytest.hookimpl(trylast=True)  # pytest has just looked through what the tests left
def pytest_unconfigure() -> None:
    """Spare its second look at the same; at the exit modules whose objects are part of it would say
    that they leak."""
    gc.freeze()
    atexit.register(gc.unfreeze)


_EVENTS = {"subprocess.Popen": "process", "os.fork": "process", "socket.bind": "server"}
_running: pytest.Item | None = None


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook: a test without any marker that needs one fails; `make quick` would run it."""
    if event in _EVENTS and _running is not None and _is_telling(event, arguments):
        marked = any(map(_running.get_closest_marker, (*needs.MARKERS, "extended")))
        if not marked:
            raise ATestHasNoMarkerError(f"{_running.nodeid} needs the marker {_EVENTS[event]!r}")


def _is_telling(event: str, arguments: tuple[object, ...]) -> bool:
    if event != "socket.bind":
        return True  # os.fork comes without arguments
    sock = arguments[0]
    return isinstance(sock, socket.socket) and sock.family in (socket.AF_INET, socket.AF_INET6)


sys.addaudithook(_watch)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Know which test is running."""
    global _running  # noqa: PLW0603 - an audit hook is given nothing of ours
    _running = item
    try:
        return (yield)
    finally:
        _running = None


class ATestHasNoMarkerError(RuntimeError):
    """`make quick` would run a test that starts a server or a process."""


class ATestReachedForTheNetworkError(RuntimeError):
    """Only loopback is for tests; no OSError, so that nothing takes it for a broken line."""


@pytest.fixture(autouse=True, scope="session")
def _no_home() -> Iterator[None]:
    """Neither settings nor keys of whoever runs the tests, and no folder of theirs."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as hub:
        for name in list(os.environ):
            if name.startswith(("LEGALGEN_", "GROQ_", "CEREBRAS_", "OPENAI_", "XDG_")):
                patch.delenv(name)
        for name in ("HOME", *FOLDERS):
            patch.setenv(name, NOWHERE.format(name))
        patch.setenv("HF_HOME", hub)
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Connections beyond loopback, and the names that would lead there, are refused loudly."""
    connect, connect_ex, look_up = (
        socket.socket.connect,
        socket.socket.connect_ex,
        socket.getaddrinfo,
    )

    def guarded_connect(self: socket.socket, address: object) -> None:
        _check(self, address)
        connect(self, address)  # type: ignore[arg-type]  # whatever the caller gave

    def guarded_connect_ex(self: socket.socket, address: object) -> int:
        _check(self, address)
        return connect_ex(self, address)  # type: ignore[arg-type]

    def guarded_look_up(host: object, *rest: object, **more: object) -> object:
        name = host.decode() if isinstance(host, bytes) else str(host or "localhost")
        if not (_is_loopback(name) or name.endswith(".invalid")):
            raise ATestReachedForTheNetworkError(f"a test looked up {name}")
        return look_up(host, *rest, **more)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield


def _check(sock: socket.socket, address: object) -> None:
    if sock.family in (socket.AF_INET, socket.AF_INET6):
        assert isinstance(address, tuple)
        if not _is_loopback(str(address[0])):
            raise ATestReachedForTheNetworkError(f"a test connected to {address[0]}")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host in ("localhost", socket.gethostname())


@pytest.fixture
def plain_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts that are not compressed, for tests that write hundreds of a few rows to see what is
    left of them: packing costs as much a column as it does of a thousand rows."""
    from legalgen.store.parts import PARQUET  # only what writes parts pays for it

    assert isinstance(PARQUET, dict)
    monkeypatch.setitem(PARQUET, "compression", "none")


@pytest.fixture
def vendors() -> Iterator[VendorServer]:
    """Both vendors and an OpenAI-compatible server, without limits, quick to answer."""
    with VendorServer(Config.of(latency=LATENCY_S)) as server:
        yield server


@pytest.fixture
def program(vendors: VendorServer, tmp_path: Path) -> Program:
    """The executable, with folders of its own and ``vendors`` for the world."""
    return Program(tmp_path, vendors)


@pytest.fixture
def environment(program: Program) -> dict[str, str]:
    """The whole environment of a child process: its folders, and ``vendors`` with keys."""
    return program.environ
