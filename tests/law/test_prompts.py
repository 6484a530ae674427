"""Prompts: what every one of them holds, how a refusal is sent back, and what the seeds vary."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import date
from functools import cache
from importlib import resources

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from legalgen.completion import Message, Prompt
from legalgen.errors import Reason
from legalgen.law.axes import Area, Authority, Filter
from legalgen.law.citations import Authorities, parse
from legalgen.law.planner import Task, TaskPlanner, dated, renew
from legalgen.law.prompts.menu import MOST, Menu
from legalgen.law.prompts.prompter import Prompter
from legalgen.law.prompts.seeds import Seeds, draw, seeds_json
from legalgen.law.taxonomy import Taxonomy
from legalgen.settings.types import CitationPolicy
from legalgen.store.sample import ANSWER_SCHEMA, Draft

BUILTIN = Taxonomy.builtin()
CHARACTERS_PER_TOKEN = 4.3
POLICIES: tuple[CitationPolicy, ...] = ("statute-first", "apex-only", "menu", "free")


@cache
def prompter(policy: CitationPolicy = "statute-first", extra: str | None = None) -> Prompter:
    """One for all tests: it holds no state."""
    return Prompter(BUILTIN, citation_policy=policy, reasoning_instruction=extra)


@cache
def tasks(n: int = 20, asked: Filter | None = None, seed: int = 3) -> tuple[Task, ...]:
    return tuple(TaskPlanner(BUILTIN, asked or Filter(), {}, seed, "2026-11").plan(n))


@cache
def every_cell() -> tuple[Task, ...]:
    return tuple(_cells())


def _cells() -> Iterator[Task]:
    """A task for each cell of the built-in taxonomy, with its topic's longest subtopic."""
    for leaf in BUILTIN.leaves():
        for seed, (difficulty, kind) in enumerate(leaf.pairs):
            yield Task(
                slot=seed,
                jurisdiction=leaf.jurisdiction,
                sub_jurisdiction=leaf.sub_jurisdiction,
                practice_area=leaf.practice_area,
                topic=leaf.id,
                subtopic=max(leaf.subtopics, key=len),
                difficulty=difficulty,
                sample_type=kind,
                as_of="2026-11",
                seed=seed,
            )


@cache
def of_every_cell(policy: CitationPolicy) -> tuple[Prompt, ...]:
    return tuple(map(prompter(policy).build, every_cell()))


def user(prompt: Prompt) -> str:
    return prompt.messages[-1].content


# ---------------------------------------------------------------------------- every prompt


@pytest.mark.parametrize("policy", POLICIES)
def test_no_prompt_of_any_cell_is_longer_than_600_tokens(policy: CitationPolicy) -> None:
    """Under each policy, system and user message together stay in the budget for every cell."""
    longest = max(of_every_cell(policy), key=Prompt.characters)
    assert longest.characters() / CHARACTERS_PER_TOKEN <= 600, user(longest)


def test_the_system_message_is_one_for_the_whole_batch() -> None:
    """For every cell it is byte for byte the same, comes first, and the cell comes last."""
    prompts = of_every_cell("statute-first")
    assert len({prompt.messages[0] for prompt in prompts}) == 1
    assert {tuple(m.role for m in prompt.messages) for prompt in prompts} == {("system", "user")}


def test_every_cell_has_its_own_words() -> None:
    """No two cells ask for the same, whatever the seeds."""
    assert len({user(prompt) for prompt in of_every_cell("statute-first")}) == BUILTIN.cells()


def test_a_prompt_asks_for_what_the_schema_holds() -> None:
    """Each field is explained in the order of the schema; JSON mode finds its word."""
    prompt = prompter().build(tasks(1)[0])
    system = prompt.messages[0].content
    fields = ["question", "reasoning_steps", "answer", "citations"]
    assert (prompt.schema, prompt.temperature) == (ANSWER_SCHEMA, 0.7)
    assert list(json.loads(system.splitlines()[3])) == fields
    explained = [system.index(f"\n{field}: ") for field in fields]
    assert explained == sorted(explained)
    assert "json" in system.lower()
    assert "law as at" not in system
    assert not re.search(r"\$\w", "".join(m.content for m in prompt.messages[:1]))


