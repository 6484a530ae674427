"""The taxonomy: what is built in, what a user's file may say, and what a filter leaves."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from legalgen.errors import UsageError
from legalgen.law.axes import Authority, Branch, Filter, LengthBounds, Topic, Weights
from legalgen.law.citations import comparable, parse
from legalgen.law.from_settings import taxonomy_of
from legalgen.law.taxonomy import Taxonomy
from legalgen.settings.layers import Settings

OWN = """
schema = 1
name = "my-firm"
extends = "builtin"
[weights]
jurisdiction = { uk = 2, us = 1, eu = 1 }
difficulty = { basic = 1, intermediate = 2, advanced = 2, expert = 1 }
sample_type = { case_analysis = 3, short_qa = 1 }
[[area]]
id = "contract"
name = "Contract Law"
jurisdictions = ["uk"]
weight = 1.0
  [[area.topic]]
  id = "formation"
  name = "Formation of Contracts"
  difficulty = ["basic", "intermediate", "advanced"]
  subtopics = ["offer and invitation to treat", "postal rule", "consideration"]
  sample_types.exclude = ["statutory_interpretation"]
  authorities = ["Carlill v Carbolic Smoke Ball Co [1893] 1 QB 256"]
[[sample_type]]
id = "clause_review"
name = "Clause review"
answer_words = [120, 350]
reasoning_steps = [3, 6]
min_citations = 1
instructions = "Quote the clause, name the risk, propose a redraft."
"""

ALONE = """
name = "small"
extends = "none"
[[area]]
id = "contract"
name = "Contract Law"
jurisdictions = ["uk", "us"]
  [[area.topic]]
  id = "formation"
  name = "Formation"
  subtopics = ["offer", "acceptance"]
  sample_types.include = ["short_qa", "advice"]
"""


def load(tmp_path: Path, text: str) -> Taxonomy:
    path = tmp_path / "my.toml"
    path.write_text(text, encoding="utf-8")
    return Taxonomy.load(path)


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(UsageError) as raised:
        load(tmp_path, text)
    return str(raised.value)


# ---------------------------------------------------------------------------- built in


def test_the_builtin_taxonomy_covers_what_it_promises() -> None:
    """There are at least 75 topics in four jurisdictions, and the areas that were gaps before."""
    taxonomy = Taxonomy.builtin()
    counts = Counter(leaf.jurisdiction for leaf in taxonomy.leaves())
    assert counts == {"uk": 62, "us": 16, "eu": 12, "international": 10}
    gaps = {
        "immigration",
        "planning",
        "data-protection",
        "competition",
        "consumer",
        "civil-procedure",
        "wills-probate",
        "housing",
        "public-international",
    }
    assert gaps <= {leaf.practice_area for leaf in taxonomy.leaves()}
    assert "eu-fundamental-rights" in {leaf.id for leaf in taxonomy.leaves()}
    assert [each.id for each in taxonomy.difficulties] == [
        "basic",
        "intermediate",
        "advanced",
        "expert",
    ]
    assert len(taxonomy.sample_types) == 12


def test_every_builtin_topic_is_whole() -> None:
    """Each has 4 to 8 different subtopics, few authorities to a point, and an id that is its own.

    Its month says when the authorities were last compared with the law.
    """
    leaves = Taxonomy.builtin().leaves()
    assert len({leaf.id for leaf in leaves}) == len(leaves)
    for leaf in leaves:
        assert 4 <= len(set(leaf.subtopics)) == len(leaf.subtopics) <= 8, leaf
        assert len(set(leaf.cites)) == len(leaf.cites) <= 7, leaf
        for point in leaf.subtopics:
            assert len(leaf.offered(point, "", case=False)) <= 4, (leaf.id, point)
        assert leaf.checked >= "2026-11", leaf


def test_every_builtin_authority_decides_something() -> None:
    """None is left that no point of its topic offers, and new law has its month."""
    for leaf in Taxonomy.builtin().leaves():
        offered = {cite for point in leaf.subtopics for cite in leaf.offered(point, "", case=False)}
        assert offered == set(leaf.cites), leaf.id
        for each in leaf.authorities:
            assert each.since or not re.search(r"\b202[4-9]\b", each.cite), each


def test_law_that_is_out_of_date_is_not_listed() -> None:
    """What was overtaken is gone, and what overtook it is offered on its point."""
    builtin = Taxonomy.builtin()
    cites = builtin.authorities()
    assert not [each for each in cites if "Enka" in each or "Ashers" in each]
    offered = {
        ("uk", "commercial", "uk-arbitration", "law of the arbitration agreement"): "s 6A",
        ("uk", "employment", "dismissal", "compensation and reductions"): "Rights Act 2025",
        ("uk", "consumer", "unfair-terms-practices", "unfair credit relationships"): "UKSC 33",
        ("us", "us-business", "delaware-corporations", "books and records"): "§ 220",
        ("eu", "eu-social-consumer", "eu-consumer", "product liability"): "2024/2853",
    }
    for (*key, point), wanted in offered.items():
        leaf = builtin.leaf(key[0], key[1], key[2])
        assert any(wanted in each for each in leaf.offered(point, "", case=False)), point


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('{ cite = "A v B", points = ["postal rul"] }', 'unknown subtopic "postal rul"'),
        ('{ cite = "A v B", since = "2025-13" }', "'2025-13' is no month"),
        ('{ cite = " " }', "holds an empty text"),
        ('{ cite = "A v B", point = ["postal rule"] }', "point"),
    ],
)
def test_an_authority_that_is_written_wrong_is_refused(
    tmp_path: Path, written: str, said: str
) -> None:
    """Topic, authority and what is wrong with it are named."""
    own = OWN.replace('"Carlill v Carbolic Smoke Ball Co [1893] 1 QB 256"', written)
    words = refusal(tmp_path, own)
    assert said in words
    assert 'topic]] "formation"' in words


def test_topics_that_nobody_compared_for_a_year_are_told(tmp_path: Path) -> None:
    """The built-in ones have their month; a user's own without one was never checked."""
    stale = load(tmp_path, OWN).unchecked_since("2026-11")
    assert [(leaf.id, leaf.checked) for leaf in stale] == [("formation", "")]
    assert Taxonomy.builtin().unchecked_since("2026-11") == ()
    assert len(Taxonomy.builtin().unchecked_since("2027-12")) == 100


