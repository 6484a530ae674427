"""The screenshots of the documentation: real screens of the program, drawn by rich.

    python docs/screenshots.py           write docs/screenshots/*.svg
    python docs/screenshots.py --check   fail if one of them is missing or older than its screen

The values are made up and fixed, so that the pictures only change when a screen does.
"""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console as RichConsole
from rich.text import Text

from legalgen.batch.intent import Result
from legalgen.completion import ModelRef
from legalgen.failover import Health
from legalgen.routing.inventory import Limit, ModelRow, track_of
from legalgen.routing.rate_limits import Bucket, Budgets, Experience
from legalgen.routing.targets import View
from legalgen.store.ledger import FailureNote, ModelStats, Process, Record, SwitchNote, WaitNote
from legalgen.store.sample import Citation, Sample
from legalgen.telemetry import events
from legalgen.ui.changes import Changes
from legalgen.ui.console import Console
from legalgen.ui.frame import Moment, StyledLine, frame
from legalgen.ui.progress import Progress

FOLDER = Path(__file__).with_name("screenshots")
COLUMNS = 110
NOW = datetime(2026, 11, 23, 17, 12, 0, tzinfo=UTC)
ID = "20261123-164500-k3f9"
GROQ = ModelRef("groq", "openai/gpt-oss-120b")
SMALL = ModelRef("groq", "openai/gpt-oss-20b")
CEREBRAS = ModelRef("cerebras", "gpt-oss-120b")


class Terminal(io.StringIO):
    """A terminal that keeps what it is shown."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        """It is one, for the console."""
        return True


def drawn(show: Callable[[Console], None], command: str) -> str:
    """What a console shows, as SVG."""
    terminal = Terminal()
    environ = {"TERM": "xterm-256color"}
    columns = COLUMNS + 1  # the last column stays free on a real terminal
    show(Console(color="always", out=terminal, err=terminal, environ=environ, columns=columns))
    return picture(terminal.getvalue(), command)


def picture(text: str, command: str) -> str:
    """A terminal's text as SVG; the ids in it are fixed."""
    paper = RichConsole(record=True, width=COLUMNS + 1, file=io.StringIO(), force_terminal=True)
    paper.print(Text.assemble(("$ ", "dim"), (command, "bold")), soft_wrap=True)
    paper.print(Text.from_ansi(text.rstrip("\n")), soft_wrap=False)
    return paper.export_svg(title="legalgen", unique_id=command.split()[1])


# --------------------------------------------------------------------------- the screens


def live() -> str:
    """A batch in the middle, waiting for nobody, with a change of state above the frame."""
    progress = Progress(0.0)
    progress.hear(
        events.BatchStarted(
            at=NOW, batch=ID, target=500, accepted=0, route=(str(GROQ),), dataset="train"
        ),
        0.0,
    )
    for number in range(1, 214):
        ref = CEREBRAS if number % 5 < 3 else GROQ
        progress.hear(_accepted(number, ref), 3.0 * number)
    for _ in range(19):
        progress.hear(_rejected("ANSWER_LENGTH"), 640.0)
    views = [
        _view(GROQ, "limited", 681.0, 0, minute=900, day=152_000),
        _view(SMALL, "ready", None, 0, minute=7_100, day=188_000),
        _view(CEREBRAS, "ready", None, 3, minute=21_400, day=731_000),
    ]
    left = events.Switched(
        at=NOW, slot=0, source=str(GROQ), target=str(CEREBRAS), category="rate_limit", reason=""
    )
    lines = [
        *(StyledLine.of(f"17:11:19  {said.text}") for said in [Changes().hear(left)] if said),
        *frame(Moment(progress, views, 640.0, NOW), COLUMNS - 1, 20),
    ]
    text = "\n".join(line.painted(colour=True) for line in lines)
    return picture(text, "legalgen batch --provider groq --count 500")


