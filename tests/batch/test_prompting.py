"""What settings become on the law's side: taxonomy, prompts, and the bounds they name."""

from __future__ import annotations

from pathlib import Path

import pytest

from legalgen.batch.preview import example_prompt
from legalgen.completion import Prompt
from legalgen.errors import UsageError
from legalgen.law import from_settings as law
from legalgen.law.planner import TaskPlanner
from legalgen.law.taxonomy import Taxonomy
from legalgen.quality.from_settings import rules_of
from legalgen.settings.layers import Settings
from tests.routing.test_from_settings import loaded

TOPICS = """
name = "mine"
extends = "none"
[[area]]
id = "franchising"
name = "Franchising"
jurisdictions = ["uk"]
  [[area.topic]]
  id = "acts"
  name = "Acts Alone"
  subtopics = ["exit"]
  authorities = ["Misrepresentation Act 1967"]
  [[area.topic]]
  id = "cases"
  name = "With a Case"
  subtopics = ["renewal"]
  authorities = ["Prest v Petrodel Resources Ltd [2013] UKSC 34"]
"""
CASE = "Makdessi v Cavendish Square Holdings BV [2015] UKSC 67"


def menu(tmp_path: Path, *listed: str, config: str = "", **flags: object) -> Settings:
    """Settings of a batch under ``menu`` over two topics, one of which lists a case."""
    (tmp_path / "topics.toml").write_text(TOPICS, encoding="utf-8")
    given: dict[str, object] = {
        "citation_policy": "menu", "taxonomy": str(tmp_path / "topics.toml"), "seed": "1", **flags
    }  # fmt: skip
    if listed:
        (tmp_path / "known.txt").write_text("\n".join(listed), encoding="utf-8")
        given["authorities"] = str(tmp_path / "known.txt")
    return loaded(tmp_path, given, {}, config)


def citable(settings: Settings) -> Taxonomy:
    whole = law.taxonomy_of(settings)
    return law.citable(settings, whole, whole.resolve(law.filter_of(settings)))


def case_notes(taxonomy: Taxonomy) -> list[str]:
    """The topics that may have a case note."""
    return [leaf.id for leaf in taxonomy.leaves() if "case_note" in leaf.sample_types]


def said(prompt: Prompt) -> str:
    return "\n".join(message.content for message in prompt.messages)


def test_the_users_list_and_bounds_reach_the_prompt(tmp_path: Path) -> None:
    """``--authorities`` and ``[gate]`` are told to the model, not to the gate alone."""
    config = "[gate]\nmin_citations = 3\nquestion_min_words = 20\nquestion_max_words = 90\n"
    flags = {"topic": "acts", "sample_type": "short_qa"}
    prompt = said(example_prompt(menu(tmp_path, CASE, config=config, **flags)))
    assert f"Misrepresentation Act 1967; {CASE}." in prompt
    assert "at least 3 citations" in prompt
    assert "20 to 90 words" in prompt


def test_under_menu_only_topics_with_a_case_have_case_notes(tmp_path: Path) -> None:
    """A topic without a case is not asked for one; a case of the user's list makes up for it."""
    assert case_notes(citable(menu(tmp_path))) == ["cases"]
    assert case_notes(citable(menu(tmp_path, CASE))) == ["acts", "cases"]
    assert case_notes(citable(menu(tmp_path, "Roe v. Wade, 410 U.S. 113 (1973)"))) == ["cases"]
    assert case_notes(citable(menu(tmp_path, citation_policy="free"))) == ["acts", "cases"]


def test_a_topic_left_without_types_is_not_planned(tmp_path: Path) -> None:
    """The rest of the plan goes to those that can be written."""
    settings = menu(tmp_path, sample_type="case_note")
    taxonomy = citable(settings)
    planner = TaskPlanner(taxonomy, taxonomy.resolve(law.filter_of(settings)), {}, 1, "2026-11")
    assert {task.topic for task in planner.plan(20)} == {"cases"}


def test_the_built_in_topics_need_no_narrowing() -> None:
    """Each that may have a case note lists a case of its own."""
    settings = Settings.load({"citation_policy": "menu"}, {}, None)
    assert case_notes(citable(settings)) == case_notes(Taxonomy.builtin())


def test_a_filter_that_menu_leaves_nothing_of_is_told(tmp_path: Path) -> None:
    """The sentence names flag, value, type and both remedies."""
    settings = menu(tmp_path, topic="acts", sample_type="case_note")
    with pytest.raises(
        UsageError, match=r"^--citation-policy menu: .* case_note .*--authorities FILE .*taxonomy"
    ):
        example_prompt(settings)


def test_bounds_that_no_question_can_keep_are_refused(tmp_path: Path) -> None:
    """Fewest above most is a mistake of the file, found before any call."""
    settings = loaded(tmp_path, {}, {}, "[gate]\nquestion_min_words = 300\n")
    with pytest.raises(
        UsageError,
        match=r"toml \[gate\] question_min_words 300 is more than question_max_words 22",
    ):
        rules_of(settings)
