"""Task to prompt. The prose lies beside this page as text files; here is only how it is laid out.

A prompt is a system message that is byte-identical for every task and every model of a batch, so
that a vendor's prompt cache serves it, and a user message that holds the cell: what to write about,
the bounds, the seeds, and the month up to which the chosen model knows the law. A refused answer is
sent back once with the reasons; a duplicate is begun anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import blake2b
from importlib import resources
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from legalgen.completion import Message, Prompt
from legalgen.errors import Reason
from legalgen.law.axes import Difficulty, SampleType
from legalgen.law.planner import Task
from legalgen.law.points import MOST, POINTS_SCHEMA, USUAL
from legalgen.law.prompts.seeds import Seeds, draw, form_text, is_abstract, seeds_json
from legalgen.law.taxonomy import Taxonomy
from legalgen.settings.types import CitationPolicy
from legalgen.store.sample import ANSWER_SCHEMA, GROUNDED_SCHEMA, Draft, DraftCitation, Marks

if TYPE_CHECKING:  # the grammar of citations takes time to compile
    from legalgen.law.prompts.menu import Menu

__all__ = ["PromptPolicy", "Prompter", "Seeds", "draw", "seeds_json"]

VERSION: Final = "2026-11.c"
"""The prose by date and letter; a hash of its files follows, so that no change goes unseen."""

PromptPolicy = Literal[CitationPolicy, "grounded"]
"""``grounded``: only passages that are given with the task, each by a quotation."""

TEMPERATURE: Final = 0.7
QUESTION_WORDS: Final = (10, 150)
"""The length of a question that is asked for where the gate is no stricter."""
PROMPT_CHARACTERS: Final = 2580
"""Characters of a first prompt that the user's authorities may fill up: 600 tokens of 4.3."""
MAX_ANSWER_SENT_BACK: Final = 6000
"""Characters of a refused answer that a repair quotes: longer ones cost more than they help."""
MAX_REASONS: Final = 8
TRUNCATED: Final = "TRUNCATED"
THINKING_ONLY: Final = "THINKING_ONLY"

JUDGE_SCHEMA: Final[Mapping[str, object]] = {
    "type": "object",
    "properties": {
        "remark": {"type": "string"},
        **{mark: {"type": "integer", "enum": [1, 2, 3, 4, 5]} for mark in Marks.__struct_fields__},
    },
    "required": ["remark", *Marks.__struct_fields__],
    "additionalProperties": False,
}
"""The JSON schema of a judge's answer."""

_MENU_POLICIES: Final = frozenset({"statute-first", "menu"})
"""Policies whose prose speaks of a list given with the task."""


class _Repair(Prompt, frozen=True):
    """A prompt with a refused answer in it; ``base`` is the prompt without it."""

    base: Prompt | None = None


