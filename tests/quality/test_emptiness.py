"""Answers of words that fit any question, and answers without a new word."""

from __future__ import annotations

import pytest

from tests.quality.sayings import QUESTION, found

HEDGED = (
    "That is not something on which one could give a firm reply. A judge may take one view of the "
    "matter today and another judge may take the contrary view tomorrow, and either of them might "
    "be right. Every dispute has its own background. Whoever is affected would be wise to put the "
    "whole story to somebody with experience in this field before doing anything at all."
)
ANNOUNCED = (
    "We shall first look at the nature of the right that she claims to have. After that the "
    "discussion moves to the ways in which such a right may be lost, and the relevant issues will "
    "be identified one by one. The last part then deals with the consequences, so that the reader "
    "can follow how the conclusion is reached in the end."
)
PRAISED = (
    "This area of the law is of the greatest importance to society, and its rules have been "
    "developed with great care over a long time. They are clear, fair and effective, they protect "
    "everybody who needs protection, and they are applied properly in practice. People who know "
    "and respect them will always be in a good position to succeed."
)
RIGHT = (
    "She may forfeit, because the covenant to pay rent is the one breach for which section 146 of "
    "the Law of Property Act 1925 asks for no notice. She has to choose between peaceable re-entry "
    "and an action in the County Court, and a demand for the next quarter would waive her right. "
    "Tomasz can ask for relief within six months if he tenders the arrears with interest and costs."
)

WEIGHED = (
    "The judge must consider whether it would be appropriate to end the financial obligations "
    "of the parties towards each other as soon after the divorce as is just and reasonable. "
    "There is no presumption either way. Much depends on whether the weaker party can adjust "
    "without undue hardship, and the court looks at earning capacity, the ages of the "
    "children, the pension position and the capital available. A term order with a bar on "
    "extension may be fair where the prospects are predictable, while a joint lives order "
    "remains possible where they are not. The weight of each factor is for the judge."
)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(HEDGED, "reject"), (ANNOUNCED, "reject"), (PRAISED, "reject"), (RIGHT, "")],
)
def test_words_that_fit_any_question(answer: str, expected: str) -> None:
    """Whether they weigh, announce or praise, they are nearly half of such an answer."""
    assert found(answer).get("NO_ANSWER", "") == expected


def test_what_a_judge_weighs_is_said_in_words_of_its_own() -> None:
    """Two of five fit any question; but what is weighed is told, and nobody is sent away."""
    asked = "On what basis does a judge in England decide whether a clean break is appropriate?"
    sent = f"{WEIGHED} A solicitor or an adviser should be consulted for advice."
    assert "NO_ANSWER" not in found(WEIGHED, asked)
    assert found(sent, asked).get("NO_ANSWER") == "flag"


def test_what_is_only_announced_is_flagged() -> None:
    """Words of the law are in it, but no sentence says what follows from them."""
    answer = (
        "The covenant against assignment in a lease of business premises has to be described. "
        "Then the consent of the landlord must be examined, with the Landlord and Tenant Act 1988 "
        "and the duties that it lays on him. Attention can next turn to damages and injunctions "
        "of a tenant to whom consent is refused. Once both have been set out, the tenant's claim "
        "can be measured against them."
    )
    assert found(answer).get("NO_ANSWER") == "flag"


