"""What results look like: the summary, history, why, samples, and what programs get."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import select
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from legalgen.batch.intent import Result
from legalgen.completion import ModelRef
from legalgen.errors import NoUsableProvider, Trouble, UsageError
from legalgen.errors.category import ErrorCategory
from legalgen.providers.catalog import Catalog
from legalgen.routing.inventory import Compared, Limit, ModelRow, track_of
from legalgen.routing.remedies import remedies, remedy
from legalgen.store.balances import ModelStats
from legalgen.store.ledger import (
    AlertNote,
    FailureNote,
    GivenUpNote,
    Parked,
    Process,
    Record,
    SwitchNote,
    UnreadableRecord,
    WaitNote,
)
from legalgen.store.sample import Citation, Sample
from legalgen.telemetry import events
from legalgen.ui import screens
from legalgen.ui.console import Console, history_row
from legalgen.ui.words import told_of
from tests.waiting import LONGEST_S, eventually

START = datetime(2026, 11, 23, 16, 15, 0, tzinfo=UTC)
GROQ, CEREBRAS = "groq/openai/gpt-oss-120b", "cerebras/gpt-oss-120b"
ID = "20261123-161500-ab12"


class Stream(io.StringIO):
    """A stream of a given encoding; it refuses what that cannot say, as a real one does."""

    def __init__(self, encoding: str = "utf-8", *, terminal: bool = False) -> None:
        super().__init__()
        self._encoding = encoding
        self._terminal = terminal

    @property
    def encoding(self) -> str:  # type: ignore[override]  # io.StringIO has none
        return self._encoding

    def isatty(self) -> bool:
        return self._terminal

    def write(self, text: str) -> int:
        text.encode(self._encoding)
        return super().write(text)


class Both:
    """A console and its two streams."""

    def __init__(
        self, encoding: str = "utf-8", *, as_json: bool = False, quiet: bool = False
    ) -> None:
        self.out, self.err = Stream(encoding), Stream(encoding)
        self.console = Console(json=as_json, quiet=quiet, out=self.out, err=self.err, environ={})

    @property
    def shown(self) -> list[str]:
        return [line.rstrip() for line in self.out.getvalue().splitlines()]

    @property
    def said(self) -> list[str]:
        return self.err.getvalue().splitlines()


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def record(**more: object) -> Record:
    made = Record(
        id=ID,
        kind="batch",
        status="completed",
        command=("legalgen", "batch", "--count", "500"),
        process=Process(1, "host"),
        version="0.1.0",
        started=START,
        updated=at(1620),
        finished=at(1620),
        target=500,
        accepted=500,
        flagged=12,
        rejected={"ANSWER_LENGTH": 17, "CITATION_MISSING": 9, "DUP_NEAR": 5, "TRUNCATED": 1},
        models={
            GROQ: ModelStats(
                calls=400, samples=360, input_tokens=400_000, output_tokens=300_000,
                seconds=900.0, sample_seconds=720.0, reasoning_steps=1800, cost_usd=0.3,
                failures={"rate_limit": 7, "output_invalid": 20},
            ),
            CEREBRAS: ModelStats(
                calls=142, samples=140, input_tokens=100_000, output_tokens=90_000,
                seconds=200.0, sample_seconds=180.0, reasoning_steps=700, cost_usd=0.1,
                failures={"timeout": 2},
            ),
        },
        switches=[SwitchNote(at(60), GROQ, CEREBRAS, "limited until the server's hint")],
        waits=[WaitNote(at(90), 41.0, (GROQ,), "tokens per minute")],
        failures=[
            FailureNote(at(59), GROQ, "rate_limit", 429, "Rate limit reached", "limited until the "
                   "server's hint", 12.0, at(71)),
        ],
        alerts=[AlertNote(at(100), "switches", "11 switches in one batch")],
        given_up=[GivenUpNote(7, ("uk", "contract", "formation", "basic", "qa"), ("bad_request",))],
    )  # fmt: skip
    return msgspec.structs.replace(made, **more)


def result(made: Record | None = None, **more: object) -> Result:
    fields: dict[str, object] = {
        "exit_code": 0, "status": "completed", "reason": "", "record": made,
        "dataset": Path("/data/train"),
    }  # fmt: skip
    return Result(**{**fields, **more})  # type: ignore[arg-type]  # fields of Result by name


def hm(moment: datetime) -> str:
    return f"{moment.astimezone():%H:%M:%S}"


# --------------------------------------------------------------------------- the summary


def test_the_summary_can_be_read_in_five_seconds() -> None:
    """Made, refused and why, models with shares, trouble, tokens, cost, files, what to type."""
    both = Both()
    both.console.result(result(record()), " --data-dir /data")
    assert both.said == [
        f"completed  500 of 500 samples in 27 min  batch {ID}",
        "  flagged   12 of them, see the column flags",
        (
            "  refused   17 ANSWER_LENGTH (outside the words of its type and difficulty), "
            "9 CITATION_MISSING (fewer citations than its type expects; one given twice is one), "
            "2 more reasons"
        ),
        "  given up  1 task",
        f"  models    {GROQ} 72%, {CEREBRAS} 28%",
        "  hitches   1 switch, 1 wait, 9 failed calls (rate limit 7, no answer in time 2)",
        "  alert     11 switches in one batch",
        "  tokens    500,000 in, 390,000 out, $0.4 ($0.0008 a sample)",
        "  files     /data/train",
        f"  next      legalgen history {ID} --data-dir /data",
    ]
    assert both.shown == []


def test_the_summary_of_a_pause_says_when_to_come_back() -> None:
    """The moment, and the command that goes on."""
    back = at(4000)
    paused = result(
        record(status="paused", reason="tokens per day"),
        status="paused",
        exit_code=75,
        reason="tokens per day",
        resume_after=back,
    )
    both = Both()
    both.console.result(paused)
    assert both.said[-2:] == [
        f"  back at   {back.astimezone():%Y-%m-%d %H:%M:%S}",
        f"  next      legalgen batch {ID} --resume",
    ]


def test_a_run_without_a_provider_ends_with_remedies() -> None:
    """A wrong key, told once for all models of the provider, with what to do."""
    reason = "no model is left to call"
    refused = tuple(
        trouble("authentication", 401, "Invalid API Key", ref) for ref in ("groq/a", "groq/b")
    )
    made = record(
        accepted=0, flagged=0, rejected={}, models={}, switches=[], waits=[], alerts=[],
        given_up=[], status="failed",
        failures=[
            FailureNote(at(1), "groq/a", "authentication", 401, "Invalid API Key", "dropped"),
        ],
    )  # fmt: skip
    both = Both()
    ended = result(made, status="failed", exit_code=3, reason=reason, obstacles=refused)
    both.console.result(ended)
    assert both.said[1:] == [
        "  because   no model is left to call",
        "  because   groq, 2 models: key refused (401): Invalid API Key",
        (
            "  remedy    groq refuses the key: check GROQ_API_KEY or make a new one at "
            "https://console.groq.com/keys, or run `legalgen config set-key groq`."
        ),
        f"  next      legalgen batch {ID} --resume",
    ]


@pytest.mark.parametrize(
    ("why", "told"),
    [
        ("model_unavailable 404: no model m", "model gone (404): no model m"),
        (
            "model_unavailable 404: the base URL is wrong: Not Found",
            "wrong address (404): the base URL is wrong: Not Found",
        ),
        (
            "model_unavailable 404: No endpoints match your data policy",
            "not allowed by the account (404): No endpoints match your data policy",
        ),
        ("authentication 401: no key", "key refused (401): no key"),
        (
            "authentication 403: a web page: Just a moment...",
            "refused by what is no API (403): a web page: Just a moment...",
        ),
    ],
)
def test_what_failed_is_told_by_what_was_said(why: str, told: str) -> None:
    """A category says less than the message of what a page, an address or an account does."""
    assert told_of(f"openai/m: {why}") == f"openai/m: {told}"


def test_quiet_is_silent_about_what_went_well() -> None:
    """Nothing after success, a bound or a pause, the summary after anything else."""
    both = Both(quiet=True)
    both.console.result(result(record()))
    both.console.result(result(record(), status="stopped", exit_code=4, reason="--max-cost"))
    both.console.result(result(record(), status="paused", exit_code=75, reason="--max-wait"))
    assert both.said == []
    limit = Trouble(ModelRef("groq", "m"), ErrorCategory.RATE_LIMIT, 429, "Too many requests")
    both.console.result(
        result(record(), status="paused", exit_code=75, reason="--max-wait", obstacles=(limit,))
    )
    assert both.said == []
    away = Trouble(ModelRef("groq", "m"), ErrorCategory.CONNECTION_ERROR, None, "no route to host")
    both.console.result(
        result(record(), status="paused", exit_code=75, reason="--max-wait", obstacles=(away,))
    )
    assert any("no route to host" in line for line in both.said)
    nothing = record(accepted=0, models={GROQ: ModelStats(calls=2, failures={"timeout": 2})})
    both.console.result(result(nothing, status="stopped", exit_code=4, reason="--max-time is over"))
    assert any("--max-time is over" in line for line in both.said)
    both.console.result(result(record(), status="failed", exit_code=6, reason="the watchdog"))
    assert "  because   the watchdog" in both.said


def test_a_program_gets_one_object_with_all_of_it() -> None:
    """Status, exit code, files, next command and the whole record; nothing on stderr."""
    both = Both(as_json=True)
    both.console.result(result(record()))
    (line,) = both.shown
    told = json.loads(line)
    assert both.said == []
    assert {name: told[name] for name in ("status", "exit_code", "dataset", "next")} == {
        "status": "completed",
        "exit_code": 0,
        "dataset": "/data/train",
        "next": f"legalgen history {ID}",
    }
    assert msgspec.convert(told["batch"], Record) == record()


# --------------------------------------------------------------------------- history


def test_history_is_a_table() -> None:
    """One line a batch; a file that is no record is shown, not fatal."""
    both = Both()
    broken = UnreadableRecord("20261101-000000-zzzz", Path("x.json"), "not a record")
    rows = [history_row(record(), "interrupted"), history_row(broken, "unreadable")]
    both.console.history(rows)
    local = f"{START.astimezone():%Y-%m-%d %H:%M}"
    assert [line.split() for line in both.shown if ID in line or "zzzz" in line] == [
        [ID, *local.split(), "interrupted", "500/500", "$0.4", "27", "min", "gpt-oss-120b", "+1"],
        ["20261101-000000-zzzz", "-", "unreadable", "0/0", "-", "-", "not", "a", "record"],
    ]


def test_an_empty_history_is_told() -> None:
    """Talk, not data: stdout stays empty."""
    both = Both()
    both.console.history([], none="Begin.")
    both.console.history([])
    assert both.shown == []
    assert both.said == ["Begin.", "There is no such batch."]


def test_why_tells_everything_in_order() -> None:
    """Failure, switch, wait and alert by time, with the hint and the rule that decided."""
    told = [line.text for line in screens.why(record(omitted={"switches": 3}))]
    assert told == [
        "why, in order:",
        f"{START.astimezone().date()}",
        (
            f"  {hm(at(59))}  failed {GROQ}  rate limit (429): Rate limit reached; "
            f"the server says 12 s  ->  limited until the server's hint until {hm(at(71))}"
        ),
        f"  {hm(at(60))}  switch {GROQ} -> {CEREBRAS}: limited until the server's hint",
        f"  {hm(at(90))}  wait   41 s for {GROQ}: tokens per minute",
        f"  {hm(at(100))}  alert  11 switches in one batch",
        "  given up: a sample on uk, contract, formation, basic, qa: request refused",
        "  and 3 more switches, which the record leaves out",
    ]


def test_why_folds_what_happened_again_and_again() -> None:
    """Forty-three waits bury no failure and no switch: each meaning is one line, at its first
    time, with how often it came again and when last."""
    waits = [WaitNote(at(90 + n), 30.0 + n, (GROQ,), "tokens per minute") for n in range(43)]
    failures = [
        FailureNote(
            at(200 + n), GROQ, "overloaded", 503, f"busy, request {n}", "no calls for a while"
        )
        for n in range(3)
    ]
    made = record(waits=waits, failures=failures, switches=[], alerts=[], given_up=[])
    told = [line.text for line in screens.why(made)]
    assert told[2:] == [
        (
            f"  {hm(at(90))}  wait   30 s for {GROQ}: tokens per minute"
            f"  (42 more of these, the last at {hm(at(132))})"
        ),
        (
            f"  {hm(at(200))}  failed {GROQ}  over capacity (503): busy, request 0"
            f"  ->  no calls for a while  (2 more of these, the last at {hm(at(202))})"
        ),
    ]


def test_why_gives_the_gates_own_code() -> None:
    """A refused answer failed for what the gate says, not only for being invalid."""
    rule, codes = "asked again", ("LOW_SCORE", "STEP_TEXT", "LOW_SCORE")
    failed = FailureNote(at(1), GROQ, "output_invalid", None, "relevance 1 of 5", rule, codes=codes)
    told = [line.text for line in screens.why(record(failures=[failed]))]
    assert told[2] == (
        f"  {hm(at(1))}  failed {GROQ}  LOW_SCORE, STEP_TEXT: relevance 1 of 5  ->  asked again"
    )


def test_samples_without_marks_are_told_with_a_remedy() -> None:
    """One line says how many, and what to do about them."""
    both = Both()
    both.console.result(result(record(unjudged=3)))
    [line] = [line for line in both.said if line.startswith("  unjudged")]
    assert "3 samples" in line
    assert "legalgen dataset export --without-flag UNJUDGED" in line
    assert '[gate] UNJUDGED = "reject"' in line


def test_parked_cells_are_named() -> None:
    """In the summary the first ones, in the full account and for programs all of them."""
    cells = [Parked("uk", "contract", "formation", "basic", f"type_{n}", 3) for n in range(6)]
    made, both, program = record(parked=cells), Both(), Both(as_json=True)
    both.console.result(result(made))
    [line] = [line for line in both.said if line.startswith("  parked")]
    assert line.startswith("  parked    formation, basic, type 0, uk (failed 3 times); formation")
    assert line.endswith("type 3, uk (failed 3 times); and 2 more")
    told = [line.text for line in screens.why(made)]
    assert "  not asked for again: formation, basic, type 5, uk (failed 3 times)" in told
    program.console.result(result(made))
    assert json.loads(program.out.getvalue())["batch"]["parked"][5] == {
        "jurisdiction": "uk", "practice_area": "contract", "topic": "formation",
        "difficulty": "basic", "sample_type": "type_5", "failures": 3,
        "at": None, "reason": "", "basis": "",
    }  # fmt: skip


def test_what_was_refused_stands_with_what_it_means() -> None:
    """A code is a word of the program; one that is unknown by now stands alone."""
    both = Both()
    both.console.record(record(rejected={"REFUSAL": 3, "GONE_CODE": 1}), "completed")
    rows = [" ".join(line.split()) for line in both.shown]
    assert "REFUSAL 3 The model declines." in rows
    assert "GONE_CODE 1" in rows


def test_a_record_of_an_older_version_has_nothing_parked() -> None:
    """Fields that it lacks are empty."""
    fields = msgspec.to_builtins(record())
    for name in ("parked", "unjudged"):
        del fields[name]
    del fields["failures"][0]["codes"]
    known = msgspec.convert(fields, Record)
    assert (known.parked, known.unjudged, known.failures[0].codes) == ([], 0, ())


def test_an_interrupted_batch_shows_how_to_go_on() -> None:
    """Status, per-model table, rejects by reason, and the command."""
    both = Both()
    both.console.record(record(status="running", finished=None), "interrupted", why=False)
    text = "\n".join(both.shown)
    assert both.shown[0] == f"interrupted  500 of 500 samples in 27 min  batch {ID}"
    assert f"  next      legalgen batch {ID} --resume" in both.shown
    assert [line.split()[:3] for line in both.shown if line.startswith(("groq/", "cerebras/"))] == [
        [GROQ, "400", "360"],
        [CEREBRAS, "142", "140"],
    ]
    assert "TRUNCATED" in text


# --------------------------------------------------------------------------- one sample


def sample(**more: object) -> Sample:
    made = Sample(
        id="lg_1", question="Is it £5?", answer="Yes.\nBecause.", reasoning_steps=("One.", "Two."),
        citations=(Citation("Derry v Peek", status="listed"),), jurisdiction="uk",
        sub_jurisdiction="england-wales", practice_area="contract", topic="formation",
        subtopic="", difficulty="basic", sample_type="qa", as_of="2026-11", seed_json="{}",
        provider="groq", model="openai/gpt-oss-120b", prompt_version="1", batch_id=ID, slot=0,
        attempts=1, input_tokens=500, output_tokens=900, flags=("SHORT",), score=None, judge=None,
        thinking=None, latency_s=1.25, cost_usd=0.0006, reasoning_tokens=90, created_at=START,
    )  # fmt: skip
    return msgspec.structs.replace(made, **more)


def test_a_sample_is_shown_as_a_person_reads_it() -> None:
    """Question, steps, answer, citations and flags on stdout; where it is on stderr."""
    both = Both()
    both.console.sample(sample(), saved=True, where="/data/train")
    assert both.shown == [
        "Question  (formation, basic, qa, uk)", "Is it £5?", "",
        "Reasoning", "1. One.", "2. Two.", "",
        "Answer", "Yes.", "Because.", "",
        "Citations", "- Derry v Peek  (listed)", "",
        "Flags", "SHORT",
    ]  # fmt: skip
    assert both.said == [
        "",
        f"{GROQ}, 1.2 s, 500+900 tokens, $0.0006; kept in /data/train as lg_1",
    ]


def test_prose_is_not_broken_for_a_program_that_reads_it() -> None:
    """A paragraph of an answer is one line under ``| cat``, however long."""
    both = Both()
    both.console.sample(sample(answer="word " * 200 + "end"), saved=False)
    assert "word " * 200 + "end" in both.shown


def test_colour_that_is_asked_for_beats_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    """``--color always`` is the user's word of now, ``NO_COLOR`` that of a profile; on both
    streams, tables too."""
    monkeypatch.setenv("NO_COLOR", "1")
    for color, coloured in (("always", True), ("auto", False)):
        out, err = Stream(terminal=True), Stream(terminal=True)
        environ = {"TERM": "xterm", "NO_COLOR": "1"}
        console = Console(color=color, out=out, err=err, environ=environ)
        console.history([history_row(record(), "completed")])
        console.result(result(record()))
        assert [("\x1b[32m" in stream.getvalue()) for stream in (out, err)] == [coloured] * 2


def test_json_is_indented_on_a_terminal_alone() -> None:
    """A person sees a field a line, a program a record a line."""
    for terminal in (True, False):
        out = Stream(terminal=terminal)
        Console(json=True, out=out, err=Stream(), environ={}).result(result(record()))
        assert json.loads(out.getvalue())["status"] == "completed"
        assert (len(out.getvalue().splitlines()) > 50) == terminal


def test_one_sample_is_one_sample() -> None:
    """A count of one is in the singular."""
    both = Both()
    both.console.result(result(record(target=1, accepted=1)))
    assert "1 of 1 sample in 27 min" in both.said[0]


def test_a_model_cannot_draw_on_the_terminal() -> None:
    """Escape sequences and markup in an answer are shown as they are."""
    both = Both()
    both.console.sample(sample(answer="\x1b]0;hi\x07 [bold]x[/bold]"), saved=False)
    assert "\\x1b]0;hi\\x07 [bold]x[/bold]" in both.shown


# --------------------------------------------------------------------------- encodings


@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-1", "utf-8"])
def test_no_locale_is_too_small(encoding: str) -> None:
    """What a locale cannot say becomes a question mark; nothing crashes."""
    both = Both(encoding)
    both.console.sample(sample(question="§ 5 → “£”"), saved=True)
    both.console.history([history_row(record(), "completed")])
    both.console.result(result(record(reason="größer …")))
    both.console.talk("größer …")
    assert ("§" in both.out.getvalue()) == (encoding != "ascii")


def test_json_loses_nothing_in_a_small_locale() -> None:
    """Programs get every letter, escaped where need be."""
    both = Both("ascii", as_json=True)
    both.console.sample(sample(question="§ 5 → “£”"), saved=True)
    assert json.loads(both.out.getvalue())["question"] == "§ 5 → “£”"


# --------------------------------------------------------------------------- errors and remedies


def test_an_error_is_a_sentence_and_an_object() -> None:
    """On stderr for people; with --json also on stdout, with what was tried and what to do."""
    words = "Access denied. Please check your network settings."
    denied = [trouble("authentication", 403, words, "groq/a")]
    tried = [f"groq/a: authentication 403: {words}"]
    both = Both(as_json=True)
    both.console.failure(NoUsableProvider("no model of the route can be used", denied), 3)
    cure = "groq does not let this network in: leave the VPN or proxy, or use another provider."
    assert both.said == [
        "Error: no model of the route can be used",
        f"  {tried[0].replace('authentication 403', 'key refused (403)')}",
        f"  {cure}",
    ]
    assert json.loads(both.out.getvalue()) == {
        "error": {
            "kind": "NoUsableProvider",
            "message": "no model of the route can be used",
            "tried": tried,
            "remedies": [cure],
        },
        "exit_code": 3,
    }


def test_a_long_error_keeps_its_lines() -> None:
    """The first-contact page is several lines."""
    both = Both()
    both.console.failure(UsageError("one\n  two"), 2)
    assert both.said == ["Error: one", "  two"]


def trouble(
    category: str, status: int | None = None, message: str = "", ref: str = GROQ
) -> Trouble:
    return Trouble(ModelRef.parse(ref), ErrorCategory(category), status, message)


@pytest.mark.parametrize("category", list(ErrorCategory))
def test_every_failure_has_a_remedy(category: ErrorCategory) -> None:
    """A sentence for each word that users see."""
    sentence = remedy(trouble(category), Catalog.load())
    assert sentence.endswith(".")
    assert "groq" in sentence


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (trouble("authentication", 401, "Invalid API Key"), "GROQ_API_KEY"),
        (trouble("authentication", 403, "check your network settings"), "VPN"),
        (
            trouble("authentication", 403, "Your account was disabled for violating a policy"),
            "write to its support",
        ),
        (
            trouble("authentication", 400, "Organization has been restricted"),
            "another key would not help",
        ),
        (trouble("authentication", 403, "Your account is blocked"), "shut this account out"),
        (trouble("authentication", 403, "API key revoked"), "GROQ_API_KEY"),
        (trouble("authentication", 403, "Web Page Blocked"), "VPN"),
        (trouble("quota_exhausted", 402, "Payment required"), "out of credit"),
        (trouble("quota_exhausted", 429, "tokens per day"), "`legalgen models`"),
        (trouble("model_unavailable", 404, "", "groq/gemma2-9b-it"), "shut down on 2025-10-08"),
        (trouble("connection_error"), "GROQ_BASE_URL"),
        (
            trouble(
                "connection_error", None, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify"
            ),
            "certificate is not trusted here",
        ),
        (trouble("connection_error", None, "self-signed certificate in chain"), "SSL_CERT_FILE"),
        (trouble("connection_error", None, "[SSL: WRONG_VERSION_NUMBER] wrong version"), "http://"),
        (trouble("connection_error", None, "EOF in violation of protocol (_ssl.c:1)"), "TLS with"),
        (trouble("timeout"), "--timeout"),
    ],
)
def test_remedies_name_what_to_mend(found: Trouble, words: str) -> None:
    """The variable, the network, the account, the date, the flag."""
    assert words in remedy(found, Catalog.load())


def test_models_that_are_gone_share_a_sentence() -> None:
    """Three retired models of one provider are one thing to look up."""
    gone = [trouble("model_unavailable", 404, "", f"groq/{name}") for name in ("b", "a")]
    assert remedies(gone) == [
        "groq has no a, b for this key: `legalgen models --refresh` lists what there is."
    ]


def test_a_record_keeps_what_the_account_lacks() -> None:
    """A remedy is made of the record's own failure: no word of its message is looked at."""
    broke = FailureNote(at(1), GROQ, "quota_exhausted", 429, "no", "dropped", credit=True)
    ended = result(record(failures=[broke]), status="failed", exit_code=3)
    (remedy_of_it,) = screens.remedies_of(ended)
    assert remedy_of_it == (
        "The account at groq is out of credit, or at a limit of what may be spent: "
        "add credit or raise that limit, or use another provider."
    )