class Prompter:
    """Makes the prompts of one batch; holds no state, so that threads may share it.

    ``citation_policy`` says which authorities a model is asked for; ``reasoning_instruction`` is
    a user's own sentence on how to reason, added to the system message. ``menu`` holds the user's
    own list of authorities. ``question_words`` (fewest, most) and ``min_citations`` are the gate's:
    what is asked for is never outside them.
    """

    def __init__(
        self,
        taxonomy: Taxonomy,
        *,
        citation_policy: PromptPolicy = "statute-first",
        reasoning_instruction: str | None = None,
        menu: Menu | None = None,
        question_words: tuple[int, int] = QUESTION_WORDS,
        min_citations: int = 0,
    ) -> None:
        if citation_policy not in get_args(PromptPolicy):
            raise ValueError(f"{citation_policy!r} is no citation policy")
        self._taxonomy = taxonomy
        self._policy = citation_policy
        self._menu = menu
        self._min_citations = min_citations
        extra = f"\n{reasoning_instruction.strip()}" if reasoning_instruction else ""
        policy = _text(f"policy_{citation_policy.replace('-', '_')}.txt")
        words = _question_words(question_words)
        grounded = citation_policy == "grounded"
        self._schema = GROUNDED_SCHEMA if grounded else ANSWER_SCHEMA
        self._system = _fill(
            "system.txt",
            question_words=words,
            policy=policy,
            reasoning=extra,
            citations=_text("citations_grounded.txt" if grounded else "citations.txt"),
            cited=_shape(self._schema),
        )
        self._room = PROMPT_CHARACTERS - len(self._system) + len(extra)
        self._versions = {
            "full": _version(
                policy,
                extra,
                repr(taxonomy.sample_types),
                repr(taxonomy.difficulties),
                f"{words}, {min_citations}",
            ),
            "toy": _version("toy"),
        }

    # ------------------------------------------------------------------ the three kinds

    def build(
        self,
        task: Task,
        *,
        style: str = "full",
        avoid: Sequence[str] = (),
        passages: Sequence[tuple[str, str]] = (),
    ) -> Prompt:
        """The first prompt of a task.

        ``style`` is ``full``, or ``toy`` for the rehearsal model. ``avoid`` are questions that
        exist already; their first words are shown as not to be repeated. ``passages``, each with
        how it is cited, come last, labelled S1, S2, ...

        Raises:
            ValueError: the style is unknown.
        """
        if style == "toy":
            return self._toy(task)
        if style != "full":
            raise ValueError(f"{style!r} is no style of prompt")
        return Prompt(
            messages=(
                Message("system", self._system),
                Message("user", self._cell(task, avoid) + _listed(passages)),
            ),
            version=self._versions["full"],
            schema=self._schema,
            temperature=TEMPERATURE,
            seed=_sampling_seed(task),
        )

    def repair(self, prompt: Prompt, answer: str, reasons: Sequence[Reason]) -> Prompt:
        """The prompt with its refused answer and what is to be mended.

        An answer that was cut off is not sent back: a shorter one is asked for; nor is one that
        only thinks. Of a prompt that was repaired before, only the last answer is kept.
        """
        base = prompt.base if isinstance(prompt, _Repair) and prompt.base else prompt
        if any(reason.code == TRUNCATED for reason in reasons):
            return _asking(base, _text("repair_truncated.txt"))
        request = _mending(reasons)
        if not answer.strip() or any(reason.code == THINKING_ONLY for reason in reasons):
            return _asking(base, request)
        refused = Message("assistant", _bounded(answer.strip()))
        return _repaired(base, (*base.messages, refused, Message("user", request)))

    def judge(self, task: Task, draft: Draft) -> Prompt:
        """Asks another model for its marks on a draft (see :mod:`legalgen.batch.judging`)."""
        difficulty = self._taxonomy.difficulty(task.difficulty)
        cell = _fill(
            "judge_cell.txt",
            law=self._law(task),
            area=self._taxonomy.area(task.jurisdiction, task.practice_area).name,
            topic=self._taxonomy.leaf(task.jurisdiction, task.practice_area, task.topic).name,
            difficulty=difficulty.name,
            features=difficulty.features,
            type=self._taxonomy.sample_type(task.sample_type).name,
            dated=_dated("judge_dated.txt", task, before=" "),
            question=draft.question,
            steps="\n".join(f"- {step}" for step in draft.reasoning_steps) or "none",
            answer=draft.answer,
            citations="\n".join(map(_as_cited, draft.citations)) or "none",
        )
        return Prompt(
            messages=(Message("system", _text("judge_system.txt")), Message("user", cell)),
            version=self._versions["full"],
            schema=JUDGE_SCHEMA,
            schema_name="marks",
            temperature=0.0,
        )

    def points(self, task: Task) -> Prompt:
        """Asks for the points that decide cases within a task's topic, as at the task's month.

        The same of every task of that topic.
        """
        leaf = self._taxonomy.leaf(task.jurisdiction, task.practice_area, task.topic)
        offered = [leaf.offered(each, task.as_of, case=False) for each in leaf.subtopics]
        cell = _fill(
            "points_cell.txt",
            law=self._law(task),
            dated=_dated("dated.txt", task, after="\n"),
            area=self._taxonomy.area(task.jurisdiction, task.practice_area).name,
            topic=leaf.name,
            count=str(min(MOST, max(USUAL, len(leaf.subtopics)))),
            subtopics="\n".join(f"{n}. {each}" for n, each in enumerate(leaf.subtopics, 1)),
            authorities=self._listing(tuple(dict.fromkeys(chain.from_iterable(offered)))),
        )
        return Prompt(
            messages=(Message("system", _text("points_system.txt")), Message("user", cell)),
            version=self._versions["full"],
            schema=POINTS_SCHEMA,
            schema_name="points",
            temperature=TEMPERATURE,
        )

    # ------------------------------------------------------------------ seeds and versions

    def seeds(self, task: Task) -> Seeds:
        """What is drawn for a task inside its cell."""
        area = self._taxonomy.area(task.jurisdiction, task.practice_area)
        return draw(task, area.proceedings)

    def seed_json(self, task: Task) -> str:
        """The seeds of a task as its row keeps them."""
        return seeds_json(self.seeds(task))

    def version(self, style: str = "full") -> str:
        """What ``Prompt.version`` is for a style: the date of the prose and a hash of it."""
        return self._versions[style]

    # ------------------------------------------------------------------ the user message

    def _cell(self, task: Task, avoid: Sequence[str]) -> str:
        leaf = self._taxonomy.leaf(task.jurisdiction, task.practice_area, task.topic)
        kind = self._taxonomy.sample_type(task.sample_type)
        difficulty = self._taxonomy.difficulty(task.difficulty)
        values = {
            "avoid": _avoid(avoid),
            "dated": _dated("dated.txt", task, after="\n"),
            "law": self._law(task),
            "area": self._taxonomy.area(task.jurisdiction, task.practice_area).name,
            "topic": leaf.name,
            "subtopic": task.subtopic,
            "point": f"{_fill('point.txt', point=task.point)}\n" if task.point else "",
            "difficulty": difficulty.name,
            "features": difficulty.features,
            "type": kind.name,
            "instructions": kind.instructions,
            "requirement": self._requirement(kind, task),
            "angle": _angle(task, self.seeds(task)),
            **_lengths(kind, difficulty, self._min_citations),
        }
        if self._policy == "grounded":
            values["citations"] = "at least one quotation"
        case = kind.requires == "apex_case"
        decided = leaf.offered(task.subtopic, task.as_of, case=case)
        plain = _fill("cell.txt", **values, authorities=self._listing(decided))
        if self._menu is None or self._policy not in _MENU_POLICIES:
            return plain
        about = f"{values['area']} {leaf.name} {task.subtopic}"
        room = self._room - len(plain) + len(values["avoid"])
        offered = self._menu.offered(task, leaf, about, case=case, room=room)
        return _fill("cell.txt", **values, authorities=self._listing(offered))

    def _law(self, task: Task) -> str:
        return self._taxonomy.jurisdiction(task.jurisdiction).law(task.sub_jurisdiction)

    def _requirement(self, kind: SampleType, task: Task) -> str:
        """What the type requires; under ``menu`` its case must be one of the list.

        Where a rule of conduct must be named, those that bind the lawyers of that law are.
        """
        listed = self._policy == "menu" and kind.requires == "apex_case"
        said = [f"Required: {kind.requirement}."] if kind.requirement else []
        said += [_text("case_menu.txt")] if listed else []
        rules = self._taxonomy.jurisdiction(task.jurisdiction).conduct_rules
        if kind.requires == "conduct_rule" and self._policy != "grounded":
            binding = rules.get(task.sub_jurisdiction, ())
            said += [_fill("conduct_rules.txt", rules="; ".join(binding))] if binding else []
        return " ".join(said) + "\n" if said else ""

    def _listing(self, authorities: Sequence[str]) -> str:
        if self._policy not in _MENU_POLICIES:
            return ""
        listed = "; ".join(authorities)
        return f"Listed authorities (only where they fit): {listed or 'none'}.\n"

    # ------------------------------------------------------------------ the toy

    def _toy(self, task: Task) -> Prompt:
        cell = _fill(
            "toy_cell.txt",
            law=self._law(task),
            area=self._taxonomy.area(task.jurisdiction, task.practice_area).name.lower(),
            subtopic=task.subtopic,
            difficulty=task.difficulty,
            dated=_dated("judge_dated.txt", task, before=" "),
        )
        return Prompt(
            messages=(
                Message("system", _text("toy_system.txt")),
                Message("user", _text("toy_example_user.txt")),
                Message("assistant", _text("toy_example_answer.json")),
                Message("user", cell),
            ),
            version=self._versions["toy"],
            schema=_toy_schema(),
            temperature=TEMPERATURE,
            seed=_sampling_seed(task),
        )


