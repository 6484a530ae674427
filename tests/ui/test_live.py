"""What people see while a run goes: the live view, plain lines, and quiet."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legalgen.completion import ModelRef
from legalgen.errors import ErrorCategory, Trouble
from legalgen.errors.escaping import printable
from legalgen.failover import Health
from legalgen.routing.rate_limits import Bucket, Budgets, Experience
from legalgen.routing.targets import View
from legalgen.telemetry import events
from legalgen.telemetry.clock import Clock
from legalgen.ui.frame import ASCII, UNICODE, Moment, dollars, frame, names, short, span
from legalgen.ui.live import Live, Plain, Quiet, Watcher, watcher
from legalgen.ui.progress import Lane, Outlook, Progress, Quota, outlook
from tests.program import EXECUTABLE, Program
from tests.terminal import Screen, Terminal, in_terminal
from tests.vendors import VendorServer

WALL = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
GROQ = ModelRef("groq", "openai/gpt-oss-120b")
CEREBRAS = ModelRef("cerebras", "gpt-oss-120b")


class Paper:
    """A terminal of a fixed size that keeps what is written."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self.screen = Screen(columns, rows)
        self.columns, self.rows = columns, rows
        self.writes: list[str] = []

    def write(self, text: str) -> None:
        self.writes.append(text)
        self.screen.feed(text.replace("\n", "\r\n").encode())

    def size(self) -> tuple[int, int]:
        return self.columns, self.rows


