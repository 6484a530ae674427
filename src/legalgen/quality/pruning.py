"""Taking references out of prose so that what is left still reads as prose.

What goes is the smallest unit that can go whole: a parenthesis, a part of one between semicolons,
a tail that holds nothing but references (``...; see also X v Y [2009] EWCA Civ 1``), such a part
between the semicolons of a sentence, a clause that says who says so (``, as X v Y shows,``) or that
is joined to what is a sentence without it (``..., and it overruled X v Y``), otherwise the
sentence. With a sentence go those after it that only speak of it (``That case also shows ...``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from string import ascii_lowercase
from typing import TypeAlias

import msgspec

Span = tuple[int, int]
"""Start and end of a piece of a text, in characters."""


class Sentence(msgspec.Struct, frozen=True):
    """One sentence of a text: ``start`` to ``end``, without the white space around it.

    ``line`` is the number of its line, ``label`` the characters at its start that are a list's
    mark or a speaker's name and belong to the line.
    """

    start: int
    end: int
    line: int
    label: int = 0


# --- sentences -------------------------------------------------------------------------------

_END = re.compile(r"[.!?][\"'\u2019\u201d)\]]*(?=\s)")
_NEXT = re.compile(r"\s+[\"'\u2018\u201c(\[*_]*[A-Z0-9\u00c0-\u00de]")
_BEFORE_NUMBER = re.compile(
    r"\b(?:[Nn]os?|[Aa]rts?|ss?|[Ss]ecs?|[Rr]egs?|[Pp]aras?|[Pp]t|[Cc]hs?|cl|[Ss]ch|pp?|r|rr|[Aa]mend"
    r"|c|cap|vol|Div|App)\.\Z"
)
"""What a full stop belongs to where a number follows."""
_ABBREVIATION = re.compile(
    r"(?:\b(?:v|vs|Mr|Mrs|Ms|Dr|Prof|St|cf|Cf|al|etc|approx|Const|Civ|Crim|Fed|Cir|Del|Cal|Supp|Stat"
    r"|Rev|Cas|Rep|Dist|Ct|e\.g|i\.e|viz|Gen|Gov|Sen|Am|Assn|Dep't|Comm'n|Int'l|Nat'l)"
    r"|\b[A-Z](?:\.[A-Z])*)\.\Z"
)
"""What a full stop belongs to whatever follows."""
_FIRM = re.compile(r"\b(?:Co|Corp|Inc|Ltd|Bros|LLC|Cie)\.\Z")
_BEGINS = re.compile(
    r"\s+(?:The|A|An|In|It|Its|He|She|They|Their|This|That|These|Those|If|Under|However|So|But"
    r"|Because|As|Here|There|When|Where|While|Although|On|For|No|Nor|Section|Article|Thus|Therefore)\b"
)
"""How a sentence begins after a firm's ``Ltd.`` that ends the one before."""
_MARK = re.compile(r"\s*(?:[-*\u2022]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)])\s+")
_SPEAKER = re.compile(r"\s*\**[A-Z][\w.'-]*(?: \(?[\w.'-]+\)?){0,2}\**:\**\s+")


def sentences(
    text: str, whole: Sequence[Span] = (), *, turns: bool = False
) -> tuple[Sentence, ...]:
    """The sentences of a text; none ends inside one of the spans ``whole``, or crosses a line.

    With ``turns`` a speaker's name begins a line wherever a sentence begins with it.
    """
    found: list[Sentence] = []
    start = line = 0
    for row in text.split("\n"):
        for at, (first, last) in enumerate(_of_row(text, start, start + len(row), whole)):
            speaker = _SPEAKER.match(text, first, last) if turns and at else None
            line += speaker is not None
            label = (
                speaker.end() - first if speaker else 0 if at else _label(text, first, last, whole)
            )
            found.append(Sentence(first, last, line, label))
        start += len(row) + 1
        line += 1
    return tuple(found)


def _of_row(text: str, start: int, end: int, whole: Sequence[Span]) -> Iterator[Span]:
    mark = _MARK.match(text, start, end)
    first = start
    for match in _END.finditer(text, mark.end() if mark else start, end):
        if _ends_here(text, match.start(), match.end(), whole):
            yield from _stripped(text, first, match.end())
            first = match.end()
    yield from _stripped(text, first, end)