def test_every_builtin_authority_is_cited_in_full() -> None:
    """Every authority has a year, or a number that holds one, or names a founding instrument."""
    founding = re.compile(
        r"Charter of|Statute of|U\.S\.C\.|Corporation Law §|U\.C\.C\.|WT/DS|Del\. C\."
    )
    for authority in Taxonomy.builtin().authorities():
        dated = re.search(r"\b1[6-9]\d\d\b|\b20[0-2]\d\b|\d/\d\d\b", authority)
        assert dated or founding.search(authority), authority


def test_a_case_note_is_asked_for_only_where_a_case_is_listed() -> None:
    """A topic whose authorities are all statutes excludes case notes, and no other does."""
    case = re.compile(r" v\.? |\bCase|\bIn re |Judgment|/AB/R")
    for leaf in Taxonomy.builtin().leaves():
        listed = any(case.search(authority) for authority in leaf.cites)
        assert ("case_note" in leaf.sample_types) == listed, leaf.id


def test_bounds_scale_words_and_nothing_else() -> None:
    """Difficulty multiplies both ends of the answer's length; steps and citations stay."""
    taxonomy = Taxonomy.builtin()
    found = {each.id: taxonomy.bounds("case_analysis", each.id) for each in taxonomy.difficulties}
    assert found == {
        "basic": LengthBounds((200, 600), (4, 8), 2),
        "intermediate": LengthBounds((250, 750), (4, 8), 2),
        "advanced": LengthBounds((288, 863), (4, 8), 2),
        "expert": LengthBounds((325, 975), (4, 8), 2),
    }


def test_builtin_is_read_once() -> None:
    """Asking twice gives the same value."""
    assert Taxonomy.builtin() is Taxonomy.builtin()