def test_the_cell_states_its_bounds_and_its_law() -> None:
    """One cell, read as a whole: law, point, features, lengths, requirement, angle, authorities."""
    task = Task(
        slot=0,
        jurisdiction="uk",
        sub_jurisdiction="scotland",
        practice_area="scots-criminal",
        topic="scots-crime-procedure",
        subtopic="corroboration",
        difficulty="advanced",
        sample_type="advice",
        as_of="2026-11",
        seed=1,
    )
    seeds = prompter().seeds(task)
    assert user(prompter().build(task)).splitlines() == [
        "Write one sample as JSON.",
        "Law: Scotland",
        "State the law as at 2026-11, no later.",
        "Field: Scots Criminal Law, Scots Crime, Evidence and Procedure. Point: corroboration",
        "Difficulty: Advanced (three issues, or authorities that pull in different directions)",
        (
            "Form: Advice to a client. A client describes a problem. Advise: position in law, "
            "strengths, risks, options, what to do next."
        ),
        (
            "Length: answer 230 to 748 words (aim for 460); 3 to 7 reasoning steps; at least "
            "1 citation, legislation will do."
        ),
        "Required: practical next steps are named.",
        (
            f"Angle, where it fits: {seeds.perspective}, {seeds.stage}; setting: {seeds.sector}. "
            f"Question form: {FORMS[seeds.form]}."
        ),
        (f"Names and figures: {', '.join(seeds.names)}; {seeds.amount}; {seeds.date}."),
        (
            "Listed authorities (only where they fit): Lord Advocate's Reference (No 1 of 2023) "
            "[2023] HCJAC 40; HM Advocate v PG and JM [2024] HCJAC 43."
        ),
    ]


def test_the_date_is_a_line_of_the_cell_and_of_nothing_else() -> None:
    """Models of different knowledge get one system message, byte for byte; without a month none."""
    task = tasks(1, Filter(sample_types=("hypothetical",)))[0]
    prompts = [prompter().build(dated(task, month)) for month in ("2024-06", "2026-11", None)]
    assert len({prompt.messages[0] for prompt in prompts}) == 1
    lines = [
        [line for line in user(prompt).splitlines() if line.startswith("State the law")]
        for prompt in prompts
    ]
    assert lines == [
        ["State the law as at 2024-06, no later."],
        ["State the law as at 2026-11, no later."],
        [],
    ]
    assert len({prompt.version for prompt in prompts}) == 1


def test_dates_of_facts_lie_before_the_law_that_is_asked_for() -> None:
    """From two to thirty months before it; where no month is named, the facts name no year."""
    for number in range(200):
        task = replace(tasks(1)[0], seed=number)
        day, month, year = prompter().seeds(dated(task, "2024-06")).date.split()
        at = date(int(year), MONTHS.index(month) + 1, int(day))
        assert date(2021, 12, 1) <= at < date(2024, 5, 1)
        assert len(prompter().seeds(dated(task, None)).date.split()) == 2
        names = {prompter().seeds(dated(task, one)).names for one in ("2024-06", None)}
        assert len(names) == 1


MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def test_a_judge_is_told_the_month_of_the_row() -> None:
    """As at the month that its writer was given, or as at none."""
    draft = Draft("Is it?", (), "It is.", ())
    for month, said in (("2024-06", True), (None, False)):
        prompt = prompter().judge(dated(tasks(1)[0], month), draft)
        assert ("As at: 2024-06." in user(prompt)) is said
        assert ("As at" in user(prompt)) is said


FORMS = {
    "scenario": "a scenario with concrete facts, then one question",
    "draft-advice": "a request to draft a short advice or note",
    "can-i": 'a "can I", "must I" or "what if" question',
}


def test_types_that_tell_no_facts_get_no_parties() -> None:
    """A case note about a real case is given no invented names, sums or dates to put into it."""
    for task in tasks(40, Filter(sample_types=("case_note", "concept"))):
        seeds = prompter().seeds(task)
        said = user(prompter().build(task))
        assert not [word for word in (*seeds.names, seeds.amount, seeds.date) if word in said]


def test_policies_differ_in_prose_and_in_the_list() -> None:
    """Each policy has a system message of its own; two of them list the topic's authorities."""
    task = replace(tasks(1, Filter(topics=("formation",)))[0], subtopic="unilateral offers")
    prompts = {policy: prompter(policy).build(task) for policy in POLICIES}
    assert len({prompt.messages[0].content for prompt in prompts.values()}) == 4
    listing = {policy for policy, prompt in prompts.items() if "Carlill" in user(prompt)}
    assert listing == {"statute-first", "menu"}
    with pytest.raises(ValueError, match="no citation policy"):
        Prompter(BUILTIN, citation_policy="strict")  # type: ignore[arg-type]