def _stripped(text: str, start: int, end: int) -> Iterator[Span]:
    piece = text[start:end]
    if piece.strip():
        yield start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())


def _label(text: str, start: int, end: int, whole: Sequence[Span]) -> int:
    """The length of a list's mark and a speaker's name; a colon before a reference is neither's."""
    mark = _MARK.match(text, start, end)
    after = mark.end() if mark else start
    speaker = _SPEAKER.match(text, after, end)
    if speaker and not _only_refers(text, (speaker.end(), end), whole):
        after = speaker.end()
    return after - start


def _ends_here(text: str, stop: int, end: int, whole: Sequence[Span]) -> bool:
    closes = False
    for start, last in whole:  # a loop, not any(): this is asked at each full stop
        if start <= stop < last - 1:
            return False
        closes = closes or last - 1 <= stop <= last
    following = _NEXT.match(text, end)
    if following is None:
        return False
    if closes or text[stop] != ".":
        return True  # "... Smith v Jones Co. The court": the name's own stop ends it too
    before = text[max(0, stop - 12) : stop + 1]
    if _FIRM.search(before):
        return _BEGINS.match(text, end) is not None
    last = following.end() - 1
    if text[last].isdigit() and text[last - 1].isspace():
        return not (_BEFORE_NUMBER.search(before) or _ABBREVIATION.search(before))
    return not _ABBREVIATION.search(before) or _BEFORE_NUMBER.search(before) is not None


# --- what goes -------------------------------------------------------------------------------

_SIGNAL = (
    r"(?:see|see also|see too|see e\.g\.|see, e\.g\.|see for example|see, for example|cf|compare"
    r"|contrast|following|applying|citing|as in|as held in|per|e\.g\.|for example|notably"
    r"|and|also|or|in|affirmed in|approved in|confirmed in|cited in|under the rule in)"
)
_ONLY_REFERENCES = re.compile(
    rf"(?:\W|\d|\b{_SIGNAL}\b\.?|\b(?:at|paras?|pp?|per Lord \w+|per Lady \w+|HL|CA|PC|SC"
    r"|[A-Z]\w+ (?:L?J|LC|MR))\b)*",
    re.I,
)
"""What may stand beside references in a tail or a sentence that says nothing of its own."""
_TAIL = re.compile(
    r"\s*(?:[;:\u2013\u2014]|,(?=\s*(?i:see|cf|as in|as held in|following|applying|per)\b))"
)

_SAID = r"(?:held|found|said|added|explained|reasoned|concluded|observed|put it|described|stressed)"
_SPEAKS_OF_IT = re.compile(
    r"(?:That|This|The same|The latter) (?:case|decision|judgment|authority|ruling|approach)\b"
    r"|In (?:that|this|the same) (?:case|decision|judgment)\b|There,|There the\b"
    r"|The (?:case|decision|judgment|court|Court|tribunal|judge|House|majority|panel|facts) "
    rf"(?:there\b|also |further |then |of (?:Appeal|Lords|Session) {_SAID}|{_SAID}"
    r"|emphasi[sz]ed|rejected|accepted|decided|ruled)"
    rf"|(?:Lord|Lady) [A-Z]\w+(?: (?:LJ|MR|LC))? {_SAID}"
    r"|It was (?:also )?(?:held|said|decided|followed|applied|approved|affirmed)\b"
    r"|(?:Its|Her|His|Their) (?:facts|ratio|reasoning|judgments?|speech(?:es)?|dictum|dicta)\b"
)
"""How a sentence begins that has no meaning without the case of the sentence before it."""


Stays: TypeAlias = Callable[[str], bool]
"""Whether a sentence stays with its references, where nothing smaller can go out of it."""


def _none_stays(_: str) -> bool:
    return False


def without(
    text: str,
    spans: Iterable[Span],
    whole: Iterable[Span] = (),
    *,
    turns: bool = False,
    stays: Stays = _none_stays,
) -> str | None:
    """The text without the references at ``spans``; ``whole`` are the other references in it.

    An empty text where nothing else was said. With ``turns`` the text is a dialogue, and None is
    returned where a speaker would be left with nothing to say.
    """
    doomed = sorted(set(spans))
    if not doomed:
        return text
    cuts = _cuts(text, doomed, sorted({*doomed, *whole}), stays, turns=turns)
    return None if cuts is None else _tidied(text, cuts)