def test_laws_within_a_jurisdiction_have_names() -> None:
    """Listed ones are called by their name, others are read as words."""
    taxonomy = Taxonomy.builtin()
    asked = [("uk", "scotland"), ("uk", "england-wales"), ("eu", "eu"), ("us", "south-dakota")]
    assert [taxonomy.jurisdiction(a).law(b) for a, b in asked] == [
        "Scotland",
        "England and Wales",
        "European Union",
        "South Dakota",
    ]


# ---------------------------------------------------------------------------- a user's file


def test_a_users_topic_replaces_the_builtin_one(tmp_path: Path) -> None:
    """A file in the documented form changes its topic, adds its type, and keeps the rest."""
    own = load(tmp_path, OWN)
    builtin = Taxonomy.builtin()
    types = tuple(each.id for each in builtin.sample_types)
    assert own.leaf("uk", "contract", "formation") == Topic(
        jurisdiction="uk",
        sub_jurisdiction="england-wales",
        practice_area="contract",
        id="formation",
        name="Formation of Contracts",
        subtopics=("offer and invitation to treat", "postal rule", "consideration"),
        difficulties=("basic", "intermediate", "advanced"),
        sample_types=(*(t for t in types if t != "statutory_interpretation"), "clause_review"),
        authorities=(Authority("Carlill v Carbolic Smoke Ball Co [1893] 1 QB 256"),),
    )
    assert {leaf.key for leaf in own.leaves()} == {leaf.key for leaf in builtin.leaves()}
    assert own.bounds("clause_review", "basic") == LengthBounds((96, 280), (3, 6), 1)
    assert own.weights == Weights(
        jurisdiction={"uk": 2, "us": 1, "eu": 1},
        difficulty={"basic": 1, "intermediate": 2, "advanced": 2, "expert": 1},
        sample_type={"case_analysis": 3, "short_qa": 1},
    )


def test_weights_of_the_config_file_lie_over_those_of_a_taxonomy(tmp_path: Path) -> None:
    """By axis and id; what weighs nothing is not planned."""
    path = tmp_path / "own.toml"
    path.write_text(OWN, encoding="utf-8")
    both = Taxonomy.load(path, {"jurisdiction": {"us": 0, "eu": 5}}, "config.toml")
    assert both.weights.jurisdiction == {"uk": 2, "us": 0, "eu": 5}
    assert both.weights.difficulty == Taxonomy.load(path).weights.difficulty
    builtin = Taxonomy.load(None, {"jurisdiction": {"us": 0}, "difficulty": {"basic": 0}})
    assert "us" not in {area.jurisdiction for area in builtin.areas}
    assert "basic" not in {each for leaf in builtin.leaves() for each in leaf.difficulties}
    assert builtin.own_authorities == ()


@pytest.mark.parametrize(
    ("weights", "problem"),
    [
        (
            {"jurisdiction": {"uc": 1}},
            'jurisdiction: unknown jurisdiction "uc" (allowed: uk, us',
        ),
        ({"difficulty": {"nosuch": 1}}, 'difficulty: unknown difficulty "nosuch" (allowed: basic'),
        ({"sample_type": {"esay": 1}}, 'sample_type: unknown sample type "esay" ('),
        (
            {"difficulty": dict.fromkeys(("basic", "intermediate", "advanced", "expert"), 0)},
            "difficulty: no difficulty with a weight above 0 is left to ",
        ),
    ],
)
def test_wrong_weights_of_the_config_file_are_refused(
    weights: dict[str, dict[str, float]], problem: str
) -> None:
    """A name of the config file that nothing has is told as one of the taxonomy's own is."""
    with pytest.raises(UsageError, match=re.escape(f"a/config.toml: [weights]: {problem}")):
        Taxonomy.load(None, weights, "a/config.toml")


def test_the_config_file_weighs_what_a_batch_plans(tmp_path: Path) -> None:
    """``[weights]`` of config.toml reaches the taxonomy of every command."""
    config = tmp_path / "config.toml"
    config.write_text("[weights]\njurisdiction = { us = 0 }\n", encoding="utf-8")
    folders = {name: str(tmp_path) for name in ("data_dir", "state_dir", "log_dir")}
    taxonomy = taxonomy_of(Settings.load(folders, {}, config))
    assert taxonomy.weights == Weights(jurisdiction={"us": 0})


