"""The examples as their users run them: a bare environment, no terminal, a day that runs out."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from legalgen.store.files import DataDir
from legalgen.store.locks import BatchLock, Holder
from legalgen.store.parts import iter_batches
from tests.program import EXECUTABLE, LONGEST_S, Ended, executable, next_day
from tests.vendors import VendorServer

pytestmark = pytest.mark.process
EXAMPLES = Path(__file__).parents[1] / "examples"
AREAS = "uk/contract uk/tort uk/employment"


@dataclass(frozen=True, slots=True)
class Site:
    """A folder as the examples expect it: the config file with keys, and all else below."""

    base: Path
    program: Path
    """What the scripts start; a fork, as most of a chain's time would be the program's imports."""

    @property
    def data_dir(self) -> DataDir:
        """Where the rows are."""
        return DataDir(self.base / "data")

    @property
    def folders(self) -> dict[str, str]:
        """What ``nightly.sh`` sets by itself, for those that leave it to the caller."""
        return {
            "LEGALGEN_CONFIG": str(self.base / "config.toml"),
            "LEGALGEN_DATA_DIR": str(self.base / "data"),
            "LEGALGEN_STATE_DIR": str(self.base / "state"),
            "LEGALGEN_LOG_DIR": str(self.base / "log"),
        }

    def rows(self) -> Counter[str]:
        """How many rows each practice area has."""
        return Counter(
            f"{row['jurisdiction']}/{row['practice_area']}"
            for batch in iter_batches(self.data_dir)
            for row in batch.to_pylist()
        )

    def next_day(self, vendors: VendorServer) -> None:
        """The quotas are back, here and there."""
        vendors.heal()
        next_day(self.base)

    @contextmanager
    def another_batch(self) -> Iterator[None]:
        """Another process's batch runs in the data dir."""
        self.data_dir.create()
        with BatchLock(self.data_dir) as lock:
            lock.acquire(Holder("20261123-010000-abcd", os.getpid(), datetime.now(UTC)))
            yield


def write_config(path: Path, vendors: VendorServer) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    for name in ("groq", "cerebras"):
        with path.open("a", encoding="utf-8") as file:
            file.write(f'[providers.{name}]\napi_key = "{vendors.key(name)}"\n')
            file.write(f'base_url = "{vendors.base_url(name)}"\n')


@pytest.fixture
def site(tmp_path: Path, vendors: VendorServer) -> Site:
    """A site whose config file leads to the double of the vendors."""
    write_config(tmp_path / "site" / "config.toml", vendors)
    return Site(tmp_path / "site", executable(tmp_path))


