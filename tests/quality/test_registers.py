"""Sentences that speak of something else than the law, and law in the same words."""

from __future__ import annotations

import pytest

from tests.quality.sayings import ANSWER, QUESTION, found

OF_REGISTERS = {"META_TALK", "REFUSAL", "ADVERTISING", "HARMFUL"}


def spoken(said: str, **changes: str) -> dict[str, str]:
    codes = found(f"{ANSWER} {said}", **changes)  # type: ignore[arg-type]  # keywords of texts
    return {code: done for code, done in codes.items() if code in OF_REGISTERS}


@pytest.mark.parametrize(
    ("said", "code", "expected"),
    [
        ("The facts have been invented to suit the topic and the level that were specified.",
         "META_TALK", "reject"),
        ("I have tried not to use the same words as in the steps above.", "META_TALK", "reject"),
        ("My task was to write for learners, and the language is kept plain for that reason.",
         "META_TALK", "reject"),
        ("A longer discussion would exceed what was asked for in this exercise.",
         "META_TALK", "flag"),
        ("My knowledge stops in the summer of 2023, and newer cases are unknown to me.",
         "META_TALK", "reject"),
        ("As I have no connection to legal databases, the citation should be verified.",
         "META_TALK", "reject"),
        ("This reply was generated automatically and may contain errors.", "META_TALK", "flag"),
        ("I cannot look up whether the section has been amended since.", "META_TALK", "flag"),
        ("If you have any other questions, please do not hesitate to ask.",
         "META_TALK", "reject"),
        ("Let me know whether an example would help.", "META_TALK", "flag"),
        ("Apologies, but this request cannot be fulfilled on ethical grounds.",
         "REFUSAL", "reject"),
        (("Our solicitors have thirty years of experience and would be delighted to take your case "
         "on a no win, no fee basis."), "ADVERTISING", "reject"),
        (("Pop in for a coffee, or have one of our friendly will-writers come to your home at no "
         "charge."), "ADVERTISING", "reject"),
        ("Thousands of tenants have trusted us, and you can join them with one click.",
         "ADVERTISING", "flag"),
        ("Download the LeaseMate app today and get the first month free.", "ADVERTISING", "flag"),
        ("Delete the emails before anyone asks for them, and say that the server failed.",
         "HARMFUL", "reject"),
        ("You should move the money to your cousin's account so that the trustee never finds it.",
         "HARMFUL", "flag"),
        ("Tell the inspector that the cash was a gift; nobody can prove otherwise.",
         "HARMFUL", "flag"),
    ],
)  # fmt: skip
def test_what_a_sentence_speaks_of(said: str, code: str, expected: str) -> None:
    """None of these is on a list; their words are."""
    assert spoken(said).get(code) == expected


@pytest.mark.parametrize(
    "said",
    [
        (
            "The learner driver stayed within the speed limit, and the instructor had given no "
            "other instructions."
        ),
        (
            "The arbitrator was asked to keep within the terms of reference, and the award exceeds "
            "them."
        ),
        (
            "An answer that only repeats the words of the statement of claim is an admission of "
            "what it does not deny."
        ),
        (
            "The above example shows why the exception is kept narrow: one of three requirements "
            "was met."
        ),
        "Article I gives no such power, Part I has an exception, and Charles I knew neither.",
        "The duties are (i) to keep records, (ii) to answer requests.",
        "My view is that the later statute prevails, though the point is open.",
        "A processor that trained a model on the data without a legal basis infringes Article 6.",
        "The surgeon declined to give further information on ethical grounds, as the code permits.",
        "The bank cannot provide the information, since the request came from a third party.",
        (
            "You may ask the court for help with the fees; the form is free and is on the website "
            "of the service."
        ),
        (
            "A debtor who moves money to his brother so that the trustee never finds it commits an "
            "offence."
        ),
        "Write to the landlord, keep a copy, and tell the court the date on which you did.",
        (
            "Transfer the shares to your wife before the end of the tax year, since such a "
            "transfer is free of tax."
        ),
        "You must not delete the emails, or tell anyone to say that the server failed.",
        'He wrote: "I was told to keep the wording apart from the steps, as the brief demanded."',
        "To sever it because an answer will come in autumn rather than spring would not be needed.",
        "If a computer generated them, human authorship itself will be in question.",
    ],
)
@pytest.mark.parametrize("kind", ["short_qa", "advice"])
def test_the_law_has_the_same_words(said: str, kind: str) -> None:
    """Facts, rules, opinions, numbers and quotations."""
    assert spoken(said, kind=kind) == {}