def _as_cited(citation: DraftCitation) -> str:
    """A citation as a judge is shown it: with its quotation, and what that is quoted for."""
    if not citation.quote:
        return f"- {citation.text}"
    return f'- {citation.text}: "{citation.quote}" (quoted for: {citation.proposition or "?"})'


def _shape(schema: Mapping[str, Any]) -> str:
    """A citation as the answer's example shows it: its keys in their order."""
    keys: Mapping[str, object] = schema["properties"]["citations"]["items"]["properties"]
    example = {"source": "S1"}
    return json.dumps({key: example.get(key, "...") for key in keys})


def _listed(passages: Sequence[tuple[str, str]]) -> str:
    """Passages, each below a line with its label and how it is cited."""
    return "".join(
        f"\n\nS{number} [{cited}]\n{text}" for number, (cited, text) in enumerate(passages, 1)
    )


# ---------------------------------------------------------------------------- parts of a cell


def _question_words(gate: tuple[int, int]) -> str:
    """How long a question shall be: as usual, but never outside the gate's bounds."""
    low, high = max(QUESTION_WORDS[0], gate[0]), min(QUESTION_WORDS[1], gate[1])
    if low > high:
        low, high = gate
    return f"exactly {low}" if low == high else f"{low} to {high}"


def _lengths(kind: SampleType, difficulty: Difficulty, min_citations: int) -> dict[str, str]:
    """The bounds in words; the aim is below the middle, because longer is not better."""
    bounds = kind.bounds(difficulty)
    low, high = bounds.answer_words
    aim = round((low + 0.45 * (high - low)) / 10) * 10
    return {
        "low": str(low),
        "high": str(high),
        "aim": str(aim),
        "steps": _range(bounds.reasoning_steps, "reasoning step"),
        "citations": _citations(kind, max(bounds.min_citations, min_citations)),
    }