def run(command: list[str], environ: Mapping[str, str], cwd: Path) -> Ended:
    """Run with this environment and nothing else, without a terminal."""
    done = subprocess.run(
        command,
        env=dict(environ),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=4 * LONGEST_S,  # a script runs many commands
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


class TestNightly:
    """``nightly.sh`` under ``env -i``: no HOME, no PATH, no key in the environment."""

    def nightly(self, site: Site, total: int, **more: str) -> Ended:
        environ = {"LEGALGEN_BASE": str(site.base), "LEGALGEN_PROGRAM": str(site.program), **more}
        return run(["/bin/sh", str(EXAMPLES / "nightly.sh"), str(total)], environ, site.base)

    def test_fills_up_to_the_total_and_says_nothing(
        self, site: Site, vendors: VendorServer
    ) -> None:
        """The second night writes what is missing, the third calls nobody."""
        assert self.nightly(site, 3) == Ended(0, "", "")
        assert self.nightly(site, 5) == Ended(0, "", "")
        calls = len(vendors.calls())
        assert self.nightly(site, 5) == Ended(0, "", "")
        assert (site.rows().total(), len(vendors.calls())) == (5, calls)
        assert "legalgen_batch_exit_code 0" in (site.base / "legalgen.prom").read_text("utf-8")

    def test_a_used_up_day_is_no_failure(self, site: Site, vendors: VendorServer) -> None:
        """Exit 0, and nothing that cron would mail; the metrics keep the 75; the next goes on."""
        vendors.fail(None, "rpd", after=2, retry_after_s=2700.0)
        assert self.nightly(site, 6) == Ended(0, "", "")
        assert "legalgen_batch_exit_code 75" in (site.base / "legalgen.prom").read_text("utf-8")
        assert 0 < site.rows().total() < 6
        site.next_day(vendors)
        assert self.nightly(site, 6) == Ended(0, "", "")
        assert site.rows().total() == 6

    def test_a_dead_key_is_mailed(self, site: Site, vendors: VendorServer) -> None:
        """One line for the key and one for who is paid instead; the dataset fills all the same."""
        vendors.fail("groq", "unauthorized")
        ended = self.nightly(site, 3)
        assert (ended.code, ended.out, site.rows().total()) == (0, "", 3)
        first, second = ended.err.splitlines()
        assert "groq refuses the key" in first
        assert "cerebras is paid in place of groq" in second

    def test_where_everybody_refuses_it_is_a_failure(
        self, site: Site, vendors: VendorServer
    ) -> None:
        """Exit 3 with what to mend; no row, no record."""
        vendors.fail(None, "unauthorized")
        ended = self.nightly(site, 3)
        assert (ended.code, ended.out, site.rows().total()) == (3, "", 0)
        assert "https://console.groq.com/keys" in ended.err

    def test_a_day_that_is_over_before_it_begins(self, site: Site, vendors: VendorServer) -> None:
        """No call can be made: as on every such night, nobody is mailed."""
        vendors.fail(None, "rpd", retry_after_s=2700.0)
        ended = self.nightly(site, 3)
        assert (ended.code, ended.out) == (0, "")

    def test_a_prompt_at_fault_is_a_failure(self, site: Site, vendors: VendorServer) -> None:
        """Exit 6 is passed on: the next night would not do better."""
        vendors.fail(None, "placeholder")
        assert self.nightly(site, 20).code == 6

    def test_another_batch_is_told_after_the_wait(self, site: Site, vendors: VendorServer) -> None:
        """Exit 5; nobody is called."""
        with site.another_batch():
            ended = self.nightly(site, 3, WAIT_MAX="0.2s")
        assert ended.code == 5
        assert "another batch was still running after 0.2s" in ended.err
        assert vendors.calls() == []

    def test_a_missing_config_file_is_passed_on(self, site: Site) -> None:
        """Exit 2 names the file: a night without keys must not look like success."""
        ended = self.nightly(site, 3, LEGALGEN_CONFIG="/nowhere/config.toml")
        assert ended.code == 2
        assert "/nowhere/config.toml" in ended.err


class TestChain:
    """``chain.sh`` over areas and providers, with the folders in its environment."""

    def chain(self, site: Site, **more: str) -> Ended:
        environ = {
            "PATH": "/usr/bin:/bin",
            "LEGALGEN_PROGRAM": str(site.program),
            "AREAS": AREAS,
            "COUNT": "2",
            **site.folders,
            **more,
        }
        return run(["/bin/sh", str(EXAMPLES / "chain.sh")], environ, site.base)

    def test_a_batch_for_each_area(self, site: Site, vendors: VendorServer) -> None:
        """Each area has its rows, both providers wrote, and a second start does nothing."""
        ended = self.chain(site)
        assert (ended.code, ended.out) == (0, "")
        assert site.rows() == Counter(dict.fromkeys(AREAS.split(), 2))
        assert {call.vendor for call in vendors.calls()} == {"groq", "cerebras"}
        calls = len(vendors.calls())
        assert self.chain(site).code == 0
        assert len(vendors.calls()) == calls

    def test_a_used_up_day_is_resumed(self, site: Site, vendors: VendorServer) -> None:
        """Exit 75 in the middle; started again, each area gets exactly what was asked."""
        vendors.fail(None, "rpd", after=3, retry_after_s=2700.0)
        ended = self.chain(site, MAX_WAIT="1s")
        assert ended.code == 75
        assert "all quotas are used up" in ended.err
        early = self.chain(site, MAX_WAIT="1s")
        assert early.code == 75
        site.next_day(vendors)
        again = self.chain(site)
        assert again.code == 0
        assert "which was paused" in again.err
        assert site.rows() == Counter(dict.fromkeys(AREAS.split(), 2))

    def test_a_day_that_is_over_before_it_begins(self, site: Site, vendors: VendorServer) -> None:
        """A batch that could not begin leaves no record; its area is not taken for done."""
        vendors.fail(None, "rpd", retry_after_s=2700.0)
        assert self.chain(site, MAX_WAIT="1s").code == 75
        site.next_day(vendors)
        assert self.chain(site).code == 0
        assert site.rows() == Counter(dict.fromkeys(AREAS.split(), 2))

    def test_a_bound_ends_a_batch_and_not_the_chain(self, site: Site) -> None:
        """Every batch exits 4; the chain goes through all areas, and calls none of them done."""
        for _ in range(2):  # the second start resumes them
            ended = self.chain(site, MAX_COST="0.0001")
            assert (ended.code, ended.err.count("a bound was met")) == (4, 3)
            assert (site.base / "chain.done").read_text("utf-8") == ""
        assert "which was stopped" in ended.err
        assert self.chain(site).code == 0
        assert site.rows() == Counter(dict.fromkeys(AREAS.split(), 2))

    def test_what_nobody_set_ends_the_chain(self, site: Site, vendors: VendorServer) -> None:
        """Exit 6 where the prompt is at fault: no area is noted as done."""
        vendors.fail(None, "placeholder")
        ended = self.chain(site, COUNT="20")
        assert (ended.code, ended.err.count("ended with 6")) == (6, 1)
        assert (site.base / "chain.done").read_text("utf-8") == ""

    def test_a_dead_key_is_said_and_the_chain_goes_on(
        self, site: Site, vendors: VendorServer
    ) -> None:
        """An area is done by who works, and the batch says what is wrong with the other."""
        vendors.fail("groq", "unauthorized")
        ended = self.chain(site, AREAS="uk/contract")
        assert (ended.code, ended.out) == (0, "")
        assert "groq refuses the key" in ended.err
        assert site.rows() == Counter({"uk/contract": 2})

    def test_where_everybody_refuses_the_chain_ends(
        self, site: Site, vendors: VendorServer
    ) -> None:
        """Exit 3 at the first area; none is noted as done."""
        vendors.fail(None, "unauthorized")
        ended = self.chain(site)
        assert (ended.code, ended.err.count("ended with 3")) == (3, 1)
        assert (site.base / "chain.done").read_text("utf-8") == ""

    def test_another_batch_ends_it(self, site: Site, vendors: VendorServer) -> None:
        """Exit 5; nothing is noted as done."""
        with site.another_batch():
            ended = self.chain(site)
        assert (ended.code, vendors.calls()) == (5, [])
        assert (site.base / "chain.done").read_text("utf-8") == ""


class TestCrontab:
    """``crontab`` as cron reads it: its variables, its lines, its bare environment."""

    def lines(self, site: Site) -> tuple[dict[str, str], list[str]]:
        """The variables and the commands, with the site for /srv/legalgen."""
        text = (EXAMPLES / "crontab").read_text("utf-8").replace("/srv/legalgen", str(site.base))
        jobs = [line for line in text.splitlines() if line and not line.startswith("#")]
        variables = dict(line.split("=", 1) for line in jobs if re.match(r"\w+=", line))
        entry = re.compile(r"(?:[\d*,/-]+\s+){5}(.+)")
        commands = [match[1] for line in jobs if (match := entry.fullmatch(line))]
        assert len(variables) + len(commands) == len(jobs)
        return variables, commands

    def test_every_line_does_what_it_says(self, site: Site, vendors: VendorServer) -> None:
        """The night fills the dataset, Sunday finds it whole; neither says a word."""
        shutil.copy(EXAMPLES / "nightly.sh", site.base)
        variables, commands = self.lines(site)
        night, sunday = (command.replace("10000", "3") for command in commands)
        environ = {"HOME": str(site.base), "LOGNAME": "nobody", **variables}
        environ["PATH"] = f"{EXECUTABLE.parent}:{environ['PATH']}"
        shell = environ["SHELL"]
        assert run([shell, "-c", night], environ, site.base) == Ended(0, "", "")
        assert site.rows().total() == 3
        assert run([shell, "-c", sunday], environ, site.base) == Ended(0, "", "")
        assert all("%" not in command for command in commands)


class TestSystemd:
    """The unit's own command, in a home folder of its own, with nothing set but HOME."""

    def unit(self, name: str) -> configparser.ConfigParser:
        parser = configparser.ConfigParser(interpolation=None)
        parser.optionxform = str  # type: ignore[assignment,method-assign] # systemd minds the case
        parser.read(EXAMPLES / name, "utf-8")
        return parser

    def start(self, home: Path) -> Ended:
        """What systemd --user would run, with a total that a test can reach."""
        line = self.unit("legalgen.service")["Service"]["ExecStart"].replace("%h", str(home))
        environ = {"HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        return run(shlex.split(line.replace("10000", "3")), environ, home)

    @pytest.fixture
    def home(self, tmp_path: Path, vendors: VendorServer) -> Path:
        home = tmp_path / "home"
        (home / ".local" / "bin").mkdir(parents=True)
        (home / ".local" / "bin" / "legalgen").symlink_to(EXECUTABLE)
        write_config(home / ".config" / "legalgen" / "config.toml", vendors)
        return home

    def test_the_service_writes_to_the_platforms_folders(self, home: Path) -> None:
        """Exit 0; the rows and the metrics are below the home folder."""
        assert self.start(home) == Ended(0, "", "")
        data_dir = DataDir(home / ".local" / "share" / "legalgen")
        assert sum(batch.num_rows for batch in iter_batches(data_dir)) == 3
        assert (home / ".local" / "state" / "legalgen.prom").exists()

    def test_a_used_up_day_is_a_success_status(self, home: Path, vendors: VendorServer) -> None:
        """75 and 4 are what SuccessExitStatus names."""
        vendors.fail(None, "rpd", after=1, retry_after_s=2700.0)
        allowed = self.unit("legalgen.service")["Service"]["SuccessExitStatus"].split()
        assert allowed == ["4", "75"]
        assert str(self.start(home).code) in allowed

    def test_where_everybody_refuses_the_unit_fails(
        self, home: Path, vendors: VendorServer
    ) -> None:
        """3 is no success status, and the journal has what to mend."""
        vendors.fail(None, "unauthorized")
        ended = self.start(home)
        assert (ended.code, ended.out) == (3, "")
        assert "https://console.groq.com/keys" in ended.err

    def test_a_dead_key_is_in_the_journal(self, home: Path, vendors: VendorServer) -> None:
        """The unit succeeds with the other provider, and says so."""
        vendors.fail("groq", "unauthorized")
        ended = self.start(home)
        assert (ended.code, ended.out) == (0, "")
        assert "groq refuses the key" in ended.err

    def test_systemd_accepts_both_units(self, home: Path) -> None:
        """``systemd-analyze verify`` finds nothing, where systemd is."""
        if shutil.which("systemd-analyze") is None:
            pytest.skip("there is no systemd-analyze here")
        for name in ("legalgen.service", "legalgen.timer"):
            text = (EXAMPLES / name).read_text("utf-8").replace("%h", str(home))
            (home / name).write_text(text, "utf-8")
        units = [str(home / name) for name in ("legalgen.service", "legalgen.timer")]
        environ = {"HOME": str(home), "PATH": "/usr/bin:/bin", "SYSTEMD_LOG_LEVEL": "warning"}
        # Without manual pages: the documentation of a unit is not installed with the examples.
        ended = run(["systemd-analyze", "verify", "--man=no", *units], environ, home)
        assert (ended.code, [line for line in ended.err.splitlines() if "legalgen" in line]) == (
            0,
            [],
        )