def test_no_jurisdiction_left_is_refused() -> None:
    """Where the config file says that none is wanted."""
    none = dict.fromkeys((each.id for each in Taxonomy.builtin().jurisdictions), 0.0)
    with pytest.raises(UsageError, match=r"^c\.toml: \[weights\]: no topic is left with a weight"):
        Taxonomy.load(None, {"jurisdiction": none}, "c.toml")


def test_a_file_may_stand_alone(tmp_path: Path) -> None:
    """With ``extends = "none"`` only its own topics are there, once in each jurisdiction."""
    alone = load(tmp_path, ALONE)
    assert [leaf.key for leaf in alone.leaves()] == [
        ("uk", "contract", "formation"),
        ("us", "contract", "formation"),
    ]
    assert [leaf.sub_jurisdiction for leaf in alone.leaves()] == ["england-wales", "federal"]
    assert alone.cells() == 2 * 4 * 2


def test_a_file_named_like_the_builtin_one_is_no_builtin(tmp_path: Path) -> None:
    """What a file is called changes nothing but the words of its errors."""
    path = tmp_path / "taxonomy.toml"
    path.write_text(OWN, encoding="utf-8")
    ours, other = (
        msgspec.structs.replace(each, own_authorities=())
        for each in (Taxonomy.load(path), load(tmp_path, OWN))
    )
    assert ours == other


def test_a_weight_of_zero_leaves_it_out(tmp_path: Path) -> None:
    """A jurisdiction, difficulty or type that weighs nothing is in no leaf."""
    text = """
name = "less"
[weights]
jurisdiction = { us = 0, eu = 0, international = 0 }
difficulty = { expert = 0 }
sample_type = { dialogue = 0 }
"""
    leaves = load(tmp_path, text).leaves()
    assert {leaf.jurisdiction for leaf in leaves} == {"uk"}
    assert "expert" not in {d for leaf in leaves for d in leaf.difficulties}
    assert "dialogue" not in {t for leaf in leaves for t in leaf.sample_types}


def test_an_area_may_be_reweighed_without_topics(tmp_path: Path) -> None:
    """A built-in area named with a weight alone keeps its topics and gives them the weight."""
    own = load(tmp_path, '[[area]]\nid = "tort"\njurisdictions = ["uk"]\nweight = 3\n')
    assert {leaf.weight for leaf in own.leaves(Filter(practice_areas=("tort",)))} == {3.0}
    assert {leaf.weight for leaf in own.leaves(Filter(practice_areas=("contract",)))} == {1.0}


