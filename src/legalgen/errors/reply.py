"""What a failure says of itself, gathered from exceptions, bodies and bare text.

Nothing on this page decides what a failure means (the classifier does). It separates the vendor's
own words from everything around them: wrappers, URLs, stack traces, and what a vendor echoes of
the prompt or of the answer (``failed_generation``), which may hold any words at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from itertools import islice

import msgspec

from legalgen.errors.extent import BODY, DEEPEST, KEPT, SENTENCES, ends, shortened


class Layer(msgspec.Struct):
    """One object of an error body, or the text around it: its status, codes and words.

    ``said`` are its sentences as they stand, ``words`` what is searched of them. ``queued`` says
    that fields of it tell of a queue.
    """

    status: int | None = None
    codes: list[str] = msgspec.field(default_factory=list)
    words: list[str] = msgspec.field(default_factory=list)
    said: list[str] = msgspec.field(default_factory=list)
    param: str = ""
    queued: bool = False

    def say(self, words: str) -> None:
        """Add a sentence of the vendor's: ``said`` as it stands, ``words`` cleaned."""
        self.said.append(words)
        self.words.append(clean(ends(words)))


class Reply(msgspec.Struct):
    """All that is known of one failure.

    ``layers`` are the objects of the body, outermost first; ``around`` is what stands around them
    (all of it, where there is no body), and ``text`` the same cleaned. ``names`` are exception
    class names, the most telling first; ``live`` says that they come from an exception and not
    from a printed one. ``statuses`` are HTTP statuses, outermost first. ``page`` is the web page
    that stands where JSON belongs; ``raw`` is all of it as it came, ``headers`` those of the reply,
    and ``wait_s`` the seconds that all of it asks to wait.

    However long an error is, ``said``, ``words``, ``text`` and ``raw`` are not: what is to be
    searched for meanings is cut here (:mod:`legalgen.errors.extent`).
    """

    statuses: list[int] = msgspec.field(default_factory=list)
    layers: list[Layer] = msgspec.field(default_factory=list)
    text: str = ""
    around: str = ""
    names: list[str] = msgspec.field(default_factory=list)
    live: bool = False
    page: str = ""
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    raw: list[str] = msgspec.field(default_factory=list)
    wait_s: float | None = None

    @property
    def codes(self) -> list[str]:
        """Codes and types as the vendor wrote them, innermost first."""
        codes = (code for layer in reversed(self.layers) for code in layer.codes)
        return list(islice(codes, _MOST_CODES))

    @property
    def said(self) -> list[str]:
        """The vendor's sentences as they stand, innermost first; one that only repeats the status
        last."""
        return _within_sentences(self._in_full())

    @property
    def message(self) -> str:
        """The first of the vendor's sentences, in full; empty where there is none."""
        return next((words for words in self._in_full() if len(words) > 3), "")

    @property
    def words(self) -> list[str]:
        """The vendor's sentences, cleaned, in the order of ``said``."""
        words = (words for layer in reversed(self.layers) for words in layer.words)
        return _within_sentences(sorted(words, key=_is_reason_phrase))

    @property
    def html(self) -> bool:
        """Whether a web page stands where JSON belongs."""
        return bool(self.page)

    def keep(self, text: str) -> None:
        """Add to ``raw`` what it has room for."""
        room = KEPT - sum(map(len, self.raw))
        if room > 0:
            self.raw.append(ends(text, room))

    def _in_full(self) -> list[str]:
        said = (words for layer in reversed(self.layers) for words in layer.said)
        return sorted(said, key=_is_reason_phrase)


_MOST_CODES = 20


def _within_sentences(said: Iterable[str]) -> list[str]:
    """The first of ``said``, as many as are searched."""
    found, room = list[str](), SENTENCES
    for words in said:
        if room <= 0:
            break
        found.append(ends(words, room))
        room -= len(words)
    return found


def _is_reason_phrase(words: str) -> bool:
    """Whether it says no more than the status does: a ``title`` that would hide its ``detail``."""
    return words.strip().rstrip(".").lower() in _REASONS


# --- exceptions ----------------------------------------------------------------------------------