def _cuts(
    text: str, doomed: Sequence[Span], whole: Sequence[Span], stays: Stays, *, turns: bool
) -> list[Span] | None:
    cuts: list[Span] = []
    lost: list[int] = []
    every = sentences(text, whole, turns=turns)
    for at, sentence in enumerate(every):
        mine = [span for span in doomed if span[0] < sentence.end and sentence.start < span[1]]
        if mine:
            small = _small_cuts(text, every[at : at + 2], mine, whole)
            if small is not None:
                cuts += small
            elif not stays(text[sentence.start + sentence.label : sentence.end]):
                lost.append(at)
        elif lost and lost[-1] == at - 1 and _follows(text, every[at - 1], sentence):
            lost.append(at)
    gone = {each.line for each in every} - {
        each.line for at, each in enumerate(every) if at not in lost
    }
    if turns and gone:
        return None
    cuts += [_whole_sentence(text, every[at], every, gone) for at in lost]
    return sorted(cuts)


def _follows(text: str, before: Sentence, sentence: Sentence) -> bool:
    same = before.line == sentence.line
    return same and _SPEAKS_OF_IT.match(text, sentence.start + sentence.label) is not None


def _is_spoken_of(text: str, pair: Sequence[Sentence]) -> bool:
    """Whether the second of two sentences has no meaning without the case of the first."""
    return len(pair) > 1 and _follows(text, *pair)


def _whole_sentence(
    text: str, sentence: Sentence, every: Sequence[Sentence], gone: Container[int]
) -> Span:
    """The sentence, with its label and the end of its line where nothing is left of the line."""
    alone = sentence.line in gone
    start = sentence.start if alone else sentence.start + sentence.label
    end = sentence.end
    while end < len(text) and text[end] in " \t":
        end += 1
    last = max(each.end for each in every if each.line == sentence.line)
    return start, end + (alone and sentence.end == last and text[end : end + 1] == "\n")


def _small_cuts(
    text: str, pair: Sequence[Sentence], doomed: Sequence[Span], whole: Sequence[Span]
) -> list[Span] | None:
    """What can go out of a sentence that stays; None where the sentence has to go.

    After it in ``pair`` comes the next one: where that speaks of the case, no clause goes alone.
    """
    cuts: list[Span] = []
    sentence = pair[0]
    if not all(_inside(span, (sentence.start, sentence.end)) for span in doomed):
        return None  # a reference that reaches into another line takes both with it
    for span in doomed:
        if any(start <= span[0] and span[1] <= end for start, end in cuts):
            continue
        cut = (
            _parenthesis(text, sentence, span, doomed, whole)
            or _tail(text, sentence, span, doomed, whole)
            or _item(text, sentence, span, doomed, whole)
        )
        if cut is None and not _is_spoken_of(text, pair):
            cut = _attribution(text, sentence, span, doomed) or _joined_clause(
                text, sentence, span, doomed, whole
            )
        if cut is None:
            return None
        cuts.append(cut)
    left = text[sentence.start + sentence.label : sentence.end]
    for start, end in sorted(cuts, reverse=True):
        offset = sentence.start + sentence.label
        left = left[: max(0, start - offset)] + left[end - offset :]
    return cuts if len(re.findall(r"\w+", left)) > 2 else None


def _parenthesis(
    text: str, sentence: Sentence, span: Span, doomed: Sequence[Span], whole: Sequence[Span]
) -> Span | None:
    """The parenthesis around a reference, or its part between semicolons."""
    around = _enclosing(text, sentence, span, whole)
    if around is None:
        return None
    start, end = around
    parts = _parts(text, start + 1, end - 1, whole)
    kept = [part for part in parts if not any(_inside(one, part) for one in doomed)]
    if not kept:
        while start > sentence.start and text[start - 1] in " \t":
            start -= 1
        return start, end
    mine = next(part for part in parts if _inside(span, part))
    return _with_separator(text, mine, parts)


