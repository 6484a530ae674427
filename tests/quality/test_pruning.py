"""Taking references out of prose: what is left is grammatical, and nothing else is lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legalgen.quality.pruning import sentences, without

X = "Felthouse v Bindley (1862) 11 CB (NS) 869"
Y = "Li v. Yellow Cab Co., 13 Cal. 3d 804 (1975)"
KEPT = "the Law of Property Act 1925 s 53"
ALSO = "Patel v Mirza [2016] UKSC 42"


def places(text: str, *references: str) -> list[tuple[int, int]]:
    return [m.span() for ref in references for m in re.finditer(re.escape(ref), text)]


def pruned(text: str, *, turns: bool = False) -> str | None:
    """The text without ``X`` and ``Y``."""
    return without(text, places(text, X, Y), places(text, KEPT, ALSO), turns=turns)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"Silence is no acceptance ({X}). She is free.",
         "Silence is no acceptance. She is free."),
        (f"Silence is no acceptance (see {X}) and she is free.",
         "Silence is no acceptance and she is free."),
        (f"Silence (as held in {X}, at 872, on like facts) is no acceptance.",
         "Silence is no acceptance."),
        (f"It is void ({KEPT}; {X}). She is free.", f"It is void ({KEPT}). She is free."),
        (f"It is void ({X}; {KEPT}). She is free.", f"It is void ({KEPT}). She is free."),
        (f"It is void ({KEPT}; {X}; {ALSO}).", f"It is void ({KEPT}; {ALSO})."),
        (f"It is void ({X}; {Y}).", "It is void."),
        (f"She (the niece (see {X})) is free.", "She is free."),
    ],
)  # fmt: skip
def test_a_parenthesis_goes_and_its_sentence_stays(text: str, left: str) -> None:
    """Whole, or the part of it that the semicolons part off."""
    assert pruned(text) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"Silence is no acceptance; see also {X}. She is free.",
         "Silence is no acceptance. She is free."),
        (f"Silence is no acceptance: {X}.", "Silence is no acceptance."),
        (f"Silence is no acceptance, see {X}.", "Silence is no acceptance."),
        (f"Silence is no acceptance; see {X}, at 872.", "Silence is no acceptance."),
        (f"Silence is no acceptance; {X}; {Y}.", "Silence is no acceptance."),
        (f"Silence is no acceptance: {KEPT}; {X}.", f"Silence is no acceptance: {KEPT}."),
        (f"Silence is no acceptance: {X}; {KEPT}.", f"Silence is no acceptance: {KEPT}."),
        (f"The rule is clear \u2014 {X}.", "The rule is clear."),
    ],
)  # fmt: skip
def test_a_tail_of_references_goes_and_its_sentence_stays(text: str, left: str) -> None:
    """What follows a semicolon, a colon or a signal, if it says nothing but where to look."""
    assert pruned(text) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"The offer lapsed; {X}; section 2(4) of {KEPT}. She is free.",
         f"The offer lapsed; section 2(4) of {KEPT}. She is free."),
        (f"The offer lapsed; see also {X}, at 872; so she is free.",
         "The offer lapsed; so she is free."),
        (f"The offer lapsed; s 2 applies; and {X}.", "The offer lapsed; s 2 applies."),
        (f"The offer lapsed; {X}; she kept {KEPT}; {Y}.",
         f"The offer lapsed; she kept {KEPT}."),
        (f"Silence; by {X} she is free; {ALSO} agrees.", ""),
        (f"{X}; she is free; {ALSO} agrees.", ""),
        (f"Silence; {X} and {ALSO}; she is free of it.", ""),
    ],
)  # fmt: skip
def test_a_part_between_semicolons_goes_if_it_only_refers(text: str, left: str) -> None:
    """Whatever the other parts say; one that says something takes the sentence along."""
    assert pruned(text) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"A lodger pays no rent, as {X} shows. She is free.",
         "A lodger pays no rent. She is free."),
        (f"Old cases, such as {X}, remain a guide.", "Old cases remain a guide."),
        (f"Rent is owed for a month, which is what {X} decided.", "Rent is owed for a month."),
        (f"The debt is owed, and in {X} a court gave interest: time is money.",
         "The debt is owed."),
        (f"In {ALSO} it was void, and it overruled {X}, on which lenders had relied.",
         f"In {ALSO} it was void."),
        (f"The court held in {ALSO} that it was void and disapproved {X}.",
         f"The court held in {ALSO} that it was void."),
        (f"It was void by {ALSO}, preferring dissents to {X}. She is free.",
         f"It was void by {ALSO}. She is free."),
        (f"The tenant pays rent; {X} adds interest to it; a fee is owed as well.",
         "The tenant pays rent; a fee is owed as well."),
        # nothing is left that could stand by itself, or what stays goes with it
        (f"Both the Act and the rule, and {X} shows it, are old.", ""),
        (f"If she stays, and {X} says so, she pays.", ""),
        (f"The lease, the deed, and the rule in {X} are old.", ""),
        (f"The debt is owed, and {X} with {ALSO} adds interest.", ""),
        (f"It is the same as {X} requires.", ""),
        (f"The debt is owed, and in {X} interest was given. There, the sum was low.", ""),
    ],
)  # fmt: skip
def test_a_clause_goes_where_a_sentence_is_left(text: str, left: str) -> None:
    """What says who says so, or is joined to the rest; not what the rest needs."""
    assert pruned(text) == left


def test_a_sentence_stays_that_is_wanted() -> None:
    """Where nothing smaller can go; what is smaller goes all the same."""
    text = f"She is free. {X} says so. It is void ({Y})."
    left = without(text, places(text, X, Y), stays=lambda sentence: "says so" in sentence)

    assert left == f"She is free. {X} says so. It is void."


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"She is free. In {X}, silence was no acceptance. The Act agrees.",
         "She is free. The Act agrees."),
        (f"In {X}, silence was no acceptance. However, the Act says so.", "The Act says so."),
        (f"She is free. The rule in {X} is old and binds her; so is the Act.", "She is free."),
        (f"Fault is compared. {Y}. The plaintiff recovers less.",
         "Fault is compared. The plaintiff recovers less."),
        (f"Fault is compared. See {Y} and {ALSO}. He recovers less.",
         "Fault is compared. He recovers less."),
        (f"She is free. {X}", "She is free."),
        (f"No. {X} says so.", "No."),
        (f"{X} says so.", ""),
        (f"She is free! {X} says so? Yes.", "She is free! Yes."),
        (f"It is \u201cfree.\u201d {X} says so. It ends.", "It is \u201cfree.\u201d It ends."),
        (f"Under s. 53 it is void. {X} says so.", "Under s. 53 it is void."),
        (f"Mr. Okafor of Acme Ltd. sued. {X} helps Mr. Okafor. He wins.",
         "Mr. Okafor of Acme Ltd. sued. He wins."),
        (f"It was made by Acme Ltd. The Act binds it. {X} does not.",
         "It was made by Acme Ltd. The Act binds it."),
    ],
)  # fmt: skip
def test_a_sentence_that_carries_a_reference_goes_whole(text: str, left: str) -> None:
    """No full stop of a name or an abbreviation is taken for its end."""
    assert pruned(text) == left


@pytest.mark.parametrize(
    ("follows", "goes"),
    [
        ("That case also concerned a nephew.", True), ("There, the uncle wrote.", True),
        ("The court held that silence is nothing.", True), ("Lord Denning added a point.", True),
        ("It was followed in a later case.", True), ("His reasoning is sound.", True),
        ("In that decision nothing was said.", True), ("The Court of Appeal held so.", True),
        ("Her claim is good.", False), ("It was made in haste.", False),
        ("The court will look at the Act.", False), ("This means that she is free.", False),
        ("There is no contract.", False), ("In that event she pays.", False),
    ],
)  # fmt: skip
def test_what_speaks_only_of_the_case_goes_with_it(follows: str, goes: bool) -> None:
    """A sentence that would have nothing to refer to; one of the client's own facts stays."""
    left = pruned(f"She is free. {X} says so. {follows} The end is near.")

    assert left == f"She is free. {'' if goes else follows + ' '}The end is near."


