"""rows_page.py as a reader sees it, in a real browser: 500 rows, a phone and a desk, filters.

Needs Chromium as ``test_page_in_browser`` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from legalgen.store.sample import Citation
from tests.crash.rows import make_sample
from tests.dataset.shelf import written
from tests.ui.test_page_in_browser import AWKWARD, SCHEMES, Opened, View, _opened, _run, browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["browser"]

ROWS: Final = 500
VIEWS: Final = tuple(
    View(width, height, scheme) for width, height in ((390, 844), (1280, 900)) for scheme in SCHEMES
)
CLOSED: Final = "document.querySelectorAll('details').forEach((each) => { each.open = false; })"
UNLABELLED: Final = """[...document.querySelectorAll("input, select, button")].filter((each) =>
  !(each.labels && each.labels.length) && !each.textContent.trim()).map((each) => each.name)"""
SHOWN: Final = """[...document.querySelectorAll("article")].filter((row) =>
  row.checkVisibility()).length"""


@pytest.fixture(scope="module")
def page_of_rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the command writes it: names that could be anybody's, marks, flags and quotations."""
    root = tmp_path_factory.mktemp("rows-page")
    samples = [
        make_sample(
            slot,
            topic=AWKWARD[slot % len(AWKWARD)] if slot < 40 else "formation",
            question=f"{AWKWARD[slot % len(AWKWARD)]} number {slot}?",
            flags=("DUP_SOFT",) if slot % 5 == 0 else (),
            score=(None, 2.5, 4.5)[slot % 3],
            citations=(Citation("An Act", "statute", "act", "grounded", None, "act#1", "s 2",
                                AWKWARD[slot % len(AWKWARD)], 0, 3),) if slot % 4 == 0 else (),
        )
        for slot in range(ROWS + 10)
    ]  # fmt: skip
    written(root / "many", samples)
    path = root / "rows.html"
    _run(root, "many", "page", "--rows", str(path), "-n", str(ROWS))
    return path


@pytest.fixture(scope="module", params=VIEWS, ids=str)
def opened(
    browser: Browser, page_of_rows: Path, request: pytest.FixtureRequest
) -> Iterator[Opened]:
    """The page on each screen, with all rows open."""
    with _opened(browser, request.param, page_of_rows) as made:
        yield made


def test_it_needs_nothing_but_its_file(opened: Opened) -> None:
    """One request; its own script runs, none of a row does, and nothing is complained of."""
    assert opened.asked == [opened.page.url]
    assert opened.complaints == []
    assert opened.page.title() == "Synthetic legal questions and answers"
    assert opened.page.locator("form").is_visible()


def test_everything_can_be_seen_and_read(opened: Opened) -> None:
    """As wide as the screen, on a phone too; large and dark enough; nothing lies on another."""
    measured = opened.measured
    assert measured.inner_width == opened.view.width
    assert measured.scroll_width <= opened.view.width
    assert measured.sideways == ()
    assert len(measured.texts) > ROWS
    assert (measured.small(), measured.faint()) == ([], [])
    assert measured.covered() == []


@pytest.fixture
def page(browser: Browser, page_of_rows: Path) -> Iterator[Page]:
    """On a phone, with its rows closed as a reader finds them."""
    with _opened(browser, VIEWS[0], page_of_rows) as made:
        made.page.evaluate(CLOSED)
        yield made.page
        assert made.complaints == []


def test_filters_leave_the_rows_that_are_meant(page: Page) -> None:
    """Each by itself, two at once, and all of them off again; how many is said aloud."""
    said = page.locator("output")
    assert said.inner_text() == "500 of 500 rows"
    assert said.get_attribute("aria-live") == "polite"
    page.get_by_label("Flag").select_option("DUP_SOFT")
    flagged = page.evaluate(SHOWN)
    assert 90 <= flagged <= 102
    assert said.inner_text() == f"{flagged} of 500 rows"
    page.get_by_label("Mark below").fill("3")
    both = page.evaluate(SHOWN)
    assert 0 < both < flagged
    page.get_by_role("button", name="Show all").click()
    page.locator("output", has_text="500 of 500 rows").wait_for()
    one = page.locator(".question", has_text=re.compile(r"number \d{3}\?")).first.inner_text()
    page.get_by_label("Words in the row").fill(f"NUMBER {one.split()[-1]}")
    assert said.inner_text() == "1 of 500 rows"
    page.get_by_label("Words in the row").fill("")
    page.get_by_label("Flag").select_option("(none)")
    assert page.evaluate(SHOWN) == ROWS - flagged
    page.get_by_label("Topic").select_option(f"uk/contract/{AWKWARD[0]}")
    assert 0 < page.evaluate(SHOWN) < 6


def test_keys_alone_reach_everything(page: Page) -> None:
    """Every control has a name; a row opens with Enter, and shows its answer."""
    assert page.evaluate(UNLABELLED) == []
    row = page.locator("article").first
    assert not row.locator(".answer").is_visible()
    row.locator("summary").focus()
    page.keyboard.press("Enter")
    assert row.locator(".answer").is_visible()
    page.get_by_role("button", name="Open them").click()
    assert page.evaluate("document.querySelectorAll('details[open]').length") == ROWS
    page.get_by_role("button", name="Close them").click()
    assert page.evaluate("document.querySelectorAll('details[open]').length") == 0


def test_a_link_to_a_row_opens_it(browser: Browser, page_of_rows: Path, page: Page) -> None:
    """By its id behind the address."""
    name = page.locator("article").nth(300).get_attribute("id")
    page.goto(f"{page_of_rows.as_uri()}#{name}")
    page.reload()
    assert page.locator(f"#{name} .answer").is_visible()


def test_without_scripts_all_rows_are_there(browser: Browser, page_of_rows: Path) -> None:
    """And the filters, which could do nothing, are not."""
    with browser.new_context(java_script_enabled=False, offline=True) as context:
        bare = context.new_page()
        bare.goto(page_of_rows.as_uri())
        assert bare.locator("article").count() == ROWS
        assert not bare.locator("form").is_visible()
