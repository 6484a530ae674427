"""US citations through eyecite: what it adds, under our keys, and what is not believed of it."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from legalgen.law.citations import CitationLedger, Parsed, impossible, parse, us_states
from legalgen.law.taxonomy import Taxonomy
from legalgen.quality.gate import Gate
from legalgen.quality.rules import TypeBounds
from legalgen.store.sample import Draft, DraftCitation

TODAY = date(2026, 11, 23)
SEGMENTS = Path(__file__).parents[1] / "data" / "quality" / "segments.txt"

ADDED = {
    "Doe v. Roe, 45 Haw. 123, 125 (1960)": ("us_reporter", "45 Haw. 123"),
    "Doe v. Roe, 15 Idaho 33 (1908)": ("us_reporter", "15 Idaho 33"),
    "Doe v. Roe, 60 Va. Cir. 12 (2002)": ("us_reporter", "60 Va. Cir. 12"),
    "Rosenbach v. Six Flags 2019 IL 123186": ("us_reporter", "2019 IL 123186"),
    "2021 Del. Ch. LEXIS 12": ("us_reporter", "2021 Del. Ch. LEXIS 12"),
    "Cal. Bus. & Prof. Code \u00a7 17200": ("us_code", "Cal. Bus. & Prof. Code 17200"),
    "Mo. Rev. Stat. \u00a7 407.020": ("us_code", "Mo. Rev. Stat. 407.020"),
    "Okla. Stat. tit. 12, \u00a7 95": ("us_code", "Okla. Stat. tit. 12 \u00a7 95"),
    "Treas. Reg. \u00a7 1.482-7(a)": ("us_code", "Treas. Reg. 1.482-7"),
    "88 Fed. Reg. 73458": ("us_code", "88 Fed. Reg. 73458"),
    "88 FR 73458": ("us_code", "88 Fed. Reg. 73458"),
    "124 Stat. 119": ("us_code", "124 Stat. 119"),
    "1993 Iowa Acts 12": ("us_code", "1993 Iowa Acts 12"),
}
"""What our grammar does not read as an authority that could be looked up, and its key now."""

SHARED = {
    "347 U.S. 483 (1954)": "347 U.S. 483",
    "138 S. Ct. 1612": "138 S. Ct. 1612",
    "67 F.4th 946 (9th Cir. 2023)": "67 F.4th 946",
    "725 F. Supp. 1157 (W.D. Okla. 1988)": "725 F. Supp. 1157",
    "550 F. App'x 12": "550 F. App'x 12",
    "488 A.2d 858 (Del. 1985)": "488 A.2d 858",
    "129 N.E.3d 1197": "129 N.E.3d 1197",
    "12 Ill. App. 3d 5": "12 Ill. App. 3d 5",
    "2 Cal.5th 945": "2 Cal. 5th 945",
    "17 I. & N. Dec. 12": "17 I. & N. Dec. 12",
    "2017 WL 2123560": "2017 WL 2123560",
    "2019 U.S. Dist. LEXIS 1234": "2019 U.S. Dist. LEXIS 1234",
    "18 U.S.C. \u00a7 1030": "18 U.S.C. 1030",
    "17 U.S.C. \u00a7\u00a7 201, 204": "17 U.S.C. 201",
    "15 U.S.C.A. \u00a7 1": "15 U.S.C. 1",
    "26 C.F.R. \u00a7 1.482-7": "26 C.F.R. 1.482-7",
    "29 C.F.R. \u00a7\u00a7 541.100, 541.106": "29 C.F.R. 541.100",
    "Cal. Civ. Code \u00a7 1798.100": "Cal. Civ. Code 1798.100",
    "N.Y. Gen. Bus. Law \u00a7 349": "N.Y. Gen. Bus. Law 349",
    "23 Pa. Cons. Stat. \u00a7 3301": "23 Pa. Cons. Stat. 3301",
    "Del. Code Ann. tit. 8, \u00a7 144": "8 Del. C. 144",
    "Del. Code Ann. tit. 6, \u00a7 18-1101": "6 Del. C. 18-1101",
}
"""What both grammars read."""

OURS = {
    "12 C.F.R. Part 1030": "12 C.F.R. 1030",
    "21 CFR 312.23": "21 C.F.R. 312.23",
    "15 U.S.C. \u00a718a": "15 U.S.C. 18a",
    "42 U.S.C. \u00a7 2000e-2(a)": "42 U.S.C. 2000e-2",
    "Fed. R. Civ. P. 12(b)(6)": "Fed. R. Civ. P. 12(b)(6)",
    "Minn. Stat. \u00a7 325D.44": "Minn. Stat. 325D.44",
}
"""What eyecite does not read, or takes for an unknown section."""


def keys(found: tuple[Parsed, ...] | list[Parsed]) -> list[str]:
    return [item.key for item in found]


@pytest.mark.parametrize(("text", "kind", "key"), [(t, *made) for t, made in ADDED.items()])
def test_what_our_grammar_does_not_know_gets_its_key(text: str, kind: str, key: str) -> None:
    """State reporters and codes, neutral citations, registers and session laws are read."""
    assert [(item.kind, item.key, item.jurisdictions) for item in parse(text)] == [
        (kind, key, ("us",))
    ]


@pytest.mark.parametrize(("text", "key"), SHARED.items())
def test_both_grammars_give_the_same_key(text: str, key: str) -> None:
    """Whoever reads a citation, the dataset knows it under one key."""
    assert keys(us_states.more(text, [])) == [key]
    assert keys(parse(text)) == [key]


@pytest.mark.parametrize(("text", "key"), OURS.items())
def test_what_eyecite_misses_is_still_read(text: str, key: str) -> None:
    """Our grammar is asked first; eyecite's unknown sections do not get in its way."""
    assert us_states.more(text, []) == []
    assert keys(parse(text)) == [key]


