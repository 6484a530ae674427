"""The commands as people and scripts meet them: help, mistakes, first contact, pipes."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from legalgen import cli
from legalgen.store.balances import ModelStats
from legalgen.store.files import DataDir
from legalgen.store.ledger import Ledger, Process, Record, Status
from tests.program import EXECUTABLE, Ended, Program
from tests.terminal import in_terminal
from tests.vendors import VendorServer
from tests.vendors.faults import Fault

KEYLESS = dict.fromkeys(("GROQ_API_KEY", "CEREBRAS_API_KEY", "OPENAI_API_KEY"), "")
NOW = datetime.now(UTC).replace(microsecond=0)


def note(program: Program, hours_ago: int, status: Status, provider: str = "groq") -> str:
    """A batch in the ledger; its id."""
    began = NOW - timedelta(hours=hours_ago)
    record = Record(
        id=f"{began:%Y%m%d-%H%M%S}-aaaa",
        kind="batch",
        status=status,
        command=("legalgen", "batch"),
        process=Process(2**22 + 1, "elsewhere"),
        version="0.1.0",
        started=began,
        updated=began,
        target=10,
        accepted=4,
        models={f"{provider}/m": ModelStats(calls=5, samples=4)},
    )
    program.data_dir.create()
    Ledger(program.data_dir).create(record)
    return record.id


class Here:
    """The program in this process: the same boundary without the start of an interpreter."""

    def __init__(
        self,
        environ: dict[str, str],
        patch: pytest.MonkeyPatch,
        capture: pytest.CaptureFixture[str],
    ) -> None:
        self._patch = patch
        self._capture = capture
        for name, value in environ.items():
            patch.setenv(name, value)

    def run(self, *args: str, **environ: str) -> Ended:
        for name, value in environ.items():
            self._patch.setenv(name, value)
        self._patch.setattr(sys, "argv", ["legalgen", *args])
        code = cli._run()
        out, err = self._capture.readouterr()
        return Ended(code, out, err)


@pytest.fixture
def here(
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Here:
    return Here(environment, monkeypatch, capsys)


# --------------------------------------------------------------------------- help


@pytest.mark.parametrize(
    "command",
    [(), ("generate",), ("batch",), ("models",), ("history",), ("config",), ("config", "show")],
)
def test_help_is_readable_at_80_columns(here: Here, command: tuple[str, ...]) -> None:
    """Nothing is wider, and no option's name is cut off."""
    ended = here.run(*command, "--help", COLUMNS="80")
    assert ended.code == 0
    assert max(map(len, ended.out.splitlines())) <= 80
    assert "…" not in ended.out


def test_help_names_choices_and_defaults(here: Here) -> None:
    """What may be written, and what holds when nothing is."""
    text = here.run("batch", "--help", COLUMNS="160").out
    for words in (
        "groq|cerebras|openai|local",
        "none|low|medium|high. Default: low.",
        "statute-first|apex-only|menu|free",
        "Default: 10.",
    ):
        assert words in text


def test_no_command_shows_the_help(program: Program) -> None:
    """A bare `legalgen` is a question, not a mistake."""
    bare = subprocess.run(
        [EXECUTABLE], env=program.environ, capture_output=True, text=True, check=True, timeout=60
    )
    assert bare.stdout.rstrip() == program.run("--help").out.rstrip()


def test_the_version(program: Program) -> None:
    """One line, for bug reports."""
    ended = program.run("--version")
    assert (ended.code, ended.out.split()[0]) == (0, "legalgen")


# --------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("bacth",), "batch"),
        (("batch", "--cuont", "3"), "--count"),
        (("batch", "--provider", "grok"), "groq"),
        (("batch", "--topic", "formatoin"), "formation"),
        (("batch", "--reasoning-effort", "hihg"), "high"),
        (("history", "--status", "interupted"), "interrupted"),
        (("history", "--since", "yesterday"), "36h"),
        (
            ("history", "--provider", "grok"),
            "there are: groq, cerebras, openai, local, ray; did you mean groq?",
        ),
        (("history", "2031"), "2031"),
        (("config", "set-key", "cerebra"), "cerebras"),
        (("batch", "20261123-120000-aaaa"), "--resume"),
    ],
)
def test_a_mistake_is_one_sentence_that_helps(
    here: Here, args: tuple[str, ...], words: str
) -> None:
    """Exit code 2, the closest match or the right form, and never a traceback."""
    ended = here.run(*args)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("Error: ")
    assert words in ended.err
    assert "Traceback" not in ended.err