def test_a_users_sentence_ends_the_system_message() -> None:
    """The reasoning instruction is added once, after everything that is always there."""
    sentence = "Weigh both parties' strongest argument."
    plain, extra = prompter(), prompter(extra=f" {sentence} \n")
    task = tasks(1)[0]
    assert extra.build(task).messages[0].content == (
        f"{plain.build(task).messages[0].content}\n{sentence}"
    )
    assert extra.version() != plain.version()


def test_the_version_names_the_prose() -> None:
    """Date, letter and a hash; the same for equal prose, another for each policy and style."""
    versions = [prompter(policy).version() for policy in POLICIES]
    assert len({*versions, prompter().version("toy")}) == 5
    assert prompter().version() == prompter().version() == prompter().build(tasks(1)[0]).version
    assert all(re.fullmatch(r"2026-11\.c-[0-9a-f]{8}", version) for version in versions)


def test_a_user_taxonomys_own_types_change_the_version() -> None:
    """Instructions of sample types are prose too."""
    first, *rest = BUILTIN.sample_types
    changed = msgspec.structs.replace(first, instructions="Ask something else.")
    own = msgspec.structs.replace(BUILTIN, sample_types=(changed, *rest))
    assert Prompter(own).version() != prompter().version()


# ---------------------------------------------------------------------------- the gate's bounds


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        ((6, 220), "10 to 150"),
        ((25, 220), "25 to 150"),
        ((6, 80), "10 to 80"),
        ((160, 220), "160 to 220"),
        ((4, 8), "4 to 8"),
        ((150, 220), "exactly 150"),
    ],
)
def test_a_question_is_asked_for_within_the_gates_bounds(gate: tuple[int, int], said: str) -> None:
    """What is stricter than usual is told; what is looser changes nothing."""
    words = Prompter(BUILTIN, question_words=gate)
    [system] = {words.build(task).messages[0].content for task in tasks(30)}
    assert f"question: complete in itself, {said} words, with" in system
    assert (system == prompter().build(tasks(1)[0]).messages[0].content) is (gate == (6, 220))
    assert (words.version() == prompter().version()) is (gate == (6, 220))


@pytest.mark.parametrize(
    ("kind", "least", "said"),
    [
        ("short_qa", 0, "citations only if needed"),
        ("short_qa", 2, "at least 2 citations, legislation will do"),
        ("case_analysis", 1, "at least 2 citations, legislation will do"),
        ("case_note", 3, "at least 3 citations, the case among them"),
    ],
)
def test_the_gates_least_citations_are_asked_for(kind: str, least: int, said: str) -> None:
    """The larger of the type's number and the user's stands in the cell; the rest stays."""
    task = tasks(1, Filter(sample_types=(kind,)))[0]
    words = Prompter(BUILTIN, min_citations=least)
    prompt = words.build(task)
    assert f"; {said}.\n" in user(prompt)
    assert prompt.messages[0] == prompter().build(task).messages[0]


# ---------------------------------------------------------------------------- the user's list

OWN_CASES = [
    f"Adeyemi v Braithwaite [{year}] UKSC {n}" for year in (2011, 2014) for n in range(91, 99)
]
OWN_LIST = (
    *OWN_CASES,
    "Contracts (Rights of Third Parties) Act 1999",
    "Theft Act 1968",
    "Obergefell v. Hodges, 576 U.S. 644 (2015)",
    "Case C-901/15 Adeyemi",
    "Mabo v Queensland (No 2) [1992] HCA 23",
    "Donoghue v Stevenson",
)


def with_list(policy: CitationPolicy = "menu", listed: tuple[str, ...] = OWN_LIST) -> Prompter:
    return Prompter(BUILTIN, citation_policy=policy, menu=Menu(listed))


def offered(prompt: Prompt) -> list[str]:
    """The authorities that a prompt lists, in order."""
    begins = "Listed authorities (only where they fit): "
    [line] = [each for each in user(prompt).splitlines() if each.startswith(begins)]
    return line.removeprefix(begins).removesuffix(".").split("; ")