def _range(bounds: tuple[int, int], noun: str) -> str:
    low, high = bounds
    if high == 0:
        return f"no {noun}s"
    if low == high:
        return f"exactly {low} {noun}{'' if low == 1 else 's'}"
    return f"{low} to {high} {noun}s" if low else f"at most {high} {noun}{'' if high == 1 else 's'}"


def _citations(kind: SampleType, least: int) -> str:
    if not least:
        return "citations only if needed"
    wanted = "the case among them" if kind.requires == "apex_case" else "legislation will do"
    return f"at least {least} citation{'' if least == 1 else 's'}, {wanted}"


def _angle(task: Task, seeds: Seeds) -> str:
    return _fill(
        "angle_abstract.txt" if is_abstract(task.sample_type) else "angle.txt",
        perspective=seeds.perspective,
        stage=seeds.stage,
        sector=seeds.sector,
        form=form_text(seeds.form),
        names=", ".join(seeds.names),
        amount=seeds.amount,
        date=seeds.date,
    )


def _dated(name: str, task: Task, *, before: str = "", after: str = "") -> str:
    """The sentence that dates the law; nothing where the model's knowledge has no known end."""
    return f"{before}{_fill(name, as_of=task.as_of)}{after}" if task.as_of else ""


def _avoid(questions: Sequence[str]) -> str:
    if not questions:
        return ""
    lines = [f"- too close to: {_first_words(question, 20)}" for question in questions]
    return _fill("avoid.txt", questions="\n".join(lines))