class Time:
    """Both clocks, set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.now, lambda: WALL.timestamp() + self.now - 1000.0)


def view(
    ref: ModelRef = GROQ,
    state: str = "ready",
    *,
    until: float | None = None,
    why: str = "",
    category: ErrorCategory = ErrorCategory.AUTHENTICATION,
    in_flight: int = 0,
    buckets: tuple[Bucket, ...] = (),
    first_wait: tuple[float, Bucket | None] | None = None,
) -> View:
    budgets = Budgets({(b.kind, b.window): b for b in buckets})
    trouble = Trouble(ref, category, 401, why) if why else None
    known = Health(), budgets, Experience(), None
    return View(ref, state, until, trouble, in_flight, *known, first_wait)


def started(target: int = 100, accepted: int = 0) -> events.BatchStarted:
    return events.BatchStarted(
        at=WALL,
        batch="20261123-120000-ab12",
        target=target,
        accepted=accepted,
        route=(str(GROQ), str(CEREBRAS)),
        dataset="train",
    )


def accepted(number: int, *, flags: tuple[str, ...] = (), ref: ModelRef = GROQ) -> events.Event:
    return events.SampleAccepted(
        at=WALL,
        slot=number,
        sample=f"lg_{number}",
        provider=ref.provider,
        model=ref.model,
        accepted=number,
        flags=flags,
        latency_s=2.0,
        input_tokens=1000,
        output_tokens=1000,
        cost_usd=0.001,
    )


def rejected(*codes: str) -> events.Event:
    return events.AnswerRejected(
        at=WALL,
        slot=1,
        provider=GROQ.provider,
        model=GROQ.model,
        codes=codes,
        message="too short",
        cost_usd=0.001,
    )


def failed(category: str = "server_error", message: str = "boom") -> events.Event:
    return events.CallFailed(
        at=WALL,
        slot=1,
        provider=GROQ.provider,
        model=GROQ.model,
        category=category,
        status=500,
        message=message,
        decided="another target",
    )


def notice(text: str) -> events.Event:
    return events.Notice(at=WALL, text=text)


def given_up(topic: str = "fraud") -> events.Event:
    reason = "three models refused: given up"
    return events.TaskGivenUp(at=WALL, slot=2, topic=topic, failures=(), reason=reason)


def waiting(seconds: float) -> events.Event:
    until = WALL + timedelta(seconds=seconds)
    reason = "tokens per minute"
    return events.Waiting(at=WALL, target=str(GROQ), seconds=seconds, until=until, reason=reason)


def local(moment: datetime = WALL) -> str:
    return f"{moment.astimezone():%H:%M:%S}"


# --------------------------------------------------------------------------- progress


def test_counts_follow_the_events() -> None:
    """Accepted, flagged, refused by code, switches and cost are what the events said."""
    progress = Progress(0.0)
    for event in (
        started(10, 2),
        accepted(3, flags=("SHORT",)),
        accepted(4),
        rejected("ANSWER_LENGTH", "CITATION"),
        rejected("ANSWER_LENGTH"),
        failed(),
    ):
        progress.hear(event, 10.0)
    assert (progress.accepted, progress.remaining, progress.flagged, progress.refused) == (
        4, 6, 1, 2,
    )  # fmt: skip
    assert progress.codes == {"ANSWER_LENGTH": 2, "CITATION": 1}
    assert progress.failures == {"server_error": 1}
    assert progress.cost_usd == pytest.approx(0.004)
    assert progress.tallies[str(GROQ)].answers == 4


def test_the_rate_of_a_resumed_batch_is_its_own() -> None:
    """Samples that were there before this run do not make it look fast."""
    progress = Progress(0.0)
    progress.hear(started(1000, 900), 0.0)
    progress.hear(accepted(901), 30.0)
    assert progress.rate(60.0) == pytest.approx(1 / 60)


def test_the_rate_is_that_of_the_last_two_minutes() -> None:
    """A burst at the beginning is forgotten."""
    progress = Progress(0.0)
    progress.hear(started(1000), 0.0)
    for number in range(1, 101):
        progress.hear(accepted(number), 1.0)
    for number in range(101, 113):
        progress.hear(accepted(number), 10.0 * (number - 100) + 200)
    assert progress.rate(320.0) == pytest.approx(12 / 120)


def tokens(level: float, per_minute: float, need: float = 2000.0) -> Quota:
    return Quota("tokens", "minute", level, per_minute / 60, need)


def test_the_end_is_what_the_quotas_allow_not_what_a_burst_promised() -> None:
    """8,000 tokens a minute are four samples a minute, however fast the first ones came."""
    lane = Lane("groq/x", 0.0, (tokens(8000, 8000),))
    found = outlook(44, [lane], rate=5.0)
    assert found.today is None
    assert found.seconds == pytest.approx(600, abs=1)


def test_the_end_is_what_the_rate_says_where_quotas_do_not_bind() -> None:
    """Without a quota the rate of late decides."""
    assert outlook(100, [Lane("local/x", 0.0, ())], rate=0.5) == Outlook(200.0)


def test_lanes_add_up_and_closed_ones_join_later() -> None:
    """Two models with the same quota take half the time, less what one is late."""
    one = Lane("a/x", 0.0, (tokens(0, 8000),))
    late = Lane("b/x", 60.0, (tokens(0, 8000),))
    assert outlook(8, [one, late], 0.0).seconds == pytest.approx(60, abs=1)
    assert outlook(6, [one], 0.0).seconds == pytest.approx(90, abs=1)


def test_a_daily_quota_that_does_not_suffice_is_said() -> None:
    """How many more fit today is known before the batch pauses."""
    day = Quota("tokens", "day", 100_000, 200_000 / 86400, 2000)
    assert outlook(300, [Lane("groq/x", 0.0, (day,))], 1.0).today == 50


def test_no_lane_no_promise() -> None:
    """Nothing that delivers: no time is named, and none of it fits today."""
    assert outlook(10, [], 0.0) == Outlook(None, 0)


@given(
    st.integers(1, 500),
    st.integers(1, 500),
    st.lists(st.tuples(st.floats(0, 600), st.floats(0, 20_000), st.floats(10, 1e5)), max_size=4),
)
def test_more_samples_never_end_sooner(
    few: int, more: int, given_lanes: list[tuple[float, float, float]]
) -> None:
    """The end never moves closer when more is asked for."""
    lanes = [Lane("a/x", opens, (tokens(level, rate),)) for opens, level, rate in given_lanes]
    sooner = outlook(min(few, more), lanes, 0.0).seconds
    later = outlook(max(few, more), lanes, 0.0).seconds
    assert later is None or (sooner or 0.0) <= later + 0.5


# --------------------------------------------------------------------------- the frame


def moment(views: list[View], progress: Progress, now: float = 60.0, **more: Any) -> Moment:
    return Moment(progress, views, now, WALL, **more)


def half_way() -> Progress:
    progress = Progress(0.0)
    progress.hear(started(10), 0.0)
    for number in range(1, 6):
        progress.hear(accepted(number, flags=("SHORT",) if number == 1 else ()), 50.0)
    progress.hear(rejected("ANSWER_LENGTH"), 50.0)
    return progress


def test_the_frame_shows_everything_at_80_columns() -> None:
    """Progress, counts, what is waited for, and one line for each model of the route."""
    progress = half_way()
    progress.hear(waiting(118), 50.0)
    bucket = Bucket("tokens", "minute", 8000, 8000, 60.0)
    views = [
        view(state="limited", until=101.0, buckets=(bucket,), first_wait=(41.0, bucket)),
        view(CEREBRAS, state="dropped", why="Wrong API Key"),
    ]
    lines = [line.text.rstrip() for line in frame(moment(views, progress), 79, 23)]
    assert lines == [
        "━" * 20 + "─" * 20 + "  5/10  50%  5/min  ETA 60 s",
        "5 accepted · 1 flagged · 1 refused (ANSWER_LENGTH 1) · $0.006 · 60 s",
        "waiting 41 s for groq/openai/gpt-oss-120b: tokens per minute",
        "  model                     state              out  kept  left",
        "  groq/openai/gpt-oss-120b  limited 41 s               5  8k/8k tok/min",
        "  cerebras/gpt-oss-120b     left out                   0  key refused (401): W…",
    ]


def test_calls_in_flight_are_said_and_how_long_nothing_came() -> None:
    """Nobody wonders whether it is stuck."""
    busy = moment([view(in_flight=3)], half_way(), now=95.0)
    assert frame(busy, 79, 23)[2].text == "3 calls in flight, last sample 45 s ago"


def test_a_stop_is_acknowledged() -> None:
    """The first Ctrl-C shows what is still waited for, and what a second one does."""
    ending = moment([view(in_flight=1)], half_way(), stopping=True)
    assert frame(ending, 79, 23)[2].text == (
        "stopping: 1 call in flight to finish (another Ctrl-C abandons them)"
    )


def test_the_soonest_next_call_is_shown_not_the_farthest() -> None:
    """Calls queue at two models; what was told was of one that is far behind in its queue."""
    empty = Bucket("tokens", "minute", 8000, -1000, 60.0)
    progress = half_way()
    progress.hear(waiting(118), 50.0)
    views = [
        view(buckets=(empty,), first_wait=(34.0, empty)),
        view(
            CEREBRAS,
            "limited",
            until=66.0,
            why="slow",
            category=ErrorCategory.RATE_LIMIT,
            first_wait=(0.0, None),
        ),
    ]
    lines = [line.text for line in frame(moment(views, progress), 79, 23)]
    assert lines[2] == "waiting 6 s for cerebras/gpt-oss-120b: rate limit (401)"
    assert "refills" in lines[4]
    never = [view(first_wait=(float("inf"), empty)), views[0]]
    assert frame(moment(never, progress), 79, 23)[2].text.startswith("waiting 34 s for groq")
    ready = frame(moment([view(first_wait=(0.3, empty)), *views], progress), 79, 23)
    assert ready[2].text == "choosing a model"


def test_a_batch_services_wait_is_shown_as_told() -> None:
    """It has no queue that can be seen: what it said last counts."""
    progress = half_way()
    told = events.Waiting(
        at=WALL, target="groq", seconds=90.0, until=WALL + timedelta(seconds=90), reason="one chunk"
    )
    progress.hear(told, 50.0)
    assert frame(moment([view()], progress), 79, 23)[2].text == "waiting 90 s for groq: one chunk"


def test_a_fast_batch_has_a_rate_that_can_be_read() -> None:
    """Thousands a minute have a letter, not an exponent."""
    progress = Progress(0.0)
    progress.hear(started(5000), 0.0)
    for number in range(1, 1_291):
        progress.hear(accepted(number), number * 60 / 1_290)
    assert "1.3k/min" in frame(moment([view()], progress), 79, 23)[0].text


def test_a_narrow_terminal_tells_models_apart() -> None:
    """At 40 columns every model of the catalog has a name of its own, its state and its rows."""
    refs = [
        ModelRef("groq", "openai/gpt-oss-120b"), ModelRef("groq", "openai/gpt-oss-20b"),
        ModelRef("groq", "qwen/qwen3.8-27b"), ModelRef("cerebras", "gpt-oss-120b"),
        ModelRef("cerebras", "qwen-3.8-27b"), ModelRef("groq", "llama-3.3-70b-versatile"),
    ]  # fmt: skip
    views = [view(ref, "limited", until=101.0) for ref in refs]
    lines = [line.text for line in frame(moment(views, half_way()), 39, 23)]
    rows = lines[-len(refs) :]
    assert len({row.split("limited")[0] for row in rows}) == len(refs)
    assert all("limited 41 s" in row and len(row) <= 39 for row in rows)
    assert [row.split()[-1] for row in rows] == ["5", "0", "0", "0", "0", "0"]


@given(st.lists(st.text("ab/-1", min_size=1, max_size=30), unique=True), st.integers(8, 40))
def test_names_are_cut_to_fit(full: list[str], width: int) -> None:
    """No name is wider than its column; those that fit stay as they are."""
    cut = names(full, width, "…")
    assert all(len(name) <= width for name in cut)
    assert [a for a, b in zip(full, cut, strict=True) if len(a) <= width] == [
        b for a, b in zip(full, cut, strict=True) if len(a) <= width
    ]


def test_generate_shows_whom_it_asks() -> None:
    """One sample needs no bar."""
    progress = Progress(0.0)
    progress.hear(started(1), 0.0)
    lines = frame(moment([view(in_flight=1)], progress, now=3.0), 79, 23)
    assert [line.text for line in lines] == ["asking groq/openai/gpt-oss-120b  3 s"]


@given(st.integers(20, 200), st.integers(4, 60), st.integers(0, 12), st.text(max_size=80))
def test_the_frame_always_fits(columns: int, rows: int, models: int, why: str) -> None:
    """No line is wider than the terminal and no frame is higher, whatever a vendor answers."""
    views = [view(ModelRef("groq", f"{n}/{why or 'm'}"), "open", until=99.0, why=why)
             for n in range(models)]  # fmt: skip
    for glyphs in (UNICODE, ASCII):
        lines = frame(moment(views, half_way()), columns, rows, glyphs)
        assert len(lines) <= rows
        assert max(line.width for line in lines) <= columns


def test_models_that_do_not_fit_are_counted() -> None:
    """A long route on a low terminal is cut, and says so."""
    views = [view(ModelRef("groq", f"m{n}")) for n in range(9)]
    lines = frame(moment(views, half_way()), 79, 9)
    assert lines[-1].text == "  and 6 more"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (41, "41 s"), (125, "2 min 05 s"), (1800, "30 min"), (5400, "90 min"),
     (9000, "2 h 30 min"), (400_000, "5 days"), (float("inf"), "for good")],
)  # fmt: skip
def test_times_are_said_as_people_say_them(seconds: float, words: str) -> None:
    """From seconds to days."""
    assert span(seconds) == words


def test_numbers_are_short() -> None:
    """Thousands and millions have letters; dollars keep the digits that mean something."""
    assert [short(n) for n in (812, 7_940, 250_000, 1_200_000)] == ["812", "7.9k", "250k", "1.2M"]
    assert [dollars(n) for n in (0, 0.00412, 0.5, 12.3)] == ["$0.00", "$0.0041", "$0.5", "$12.30"]


def test_a_vendor_cannot_move_the_cursor() -> None:
    """Escape sequences in an error message are shown, not obeyed."""
    assert printable("a\x1b[2Jb\r\n") == "a\\x1b[2Jb\\r\\n"


# --------------------------------------------------------------------------- the live view


def live(paper: Paper, time: Time, views: list[View]) -> Live:
    made = Live(paper, colour=False, clock=time.clock)
    made.follow(lambda: views, lambda: False)
    return made


def test_lines_scroll_above_the_frame_and_none_is_lost() -> None:
    """Hundreds of lines pass by; each is in the scrollback once, the frame stays one."""
    paper, time = Paper(rows=12), Time()
    shown = live(paper, time, [view(in_flight=1)])
    shown.hear(started())
    for number in range(300):
        shown.hear(notice(f"number {number:03}"))
        if number % 7 == 0:
            time.now += 0.25
            shown.refresh()
    shown.refresh()
    text = paper.screen.everything
    assert [text.count(f"number {number:03}") for number in range(300)] == [1] * 300
    assert text.count("ETA") == 1
    assert paper.screen.lines[-4:] == [
        "0 accepted · 0 flagged · 0 refused · 11 s",
        "1 call in flight",
        "  model                     state              out  kept  left",
        "  groq/openai/gpt-oss-120b  ready                1     0",
    ]


def test_what_is_said_again_is_counted_in_the_order_of_time() -> None:
    """Sixty-four samples that are given up for one reason are two lines, the later one later."""
    paper, time = Paper(columns=160), Time()
    shown = live(paper, time, [view()])
    for _ in range(64):
        shown.hear(given_up())
    shown.refresh()
    first = f"{local()}  a sample on fraud is given up: three models refused"
    assert paper.screen.lines == [first]
    shown.hear(notice("in between"))
    time.now += 30
    shown.refresh()
    later = local(WALL + timedelta(seconds=30))
    again = "a sample on fraud is given up: three models refused (63 more of these)"
    assert paper.screen.lines == [first, f"{local()}  in between", f"{later}  {again}"]


def test_the_frame_is_gone_at_the_end_and_what_was_said_stays() -> None:
    """Leaving the view flushes the last lines and leaves nothing else behind."""
    paper, time = Paper(), Time()
    with live(paper, time, [view()]) as shown:
        shown.hear(started())
        shown.refresh()
        shown.hear(events.Alert(at=WALL, kind="switches", message="11 switches"))
    assert paper.screen.lines[-1] == f"{local()}  ALERT: 11 switches"
    assert "ETA" not in paper.screen.everything


@pytest.mark.parametrize("columns", [62, 79, 120])
def test_a_resize_loses_no_line(columns: int) -> None:
    """What was said before a resize is still there after it, once."""
    paper, time = Paper(columns=100), Time()
    shown = Live(paper, colour=False, reflows=False, clock=time.clock)
    shown.follow(lambda: [view(in_flight=1)], lambda: False)
    shown.hear(started())
    shown.hear(notice("before"))
    shown.refresh()
    paper.columns = columns
    paper.screen.resize(columns, 24)
    time.now += 1
    shown.refresh()
    shown.hear(notice("after"))
    shown.refresh()
    text = paper.screen.everything
    assert (text.count("before"), text.count("after"), text.count("kept")) == (1, 1, 1)


def test_a_wrapped_frame_is_taken_away_whole() -> None:
    """A terminal that wraps lines when it becomes narrower has more rows to take away."""
    paper, time = Paper(columns=100), Time()
    shown = live(paper, time, [view(in_flight=1)])
    shown.hear(started())
    shown.refresh()
    widths = [line.width for line in frame(shown.moment(), 99, 23)]
    paper.columns = 40
    time.now += 1
    shown.refresh()
    rows = sum(-(-width // 40) for width in widths)
    assert paper.writes[-1].startswith("\r\x1b[2K" + "\x1b[1A\x1b[2K" * rows)
    assert paper.writes[-1].count("\x1b[1A") == rows > len(widths)


@pytest.mark.parametrize("low", [4, 5, 7, 12, 20])
@pytest.mark.parametrize("again", [6, 12, 24, 40])
@pytest.mark.parametrize("speaks", [False, True])
def test_a_change_of_height_leaves_no_line_behind(low: int, again: int, speaks: bool) -> None:
    """The window is dragged low and high again: the frame stands once, what was said stays once."""
    paper, time = Paper(), Time()
    views = [view(ModelRef("groq", f"m{n}"), in_flight=1) for n in range(8)]
    shown = live(paper, time, views)
    shown.hear(started())
    shown.say("said before")
    for rows in (24, low, low, again, 24, low, 24):
        paper.rows = rows
        paper.screen.resize(80, rows)
        time.now += 1
        shown.refresh()
    if speaks:
        shown.say("said after")
    time.now += 1
    shown.refresh()
    text = paper.screen.everything
    assert [text.count(words) for words in ("ETA", "8 calls", "groq/m0")] == [1, 1, 1]
    assert (text.count("said before"), text.count("said after")) == (1, speaks)
    assert paper.screen.lines[-1].startswith("  groq/m7")


def test_nothing_is_written_when_nothing_changed() -> None:
    """A view that stands still costs no output."""
    paper, time = Paper(), Time()
    shown = live(paper, time, [view()])
    shown.hear(started())
    shown.refresh()
    before = len(paper.writes)
    shown.refresh()
    assert len(paper.writes) == before


def test_every_refresh_is_one_write_and_never_hides_the_cursor() -> None:
    """No flicker, and nothing to restore on any way out."""
    paper, time = Paper(), Time()
    shown = live(paper, time, [view()])
    shown.hear(started())
    for number in range(1, 20):
        shown.hear(accepted(number))
        time.now += 0.25
        shown.refresh()
    assert len(paper.writes) == 19
    assert "\x1b[?" not in "".join(paper.writes)


# --------------------------------------------------------------------------- without a terminal


def plain(paper: Paper, time: Time) -> Plain:
    made = Plain(paper, clock=time.clock)
    made.follow(lambda: [view(in_flight=2)], lambda: False)
    return made


def test_without_a_terminal_what_repeats_is_counted() -> None:
    """One line when something happens, its repetitions in the next report."""
    paper, time = Paper(), Time()
    shown = plain(paper, time)
    shown.hear(started())
    for number in range(1, 4):
        shown.hear(failed())
        shown.hear(given_up())
        shown.hear(accepted(number))
    time.now += 30
    shown.refresh()
    lost = "a sample on fraud is given up: three models refused"
    end = local(WALL + timedelta(seconds=30))
    report = "3 of 100 accepted, 0 flagged, 0 refused, 6/min, ETA 16 min, $0.003, 2 calls in flight"
    assert paper.writes[1:] == [
        f"{local()}  {lost}\n",
        f"{end}  {lost} (2 more of these)\n",
        f"{end}  {report}, last sample 30 s ago\n",
    ]


def test_without_a_terminal_a_report_comes_every_30_seconds() -> None:
    """Ten minutes of samples are twenty lines, not one a sample."""
    paper, time = Paper(), Time()
    shown = plain(paper, time)
    shown.hear(started(10_000))
    for second in range(600):
        time.now += 1
        shown.hear(accepted(second + 1))
        shown.refresh()
    assert len(paper.writes) == 1 + 20
    assert all(text.endswith("\n") and printable(text[:-1]) == text[:-1] for text in paper.writes)


def test_without_a_terminal_a_stop_is_said_once() -> None:
    """Cron's mail shows why a batch ended early."""
    paper, time = Paper(), Time()
    shown = Plain(paper, clock=time.clock)
    shown.follow(lambda: [view(in_flight=2)], lambda: True)
    shown.refresh()
    shown.refresh()
    assert paper.writes == ["stopping: 2 calls in flight to finish\n"]


