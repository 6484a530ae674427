"""What the models say: a bank of good answers, and the ways in which an answer can be bad."""

from __future__ import annotations

import itertools
import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import grounded, law, points
from .config import AnswerRequest, AnswerSource

Node = str | tuple["Template", ...]
Template = list[Node]


@dataclass(frozen=True, slots=True)
class Brief:
    """What the prompt asks for, as far as it can be seen in it."""

    words: tuple[int, int] = (150, 260)
    steps: tuple[int, int] = (4, 5)
    citations: int = 2
    jurisdictions: tuple[str, ...] = ()
    dialogue: bool = False
    ethics: bool = False
    point: str = ""
    """What decides the sample, where the prompt says so."""


_RANGE = r"(\d+)\s*(?:-|to|and)\s*(\d+)"
_WORDS = re.compile(_RANGE + r"\s+words")
_STEPS = re.compile(rf"(no|exactly \d+|at most \d+|{_RANGE})\s+(?:reasoning\s+)?steps?")
_LAW = re.compile(r"^law: (.*)$", re.MULTILINE | re.IGNORECASE)
_PLACES = {
    "uk": re.compile(r"england|scotland|wales|united kingdom|northern ireland|\buk\b", re.I),
    "us": re.compile(r"united states|\bus\b|\bu\.s\.|delaware|california|federal law", re.I),
    "eu": re.compile(r"european union|\beu\b", re.I),
    "international": re.compile(r"international law|\binternational\b", re.I),
}


def read_brief(user: str) -> Brief:
    """Read the bounds that the user messages name; silence leaves the defaults.

    Answer bounds are the widest "A to B words" (a question's are shorter). The jurisdiction is
    what a line ``Law: ...`` names, otherwise what the whole text does; a comparison has two.
    """
    low = user.lower()
    ranges = [(int(a), int(b)) for a, b in _WORDS.findall(low)]
    law_line = _LAW.search(user)
    where = law_line[1] if law_line else user
    places = [name for name, words in _PLACES.items() if words.search(where)]
    if "comparison" in low and len(places) == 1:
        places.append("us" if places == ["uk"] else "uk")
    return Brief(
        words=max(ranges, key=lambda pair: pair[1], default=(150, 260)),
        steps=_step_bounds(low),
        jurisdictions=tuple(places),
        dialogue="dialogue" in low,
        ethics="professional ethics" in low,
        point=points.point_in(user),
    )


def _step_bounds(low: str) -> tuple[int, int]:
    found = _STEPS.search(low)
    if not found:
        return 4, 5
    if found[2]:
        return int(found[2]), int(found[3])
    most = int(found[1].rpartition(" ")[2]) if found[1] != "no" else 0
    return (min(2, most), most) if found[1].startswith("at most") else (most, most)


def _parse(text: str) -> Template:
    """Compile ``a {b|c {d|e}} f`` into nested choices."""
    root, rest = _sequence(text, 0, "")
    if rest != len(text):
        raise ValueError(f"a brace too many in {text!r}")
    return root


def _sequence(text: str, at: int, stop: str) -> tuple[Template, int]:
    nodes: Template = []
    start = at
    while at < len(text) and text[at] not in stop:
        if text[at] != "{":
            at += 1
            continue
        nodes.append(text[start:at])
        options, at = _options(text, at + 1)
        nodes.append(options)
        start = at
    nodes.append(text[start:at])
    return [node for node in nodes if node], at


def _options(text: str, at: int) -> tuple[tuple[Template, ...], int]:
    options = []
    while True:
        option, at = _sequence(text, at, "|}")
        options.append(option)
        at += 1
        if text[at - 1] == "}":
            return tuple(options), at


def _compile(name: str) -> tuple[Template, ...]:
    return tuple(map(_parse, law.PROSE[name]))