def test_a_reader_that_left_is_noticed_by_the_run() -> None:
    """A closed pipe does not raise in the view's own thread but where the run can act on it."""

    class Closed(Stream):
        def write(self, text: str) -> int:
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    console = Console(out=Stream(), err=Closed(), environ={})
    with console.watching():
        console.talk("hello")
        with pytest.raises(BrokenPipeError):
            console.hear(_notice())
    console.result(result(record()))


def _notice() -> events.Notice:
    return events.Notice(at=START, text="x")


def test_the_screenshots_are_of_todays_screens() -> None:
    """The pictures in the documentation are drawn again and compared."""
    script = Path(__file__).parents[2] / "docs" / "screenshots.py"
    done = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_long_lines_are_broken_between_words_on_a_terminal() -> None:
    """What follows a label stays beside it; nothing is wider than the terminal."""
    err = Stream(terminal=True)
    console = Console(out=Stream(), err=err, environ={"TERM": "xterm", "NO_COLOR": "1"}, columns=50)
    console.result(result(record(), reason="word " * 30))
    lines = err.getvalue().splitlines()
    assert max(map(len, lines)) < 50
    because = next(n for n, line in enumerate(lines) if line.startswith("  because   word word"))
    assert lines[because + 1].startswith(" " * 12 + "word word")
    assert f"batch {ID}" in " ".join(" ".join(lines).split())