def test_a_stop_with_nothing_in_flight_is_told_by_the_summary() -> None:
    """There is nothing to wait for."""
    paper, time = Paper(), Time()
    shown = Plain(paper, clock=time.clock)
    shown.follow(lambda: [view(in_flight=0)], lambda: True)
    shown.refresh()
    assert paper.writes == []


def test_no_line_is_older_than_the_one_above_it() -> None:
    """A worker's event may be told after what was made of it a second later."""
    paper, time = Paper(), Time()
    shown = plain(paper, time)
    later = WALL + timedelta(seconds=1)
    shown.hear(events.TroubleFound(at=later, kind="key_refused", target="groq", remedy="Mend it."))
    shown.hear(events.Notice(at=WALL, text="of before"))
    assert paper.writes == [f"{local(later)}  TROUBLE: Mend it.\n", f"{local(later)}  of before\n"]


def test_refused_answers_are_counted_not_told() -> None:
    """A line for each refused answer would bury what matters."""
    paper, time = Paper(), Time()
    shown = plain(paper, time)
    shown.hear(failed("output_invalid"))
    shown.hear(rejected("ANSWER_LENGTH"))
    assert paper.writes == []


def test_quiet_says_only_what_went_wrong() -> None:
    """Alerts and lost tasks, nothing else."""
    paper = Paper()
    shown = Quiet(paper, clock=Time().clock)
    for event in (started(), failed(), accepted(1), waiting(40)):
        shown.hear(event)
    shown.hear(events.Alert(at=WALL, kind="timeouts", message="21 timeouts"))
    shown.hear(events.TroubleFound(at=WALL, kind="key_refused", target="groq", remedy="Mend it."))
    assert paper.writes == [
        f"{local()}  ALERT: 21 timeouts\n",
        f"{local()}  TROUBLE: Mend it.\n",
    ]