_QUESTIONS = _compile("questions")
_OPENINGS = _compile("openings")
_AUTHORITIES = _compile("authorities")
_BODY = _compile("body")
_CONDUCT = _compile("conduct")
_CLOSINGS = _compile("closings")
_STEPS_OF_REASONING = _compile("steps")
_TURNS = _compile("turns")
_BY_JURISDICTION = {
    name: tuple(topic for topic in law.TOPICS if topic.jurisdiction == name)
    for name in law.SETTINGS
}
_SLOT = re.compile(r"\$([a-z_]+)")


class _Writer:
    """Writes one answer: a topic, its people and figures, and the dice."""

    def __init__(self, rng: random.Random, topic: law.Topic) -> None:
        self._random = rng.random
        self.topic = topic
        setting = law.SETTINGS[topic.jurisdiction]
        self.slots: dict[str, str] = {
            "person": f"{self._one(law.FIRST_NAMES)} {self._one(law.LAST_NAMES)}",
            "other": f"{self._one(law.FIRST_NAMES)} {self._one(law.LAST_NAMES)}",
            "company": self._firm(setting),
            "rival": self._firm(setting),
            "amount": f"{setting.money}{int(self._random() * 900 + 20) * 250:,}",
            "days": str(int(self._random() * 340) + 12),
            "place": self._one(setting.places),
            "month": self._one(law.MONTHS),
            "subject": topic.subject,
            "dispute": self._one(topic.disputes),
            "rule_a": topic.authorities[0].rule,
        }

    def _firm(self, setting: law.Setting) -> str:
        return f"{self._one(law.LAST_NAMES)} {self._one(law.TRADES)} {self._one(setting.suffixes)}"

    def _one(self, options: Sequence[str]) -> str:
        return options[int(self._random() * len(options))]

    def pick(self, templates: Sequence[Template], count: int) -> list[Template]:
        """``count`` different templates in a random order (all of them, if there are fewer)."""
        return sorted(templates, key=lambda _: self._random())[:count]

    def write(self, template: Template, **slots: str) -> str:
        """One sentence."""
        out: list[str] = []
        self._expand(template, out)
        values = self.slots | slots
        return _SLOT.sub(lambda match: values[match[1]], "".join(out))

    def _expand(self, template: Template, out: list[str]) -> None:
        for node in template:
            if isinstance(node, str):
                out.append(node)
            else:
                self._expand(node[int(self._random() * len(node))], out)

    def cite(self, authority: law.Authority, templates: Sequence[Template]) -> str:
        """A sentence that names ``authority`` and says what it stands for."""
        template = templates[int(self._random() * len(templates))]
        return self.write(template, name=authority.name, rule=authority.rule)


def _length(sentences: Sequence[str]) -> int:
    return sum(sentence.count(" ") + 1 for sentence in sentences)


_ROOM_FOR_TWO = 150
"""Words; in a shorter answer two authorities would leave no room for anything of its own."""


def good(number: int, seed: int, brief: Brief) -> dict[str, object]:
    """The ``number``-th good answer of ``seed``: same arguments, same answer.

    Two answers share a topic at most, never their wording: over thousands of them no two are
    near-duplicates (``tests/test_vendors.py`` measures it).
    """
    rng = random.Random(seed * 1_000_003 + number)
    wanted = brief.jurisdictions[:1] or tuple(_BY_JURISDICTION)
    topics = [topic for name in wanted for topic in _BY_JURISDICTION[name]]
    # The law that decides is the point's, whichever the facts are: two answers on one share it.
    choice = random.Random(brief.point) if brief.point else rng
    writer = _Writer(rng, topics[int(choice.random() * len(topics))])
    cited = list(writer.topic.authorities[: brief.citations])
    if brief.words[1] < _ROOM_FOR_TWO:
        cited = [rng.choice(cited)]
    cited += [  # a comparison cites the other side too
        rng.choice(_BY_JURISDICTION[name]).authorities[0] for name in brief.jurisdictions[1:2]
    ]
    low, high = brief.words
    target = int(low + (high - low) * (0.25 + 0.5 * rng.random()))
    return {
        "question": writer.write(_QUESTIONS[int(rng.random() * len(_QUESTIONS))]),
        "reasoning_steps": _steps(writer, brief, cited, rng),
        "answer": _answer(writer, cited, target, brief),
        "citations": [{"text": one.text, "proposition": one.rule} for one in cited],
    }


