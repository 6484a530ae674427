"""Words of the task, fields of the sample and gaps, where they stand and where they may."""

from __future__ import annotations

import pytest

from tests.quality.sayings import ANSWER, QUESTION, found


@pytest.mark.parametrize(
    "said",
    [
        "The persona here is a landlord, so the tone is his.",
        "The sample type is a short answer, and one rule is given.",
        "As instructed, this answer names one source only.",
        "More would be too much for an advanced level.",
        "The year could not be recalled with enough certainty.",
        "This answer keeps to one exception.",
        "Note to the reviewer: the sum comes from the seed.",
        "The citation policy allows no more than this.",
        "This response follows the requested form.",
        "A citation was left out because none is certain.",
        "No citation is given since the reporter is unsure.",
        "It is written as short_qa for trainees.",
    ],
)
def test_words_of_the_task_are_meta_talk(said: str) -> None:
    """How it was asked for and why it is as it is are no part of an answer."""
    assert found(f"{ANSWER} {said}").get("META_TALK") == "reject"


@pytest.mark.parametrize(
    "said",
    [
        "The persona of a celebrity is protected in some states.",
        "He was declared persona non grata by the host State.",
        "Evidence at an advanced level of abstraction proves little.",
        "As requested by the tenant, the landlord sent a copy.",
        "The witness could not be recalled after the close of the case.",
        "This answer stays the same if the lease was oral.",
        "This answer would be different if the lease were by deed.",
        "The citation was given to the driver on the spot.",
        "Question: does the clause bind? Answer: it does.",
    ],
)
def test_words_of_the_law_are_not(said: str) -> None:
    """The same words have a use of their own."""
    assert "META_TALK" not in found(f"{ANSWER} {said}")


def test_three_fields_of_the_sample_are_no_answer() -> None:
    """An answer with labels as the object that was asked for has, whatever follows them."""
    labelled = f"{ANSWER} Jurisdiction: uk. Topic: leases. Difficulty: basic."
    assert found(labelled).get("META_TALK") == "reject"
    assert "META_TALK" not in found(f"{ANSWER} Topic: leases. Type: protected.")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Subtopic: forfeiture. Perspective: landlord. Stage: before action.", "reject"),
        (("Cited as follows. citations: Law of Property Act 1925 s 146, proposition no notice is "
         "owed, status parsed, flags none."), "reject"),
        ("**Jurisdiction**: England\n**Sample type**: short\n**Level**: basic", "reject"),
        ("Court fee: paid. Hearing: in May. Judge: not known.", ""),
        ("{proposition: rent is apart} [status=parsed][level=2]", "reject"),
        (("Issue: may she forfeit now? Rule: no notice is owed for rent under section 146. "
         "Application: three months are late, so she may. Conclusion: she may forfeit."), ""),
        ("Question: does the clause bind? Answer: it does.", ""),
        ("Her options are these: re-entry, or an action. One caution: a demand waives.", ""),
        (("She pays a fee: the amount is on the form. The status of the tenant, the jurisdiction, "
         "the topic of the notice and the law of the place do not matter here."), ""),
    ],
)  # fmt: skip
def test_fields_of_a_form_are_no_prose(said: str, expected: str) -> None:
    """Three names of a sample's fields as labels, or one that nobody else has among others."""
    assert found(f"{ANSWER} {said}").get("META_TALK", "") == expected


@pytest.mark.parametrize(
    ("said", "gap"),
    [
        ("LANDLORD_NAME may go to court.", True),
        ("The sum is [to be confirmed by the expert].", True),
        ("As <leading authority> holds, rent is apart.", True),
        ("Where x < y and y > z, the larger counts.", False),
        ("The notice (insert date of service) starts time.", True),
        ('The deed says "the sum of ____ pounds" and is void.', False),
        ("The sum of ____ pounds is due.", True),
        ("He wrote to tenant_LAW_1@example.org about it.", False),
        ("The clerk has to insert (in ink) the date.", False),
    ],
)
def test_gaps(said: str, gap: bool) -> None:
    """A blank that a quoted document has is a fact; any other was left for somebody else."""
    assert ("PLACEHOLDER" in found(f"{ANSWER} {said}")) is gap


def test_a_gap_that_the_question_quotes_is_its_subject() -> None:
    """Then the answer may quote it, too; outside quotation marks it is a gap all the same."""
    asked = 'A lease of a shop was signed with the term left as "[date]". Does it bind Amara?'
    assert "PLACEHOLDER" not in found(f'{ANSWER} "[date]" omits nothing.', asked)
    assert "PLACEHOLDER" in found(f"{ANSWER} It ends on [date].", asked)
    assert "PLACEHOLDER" in found(f'{ANSWER} It says "[date]".')


def test_a_word_limit_is_told_without_words() -> None:
    """``word limit`` alone is enough."""
    assert found(f"{ANSWER} It stays in the word limit.").get("PROMPT_LEAK") == "reject"
    assert "PROMPT_LEAK" not in found(f"{ANSWER} The word forfeit has no limit.")


