"""What the benchmarks share: child processes with their usage, the vendors' double, tables.

The vendors' double runs as a process of its own, so that it shares no interpreter lock with what
is measured. What is compared runs alternately, and ratios are taken run by run: a machine that is
busy for a while is busy for both sides.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.vendors import Config, VendorServer

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
LEGALGEN = str(Path(sys.executable).with_name("legalgen"))
PEERS_VARIABLE = "BENCH_PEERS"
_INHERITED = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "VIRTUAL_ENV", "LD_LIBRARY_PATH")


# --- child processes ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Took:
    """What one child process took: wall and CPU seconds, its peak memory, and what it printed."""

    code: int
    wall_s: float
    cpu_s: float
    peak_mb: float
    stdout: str = ""
    stderr: str = ""


def run(
    argv: Sequence[str],
    env: Mapping[str, str],
    *,
    codes: Sequence[int] = (0,),
    timeout_s: float = 600.0,
) -> Took:
    """Run a program to its end in the checkout.

    Raises:
        RuntimeError: it ended with another exit code than ``codes``.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        out = Path(folder) / "took.json"
        launcher = [sys.executable, "-I", "-S", str(HERE / "_launch.py"), str(out), str(timeout_s)]
        done = subprocess.run(
            [*launcher, *argv], env=dict(env), cwd=ROOT, capture_output=True, text=True, check=True
        )
        took = Took(**json.loads(out.read_text("utf-8")), stdout=done.stdout, stderr=done.stderr)
    if took.code not in codes:
        raise RuntimeError(f"{' '.join(argv)} ended with {took.code}:\n{done.stdout}{done.stderr}")
    return took


@contextlib.contextmanager
def background(argv: Sequence[str], env: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A program that runs beside; it is asked to end, then made to."""
    child = subprocess.Popen(
        argv, env=dict(env), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield child
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()


# --- where a program runs ----------------------------------------------------------------------


@contextlib.contextmanager
def room(vendors: Vendors | None = None) -> Iterator[Room]:
    """A temporary folder with everything a fresh legalgen needs, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        yield Room(Path(folder), vendors.environment if vendors else {})


@dataclass(frozen=True, slots=True)
class Room:
    """Folders of one legalgen, and the environment that leads it there and nowhere else."""

    folder: Path
    servers: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        """Its data dir."""
        return self.folder / "data"

    @property
    def env(self) -> dict[str, str]:
        """The whole environment of a child process."""
        config = self.folder / "config.toml"
        config.touch()
        kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        return {
            **kept,
            **self.servers,
            "LEGALGEN_DATA_DIR": str(self.data),
            "LEGALGEN_STATE_DIR": str(self.folder / "state"),
            "LEGALGEN_LOG_DIR": str(self.folder / "log"),
            "LEGALGEN_CONFIG": str(config),
        }

    def legalgen(self, *arguments: str, codes: Sequence[int] = (0,), **rest: Any) -> Took:
        """Run the installed command in this room."""
        return run([LEGALGEN, *arguments], self.env, codes=codes, **rest)

    def record(self) -> dict[str, Any]:
        """The ledger's record of the newest batch."""
        newest = max((self.data / "batches").glob("*.json"), key=lambda path: path.stat().st_mtime)
        found: dict[str, Any] = json.loads(newest.read_text("utf-8"))
        return found


# --- the vendors' double -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Vendors:
    """The double, running elsewhere; ``environment`` points SDKs at it."""

    environment: Mapping[str, str]
    url: str

    def _ask(self, method: str, path: str, value: object = None) -> bytes:
        body = None if value is None else json.dumps(value).encode()
        request = urllib.request.Request(f"{self.url}/_control/{path}", body, method=method)
        with urllib.request.urlopen(request, timeout=30) as reply:
            content: bytes = reply.read()
            return content

    def only(self, name: str) -> Vendors:
        """The same double, of which one vendor's key and address are known."""
        environment = self.environment.items()
        return replace(self, environment={k: v for k, v in environment if k.startswith(name)})

    def stats(self) -> dict[str, Any]:
        """Counts by vendor and model."""
        found: dict[str, Any] = json.loads(self._ask("GET", "stats"))
        return found

    def calls(self) -> list[dict[str, Any]]:
        """Every chat call that was answered, in the order of the answers."""
        lines = self._ask("GET", "log").splitlines()
        return [call for call in map(json.loads, lines) if call["endpoint"] == "chat"]

    def fail(self, *faults: Mapping[str, object]) -> None:
        """Set faults."""
        self._ask("POST", "faults", faults)

    def heal(self) -> None:
        """Remove all faults."""
        self._ask("DELETE", "faults")

    def reset(self) -> None:
        """Forget calls and faults, refill quotas, begin the answers anew."""
        self._ask("POST", "reset", {})


@contextlib.contextmanager
def vendors(*arguments: str) -> Iterator[Vendors]:
    """The vendors' double in a process of its own; ``arguments`` are its command line's."""
    argv = [sys.executable, "-m", "benchmarks._double", *arguments]
    kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    with background(argv, kept) as child:
        assert child.stdout is not None
        environment, url = {}, ""
        for line in child.stdout:
            if line.startswith("export "):
                name, _, value = line.removeprefix("export ").strip().partition("=")
                environment[name] = value
            else:
                url = line.split()[-1].removesuffix("/_control/stats")
                break
        else:
            assert child.stderr is not None
            raise RuntimeError(f"the vendors' double did not start:\n{child.stderr.read()}")
        yield Vendors(environment, url)


# --- the other side of a comparison ------------------------------------------------------------


def recorded_request(folder: Path) -> Path:
    """The body of one request as legalgen sends it, in a file: what the bare SDK sends too."""
    with VendorServer(Config()) as server, room() as here:
        env = {**here.env, **server.environment()}
        run([LEGALGEN, "generate", "--provider", "groq", "--no-save", "--seed", "1"], env)
        body = dict(server.calls("groq")[0].request or {})
    path = folder / "request.json"
    path.write_text(json.dumps(body), "utf-8")
    return path


def bare(request: Path, count: int, *, threads: int = 1, **options: object) -> list[str]:
    """The command line of the bare Groq SDK, doing nothing else."""
    more = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    program = str(HERE / "_bare_sdk.py")
    return [sys.executable, program, str(request), str(count), f"--threads={threads}", *more]


PEERS = {"data designer": "data_designer", "distilabel": "distilabel"}
"""Other programs for this job by what they are called, and the modules that they are."""


def peers(request: Path, count: int, **options: object) -> dict[str, list[str]]:
    """The command lines of those that ``BENCH_PEERS`` has; why not, of the others, on stderr."""
    found = {"litellm": line} if (line := litellm(request, count, **options)) else {}
    python = os.environ.get(PEERS_VARIABLE)
    for name, module in PEERS.items() if python else ():
        assert python is not None
        asked = subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False)
        if asked.returncode:
            why = asked.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
            say(f"{name} is left out: {why}")
            continue
        more = [f"--{option.replace('_', '-')}={value}" for option, value in options.items()]
        found[name] = [python, str(HERE / f"_{module}.py"), str(request), str(count), *more]
    return found


