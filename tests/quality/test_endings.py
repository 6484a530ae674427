"""The end of an answer against the last step, or against the yes or no that it begins with."""

from __future__ import annotations

import pytest

from tests.quality.sayings import found

BETWEEN = "Much has been written on such things in the textbooks. "
SUSPENDED = (
    "It may. Article 25 lets the state suspend passage for exercises. Because passage is a right "
    "of all, however, the state has no power to suspend it for exercises."
)
SUED = "Amara of Ohio sues a company of which one member lives in Ohio. Must her suit be dismissed?"


@pytest.mark.parametrize(
    ("step", "end", "expected"),
    [
        ("She is of Ohio, so diversity is not complete and the court lacks jurisdiction.",
         "They are of two states, diversity between them is complete, and the suit goes on.",
         "reject"),
        ("So Amara is entitled to inspect the ledger.",
         "On these facts Amara is not entitled to inspect the ledger.", "reject"),
        ("So Amara can complain of unfair dismissal.",
         "She has little behind her, so that she cannot complain of unfair dismissal.", "reject"),
        ("The argument of the company fails.", "Hence the argument of the company succeeds.",
         "reject"),
        ("So Amara can inspect the ledger.",
         "She cannot inspect the ledger of the parent.", ""),
        ("So Amara is entitled to inspect the ledger.",
         "If the purpose is improper, she is not entitled to inspect the ledger.", ""),
        ("So Amara can inspect the ledger.",
         "She cannot inspect the ledger merely as a member.", ""),
        ("So Amara may repair the boundary fence.",
         "She need not repair the boundary fence.", ""),
    ],
)  # fmt: skip
def test_a_step_is_denied_at_the_end(step: str, end: str, expected: str) -> None:
    """Of the same thing and in this case; what somebody may do he need not do."""
    said = f"The rule is told in section 1332. {BETWEEN}{end}"
    assert found(said, SUED, (step,)).get("CONTRADICTION", "") == expected


@pytest.mark.parametrize(
    ("question", "said", "expected"),
    [
        ("May a state close its sea to foreign ships for exercises?", SUSPENDED, "reject"),
        ("Must a landlord protect a deposit?",
         f"He must. {BETWEEN}As the money is his, he is under no obligation to protect it.",
         "reject"),
        ("Do the police need a warrant to search a phone?",
         f"They do. {BETWEEN}Since the man was arrested, no warrant is needed.", "reject"),
        ("One witness was absent. Is the will good?",
         f"I am afraid that it is not. {BETWEEN}It was properly made.", "reject"),
        ("Is the term void?", f"No, it is not. {BETWEEN}The term is therefore void.", "reject"),
        ("May a state close its sea to foreign ships for exercises?",
         f"It may. {BETWEEN}The state has no power to close it where passage is innocent.", ""),
        ("May a state close its sea to foreign ships for exercises?",
         f"It may. {BETWEEN}It may not ask for money, however.", ""),
        ("Must a landlord protect a deposit?",
         f"He must. {BETWEEN}He need not protect a holding payment.", ""),
        ("Is the term void?", f"No, it is not. {BETWEEN}A penalty is void.", ""),
        ("Is the term void or may it stand?", f"No. {BETWEEN}The term is therefore void.", ""),
    ],
)  # fmt: skip
def test_the_first_word_is_denied_at_the_end(question: str, said: str, expected: str) -> None:
    """The question tells of what it is; an exception or another thing denies nothing."""
    assert found(said, question, ()).get("CONTRADICTION", "") == expected
