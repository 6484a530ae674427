"""doctor: what on this machine could keep a batch from working."""

from __future__ import annotations

from legalgen.batch.doctor import examine
from legalgen.errors.exit_codes import Exit
from legalgen.settings.layers import Settings
from legalgen.ui.console import Console


def show_findings(settings: Settings, console: Console) -> int:
    """Look, and show; 1 where something is bad."""
    findings = examine(settings)
    console.findings([each for each in findings if not settings.quiet or each.state != "ok"])
    return Exit.FOUND if any(each.state == "bad" for each in findings) else Exit.DONE