UNKNOWN = "there is no provider x; there are: groq, cerebras, openai, local, ray"


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("--provider", "x"), f"--provider x: {UNKNOWN}"),
        (("--route", "x/y"), f"--route x/y: {UNKNOWN}"),
        (("--judge", "x/y"), f"--judge x/y: {UNKNOWN}"),
        (
            ("--judge", "groq/gpt-oss-120"),
            (
                "--judge groq/gpt-oss-120: no such model of groq is known; "
                "there are: groq/openai/gpt-oss-120b, "
            ),
        ),
        (("--route", "groq/qwen"), "--route groq/qwen: no such model of groq is known"),
        (("--provider", "groq", "--model", "m"), "--model m: no such model of groq is known"),
        (("--route", "local/m"), "--route local/m: a local model is smollm2-135m, or "),
        (("--route", "groq"), "--route \"groq\": 'groq' is not of the form provider/model; write "),
        (("--judge", "groq"), "--judge \"groq\": 'groq' is not of the form provider/model; write "),
        (("--topic", "a,,b"), '--topic "a,,b": there is nothing between two commas'),
    ],
)
def test_a_mistake_names_the_flag_that_was_typed(
    here: Here, args: tuple[str, ...], sentence: str
) -> None:
    """The flag and its value as they stand on the command line, whichever flag names a model."""
    ended = here.run("batch", "--plan", *args)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"Error: {sentence}")


@pytest.mark.parametrize(
    ("name", "table"),
    [("provider", ""), ("model", ""), ("route", "[failover]"), ("judge", "[sample]")],
)
def test_a_mistake_names_the_variable_or_the_line_of_the_file(
    program: Program, here: Here, name: str, table: str
) -> None:
    """What was not typed now stands somewhere else, and is to be mended there."""
    value = "x" if name == "provider" else "x.y" if name == "model" else "x/y"
    keys = {"OPENAI_BASE_URL": "", "OPENAI_API_KEY": ""}
    variable = f"LEGALGEN_{name.upper()}"
    ended = here.run("batch", "--plan", **keys, **{variable: value})
    assert (ended.code, ended.err.partition(": there is no ")[0].partition(": no ")[0]) == (
        2,
        f"Error: {variable} {value}",
    )
    config = Path(program.environ["LEGALGEN_CONFIG"])
    config.write_text(f'{table}\n{name} = "{value}"\n')
    ended = here.run("batch", "--plan", **keys, **{variable: ""})
    where = f"{config} {table} {name}" if table else f"{config} {name}"
    assert (ended.code, ended.err.partition(": there is no ")[0].partition(": no ")[0]) == (
        2,
        f"Error: {where} = {value}",
    )


def test_a_mistake_is_an_object_for_programs(here: Here) -> None:
    """With --json the error is on stdout too, with its exit code."""
    ended = here.run("history", "nope", "--json")
    assert ended.json == {
        "error": {
            "kind": "UsageError",
            "message": "there is no batch 'nope'",
            "tried": [],
            "remedies": [],
        },
        "exit_code": 2,
    }


@pytest.mark.parametrize("word", ["1", "true", "yes", "On", " TRUE "])
def test_a_mistake_is_an_object_by_each_word_that_asks_for_json(here: Here, word: str) -> None:
    """What turns the setting on turns it on for an error; what turns it off does not."""
    for command in ("history --status nope", "history --no-such-flag"):
        ended = here.run(*command.split(), LEGALGEN_JSON=word)
        assert (ended.code, ended.json["error"]["kind"]) == (2, "UsageError")
        assert here.run(*command.split(), LEGALGEN_JSON="off").out == ""


def test_a_mistake_is_an_object_where_the_config_file_asks_for_json(
    here: Here, environment: dict[str, str]
) -> None:
    """The file counts as soon as it was read, and a variable goes before it."""
    Path(environment["LEGALGEN_CONFIG"]).write_text("[output]\njson = true\n")
    assert here.run("history", "--status", "nope").json["exit_code"] == 2
    assert here.run("history", "--status", "nope", LEGALGEN_JSON="no").out == ""


def test_a_variable_that_is_neither_yes_nor_no_is_told(here: Here) -> None:
    """Whether JSON is wanted cannot be known then, but by the flag, which goes before it."""
    ended = here.run("history", LEGALGEN_JSON="perhaps")
    assert (ended.code, ended.out) == (2, "")
    assert "LEGALGEN_JSON" in ended.err
    assert here.run("history", "--json").json == []


# --------------------------------------------------------------------------- first contact