def summary() -> str:
    """How a batch ended."""
    result = Result(0, "completed", "", _record(), dataset=Path("~/legalgen/train"))
    command = "legalgen batch --provider groq --count 500"
    return drawn(lambda console: console.result(result), command)


def models() -> str:
    """What can be used."""
    now = NOW
    rows = [
        _row(GROQ, "cooling", 0.15, 0.6, left=900, until=now + timedelta(seconds=41), samples=180),
        _row(SMALL, "ready", 0.075, 0.3, left=7_100, samples=21),
        _row(CEREBRAS, "ready", 0.35, 0.75, left=21_400, samples=299),
        ModelRow(provider="groq", model="gemma2-9b-it", state="retired",
                 notes=("shut down on 2025-10-08",)),
    ]  # fmt: skip
    return drawn(lambda console: console.models(rows, now), "legalgen models --all")


def history() -> str:
    """Why a batch went as it went."""
    return drawn(_why, "legalgen history 20261123 --why")


def _why(console: Console) -> None:
    console.record(_record(), "completed", why=True)


def generate() -> str:
    """One sample."""
    return drawn(
        lambda console: console.sample(_sample(), saved=True, where="~/legalgen/train"),
        "legalgen generate --topic misrepresentation",
    )


SCREENS: dict[str, Callable[[], str]] = {
    "live": live, "summary": summary, "models": models, "history": history, "generate": generate,
}  # fmt: skip


# --------------------------------------------------------------------------- made-up values


def _view(
    ref: ModelRef, state: str, until: float | None, out: int, *, minute: float, day: float
) -> View:
    limits = (30_000.0, 1_000_000.0) if ref.provider == "cerebras" else (8_000.0, 200_000.0)
    buckets = (
        Bucket("tokens", "minute", limits[0], minute, 640.0),
        Bucket("tokens", "day", limits[1], day, 640.0),
    )
    budgets = Budgets({(b.kind, b.window): b for b in buckets})
    return View(ref, state, until, "", out, Health(), budgets, Experience(), None)


def _accepted(number: int, ref: ModelRef) -> events.Event:
    return events.SampleAccepted(
        at=NOW, slot=number, sample="lg_0", provider=ref.provider, model=ref.model,
        accepted=number, flags=("SHORT",) if number % 14 == 0 else (), latency_s=2.1,
        input_tokens=512, output_tokens=880, cost_usd=0.0007,
    )  # fmt: skip


def _rejected(code: str) -> events.Event:
    return events.AnswerRejected(
        at=NOW, slot=0, provider=GROQ.provider, model=GROQ.model, codes=(code,), message=""
    )


def _row(
    ref: ModelRef, state: str, into: float, out: float, *, left: int, samples: int,
    until: datetime | None = None,
) -> ModelRow:  # fmt: skip
    stats = ModelStats(
        calls=samples + 9, samples=samples, output_tokens=880 * samples, seconds=2.2 * samples,
        sample_seconds=2.1 * samples, reasoning_steps=5 * samples, failures={"output_invalid": 8},
    )  # fmt: skip
    limit = Limit("tokens", "minute", 30_000 if ref.provider == "cerebras" else 8_000, left)
    return ModelRow(
        provider=ref.provider, model=ref.model, state=state, until=until,
        usd_per_million_input=into, usd_per_million_output=out, limits=(limit,),
        track=track_of(stats),
    )  # fmt: skip