def test_a_case_has_its_name_year_and_numbers() -> None:
    """What is read through eyecite is as complete as what our grammar reads."""
    text = "As in Doe v. Roe, 45 Haw. 123 (1960)"
    assert parse(text) == (
        Parsed(
            "us_reporter", "45 Haw. 123", 18, 29, 1960, ("us",), name="Doe v. Roe",
            work="45 Haw. 123", court="Haw.", volume=45, number=123,
        ),
    )  # fmt: skip


def test_the_rest_of_an_american_piece_is_read_too() -> None:
    """A parallel citation beside one that our grammar knows is not lost; order is kept."""
    text = "Doe v. Roe, 2019 IL 12, 129 N.E.3d 1197; Pub. L. No. 111-148, 124 Stat. 119 (2010)"

    assert keys(parse(text)) == [
        "2019 IL 12", "129 N.E.3d 1197", "Pub. L. 111-148", "124 Stat. 119",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "Queensland Mines v Hudson 18 ALR 1",
        "Queensland Mines v Hudson 18 A.L.R. 1",
        "Baker v Canada 2 S.C.R. 817",
        "Smith v Jones 1985 S.C. 12",
        "Smith v Jones 2 Phil. 345",
        "Smith v Jones 60 W.R. 12",
        "Palmer v Simmonds 2 Drew 221 (1854)",
        "12 Day 30",
        "Doe v. Roe, 598 U.S. ___ (2023)",
        "123 Harv. L. Rev. 456",
        "12 Trade Cas. (CCH) 345",
        "AufenthG \u00a7 18",
        "8 V.S.A. \u00a7 6001",
        "Pub. L. 5-12, 12 Stat. 34",
        "12 SEC Docket 345",
        "Doe v. Roe, 12 App. 345 (1990)",
        "Doe v. Roe, 12 A.L.R.2d 345 (1990)",
        "Doe v. Roe, 12 Gilp. 345 (1990)",
    ],
)
def test_what_is_not_certain_is_not_taken(text: str) -> None:
    """Series of other countries, words, blanks, guesses, services, and what has no volume."""
    assert [item for item in parse(text) if item.kind in {"us_reporter", "us_code"}] == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("410 F.4th 12 (1990)", "F.4th began in 2021"),
        ("999 U.S. 12", "United States Reports have no volume 999"),
        ("999 U.S. (1 Cranch) 12", "United States Reports have no volume 999"),
        ("45 Haw. 123 (2031)", "2031 is in the future"),
    ],
)
def test_what_cannot_exist_is_refused_whoever_read_it(text: str, why: str) -> None:
    """eyecite accepts any volume and year; our rules do not."""
    (item,) = parse(text)
    reason = impossible(item, TODAY)

    assert reason is not None
    assert why in reason.message


def test_no_status_says_more_than_that_it_was_parsed() -> None:
    """Through the gate, such a citation is ``parsed``, as any other that is in no list."""
    cited = tuple(DraftCitation(text) for text in [*ADDED, "925 F.3d 1339 (11th Cir. 2019)"])
    draft = Draft("What is the rule in this case of Hawaii?", (), "It is this.", cited)

    verdict = Gate("full", TODAY).inspect(draft, None, None, TypeBounds((1, 99)))

    assert {item.status for item in verdict.citations} == {"parsed"}


def test_contradictions_are_seen_across_both_grammars() -> None:
    """One citation under two names is a conflict, also where eyecite read it."""
    ledger = CitationLedger()
    (first,) = parse("Doe v. Roe, 45 Haw. 123 (1960)")
    (second,) = parse("Poe v. Moe, 45 Haw. 123 (1960)")
    ledger.add(first, "lg_1")

    assert ledger.conflict(first) is None
    assert ledger.conflict(second) is not None