def test_without_a_key_there_is_a_short_page(here: Here) -> None:
    """What to set, where to make a key, and the command that needs none."""
    ended = here.run("batch", **KEYLESS)
    assert ended.code == 2
    assert ended.err.splitlines() == [
        "Error: No provider can be used yet: there is no API key. Set one of",
        "  GROQ_API_KEY   for groq; make a key at https://console.groq.com/keys",
        "  CEREBRAS_API_KEY   for cerebras; make a key at https://cloud.cerebras.ai",
        "or try it without a key, with a small model in this process:",
        "  legalgen batch --provider local --count 3",
    ]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("unauthorized", "check GROQ_API_KEY"),
        ("network_block", "leave the VPN"),
        ("payment_required", "out of credit"),
        ("decommissioned", "legalgen models --refresh"),
    ],
)
def test_what_cannot_work_ends_with_a_remedy(
    program: Program, vendors: VendorServer, fault: str, words: str
) -> None:
    """Exit code 3, a sentence for people and the same for programs."""
    vendors.fail(None, fault)
    ended = program.run("batch", "--provider", "groq", "--count", "2", "--json")
    assert ended.code == 3
    assert words in " ".join(ended.json["remedies"])
    assert "Traceback" not in ended.err


def test_a_dead_key_while_another_provider_works_is_said(
    program: Program, vendors: VendorServer
) -> None:
    """Under --quiet one line for each trouble; the ledger, JSON, history and models have it."""
    vendors.fail("groq", "unauthorized")
    quiet = program.run("batch", "-p", "groq", "-n", "4", "--quiet")
    assert (quiet.code, quiet.out) == (0, "")
    first, second = quiet.err.splitlines()
    assert "TROUBLE: groq refuses the key: check GROQ_API_KEY" in first
    assert second.endswith("TROUBLE: cerebras is paid in place of groq.")
    strict = program.run("batch", "-p", "groq", "-n", "2", "--strict", "--json")
    assert (strict.code, strict.json["status"]) == (1, "completed")
    kinds = [(one["kind"], one["target"]) for one in strict.json["troubles"]]
    assert kinds == [("key_refused", "groq"), ("paid_instead", "cerebras")]
    assert strict.json["remedies"] == [strict.json["troubles"][0]["remedy"]]
    listed = program.run("history", program.record().id, "--json").json
    assert listed["troubles"] == strict.json["troubles"]
    shown = program.run("history", program.record().id, "--why").out
    assert shown.count("cerebras is paid in place of groq.") == 2  # in the summary, and in order
    models = program.run("models", "--json").json["models"]
    states = {row["state"] for row in models if row["provider"] == "groq"}
    assert states == {"key refused"}


def test_a_web_page_in_place_of_answers_is_told_while_another_provider_works(
    program: Program, vendors: VendorServer
) -> None:
    """A filter of the network answers 200 with a page of its own: the provider is left."""
    page = "<html><title>Internet Security</title><body>blocked</body></html>"
    vendors.fail("groq", "status", status=200, body=page, content_type="text/html")
    ended = program.run("batch", "-p", "groq", "-n", "2", "--json")
    kinds = [(one["kind"], one["target"]) for one in ended.json["troubles"]]
    assert (ended.code, kinds) == (0, [("wrong_address", "groq"), ("paid_instead", "cerebras")])


def test_what_one_provider_refuses_another_may_write(
    program: Program, vendors: VendorServer
) -> None:
    """Each of its models refuses three prompts and is dropped; the batch goes on elsewhere."""
    refusal = {"error": {"message": "property 'x' is unsupported", "code": "wrong_api_format"}}
    vendors.fail("groq", "status", status=400, body=refusal)
    ended = program.run("batch", "-p", "groq", "-n", "2", "--json")
    assert (ended.code, ended.json["status"]) == (0, "completed")


GUARDRAIL = {"error": {"message": "Request blocked by guardrail"}}
MODERATION = {"error": {"message": "Your input was flagged by moderation", "code": 403}}


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", "groq", status=400, body=GUARDRAIL),
        Fault("status", "groq", status=403, body=MODERATION),
        Fault("content_filter", "groq"),
        Fault("refusal", "groq"),
    ],
    ids=["guardrail", "moderation", "content_filter", "refusal"],
)
def test_what_one_provider_filters_another_may_write(
    program: Program, vendors: VendorServer, fault: Fault
) -> None:
    """Its models are left alone after three prompts each, no task is given up for them, and who
    goes on is told."""
    vendors.add(fault)
    ended = program.run("batch", "-p", "groq", "-n", "16", "-c", "1")
    assert ended.code == 0, ended.err
    assert "groq/openai/gpt-oss-120b is refusing to answer, going on with" in ended.err
    record = program.record()
    assert (record.accepted, record.given_up) == (16, [])
    calls = {name: stats.calls for name, stats in record.models.items()}
    assert all(calls.get(name, 0) <= 3 for name in calls if name.startswith("groq/"))