TOPIC = '[[area]] "contract" / [[area.topic]] "formation"'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("subtopics", "subtopic", f'{TOPIC}: unknown key "subtopic" (did you mean "subtopics"?)'),
        ('subtopics = ["offer", "acceptance"]', "", f'{TOPIC}: key "subtopics" is missing'),
        ('["offer", "acceptance"]', "[]", f'{TOPIC}: key "subtopics" is an empty list'),
        (
            '["offer", "acceptance"]',
            '["offer", " "]',
            f'{TOPIC}: key "subtopics" holds an empty text',
        ),
        (
            '["offer", "acceptance"]',
            '["offer", "offer"]',
            f'{TOPIC}: key "subtopics" holds "offer" twice',
        ),
        (
            '["offer", "acceptance"]',
            '"offer"',
            f'{TOPIC}: key "subtopics": expected array, got str',
        ),
        (
            'id = "formation"',
            'id = "Formation!"',
            (
                '[[area]] "contract" / [[area.topic]] "Formation!": '
                "key \"id\": 'Formation!' is not lower-case words joined by - or _"
            ),
        ),
        (
            "sample_types.include",
            "sample_types.inclued",
            f'{TOPIC}: sample_types: unknown key "inclued" (did you mean "include"?)',
        ),
        (
            '"advice"',
            '"advise"',
            f'{TOPIC}: key "sample_types": unknown sample type "advise" (did you mean "advice"?)',
        ),
        (
            'name = "Formation"',
            'name = "Formation"\ndifficulty = ["hard"]',
            (
                f'{TOPIC}: key "difficulty": unknown difficulty "hard" '
                "(allowed: basic, intermediate, advanced, expert)"
            ),
        ),
        (
            'name = "Formation"',
            'name = "Formation"\nweight = -1.0',
            f'{TOPIC}: key "weight": -1.0 is not a number from 0 to 1000000000',
        ),
        (
            'name = "Formation"',
            'name = "Formation"\nweight = nan',
            f'{TOPIC}: key "weight": nan is not a number from 0 to 1000000000',
        ),
        (
            'name = "Formation"',
            'name = "Formation"\nweight = 1e308',  # the sum of two has no end
            f'{TOPIC}: key "weight": 1e+308 is not a number from 0 to 1000000000',
        ),
        (
            '"uk", "us"',
            '"ukk"',
            ('[[area]] "contract": unknown jurisdiction "ukk" (did you mean "uk"?)'),
        ),
        ('"uk", "us"', "", '[[area]] "contract": key "jurisdictions" is an empty list'),
        (
            'extends = "none"',
            'extends = "nothing"',
            "key \"extends\": invalid enum value 'nothing'",
        ),
        (
            'name = "small"',
            'name = "small"\nschema = 2',
            'key "schema": this version reads schema 1, not 2',
        ),
        (
            'name = "small"',
            'name = "small"\ncolour = 2',
            (
                'unknown key "colour" (allowed: name, schema, extends, weights, jurisdiction, '
                "difficulty, area, sample_type)"
            ),
        ),
        (
            "[[area]]",
            "[weights]\nsample_type = { esay = 1 }\n[[area]]",
            '[weights]: sample_type: unknown sample type "esay" ',
        ),
        (
            "[[area]]",
            "[weights]\ndifficulty = { basic = -2 }\n[[area]]",
            '[weights]: key "difficulty.basic": -2.0 is not a number from 0 to 1000000000',
        ),
        (
            "[[area]]",
            '[weights]\ndifficulty = { basic = "two" }\n[[area]]',
            """[weights]: key "difficulty.basic": expected a number, got 'two'""",
        ),
        (
            "[[area]]",
            "[weights]\njurisdiction = { uk = true }\n[[area]]",
            '[weights]: key "jurisdiction.uk": expected a number, got True',
        ),
        (
            "[[area]]",
            "[weights]\ndifficulty = 3\n[[area]]",
            '[weights]: key "difficulty": expected object, got int',
        ),
    ],
)
def test_a_mistake_is_named_by_file_table_and_key(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    """Whatever is wrong in a file, the sentence begins with file, table and key."""
    assert old in ALONE
    found = refusal(tmp_path, ALONE.replace(old, new, 1))
    assert found.startswith(f"my.toml: {said}"), found


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        (
            "answer_words",
            "[350, 120]",
            "[350, 120] is not two numbers from 1 to 5000, the smaller first",
        ),
        ("answer_words", "[120]", "expected `array` of length 2, got 1"),
        (
            "reasoning_steps",
            "[-1, 3]",
            "[-1, 3] is not two numbers from 0 to 50, the smaller first",
        ),
        ("min_citations", "-1", "-1 is not from 0 to 20"),
        ("min_citations", '"one"', "expected int, got str"),
    ],
)
def test_a_sample_type_with_bad_bounds_is_refused(
    tmp_path: Path, key: str, value: str, said: str
) -> None:
    """Bounds are two whole numbers in order; the complaint quotes what was written."""
    text = re.sub(rf"^{key} = .*$", f"{key} = {value}", OWN, flags=re.MULTILINE)
    found = refusal(tmp_path, text)
    expected = f'my.toml: [[sample_type]] "clause_review": key "{key}": {said}'
    assert found == expected.replace("`", "")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            '  [[area.topic]]\n  id = "formation"\n  name = "F"\n  subtopics = ["x"]\n',
            'my.toml: [[area]] "contract" / [[area.topic]]: duplicate id "formation"',
        ),
        (
            '[[area]]\nid = "contract"\nname = "C"\njurisdictions = ["uk"]\n',
            'my.toml: [[area]]: duplicate id "contract" (contract in uk)',
        ),
        (
            2 * '[[sample_type]]\nid = "x"\nname = "X"\nanswer_words = [1, 2]\n'
            "reasoning_steps = [0, 1]\n",
            'my.toml: [[sample_type]]: duplicate id "x"',
        ),
        (
            '[[area]]\nid = "sport"\nname = "Sport"\njurisdictions = ["uk"]\n',
            'my.toml: [[area]] "sport": it has no [[area.topic]]',
        ),
        (
            "[area.x]\ny = 1\n",
            (
                'my.toml: [[area]] "contract": unknown key "x" (allowed: id, '
                "jurisdictions, name, weight, sub_jurisdiction, proceedings, topic)"
            ),
        ),
    ],
)
def test_repeated_and_empty_tables_are_refused(tmp_path: Path, more: str, said: str) -> None:
    """An id stands once in its list, and a new area has a topic."""
    text = ALONE.replace('extends = "none"', "").replace(
        '  sample_types.include = ["short_qa", "advice"]', ""
    )
    assert refusal(tmp_path, text + more) == said


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing file, one that is not TOML and one that is not text are the user's mistakes."""
    with pytest.raises(UsageError, match=r"my\.toml cannot be read: No such file"):
        Taxonomy.load(tmp_path / "my.toml")
    assert "my.toml is not TOML: " in refusal(tmp_path, "a = = 1")
    (tmp_path / "my.toml").write_bytes(b"name = '\xff'")
    with pytest.raises(UsageError, match=r"my\.toml is not UTF-8 \(at line 1\)"):
        Taxonomy.load(tmp_path / "my.toml")
    assert refusal(tmp_path, "area = 3") == "my.toml: 'area' must be written as [[area]]"
    assert refusal(tmp_path, 'name = "x"\nextends = "none"').startswith(
        "my.toml: there is no topic"
    )


