"""The examples of the page on servers of one's own, each run against a stand-in for its server."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from legalgen.providers.presets import presets
from tests.program import Program
from tests.stand_ins import MANNERS, StandIn, played
from tests.test_docs import ROOT, Block, blocks, start

PAGE = ROOT / "docs" / "how-to" / "own-model-server.md"
WITHOUT_A_CONTEXT = {"lm-studio", "litellm", "deepseek", "nvidia", "azure", "gemini", "openai"}
"""Whose lists do not tell it, or not in every version."""
STRICT = {"strict": True, "json_schema": False, "json_object": None}


def examples() -> dict[str, list[Block]]:
    """The blocks of each preset: a table of the config file, if it needs one, then commands."""
    found: dict[str, list[Block]] = {}
    held: list[Block] = []
    for block in blocks(PAGE):
        if "stand-in" not in block.notes.get("not run", ""):
            continue
        held.append(block)
        if block.kind == "sh":
            found[_option(block.text, "provider")] = held
            held = []
    return found


def _option(script: str, name: str) -> str:
    words = shlex.split(script.replace("\\\n", " "), comments=True)
    return words[words.index(f"--{name}") + 1]


def stand_in(name: str, example: list[Block]) -> StandIn:
    """The server of a preset at the address of the example, which lets in the example's key."""
    text = "\n".join(block.text for block in example)
    written = re.search(r'^base_url = "([^"]+)"', text, re.M)
    key = re.search(r"^export \w+=(\S+)", text, re.M)
    return StandIn(
        base_url=written[1] if written else str(presets()[name].base_url),
        model=_option(example[-1].text, "model"),
        key=key[1] if key else "",
        **MANNERS[name],
    )


def test_each_preset_has_an_example() -> None:
    """One that is added is shown, and played."""
    assert sorted(examples()) == sorted(presets()) == sorted(MANNERS)


@pytest.mark.parametrize("name", presets())
def test_an_example_ends_as_the_table_says(name: str, tmp_path: Path) -> None:
    """At the server's own address with its own key: four rows, and not one call refused."""
    example, program = examples()[name], Program(tmp_path, None)
    server = stand_in(name, example)
    for block in example[:-1]:
        Path(program.environ["LEGALGEN_CONFIG"]).write_text(block.text, "utf-8")
    with played(tmp_path, [server]) as around:
        # an answer of a stand-in has the form of a sample and no more
        program.environ.update(around, LEGALGEN_GATE="structure", LEGALGEN_MAX_WAIT="5s")
        done = start(["/bin/sh", "-e", "-c", example[-1].text], program, tmp_path)
    assert done.returncode == 0, done.stderr
    assert ("does not say how large" in done.stderr) == (name in WITHOUT_A_CONTEXT)

    assert (len(program.rows()), len(server.calls), server.refused) == (4, 4, [])
    preset = presets()[name]
    for call in server.calls:
        form = call.get("response_format", {})
        assert form.get("json_schema", {}).get("strict") == STRICT[preset.structured]
        assert not {each.partition("=")[0] for each in preset.refuses if "=" not in each} & {*call}
