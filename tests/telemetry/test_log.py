"""The log: one line an event, shared by processes, and no secret in it."""

import json
import logging
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legalgen.telemetry import events
from legalgen.telemetry.log import Log, RedactingFilter, open_log, write

KEY = "gsk_" + "Ab3" * 16
OPAQUE = "Zq7/pl\\us+e'q=" + "Xy9" * 6
"""A gateway's key: no shape to know it by, and characters that every encoding changes."""
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"

logger = logging.getLogger("legalgen.test")
Opener = Callable[..., Log]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opener]:
    """Opens logs in a folder of the test's own, and closes them after it."""
    logs: list[Log] = []

    def open_one(**options: object) -> Log:
        defaults: dict[str, object] = {"warn": pytest.fail, "secrets": [KEY, OPAQUE]}
        logs.append(open_log(tmp_path / "log", **(defaults | options)))  # type: ignore[arg-type]  # options are the keywords of open_log
        return logs[-1]

    yield open_one
    for log in logs:
        log.close()


def text(log: Log) -> str:
    assert log.path is not None
    return log.path.read_text(encoding="utf-8")


def test_an_event_is_one_line_with_what_it_is_about(opened: Opener) -> None:
    """UTC time, level, batch, slot, provider and model come first, further fields last."""
    log = opened()
    log.batch = "b7"

    logger.warning(
        "took %d s",
        3,
        extra={"model": "x", "provider": "groq", "slot": 4, "why": "too slow", "tried": 2},
    )

    assert re.fullmatch(
        TIME + r' WARNING batch=b7 slot=4 provider=groq model=x took 3 s why="too slow" tried=2\n',
        text(log),
    )


def test_json_lines_hold_the_same(opened: Opener) -> None:
    """With --log-format json an event is one object, with values of their own types."""
    log = opened(format="json")
    log.batch = "b7"

    logger.info("ok\nso", extra={"slot": 4, "tried": ["a", "b"], "hint": None, "batch": "b8"})

    event = json.loads(text(log))
    assert re.fullmatch(TIME, event.pop("time"))
    assert event == {
        "level": "info",
        "logger": "legalgen.test",
        "message": "ok\nso",
        "batch": "b8",
        "slot": 4,
        "tried": ["a", "b"],
        "hint": None,
    }


def test_the_events_of_a_call_are_told_with_their_target(opened: Opener) -> None:
    """A switch by where it goes, a wait by what it is for."""
    log = opened(format="json")
    log.batch = "b7"
    now = datetime(2026, 11, 23, tzinfo=UTC)
    about = {"source": "groq/a", "target": "groq/openai/b", "category": "timeout", "reason": "slow"}

    write(events.Switched(at=now, slot=4, out=False, **about))
    write(events.Waiting(at=now, target="groq/openai/b", seconds=2.0, until=now, reason="full"))

    told = [json.loads(line) for line in text(log).splitlines()]
    target = {"batch": "b7", "provider": "groq", "model": "openai/b"}
    assert [{name: line.get(name) for name in ("slot", *target)} for line in told] == [
        {"slot": 4, **target},
        {"slot": None, **target},
    ]


def test_nothing_quoted_can_forge_a_line(opened: Opener) -> None:
    """A message or a field with line ends, colours and a false time stays one line."""
    log = opened()
    forged = "x\n2026-01-01T00:00:00.000Z INFO all is well\r\x1b[2K\u2028\x9b2K"

    logger.error("said: %s", forged, extra={"model": forged, "tried": [forged]})

    assert text(log).count("\n") == 1
    assert text(log).rstrip("\n").isprintable()


def test_the_level_is_ours_and_libraries_only_warn(opened: Opener) -> None:
    """Our debug events are logged when asked for; a library's chatter is not, its warning is."""
    log = opened(level="debug")

    logger.debug("ours")
    logging.getLogger("httpx").info("theirs")
    logging.getLogger("httpx").warning("theirs, alarmed")

    assert [line.split(maxsplit=2)[2] for line in text(log).splitlines()] == [
        "ours",
        "theirs, alarmed",
    ]


def test_closing_gives_the_loggers_back(opened: Opener) -> None:
    """After close nothing is written, and the root logger is as it was."""
    root = logging.getLogger()
    before = (list(root.handlers), root.level, logging.getLogger("legalgen").level)
    log = opened()
    log.close()
    log.close()

    logger.error("late")

    assert text(log) == ""
    assert (list(root.handlers), root.level, logging.getLogger("legalgen").level) == before


class EchoError(Exception):
    """An error of a vendor that repeats what it was sent."""


def fail_with(key: str) -> None:
    nothing: dict[str, int] = {}
    try:
        nothing[key]
    except KeyError as error:
        error.add_note(f"sent {key}")
        raise EchoError(f"Authorization: Bearer {key}") from error