def topic_of(task: Task) -> tuple[str, ...]:
    leaf = BUILTIN.leaf(task.jurisdiction, task.practice_area, task.topic)
    return leaf.offered(task.subtopic, task.as_of, case=task.sample_type == "case_note")


def test_an_authority_is_offered_with_the_points_that_it_decides() -> None:
    """Not on the whole topic; a case note gets the topic's others after them."""
    formation = tasks(1, Filter(topics=("formation",)))[0]
    battle = replace(formation, subtopic="battle of the forms", sample_type="short_qa")
    assert offered(prompter().build(battle)) == ["none"]
    note = offered(prompter().build(replace(battle, sample_type="case_note")))
    assert note == list(BUILTIN.leaf("uk", "contract", "formation").cites)


def test_what_is_newer_than_a_models_knowledge_is_not_asked_of_it() -> None:
    """By the month that the taxonomy gives, else by the year in the citation."""
    arbitration = tasks(1, Filter(topics=("uk-arbitration",)))[0]
    seat = replace(arbitration, subtopic="law of the arbitration agreement", sample_type="short_qa")
    listed = {
        month: offered(prompter().build(replace(seat, as_of=month)))
        for month in ("2024-06", "2025-07", "2025-08", "")
    }
    new = ["Arbitration Act 2025", "Arbitration Act 1996, s 6A"]
    assert listed == {"2024-06": ["none"], "2025-07": ["none"], "2025-08": new, "": new}
    own = Authority("Adeyemi v Braithwaite [2025] UKSC 91")
    assert (own.known("2024-12"), own.known("2025-01"), own.known("")) == (False, True, True)


def test_a_cell_of_ethics_names_the_rules_of_its_lawyers() -> None:
    """Each law has its own; under grounded nothing but the passages may be cited."""
    found = {}
    for leaf in BUILTIN.leaves(Filter(sample_types=("ethics",))):
        task = replace(
            tasks(1)[0], jurisdiction=leaf.jurisdiction, sub_jurisdiction=leaf.sub_jurisdiction,
            practice_area=leaf.practice_area, topic=leaf.id, subtopic=leaf.subtopics[0],
            difficulty="advanced", sample_type="ethics",
        )  # fmt: skip
        words = user(prompter().build(task))
        [line] = [each for each in words.splitlines() if each.startswith("Required: ")]
        found[leaf.sub_jurisdiction] = line.partition("Lawyers there are bound by: ")[2]
        assert "bound by" not in user(prompter("grounded").build(task))
    assert all(found.values())
    assert "SRA Code of Conduct for Solicitors" in found["england-wales"]
    assert len(set(found.values())) == len(found) >= 7


def test_a_users_list_is_offered_after_the_topics_own() -> None:
    """The topic's authorities first and all, then the user's whose words fit the topic."""
    task = tasks(1, Filter(topics=("formation",)))[0]
    found = offered(with_list().build(task))
    own = list(topic_of(task))
    assert found[: len(own)] == own
    assert found[len(own)] == "Contracts (Rights of Third Parties) Act 1999"
    assert set(found[len(own) + 1 :]) <= set(OWN_LIST)
    assert len(found) > len(own) + 2


@pytest.mark.parametrize(
    ("jurisdiction", "elsewhere"),
    [("uk", OWN_LIST[-4:]), ("us", OWN_LIST[:-4]), ("eu", OWN_LIST[:-3])],
)
def test_only_authorities_of_the_tasks_jurisdiction_are_offered(
    jurisdiction: str, elsewhere: tuple[str, ...]
) -> None:
    """Neither another country's nor one whose words do not say where it is from."""
    for task in tasks(40, Filter(jurisdictions=(jurisdiction,))):
        leaf = BUILTIN.leaf(task.jurisdiction, task.practice_area, task.topic)
        more = set(offered(with_list().build(task))) - set(leaf.cites)
        assert more <= set(OWN_LIST) - set(elsewhere)
        assert more


def test_a_jurisdiction_of_the_users_gets_what_is_of_none_known() -> None:
    """Of a country that the grammar does not know, all that it places nowhere else may be."""
    leaf = msgspec.structs.replace(BUILTIN.leaves()[0], jurisdiction="au", authorities=())
    task = replace(tasks(1)[0], jurisdiction="au")
    found = Menu(OWN_LIST).offered(task, leaf, "", case=False, room=1000)
    assert set(found) == {"Mabo v Queensland (No 2) [1992] HCA 23", "Donoghue v Stevenson"}