def test_what_is_to_be_handed_in_is_an_order() -> None:
    """In the middle of an answer; who returns an object with its keys gives something back."""
    assert found(f"{ANSWER} Return a single object with the keys.").get("PROMPT_LEAK") == "reject"
    assert "PROMPT_LEAK" not in found(f"{ANSWER} He has to return the object with its keys.")


@pytest.mark.parametrize(
    ("said", "question", "expected"),
    [
        ("Her skeleton argument has a word limit.", QUESTION, ""),
        ("The certificate states the word count of her petition.", QUESTION, ""),
        (
            "The word limit is 13,000 words.",
            "How long may the lease of Amara to Tomasz be?",
            "reject",
        ),
        ("The word limit is 13,000 words.", "How long may a principal brief be on appeal?", ""),
        ("It keeps the word limit.", "Is the motion or petition of Amara in time?", "reject"),
        ("This brief reply keeps the word limit.", QUESTION, "reject"),
    ],
)
def test_rules_of_court_limit_the_words_of_papers(said: str, question: str, expected: str) -> None:
    """Whose length is asked for, or in whose sentence it is told."""
    assert found(f"{ANSWER} {said}", question).get("PROMPT_LEAK", "") == expected


def test_the_question_that_these_tests_share_is_good() -> None:
    """What they add is what is found."""
    assert set(found()) <= {"CITATION_MISSING"}


@pytest.mark.parametrize(
    "told",
    [
        "The consumer may cancel a monthly subscription to the service within 14 days of signing.",
        "A worker sponsored by a licensed employer must keep the same role until the visa ends.",
        "A reseller that grants a 10% discount to some breaches the clause.",
        "The valuer applied a 20 per cent discount for the minority holding of the widow.",
        "The trader advertised a money-back guarantee, a term under the Act.",
        "A special offer that is not honoured may be a misleading action under the regulations.",
        "The firm's app is free for tenants and the basic plan gives no right to a refund.",
        "As Tenant, the company has to insure the building, and we read it as covering flood.",
        "The claimant relied on the platform's statement that it was trusted by over 2,000 firms.",
        "The seller's promise of unlimited access to the service is a term, and outages breach it.",
        "The association may register for a free trial period of the database.",
    ],
)
def test_what_a_case_says_of_a_seller_advertises_nothing(told: str) -> None:
    """Discounts, sponsors, guarantees and subscriptions are facts and terms of contracts."""
    assert "ADVERTISING" not in found(told)


@pytest.mark.parametrize(
    "said",
    [
        "Get a 20% discount on your first contract review with LeaseGuard!",
        "Our experts have helped over 3,000 landlords recover their homes.",
        "Sign up today for unlimited questions.",
        "This answer was brought to you by RentRight.",
        "For a free consultation, call our offices.",
        "Upgrade to the premium plan for longer answers.",
        "Trusted by over 5,000 solicitors, our award-winning platform drafts the notice.",
        "We offer a money-back guarantee on every notice.",
        "Email help@leaseguard.co.uk for a template.",
        "With a basic subscription for £9 a month you get the forms, and we file them.",
        "Sponsored by LeaseGuard, the landlord's friend.",
        "LeaseGuard, your trusted legal companion, can draft it.",
    ],
)
def test_a_seller_who_speaks_advertises(said: str) -> None:
    """Who says `we`, or tells the reader what to do."""
    assert found(f"She may forfeit without notice. {said}").get("ADVERTISING") == "reject"


