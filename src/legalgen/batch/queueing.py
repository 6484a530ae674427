"""How a run waits for what other processes hold: told, bounded, and ended by a signal."""

from __future__ import annotations

from legalgen.batch.generation import Stop
from legalgen.batch.reporting import Reporter
from legalgen.errors import BatchRunning, LegalgenError
from legalgen.errors.exit_codes import Exit
from legalgen.store.locks import BatchLock, Holder, Patience
from legalgen.telemetry import events

GRACE_S = 5.0
"""How long a run that was asked to stop still waits for the lock that its last part needs."""


class LeftQueueError(LegalgenError):
    """The run was asked to stop while it waited for what another process holds."""

    exit_code = Exit.INTERRUPTED


class LockWaits:
    """The waits of one run. ``most_s`` is the bound on each, ``bound`` the words for it."""

    def __init__(self, stop: Stop, reporter: Reporter, most_s: float, bound: str) -> None:
        self._stop = stop
        self._reporter = reporter
        self._most_s = most_s
        self._bound = bound
        self._grace_s = GRACE_S

    @property
    def before_work(self) -> Patience:
        """For locks that are wanted before anything is paid for."""
        return Patience(self._most_s, self.sleep, self._reporter.tell, self._bound)

    @property
    def to_seal(self) -> Patience:
        """For the locks that paid rows need."""
        return Patience(self._most_s, self._sleep_to_seal, self._reporter.tell, self._bound)

    def take_turn(self, lock: BatchLock, holder: Holder, seconds: float) -> None:
        """Take the lock, at once or, for ``seconds``, behind the batch that has it.

        Raises:
            BatchRunning: another batch has it.
            LeftQueueError: the run was asked to stop.
        """
        try:
            lock.acquire(holder)
        except BatchRunning as running:
            if not seconds:
                raise
            first = running.holder.get("id")
            self._reporter.tell(
                events.WaitingForLock(
                    at=self._reporter.now(),
                    lock="batch",
                    holder=None if first is None else str(first),
                    seconds=seconds,
                    reason=str(running),
                )
            )
            lock.acquire(holder, max_wait_s=seconds)

    def sleep(self, seconds: float) -> None:
        """One step of waiting for what another process holds; a signal ends it."""
        if self._stop.requested:
            raise LeftQueueError("stopped while waiting for another process")
        self._reporter.clock.sleep(seconds)

    def _sleep_to_seal(self, seconds: float) -> None:
        """As ``sleep``, with rows to seal: these are worth some seconds after the first signal."""
        if self._stop.requested:
            self._grace_s -= seconds
        if self._stop.abandoned or self._grace_s < 0:
            raise LeftQueueError("stopped while another process held the dataset")
        self._reporter.clock.sleep(seconds)