def test_an_authority_that_cannot_be_compared_is_told(tmp_path: Path) -> None:
    """A warning names file, table and entry; whatever parses, and what is built in, has none."""
    listed = '["Carlill v Carbolic [1893] 1 QB 256", "OGH 4 Ob 2/24", "ICO guidance"]'
    own = OWN.replace('["Carlill v Carbolic Smoke Ball Co [1893] 1 QB 256"]', listed)

    where = 'my.toml: [[area]] "contract" / [[area.topic]] "formation": key "authorities": '
    what = (
        "is no citation that is known: it is offered to the model, but what cites it will not be "
        "marked as listed"
    )
    taxonomy = load(tmp_path, own)
    assert taxonomy.warnings == (f"{where}'OGH 4 Ob 2/24' {what}", f"{where}'ICO guidance' {what}")
    assert "OGH 4 Ob 2/24" in taxonomy.leaf("uk", "contract", "formation").cites
    assert load(tmp_path, OWN).warnings == Taxonomy.builtin().warnings == ()


def test_every_builtin_authority_can_be_compared() -> None:
    """Each is read by the grammar, as something that a model's citation can be told to be."""
    unread = [each for each in Taxonomy.builtin().authorities() if not comparable(parse(each))]
    assert unread == []


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    """Some editors write one."""
    (tmp_path / "my.toml").write_text(ALONE, encoding="utf-8-sig")
    assert Taxonomy.load(tmp_path / "my.toml").name == "small"


# ---------------------------------------------------------------------------- filters


def test_a_filter_takes_ids_names_paths_and_old_names_in_any_case() -> None:
    """What people type is resolved to ids; an ambiguous word means all that bear it."""
    asked = Filter(
        jurisdictions=("UK", "united states"),
        practice_areas=("Contract Law", "us-business"),
        topics=("contract/formation", "SECURITIES"),
        difficulties=("Expert", "basic"),
        sample_types=("Simple QA", "case-analysis", "pure_conceptual"),
    )
    assert Taxonomy.builtin().resolve(asked) == Filter(
        jurisdictions=("uk", "us"),
        practice_areas=("uk/contract", "us/us-business"),
        topics=("uk/contract/formation", "us/us-business/securities"),
        difficulties=("basic", "expert"),
        sample_types=("short_qa", "concept", "case_analysis"),
    )