def chain(error: BaseException) -> list[BaseException]:
    """``error`` and everything that it wraps or follows from, outermost first, each once."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting and len(found) < 20:
        link = waiting.pop(0)
        if not isinstance(link, BaseException) or any(link is known for known in found):
            continue
        found.append(link)
        waiting += [link.__cause__]
        waiting += [] if link.__suppress_context__ else [link.__context__]
        waiting += [getattr(link, "reason", None), *getattr(link, "exceptions", ()), *link.args]
    return found


def from_exception(error: BaseException) -> Reply:
    """Read an exception and its chain: class names, status, body, headers; not yet its text."""
    reply = Reply(live=True)
    for link in chain(error):
        reply.keep(str(link))
        reply.names += [f"{each.__module__}.{each.__name__}" for each in _types(link)]
    for holder in (error, getattr(error, "response", None)):
        status = _first_status(holder)
        if status is not None and status not in reply.statuses:
            reply.statuses.append(status)
    _add_headers(getattr(error, "headers", None), reply)
    _add_headers(getattr(getattr(error, "response", None), "headers", None), reply)
    body = body_of(error)
    if body:
        add_body(body, reply)
    return reply


def _types(error: BaseException) -> list[type]:
    return [each for each in type(error).__mro__ if each not in (object, BaseException, Exception)]


def _first_status(holder: object) -> int | None:
    for name in ("status_code", "status", "http_status", "code"):
        value = getattr(holder, name, None)
        if isinstance(value, int) and 100 <= value <= 599:
            return int(value)
    return None


def body_of(error: BaseException) -> object:
    """The reply's body as the exception holds it: parsed, text, or None."""
    body: object = getattr(error, "body", None)
    if body:
        return body
    response = getattr(error, "response", None)
    if isinstance(response, Mapping):  # botocore keeps the parsed reply there
        return response
    # httpx keeps what was read in _content; asking for an unread reply's text would raise
    content = getattr(response, "_content", None)
    return content if isinstance(content, bytes | str) else None


def _add_headers(headers: object, reply: Reply) -> None:
    if isinstance(headers, Mapping):
        plain = [pair for pair in headers.items() if isinstance(pair[1], str | int | float)]
        reply.headers |= {str(name): str(value) for name, value in plain}


# --- bodies --------------------------------------------------------------------------------------


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Keys of bodies, in lower case and without underscores.
_WORD_KEYS = _words(
    """
    message msg detail details error errors title description errordescription errormessage
    errormsg errmsg reason raw cause body info text lasterror whathappened statusmsg
    """
)
_CODE_KEYS = _words(
    """
    code type errorcode errcode errortype errorname status reason name error exception kind errtype
    class quotaid finishreason
    """
)
_STATUS_KEYS = _words(
    """
    code status statuscode httpstatus httpstatuscode errorcode httpcode errcode
    """
)
_ECHO_KEYS = _words(
    """
    failedgeneration input messages prompt request requestbody requestbodyvalues content url
    href link links instance stack stacktrace traceback rayid timestamp requestid id userid
    model modelname zone footer ctx loc documentationurl helpurl metrics n object
    innererrorcontentfilterresult contentfilterresult whatyoushoulddo availablemodels
    """
)
_PATH_KEYS = _words("param parameter params field fieldname loc path keys unsupportedparams")
_LARGEST_CODE = 10**9
_CODE = re.compile(r"[A-Za-z][\w.:#/-]{1,80}")
_SENTENCE = re.compile(r"[A-Za-z][A-Za-z' -]{1,80}")


def add_body(body: object, reply: Reply) -> None:
    """Add a body of any form: parsed JSON, JSON as text or bytes, HTML, plain text."""
    if isinstance(body, bytes | bytearray):
        body = bytes(body[:BODY]).decode("utf-8", "replace")
    if isinstance(body, str):
        add_text(body, reply, own=True)
        return
    body = shortened(body)
    reply.keep(_dump(body))
    _absorb(body, reply, 0)


def _dump(body: object) -> str:
    try:
        return json.dumps(body, default=str, ensure_ascii=False)
    except (ValueError, TypeError, RecursionError):
        return ""


