"""What a command wants of a run, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec.structs import replace

from legalgen.errors import Trouble
from legalgen.store.ledger import Record
from legalgen.store.sample import Sample

POLL_S = 30.0
"""How often a provider is asked how a job does, in seconds."""


class Intent(msgspec.Struct, frozen=True):
    """What one command wants of a run.

    ``resume`` is a record to go on with; ``until_total`` the rows that the dataset shall hold;
    ``max_wait_s`` the default patience; ``lock_wait_s`` how long to wait for a running batch.
    """

    kind: str = "batch"
    count: int = 1
    command: tuple[str, ...] = ()
    resume: Record | None = None
    until_total: int | None = None
    save: bool = True
    default_max_wait_s: float = 900.0
    lock_wait_s: float = 0.0

    def target(self, rows: int) -> int:
        """The samples that a batch is to have where the dataset holds ``rows`` rows."""
        if self.resume is not None:
            return self.resume.target
        if self.until_total is not None:
            return self.until_total - rows
        return self.count


def _yes(_: str) -> bool:
    return True


class BulkOrder(msgspec.Struct, frozen=True):
    """What a bulk run was asked beyond settings.

    ``again``: ask in bulk even after a cancellation or ``finish_online``, which otherwise holds
    for all later runs of the batch (``--bulk`` was given). ``confirm`` is asked before jobs are
    cancelled. ``poll_s`` is how often ``follow`` asks, in seconds.
    """

    again: bool = False
    follow: bool = False
    finish_online: bool = False
    cancel: bool = False
    confirm: Callable[[str], bool] = _yes
    poll_s: float = POLL_S


class Result(msgspec.Struct, frozen=True):
    """How a run ended. ``record`` is None when nothing was begun; ``samples`` only for one."""

    exit_code: int
    status: str
    reason: str
    record: Record | None = None
    resume_after: datetime | None = None
    samples: tuple[Sample, ...] = ()
    dataset: Path | None = None
    obstacles: tuple[Trouble, ...] = ()
    """What kept the targets of the route out of use when it ended."""


def with_exit_code(result: Result, exit_code: int) -> Result:
    """The same ending under another exit code: the shell's word for a signal."""
    return replace(result, exit_code=exit_code)