@pytest.mark.parametrize(
    ("quiet", "terminal", "kind"),
    [(False, True, Live), (False, False, Plain), (True, True, Quiet), (True, False, Quiet)],
)
def test_who_watches_depends_on_who_looks(quiet: bool, terminal: bool, kind: type[Watcher]) -> None:
    """A live view only on a terminal, and never with --quiet."""
    made = watcher(Paper(), quiet=quiet, terminal=terminal, colour=False, unicode=True, environ={})
    assert type(made) is kind


# --------------------------------------------------------------------------- the real program


def test_a_batch_in_a_terminal(program: Program, vendors: VendorServer) -> None:
    """The view stands while the batch runs and is gone after it; changes and summary stay."""
    vendors.fail("groq", "over_capacity", model=GROQ.model, count=1)
    command = [str(EXECUTABLE), "batch", "--provider", "groq", "--count", "40", "-c", "2"]
    held = vendors.hold()
    held.release(6)
    with in_terminal(command, program.environ) as terminal:
        terminal.until(
            lambda t: all(words in t.everything for words in ("accepted", "groq/openai", "/40"))
        )
        held.release()
        assert terminal.end() == 0
    text = terminal.everything
    assert f"groq/{GROQ.model} is over capacity, going on with" in text
    assert " 503" not in text
    assert "completed  40 of 40 samples" in text
    assert "ETA" not in text
    assert b"\x1b[?25l" not in terminal.raw