def _with_separator(text: str, part: Span, parts: Sequence[Span]) -> Span:
    at = parts.index(part)
    if at:
        return parts[at - 1][1], part[1]
    (start, end), (following, _) = part, parts[1]
    while start < end and text[start] == " ":
        start += 1
    while following < len(text) and text[following] == " ":
        following += 1
    return start, following


def _inside(span: Span, part: Span) -> bool:
    return part[0] <= span[0] and span[1] <= part[1]


_BRACKET = re.compile(r"[()]")


def _enclosing(text: str, sentence: Sentence, span: Span, whole: Sequence[Span]) -> Span | None:
    """The outermost parenthesis of a sentence that holds a span and is no part of a reference."""
    opened: list[int] = []
    for found in _BRACKET.finditer(text, sentence.start, sentence.end):
        at = found.start()
        if any(start <= at < end for start, end in whole):
            continue
        if text[at] == "(":
            opened.append(at)
        elif text[at] == ")" and opened:
            start = opened.pop()
            if not opened and start < span[0] and span[1] <= at:
                return start, at + 1
    return None


def _parts(text: str, start: int, end: int, whole: Sequence[Span]) -> list[Span]:
    """The pieces between the semicolons of a span."""
    parts, begin = [], start
    at = text.find(";", start, end)
    while at >= 0:
        if not any(first <= at < last for first, last in whole):
            parts.append((begin, at))
            begin = at + 1
        at = text.find(";", at + 1, end)
    return [*parts, (begin, end)]


def _tail(
    text: str, sentence: Sentence, span: Span, doomed: Sequence[Span], whole: Sequence[Span]
) -> Span | None:
    """The end of a sentence from a semicolon, colon or signal on, if it only refers."""
    starts = [
        match.start()
        for match in _TAIL.finditer(text, sentence.start + sentence.label + 1, span[0])
        if not any(start <= match.start() < end for start, end in whole)
    ]
    for start in reversed(starts):
        stop = sentence.end
        while stop > span[1] and text[stop - 1] in ".!?":
            stop -= 1
        if _only_refers(text, (start, stop), whole):
            parts = _parts(text, start + 1, stop, whole)
            kept = [one for one in whole if _inside(one, (start, stop)) and one not in doomed]
            mine = next(part for part in parts if _inside(span, part))
            if not kept:
                return start, stop
            if any(_inside(one, mine) for one in kept):
                return None  # "see X v Y and A v B": the words between them go with neither
            return _with_separator(text, mine, parts)
    return None


def _item(
    text: str, sentence: Sentence, span: Span, doomed: Sequence[Span], whole: Sequence[Span]
) -> Span | None:
    """A part of a sentence after a semicolon, if it only refers to what goes.

    The others may say what they like: ``the claim fails; X v Y; section 2 of the Act applies``.
    """
    stop = sentence.end
    while stop > span[1] and text[stop - 1] in ".!?":
        stop -= 1
    parts = _parts(text, sentence.start + sentence.label, stop, whole)
    mine = next((part for part in parts[1:] if _inside(span, part)), None)
    if mine is None or any(_inside(one, mine) and one not in doomed for one in whole):
        return None
    return _with_separator(text, mine, parts) if _only_refers(text, mine, doomed) else None


def _only_refers(text: str, part: Span, whole: Sequence[Span]) -> bool:
    return _ONLY_REFERENCES.fullmatch(_blanked(text, part, whole)) is not None


def _blanked(text: str, part: Span, spans: Sequence[Span]) -> str:
    """A part of a text with spaces for what stands at some places."""
    piece = list(text[part[0] : part[1]])
    for start, end in spans:
        for at in range(max(start, part[0]), min(end, part[1])):
            piece[at - part[0]] = " "
    return "".join(piece)


# --- clauses ---------------------------------------------------------------------------------

_SHOWS = (
    r"(?:shows?|showed|requires?|required|holds?|held|decide[sd]?|confirm(?:s|ed)|explain(?:s|ed)"
    r"|illustrates?|illustrated|puts? it|has it|sa(?:ys|id)|makes? clear|establish(?:es|ed)|settled"
    r"|recogni[sz]e[sd]|teach(?:es)?|laid down|did|does|stressed|demonstrates?|ruled|found"
    r"|allow(?:s|ed))"
)
_OPENS = re.compile(
    r"(?:,|\s[\u2013\u2014])\s*(?:just )?(?:as|such as|like|which is (?:what|how|where))\b"
)
_ATTRIBUTES = re.compile(
    rf"(?:\W|\b(?:and|or|in|the [Cc]ourt|courts?|{_SHOWS}|so|it|us|in \d{{4}})\b)*"
)
"""What says no more than where something stands, when its references are blank."""
_CLAUSE_STOP = re.compile(r"[,;:]")


