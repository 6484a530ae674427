"""What each feature costs in CPU a sample: the same batch with it and without it, in one run.

Of each side the round that took least is compared: what else the machine does adds to a round, by
more than most features cost, and takes nothing away.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from benchmarks._harness import (
    Figure,
    Options,
    Room,
    Took,
    Vendors,
    alternate,
    bare,
    main,
    recorded_request,
    room,
    run,
    vendors,
)
from legalgen.store.ledger import this_process
from tests.sentence_model import sentence_model

CANNOT_SHOW = "what features cost together in ways that none has alone, nor what they cost in time."
COUNT = 300
AT_MOST = 2.0
"""Of the bare SDK's CPU, with all features that need no flag; set on 2026-11-29, not measured."""
SOURCE = "# The Example Act\n\n" + "\n\n".join(
    f"## {n}. Duty number {n}\n\nA person to whom section {n} applies must give notice in writing "
    f"within {n + 6} days of the event, and must keep a record of it for {n % 7 + 1} years."
    for n in range(1, 61)
)


class Side(msgspec.Struct, frozen=True):
    """One batch: its flags, the provider, and what is made ready for it in its ``{folder}``.

    ``limited``: at a server that states limits, which are far away.
    """

    flags: tuple[str, ...] = ()
    provider: str = "groq"
    ready: Callable[[Room], object] = lambda _: None
    limited: bool = False


def _with_sources(here: Room) -> None:
    path = here.folder / "act.md"
    path.write_text(SOURCE, "utf-8")
    here.legalgen("sources", "add", str(path), "--licence", "own", "--jurisdiction", "uk")


def _with_model(here: Room) -> None:
    sentence_model(here.folder / "model")


def _with_server(here: Room) -> None:
    url = here.servers["OPENAI_BASE_URL"]
    table = f'[servers.gpu1]\nbase_url = "{url}"\nkey = "own"\nmodels = ["some-model"]\n'
    (here.folder / "config.toml").write_text(table, "utf-8")
    (here.folder / "config.toml").chmod(0o600)


def _alone(here: Room) -> None:
    """Budgets cannot be shared where a folder stands in the place of their file."""
    name = f"budgets-{this_process().boot_id[:8]}.sqlite3"
    (Path(here.env["LEGALGEN_STATE_DIR"]) / name).mkdir(parents=True)


FAR_AWAY = '--limits=groq:{"rpm":1000000,"tpm":1000000000}'

SIDES = {
    "structure": Side(("--gate", "structure")),
    "full": Side(),
    "uk": Side(("--jurisdiction", "uk")),
    "grounded": Side(("--jurisdiction", "uk", "--grounded"), ready=_with_sources),
    "openai": Side(("-m", "some-model"), "openai"),
    "semantic": Side(("--semantic", "{folder}/model"), ready=_with_model),
    "gpu1": Side((), "gpu1", _with_server),
    "shared": Side(("--gate", "structure"), limited=True),
    "alone": Side(("--gate", "structure"), ready=_alone, limited=True),
}


def measure(options: Options) -> list[Figure]:
    """One call at a time, one vendor's key, answers that no cache has seen."""
    with (
        vendors(*options.server_flags) as server,
        vendors(*options.server_flags, FAR_AWAY) as limited,
        tempfile.TemporaryDirectory() as folder,
    ):
        request = recorded_request(Path(folder))
        sides: dict[str, Callable[[], Took]] = {
            name: (lambda side=side: _batch(limited if side.limited else server, side))  # type: ignore[misc]
            for name, side in SIDES.items()
        }
        sides["bare"] = lambda: _bare(server, request)
        took = alternate(sides, 1 if options.quick else options.rounds)
    cpu = {name: min(1e3 * one.cpu_s / COUNT for one in runs) for name, runs in took.items()}

    def more(name: str, than: str) -> float:
        return cpu[name] - cpu[than]

    gate, grounds, named = more("full", "structure"), more("grounded", "uk"), more("gpu1", "openai")
    shared = more("shared", "alone")
    usual = cpu["structure"] + gate + max(0.0, named) + max(0.0, shared)
    return [
        Figure("bare SDK, a call", cpu["bare"], "ms"),
        Figure("--gate structure", cpu["structure"], "ms a sample"),
        Figure("the gate's other checks", gate, "ms a sample"),
        Figure("grounding (beside the same ungrounded)", grounds, "ms a sample"),
        Figure("--semantic, a static model", more("semantic", "full"), "ms a sample"),
        Figure("a named server (beside --provider openai)", named, "ms a sample"),
        Figure("budgets shared between processes, where limits are known", shared, "ms a sample"),
        Figure("all of it ungrounded ÷ bare", usual / cpu["bare"], at_most=AT_MOST),
    ]


def _batch(server: Vendors, side: Side) -> Took:
    server.reset()
    key = "OPENAI_" if side.provider in ("openai", "gpu1") else f"{side.provider.upper()}_"
    with room(server.only(key)) as here:
        here.env  # noqa: B018 - makes the configuration file
        side.ready(here)
        asked = ("batch", "-p", side.provider, "-n", str(COUNT), "-c", "1", "--seed", "1", "-q")
        flags = [flag.replace("{folder}", str(here.folder)) for flag in side.flags]
        return here.legalgen(*asked, *flags)


def _bare(server: Vendors, request: Path) -> Took:
    server.reset()
    with room(server) as here:
        return run(bare(request, COUNT), here.env)


if __name__ == "__main__":
    main("features", __doc__ or "", measure, cannot_show=CANNOT_SHOW)