@pytest.mark.parametrize(
    ("said", "is_model"),
    [
        ("As an AI system cannot be an inventor, the application was refused.", False),
        ("As an artificial intelligence the tool has no legal personality.", False),
        ("As an AI, I have no view on that.", True),
        ("As an AI language model, the answer to that stays general.", True),
        ("As a large language model my view is that she may.", True),
    ],
)
def test_a_model_that_speaks_of_itself_says_so(said: str, is_model: bool) -> None:
    """What a case says of an artificial intelligence is law like any other."""
    assert (found(said).get("META_TALK") == "reject") is is_model
    assert "REFUSAL" not in found(said) or is_model


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "The clause is void, et le preneur ne peut pas renoncer par avance aux droits qu'il a.",
            True,
        ),
        (
            "The heirs share alike, y el c\u00f3nyuge conserva el uso de la vivienda para siempre.",
            True,
        ),
        ("The Comisi\u00f3n Nacional de los Mercados y la Competencia fined it.", False),
        (
            "The Convention de La Haye du 5 octobre 1961 sur la forme des testaments governs it.",
            False,
        ),
        ("In Verein der Freunde der Oper v Land Hessen the grant was aid.", False),
    ],
)
def test_a_sentence_that_goes_on_in_another_language(said: str, expected: bool) -> None:
    """Six words of it in a row; names of bodies, acts and parties are none."""
    assert (found(f"{ANSWER} {said}").get("LANGUAGE") == "reject") is expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            (
                "Tha coir aig a h-uile neach air cuid den oighreachd, agus chan urrainn do "
                "thiomnadh sin a thoirt air falbh gu tur."
            ),
            "reject",
        ),
        (
            (
                "Penyewa berhak tinggal di rumah itu sampai pengadilan memutuskan, dan pemilik "
                "tidak boleh mengganti kunci sendiri."
            ),
            "reject",
        ),
        (
            (
                "Remedies include forfeiture, possession, arrears, mesne profits, interest, costs, "
                "damages, declarations, injunctions, relief terms."
            ),
            "",
        ),
        (
            (
                "See Billson v Residential Apartments Ltd, Street v Mountford, Bruton v London and "
                "Quadrant Housing Trust, Antoniades v Villiers and Aslan v Murphy."
            ),
            "",
        ),
    ],
)
def test_a_sentence_in_whatever_language(said: str, expected: str) -> None:
    """Next to no word of it is English; a list of English nouns and one of names are none."""
    assert found(f"{ANSWER} {said}").get("LANGUAGE", "") == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            (
                "Arrears of rent. Clause for re-entry. No notice first. Demand, if formal. Waiver. "
                "Relief from forfeiture. Section 146, other breaches. Peaceable re-entry. Costs."
            ),
            "reject",
        ),
        (
            (
                "She may forfeit. Rent is in arrear. The lease lets her. No notice is owed. She "
                "must not waive. A demand waives it. Tomasz may seek relief. It is usually granted."
            ),
            "",
        ),
        (f"{ANSWER} Not so for other breaches. Relief is open.", ""),
    ],
)
def test_fragments_are_no_sentences(answer: str, expected: str) -> None:
    """Most sentences have a verb, however short they are."""
    assert found(answer).get("LIST_ONLY", "") == expected


LINES = (
    "**Form**\n- notice in writing, signed by the landlord or an agent with authority\n- name and "
    "address of the tenant\n- breach, remedy and a reasonable time\n\n**Service**\n- on the tenant "
    "in possession\n- registered post to the last known abode or business\n- affixed to the "
    "door in case of absence\n\n**Effect**\n- no forfeiture before the end of that time\n- relief "
    "on payment of arrears and costs"
)
LABELLED = (
    "Parties: landlord and tenant of a bakery. Facts: rent arrears of three months, re-entry on a "
    "Sunday. Law: proviso for re-entry, no notice for rent, waiver by acceptance of later rent "
    "with knowledge. Application: demand on 1 May after arrears in April, hence waiver. Relief: "
    "payment of arrears and costs, six months. Outcome: probable relief for the tenant."
)
SPLIT_UP = (
    "Severance in equity, none at law: first, written notice to all other joint tenants, with "
    "effect on delivery, even without actual reading; second, an act on one's own share, such as "
    "sale, mortgage or bankruptcy; third, mutual agreement, even an unenforceable one; fourth, a "
    "course of dealing. No severance by will. Consequence: tenancy in common in equal shares."
)
ORDERED = (
    "1. Check the basis: rent or another breach.\n2. Draft the notice and name the breach, the "
    "remedy and a reasonable time.\n3. Serve it on the tenant, and keep a copy.\n4. Wait until the "
    "time has run.\n5. Issue the claim, or re-enter while nobody is there.\n6. Oppose relief "
    "or ask for terms: arrears, costs, a guarantee."
)
LISTED = (
    "Three things make a forfeiture good:\n- a proviso for re-entry in the lease, with or without "
    "demand;\n- a breach of covenant, continuing or once and for all;\n- no waiver by acceptance "
    "of later rent.\nThe landlord bears the burden of each, and a tenant who pays arrears gets "
    "relief as a rule."
)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (LINES, {"LIST_ONLY": "reject"}),
        (LABELLED, {"LIST_ONLY": "reject"}),
        (SPLIT_UP, {"TELEGRAPHIC": "flag"}),
        (ORDERED, {}),
        (LISTED, {}),
    ],
)  # fmt: skip
def test_noun_phrases_are_no_sentences(answer: str, expected: dict[str, str]) -> None:
    """Of an answer with hardly a verb nothing is said of anything; orders have verbs."""
    said = found(answer, kind="concept")
    assert {code: said[code] for code in ("LIST_ONLY", "TELEGRAPHIC") if code in said} == expected


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        (
            ("Can I leave now", "Yes. The notice has run out and nothing is owed to him any more"),
            "",
        ),
        (("Can I leave now?", "You can. Thanks x"), ""),
        (
            ("Can I leave now?", "You can, but the deposit is not his and he has to pay it"),
            "reject",
        ),
        (
            ("Can I leave now", "You can, but the deposit is not his and he has to pay the"),
            "reject",
        ),
    ],
)
def test_turns_of_a_chat_may_end_without_a_full_stop(turns: tuple[str, str], expected: str) -> None:
    """A brief last one, and a longer one where others do."""
    said = "\n\n".join(
        f"{name}: {turn}" for name, turn in zip(("Tasha", "Meg"), turns, strict=True)
    )
    assert found(said, kind="dialogue").get("TRUNCATED", "") == expected