DWELT = (
    "Forfeiture of a lease is a deep and enduring theme of English land law, and an interesting "
    "one as well. It has been shaped by centuries of commentary, and it continues to attract "
    "scholars from many countries. Landlords and tenants alike are touched by it, in good times "
    "and in bad. Its history is rich in colourful characters, and its influence on neighbouring "
    "topics can hardly be overstated."
)
SENT_AWAY = (
    "It is good of you to set out so openly what has happened with the shop. Such matters are "
    "often more involved than they look, and a brief reply like this is hardly the place to go "
    "into them. Gather the lease, the letters and the bank statements, and take them to somebody "
    "near you who deals with leases day by day and will gladly look at everything with you."
)
SPARE = (
    "The history of the lease is telling here. Rent came late for years, the landlord took it and "
    "was content, and a court may well find in this a waiver. The tenant should plead it early and "
    "file the bank statements. An interesting strand of commentary asks for clear words in a "
    "letter, but the cases go the other way: conduct is enough, if both knew of the breach."
)
CASE = (
    "Four questions. Does the client grasp what a will does? Does she see roughly what she owns? "
    "Does she have in mind those who might expect something of her? Is anything distorting her "
    "judgment? Banks v Goodfellow asks all four, and the replies are noted on the file together "
    "with the reasons and the impression that she made."
)


@pytest.mark.parametrize(
    ("answer", "expected"), [(DWELT, "flag"), (SENT_AWAY, "flag"), (SPARE, ""), (CASE, "")]
)
def test_an_answer_without_law_is_flagged(answer: str, expected: str) -> None:
    """It praises its topic or puts somebody off; one with a case or a rule says something."""
    assert found(answer).get("NO_ANSWER", "") == expected


def test_what_the_question_is_about_is_not_empty() -> None:
    """An answer on the advice of professionals has their words."""
    answer = (
        "Advice is protected where a lawyer gives it to a client in confidence. A solicitor's view "
        "of the outcome, an opinion of counsel and the instructions behind them are covered, and "
        "so is what a client says when seeking advice. Advice of an expert who is no lawyer is not "
        "covered, however experienced he may be, unless litigation was in prospect when the report "
        "was commissioned: so held the House of Lords in Three Rivers in 2004."
    )
    asked = "Is the advice of a lawyer, a solicitor or an expert adviser protected from disclosure?"
    assert "NO_ANSWER" not in found(answer, asked)


SENT_AWAY = (
    "Leases of shops are a delicate subject, and a hurried reply could well mislead Amara. The "
    "deed, the bank statements and the letters would all have to be studied before a word is said "
    "about the locks. It would be rash to commit oneself here, and she is best served by a local "
    "property solicitor, who can tell her where she stands."
)
UNSETTLED = (
    "She may forfeit. Rent is apart from other breaches, so no notice under section 146 is owed. "
    "Whether a demand for the next quarter by a clerk waives her right is unsettled, and a court "
    "might take either view of it; it would be rash to send one. A solicitor should look at the "
    "lease before she changes the locks, and can tell her how a claim is made."
)


@pytest.mark.parametrize(("answer", "expected"), [(SENT_AWAY, "reject"), (UNSETTLED, "")])
def test_who_is_sent_to_a_lawyer_has_been_told_something(answer: str, expected: str) -> None:
    """Sentences that evade and send away are no answer; after an answer they may stand."""
    assert found(answer).get("NO_ANSWER", "") == expected
    assert found(answer, kind="conversational").get("NO_ANSWER", "") == expected