@pytest.mark.parametrize("format_", ["text", "json"])
@pytest.mark.parametrize("key", [KEY, OPAQUE])
def test_no_part_of_a_record_lets_a_key_through(opened: Opener, key: str, format_: str) -> None:
    """Message, arguments, traceback with cause and notes, stack, and extra fields at any depth."""
    log = opened(format=format_)

    logger.error(f"in the message {key}")
    logger.error("as an argument %s and %r", key, {"key": key})
    logger.error("percent-encoded %s", quote(key, safe=""))
    logger.error("escaped %s", repr(key))
    logger.error("bytes", extra={"body": key.encode(), "nested": {"a": [{"b": (key,)}], key: 1}})
    logger.error("an object", extra={"error": EchoError(key), "set": {key}})
    logger.error("stack", stack_info=True, extra={"batch": key})
    try:
        fail_with(key)
    except EchoError:
        logger.exception("failed")

    written = text(log)
    for spelling in (key, quote(key, safe=""), repr(key)[1:-1], json.dumps(key)[1:-1]):
        assert spelling not in written
    assert "EchoError" in written
    assert "KeyError" in written
    assert written.count("[redacted]") >= 12


@given(key=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8))
def test_the_filter_cleans_any_key_for_all_that_follow(key: str) -> None:
    """Whatever a key consists of, no later handler finds it in any part of the record."""
    if key in "[redacted]" * 3:
        return
    record = logging.makeLogRecord({"msg": "say %s", "args": (f"<{key}>",), "extra": [key]})

    assert RedactingFilter([key]).filter(record)

    assert f"<{key}>" not in record.getMessage()
    assert record.args is None
    assert key not in str(record.__dict__["extra"][0])


def test_a_message_that_cannot_be_put_together_is_logged_as_it_is() -> None:
    """A wrong call of ours costs neither the event nor the batch, and shows no key."""
    record = logging.makeLogRecord({"msg": "took %d s", "args": (KEY,)})

    RedactingFilter([KEY]).filter(record)

    assert record.getMessage() == (
        "took %d s ('[redacted]',) "
        "(cannot be put together: %d format: a real number is required, not str)"
    )


def test_a_folder_that_cannot_be_written_is_told_once_and_the_run_goes_on(tmp_path: Path) -> None:
    """A file stands where the folder should be: one warning, and events go nowhere."""
    (tmp_path / "log").write_text("not a folder")
    warnings: list[str] = []

    log = open_log(tmp_path / "log", warn=warnings.append)
    logger.error("lost")
    log.batch = "b1"
    log.close()

    assert log.path is None
    assert warnings == [
        f"There will be no log: {tmp_path / 'log'} cannot be written (File exists)."
    ]


def test_a_log_that_breaks_later_is_told_once(opened: Opener, tmp_path: Path) -> None:
    """The folder goes away under a running batch: one warning, no traceback, no exception."""
    warnings: list[str] = []
    log = opened(warn=warnings.append)
    logger.error("before")
    (tmp_path / "log").rename(tmp_path / "moved")

    logger.error("one")
    logger.error("two")

    assert len(warnings) == 1
    assert warnings[0].startswith(f"The log {log.path} cannot be written any more: ")


def test_the_log_comes_back_when_the_folder_does(opened: Opener, tmp_path: Path) -> None:
    """After a failure the next event tries again."""
    log = opened(warn=lambda _: None)
    (tmp_path / "log").rename(tmp_path / "moved")
    logger.error("lost")
    (tmp_path / "moved").rename(tmp_path / "log")

    logger.error("found")

    assert text(log).endswith("found\n")


def test_old_files_are_bounded(opened: Opener, tmp_path: Path) -> None:
    """Ten files' worth of events leave the newest file and as many old ones as were asked for."""
    opened(maximum_bytes=1000, backups=2)

    for number in range(100):
        logger.info("event %03d %s", number, "x" * 50)

    files = sorted(path.name for path in (tmp_path / "log").iterdir() if path.suffix != ".lock")
    assert files == ["legalgen.log", "legalgen.log.1", "legalgen.log.2"]
    assert all((tmp_path / "log" / name).stat().st_size <= 1000 for name in files)


WRITER = """
import logging, sys
from pathlib import Path
from legalgen.telemetry.log import open_log

log = open_log(Path(sys.argv[1]), warn=print, maximum_bytes=20_000, backups=50)
logger = logging.getLogger("legalgen.writer")
for number in range(300):
    logger.info("event", extra={"slot": number, "provider": sys.argv[2], "model": "x" * 100})
log.close()
"""


def test_processes_that_share_the_log_lose_no_line(tmp_path: Path) -> None:
    """Three processes turn the file over many times: every line is there once, and whole."""
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), f"p{number}"],
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    printed = [writer.communicate(timeout=120)[0] for writer in writers]

    files = [path for path in tmp_path.iterdir() if path.suffix != ".lock"]
    lines = [line for path in files for line in path.read_text().splitlines()]
    pattern = re.compile(TIME + r" INFO    slot=(\d+) provider=p(\d) model=x{100} event")
    found = [pattern.fullmatch(line) for line in lines]
    assert printed == ["", "", ""]
    assert len(files) > 3
    assert sorted((int(m[2]), int(m[1])) for m in found if m) == [
        (writer, slot) for writer in range(3) for slot in range(300)
    ]
    assert None not in found