def _absorb(value: object, reply: Reply, depth: int) -> None:
    """Add ``value``, a layer for every object in it, outer before inner."""
    if depth > DEEPEST:
        return
    if isinstance(value, Mapping):
        layer = Layer()
        reply.layers.append(layer)
        for key, item in value.items():
            _absorb_item(re.sub(r"[^a-z]", "", str(key).lower()), item, layer, reply, depth)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for item in value:
            _absorb(item, reply, depth + 1)


def _absorb_item(key: str, item: object, layer: Layer, reply: Reply, depth: int) -> None:
    layer.queued = layer.queued or "queue" in key
    if key in _PATH_KEYS:
        _absorb_path(item, layer)
    if key in _ECHO_KEYS:
        return
    if key == "headers":
        _add_headers(item, reply)
    elif isinstance(item, bool) or item is None:
        return
    elif isinstance(item, int):
        _absorb_number(key, item, layer)
    elif isinstance(item, str):
        _absorb_string(key, item.strip(), layer, reply, depth)
    elif key == "errors" and isinstance(item, Mapping):
        _absorb_fields(item, reply)
        _absorb(item, reply, depth + 1)
    else:
        _absorb(item, reply, depth + 1)


def _absorb_fields(fields: Mapping[object, object], reply: Reply) -> None:
    """Add what ASP.NET, Laravel and Django say of each field: lists of sentences by its name."""
    for name, said in fields.items():
        if isinstance(said, list) and said and all(isinstance(words, str) for words in said):
            layer = Layer(param=str(name))
            for words in said[:5]:
                layer.say(words)
            reply.layers.append(layer)


def _absorb_path(item: object, layer: Layer) -> None:
    """Add the name of a field, or the path to it, which pydantic and zod give as a list."""
    parts = item if isinstance(item, list) else [item]
    names = [part for part in parts if isinstance(part, str)]
    layer.param = ".".join(filter(None, [layer.param, *names]))


def _absorb_number(key: str, number: int, layer: Layer) -> None:
    if key in _STATUS_KEYS and 400 <= number <= 599:
        layer.status = number
    elif key in _STATUS_KEYS and abs(number) < _LARGEST_CODE:
        layer.codes.append(str(number))


def _said_as_code(key: str, item: str) -> bool:
    """xAI's codes are sentences: "Client specified an invalid argument"."""
    return key not in _WORD_KEYS and _SENTENCE.fullmatch(item) is not None


def _absorb_string(key: str, item: str, layer: Layer, reply: Reply, depth: int) -> None:
    if key in _STATUS_KEYS and item.isdecimal() and len(item) < 10:
        _absorb_number(key, int(item), layer)
    elif key in _CODE_KEYS and (_CODE.fullmatch(item) or _said_as_code(key, item)):
        layer.codes.insert(0 if key == "code" else len(layer.codes), item)
    elif key in _WORD_KEYS:
        pieces, objects = split(_without_page(item))
        around = " ".join(pieces)
        if around.strip():
            layer.say(around)
            status = statuses_in(_marked(pieces))
            layer.status = layer.status or (status[0] if status else None)
        for before, value in zip(pieces, objects, strict=False):
            if isinstance(value, Mapping) and _REFUSES.search(before[-_NEAR:]):
                _absorb_path(list(value), layer)
        for value in objects:
            _absorb(value, reply, depth + 1)


_REFUSES = re.compile(
    r"\b(?:unsupported|unknown|unrecogni[sz]ed|not\s(?:support|allow|accept|take)\w*)"
    r"\s(?:\w{1,40}\s)?(?:param|argument|field|option)\w{0,40}\W{0,40}$",
    re.IGNORECASE,
)
"""What LiteLLM says before the names and values of what it refuses."""
_NEAR = 200
"""Characters before an object that introduce it."""


# --- text ----------------------------------------------------------------------------------------