def _record() -> Record:
    begun = NOW - timedelta(minutes=27)

    def at(seconds: float) -> datetime:
        return begun + timedelta(seconds=seconds)

    limit = "Rate limit reached on tokens per minute (TPM): Limit 8000, Used 7214"
    return Record(
        id=ID, kind="batch", status="completed", process=Process(1, "host"), version="0.1.0",
        command=("legalgen", "batch", "--provider", "groq", "--count", "500"),
        started=begun, updated=NOW, finished=NOW, target=500, accepted=500, flagged=38,
        rejected={"ANSWER_LENGTH": 17, "CITATION_MISSING": 9, "DUP_NEAR": 5},
        models={
            str(CEREBRAS): ModelStats(
                calls=312, samples=299, input_tokens=160_000, output_tokens=263_000, seconds=660,
                sample_seconds=628, reasoning_steps=1_520, cost_usd=0.2533,
                failures={"output_invalid": 12, "timeout": 1},
            ),
            str(GROQ): ModelStats(
                calls=198, samples=180, input_tokens=101_000, output_tokens=159_000, seconds=410,
                sample_seconds=378, reasoning_steps=911, cost_usd=0.1106,
                failures={"output_invalid": 16, "rate_limit": 2},
            ),
            str(SMALL): ModelStats(
                calls=24, samples=21, input_tokens=12_000, output_tokens=19_000, seconds=40,
                sample_seconds=35, reasoning_steps=97, cost_usd=0.0066,
                failures={"output_invalid": 3},
            ),
        },
        failures=[
            FailureNote(at(19), str(GROQ), "rate_limit", 429, limit,
                   "limited until the server's hint", 12.4, at(31)),
            FailureNote(at(402), str(CEREBRAS), "timeout", None, "no answer within 120 s",
                   "another provider where there is one, never this model", None, None),
        ],
        switches=[
            SwitchNote(at(19.1), str(GROQ), str(CEREBRAS), "limited until the server's hint"),
            SwitchNote(at(402.1), str(CEREBRAS), str(GROQ), "no answer in time"),
        ],
        waits=[WaitNote(at(655), 41.0, (str(GROQ),), "tokens per minute")],
        alerts=[],
    )  # fmt: skip


def _sample() -> Sample:
    return Sample(
        id="lg_72e66ffa97f205aa",
        question=(
            "A seller of a bakery said that its turnover was £99,750 without looking at the "
            "books. It was half of that. Can the buyer recover the difference?"
        ),
        answer=(
            "Probably. Under section 2(1) of the Misrepresentation Act 1967 the seller is liable "
            "unless he proves that he had reasonable grounds to believe what he said; not having "
            "looked at the books, he will struggle to. Fraud, as in Derry v Peek, is not needed."
        ),
        reasoning_steps=(
            "The statement is one of fact, and the buyer relied on it.",
            "Section 2(1) puts the burden of showing reasonable belief on the seller.",
            "Fraud would need knowledge or recklessness, and is not needed here.",
        ),
        citations=(
            Citation("Misrepresentation Act 1967, s 2(1)", status="listed"),
            Citation("Derry v Peek (1889) 14 App Cas 337", status="listed"),
        ),
        jurisdiction="uk", sub_jurisdiction="england-wales", practice_area="contract",
        topic="vitiating-factors", subtopic="misrepresentation", difficulty="intermediate",
        sample_type="case_analysis", as_of="2026-11", seed_json="{}", provider="groq",
        model=GROQ.model, prompt_version="1", batch_id=ID, slot=0, attempts=1, input_tokens=512,
        output_tokens=933, flags=(), score=None, judge=None, thinking=None, latency_s=2.1,
        cost_usd=0.00064, reasoning_tokens=90, created_at=NOW,
    )  # fmt: skip


def main(arguments: Iterable[str]) -> int:
    """Write the pictures, or compare them."""
    stale = []
    for name, draw in SCREENS.items():
        path, svg = FOLDER / f"{name}.svg", draw()
        if "--check" in arguments:
            stale += [] if path.exists() and path.read_text("utf-8") == svg else [name]
        else:
            path.write_text(svg, "utf-8")
    if stale:
        sys.stderr.write(f"stale: {', '.join(stale)}; run python docs/screenshots.py\n")
    return 1 if stale else 0


if __name__ == "__main__":
    os.environ["TZ"] = "UTC"
    time.tzset()
    sys.exit(main(sys.argv[1:]))
