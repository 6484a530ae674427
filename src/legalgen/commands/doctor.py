"""doctor: what on this machine could keep a batch from working."""

from __future__ import annotations

from collections.abc import Sequence

from legalgen.commands.batch import check_batch
from legalgen.errors import ConfigurationError, DiskError, LegalgenError
from legalgen.errors.exit_codes import Exit
from legalgen.routing.doctor import NO_PROVIDER, Diagnosis, examine
from legalgen.routing.inventory import CHECK_TIMEOUT_S
from legalgen.routing.route import NO_KEY
from legalgen.settings.layers import Settings
from legalgen.telemetry.slow import told_when_slow
from legalgen.ui.console import Console


def show_findings(settings: Settings, console: Console) -> int:
    """Look, and show; 1 where something is bad."""
    asking = f"Asking the servers, {CHECK_TIMEOUT_S:.0f} s at most."
    with told_when_slow(console.hint, asking):
        findings = _with_batch(settings, examine(settings))
    console.findings([each for each in findings if not settings.quiet or each.state != "ok"])
    return Exit.FOUND if any(each.state == "bad" for each in findings) else Exit.DONE


def _with_batch(settings: Settings, findings: Sequence[Diagnosis]) -> list[Diagnosis]:
    """The findings, and whether a batch can use what it is told to, and may make a call."""
    try:
        wrong = check_batch(settings)
    except LegalgenError as error:
        if _is_told(error, [each for each in findings if each.state == "bad"]):
            return list(findings)
        wrong = str(error)
    if wrong:
        return [*findings, Diagnosis("batch", "bad", wrong)]
    # One whose model is in this process needs no provider that answers.
    rest = [each for each in findings if each.name != NO_PROVIDER]
    told = "the models and files that it is told to use can be used"
    return [*rest, Diagnosis("batch", "ok", told)]


def _is_told(error: LegalgenError, bad: Sequence[Diagnosis]) -> bool:
    """Whether one of the findings that are bad says so already: no key, no dataset to read."""
    said = str(error)
    if isinstance(error, ConfigurationError):
        without_key = said.startswith(NO_KEY) and any(each.name == NO_PROVIDER for each in bad)
        return without_key or any(each.found == said for each in bad)
    return isinstance(error, DiskError) and any(each.name == "data dir" for each in bad)
