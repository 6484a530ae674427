"""page.py as a reader sees it: phone and desktop, light and dark, in a real browser.

Needs Chromium (or Chrome) on the PATH and is skipped without; LEGALGEN_REQUIRE_BROWSER=1 makes
a missing browser a failure. The pictures are left in pytest's folder, to be looked at.
"""

from __future__ import annotations

import base64
import os
import shutil
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, NoReturn

import msgspec
import pytest
from typer.testing import CliRunner

from legalgen.commands.dataset_cli import app
from legalgen.errors import Reason
from legalgen.store.balances import ModelStats
from legalgen.store.files import DataDir
from legalgen.store.journal import BatchWriter, Rejected
from legalgen.store.ledger import Ledger
from legalgen.store.sample import Citation
from tests.crash.rows import BATCH, make_sample
from tests.dataset.shelf import LEGACY, NOW, written

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

REQUIRED: Final = os.environ.get("LEGALGEN_REQUIRE_BROWSER") == "1"
"""Read on import: no test sees a LEGALGEN_ variable of whoever runs it."""
NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
RULER: Final = Path(__file__).with_name("ruler.js").read_text(encoding="utf-8")
OPEN_ALL: Final = "document.querySelectorAll('details').forEach(each => { each.open = true; })"
LOOK: Final = """async (picture) => {
  const bytes = Uint8Array.from(atob(picture), (each) => each.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const [width, height] = [image.width / 4, image.height / 4].map(Math.ceil);
  const canvas = new OffscreenCanvas(width, height).getContext("2d");
  canvas.imageSmoothingEnabled = false;
  canvas.drawImage(image, 0, 0, width, height);
  const { data } = canvas.getImageData(0, 0, width, height);
  const colours = new Set(new Uint32Array(data.buffer));
  let light = 0;
  for (let at = 0; at < data.length; at += 4)
    light += 0.2126 * data[at] + 0.7152 * data[at + 1] + 0.0722 * data[at + 2];
  return { colours: colours.size, light: light / 255 / (data.length / 4) };
}"""
"""How many colours a picture has and how light it is (0 to 1), by every fourth of its pixels."""
LEAST_PX: Final = 11
LEAST_CONTRAST: Final = 4.5
"""Of text and what it stands on: WCAG 2, level AA."""
TOUCH_PX: Final = 3
"""Boxes of letters are higher than the letters: so far, two may overlap."""


# --- what is looked at -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class View:
    """A screen and what its owner prefers; a phone obeys what the page says of its viewport."""

    width: int
    height: int
    scheme: Literal["light", "dark"]

    @property
    def phone(self) -> bool:
        return self.width < 500

    def __str__(self) -> str:
        return f"{self.width}-{self.scheme}"


SCREENS: Final = ((320, 568), (360, 740), (1280, 900))
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
VIEWS: Final = tuple(View(*screen, scheme) for screen in SCREENS for scheme in SCHEMES)
DATASETS: Final = ("ordinary", "awkward")
SHOWN: Final = tuple(
    (name, view)
    for name in DATASETS
    for view in VIEWS
    if name != "awkward" or view.scheme == "dark"  # no name decides on colours
)
AWKWARD: Final = (
    '<script>document.title = "hit"</script> & "x" \'</section>',
    "a-topic-whose-name-has-no-end" * 3,
    "unbrokenandwithoutanyplacetobreakit" * 3,
    "words that go on, " * 6,
    "הסכם שכירות מסחרית וזכויות השוכר",
    "عقد الإيجار التجاري وحقوق المستأجر",
    "🏛️👩‍⚖️📜 scales and 🇬🇧",
    "契約法における申込みと承諾の一般原則" * 2,
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page of each dataset, as the command writes it."""
    root = tmp_path_factory.mktemp("pages")
    ordinary = written(root / "ordinary", [make_sample(slot) for slot in range(6)])
    _note_work(ordinary, ("groq/openai/gpt-oss-120b", "cerebras/qwen-3-235b-a22b-instruct-2507"))
    _run(root, "ordinary", "import", str(LEGACY))
    _awkward(root / "awkward")
    for name in DATASETS:
        _run(root, name, "stats", "--html", str(root / f"{name}.html"))
    return {name: root / f"{name}.html" for name in DATASETS}


def _awkward(root: Path) -> None:
    """Names that somebody's taxonomy, or a model, could have in every place."""
    samples = [
        make_sample(
            slot, jurisdiction=name, practice_area=name, topic=name, difficulty=name,
            sample_type=name, model=name, question=f"{name} {slot}?", answer=f"{name}\n{slot}",
            reasoning_steps=(name, name), flags=(name,),
            citations=(Citation(name, "statute", name, "conflict"),
                       Citation(name, "uk_neutral", f"{name}/2001/1", "parsed")),
        )
        for slot, name in enumerate(AWKWARD)
    ]  # fmt: skip
    _note_work(written(root, samples), AWKWARD)


def _note_work(data_dir: DataDir, names: tuple[str, ...]) -> None:
    """Large numbers, failures and refusals of models of these names."""
    ledger = Ledger(data_dir)
    record = ledger.load(BATCH)
    record.models = {
        name: ModelStats(calls=12_000, samples=9_000, input_tokens=10**9, output_tokens=10**10,
                         seconds=12_345.6, cost_usd=1.5, failures={name: 2, "timeout": 31})
        for name in names
    }  # fmt: skip
    ledger.save(record, force=True)
    with BatchWriter(data_dir, BATCH, note_part=lambda *_: None) as writer:
        for slot, name in enumerate(names):
            reasons = (Reason("DUPLICATE_QUESTION", name), Reason(name, name))
            writer.reject(Rejected(NOW, slot, "groq", name, reasons, "text", 4))


def _run(root: Path, name: str, *words: str) -> None:
    (root / "config.toml").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEGALGEN_CONFIG", str(root / "config.toml"))
        for folder, path in (("DATA", name), ("STATE", "state"), ("LOG", "log")):
            patch.setenv(f"LEGALGEN_{folder}_DIR", str(root / path))
        done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, done.output


# --- the browser -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all: with a home of its own, and no name to look up."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _do_without("the package playwright is not installed")
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        _do_without(f"no browser is on the PATH: {', '.join(NAMES)}")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=found,
            args=["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"],
            env={**os.environ, "HOME": str(tmp_path_factory.mktemp("home"))},
        )
        yield started
        started.close()


