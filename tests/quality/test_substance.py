"""Steps that lead nowhere, sentences and questions that come again."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from legalgen.law.citations.parsed import word_set
from legalgen.quality.checks.amounts.figures import figures
from tests.quality.sayings import ANSWER, QUESTION, STEPS, found

RULE = "Rent is treated apart, so the landlord may forfeit without any notice of the breach."


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (
            (
                "A testator signs in the presence of two witnesses who attest.",
                "Marriage revokes earlier testamentary dispositions by operation of statute.",
            ),
            "flag",
        ),
        (
            (
                "A testator signs in the presence of two witnesses who attest.",
                "Rent in arrears lets the landlord re-enter without notice here.",
            ),
            "",
        ),
        (("Two witnesses attest.",), ""),
    ],
)
def test_steps_share_words_with_question_or_answer(steps: tuple[str, ...], expected: str) -> None:
    """Enough words that are all of something else."""
    assert found(f"{ANSWER} {RULE}", steps=steps).get("STEPS_OFF_TOPIC", "") == expected


AGAIN = (
    f"{RULE} Because rent is treated apart, no notice of a breach is needed before the landlord "
    "may forfeit. The landlord who wants to forfeit needs no notice of the breach where rent is "
    "treated apart. Without notice of breach, then, the landlord may forfeit, as rent is treated "
    "apart."
)
TWICE = (
    f"{RULE} Because rent is treated apart, no notice of a breach is needed before the landlord "
    "may forfeit. Relief is open to the tenant until the order is carried out. The landlord "
    "forfeits without notice of the breach, as rent is treated apart. The tenant has to pay all "
    "arrears and the costs before the day of the hearing, and then keeps the shop as it was. The "
    "landlord and the tenant may of course settle, and then the rent is paid and the shop stays."
)
ONCE = (
    f"{RULE} Relief is open to a tenant who pays all arrears and the costs before the hearing. "
    "A mortgagee of the term may ask for it as well, within six months of re-entry by force."
)


@pytest.mark.parametrize(("answer", "expected"), [(AGAIN, "reject"), (TWICE, "flag"), (ONCE, "")])
def test_sentences_that_say_the_same_again(answer: str, expected: str) -> None:
    """In other words, one after the other."""
    assert found(answer).get("PARAPHRASE", "") == expected


@pytest.mark.parametrize(
    ("case", "expected"), [("Leaf v Galleries shows", ""), ("is just", "reject")]
)
def test_paragraphs_that_begin_with_a_verdict_each(case: str, expected: str) -> None:
    """A new source in each makes them three points; without any the verdict is given anew."""
    act = "by section 2(2) of the Act" if case[0] == "L" else "at its discretion"
    told = (
        "He can. A false statement of fact that led him to contract makes the sale voidable even "
        "if the seller honestly believed it to be true.\n\n"
        "He may lose the right, however. Affirming the sale with knowledge of the truth ends it, "
        f"and so does long delay, as {case}.\n\n"
        f"He may also be kept to damages. A court can give them in its place {act}, unless the "
        "right to rescind was lost before that day."
    )
    assert found(told).get("PARAPHRASE", "") == expected


def test_a_question_that_is_told_again_is_no_answer() -> None:
    """Half of the words are hers, and the rest are those that come again and again."""
    told = (
        "Amara let a shop to Tomasz. The rent of the shop that Amara let to Tomasz is late by "
        "three months, and Amara asks whether she may now forfeit the shop for the rent of three "
        "months. Tomasz says that Amara may not forfeit the shop, and Amara says that she may."
    )
    assert "NO_ANSWER" in found(told, QUESTION)
    assert "NO_ANSWER" not in found(ONCE, QUESTION)


def test_one_shared_word_is_flagged_and_none_is_refused() -> None:
    """A good answer may be put in words of its own, but then it has some of its topic."""
    asked = "What follows when a chatbot invents the precedents that counsel put before a judge?"
    steps = ("Precedents must be verified by whoever relies on them.",)
    answer = "Wasted costs and referral to a regulator follow, and in grave instances contempt."
    topic = frozenset({"litigat", "disclosur", "pleading"})
    shared = f"{answer} Each precedent is the advocate's own duty."
    assert found(answer, asked, steps, topic=topic).get("OFF_TOPIC") == "reject"
    assert found(shared, asked, steps, topic=topic).get("OFF_TOPIC") == "flag"


def test_an_answer_to_another_question_of_the_same_topic() -> None:
    """It has hardly a word of its own question and steps; nobody has to know the topic."""
    asked = "Is a contract to hire a concert hall frustrated when the hall burns down before it?"
    steps = ("Destruction of the subject matter frustrates a bargain and releases both sides.",)
    other = (
        "A director declares the nature and extent of an interest to the others before the company "
        "enters into the transaction, at a meeting or in writing."
    )
    answer = "It is: the hall is the subject matter, and neither side answers for its destruction."
    assert found(other, asked, steps).get("OFF_TOPIC") == "reject"
    assert "OFF_TOPIC" not in found(answer, asked, steps)


@pytest.mark.parametrize(
    ("step", "first", "expected"),
    [
        ("Her claim of unfair dismissal cannot proceed.", ("Amara can bring a claim of unfair"
         " dismissal."), "reject"),
        ("The shop is not liable to Amara.", "The shop is liable to her.", "reject"),
        ("Her claim of unfair dismissal cannot proceed.", ("Every clerk can bring a claim of unfair"
         " dismissal."), ""),
        ("Her claim of unfair dismissal cannot be late.", ("Amara can bring a claim of unfair"
         " dismissal."), ""),
        ("The claim of unfair dismissal is not late.", "The claim of unfair dismissal succeeds.",
         ""),
        ("A shop is not automatically liable.", "The shop is liable to her.", ""),
        ("Tomasz cannot bring a claim of unfair dismissal.",
         "Amara can bring a claim of unfair dismissal.", ""),
        ("The claim in contract against the shop cannot succeed.",
         "The claim in negligence against the shop can succeed.", ""),
        ("Amara is not entitled to both.", "Amara is entitled to rent.", ""),
        ("The claim for the time after May cannot succeed.",
         "The claim for the time before May can succeed.", ""),
        ("The action against the first shop will not continue.",
         "The action against the second shop will continue.", ""),
        ("Her claim of unfair dismissal may not succeed.",
         "Her claim of unfair dismissal may succeed.", ""),
        ("A lease that was not made by deed is void at law.", "The lease is void at law.", ""),
        ("A tenant who holds over and has not given up the keys owes double rent.",
         "The tenant owes double rent.", ""),
        ("Where the keys were kept and were not sent back rent runs on.", "Rent runs on.", ""),
        ("A rent that does not exceed the cap stays lawful.", "The rent is lawful.", ""),
        ("A lease that was made by deed is not void at law.", "The lease is void at law.",
         "reject"),
        ("The tenant who holds over is not liable for double rent, and he may stay.",
         "The tenant is liable for double rent.", "reject"),
        ("The judge held that the lease is not void at law.", "The lease is void at law.",
         "reject"),
        ("Under the lease Amara has no right to enter the shop by night.",
         "Amara is entitled to enter the shop by night, since it is hers.", "flag"),
        ("Tomasz has no claim to the deposit on the shop.",
         "Tomasz has a claim to the deposit on the shop, since no rent was late.", "reject"),
        ("Tomasz is under no duty to insure the shop against fire.",
         "Tomasz has a duty to insure the shop against fire.", "reject"),
        ("Amara is therefore not allowed to retain the keys of the shop.",
         "Amara is allowed to retain the keys of the shop.", "reject"),
        ("Tomasz has no right to enter the shop unless he pays.",
         "Tomasz has a right to enter the shop and pays.", ""),
        ("Tomasz has no duty to insure the shop against flood and fire alike.",
         "Amara has a duty to insure the house against theft.", ""),
        ("A tenant has no claim against some landlords for repair.",
         "The tenant has a claim against the landlord for repair.", ""),
    ],
)  # fmt: skip
def test_the_last_step_and_the_first_sentence_say_one_thing(
    step: str, first: str, expected: str
) -> None:
    """Plain sentences of the same words, of which one denies what the other says."""
    said = found(f"{first} More is to be told of that below.", steps=(STEPS[0], step))
    assert said.get("CONTRADICTION", "") == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            (
                "The city may limit them if the rule is neutral as to content, narrowly "
                "tailored and leaves open other channels. A rule which looks away from content, "
                "which is tailored narrowly and which leaves channels open is allowed. In "
                "short, what the city needs is content that plays no role, narrow tailoring and "
                "open channels. So the rule of the city stands where content plays no role, "
                "tailoring is narrow, channels are open."
            ),
            "reject",
        ),
        (
            (
                "The city may limit them if the rule is neutral as to content. Noise, sleep and "
                "safety are interests that it may protect. A permit must have limits that bind "
                "officials, as discretion without them invites censorship. Street musicians keep "
                "parks, squares and private stages for louder evenings."
            ),
            "",
        ),
    ],
)
def test_sentences_that_turn_around_the_same_words(answer: str, expected: str) -> None:
    """No two of them are alike, but hardly one says anything new."""
    assert found(answer).get("PARAPHRASE", "") == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            "She may wait, since rent is treated apart, and the court will look kindly at it.",
            "flag",
        ),
        ("For the life of the photographer and seventy years after his death.", ""),
        ("On demand, since a bailment at will ends when she asks for it.", ""),
        ("As long as is reasonable in all that has happened between them.", ""),
        ("28 clear of the day of service and of the day of the hearing.", ""),
    ],
)
def test_who_asks_for_how_long_is_told_a_time(answer: str, expected: str) -> None:
    """In figures or in words; what is reasonable is one, too."""
    question = "How long may Amara wait with her claim against Tomasz for the rent?"
    assert found(answer, question).get("NO_ANSWER", "") == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Three defences are open to him. The first is waiver. The second is relief.", True),
        ("There are four limits. First, she must act. Secondly, she must not waive.", True),
        (
            "Three defences are open. The first is waiver, the second relief, the third set-off.",
            False,
        ),
        (
            "Three defences are open. The first is waiver, the second relief; the last is rare.",
            False,
        ),
        ("Two defences are open to him. The first is waiver. The second is relief.", False),
        ("He paid three instalments. The first and the second were late.", True),
        ("The second of three instalments was late.", False),
        ("The first and the second road differ. Three reports of it lead to the first.", False),
    ],
)
def test_points_that_are_promised_and_not_told(said: str, expected: bool) -> None:
    """Whoever counts them stops too early."""
    assert ("NO_ANSWER" in found(f"{ANSWER} {said}")) is expected


@pytest.mark.parametrize(
    ("steps", "said", "expected"),
    [
        (("Six hours at £33 come to £198.",), "She is owed £189 for six hours at £33.", "reject"),
        (("Six hours at £33 come to £198.",), "She is owed £240, as an hour is £33.", "reject"),
        (("Six hours at £33 come to £198.",), "She is owed £198, as an hour is £33.", ""),
        (("A third is £30.",), "She takes £60, as a third goes to him.", ""),
        (("The limit is three years.", "It runs from accrual."), "She has two years.", "flag"),
        (("The limit is three years.", "It runs from accrual."), ("She has three years, and two"
         " years are gone."), ""),
        (("Three years, or one year for libel.", "It runs from accrual."), "She has two years.",
         ""),
    ],
)  # fmt: skip
def test_what_the_steps_come_to_is_what_the_answer_says(
    steps: tuple[str, ...], said: str, expected: str
) -> None:
    """The last amount of the last step, and the one period of all."""
    question = "How long has Amara to claim £90 of wages from Tomasz, and what does he owe?"
    assert found(said, question, steps).get("INCONSISTENT", "") == expected


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("The cap on it is \u00a317.5m.", "It is \u00a317,500,000 at the most."),
        ("The loss comes to \u20b932.4 lakh.", "She is owed \u20b932,40,000 in all."),
        ("The limit is \u20b91 crore.", "It is \u20b91,00,00,000 at the most."),
        ("Repair and profit come to \u00a350k.", "She is owed \u00a350,000 in all."),
        ("A month on would be 31 September.", "It ends on 30 September."),
        ("The sum is 400 euros.", "He owes \u20ac400."),
        ("The sum is EUR 1,500.", "He owes fifteen hundred euros, or 1,500 euros."),
        ("It is two hundred and fifty thousand pounds.", "He owes \u00a3250,000 to her."),
        ("It is Rs. 5,00,000.", "He owes five hundred thousand rupees."),
        ("The limit is 400 euros; below that 5 dollars.", "He owes her the lamp."),
        ("The cap on it is \u00a35 m\u0131llion.", "It is \u00a35 at the most."),
        ("The rule gives 1,095 days.", "He owes it within 1095 days."),
        ("The rule gives 120 days.", "He owes it within one hundred and twenty days."),
        ("The rule gives a hundred and eighty days.", "He owes it within 180 days."),
        ("The rule gives two hundred days.", "He owes it within 200 days."),
        ("The rule gives seventy days.", "He owes it within 70 days."),
    ],
)
def test_an_amount_is_the_same_however_it_is_written(steps: str, said: str) -> None:
    """In figures, millions or lakhs; and a day that no month has is none."""
    question = "What does Tomasz owe to Amara for the lamp, and what is the most?"
    assert "INCONSISTENT" not in found(said, question, (STEPS[0], steps))


def test_a_list_of_periods_says_each_thing_once() -> None:
    """Its sentences are alike but for a figure or a name."""
    told = [
        f"In {place} the limitation period for a claim in contract is {years} years."
        for place, years in (("England", "six"), ("Scotland", "five"), ("Ontario", "two"))
    ]
    same = [told[0].replace("the limitation", f"{word} limitation") for word in ("any", "this")]
    assert "PARAPHRASE" not in found(" ".join([*told, *(f"Now {each}" for each in told[:1])]))
    assert "PARAPHRASE" in found(" ".join([*told[:1], *same, *same]))


def test_an_answer_in_other_words_than_a_short_question() -> None:
    """Where few words are asked it is refused only if it has no words of the topic either."""
    asked = "How are the accounts of former staff to be closed under privacy rules?"
    said = "Wipe drives and shred printed copies once wage registers have been held for so long."
    steps = ("Think of what is asked.",)
    topic = frozenset({"drives", "copies", "wipe", "shred", "regist", "drive", "copi"})
    assert found(said, asked, steps, topic=topic).get("OFF_TOPIC") == "flag"
    assert found(said, asked, steps, topic=frozenset({"lease"})).get("OFF_TOPIC") == "reject"


PERIOD = re.compile(
    r"(?<![-\w])(?<!\d[.,])(?P<n>\d{1,4}|two|seventeen|six)[ -]"
    r"(?:(?:clear|working|business|calendar|full) )?(?P<u>day|week|month|year|hour|per ?cent)s?\b"
)


@given(
    st.lists(
        st.sampled_from([
            "two", "seventeen", "six", "1", "23456", " ", " ", "-", "working ", "calendar ", "day",
            "week", "month", "s", "per", "cent", "per cent", "x", ".",
        ]),
        max_size=14,
    )
)  # fmt: skip
@example(["two", " ", "working ", "day", "s", " ", "1", "-", "month", ".", "23456", " ", "week"])
def test_periods_are_numbers_before_units(pieces: list[str]) -> None:
    """Found from the unit backwards as a pattern finds them from the number on."""
    text, words = "".join(pieces), {"two": "2", "seventeen": "17", "six": "6"}
    expected = {
        (found["u"].replace(" ", ""), words.get(found["n"], found["n"]))
        for found in PERIOD.finditer(text)
    }
    assert figures(text) == expected


LANDLORD = (
    "Amara Okafor let her bakery in Leeds to Tomasz Nowak and his rent is overdue since spring: "
    "may Okafor forfeit the lease and change the locks without going to court?"
)
FORFEITURE = (
    "Find the clause reserving re-entry in the lease.",
    "Ask whether accepting later rent waived the breach and whether anybody lives upstairs.",
)
OF_LEASES = word_set(
    "forfeit lease rent tenan landlord waiv relief entry covenant breach notic arrear possess lock "
    "premis bailif"
)
OF_DIRECTORS = (
    "A director owes loyalty to the company, and Okafor must account to it for each secret profit "
    "she made, whatever the shareholders thought of the bargain or its price."
)
OF_DRIVERS = (
    "Judges decide what negligence means, and drivers look after pedestrians. Whoever was careless "
    "compensates those injured, less a share for their own fault."
)
OF_HER_LEASE = (
    "Okafor may retake the bakery peaceably when the lease reserves such a power, although "
    "accepting rent since then waived it."
)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(OF_DIRECTORS, "reject"), (OF_DRIVERS, "reject"), (OF_HER_LEASE, "")],
)
def test_names_do_not_make_an_answer_of_this_question(answer: str, expected: str) -> None:
    """Another question is answered, be it with the same parties."""
    assert found(answer, LANDLORD, FORFEITURE, topic=OF_LEASES).get("OFF_TOPIC", "") == expected


def test_figures_that_are_taken_over_show_what_is_answered() -> None:
    """They are no telling words, and no answer to another question has them."""
    asked = "A schedule reads: Lot 17, 40 crates, 3 May. Is the sum fixed for each crate or lot?"
    steps = ("Words mean what readers with the background knowledge of parties understand.",)
    said = "For the whole of it: 17 has 40 of them on 3 May, and nothing says otherwise anywhere."
    topic = frozenset(f"contract{letter}" for letter in "abcdefghijklmnop")
    assert found(said, asked, steps, topic=topic).get("OFF_TOPIC", "") != "reject"


@pytest.mark.parametrize(
    ("steps", "said", "expected"),
    [
        ("The rule grants 400 euros.", "He owes her 250 euros.", "reject"),
        ("The rule grants four hundred euros.", "He owes her EUR 250.", "reject"),
        ("The rule grants 400 euros.", "He owes her 200 euros.", "flag"),
        ("The rule grants twenty-one days.", "He owes it. She has 28 days.", "flag"),
        ("The rule grants ten weeks.", "He owes it within twenty weeks.", "flag"),
        ("The rule grants ten weeks.", "He owes it. He has thirty-one weeks.", ""),
        ("The rule grants a month.", "He owes it. She has three months.", ""),
        ("The rule grants one week for each year.", "He owes her eleven weeks.", ""),
        ("The rule grants 21 days.", "He owes it. She has 28 days, not 14 days.", ""),
    ],
)
def test_the_only_figure_of_the_steps_is_not_another_one(
    steps: str, said: str, expected: str
) -> None:
    """Also in words; half of it is what may have come off."""
    question = "What does Tomasz owe to Amara for the lamp, and until when?"
    if "weeks" in steps:
        question = f"He was given ten weeks. {question}"
    told = found(said, question, (steps, "Nothing alters it here."))
    assert told.get("INCONSISTENT", "") == expected


@pytest.mark.parametrize(("cited", "expected"), [(("Wills Act 1837 s 9",), ""), ((), "flag")])
def test_a_short_answer_may_only_name_its_source(cited: tuple[str, ...], expected: str) -> None:
    """It need not come back to the question where it cites; one word of it is there."""
    asked = "What must homemade wills satisfy in England before they are admitted to probate?"
    said = (
        "Section 9 of the Act of 1837 asks for writing, a signature and two witnesses who are "
        "there at the same time and then sign as well. A gift to one of them fails, but wills "
        "stand without it."
    )
    topic = frozenset({"will", "succession", "estat"})
    assert found(said, asked, (), cited, topic=topic).get("OFF_TOPIC", "") == expected


def test_an_answer_without_a_word_of_the_question_may_cite_for_it() -> None:
    """What a citation is cited for says what was asked."""
    asked = "Are provisional measures that the International Court of Justice orders binding?"
    steps = ("The Court may indicate measures to preserve rights of parties.",)
    said = "Yes. LaGrand settled it. A state that disregards one is in breach, whoever wins later."
    assert found(said, asked, steps).get("OFF_TOPIC") == "reject"
    cited = ("LaGrand on provisional measures that bind: binding orders of the Court",)
    assert "OFF_TOPIC" not in found(said, asked, steps, cited)


@pytest.mark.parametrize(
    ("cited", "refused"),
    [
        ("Pitts v Hunt [1991] 1 QB 24 on joint illegality", False),
        ("Pitts v Hunt [1991] 1 QB 24", True),
    ],
)
def test_what_is_cited_may_be_what_was_asked(cited: str, refused: bool) -> None:
    """An answer in other words than the question's may cite a case in the question's."""
    asked = "Can a burglar who is hurt by his partner's driving as they flee sue him in negligence?"
    steps = ("A claim that arises from a joint crime may be barred for illegality.",)
    said = (
        "Hardly. Volenti is no defence for whoever must be insured, but ex turpi causa remains. A "
        "court weighs the purpose of each prohibition, other policies and proportion, and asks no "
        "more whether somebody has to plead his own wrong. Where bad driving is part and parcel "
        "of an escape, such a claim fails, and he bears what it cost him."
    )
    topic = frozenset(
        {"tort", "breach", "duty", "standard", "reasonabl", "care", "profession", "cause", "remot"}
        | {"damag", "foresight", "novus", "actus", "thin", "neglig"}
    )
    verdict = found(said, asked, steps, (cited,), topic=topic).get("OFF_TOPIC")
    assert (verdict == "reject") is refused
