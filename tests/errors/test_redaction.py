"""No key survives redaction, however it is written; what is no key does."""

import html
import json
import string
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from legalgen.errors.redaction import MINIMUM_SECRET, REDACTED, conceal, excerpt, redact

KEY = "gsk_" + "Ab3" * 16

headers = st.text(string.ascii_letters + string.digits + "_-./=~", min_size=MINIMUM_SECRET)
anything = (
    st.text(min_size=MINIMUM_SECRET)
    .map(str.strip)
    .filter(lambda text: len(text) >= MINIMUM_SECRET and text not in REDACTED * 3)
)
FEW = settings(max_examples=settings().max_examples // 2)  # for each of many spellings
prose = st.text(" ,;:\n", max_size=60)

SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "repr": repr,
    "ascii": ascii,
    "bytes": lambda key: repr(key.encode("utf-8", "replace")),
    "json": json.dumps,
    "json in utf-8": lambda key: json.dumps(key, ensure_ascii=False),
    "json in json": lambda key: json.dumps(json.dumps(key)),
    "percent": lambda key: quote(key, safe=""),
    "percent in lower case": lambda key: "".join(f"%{byte:02x}" for byte in key.encode()),
    "percent twice": lambda key: quote(quote(key, safe=""), safe=""),
    "form": quote_plus,
    "form in a form": lambda key: quote_plus(quote_plus(key)),
    "html": html.escape,
    "wrapped": lambda key: "\n    ".join(key[at : at + 5] for at in range(0, len(key), 5)),
    "concatenated": lambda key: '" + "'.join(key[at : at + 7] for at in range(0, len(key), 7)),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@given(key=headers, before=prose, after=prose)
@FEW
def test_a_key_never_survives(spelling: str, key: str, before: str, after: str) -> None:
    """A key that a header can carry is gone in every spelling, and what stood around it stays."""
    written = SPELLINGS[spelling](key)

    result = redact(f"{before}<{written}>{after}", [key])

    assert written not in result
    assert REDACTED in result
    assert result.endswith(f">{after}")


@pytest.mark.parametrize("spelling", sorted(set(SPELLINGS) - {"bytes", "wrapped", "concatenated"}))
@given(key=anything)
@example(key="00 00000")  # a form writes 00+00000: no letter of it is escaped
@example(key="00    +00000")  # a run of blanks is matched by another pattern
@FEW
def test_nor_does_a_key_that_is_none(spelling: str, key: str) -> None:
    """Line breaks, quotes, emoji and runs of backslashes inside a mistaken key hide it nowhere."""
    try:
        written = SPELLINGS[spelling](key)
    except UnicodeEncodeError:  # half a surrogate pair cannot be percent-encoded
        return

    assert written not in redact(f"x {written} y", [key])


@given(text=st.text(), keys=st.lists(headers, max_size=3))
def test_redaction_is_idempotent(text: str, keys: list[str]) -> None:
    """What has been redacted is left as it is."""
    keys = [key for key in keys if key not in REDACTED * 3]
    once = redact(text, keys)

    assert redact(once, keys) == once


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f"Incorrect API key provided: {KEY}.", f"Incorrect API key provided: {REDACTED}"),
        ("key csk-abcdefgh12345678 is bad", f"key {REDACTED} is bad"),
        ("sk-proj-abcd****************wxyz", REDACTED),
        ("Authorization: Bearer short", f"Authorization: {REDACTED}"),
        ("{'authorization': 'Bearer abc'}", f"{{'authorization': '{REDACTED}'}}"),
        ("(b'Authorization', b'Bearer abc')", f"(b'Authorization', b'{REDACTED}')"),
        ("bearer abcdefgh12345678ijkl", f"bearer {REDACTED}"),
        ("GET /v1?api_key=abc&x=1", f"GET /v1?api_key={REDACTED}&x=1"),
        ('{"api-key": "abc", "n": 1}', f'{{"api-key": "{REDACTED}", "n": 1}}'),
        ("https://me:pass@host/v1", f"https://{REDACTED}@host/v1"),
        ("https://me:p/a@ss@host/v1", f"https://{REDACTED}@host/v1"),
    ],
)
def test_what_looks_like_a_key_goes_without_being_known(text: str, clean: str) -> None:
    """A key that nobody told us about is known by its shape or by its name."""
    assert redact(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "The bearer of the bond; bearer shares; Bearer instruments under the Act of 1882.",
        "Authorization: the board must approve. Basic requirements of a valid contract.",
        "Invalid API Key",
        "groq/openai/gpt-oss-120b at https://api.groq.com answered 429",
        "task-based, risk-averse and desk-bound",
    ],
)
def test_law_and_ordinary_words_stay(text: str) -> None:
    """Bearer bonds are law, not a header."""
    assert redact(text) == text


def test_placeholders_are_no_secrets() -> None:
    """A key too short to protect anything does not blot its word out of every line."""
    assert redact("http://ollama:11434", ["ollama", "", "  "]) == "http://ollama:11434"


def test_a_secret_that_contains_another_goes_as_a_whole() -> None:
    """Of two secrets the longer is taken first, so that no tail of it is left."""
    assert redact("abcdefgh12345678", ["abcdefgh", "abcdefgh12345678"]) == REDACTED


@pytest.mark.parametrize("key", ["\\" * 40, '"' * 40, "a" * 40 + "b", "+" * 30 + "x"])
def test_no_key_makes_it_slow(key: str) -> None:
    """Keys made of the very characters that are skipped are matched without backtracking."""
    text = key[:-1] * 300

    assert redact(text + " " + key, [key]).endswith(REDACTED)


@pytest.mark.parametrize("spelling", ["plain", "wrapped", "percent twice", "json in json"])
@given(before=st.integers(0, 260), blanks=st.integers(1, 9_000))
@FEW
def test_an_excerpt_holds_no_half_of_a_key(spelling: str, before: int, blanks: int) -> None:
    """Wherever the cut falls, and however many blanks are folded before it."""
    text = f"{'a' * before}{' ' * blanks}{SPELLINGS[spelling](KEY)} behind"

    line = excerpt(text, 200, [KEY])

    assert len(line) <= 200
    assert "gsk" not in line
    assert "Ab3" not in line


def test_what_a_model_wrote_keeps_all_but_the_key() -> None:
    """Bearer bonds and words that are a placeholder's too are law; the key is not."""
    text = f'{{"answer": "The bearer a1b2c3d4e5f6g7h8i9 may do anything.\\n{KEY}"}}'

    assert conceal(text, [KEY, "anything"]) == text.replace(KEY, REDACTED)