def test_lists_lose_items_and_keep_count() -> None:
    """A line goes with its mark; the numbers after it are counted anew."""
    numbered = f"1. An offer is made.\n2. {X} decides it.\n3. So she is free.\n\nThat is all."
    lettered = f"- The rule is old ({X})\n- {X}\n- The rest"
    letters = f"(a) An offer is made.\n(b) {X} decides it.\n(c) So she is free."
    labelled = f"Issue: Is she bound?\nRule: {X} governs. The Act too.\nConclusion: No."

    assert pruned(numbered) == "1. An offer is made.\n2. So she is free.\n\nThat is all."
    assert pruned(letters) == "(a) An offer is made.\n(b) So she is free."
    assert pruned(lettered) == "- The rule is old\n- The rest"
    assert pruned(labelled) == "Issue: Is she bound?\nRule: The Act too.\nConclusion: No."


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"Client: Am I bound?\nSolicitor: No. {X} says so.\nClient: Good.",
         "Client: Am I bound?\nSolicitor: No.\nClient: Good."),
        (f"Client: Am I bound?\nSolicitor: {X} says no. You are free.\nClient: Good.",
         "Client: Am I bound?\nSolicitor: You are free.\nClient: Good."),
        (f"Client: Am I bound? Solicitor: {X} says no. You are free. Client: Good.",
         "Client: Am I bound? Solicitor: You are free. Client: Good."),
        (f"Client: Am I bound?\nSolicitor: {X} says no.\nClient: Good.", None),
        (f"Client: Am I bound? Solicitor: {X} says no. Client: Good.", None),
    ],
)  # fmt: skip
def test_a_speaker_keeps_something_to_say(text: str, left: str | None) -> None:
    """A turn loses sentences and keeps its speaker; a turn that would be empty cannot be."""
    assert pruned(text, turns=True) == left