def test_what_every_provider_filters_is_the_prompts_fault(
    program: Program, vendors: VendorServer
) -> None:
    """Each model of the route was asked before that is said."""
    vendors.add(Fault("status", status=400, body=GUARDRAIL))
    ended = program.run("batch", "-p", "groq", "-n", "16", "-c", "1", "--json")
    assert (ended.code, "the prompt is at fault" in ended.json["reason"]) == (6, True)
    asked = set(program.record().models)
    assert {name.partition("/")[0] for name in asked} == {"groq", "cerebras"}
    assert 5 <= len(asked) <= len(vendors.calls()) <= 3 * len(asked)


def test_a_batch_without_troubles_is_strictly_done(program: Program, vendors: VendorServer) -> None:
    """A busy server is no trouble: it passes."""
    vendors.fail("groq", "over_capacity", count=1)
    ended = program.run("batch", "-p", "groq", "-n", "4", "--strict", "--quiet", "--json")
    assert (ended.code, ended.json["troubles"], ended.json["remedies"]) == (0, [], [])


def test_every_line_of_a_call_says_whose_it_is(program: Program, vendors: VendorServer) -> None:
    """Batch, slot, provider and model are fields of the JSON log."""
    vendors.fail("groq", "over_capacity", count=1)
    vendors.fail("groq", "wrong_schema", count=1)
    flags = ("--log-format", "json", "--log-level", "debug", "-c", "1")
    ended = program.run("batch", "--provider", "groq", "--count", "2", *flags)
    assert ended.code == 0, ended.err

    [path] = program.home.rglob("legalgen.log")
    told = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    of_calls = [
        line
        for line in told
        if line["message"].split()[0]
        in ("CallFailed", "Switched", "AnswerRejected", "SampleAccepted")
    ]
    assert {line["message"].split()[0] for line in of_calls} >= {"CallFailed", "SampleAccepted"}
    for line in of_calls:
        assert line["batch"] == program.record().id
        assert isinstance(line["slot"], int)
        assert line["provider"] in ("groq", "cerebras")
        assert line["model"]
    assert all("batch" in line for line in told)


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"ALL_PROXY": "socks5://me:hunter22@h:1080"}, "ALL_PROXY names a SOCKS proxy"),
        ({"HTTPS_PROXY": "http://me:hunter22@h:port"}, "HTTPS_PROXY is not a URL"),
        ({"https_proxy": "ftp://me:hunter22@h"}, "https_proxy is no address"),
        ({"SSL_CERT_FILE": "/nowhere/at/all.pem"}, "SSL_CERT_FILE names /nowhere/at/all.pem"),
        ({"SSL_CERT_FILE": "/dev/zero"}, "no such file"),
        ({"SSL_CERT_FILE": "/etc/hostname"}, "SSL_CERT_FILE cannot be used"),
        ({"SSL_CERT_DIR": "/nowhere"}, "SSL_CERT_DIR names /nowhere"),
        ({"NO_PROXY": "localhost,[::1"}, "NO_PROXY: '[::1' is neither a host nor a network"),
        ({"NO_PROXY": "10.0.0.0/99"}, "NO_PROXY: '10.0.0.0/99' is neither"),
        ({"NO_PROXY": "http://me:hunter22@h:port"}, "NO_PROXY: an entry is neither"),
        ({"GROQ_BASE_URL": "https://me:hunter22@h"}, "leave out what is before @"),
    ],
)
def test_an_environment_that_cannot_be_used_is_told(
    program: Program, environ: dict[str, str], words: str
) -> None:
    """Exit code 2 and a sentence with the variable; a password in it is never printed."""
    ended = program.run("batch", "--provider", "groq", "--count", "1", "--json", environ=environ)
    assert ended.code == 2, ended.err
    assert words in ended.err
    assert words in ended.json["error"]["message"]
    assert "hunter22" not in ended.err + ended.out
    assert "Traceback" not in ended.err
    logged = [path.read_text("utf-8") for path in program.home.rglob("*.log")]
    assert "hunter22" not in "".join(logged)


# --------------------------------------------------------------------------- generate