@pytest.mark.parametrize("policy", ["statute-first", "menu"])
def test_a_long_list_keeps_every_prompt_within_600_tokens(policy: CitationPolicy) -> None:
    """With a list of more than fits system and user message stay in the budget: every fourth
    cell."""
    listed = tuple(f"{case} and {name}" for case in OWN_CASES for name in ("Another", "Others"))
    words = with_list(policy, listed)
    prompts = [words.build(task) for task in every_cell()[::4]]
    assert max(map(Prompt.characters, prompts)) / CHARACTERS_PER_TOKEN <= 600
    assert len({prompt.messages[0] for prompt in prompts}) == 1


def test_no_more_than_a_handful_is_offered() -> None:
    """A list of very short entries is cut at a number, too."""
    listed = tuple(f"[20{year}] UKSC {n}" for year in range(10, 26) for n in range(1, 9))
    task = tasks(1, Filter(topics=("formation",)))[0]
    leaf = BUILTIN.leaf(task.jurisdiction, task.practice_area, task.topic)
    found = Menu(listed).offered(task, leaf, "", case=False, room=10_000)
    assert len(found) == len(topic_of(task)) + MOST


def test_what_is_offered_follows_the_seed() -> None:
    """The same task is offered the same; another seed or variation draws other cases."""
    task = tasks(1, Filter(topics=("formation",)))[0]
    lists = [
        offered(with_list().build(replace(task, seed=seed, variation=variation)))
        for seed, variation in [(1, 0), (1, 0), (2, 0), (1, 1)]
    ]
    assert lists[0] == lists[1]
    assert lists[0] not in lists[2:]


def test_what_a_topic_lists_is_not_offered_twice() -> None:
    """Also under another form of name, and with a pinpoint."""
    task = replace(tasks(1, Filter(topics=("homelessness",)))[0], subtopic="priority need")
    listed = ("Hotak v London Borough of Southwark [2015] UKSC 30", "Housing Act 1996 s 189")
    assert offered(with_list(listed=listed).build(task)) == list(topic_of(task))


def test_policies_without_a_list_offer_nothing_of_it() -> None:
    """Where the prose speaks of no list the user's changes no word."""
    task = tasks(1)[0]
    for policy in ("apex-only", "free"):
        assert user(with_list(policy).build(task)) == user(prompter(policy).build(task))


def test_a_case_note_is_offered_a_case_whatever_its_length() -> None:
    """A topic without a case of its own is given one of the user's, even over the budget."""
    leaf = next(leaf for leaf in BUILTIN.leaves() if leaf.jurisdiction == "uk")
    bare = msgspec.structs.replace(leaf, authorities=(Authority("Theft Act 1968"),))
    long = f"{'Very Long Name ' * 20}v Another [2014] UKSC 3"
    menu = Menu(["Fraud Act 2006", long, "Wills Act 1837"])
    task = tasks(1)[0]
    assert menu.offered(task, bare, "", case=True, room=0) == ["Theft Act 1968", long]
    assert menu.offered(task, bare, "", case=False, room=0) == ["Theft Act 1968"]
    assert (menu.has_case(bare), Menu().has_case(bare), Menu().has_case(leaf)) == (
        True,
        False,
        any(each.is_case for text in leaf.cites for each in parse(text)),
    )


def test_cases_of_the_list_come_first_in_a_case_note() -> None:
    """An Act whose words fit the topic does not take the place of a case."""
    task = tasks(1, Filter(topics=("formation",), sample_types=("case_note",)))[0]
    more = offered(with_list().build(task))[len(topic_of(task)) :]
    assert more
    assert more[0] in OWN_CASES


def test_under_menu_a_case_note_is_about_a_listed_case() -> None:
    """What the type requires and what the policy allows are one sentence after the other."""
    asked = Filter(topics=("formation",), sample_types=("case_note",))
    task = tasks(1, asked)[0]
    sentence = (
        "Required: the case is one of the highest court or one listed as an authority. "
        "The case is one of those listed below, cited as it stands there."
    )
    assert sentence in user(with_list().build(task)).splitlines()
    assert "listed below" not in user(with_list("statute-first").build(task))
    other = tasks(1, Filter(topics=("formation",), sample_types=("advice",)))[0]
    assert "listed below" not in user(with_list().build(other))