def add_text(text: str, reply: Reply, *, own: bool = False, numbers: bool = True) -> None:
    """Add a text: its objects become layers, what stands around them is the wrapper.

    ``own`` says that the text is the reply's body, so that all its words are the vendor's;
    ``numbers`` that its numbers may be statuses of the reply.
    """
    text = text[:BODY]
    reply.keep(text)
    page = _page_in(text)
    if page is not None:
        reply.page = text
        text = _without_page(text, page)
    pieces, objects = split(text)
    around = " ".join(pieces)
    if not own:
        found = statuses_in(_marked(pieces)) if numbers else []
        reply.statuses += [status for status in found if status not in reply.statuses]
        reply.names += names_in(ends(around))
    if not reply.layers:
        for value in objects:
            _absorb(value, reply, 0)
    if own and around.strip():
        reply.layers.append(_said_plainly(pieces, page is not None))
    elif around.strip():
        reply.around = f"{reply.around} {around}".strip()
        reply.text = f"{reply.text} {clean(ends(around))}".strip()


def _said_plainly(pieces: list[str], of_page: bool) -> Layer:
    """The layer of a body that is text: what it states is read as in the message of an object."""
    layer = Layer()
    layer.say(" ".join(pieces))
    if of_page:  # the status of a page is that of who showed it, which is known
        return layer
    layer.status = next(iter(statuses_in(_marked(pieces))), None)
    name = _NAME.match(pieces[0].lstrip())
    if name and _TELLING_NAME.search(name[0]):
        layer.codes.append(name[0])
    return layer


_TELLING_NAME = re.compile(
    r"overdue|arrear|balance|credit|billing|quota|limit|throttl|overload", re.IGNORECASE
)
"""Of a class: what a vendor's own says of money and limits; a wrapper's may be wrong."""


_HTML = re.compile(r"<!doctype html|<html\b|<head>|<body\b", re.IGNORECASE)


def _page_in(text: str) -> int | None:
    """Where a page begins, if one does that is no field of an object: those a gateway passes on."""
    page, end = _HTML.search(text), 0
    for match in _OPEN.finditer(text) if page else ():
        if page is None or match.start() > page.start():
            break
        if match.start() >= end:
            _, end = _object_at(text, match.start(), escaped="\\" in match[0])
            page = page if page.start() >= end else _HTML.search(text, end)
    return page.start() if page else None


def _without_page(text: str, start: int | None = None) -> str:
    """``text`` with the title and headings of the page that begins at ``start`` in its place."""
    if start is None:
        page = _HTML.search(text)
        start = page.start() if page else len(text)
    return text if start == len(text) else f"{text[:start]} {_page_words(text[start:])}"


