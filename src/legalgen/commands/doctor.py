"""doctor: what on this machine could keep a batch from working."""

from __future__ import annotations

from legalgen.errors.exit_codes import Exit
from legalgen.routing.doctor import examine
from legalgen.routing.inventory import CHECK_TIMEOUT_S
from legalgen.settings.layers import Settings
from legalgen.telemetry.slow import told_when_slow
from legalgen.ui.console import Console


def show_findings(settings: Settings, console: Console) -> int:
    """Look, and show; 1 where something is bad."""
    waiting = f"Waiting for a server that does not answer, {CHECK_TIMEOUT_S:.0f} s at most."
    with told_when_slow(console.talk, waiting):
        findings = examine(settings)
    console.findings([each for each in findings if not settings.quiet or each.state != "ok"])
    return Exit.FOUND if any(each.state == "bad" for each in findings) else Exit.DONE