def test_the_gate_knows_every_case_that_is_offered() -> None:
    """A case of the user's, copied from the prompt, is one that ``menu`` accepts."""
    known = Authorities.of(BUILTIN.authorities(), strict=False) | Authorities.of(OWN_LIST)
    for task in tasks(60, Filter(jurisdictions=("uk",), sample_types=("case_note",))):
        cases = [text for text in offered(with_list().build(task)) if text in OWN_CASES]
        assert cases
        assert all(known.lists(each) for text in cases for each in parse(text))


# ---------------------------------------------------------------------------- repairs

REASONS = [
    Reason("ANSWER_LENGTH", "71 words, need 250-750", "answer"),
    Reason("CITATION_IMPOSSIBLE", '"[2005] UKSC 12": the Supreme Court began in 2009', "citations"),
    Reason("MARKUP", "headings in a short answer", "answer", reject=False),
]


def test_a_repair_quotes_the_reasons_after_the_refused_answer() -> None:
    """The answer goes back as the assistant's turn, then each hard reason in full."""
    prompt = prompter().build(tasks(1)[0])
    repaired = prompter().repair(prompt, ' {"question": "Q"} ', REASONS)
    assert repaired.messages == (
        *prompt.messages,
        Message("assistant", '{"question": "Q"}'),
        Message(
            "user",
            "Fix and return the full JSON. ANSWER_LENGTH: 71 words, need 250-750. "
            'CITATION_IMPOSSIBLE: "[2005] UKSC 12": the Supreme Court began in 2009. '
            "Where a citation is in doubt, cite an Act and section instead or leave it out; "
            "do not guess another name or number. Keep the question unchanged.",
        ),
    )
    assert (repaired.version, repaired.schema, repaired.seed) == (
        prompt.version,
        prompt.schema,
        prompt.seed,
    )


def test_the_question_may_change_when_it_is_at_fault() -> None:
    """It is asked to stay only when no reason is about it, or about the answer as a whole."""
    prompt = prompter().build(tasks(1)[0])
    for field, kept in {"question": False, "answer": True, None: False}.items():
        said = user(prompter().repair(prompt, "{}", [Reason("X", "wrong", field)]))
        assert ("Keep the question unchanged." in said) is kept


@given(codes=st.lists(st.sampled_from(["CITATION_IMPOSSIBLE", "CITATION_UNGROUNDED", "SCHEMA"])))
def test_a_repair_never_asks_for_a_better_citation(codes: list[str]) -> None:
    """Whatever was refused, the prose says neither fabricated nor right nor correct one."""
    prompt = prompter().build(tasks(1)[0])
    said = user(prompter().repair(prompt, "{}", [Reason(code, "bad") for code in codes]))
    assert not re.search(r"fabricat|correct (one|citation)|right (one|citation)", said)
    assert ("do not guess another" in said) == any(code != "SCHEMA" for code in codes)


def test_a_second_repair_replaces_the_first() -> None:
    """However often an answer is refused, the prompt holds one refused answer."""
    words = prompter()
    prompt = words.build(tasks(1)[0])
    first = words.repair(prompt, "one", REASONS)
    assert words.repair(first, "two", REASONS[:1]) == words.repair(prompt, "two", REASONS[:1])


def test_a_truncated_answer_is_not_sent_back() -> None:
    """It asks for a shorter one in the same turn, and turns still alternate."""
    prompt = prompter().build(tasks(1)[0])
    reason = Reason("TRUNCATED", "the answer hit its token cap")
    repaired = prompter().repair(prompt, '{"question": "half of', [reason, *REASONS])
    assert [m.role for m in repaired.messages] == ["system", "user"]
    assert user(repaired).startswith(user(prompt) + "\n\nYour last answer was cut off")
    assert "half of" not in user(repaired)


def test_an_empty_answer_is_not_sent_back() -> None:
    """Vendors refuse an empty turn: the reasons join the last one instead."""
    prompt = prompter().build(tasks(1)[0])
    repaired = prompter().repair(prompt, "  ", [Reason("EMPTY_FIELD", "answer is blank")])
    assert [m.role for m in repaired.messages] == ["system", "user"]
    assert user(repaired).endswith("Fix and return the full JSON. EMPTY_FIELD: answer is blank.")


