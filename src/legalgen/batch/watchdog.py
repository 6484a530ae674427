"""The bounds that no worker sees: time, nothing accepted for long, a prompt that is at fault."""

from __future__ import annotations

import statistics
from collections import Counter, deque
from collections.abc import Callable, Sequence, Set

from legalgen.batch.ending import Ending
from legalgen.batch.fitting import UNFIT
from legalgen.batch.generation import NO_MODEL, Written
from legalgen.batch.jobs import Job
from legalgen.completion import ModelRef
from legalgen.errors import ErrorCategory
from legalgen.errors.exit_codes import Exit
from legalgen.failover import LEFT_OUT
from legalgen.store.ledger import ROLES
from legalgen.telemetry import events

WATCHDOG_LEAST_S = 600.0
WATCHDOG_MEDIANS = 20
FAULTY_PROMPT_CALLS = 9
FRUITLESS_TASKS = 50
"""So many tasks given up with nothing accepted between: the next one will not do better."""

_ANSWERS = frozenset({ErrorCategory.OUTPUT_INVALID, ErrorCategory.CONTENT_FILTER})
_REQUESTS = frozenset({ErrorCategory.BAD_REQUEST, ErrorCategory.CONTEXT_LENGTH})

_OF_PROMPT = (
    "the prompt is at fault (see rejected/, or try another --sample-type, --reasoning-instruction "
    "or model)"
)
_FAULTS = {
    "LOW_SCORE": (
        "no answer is marked as high as is asked for. Give a lower --min-score (rejected/ has the "
        "marks), or another judge, --sample-type, --reasoning-instruction or model"
    ),
    "THINKING_ONLY": (
        "no prompt mends that (what was thought is in rejected/). Give --reasoning-effort none or "
        "low, or in the model's table of the config file extra_body = { chat_template_kwargs = { "
        "enable_thinking = false } } or a larger max_output; or take another model"
    ),
    "NO_TEXT": (
        "the server is at fault, not the prompt. Ask it by hand (curl), look at its log and its "
        "chat template and switch its tool calls off, or take another model or server"
    ),
}
"""What is at fault where every answer was refused with the same code, and what to do; where the
code says nothing of that, it is the prompt."""


class Watchdog:
    """Watches one run of the loop; times are monotonic. ``max_time_s`` is the user's bound."""

    def __init__(self, now: float, max_time_s: float | None) -> None:
        self._max_time_s = max_time_s
        self._started = self._accepted_at = now
        self._accepted = False
        self._fruitless = 0
        """Tasks given up since the last accepted sample."""
        self._unfit = 0
        """Those of them that no model could take for their size."""
        self._latencies: deque[float] = deque(maxlen=50)
        self._refusals: Counter[str] = Counter()
        self._refused_calls = 0
        self._refusing: set[ModelRef] = set()
        """The models at which a request or an answer was refused."""
        self._filtered = False
        """Whether the latest refusal was one for the content."""

    # ------------------------------------------------------------------ what it sees

    def accepted(self, samples: Sequence[Written], now: float) -> None:
        """Samples are on the disk."""
        self._latencies.extend(written.completion.latency_s for written in samples)
        self._accepted_at = now
        self._accepted, self._fruitless, self._unfit = True, 0, 0

    def gave_up(self, job: Job, reason: str) -> None:
        """A task will not be written."""
        self._fruitless += 1
        self._unfit += reason == NO_MODEL or is_too_large(job)

    def failed(self, event: events.CallFailed) -> None:
        """A call failed; those whose request or answer was refused count."""
        category = ErrorCategory(event.category)
        # marks and lists that cannot be read say nothing of the answers
        apart = event.model.endswith(ROLES)
        # what is asked again with less was no refusal of the prompt
        if category in _ANSWERS | _REQUESTS and not apart and event.decided != LEFT_OUT:
            self._refused_calls += 1
            self._refusals.update({*event.codes} or {category})
            self._refusing.add(ModelRef(event.provider, event.model))
            self._filtered = category is ErrorCategory.CONTENT_FILTER

    # ------------------------------------------------------------------ what it says

    def is_past_saving(self, now: float, waited_s: float) -> bool:
        """Whether calls outlive their deadlines, so that they are not worth waiting for."""
        return self._stalled_s(now, waited_s) >= 2 * self._patience_s()

    def overdue(self, now: float, waited_s: float) -> Ending | None:
        """The ending where time is over, or none was accepted for long; ``waited_s`` is no work."""
        bound = self._max_time_s
        if bound is not None and now - self._started >= bound:
            return Ending("stopped", Exit.BOUND, f"--max-time: {bound:g} s are over")
        stalled = self._stalled_s(now, waited_s)
        if stalled >= WATCHDOG_LEAST_S and stalled >= self._patience_s():
            reason = f"nothing was accepted for {stalled / 60:.0f} min of calls (watchdog)"
            return Ending("failed", Exit.FAILED, reason)
        return None

    def hopeless(self, usable: Callable[[], Set[ModelRef]], *, went_on: bool) -> Ending | None:
        """The ending where what is asked for is at fault; ``went_on``: it was resumed.

        One provider that refuses requests is no sign of that while a model of another is
        ``usable``, nor are models that refuse the content while there is another: they may be the
        only ones that do.
        """
        if self._fruitless >= FRUITLESS_TASKS:
            return self.fruitless(
                f"the last {self._fruitless} tasks were all given up (see rejected/)"
            )
        code = self._faulty_code()
        if code is None:
            return None
        if code in _REQUESTS:
            refusing = {ref.provider for ref in self._refusing}
            if any(ref.provider not in refusing for ref in usable()):
                return None
        elif self._filtered and usable() - self._refusing:
            return None
        from legalgen.quality.codes import in_words  # few batches end so

        what = "request" if code in _REQUESTS else "answer"
        since = "since it went on" if went_on else "so far"
        fault = _FAULTS.get(code, _OF_PROMPT)
        reason = f"every {what} {since} was refused with {in_words(code)}: {fault}"
        return Ending("failed", Exit.FAILED, reason)

    def fruitless(self, reason: str) -> Ending:
        """Tasks were given up until none is worth trying: none fits a model, or none passes."""
        if not self._accepted and self._unfit == self._fruitless:
            return Ending("failed", Exit.NO_PROVIDER, f"{UNFIT}: {reason}")
        return Ending("failed", Exit.FAILED, reason)

    def _stalled_s(self, now: float, waited_s: float) -> float:
        return now - self._accepted_at - waited_s

    def _patience_s(self) -> float:
        median = statistics.median(self._latencies) if self._latencies else 0.0
        return max(WATCHDOG_LEAST_S, WATCHDOG_MEDIANS * median)

    def _faulty_code(self) -> str | None:
        """The one code that every call was refused with, once there are enough."""
        if self._accepted or self._refused_calls < FAULTY_PROMPT_CALLS:
            return None
        code, times = self._refusals.most_common(1)[0]
        return code if times == self._refused_calls else None


def is_too_large(job: Job) -> bool:
    """Whether all that a task met was that it is too large."""
    failures = job.trail.failures
    return bool(failures) and all(each.endswith(ErrorCategory.CONTEXT_LENGTH) for each in failures)