DECLINED = (
    "The Law of Property Act 1925 has provisions on leases. Whether the shop is within them is a "
    "point on which I would rather not express a view. No prediction is made of what a judge would "
    "say to Tomasz. As for the time within which Amara has to act, it would be irresponsible to "
    "state one here. Please keep the lease and the bank statements."
)
DECLINED_TWICE = (
    "It is not possible to give an answer to that which would hold good. Some landlords have "
    "forfeited and others have come to terms with the tenant. For that reason no view is offered "
    "here on the shop of Amara, and she should put her question to somebody in the town."
)
DECLINED_ONCE = (
    "She may forfeit, because rent is apart from other breaches. I cannot say whether a judge will "
    "grant relief without seeing the accounts of Tomasz, and it would be premature to guess what "
    "terms he will set. A demand for the next quarter must not be sent: it would waive the breach."
)
WITHHELD = (
    "Section 146 of the Law of Property Act 1925 requires a notice before re-entry, save for rent. "
    "Whether the shop of Amara is lost to Tomasz is not a matter on which a view can be formed. "
    "Relief must be sought within six months. What a court would do with it is best left without "
    "comment, and more than a short overview can attempt. It is for those who know the lease to "
    "form their own impression of that."
)
WITHHELD_ONCE = (
    "Section 146 of the Law of Property Act 1925 requires a notice before re-entry, save for rent. "
    "Amara may re-enter without one. Relief must be sought within six months and is granted where "
    "the arrears and costs are paid. It is for those who know the accounts to choose the sum. The "
    "writer of the lease cannot be blamed, and no answer of Tomasz is a defence."
)
SAYS_NOTHING_OF_IT = (
    "A court will not express an opinion where nothing turns on it. It declines to say who was "
    "right, no answer is given to the question, and no order is made. Somebody who wants a "
    "declaration must show that he is bound or entitled, and cannot ask for advice."
)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (DECLINED, "reject"),
        (DECLINED_TWICE, "reject"),
        (DECLINED_ONCE, ""),
        (SAYS_NOTHING_OF_IT, "flag"),
        (WITHHELD, "reject"),
        (WITHHELD_ONCE, ""),
    ],
)
def test_sentences_that_decline_to_say_something(answer: str, expected: str) -> None:
    """Where most of them do, that is a refusal; one may stand beside the law, or be its subject."""
    assert found(answer, kind="advice").get("NO_ANSWER", "") == expected


SAID_AGAIN = (
    "Amara let the shop and Tomasz has not paid the rent for three months. Whether Amara may now "
    "forfeit the shop that she let to Tomasz because of the rent that is three months late is the "
    "point on which Amara and Tomasz differ: Amara says that she may forfeit it now, and Tomasz "
    "says that she may not, late though the rent for the shop is. What has to be found is if Amara "
    "may do so."
)


@pytest.mark.parametrize(("answer", "expected"), [(SAID_AGAIN, "reject"), (RIGHT, "")])
def test_an_answer_that_has_hardly_a_new_word(answer: str, expected: str) -> None:
    """The question in four forms is none."""
    assert found(answer, QUESTION).get("NO_ANSWER", "") == expected


def test_a_term_of_the_question_decides_in_its_own_words() -> None:
    """Who applies it needs few new words and says what follows: that is not refused."""
    asked = (
        "Amara's offer to let the shop says that a reply has to reach her by Friday. Tomasz posts "
        "his letter of acceptance on Thursday and it arrives on Monday. Is there a contract?"
    )
    answer = (
        "The letter of acceptance that Tomasz posts on Thursday arrives on Monday, and the offer "
        "to let the shop says that a reply has to reach Amara by Friday. By Friday no letter did "
        "reach her, so the acceptance came too late and no contract is there. Had the offer said "
        "nothing of a reply that has to reach her, the letter might have been an acceptance on "
        "Thursday, when Tomasz posts it, but on these words it is only a fresh offer."
    )
    assert found(answer, asked).get("NO_ANSWER", "") != "reject"


def test_a_short_answer_needs_few_new_words() -> None:
    """It says what follows from the question's own terms, and a source."""
    answer = (
        "She may not forfeit now: the rent was late, but three months of it were paid on 2 May."
    )
    assert "NO_ANSWER" not in found(answer, QUESTION)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (
            ("Identify the issue that arises.", "State the law.", "Apply the law to the facts."),
            "flag",
        ),
        (
            ("Explain the relevant principles.", "Consider both sides and reach a conclusion."),
            "flag",
        ),
        (
            ("Rent is apart from other breaches.", "So the rule on notices does not apply to it."),
            "",
        ),
        (("Apply the law.",), ""),
    ],
)
def test_steps_that_would_fit_any_question(steps: tuple[str, ...], expected: str) -> None:
    """A method is no inference."""
    assert found(RIGHT, steps=steps).get("STEPS_OFF_TOPIC", "") == expected