def litellm(request: Path, count: int, **options: object) -> list[str] | None:
    """The command line of LiteLLM's router, where ``BENCH_PEERS`` has it."""
    python = os.environ.get(PEERS_VARIABLE)
    if not python:
        return None
    found = subprocess.run([python, "-c", "import litellm"], capture_output=True, check=False)
    if found.returncode:
        return None
    more = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    return [python, str(HERE / "_litellm_router.py"), str(request), str(count), *more]


def alternate(
    sides: Mapping[str, Callable[[], Took]], rounds: int, *, warm: bool = True
) -> dict[str, list[Took]]:
    """Run all sides one after another, ``rounds`` times; ``warm``: once before, unmeasured."""
    if warm:
        for side in sides.values():
            side()
    took: dict[str, list[Took]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            took[name].append(side())
    return took


def median(values: Sequence[float]) -> float:
    """The median; named here so that every benchmark means the same."""
    return statistics.median(values)


def ratio(over: Sequence[float], under: Sequence[float]) -> float:
    """The median of the ratios run by run."""
    return statistics.median(a / b for a, b in zip(over, under, strict=True))


# --- what is printed ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that is claimed, and what it was to be."""

    name: str
    value: float
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None
    digits: int = 2

    @property
    def target(self) -> str:
        """The target in words; empty when there is none."""
        if self.at_most is not None:
            return f"at most {self.at_most:,g}"
        return f"at least {self.at_least:,g}" if self.at_least is not None else ""

    @property
    def met(self) -> bool | None:
        """Whether the target was reached; None when there is none."""
        if self.at_most is not None:
            return self.value <= self.at_most
        return self.value >= self.at_least if self.at_least is not None else None

    @property
    def verdict(self) -> str:
        """The target's fate in one word."""
        return {True: "yes", False: "no", None: ""}[self.met]

    @property
    def shown(self) -> str:
        """The number as people read it."""
        return f"{self.value:,.{self.digits}f} {self.unit}".strip()


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as aligned text; the first is the head."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def figures_table(figures: Sequence[Figure]) -> str:
    """Figures as aligned text."""
    rows = [(one.name, one.shown, one.target, one.verdict) for one in figures]
    return table([("figure", "measured", "target", "met"), *rows])


@dataclass(frozen=True, slots=True)
class Options:
    """What every benchmark takes: how many rounds, whether to hurry, a file of answers."""

    rounds: int = 5
    quick: bool = False
    answers: Path | None = None

    @property
    def server_flags(self) -> tuple[str, ...]:
        """What makes the double answer from that file; nothing where none is given."""
        return (f"--answers={self.answers}",) if self.answers else ()


Measure = Callable[[Options], list[Figure]]


def main(name: str, about: str, measure: Measure, *, cannot_show: str) -> None:
    """The command line of one benchmark; ``cannot_show`` is a sentence under its table."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=about)
    parser.add_argument("--rounds", type=int, default=5, help="how often each side runs")
    parser.add_argument("--quick", action="store_true", help="smaller and rougher")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument(
        "--answers", type=Path, metavar="FILE", help="take the answers from this file, one a line"
    )
    given = parser.parse_args()
    answers = given.answers and given.answers.resolve(strict=True)
    figures = measure(Options(given.rounds, given.quick, answers))
    print(figures_table(figures))
    print(f"It cannot show: {cannot_show}")
    if given.json:
        found = {"cannot_show": cannot_show, "figures": [asdict(one) for one in figures]}
        given.json.write_text(json.dumps(found, indent=1), "utf-8")


def say(text: str) -> None:
    """What goes on, on stderr: stdout carries the tables."""
    print(text, file=sys.stderr, flush=True)


def machine() -> dict[str, str]:
    """What the numbers were taken on, and with."""
    packages = ("groq", "httpx", "typer", "pyarrow", "msgspec", "tenacity", "rensa", "rich")
    return {
        "cpu": f"{_cpu()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in packages},
    }


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