def _first_words(text: str, n: int) -> str:
    words = text.split()
    return " ".join(words[:n]) + (" ..." if len(words) > n else "")


# ---------------------------------------------------------------------------- repairs


def _mending(reasons: Sequence[Reason]) -> str:
    """What to mend, in the gate's words. Soft flags are only named when nothing else is wrong.

    It asks for no better citation than the one refused: a model would invent another.
    """
    hard = [reason for reason in reasons if reason.reject] or list(reasons)
    said = [
        f"{reason.code}: {_sentence(reason.message.removeprefix(f'{reason.code}: '))}"
        for reason in hard[:MAX_REASONS]
    ]
    advice = [
        _text(name)
        for prefixes, name in (
            (("CITATION_",), "repair_citations.txt"),
            (("GROUND_", "QUOTE_", "OUTSIDE_"), "repair_grounded.txt"),
        )
        if any(reason.code.startswith(prefixes) for reason in hard)
    ]
    asked = any(reason.field == "question" or not reason.field for reason in hard)
    return _fill(
        "repair.txt",
        reasons=" ".join(said),
        citations="".join(f" {each}" for each in advice),
        keep="" if asked else " Keep the question unchanged.",
    )


def _sentence(text: str) -> str:
    stripped = text.strip()
    return stripped if stripped.endswith((".", "!", "?")) else f"{stripped}."


def _bounded(answer: str) -> str:
    if len(answer) <= MAX_ANSWER_SENT_BACK:
        return answer
    return answer[:MAX_ANSWER_SENT_BACK].rstrip() + " ..."


def _asking(base: Prompt, request: str) -> Prompt:
    """The prompt with a request added to its last turn: turns must alternate."""
    last = base.messages[-1]
    return _repaired(
        base, (*base.messages[:-1], Message(last.role, f"{last.content}\n\n{request}"))
    )


def _repaired(base: Prompt, messages: tuple[Message, ...]) -> Prompt:
    return _Repair(
        messages=messages,
        version=base.version,
        schema=base.schema,
        schema_name=base.schema_name,
        temperature=base.temperature,
        seed=base.seed,
        base=base,
    )


# ---------------------------------------------------------------------------- the files


@cache
def _text(name: str) -> str:
    """One file of prose, without the white space around it."""
    return (
        resources.files("legalgen.law.prompts").joinpath(name).read_text(encoding="utf-8").strip()
    )


_PLACE: Final = re.compile(r"\$(?:(\w+)|{{(\w+)}})")


@cache
def _template(name: str) -> str:
    """A file as ``str.format`` takes it, which takes a third of the time of ``string.Template``."""
    text = _text(name).replace("{", "{{").replace("}", "}}")
    return _PLACE.sub(lambda place: f"{{{place[1] or place[2]}}}", text)


def _fill(name: str, **values: str) -> str:
    return _template(name).format_map(values).strip()


@cache
def _toy_schema() -> Mapping[str, object]:
    schema: dict[str, object] = json.loads(_text("toy_schema.json"))
    return schema


@cache
def _prose() -> tuple[tuple[str, str], ...]:
    """All files of prose by name, in a fixed order."""
    names = (each.name for each in resources.files("legalgen.law.prompts").iterdir())
    return tuple(
        (name, _text(name)) for name in sorted(names) if name.endswith((".txt", ".toml", ".json"))
    )


def _version(*more: str) -> str:
    """The date of the prose and a hash of its files and of what else a prompt is made of."""
    whole = json.dumps([VERSION, _prose(), more], ensure_ascii=False)
    return f"{VERSION}-{blake2b(whole.encode(), digest_size=4).hexdigest()}"


def _sampling_seed(task: Task) -> int:
    """A seed for the vendor's sampling, of 31 bits: another for each variation."""
    digest = blake2b(f"{task.seed}:{task.variation}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") >> 1