def test_the_prompt_can_be_seen_without_a_call(here: Here, vendors: VendorServer) -> None:
    """`--show-prompt` prints what would be asked, and asks nobody."""
    ended = here.run("generate", "--show-prompt", "--seed", "1")
    assert ended.code == 0
    assert ended.out.startswith("[system]\n")
    assert not vendors.calls("groq")


def test_a_sample_can_be_seen_and_not_kept(program: Program) -> None:
    """`--no-save` leaves the data dir as it was."""
    ended = program.run("generate", "--no-save", "--json")
    assert ended.code == 0
    assert ended.json["question"]
    assert not Path(program.environ["LEGALGEN_DATA_DIR"]).exists()


# --------------------------------------------------------------------------- history and models


def test_history_says_how_to_begin_where_nothing_was_done(here: Here, tmp_path: Path) -> None:
    """In the data dir that was asked about; a filter that lets none through is another thing."""
    place = tmp_path / "new"
    place.mkdir()
    none = here.run("history", "--data-dir", str(place))
    assert (none.code, none.out) == (0, "")
    assert none.err.endswith(f"A first one: legalgen batch --count 3 --data-dir {place}\n")
    assert here.run("history", "--status", "paused").err == "There is no such batch.\n"


def test_history_filters(program: Program, here: Here) -> None:
    """By status (interrupted is derived), by provider, by time; newest first, at most so many."""
    old, dead = note(program, 50, "completed"), note(program, 20, "running")
    new = note(program, 1, "completed", "cerebras")

    def ids(*flags: str) -> list[str]:
        return [row["id"] for row in here.run("history", "--json", *flags).json]

    assert ids() == [new, dead, old]
    assert ids("--status", "interrupted") == [dead]
    assert ids("--provider", "groq") == [dead, old]
    assert ids("--since", "30h") == [new, dead]
    assert ids("--limit", "1") == [new]


def test_a_batch_whose_clock_was_set_hides_no_other(program: Program, here: Here) -> None:
    """Ids tell when a batch began by its clock; by the clock as it is now it was long ago."""
    asked, later = note(program, 20, "completed"), note(program, 10, "completed")
    ledger = Ledger(program.data_dir)
    wrong = ledger.load(later)
    wrong.shift(timedelta(hours=-90))
    ledger.save(wrong, force=True)
    rows = here.run("history", "--json", "--since", "30h").json
    assert [row["id"] for row in rows] == [asked]


def test_history_knows_a_provider_that_only_the_ledger_has(program: Program, here: Here) -> None:
    """What an older version wrote with can be asked for, and is named among those there are."""
    old = note(program, 50, "completed", "bygone")
    assert [row["id"] for row in here.run("history", "--json", "-p", "bygone").json] == [old]
    ended = here.run("history", "-p", "bygon")
    assert ended.code == 2
    assert ended.err == (
        "Error: --provider bygon: there is no provider bygon; "
        "there are: groq, cerebras, openai, local, ray, bygone; did you mean bygone?\n"
    )


def test_history_reads_no_more_than_it_shows(program: Program) -> None:
    """A table of two batches does not open the third."""
    for hours in range(5):
        note(program, hours, "completed")
    ledger = Ledger(DataDir(program.data_dir.root))
    newest = ledger.newest()
    assert [next(newest).id, next(newest).id] == [one.id for one in ledger.all()[:2]]


def test_an_interrupted_batch_shows_the_command_that_resumes_it(
    program: Program, here: Here
) -> None:
    """`history ID` of a batch whose process is gone."""
    dead = note(program, 1, "running")
    ended = here.run("history", dead)
    assert ended.code == 0
    assert ended.out.startswith("interrupted  4 of 10 samples")
    assert f"legalgen batch {dead} --resume" in ended.out


def test_why_needs_no_id(program: Program, vendors: VendorServer) -> None:
    """`history --why` is about the newest batch, with what failed and the rule that decided."""
    vendors.fail("groq", "over_capacity", count=1)
    assert program.run("batch", "--provider", "groq", "--count", "3", "-c", "1").code == 0
    ended = program.run("history", "--why")
    assert ended.code == 0
    assert "failed groq/openai/gpt-oss-120b  over capacity (503)" in ended.out
    assert "->  over capacity: no calls for a while" in ended.out


def test_models_of_one_provider(here: Here) -> None:
    """A table without any call; --json has every field."""
    rows = here.run("models", "--provider", "cerebras", "--json").json["models"]
    assert {row["provider"] for row in rows} == {"cerebras"}
    assert {row["state"] for row in rows} == {"ready"}


