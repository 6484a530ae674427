"""doctor: what on this machine could keep a batch from working."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from legalgen.commands.batch import check_batch
from legalgen.errors import ConfigurationError, DiskError, LegalgenError
from legalgen.errors.exit_codes import Exit
from legalgen.routing.doctor import Diagnosis, examine
from legalgen.routing.inventory import CHECK_TIMEOUT_S
from legalgen.settings.layers import Settings
from legalgen.telemetry.slow import told_when_slow
from legalgen.ui.console import Console


def show_findings(settings: Settings, console: Console) -> int:
    """Look, and show; 1 where something is bad."""
    asking = f"Asking the servers, {CHECK_TIMEOUT_S:.0f} s at most."
    with told_when_slow(console.hint, asking):
        findings = examine(settings)
        findings += _batch(settings, findings)
    console.findings([each for each in findings if not settings.quiet or each.state != "ok"])
    return Exit.FOUND if any(each.state == "bad" for each in findings) else Exit.DONE


def _batch(settings: Settings, findings: Sequence[Diagnosis]) -> Iterator[Diagnosis]:
    """Whether a batch can use the models and files that it is told to, and may make a call."""
    try:
        wrong = check_batch(settings)
    except LegalgenError as error:
        if _is_told(error, {each.name for each in findings if each.state == "bad"}):
            return
        wrong = str(error)
    told = wrong or "the models and files that it is told to use can be used"
    yield Diagnosis("batch", "bad" if wrong else "ok", told)


def _is_told(error: LegalgenError, bad: Container[str]) -> bool:
    """Whether one of the findings that are bad says so already: no key, no dataset to read."""
    if isinstance(error, ConfigurationError):
        return "providers" in bad
    return isinstance(error, DiskError) and "data dir" in bad