def from_passages(
    number: int, seed: int, brief: Brief, passages: Sequence[str], way: grounded.Way = "verbatim"
) -> dict[str, object]:
    """A good answer whose one authority is what the passages say, quoted in one way."""
    rng = random.Random(seed * 1_000_003 + number)
    wanted = brief.jurisdictions[:1] or tuple(_BY_JURISDICTION)
    writer = _Writer(rng, _BY_JURISDICTION[wanted[0]][0])
    rule = "what was promised must be done in time"
    writer.slots["rule_a"] = rule
    quoted = law.Authority(text="", name="The provision quoted", rule=rule)
    low, high = brief.words
    target = int(low + (high - low) * (0.25 + 0.5 * rng.random()))
    return {
        "question": writer.write(_QUESTIONS[int(rng.random() * len(_QUESTIONS))]),
        "reasoning_steps": _steps(writer, brief, [quoted], rng),
        "answer": _answer(writer, [quoted], target, brief),
        "citations": [grounded.citation(rng, passages, way) | {"proposition": rule}],
    }


def _steps(
    writer: _Writer, brief: Brief, cited: Sequence[law.Authority], rng: random.Random
) -> list[str]:
    low, high = brief.steps
    count = max(low, min(high, low + int(rng.random() * (high - low + 1)), 8))
    first, rule, *rest = _STEPS_OF_REASONING
    chosen = [first, rule, *writer.pick(rest, count)][:count]
    return [writer.write(step, name=cited[0].name, rule=cited[0].rule) for step in chosen] + [
        writer.write(rest[0]) for _ in range(count - len(chosen))
    ]


def _answer(writer: _Writer, cited: Sequence[law.Authority], target: int, brief: Brief) -> str:
    if brief.dialogue:
        return _dialogue(writer, cited, target, brief.point)
    sentences = [writer.write(writer.pick(_OPENINGS, 1)[0])]
    sentences += [writer.cite(one, _AUTHORITIES) for one in cited]
    if brief.ethics:
        sentences += [writer.write(template) for template in _CONDUCT]
    if brief.point:
        sentences.append(points.applied(brief.point))
    closing = writer.write(writer.pick(_CLOSINGS, 1)[0])
    sentences += _filling(writer, target - _length([*sentences, closing]))
    return " ".join([*sentences, closing])


def _filling(writer: _Writer, words: int) -> list[str]:
    """Different sentences until ``words`` are reached, to the nearest sentence."""
    sentences: list[str] = []
    for template in itertools.chain.from_iterable(
        writer.pick(_BODY, len(_BODY)) for _ in itertools.count()
    ):
        if words - _length(sentences) < 14:
            return sentences
        sentences.append(writer.write(template))
    return sentences


def _dialogue(writer: _Writer, cited: Sequence[law.Authority], target: int, point: str) -> str:
    turns = [writer.write(turn) for turn in _TURNS]
    said = [writer.cite(one, _AUTHORITIES) for one in cited]
    said += [points.applied(point)] if point else []
    turns.append("Adviser: " + " ".join(said))
    for sentence in _filling(writer, target - _length(turns)):
        speaker = "Client: And so" if len(turns) % 2 == 0 else "Adviser:"
        turns.append(f"{speaker} {sentence}")
    return "\n".join(turns)


def source(answers: str | Path | AnswerSource) -> AnswerSource:
    """The function behind ``Config.answers``.

    Raises:
        ValueError: it is neither ``good``, a path nor a function.
    """
    if callable(answers):
        return answers
    if answers == "good":
        return _good_text
    if isinstance(answers, Path):
        return _from_file(answers)
    raise ValueError(f"answers are 'good', a file or a function, not {answers!r}")