def tables(columns: int) -> list[str]:
    """The tables of `history`, `history ID`, `models` and `models --compare` on a terminal."""
    out = Stream(terminal=True)
    console = Console(out=out, err=Stream(), environ={"NO_COLOR": "1"}, columns=columns)
    made = record()
    console.history([history_row(made, "completed")])
    console.record(made, "completed")
    rows = [
        ModelRow(
            provider=ref.partition("/")[0], model=ref.partition("/")[2], state="exhausted",
            until=at(30_000), limits=(Limit("tokens", "minute", 8_000, 1_200),),
            usd_per_million_input=0.15, usd_per_million_output=0.6, track=track_of(stats),
        )
        for ref, stats in made.models.items()
    ]  # fmt: skip
    console.models(rows, START)
    known = {name: msgspec.structs.asdict(track_of(s)) for name, s in made.models.items()}
    compared = {
        name: Compared(**track, first_pass=0.875, answer_words=412.0)
        for name, track in known.items()
    }
    console.models(rows, START, compared=compared)
    return re.sub(r"\x1b\[\d+m", "", out.getvalue()).splitlines()


@pytest.mark.parametrize("columns", [40, 50, 60, 80, 100, 120, 160, 200])
def test_tables_are_readable_at_any_width(columns: int) -> None:
    """Nothing is wider than the terminal, and no name and no number is cut or broken."""
    lines = tables(columns)
    assert max(len(line.rstrip()) for line in lines) <= columns
    words = "\n".join(lines).split()
    for whole, times in ((GROQ, 4), ("500/500", 1), ("1.2k/8k", 2), ("0.15/0.6", 2), ("412", 2)):
        assert words.count(whole) >= times, whole