def in_a_new_process(code: str, *, installed: bool = True, **environment: str) -> str:
    """What a program prints; ``installed`` or not is eyecite, None in sys.modules is not."""
    blocked = "" if installed else "sys.modules['eyecite'] = None\n"
    path = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"import sys\n{blocked}{code}"],
        env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout


KEYS = (
    "import json\n"
    "from pathlib import Path\n"
    "from legalgen.law.citations import parse\n"
    f"lines = Path({str(SEGMENTS)!r}).read_text(encoding='utf-8').splitlines()\n"
    "lines += {more!r}\n"
    "print(json.dumps({{line: [item.key for item in parse(line)] for line in lines}}))"
)


def test_only_american_text_gains() -> None:
    """Of 300 real segments, most of them British or European, one is read otherwise."""
    without = json.loads(in_a_new_process(KEYS.format(more=[]), installed=False))

    gained = {text: keys(parse(text)) for text in without if keys(parse(text)) != without[text]}

    assert len(without) == 300
    assert gained == {"Treas. Reg. \u00a71.482-7": ["Treas. Reg. 1.482-7"]}


def test_without_eyecite_everything_is_as_before() -> None:
    """The extra is not installed: names and sections stay the weak kinds that they were."""
    texts = ["Doe v. Roe, 45 Haw. 123 (1960)", "Mo. Rev. Stat. \u00a7 407.020", "124 Stat. 119"]
    found = json.loads(in_a_new_process(KEYS.format(more=[*texts, *SHARED]), installed=False))

    assert [found[text] for text in texts] == [
        ["Doe v. Roe, 45 Haw. 123 (1960)"], ["Mo. Rev. Stat. s 407.020"], [],
    ]  # fmt: skip
    assert {text: found[text] for text in SHARED} == {t: [key] for t, key in SHARED.items()}


def test_eyecite_is_loaded_by_the_first_text_that_needs_it() -> None:
    """Reading British, European and well-known American law leaves it on the disk."""
    plain = [
        *("[2013] UKSC 34", "Companies Act 2006 s 172", "Directive (EU) 2019/1937", "C-131/12"),
        *("Hollington v Hewthorn (1943)", "ICO guidance of 12 May 2018", "varies by state"),
        *("SFC Circular 31 May 2023", "LG Berlin 63 S 433/12", "AufenthG \u00a7 18", *SHARED),
    ]
    code = (
        "from legalgen.law.citations import parse\n"
        f"for text in {plain!r}: parse(text)\n"
        "print('eyecite' in sys.modules)\n"
        "parse('45 Haw. 123')\n"
        "print('eyecite' in sys.modules)"
    )

    assert in_a_new_process(code).split() == ["False", "True"]


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_keys_are_the_same_in_every_process(seed: str) -> None:
    """eyecite tries its patterns in the order of a set; what we take from it does not show that."""
    code = (
        "from legalgen.law.citations.us_states import more\n"
        f"print([item.key for text in {[*SHARED, *ADDED]!r} for item in more(text, [])])"
    )
    expected = [*SHARED.values(), *(key for _, key in ADDED.values())]

    assert in_a_new_process(code, PYTHONHASHSEED=seed).strip() == str(expected)


def test_what_eyecite_warns_of_reaches_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """Its warnings quote the text, and would stand in the log or on the terminal."""
    with caplog.at_level(logging.DEBUG):
        parse("Doe v. Roe \u00a7 5, 45 Haw. 12 (1960)")

    assert caplog.records == []


PIECES = [
    *("12 ", " U.S. ", "Haw. ", "\u00a7", "(1990)", "(9th Cir. Jan. 32, 2020)", "v. ", "Smith "),
    *("___", "Id. at 5", "supra", "123", "Cal. Civ. Code \u00a7 ", "\x00", "\u00e9", "\u00b6 12"),
    *("29 C.F.R. \u00a7 ", "Fed. Reg. ", "F.3d ", ", ", "at *3", "In re ", "2d", "Stat. ", "; "),
    *("2019 IL 5", "\n", "0", "5 Ohio St.3d 1", " Pub. L. No. 1-2 ", "(", ")", "Laws ", "1993-94"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
@example("Smith v. 45 Haw. 12 (1990); 5 Ohio St.3d 1, 12 F.3d 123 Laws 2019 IL 5")
def test_any_american_looking_text_can_be_parsed(text: str) -> None:
    """No mixture of its pieces raises; spans lie inside the text, in order, and do not overlap."""
    found = parse(text)

    spans = [(item.start, item.end) for item in found]
    assert spans == sorted(spans)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(left[1] <= right[0] for left, right in pairwise(spans))


def test_the_builtin_authorities_need_no_eyecite(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every batch reads them when it starts: our own grammar knows each of them."""
    asked: list[str] = []
    monkeypatch.setattr(us_states, "_eyecite", lambda: asked.append("asked"))

    unread = [line for line in Taxonomy.builtin().authorities() if not parse(line)]

    assert (unread, asked) == ([], [])