@pytest.mark.parametrize("before", ["Talk of revolt is free; [1] ", "It is free (see ", "See "])
def test_a_reference_in_two_lines_takes_both_with_it(before: str) -> None:
    """Whatever stands beside its halves: neither is left, and neither is taken for a tail."""
    text = f"Speech is protected.\n{before}Brandenburg v.\nOhio, 395 U.S. 444 (1969).\nSo it is."
    spans = places(text, "Brandenburg v.\nOhio, 395 U.S. 444 (1969)")
    assert without(text, spans) == "Speech is protected.\nSo it is."


def test_without_references_a_text_is_left_alone() -> None:
    """Odd spacing and all: what is not asked for is not tidied."""
    odd = "It  is , so .\n\n\n\n1. a\n3. b ()"

    assert without(odd, []) == odd


def test_sentences_are_found_where_lawyers_write_them() -> None:
    """Sections, initials, numbers and firms do not end one."""
    text = (
        "By s. 53 and art. 6 of the Act, Mr. A. Bose of Kestrel Inc. owes 2.5 per cent. No. 4 says "
        'so too! "It is due." (See r. 3.1.) And then?'
    )
    found = [text[each.start : each.end] for each in sentences(text)]

    assert found == [
        "By s. 53 and art. 6 of the Act, Mr. A. Bose of Kestrel Inc. owes 2.5 per cent.",
        "No. 4 says so too!", '"It is due."', "(See r. 3.1.)", "And then?",
    ]  # fmt: skip


_PIECE = st.sampled_from(
    [
        "She is free",
        X,
        Y,
        ALSO,
        KEPT,
        "(",
        ")",
        ". ",
        "; ",
        ": ",
        ", ",
        "\n",
        "1. ",
        "- ",
        " v ",
        "A:",
    ]
)


@given(st.lists(_PIECE, max_size=14), st.booleans())
def test_no_reference_survives_and_nothing_is_invented(pieces: list[str], turns: bool) -> None:
    """Whatever the text: the reference is gone, and all that is left stood there before."""
    text = "".join(pieces)
    left = pruned(text, turns=turns)

    assert left is None or (X not in left and Y not in left)
    words = {word.casefold() for word in re.findall(r"[A-Za-z]+", text)}
    assert left is None or {w.casefold() for w in re.findall(r"[A-Za-z]+", left)} <= words