def test_resolving_twice_changes_nothing() -> None:
    """A resolved filter, as a batch's record keeps it, means the same when it is read again."""
    taxonomy = Taxonomy.builtin()
    once = taxonomy.resolve(Filter(practice_areas=("tort",), topics=("nuisance", "Wills")))
    assert taxonomy.resolve(once) == once


def test_a_filter_narrows_leaves_to_what_it_allows() -> None:
    """Leaves keep only the difficulties and types asked for, and go when they have none."""
    taxonomy = Taxonomy.builtin()
    asked = Filter(
        topics=("formation", "homicide"), difficulties=("basic",), sample_types=("advice",)
    )
    full = [
        taxonomy.leaf("uk", "contract", "formation"),
        taxonomy.leaf("uk", "criminal", "homicide"),
    ]
    assert list(taxonomy.leaves(asked)) == [
        msgspec.structs.replace(
            leaf,
            difficulties=("basic",),
            sample_types=("advice",),
            pairs=(("basic", "advice"),),
        )
        for leaf in full
    ]
    assert taxonomy.cells(asked) == 2


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            Filter(jurisdictions=("ukk",)),
            "unknown jurisdiction 'ukk' (did you mean 'uk'?); allowed: uk, us, eu, international",
        ),
        (
            Filter(difficulties=("hard",)),
            "unknown difficulty 'hard'; allowed: basic, intermediate, advanced, expert",
        ),
        (
            Filter(sample_types=("case_analisis",)),
            (
                "unknown sample type 'case_analisis' (did you mean 'case_analysis'?); allowed: "
                "case_analysis, comparative, short_qa, hypothetical, conversational, concept, "
                "advice, statutory_interpretation, procedural_guide, ethics, case_note, dialogue"
            ),
        ),
        (
            Filter(sample_types=("dialog",)),
            "unknown sample type 'dialog' (did you mean 'dialogue'?); allowed: dialogue, ",
        ),
        (Filter(topics=("formatoin",)), "unknown topic 'formatoin' (did you mean 'formation'?)"),
    ],
)
def test_an_unknown_value_is_answered_with_what_is_allowed(asked: Filter, said: str) -> None:
    """The closest match comes first, then all the others."""
    with pytest.raises(UsageError) as raised:
        Taxonomy.builtin().leaves(asked)
    assert str(raised.value).startswith(said)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            Filter(jurisdictions=("us",), topics=("formation",)),
            (
                "the filter leaves nothing: no topic formation in jurisdiction us (there: "
                "first-amendment, "
            ),
        ),
        (
            Filter(topics=("wto",), difficulties=("basic",)),
            (
                "the filter leaves nothing: no difficulty basic in topic wto (there: intermediate, "
                "advanced, expert)"
            ),
        ),
        (
            Filter(topics=("cisg",), sample_types=("case_note",)),
            "the filter leaves nothing: no sample type case_note in topic cisg (there: short_qa, ",
        ),
    ],
)
def test_an_empty_combination_is_explained(asked: Filter, said: str) -> None:
    """The sentence names the axis that emptied it, what it was asked within, and what is there."""
    with pytest.raises(UsageError) as raised:
        Taxonomy.builtin().leaves(asked)
    assert str(raised.value).startswith(said)


def test_the_tree_counts_what_the_filter_leaves() -> None:
    """Jurisdiction, area and topic each carry their numbers of topics and cells."""
    asked = Filter(practice_areas=("housing",), sample_types=("advice", "dialogue"))
    topics = (
        Branch("residential-tenancies", "Residential Tenancies and Possession", 1, 8),
        Branch("homelessness", "Homelessness and Social Housing", 1, 8),
    )
    assert Taxonomy.builtin().as_tree(asked) == (
        Branch("uk", "United Kingdom", 2, 16, (Branch("housing", "Housing Law", 2, 16, topics),)),
    )


def test_the_whole_tree_adds_up() -> None:
    """The cells of all branches are the cells of the taxonomy."""
    taxonomy = Taxonomy.builtin()
    tree = taxonomy.as_tree()
    assert (sum(b.topics for b in tree), sum(b.cells for b in tree)) == (100, taxonomy.cells())