def test_a_narrow_table_is_told_row_by_row() -> None:
    """The first cell, then the others by name, as many a line as fit; what is empty is left out."""
    table = screens.Grid(
        ("model", ">kept", "left", "note"),
        tuple(
            tuple(map(screens.TableCell, row))
            for row in ((GROQ, "95%", "1.2k/8k tok/min", ""), (CEREBRAS, "-", "", "preview"))
        ),
    )
    assert [line.text for line in screens.stacked(table, 34)] == [
        GROQ,
        "  kept 95%  left 1.2k/8k tok/min",
        CEREBRAS,
        "  note preview",
    ]
    assert [line.text for line in screens.stacked(table, 30)][1:3] == [
        "  kept 95%",
        "  left 1.2k/8k tok/min",
    ]


@pytest.mark.parametrize(("lines", "letters"), [(1000, 79), (1, 500_000)])
@pytest.mark.parametrize("make", [os.openpty, os.pipe])
def test_who_reads_nothing_holds_nobody(
    make: Callable[[], tuple[int, int]],
    lines: int,
    letters: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A terminal whose connection hangs, a pipe that is full: both say that there is room, and a
    write of more than that would wait for all of it."""
    monkeypatch.setattr("legalgen.ui.console.PATIENCE_S", 0.05)
    reader, writer = make()
    with os.fdopen(writer, "w", encoding="utf-8") as err:
        console = Console(err=err, environ={})

        def say() -> None:
            for _ in range(lines):
                console.talk("x" * letters)

        def is_heard() -> bool:
            console.talk("back")
            return bool(select.select([reader], [], [], 0)[0]) and b"back" in os.read(
                reader, 1_000_000
            )

        saying = threading.Thread(target=say, daemon=True)
        try:
            saying.start()
            saying.join(LONGEST_S)
            assert not saying.is_alive()
            eventually(is_heard)
        finally:
            os.close(reader)
            saying.join(LONGEST_S)