def _attribution(text: str, sentence: Sentence, span: Span, doomed: Sequence[Span]) -> Span | None:
    """``, as X v Y shows``: with the comma after it, where one stands before."""
    opened = list(_OPENS.finditer(text, sentence.start + sentence.label, span[0]))
    if not opened:
        return None
    start, last = opened[-1].start(), sentence.end
    while last > span[1] and text[last - 1] in ".!?":
        last -= 1
    stops = (found.start() for found in _CLAUSE_STOP.finditer(text, span[1], last))
    end = next((at for at in stops if not any(one[0] <= at < one[1] for one in doomed)), last)
    if not _ATTRIBUTES.fullmatch(_blanked(text, (opened[-1].end(), end), doomed)):
        return None
    return start, end + (text[start] == text[end : end + 1] == ",")


_TREATS = (
    r"(?:overrul|disapprov|depart|reject|explain|distinguish|approv|appl|follow|extend|confirm"
    r"|revers|affirm|adopt|endors|limit|qualif|narrow|reconcil|prefer|doubt|critici)"
)
"""How one case deals with another."""
_JOINT = re.compile(
    r"(?:,|\s[\u2013\u2014])\s+(?:and|but|while|whereas|yet|although|though)\s+"
    r"|[;:]\s+(?:and |but )?"
    rf"|,\s+(?P<tail>(?:(?:in|on|under|from) )?which\b|where\b|{_TREATS}\w*ing\b)"
    rf"|\s(?:and|but)\s+(?=(?:also |then |thus )?{_TREATS}\w*\b)"
)
_BEGINS_CLAUSE = re.compile(
    r"(?:(?:also|then|thus|later|likewise|similarly|there|here|now|so) )?"
    rf"(?:(?:it|he|she|they|that|this|these|the|its|his|her|an?|in|under|by|since|after|Lord|Lady)\b"
    rf"|{_TREATS})"
)
_VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|had|can|cannot|may|might|must|will|would|shall|should|do|does"
    r"|did|h[eo]lds?|says?|said|gave|made|took|put|binds?|stands?|lies|goes|comes|owes?|gets?|keeps?"
    r"|(?:give|make|take|require|ask|allow|let|need|mean|bar|govern|provide|treat|turn|depend|follow"
    r"|fail|pay|run|set|show|protect|call|leave|fall|count|decide|remain|seem)s|applies|\w{3,}ed)\b"
)
_DOES = re.compile(r"\s+(?!(?:and|or|with|on|in|of|at|to|for|by)\b)[a-z]{3,}")
"""What follows a case that does something."""
_HALF = re.compile(
    r"(?:if|although|though|while|when|where|since|because|unless|as|once|whereas|even|just)\b",
    re.I,
)
"""How a clause begins that is no sentence."""
_PAIRED = re.compile(
    r"\b(?:both|either|neither|whether|between|not (?:only|merely|so much))\b", re.I
)
_DANGLES = re.compile(r"\b(?:that|which|of|in|to|by|and|or|the|an?|as|because|from|with|under)\Z")


def _joined_clause(
    text: str, sentence: Sentence, span: Span, doomed: Sequence[Span], whole: Sequence[Span]
) -> Span | None:
    """The clause of a reference as far as a semicolon or the end, where a sentence stands before.

    A reference that stays in it keeps it; so does a clause after it that it is bound up with.
    """
    begin, stop = sentence.start + sentence.label, sentence.end
    while stop > span[1] and text[stop - 1] in ".!?":
        stop -= 1
    for joint in reversed(list(_JOINT.finditer(text, begin, span[0]))):
        at, end = joint.start(), stop
        if any(start <= at < last for start, last in whole):
            continue
        if text[at] == ";":
            end = _parts(text, at + 1, stop, whole)[0][1]
        if any(_inside(one, (at, end)) and one not in doomed for one in whole):
            return None
        if joint["tail"]:
            own = "," not in text[span[1] : end]
        else:
            own = _is_clause(text, (joint.end(), end), doomed)
        if own and _is_whole(text[begin:at]):
            return at, end
    return None