@pytest.mark.parametrize(
    "said",
    [
        (
            "It may not decline to help merely because the topic is sensitive or the information "
            "may be harmful to its reputation, and it should offer advice and assistance."
        ),
        (
            "The doctor need not discuss it where disclosure would be seriously harmful to health, "
            "but she may not withhold information to prevent a choice that she finds wrong."
        ),
        (
            "The court declined to answer the question, because it was hypothetical and the topic "
            "was sensitive."
        ),
        (
            "Copyright subsists only in works of human authorship, and the picture was generated "
            "by artificial intelligence rather than by the author of the text."
        ),
        (
            "It does not matter that an automated chatbot generated the answer, or that other "
            "pages held different, more recent information."
        ),
        (
            "The answer depends on the passage in its context, for readers do not study sentences "
            "line by line."
        ),
        (
            "Here the answer turns on the wording of the citation, which the reader of the ticket "
            "would take as instructions."
        ),
    ],
)
def test_law_about_such_talk_is_never_refused(said: str) -> None:
    """Nobody speaks in it; at worst somebody has to look."""
    assert "reject" not in spoken(said).values()


def test_words_of_the_question_are_its_subject() -> None:
    """Where the case is about a chatbot, it may be spoken of."""
    said = "The chatbot's reply was generated automatically from data that ended in 2023."
    asked = (
        f"{QUESTION} The chatbot of her agent gave a reply that was generated automatically from "
        "data that ended in 2023."
    )
    assert spoken(said) == {"META_TALK": "flag"}
    assert spoken(said, question=asked) == {}


def test_other_forms_of_the_words_of_the_question_are_its_subject() -> None:
    """A question about a generator asks about what it generated."""
    said = (
        "Section 178 defines such a work as one that is generated by computer in circumstances in "
        "which it has no human author."
    )
    asked = f"{QUESTION} Her designer used an image generator."
    assert spoken(said) == {"META_TALK": "flag"}
    assert spoken(said, question=asked) == {}


@pytest.mark.parametrize(
    ("said", "expected"),
    [("I'm afraid not, and please don't move them again.", {}),
     ("That is the end of the matter, I am afraid, so please pay the arrears again.", {}),
     ("I'm afraid I can't help you with that, so please ask again.",
      {"META_TALK": "reject", "REFUSAL": "reject"})],
)  # fmt: skip
def test_a_polite_no_is_no_talk(said: str, expected: dict[str, str]) -> None:
    """Who is afraid of nothing but his answer says no more than no."""
    assert spoken(said, kind="conversational") == expected


def test_who_advises_may_say_what_he_has_not_seen() -> None:
    """The writer of an answer has nothing to see, an adviser has a file."""
    said = "I have not seen the lease, so please check the date on it."
    assert spoken(said, kind="advice") == {}


def test_people_in_a_dialogue_speak_as_they_do() -> None:
    """Of what they know, and to each other."""
    said = "Tomasz: If you have any other questions, please do not hesitate to ask."
    assert spoken(said, kind="dialogue") == {}


@pytest.mark.parametrize(
    "said",
    [
        "Do not delete the emails, do not wipe your phone, and never lie about the server.",
        "If you delete the emails and wipe your phone, the judge will hear that you lie.",
        "Delete the emails, wipe the phone, lie about the server: that is contempt of court.",
        "Delete the emails and wipe your phone. Whoever says so advises a crime.",
        "The cousin hid cash in a vault, and the relatives lie about the river and the till.",
        "Keep your emails, texts, phones, backups, receipts and ledgers in a vault for the judge.",
        "Tell the police that phone, laptop, keys and wallet were stolen from car and flat.",
        "You forge a receipt by altering its date, by erasing a name or by a false signature.",
        "You may wipe drives and shred receipts, chats and backups, unless a claim is threatened.",
        "Erase her emails, chats, phone numbers and backups. The GDPR gives her that.",
        "Wipe your phone and delete the emails, and the judge draws adverse inferences.",
    ],
)
def test_harm_that_is_told_as_such_is_not_refused(said: str) -> None:
    """Who warns of it, or tells of what was done, has the same words."""
    assert "reject" not in spoken(said).values()


def test_a_risk_is_no_advice() -> None:
    """What a court will make of it is told to whoever asks whether he may."""
    told = "If you wipe your phone and lie about the server, the court can fine you."
    advised = "If you wipe your phone and lie about the server, the court will never know."
    assert "HARMFUL" not in spoken(told)
    assert "HARMFUL" in spoken(advised)