def test_models_are_compared_by_what_they_wrote_here(program: Program) -> None:
    """After a batch the table knows speed, acceptance and cost per sample."""
    assert program.run("models", "--compare").err.startswith("There is nothing to compare yet")
    program.run("batch", "--provider", "cerebras", "--count", "3")
    tracks = program.run("models", "--compare", "--json").json["compared"]
    assert sum(track["samples"] for track in tracks.values()) == 3
    words = sum(len(row["answer"].split()) for row in program.rows())
    assert sum(t["samples"] * (t["answer_words"] or 0) for t in tracks.values()) == words
    for track in tracks.values():
        assert track["first_pass"] == 1.0
        assert track["tokens_per_sample"] > track["output_tokens"]
        assert min(track["usd_per_sample"], track["samples_per_minute"]) > 0
    shown = program.run("models", "--compare").out
    for heading in ("/min", "first", "kept", "words", "tokens", "$/1000"):
        assert heading in shown
    assert program.run("models", "--compare", "-p", "groq", "--json").json["compared"] == {}


@pytest.mark.parametrize(
    ("flags", "keys"),
    [
        ((), {"models"}),
        (("--check",), {"models"}),
        (("--refresh",), {"models", "listings"}),
        (("--compare",), {"models", "compared"}),
        (("--check", "--refresh", "--compare"), {"models", "listings", "compared"}),
    ],
)
def test_models_is_always_one_object(here: Here, flags: tuple[str, ...], keys: set[str]) -> None:
    """Each flag adds a key, and none changes what the others are."""
    found = here.run("models", *flags, "--json", "--provider", "groq").json
    assert found.keys() == keys
    assert {row["provider"] for row in found["models"]} == {"groq"}


def test_a_check_that_nothing_answers_is_exit_code_3(here: Here, vendors: VendorServer) -> None:
    """A script can ask whether tonight's run has anybody to call."""
    assert here.run("models", "--check").code == 0
    vendors.fail(None, "unauthorized")
    ended = here.run("models", "--check")
    assert ended.code == 3
    assert "groq refuses the key" in ended.out


# --------------------------------------------------------------------------- config


def test_config_init_show_and_path(here: Here, tmp_path: Path) -> None:
    """A commented file is written once; every value is shown with where it came from."""
    where = tmp_path / "home" / ".config" / "legalgen" / "config.toml"
    environ = {"HOME": str(tmp_path / "home"), "LEGALGEN_CONFIG": ""}
    (tmp_path / "home").mkdir()
    assert here.run("config", "path", **environ).out == f"{where}\n"
    assert here.run("config", "init", **environ).code == 0
    assert here.run("config", "init", **environ).code == 2
    assert where.stat().st_mode & 0o777 == 0o600
    rows = here.run("config", "show", "--json", **environ, LEGALGEN_COUNT="7").json
    assert here.run("config", "path", "--json", **environ).json == {"path": str(where)}
    where.write_text("[output\n")
    assert here.run("config", "path", LEGALGEN_JSON="yes").json == {"path": str(where)}
    where.unlink()
    assert here.run("config", "init").json == {"path": str(where)}
    found = {row["name"]: row for row in rows}
    assert found["count"] == {
        "name": "count", "value": "7", "origin": "environment (LEGALGEN_COUNT)",
    }  # fmt: skip
    assert found["gate"]["origin"] == "default"


@pytest.mark.parametrize(
    "command", ["models", "models --compare", "batch --plan", "config show", "generate --no-save"]
)
def test_a_file_with_a_key_that_others_can_read_is_told(
    program: Program, here: Here, command: str
) -> None:
    """Whatever reads the key says so, once, on stderr."""
    config = Path(program.environ["LEGALGEN_CONFIG"])
    config.write_text('[providers.groq]\napi_key = "gsk_of_a_file_1234567890"\n')
    config.chmod(0o644)
    ended = here.run(*command.split(), "--json")
    assert ended.code == 0
    assert json.loads(ended.out) is not None
    assert ended.err.count(f"{config} holds keys and others can read it: chmod 600 ") == 1


def test_a_key_is_never_shown(here: Here) -> None:
    """`config show` masks it, wherever it came from."""
    key = "gsk_" + "abcdefghijklmnopqrstuvwxyz0123456789"
    shown = here.run("config", "show", GROQ_API_KEY=key)
    assert key not in shown.out + shown.err
    assert "GROQ_API_KEY" in shown.out