_HEADINGS = re.compile(r"<(title|h1|h2)[^>]{0,200}>(.*?)(?:</\1|$)", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>?")
_SHORT_PAGE = 400
"""Characters of a page without headings that are read."""


def _page_words(page: str) -> str:
    """Title and headings of a page; its other words, which are for people with browsers, only
    where it has none."""
    from html import unescape  # 0.6 MB of names, which few replies need

    headings = [heading for _, heading in _HEADINGS.findall(page)] or [page[:_SHORT_PAGE]]
    return unescape(" | ".join(_TAG.sub(" ", heading) for heading in headings))


_NOISE = re.compile(
    r"""^\s{0,40}(?:at\s(?:async\s)?\S{1,400}\s?\(?.*|File\s".*)$      # stack traces
      | \bneed\ more\ tokens\?[^.]*\.?                      # offers to buy more
      | \b(?:upgrade|sign\ up|subscribe)\b[^.]{0,200}?\b(?:tier|higher|plan)\b[^.]*\.?
      | \bnot\ (?:an?|your)\ (?:[\w']+\ ){0,4}(?:limit|time-?out|error|problem)\b  # what it is not
      | \b(?:please\ )?check\ (?:your|the)\ (?:network\ )?connection\b[^.!]*[.!]?   # advice
      | for\ more\ information[^.]*\.?|to\ learn\ more[^.]*\.?
      | ["']?failed_generation["']?\s{0,40}:.*\Z                 # what the model wrote
    """,
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)


def clean(text: str) -> str:
    """``text`` without addresses, stack traces and offers, its white space folded; an offer and
    nothing else is what it says."""
    text = _ADDRESS.sub(" ", text)
    told = _NOISE.sub(" ", text).split()
    return " ".join(told if len(told) > 1 else text.split())


_ADDRESS = re.compile(r"https?://\S+")  # an address holds any word


_NAME = re.compile(
    r"\b(?:\w{1,80}\.){0,8}([A-Z]\w{0,80}?(?:Error|Exception|Timeout|Failure|Disconnected|Reset|Refused))\b"
)


def names_in(text: str) -> list[str]:
    """Exception class names printed in ``text``, in order, with their module where it is shown."""
    return [match[0] for match in _NAME.finditer(text)]


# A number is a status only where its place says so. Units after it say that it is none.
_NO_UNIT = (
    r"(?![\d.,]*\d)(?!\s*(?:%|k\b|ms\b|s\b|tokens?\b|samples?\b|rows?\b|items?\b|records?\b|words?\b"
    r"|characters?\b|chars?\b|bytes?\b|[kmg]i?b\b|seconds?\b|minutes?\b|times\b|files?\b|lines?\b"
    r"|requests?\b|questions?\b|answers?\b|errors\b|pages?\b|steps?\b|calls?\b|retries\b|attempts?\b))"
)
_STATUS = r"(?P<status>[45]\d\d)\b" + _NO_UNIT
_ERROR_WORDS = (
    r"error(?:\s+code)?|erro(?:r|re)?|erreur|fehler(?:code)?|fout|fel|błąd|hata|lỗi|ошибка|код|"
    r"código|codice|code|错误(?:码|代码)?|錯誤(?:碼|代碼)?|状态码|狀態碼|エラー(?:\s?コード)?|ステータス(?:コード)?|"
    r"오류|상태\s?코드|status(?:[\s_-]?code)?|statuscode|httpstatuscode|http(?:[\s_-]?status)?"
    r"(?:[\s_-]?code)?|http/\d(?:\.\d)?|response(?:\s+code)?|api\s+error|statut|estado"
)
_SHAPES = (
    # Error code: 429; status=429; HTTP 402; API error (404); [HTTP 503]; "status": 500
    re.compile(
        rf"(?:\b|(?<=[\u4e00-\u9fff])|_)(?:{_ERROR_WORDS})[\"']?\s?(?:of|was|is|为|は)?"
        rf"[\s:=：#\[({{\"'-]{{0,4}}{_STATUS}",  # noqa: RUF001 - the full-width colon is meant
        re.IGNORECASE,
    ),
    # returned 500, responded with 429, got 503, rejected (429), failed: 502
    re.compile(
        r"\b(?:return(?:s|ed|ing)?|respond(?:s|ed)?|got|received|answered|rejected|failed|replied)"
        rf"(?:\s+with)?(?:\s+an?)?(?:\s+(?:http|status|error))*[\s:(\[]{{1,3}}{_STATUS}",
        re.IGNORECASE,
    ),
    # a status that follows a class name, as in Spring's 'NonTransientAiException: 422 -'
    re.compile(
        rf"\b\w*(?:Exception|(?:API|Http|HTTP|Status|Response|Request)\w*Error)\]?:\s*(?:HTTP\s)?{_STATUS}(?=\s*(?:[-:]|$))",
        re.MULTILINE,
    ),
    # a 500 error; '410 Client Error: Gone', as requests prints it
    re.compile(
        r"(?<!\d)(?P<status>[45]\d\d)\s?(?:(?:client|server|http)\s)?"
        r"(?:error\b|错误|錯誤|エラー|에러|오류)",
        re.IGNORECASE,
    ),
    # error at http://host: 401
    re.compile(
        rf"\b(?:error|failed)\b[^\n]{{0,120}}:\s{_STATUS}\s*$", re.IGNORECASE | re.MULTILINE
    ),
    # 400 {"error": ...}; 524: A timeout occurred; 422 status code
    re.compile(
        rf"\b{_STATUS}(?=\s*[{{<\[]|:\s*[A-Z]|\s+(?:status\s+code|null|undefined|from\shttps?)\b)"
    ),
    re.compile(
        rf"(?:^|[:|]\s+|[(\[])[\"']?{_STATUS}(?=\s*(?:[-\u2013\u2014:|]|\\n|$)\s*\S)", re.MULTILINE
    ),
)
_REASONS = {
    **{status.phrase.lower(): status.value for status in HTTPStatus if status.value >= 400},
    "payload too large": 413,
    "rate limited": 429,
    "time-out": 504,
    "gateway time-out": 504,
    "service temporarily unavailable": 503,
    "insufficient balance": 402,
    "unprocessable content": 422,
    "authorization required": 401,
    "page not found": 404,
    "client closed request": 499,
    "web server is down": 521,
    "origin is unreachable": 523,
    "a timeout occurred": 524,
    "overloaded": 529,
}
_WITH_REASON = re.compile(
    rf"\b(?P<status>[45]\d\d)[\s:)\]\"'“-]{{1,4}}(?:{'|'.join(map(re.escape, _REASONS))})\b",
    re.IGNORECASE,
)
# "Not Found", "Error: Forbidden", "503": a reason phrase or a status and nothing else
_ALONE = re.compile(
    rf"\s*(?:(?:http\s)?error\W+)?(?:(?P<reason>(?a:{'|'.join(map(re.escape, _REASONS))}))"
    r"|(?P<status>[45]\d\d))[\s.!]*",
    re.IGNORECASE,
)
# "429 You exceeded your current quota": a number that opens a sentence needs the sentence's help
_OPENING = re.compile(
    r"(?:^|[:：]\s)\W{0,3}(?P<status>[45]\d\d)\s+(?=[A-Z\u4e00-\u9fff`_])"  # noqa: RUF001
    r"(?=.*?(?:error|exceed|limit|invalid|denied|unauthor|insufficient|unavailable|too\s|quota"
    r"|not\s|fail|bad\b|ended\s|could\b|unable|used\sup|ran\sout|blocked|forbidden|timed?\s?-?out|overload|expired|[a-z]_[a-z]|[A-Z]_[A-Z]))",
    re.MULTILINE,
)
_CLOUDFLARE = re.compile(r"\berror(?:\s+code)?:?\s+(?P<code>1\d{3})\b", re.IGNORECASE)
_CLOUDFLARE_STATUS = {
    1015: 429, 1010: 403, 1020: 403, 1006: 403, 1009: 403, 1012: 403, 1016: 530, 1033: 530,
}  # fmt: skip


def statuses_in(text: str) -> list[int]:
    """HTTP statuses that ``text`` states as such, in the order it states them.

    "Error code: 429", "HTTP 402", "API error (404)", "429 Too Many Requests" state one;
    "we made 429 samples", "limit=500" and a proxy's own answer do not.
    """
    if _PROXY.search(text):
        return []
    alone = _ALONE.fullmatch(text)
    if alone:
        return [int(alone["status"] or _REASONS[alone["reason"].lower()])]
    found: dict[int, int] = {}
    for shape in (*_SHAPES, _WITH_REASON, _OPENING):
        for match in shape.finditer(text):
            found.setdefault(match.start("status"), int(match["status"]))
    if not found:
        edge = (_CLOUDFLARE_STATUS.get(int(m["code"])) for m in _CLOUDFLARE.finditer(text))
        return [status for status in edge if status][:1]
    return list(dict.fromkeys(found[place] for place in sorted(found)))


_PROXY = re.compile(
    # a gateway that calls itself a proxy says what it could not parse: it was reached
    r"tunnel connection failed|\bproxy\s?error\b(?!:\s(?:\w+\s){0,3}(?:pars\w+|decod\w+)\b)"
    r"|cannot connect to proxy|proxy responded"
    r"|proxy authentication|unable to connect to proxy|\bproxyerror\b"
    r"|proxy connection (?:failed|refused)|http connect failed",
    re.IGNORECASE,
)


def of_proxy(text: str) -> bool:
    """Whether ``text`` tells of a proxy between here and the vendor, whose numbers are its own."""
    return bool(_PROXY.search(text))


# --- objects inside text -------------------------------------------------------------------------


def _marked(pieces: list[str]) -> str:
    """What stands around the objects, and a brace for each: '503 {' states a status."""
    return ends(" {".join(pieces))


def split(text: str) -> tuple[list[str], list[object]]:
    """What stands around the objects in ``text``, and the objects: JSON or Python's repr of it.

    An object that is cut off at the end, or that holds unescaped quotes, is read as far as it
    goes: logs are cut at a fixed width.
    """
    around, objects, position = [], list[object](), 0
    for match in _OPEN.finditer(text):
        if match.start() < position or len(objects) >= 10:
            continue
        around.append(text[position : match.start()])
        value, position = _object_at(text, match.start(), escaped="\\" in match[0])
        objects.append(shortened(value))
    around.append(text[position:])
    return around, objects


def _object_at(text: str, start: int, *, escaped: bool) -> tuple[object, int]:
    """The object at ``start`` and where it ends; an escaped one was cut out of a string."""
    if not escaped:
        return _Reader(text).read(start)
    value, _ = _Reader(text[start:].replace('\\"', '"')).read(0)
    return value, len(text)


# An object begins with a key; a list counts only where its first item is such an object.
_OPEN = re.compile(
    r"(?:\[\s*)?\{\s*(?:\\?[\"'][\w.$@ -]{1,60}\\?[\"']|[A-Za-z_$][\w$]{0,40})\s*:(?!:)"
)
_STRING = re.compile(
    r"""(?P<quote>["'])(?P<inner>(?:\\.|(?!(?P=quote)\s*(?:[,:}\])]|$)).)*)(?:(?P=quote)|$)""",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^\s,:}\])]+")