def _do_without(reason: str) -> NoReturn:
    if REQUIRED:
        pytest.fail(f"{reason}, and LEGALGEN_REQUIRE_BROWSER=1")
    pytest.skip(reason)


@dataclass(slots=True)
class Opened:
    """A page in the browser: what it asked for, what the browser complained of, what is seen."""

    view: View
    page: Page
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    _measured: Measured | None = None

    @property
    def measured(self) -> Measured:
        """By the ruler, once."""
        if self._measured is None:
            self._measured = msgspec.json.decode(self.page.evaluate(RULER), type=Measured)
        return self._measured

    def go(self, path: Path) -> None:
        """Open a file, and whatever is folded in it."""
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(path.as_uri())
        self.page.evaluate(OPEN_ALL)


@contextmanager
def _opened(browser: Browser, view: View, path: Path) -> Iterator[Opened]:
    """On a screen without a line to anywhere."""
    context = browser.new_context(
        viewport={"width": view.width, "height": view.height},
        color_scheme=view.scheme,
        is_mobile=view.phone,
        offline=True,
    )
    with context:
        context.set_default_timeout(120_000)
        opened = Opened(view, context.new_page())
        opened.go(path)
        yield opened


@pytest.fixture(scope="module", params=SHOWN, ids=[f"{name}-{view}" for name, view in SHOWN])
def opened(
    browser: Browser, pages: dict[str, Path], request: pytest.FixtureRequest
) -> Iterator[Opened]:
    """Each dataset's page on each screen."""
    name, view = request.param
    with _opened(browser, view, pages[name]) as made:
        yield made


# --- what is measured --------------------------------------------------------------------------


