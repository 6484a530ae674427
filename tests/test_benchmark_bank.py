"""The answers of the benchmarks: what makes them hard enough to measure with."""

from __future__ import annotations

from benchmarks._bank import distinct, varied
from tests.vendors import AnswerRequest

PROMPTS = (
    "Law: England and Wales. Answer: 40 to 140 words. At most 3 reasoning steps.",
    "Law: United States. Answer: 200 to 650 words. 3 to 7 reasoning steps.",
    "Law: European Union. Answer: 250 to 750 words. 4 to 8 reasoning steps.",
    "Law: international law. Answer: 80 to 240 words. 2 to 4 reasoning steps.",
)


def test_three_hundred_answers_cite_two_thousand_strings() -> None:
    """No cache of a sane size can have seen them, and they are as long as those of real models."""
    answers = [
        varied(AnswerRequest("groq", "some-model", number, 0, PROMPTS[number % len(PROMPTS)]))
        for number in range(300)
    ]
    count, lengths = distinct(answers)
    assert count >= 2_000
    assert 28 <= lengths[len(lengths) // 2] <= 42
    assert answers[7] == varied(AnswerRequest("groq", "some-model", 7, 0, PROMPTS[3]))