_BLANK = re.compile(r"[\s,]*")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_CONSTANTS: dict[str, object] = {
    "null": None,
    "None": None,
    "true": True,
    "True": True,
    "false": False,
    "False": False,
}


def _unescape(match: re.Match[str]) -> str:
    what = match[1]
    if what[0] in "ux" and len(what) > 1:
        return chr(int(what[1:], 16))
    return _ESCAPED.get(what, what)


class _Reader:
    """A reader of JSON and of Python's repr of it that takes what is there and never refuses."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def read(self, start: int) -> tuple[object, int]:
        self.at = start
        return self._value(0), self.at

    def _value(self, depth: int) -> object:
        self._skip()
        char = self.text[self.at : self.at + 1]
        readers: Mapping[str, Callable[[int], object]] = {
            "{": self._object,
            "[": self._array,
            "(": self._array,
            '"': self._string,
            "'": self._string,
        }
        return readers.get(char, self._scalar)(depth)

    def _skip(self) -> None:
        match = _BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _items(self, closing: str) -> Iterator[None]:
        """One step for each item, until ``closing`` or the end of the text."""
        self.at += 1
        while True:
            self._skip()
            if self.at >= len(self.text):
                return
            if self.text[self.at] in closing:
                self.at += 1
                return
            before = self.at
            yield
            self.at += self.at == before  # a stray sign: step over it

    def _object(self, depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        for _ in self._items("}"):
            if depth > DEEPEST:
                self._scalar(depth)
                continue
            key = self._value(depth + 1)
            self._skip()
            if self.text[self.at : self.at + 1] == ":":
                self.at += 1
                found[str(key)] = self._value(depth + 1)
        return found

    def _array(self, depth: int) -> list[object]:
        return [
            self._scalar(depth) if depth > DEEPEST else self._value(depth + 1)
            for _ in self._items("])")
        ]

    def _string(self, _depth: int) -> str:
        match = _STRING.match(self.text, self.at)
        if match is None:
            self.at += 1
            return ""
        self.at = match.end()
        return _ESCAPE.sub(_unescape, match["inner"])

    def _scalar(self, _depth: int) -> object:
        match = _SCALAR.match(self.text, self.at)
        if match is None:
            return None
        self.at = match.end()
        word = match[0]
        if word in _CONSTANTS:
            return _CONSTANTS[word]
        return int(word) if re.fullmatch(r"-?\d{1,18}", word) else word