def _good_text(request: AnswerRequest) -> str:
    if _IS_TO_JUDGE.search(request.prompt):
        return _marks(request)
    if points.wanted(request.prompt):
        return points.listed(request.prompt)
    brief = read_brief(request.prompt)
    if passages := grounded.passages_in(request.prompt):
        value = from_passages(request.number, request.seed, brief, passages)
    else:
        value = good(request.number, request.seed, brief)
    return json.dumps(value, ensure_ascii=False)


_IS_TO_JUDGE = re.compile(r"^Question: .*^Reasoning steps:$.*^Answer: .*^Citations:$", re.M | re.S)


def _marks(request: AnswerRequest) -> str:
    """What a judge says of a sample: six marks of 2 to 5, by seed and number."""
    rng = random.Random(f"{request.seed}:{request.number}:marks")
    names = ("correctness", "relevance", "reasoning", "citation_use", "consistent", "safe")
    value = {"remark": "one step is thin", **{name: rng.randint(2, 5) for name in names}}
    return json.dumps(value)


def _from_file(path: Path) -> AnswerSource:
    contents = [_content(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    return lambda request: contents[request.number % len(contents)]


def _content(line: str) -> str:
    value = json.loads(line)
    if isinstance(value, dict) and isinstance(value.get("content"), str):
        return str(value["content"])
    return line


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A bad answer: its content, and the finish reason that goes with it."""

    content: str
    finish_reason: str = "stop"


def _changed(text: str, change: Callable[[dict[str, object]], Mapping[str, object]]) -> Spoilt:
    return Spoilt(json.dumps(change(json.loads(text)), ensure_ascii=False))


def _wrong_schema(text: str) -> Spoilt:
    return _changed(text, lambda v: {"question": v.get("question"), "response": v.get("answer")})


def _prose(text: str) -> Spoilt:
    value = json.loads(text)
    told = [name for name in ("question", "answer") if name in value] or value  # a judge's marks
    return Spoilt("\n\n".join(f"{name.capitalize()}: {value[name]}" for name in told))


def _huge(text: str) -> Spoilt:
    return _changed(text, lambda v: v | {"answer": " ".join([str(v.get("answer", text))] * 40)})


_RUSSIAN = (
    "Продавец отвечает за недостатки товара, если не докажет, что они возникли после передачи. "
)

SPOILT: dict[str, Callable[[str], Spoilt]] = {
    "empty_content": lambda _: Spoilt(""),
    "null_content": lambda _: Spoilt("\0"),
    "truncated": lambda text: Spoilt(text[: len(text) * 3 // 5], "length"),
    "truncated_stop": lambda text: Spoilt(text[: len(text) * 3 // 5]),
    "reasoning_only": lambda _: Spoilt("", "length"),
    "wrong_schema": _wrong_schema,
    "prose": _prose,
    "fenced": lambda text: Spoilt(f"Here is the sample:\n\n```json\n{text}\n```\n"),
    "think": lambda text: Spoilt(f"<think>The user wants {{a sample}}.</think>\n{text}"),
    "refusal": lambda _: Spoilt("I'm sorry, but I can't help with that request."),
    "refusal_in_json": lambda text: _changed(
        text, lambda v: v | {"answer": "As an AI language model, I cannot give legal advice."}
    ),
    "content_filter": lambda _: Spoilt("", "content_filter"),
    "duplicate": Spoilt,
    "huge": _huge,
    "short": lambda text: _changed(text, lambda v: v | {"answer": "It depends on the facts."}),
    "non_english": lambda text: _changed(
        text, lambda v: v | {"question": _RUSSIAN, "answer": _RUSSIAN * 25}
    ),
    "placeholder": lambda text: _changed(
        text, lambda v: v | {"answer": f"{v.get('answer', '')} See [insert citation here]."}
    ),
    "no_steps": lambda text: _changed(text, lambda v: v | {"reasoning_steps": []}),
    "array": lambda text: Spoilt(f"[{text}]"),
}
"""Bad answers by fault name; each is made from the good one, or the marks, that it replaces.

``duplicate`` repeats the model's previous good answer (the server hands that one in).
``null_content`` becomes a JSON null.
"""