def test_a_key_from_a_pipe(program: Program) -> None:
    """`pass show groq | legalgen config set-key groq` in a script."""
    done = subprocess.run(
        [EXECUTABLE, "config", "set-key", "groq"],
        env=program.environ, input="gsk_from_a_pipe_1234567890\n", text=True,
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    config = Path(program.environ["LEGALGEN_CONFIG"])
    assert (done.returncode, done.stdout) == (0, "")
    assert "gsk_from" not in done.stderr
    assert 'api_key = "gsk_from_a_pipe_1234567890"' in config.read_text()
    assert config.stat().st_mode & 0o777 == 0o600


def test_a_key_is_typed_without_echo(program: Program) -> None:
    """Nobody who looks over the shoulder sees it."""
    with in_terminal([str(EXECUTABLE), "config", "set-key", "groq"], program.environ) as terminal:
        terminal.until(lambda t: "API key of groq" in t.everything)
        terminal.type("gsk_typed_1234567890abc\n")
        assert terminal.end() == 0
    assert "gsk_typed" not in terminal.everything
    assert "gsk_typed" in Path(program.environ["LEGALGEN_CONFIG"]).read_text()


def test_the_taxonomy_as_a_tree(here: Here) -> None:
    """Narrowed by the flags of a batch, with the number of cells."""
    lines = here.run("config", "taxonomy", "--practice-area", "uk/contract").out.splitlines()
    assert lines[0].startswith("uk  United Kingdom  (")
    assert lines[1].startswith("  contract  ")
    assert any(line.startswith("    formation  ") for line in lines)
    assert all(line.endswith(" cells)") for line in lines)


def test_config_taxonomy_tells_what_nobody_checked_for_a_year(here: Here, tmp_path: Path) -> None:
    """A topic of one's own without a month was never checked; with this month it is not told."""
    own = tmp_path / "own.toml"
    text = (
        'extends = "none"\n[[area]]\nid = "tea"\nname = "Tea"\njurisdictions = ["uk"]\n'
        '[[area.topic]]\nid = "leaves"\nname = "Leaves"\nsubtopics = ["green leaves"]\n'
    )
    own.write_text(text)
    ended = here.run("config", "taxonomy", "--check", "--taxonomy", str(own))
    assert (ended.code, ended.out) == (1, "uk/tea/leaves: never checked\n")
    assert "Of 1 topic 1 were not compared" in ended.err
    own.write_text(f'{text}checked = "{datetime.now(UTC):%Y-%m}"\n')
    ended = here.run("config", "taxonomy", "--check", "--taxonomy", str(own), "--json")
    assert (ended.code, json.loads(ended.out)["topics"]) == (0, [])


def test_an_authority_that_cannot_be_read_is_told_where_a_taxonomy_is_used(
    here: Here, tmp_path: Path
) -> None:
    """By the tree and by a run, on stderr."""
    own = tmp_path / "own.toml"
    own.write_text(
        'extends = "builtin"\n[[area]]\njurisdictions = ["uk"]\n'
        'id = "shipping"\nname = "Shipping"\n'
        '[[area.topic]]\nid = "demurrage"\nname = "Demurrage"\n'
        'subtopics = ["laytime", "despatch", "notices", "exceptions"]\n'
        'authorities = ["the usual books"]\n',
        "utf-8",
    )
    for command in (["config", "taxonomy"], ["generate", "--no-save", "-p", "groq"]):
        assert "'the usual books' is no citation" in here.run(*command, "--taxonomy", str(own)).err


# --------------------------------------------------------------------------- pipes and locales


@pytest.mark.parametrize("command", ["config taxonomy", "config show", "batch --help"])
def test_a_reader_that_leaves_early_is_no_error(program: Program, command: str) -> None:
    """`legalgen ... | head -1` says nothing on stderr."""
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {EXECUTABLE} {command} | head -1"],
        env=program.environ, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1
    assert done.returncode in (0, 141)


@pytest.mark.parametrize(
    "locale",
    [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "POSIX", "PYTHONUTF8": "0"}],
)
def test_no_locale_crashes(program: Program, locale: dict[str, str]) -> None:
    """A sample with letters of its own, and a table with lines."""
    for command in (("generate",), ("history",)):
        ended = program.run(*command, environ=locale)
        assert ended.code == 0, ended.err
        assert "Traceback" not in ended.err


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_events_on_a_stdout_that_cannot_say_all_are_json_all_the_same(
    program: Program, vendors: VendorServer, encoding: str
) -> None:
    """A model's name of the user's own ended the batch with a traceback."""
    named = ("--provider", "openai", "--model", "qwén", "--no-failover")
    environ = {"PYTHONIOENCODING": encoding}
    ended = program.run("batch", *named, "-n", "1", "--events", "-", environ=environ)
    told = [json.loads(line) for line in ended.out.splitlines()]
    assert (ended.code, ended.out.isascii()) == (0, encoding == "ascii"), ended.err
    (started,) = (each for each in told if each["type"] == "BatchStarted")
    assert started["route"] == ["openai/qwén"]
    assert told[-1]["type"] == "BatchFinished"