class Box(msgspec.Struct, frozen=True):
    """A rectangle, in CSS pixels from the page's top left."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def empty(self) -> bool:
        return self.right - self.left < 1 or self.bottom - self.top < 1

    def within(self, other: Box) -> bool:
        return (
            other.left - 1 <= self.left <= self.right <= other.right + 1
            and other.top - 1 <= self.top <= self.bottom <= other.bottom + 1
        )

    def beside(self, other: Box) -> bool:
        return self.right - TOUCH_PX <= other.left or other.right - TOUCH_PX <= self.left


class Text(msgspec.Struct, frozen=True):
    """Letters as they appear: their size, a box for each line, and the chart they are part of."""

    words: str
    size: float
    contrast: float
    boxes: tuple[Box, ...]
    chart: Box | None


class Measured(msgspec.Struct, frozen=True):
    """What the ruler found. ``drawn`` charts and tables there are, seen or not; ``sideways`` are
    the places that a reader must push aside to see everything."""

    inner_width: float
    scroll_width: float
    texts: tuple[Text, ...]
    charts: tuple[Box, ...]
    tables: tuple[Box, ...]
    drawn: int
    sideways: tuple[str, ...]

    def small(self) -> list[str]:
        return [text.words for text in self.texts if text.size < LEAST_PX]

    def faint(self) -> list[str]:
        return [text.words for text in self.texts if text.contrast < LEAST_CONTRAST]

    def out_of_its_chart(self) -> list[str]:
        return [
            text.words
            for text in self.texts
            if text.chart and not all(box.within(text.chart) for box in text.boxes)
        ]

    def unseen(self) -> int:
        seen = [box for box in (*self.charts, *self.tables) if not box.empty]
        return self.drawn - len(seen)

    def covered(self) -> list[tuple[str, str]]:
        """Texts that lie on each other, or on a chart that is not theirs."""
        marks = [Mark(box, text.words, text.chart) for text in self.texts for box in text.boxes]
        marks += [Mark(box, "a chart", None) for box in self.charts]
        marks.sort(key=lambda mark: mark.box.top)
        return [
            (mark.words, other.words)
            for at, mark in enumerate(marks)
            for other in takewhile(mark.reaches, islice(marks, at + 1, None))
            if not mark.box.beside(other.box)
            and other.box != mark.chart
            and mark.box != other.chart
        ]


class Mark(NamedTuple):
    """Something painted, and the chart that it may be painted on."""

    box: Box
    words: str
    chart: Box | None

    def reaches(self, other: Mark) -> bool:
        return other.box.top < self.box.bottom - TOUCH_PX


# --- what a reader may ask ---------------------------------------------------------------------


def test_it_needs_nothing_but_its_file(opened: Opened) -> None:
    """One request, for the page itself; no script of a row ran, and nothing was complained of."""
    assert opened.asked == [opened.page.url]
    assert opened.page.url.startswith("file://")
    assert opened.complaints == []
    assert opened.page.title() == "Synthetic legal questions and answers"


def test_nothing_is_out_of_sight(opened: Opened) -> None:
    """The page is as wide as the screen; on a phone nothing at all must be pushed sideways."""
    measured = opened.measured
    assert measured.inner_width == opened.view.width
    assert measured.scroll_width <= opened.view.width
    if opened.view.phone:
        assert measured.sideways == ()


def test_charts_and_tables_are_seen(opened: Opened) -> None:
    """None is hidden or without size, no text leaves its chart, none lies on another."""
    measured = opened.measured
    assert measured.unseen() == 0
    assert measured.out_of_its_chart() == []
    assert measured.covered() == []


def test_every_text_can_be_read(opened: Opened) -> None:
    """Large enough, in charts too, and of another lightness than what it stands on."""
    measured = opened.measured
    assert len(measured.texts) > 20
    assert measured.small() == []
    assert measured.faint() == []


@pytest.fixture(scope="module")
def darkroom(browser: Browser) -> Iterator[Page]:
    """An empty page, to look at pictures in."""
    with browser.new_page() as page:
        yield page


def test_its_picture_is_light_or_dark(opened: Opened, darkroom: Page, tmp_path: Path) -> None:
    """A PNG of the whole page, as wide as the screen, with something on it."""
    path = tmp_path / "page.png"
    picture = opened.page.screenshot(path=path, full_page=True)
    assert path.read_bytes() == picture
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", picture[16:24])
    assert width == opened.view.width
    assert height >= opened.view.height
    found = darkroom.evaluate(LOOK, base64.b64encode(picture).decode())
    assert found["colours"] > 16
    assert found["light"] < 0.2 if opened.view.scheme == "dark" else found["light"] > 0.85


def test_an_ordinary_page_has_its_charts(browser: Browser, pages: dict[str, Path]) -> None:
    """A cell for every pair, a bar for every flag: nothing above passed for want of charts."""
    with _opened(browser, VIEWS[0], pages["ordinary"]) as opened:
        measured = opened.measured
    assert len(measured.charts) > 400
    assert len(measured.tables) > 8


BAD = """<!doctype html><meta name="viewport" content="width=device-width">
<body style="margin: 0; background: white; color: black; font: 16px sans-serif">
<p style="color: #999">faint</p> <p style="font-size: 9px">small</p>
<p style="position: absolute; top: 300px">under</p>
<p style="position: absolute; top: 305px">over</p>
<svg viewBox="0 0 800 40" width="200"><text x="0" y="30" font-size="20">scaled</text></svg>
<svg width="50" height="20"><text y="15">longer than its chart</text></svg>
<svg width="90" height="20"><rect width="90" height="20" fill="#222"/><text y="15">dark</text></svg>
<table style="visibility: hidden"><tr><td>hidden</td></tr></table>
<div style="overflow-x: auto"><p style="width: 900px">pushed</p></div>
<p style="width: 500px">wide</p> <img src="https://elsewhere.invalid/x.png" alt="">"""


def test_the_ruler_finds_what_is_wrong(browser: Browser, tmp_path: Path) -> None:
    """A page with each of the faults: every one is found."""
    path = tmp_path / "bad.html"
    path.write_text(BAD, encoding="utf-8")
    with _opened(browser, View(360, 740, "light"), path) as opened:
        measured = opened.measured
        assert opened.asked == [path.as_uri(), "https://elsewhere.invalid/x.png"]
        assert len(opened.complaints) == 1
    assert measured.scroll_width == 500
    assert measured.sideways == ("pushed",)
    assert measured.small() == ["small", "scaled"]
    assert measured.faint() == ["faint", "dark"]
    assert measured.out_of_its_chart() == ["longer than its chart"]
    assert ("under", "over") in measured.covered()
    assert measured.unseen() == 1
