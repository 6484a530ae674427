"""generate: one sample, shown and kept, or the prompt that would be sent."""

from __future__ import annotations

from legalgen.commands.running import again, command, default_max_wait_s, go
from legalgen.settings.layers import Settings
from legalgen.ui.console import Console


def generate_one(settings: Settings, console: Console, *, save: bool) -> int:
    """One sample, shown and kept."""
    from legalgen.batch.intent import Intent  # history and models need none of it
    from legalgen.routing.from_settings import check_failover  # nor of this

    check_failover(settings)
    intent = Intent(
        kind="generate",
        count=1,
        command=command(settings),
        save=save,
        default_max_wait_s=default_max_wait_s(),
    )
    result = go(settings, console, intent)
    for sample in result.samples:
        console.sample(sample, saved=save, where=str(result.dataset))
    if not result.samples:
        console.result(result, again(settings))
    return result.exit_code


def print_prompt(settings: Settings, console: Console) -> int:
    """The prompt that a sample would be asked with; nobody is called."""
    from legalgen.batch.preview import example_prompt  # history and models need none of it

    prompt = example_prompt(settings)
    if console.json:
        console.data([{"role": m.role, "content": m.content} for m in prompt.messages])
    else:
        console.text("\n\n".join(f"[{m.role}]\n{m.content}" for m in prompt.messages))
    return 0