def test_a_table_in_a_pipe_is_not_folded(program: Program, here: Here) -> None:
    """Programs that read lines get whole ones, whatever COLUMNS says."""
    note(program, 1, "completed")
    lines = here.run("history", COLUMNS="40").out.splitlines()
    assert len(lines) == 3


def test_everything_on_stdout_is_json_when_asked(here: Here) -> None:
    """Talk stays on stderr, so that stdout can be parsed as a whole."""
    for command in ("history", "models", "config show", "config taxonomy"):
        json.loads(here.run(*command.split(), "--json").out)


# --------------------------------------------------------------------------- small things


@pytest.mark.parametrize(
    "command",
    [("batch", "-n", "1"), ("generate",), ("models",), ("batch", "-n", "1", "--plan")],
    ids=" ".join,
)
def test_an_address_that_nobody_uses_is_said(
    here: Here, vendors: VendorServer, command: tuple[str, ...]
) -> None:
    """`--base-url` is openai's: beside groq it would change nothing."""
    ended = here.run(*command, "-p", "groq", "--base-url", "http://127.0.0.1:9/v1")
    assert ended.code == 2
    assert "--base-url is the address of the provider openai" in ended.err
    assert vendors.calls() == []


def test_models_calls_its_filter_a_filter(here: Here) -> None:
    """For a batch a provider is a beginning, for a list it is what is listed."""
    assert "Only the models of this provider." in here.run("models", "--help", COLUMNS="120").out
    assert "The provider to begin with." in here.run("batch", "--help", COLUMNS="120").out


def test_a_limit_on_open_files_is_no_bug(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any file may be the one that cannot be opened, a module of Python's too: exit 74."""

    def look(*_: object) -> int:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), "leading_cases.txt")

    # The limit itself would be that of the whole test run.
    monkeypatch.setattr("legalgen.commands.history.show_history", look)
    ended = here.run("history")
    said = "Error: cannot open leading_cases.txt: Too many open files; raise the limit (ulimit -n)"
    assert (ended.code, ended.err.strip()) == (74, said)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("can't start new thread"),
        ImportError("libarrow.so: failed to map segment from shared object"),
    ],
)
def test_too_little_memory_is_said(
    here: Here, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """No bug of ours: a sentence in place of a traceback, which is in the log."""

    def look(*_: object) -> int:
        raise error

    # The limit itself would be that of the whole test run.
    monkeypatch.setattr("legalgen.commands.history.show_history", look)
    ended = here.run("history")
    assert (ended.code, "ulimit -v" in ended.err, "bug" in ended.err) == (70, True, False)
    assert "Traceback" not in ended.err


def test_a_library_that_is_gone_is_said(
    here: Here, program: Program, vendors: VendorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an upgrade takes it away under a command: what it is, and what to do."""
    assert program.run("batch", "-p", "groq", "-n", "1", "-q").code == 0
    # None in sys.modules is how Python itself marks a module that cannot be imported.
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    ended = here.run("dataset", "export", str(program.home / "out.parquet"))
    assert (ended.code, "Install legalgen anew" in ended.err) == (70, True), ended
    assert ended.err.startswith("Error: pyarrow cannot be loaded: ")
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_that_cannot_be_written_is_told_with_the_way_without(
    here: Here, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shell: str
) -> None:
    """The home folder may be none, or of a file system that nobody may write to."""
    monkeypatch.setattr("shellingham.detect_shell", lambda: (shell, f"/bin/{shell}"))
    home = tmp_path / "home"
    home.touch()
    ended = here.run("--install-completion", HOME=str(home))
    assert (ended.code, ended.out) == (74, "")
    assert f"{home}" in ended.err
    assert "`legalgen --show-completion` prints it" in ended.err
    assert "bug" not in ended.err


def test_a_start_up_file_that_is_no_text_is_not_written_over(
    here: Here, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Typer would have to read it as text to write its line there."""
    monkeypatch.setattr("shellingham.detect_shell", lambda: ("bash", "/bin/bash"))
    (tmp_path / ".bashrc").write_bytes(b"# caf\xe9\n")
    ended = here.run("--install-completion", HOME=str(tmp_path))
    assert (ended.code, "--show-completion" in ended.err) == (2, True)
    assert (tmp_path / ".bashrc").read_bytes() == b"# caf\xe9\n"