def models_in(view: list[str]) -> list[str]:
    """The lines of the table of models, as far as it is drawn."""
    heads = [n for n, line in enumerate(view) if line.startswith("  model ")]
    return view[heads[-1] + 1 :] if heads else []


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_an_outage_on_the_screen(program: Program, vendors: VendorServer, columns: int) -> None:
    """Groq refuses every call: one line says so and with whom it goes on, at any width; the view
    names each model apart, wraps no line, and no word of the vendor or the program is left."""
    vendors.fail("groq", "over_capacity")
    command = [str(EXECUTABLE), "batch", "--provider", "groq", "--count", "60", "-c", "2"]
    held = vendors.hold(vendor="cerebras")
    held.release(6)
    with in_terminal(command, program.environ, columns, 30) as terminal:
        seen: list[list[str]] = []  # the terminal may be read in the middle of a frame

        def is_whole(t: Terminal) -> bool:
            seen.append(models_in(t.lines))
            return "/60" in t.everything and "down" in t.everything and len(seen[-1]) >= 5

        terminal.until(is_whole)
        table = seen[-1]
        held.release()
        assert terminal.end() == 0
    text = " ".join(terminal.everything.split())
    assert text.count("groq is over capacity, going on with cerebras") == 1
    assert not any(
        word in text for word in (" 503", "overloaded", "output_invalid", "slot", "probed")
    )
    assert len({line.split()[0] for line in table}) == len(table) >= 5
    assert "completed 60 of 60 samples" in text