def test_a_long_answer_is_sent_back_in_part() -> None:
    """A refused answer costs input tokens; at most 6,000 characters of it are repeated."""
    prompt = prompter().build(tasks(1)[0])
    repaired = prompter().repair(prompt, "word " * 5000, REASONS)
    assert len(repaired.messages[2].content) <= 6004


# ---------------------------------------------------------------------------- duplicates


def test_a_duplicate_is_begun_anew_and_names_its_neighbour() -> None:
    """Another variation of the same cell, with the first twenty words of what it was close to."""
    task = tasks(1)[0]
    near = " ".join(f"w{n}" for n in range(30))
    anew = renew(task)
    prompt = prompter().build(anew, avoid=[near])
    assert anew == replace(task, variation=1)
    assert user(prompt).endswith(
        "Already written; choose other facts and another point:\n- too close to: "
        + " ".join(f"w{n}" for n in range(20))
        + " ..."
    )
    assert prompter().seeds(anew) != prompter().seeds(task)
    assert prompt.seed != prompter().build(task).seed


def test_avoided_questions_come_last() -> None:
    """The questions to avoid end the prompt, one a line; without any there is no such line."""
    task = tasks(1)[0]
    said = user(prompter().build(task, avoid=["Who pays?", "May I leave?"]))
    assert said.splitlines()[-2:] == ["- too close to: Who pays?", "- too close to: May I leave?"]
    assert "Already written" not in user(prompter().build(task))


# ---------------------------------------------------------------------------- the toy


def test_the_toy_gets_an_example_and_its_own_schema() -> None:
    """A rehearsal prompt: its system text, a worked example, and one line for the cell."""
    task = tasks(1, Filter(topics=("homelessness",), difficulties=("basic",)))[0]
    prompt = prompter().build(task, style="toy")
    assert [m.role for m in prompt.messages] == ["system", "user", "assistant", "user"]
    assert list(json.loads(prompt.messages[2].content)) == list(
        ANSWER_SCHEMA["required"]  # type: ignore[call-overload]
    )
    assert user(prompt) == (
        f"Jurisdiction: England and Wales. Area: housing law. Topic: {task.subtopic}. "
        "Difficulty: basic. As at: 2026-11."
    )
    assert prompt.schema is not None
    assert prompt.schema["required"] == ANSWER_SCHEMA["required"]
    assert prompt.schema != ANSWER_SCHEMA


def test_the_toy_can_be_repaired_and_other_styles_are_unknown() -> None:
    """A repaired rehearsal prompt keeps its example; a style that is none is refused."""
    words = prompter()
    prompt = words.build(tasks(1)[0], style="toy")
    repaired = words.repair(words.repair(prompt, "a", REASONS), "b", REASONS)
    assert repaired.messages[:4] == prompt.messages
    assert len(repaired.messages) == 6
    with pytest.raises(ValueError, match="no style of prompt"):
        words.build(tasks(1)[0], style="haiku")


# ---------------------------------------------------------------------------- seeds


def test_seeds_are_a_function_of_the_task() -> None:
    """The same seed and variation give the same seeds on every machine: these."""
    task = replace(
        tasks(1)[0], jurisdiction="uk", sample_type="advice", seed=42, variation=0, as_of="2026-11"
    )
    assert draw(task, "civil") == draw(task, "civil")
    assert seeds_json(draw(task, "civil")) == GOLDEN


GOLDEN = (
    '{"perspective":"the claimant","stage":"on appeal","sector":"a university","form"'
    ':"scenario","names":["Farida Suleiman","Sagal Piotrowski","Glenarrow LLP"],"amou'
    'nt":"£495,000","date":"25 July 2025"}'
)


@given(seed=st.integers(0, 2**63), variation=st.integers(0, 5))
def test_seeds_fit_their_task(seed: int, variation: int) -> None:
    """Names are three different ones, the sum has the currency, the day lies before ``as_of``."""
    base = tasks(1)[0]
    task = replace(base, jurisdiction="us", seed=seed, variation=variation, as_of="2026-01")
    seeds = draw(task, "commercial")
    assert len(set(seeds.names)) == 3
    assert re.fullmatch(r"\$[1-9][\d,]{3,8}", seeds.amount)
    day, _, year = seeds.date.split()
    assert 1 <= int(day) <= 28
    assert year in {"2023", "2024", "2025"}
    assert msgspec.json.decode(seeds_json(seeds), type=Seeds) == seeds