def _is_clause(text: str, part: Span, doomed: Sequence[Span]) -> bool:
    """Whether a part has a subject and a verb of its own; a case at its beginning is a subject."""
    start, end = part
    after = next((last for first, last in doomed if first == start), None)
    if after is not None:
        return _DOES.match(text, after) is not None
    said = _BEGINS_CLAUSE.match(text, start) is not None
    return said and _VERB.search(_blanked(text, (start, end), doomed)) is not None


def _is_whole(text: str) -> bool:
    """Whether a beginning of a sentence can stand by itself."""
    if len(text.split()) < _LEAST_WORDS or _PAIRED.search(text) or _DANGLES.search(text):
        return False
    if text.count("(") != text.count(")") or text.count('"') % 2:
        return False
    if text.count("\u201c") != text.count("\u201d"):
        return False
    main = text.partition(", ")[2] if _HALF.match(text) else text
    return _VERB.search(main) is not None


_LEAST_WORDS = 4


# --- what is left ----------------------------------------------------------------------------

_CONNECTIVE = re.compile(
    r"(?:However|Moreover|Furthermore|Further|In addition|Additionally|Similarly|Likewise"
    r"|Nevertheless"
    r"|Nonetheless|By contrast|In contrast|Conversely|Equally|Also|Then|Again|Thus|Therefore"
    r"|Accordingly|Consequently|Hence|Even so|Still|Instead),\s+(?=[a-z])"
    r"|(?:But|And|Yet|So|Nor)\s+(?=[a-z])"
)
_NUMBERED = re.compile(r"^(\s*\(?)(\d{1,2})([.)]\s)", re.M)
_LETTERED = re.compile(r"^(\s*\(?)([a-z])([.)]\s)", re.M)


def _tidied(text: str, cuts: Sequence[Span]) -> str:
    pieces, at = [], 0
    for start, end in cuts:
        pieces.append(text[at:start])
        at = max(at, end)
    pieces.append(text[at:])
    left = "".join(pieces)
    if cuts and cuts[0][0] == len(text) - len(text.lstrip()):
        left = _opened(left.lstrip())
    lines = [_tidy_line(line) for line in left.split("\n")]
    left = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return _renumbered(text, left)


def _tidy_line(line: str) -> str:
    if "  " in line or "\t" in line:
        line = _WIDE.sub(" ", line)
    line = line.rstrip()
    if _AFTER_SPACE.search(line):
        line = _BEFORE_SIGN.sub("", line)
    if "(" in line:
        line = re.sub(r"\(\s*[;,]?\s*", "(", line)
    if "()" in line:
        line = re.sub(r"\s*\(\)", "", line)
    return _BEFORE_END.sub("", line)


_WIDE = re.compile(r"(?<=\S)[ \t]{2,}")
_BEFORE_SIGN = re.compile(r"\s+(?=[.,;:!?)])")
_AFTER_SPACE = re.compile(r"[.,;:!?)](?<=\s.)")
"""The same by the signs, which are fewer."""
_BEFORE_END = re.compile(r"[;,:]+(?=[.!?])")


def _opened(text: str) -> str:
    """A text that has lost its beginning, without the word that joined its next sentence to it."""
    match = _CONNECTIVE.match(text)
    bare = text[match.end() :] if match else text
    return bare[:1].upper() + bare[1:]


def _renumbered(before: str, after: str) -> str:
    """Numbered and lettered lines counted anew where one of them is gone."""
    if "\n" not in before:
        return after
    numbers = [str(number) for number in range(1, 100)]
    return _counted(_LETTERED, ascii_lowercase, before, _counted(_NUMBERED, numbers, before, after))


def _counted(pattern: re.Pattern[str], marks: Sequence[str], before: str, after: str) -> str:
    old = [match[2] for match in pattern.finditer(before)]
    if old != list(marks[: len(old)]) or len(pattern.findall(after)) == len(old):
        return after
    count = iter(marks)
    return pattern.sub(lambda match: f"{match[1]}{next(count)}{match[3]}", after)