def test_sixty_samples_under_429s_are_a_few_lines(program: Program, vendors: VendorServer) -> None:
    """What each call met is in the log and in ``history --why``; stderr says what changed."""
    vendors.fail("groq", "rpm", retry_after_s=0.3, every=3)
    ended = program.run("batch", "--provider", "groq", "--count", "60", "-c", "4")
    assert ended.code == 0
    refused = program.record().models
    failures = sum(stats.failures.get("rate_limit", 0) for stats in refused.values())
    assert failures > 0
    said = ended.err.partition("completed")[0].splitlines()
    # A line for a change of state, however many calls met it: groq leaves and is back, in turn.
    assert len(said) == len(set(said))
    # A wait of seconds is told with its reason, once; that a call met a limit is not.
    assert not [line for line in said if "429" in line and "  waiting " not in line]
    assert any("is at its rate limit, going on with" in line for line in said)
    assert "429" in program.run("history", "--why").out


def test_the_view_is_loaded_when_a_call_is_out() -> None:
    """What people see while a run goes costs its start nothing: rich comes with the first frame."""
    script = (
        "import sys, legalgen.ui.console\n"
        "from legalgen.ui.live import Live\n"
        "from tests.ui.test_live import Paper, Time, started\n"
        "shown = Live(Paper(), clock=Time().clock)\n"
        "shown.say('before'); shown.prepare(); shown.refresh()\n"
        "before = any(name.partition('.')[0] == 'rich' for name in sys.modules)\n"
        "shown.hear(started()); shown.prepare()\n"
        "print(before, 'rich.live' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.stdout.split() == ["False", "True"]


def test_ctrl_c_in_a_terminal(program: Program) -> None:
    """The key ends the batch after what is in flight, with the command that goes on."""
    command = [str(EXECUTABLE), "batch", "--provider", "groq", "--count", "5000"]
    with in_terminal(command, program.environ) as terminal:
        terminal.until(lambda t: "/5000" in t.everything)
        terminal.type("\x03")
        assert terminal.end() == 128 + signal.SIGINT
    assert f"legalgen batch {program.record().id} --resume" in terminal.everything
    assert "ETA" not in terminal.everything


@pytest.mark.parametrize("command", ["generate", "batch"])
def test_who_sits_before_it_is_not_kept_waiting(
    program: Program, vendors: VendorServer, command: str
) -> None:
    """A limit of five minutes is a pause at a terminal, and no wait: two are the most there."""
    vendors.fail("groq", "rpm", retry_after_s=300.0)
    line = [str(EXECUTABLE), command, "--provider", "groq", "--only-provider"]
    with in_terminal(line, program.environ) as terminal:
        assert terminal.end() == 75


def test_data_on_the_terminal_is_not_drawn_over(program: Program) -> None:
    """With ``--events -`` the frame leaves: each event stands on the screen, whole."""
    command = [str(EXECUTABLE), "batch", "--provider", "groq", "--count", "5", "--events", "-"]
    with in_terminal(command, program.environ, 400, 60) as terminal:
        assert terminal.end() == 0
    shown = [json.loads(line) for line in terminal.lines if line.startswith("{")]
    kinds = [event["type"] for event in shown]
    assert kinds.count("SampleAccepted") == 5
    assert {"BatchStarted", "Sealed", "BatchFinished"} <= set(kinds)
    assert b"\x1b[2K" not in terminal.raw


@pytest.mark.parametrize("variable", [{"TERM": "dumb"}, {"NO_COLOR": "1"}])
def test_a_terminal_that_asks_for_less_gets_less(
    program: Program, variable: dict[str, str]
) -> None:
    """TERM=dumb gets plain lines without a control character, NO_COLOR a view without colour."""
    command = [str(EXECUTABLE), "batch", "--provider", "groq", "--count", "3"]
    with in_terminal(command, {**program.environ, **variable}) as terminal:
        assert terminal.end() == 0
    assert b"\x1b[3" not in terminal.raw
    assert b"\x1b" not in terminal.raw or "TERM" not in variable


def test_a_batch_without_a_terminal(program: Program, vendors: VendorServer) -> None:
    """A log file gets a few plain lines, none of them for a sample, and no control character."""
    vendors.fail("groq", "over_capacity", model=GROQ.model, count=1)
    ended = program.run("batch", "--provider", "groq", "--count", "20", "-c", "2")
    lines = ended.err.splitlines()
    assert ended.code == 0
    assert len(lines) < 14
    assert not any("lg_" in line for line in lines)
    assert "\x1b" not in ended.err
    assert ended.out == ""