JUDGES = (
    "the trial judge", "the judge or arbitrator", "an appeal court", "the tribunal or court",
    "the judge", "a member of the court or tribunal", "the court", "the court or tribunal",
)  # fmt: skip
BEFORE = ("before", "when the problem", "at the scene", "while", "in custody", "at recruitment")


@cache
def drawn_of(area: Area) -> tuple[Seeds, ...]:
    """The seeds of four hundred tasks of an area."""
    (first,) = tasks(1)
    tasks_of = (replace(first, practice_area=area.id, seed=number) for number in range(400))
    return tuple(draw(task, area.proceedings) for task in tasks_of)


def test_no_judge_before_a_dispute_and_no_adviser_of_both_within_one() -> None:
    """Perspective and stage are paired; every perspective of a kind is still drawn."""
    seen: dict[tuple[str, str], set[str]] = {}
    for area in BUILTIN.areas:
        for seeds in drawn_of(area):
            seen.setdefault((area.proceedings, seeds.perspective), set()).add(seeds.stage)
            if seeds.perspective in JUDGES and seeds.stage != "before trial":
                assert not seeds.stage.startswith(BEFORE), seeds
            if seeds.perspective == "the adviser of both would-be parties":
                assert seeds.stage == "before anything is signed or done"
    assert len(seen) == 51
    assert len(seen["criminal", "a law student"]) == 7


def test_the_setting_fits_the_area() -> None:
    """States do not quarrel over a bakery chain; a lease is of what is let."""
    drawn = {area.id: {seeds.sector for seeds in drawn_of(area)} for area in BUILTIN.areas}
    assert "a bakery chain" not in drawn["public-international"]
    assert "container shipping" not in drawn["housing"]
    assert "house building" in drawn["housing"]
    assert len(drawn["contract"]) == 36
    assert min(map(len, drawn.values())) >= 12


def test_seeds_vary_and_no_name_is_worn_out() -> None:
    """In a thousand samples no party is in more than 1 % of them, and every sector comes up."""
    planned = tasks(1000)
    drawn = [prompter().seeds(task) for task in planned]
    assert len(set(drawn)) == 1000
    names = Counter(name for seeds in drawn for name in seeds.names)
    people = {name: n for name, n in names.items() if n > 10}
    states = {name for name in people if " " not in name}
    assert set(people) == states
    assert len({seeds.sector for seeds in drawn}) == len(LISTS["facts"]["sectors"])


def test_a_renewed_task_draws_again() -> None:
    """Another variation is another story."""
    task = tasks(1)[0]
    stories = {prompter().seed_json(task := renew(task)) for _ in range(50)}
    assert len(stories) == 50


def test_states_are_the_parties_between_states() -> None:
    """In public international law two invented states and a person, and no companies."""
    task = tasks(1, Filter(topics=("law-of-the-sea",)))[0]
    names = prompter().seeds(task).names
    assert set(names[:2]) <= set(LISTS["names"]["states"])


LISTS = tomllib.loads(
    resources.files("legalgen.law.prompts").joinpath("seeds.toml").read_text(encoding="utf-8")
)


def test_the_lists_are_large_mixed_and_free_of_stock_names() -> None:
    """At least 200 given and family names, 30 sectors, no repeats, none of the worn-out ones."""
    names, sectors = LISTS["names"], LISTS["facts"]["sectors"]
    assert (len(names["given"]) >= 200, len(names["family"]) >= 200, len(sectors) >= 30) == (
        True,
        True,
        True,
    )
    for each in (*names.values(), sectors):
        assert len(set(each)) == len(each)
    stock = {"sarah", "john", "david", "tom", "smith", "abc", "xyz", "techcorp", "acme", "buildco"}
    words = {word.lower() for each in names.values() for name in each for word in name.split()}
    assert not stock & words


def test_every_type_and_kind_of_proceedings_has_its_lists() -> None:
    """What the taxonomy uses is there, and every form that a type names exists."""
    assert {each.id for each in BUILTIN.sample_types} == set(LISTS["forms_by_type"])
    assert {f for forms in LISTS["forms_by_type"].values() for f in forms} <= set(LISTS["forms"])
    assert {area.proceedings for area in BUILTIN.areas} <= set(LISTS["proceedings"])
