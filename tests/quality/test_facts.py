"""The facts of an answer are its question's: who is who, names, periods and dates."""

from __future__ import annotations

import pytest

from tests.quality.sayings import found

SOLD = "Amara Banik sold a boat to Tomasz Kern, and it sank at Hull. Who bears the risk?"


@pytest.mark.parametrize(
    ("said", "asked", "expected"),
    [
        ("The risk is on Amara Banik, as buyer, from delivery.", SOLD, "flag"),
        ("The buyer, Amara, bears it.", SOLD, "flag"),
        ("Tomasz is the seller and bears it.", SOLD, "flag"),
        ("It is for Tomasz, as lender, to prove it.",
         "Tomasz borrowed £500 from Amara. Who proves what?", "flag"),
        ("Tomasz is the employer and pays.", "Tomasz works for Rill Ltd. Who pays?", "flag"),
        ("It was Amara, the tenant, who sued.", ("The landlord, Amara, sued Tomasz. Does she "
         "win?"), "flag"),
        ("As was said, Amara Oyelaran bears it.", SOLD, "flag"),
        ("With only eight months behind him he falls short of it.",
         "Tomasz Kern was dismissed after fourteen months of service. Has he a claim?", "flag"),
        ("Okoro signed the lease of the mill on 8 August 2024 and is bound.",
         "Tamsin Okoro signed the lease of the mill on 3 May 2024. Is she bound?", "flag"),
        ("The seller keeps the \u00a32,150 deposit.",
         "Tamsin Okoro paid a deposit of \u00a31,250. May the seller keep it?", "flag"),
        ("Since he came five hours late, the price is due back.",
         "Tomasz Kern came 9 hours late to Athens. What is due?", "flag"),
        ("His delay of five hours leads to the whole sum.",
         "Tomasz Kern came after a nine-hour delay. What is due?", "flag"),
        ("Tomasz owes Amara the whole of the $8,400, as he knew of it.",
         "Tomasz owes Amara \u00a38,400. Must he pay?", "flag"),
        ("Tomasz owes Amara the whole of 8,400 euros, as he knew of it.",
         "Tomasz owes Amara \u00a38,400. Must he pay?", "flag"),
        ("Kern may forfeit. As the landlord he has a right to enter.",
         "Amara Banik let a shop to Tomasz Kern. Who may forfeit?", "flag"),
        ("Kern may forfeit, and Banik, his tenant, has to leave.",
         "Amara Banik let a shop to Tomasz Kern. Who may forfeit?", "flag"),
        ("The shop is closed by his tenant, Banik, at once.",
         "Amara Banik let a shop to Tomasz Kern. Who may forfeit?", "flag"),
        ("It is void. Her lease of two years could stand in equity only if it were in writing.",
         "Amara Banik has a lease of ten years by word of mouth. Is it good?", "flag"),
        ("She may leave, as her lease of six years is over.",
         "Amara Banik has a lease of ten years. May she leave?", "flag"),
        ("He owes her the whole. The price of $4,300 is due.",
         "Tomasz bought a boat from Amara for a price of $3,400. What is due?", "flag"),
        ("Sound it was worth £38,000 and now it is worth £28,000, a difference of £10,000.",
         "Yarn would be worth £40,000 if sound and is worth £28,000. What is due?", "flag"),
        ("The claim for £14,800 is out of time.",
         "Okoro sued for £18,400 after six years. Is the claim in time?", "flag"),
    ],
)  # fmt: skip
def test_other_facts_are_told(said: str, asked: str, expected: str) -> None:
    """Refused where a party is made the other side."""
    assert found(said, asked).get("FACTS_CHANGED") == expected


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("Tomasz Kern bears it as buyer, and Amara, the seller, does not.", SOLD),
        ("The buyer's risk is the usual one, and Amara, the buyer's friend, has none.", SOLD),
        ("Tomasz, as claimant, must prove it; Amara Banik is the defendant.", SOLD),
        ("Mr Kern bears it. Ms Banik does not, and Amara Banik keeps the price.", SOLD),
        ("Tomasz, as landlord of Lena, may keep her in.",
         "Amara let a shop to Tomasz, who sublet it to Lena Roth. May she stay?"),
        ("Tomasz is the seller to Lena, as Amara was to him.",
         "Amara sold a boat to Tomasz, and Lena Roth has it now. Whose is it?"),
        ("She may, as only two weeks are allowed by the rule.",
         "Tamsin Okoro was late by three weeks. May she be dismissed?"),
        ("She may, for only one year was needed and fourteen months are enough.",
         "Tamsin Okoro worked for fourteen months. May she claim?"),
        ("Okoro must pay by 3 June, a month later.",
         "Tamsin Okoro signed on 3 May 2024. When must she pay?"),
        (f"The seller keeps the \u00a3{'9' * 60} deposit.",
         "Tamsin Okoro paid a deposit of \u00a30.07. May the seller keep it?"),
        ("Tomasz owes Amara \u00a38,400, which were $10,500 when he knew of it.",
         "Tomasz owes Amara \u00a38,400. Must he pay?"),
        ("Tomasz owes Amara \u20ac8,400, the value of \u00a37,000.",
         "Tomasz owes Amara \u00a37,000 or \u20ac8,400. Must he pay?"),
        ("Banik may forfeit. As the landlord she has a right to enter.",
         "Amara Banik let a shop to Tomasz Kern. Who may forfeit?"),
        ("Kern, her tenant, may ask for relief. As a tenant he is entitled to it.",
         "Amara Banik let a shop to Tomasz Kern. Who may forfeit?"),
        ("He is paid, because whoever comes three hours late is.",
         "Tomasz Kern came 9 hours late to Athens. What is due?"),
        ("He is paid, for he came 9 hours late, and his friend was five hours late.",
         "Tomasz Kern came 9 hours late to Athens. What is due?"),
        ("Her lease would be a deed if she had a lease of four years.",
         "Amara Banik has a lease of ten years. May she leave?"),
        ("She has no claim, since her two years of service are required by the Act.",
         "Amara Banik left after 14 months of service. What may she claim?"),
        ("Of the \u00a31,250 deposit he keeps a fifth, and the deposit of \u00a3300 is another's.",
         "Tamsin Okoro paid a deposit of \u00a31,250. May the seller keep it?"),
        ("He would keep it if the deposit of \u00a3900 had been fair.",
         "Tamsin Okoro paid a deposit of \u00a31,250. May the seller keep it?"),
        ("He keeps the \u00a32,500 deposit of both.",
         "Tamsin Okoro and her son each paid a deposit of \u00a31,250. May the seller keep it?"),
        ("He keeps a deposit of \u00a3400, and the rest goes back to her.",
         "Tamsin Okoro paid a deposit of \u00a31,250. May the seller keep it?"),
        ("He keeps the \u00a3900 deposit.",
         "She paid a deposit of \u00a31,250 and then a deposit of \u00a3800. What is kept?"),
        ("The fee of \u00a3700 is due.",
         "Tamsin Okoro paid a deposit of \u00a31,250. May the seller keep it?"),
        ("A fee of £2,100 is due beside it.", "Okoro claims £1,200. What is due?"),
        ("Of the £18,400 she has £14,800 back.", "Okoro sued for £18,400. What has she back?"),
        ("He must consult all 220 employees first.",
         "Tomasz Kern has two hundred and twenty employees. Whom must he consult?"),
        ("Okoro is bound, since the Act is in force since 1 April 2024.",
         "Tamsin Okoro signed on 3 May 2024. Is she bound?"),
    ],
)  # fmt: skip
def test_what_the_question_allows_passes(said: str, asked: str) -> None:
    """Its own roles and names, a third party, what a law requires, a day that is counted."""
    assert "FACTS_CHANGED" not in found(said, asked)
