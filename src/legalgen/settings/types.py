"""Kinds of values: how a setting is written, read back, and what to write instead.

Every ``parse`` takes text (a flag, a variable) or a TOML value, and raises ValueError with the
end of a sentence: what is wrong, and what would be right.
"""

from __future__ import annotations

import errno
import math
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, Generic, Literal, TypeVar, cast, final

import msgspec

from legalgen.completion import ModelRef
from legalgen.settings.reading import is_folder, is_there

T_co = TypeVar("T_co", covariant=True)
C = TypeVar("C", bound=str)

GateMode = Literal["full", "structure"]
CitationPolicy = Literal["statute-first", "apex-only", "menu", "free"]
"""Which authorities a model is asked to cite, and which of them the gate admits."""


@final
class Secret:
    """A key that shows itself only when asked to: printed, formatted or logged it is masked."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The key itself, for the one place that sends it."""
        return self._value

    def fingerprint(self) -> str:
        """16 hex digits that tell keys apart and lead back to none."""
        import hashlib  # loads OpenSSL, and --help fingerprints no key

        return hashlib.blake2b(
            self._value.strip().encode("utf-8", "replace"), digest_size=8
        ).hexdigest()

    def __str__(self) -> str:
        key = self._value.strip()
        readable = key.isascii() and key.isprintable() and len(key) >= 20
        return f"{key[:4]}…{key[-4:]}" if readable else "***"

    def __repr__(self) -> str:
        return f"Secret({self})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str:
        raise TypeError("a Secret is never pickled or copied")


class Kind(msgspec.Struct, Generic[T_co], frozen=True):
    """How a value is written: ``parse`` takes text or a TOML value, or raises ValueError.

    The ValueError's text continues "<value>: ", names what is wrong and what would be right.
    ``name`` is the word of the documentation; ``show`` writes a value so that ``parse`` reads it.
    ``metavar`` stands for a value in ``--help``, ``choices`` are the words that are offered there
    and by completion. ``number``: TOML writes it without quotes; ``several``: as an array.
    """

    name: str
    parse: Callable[[object], T_co]
    show: Callable[[Any], str] = str
    metavar: str = "TEXT"
    choices: tuple[str, ...] = ()
    number: bool = False
    several: bool = False


_DURATION_HELP = "write 90s, 2m, 1h30m, 15min or plain seconds"


def parse_duration(text: str) -> float:
    """Seconds of ``90s``, ``2m``, ``1h30m``, ``15min``, ``1.5h``, ``250ms`` or ``90``.

    Units come in descending order, each at most once.

    Raises:
        ValueError: it is none of these; the text says what to write.
    """
    plain = text.strip()
    if re.fullmatch(r"\d+(\.\d+)?", plain):
        return _finite(float(plain))
    from legalgen.errors.durations import parts  # its patterns; ``--help`` reads no duration

    found = parts(plain)
    if not found:
        raise ValueError(f"not a duration; {_DURATION_HELP}")
    sizes = [size for _, size in found]
    if sizes != sorted(set(sizes), reverse=True):
        raise ValueError("the units of a duration go from large to small, each once: 1h30m")
    return _finite(sum(number * size for number, size in found))


def format_duration(seconds: float) -> str:
    """The shortest form that ``parse_duration`` reads back, to the millisecond: ``1h30m``."""
    if math.isinf(seconds):
        return "off"
    milliseconds = round(seconds * 1000)
    hours, milliseconds = divmod(milliseconds, 3_600_000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    parts = [f"{hours}h" if hours else "", f"{minutes}m" if minutes else ""]
    if milliseconds or not any(parts):
        parts.append(f"{milliseconds / 1000:g}s")
    return "".join(parts)


def _finite(seconds: float) -> float:
    if seconds > 1e9:
        raise ValueError("longer than anyone will wait; the most is 1000000000 seconds")
    return seconds


def _seconds(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not math.isfinite(value) or value < 0:
            raise ValueError(f"not a duration; {_DURATION_HELP}")
        return _finite(float(value))
    return parse_duration(_string(value))


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("text is expected here, in quotes")  # noqa: TRY004 - one error for all
    if not value.strip():
        raise ValueError("it is empty; give a value, or leave it out")
    return value.strip()


def _or_off(
    parse: Callable[[object], float], off: float | None
) -> Callable[[object], float | None]:
    """A bound of which ``off`` and ``none`` stand for no bound, given as the value ``off``."""

    def parse_bound(value: object) -> float | None:
        if isinstance(value, str) and value.strip().lower() in ("off", "none"):
            return off
        try:
            return parse(value)
        except ValueError as error:
            raise ValueError(f"{error}, or off for no bound") from error

    return parse_bound


def _whole_or_off(value: object) -> int | None:
    bound = _or_off(whole(1), None)(value)
    return None if bound is None else int(bound)


def _positive_duration(value: object) -> float:
    seconds = _seconds(value)
    if seconds <= 0:
        raise ValueError("it must be longer than nothing; a call needs some time")
    return seconds


def _time_to_run(value: object) -> float:
    seconds = _seconds(value)
    if seconds <= 0:
        raise ValueError("no call fits into no time; write 90s, 2h")
    return seconds


def _names(value: object) -> tuple[str, ...]:
    """Names separated by commas, in one text or in several; each once, in the order given.

    ``all`` is no restriction, so that a flag can lift one of the file.
    """
    items = value if isinstance(value, list | tuple) else [value]
    split = [name.strip() for item in items for name in _string(item).split(",")]
    if not all(split):
        raise ValueError("there is nothing between two commas; write a,b,c")
    return () if split == ["all"] else tuple(dict.fromkeys(split))


def _route(value: object) -> tuple[ModelRef, ...]:
    return tuple(_model_ref(name) for name in _names(value))


def _model_ref(name: str) -> ModelRef:
    try:
        return ModelRef.parse(name)
    except ValueError as error:
        raise ValueError(
            f"{error}; write groq/openai/gpt-oss-120b,cerebras/gpt-oss-120b"
        ) from error


MOST: Final = 2**63 - 1
"""The largest whole number, of either sign: records and parquet hold no larger one."""
HEAVIEST: Final = 1e9
"""The largest weight: of much larger ones the sums have no end, and the shares are lost."""


def whole(minimum: int | None = None, maximum: int = MOST) -> Callable[[object], int]:
    """A whole number, in text also as ``1_000``, ``500k`` or ``2M``."""
    wanted = "a whole number"
    if maximum < MOST:
        wanted += f" from {minimum or 0} to {maximum}"
    elif minimum is not None:
        wanted += f" of at least {minimum}"

    def parse(value: object) -> int:
        text = value.strip() if isinstance(value, str) else str(value)
        match = re.fullmatch(r"([+-]?)(\d[\d_]*)([kKmM]?)", text)
        if isinstance(value, bool | float) or match is None:
            raise ValueError(f"not {wanted}")
        digits = match[2].replace("_", "").lstrip("0")[:40] or "0"  # of more Python reads none
        number = int(match[1] + digits) * {"": 1, "k": 1_000, "m": 10**6}[match[3].lower()]
        if minimum is not None and number < minimum:
            raise ValueError(f"not {wanted}")
        if abs(number) > MOST:
            raise ValueError(f"the {'most' if number > 0 else 'least'} is {match[1]}{MOST}")
        if number > maximum:
            raise ValueError(f"not {wanted}")
        return number

    return parse


def _limit(value: object) -> int:
    """A limit of an account: 0 would be read as none by some, as no calls by others."""
    limit = whole(0)(value)
    if not limit:
        raise ValueError(
            "is no limit; for none leave the line out, and a model that shall not be called "
            "out of --route (--only-provider keeps to one provider)"
        )
    return limit


def _month(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[1-9]\d{3}-(0[1-9]|1[0-2])", value.strip()):
        raise ValueError("not a month: write YYYY-MM, such as 2024-06")
    return value.strip()


def _dollars(value: object) -> float:
    try:
        amount = float(value.strip().lstrip("$") if isinstance(value, str) else cast(float, value))
    except (TypeError, ValueError) as error:
        raise ValueError("not an amount of dollars; write 2.50") from error
    if isinstance(value, bool) or not math.isfinite(amount) or amount < 0:
        raise ValueError("not an amount of dollars; write 2.50")
    if amount == 0:
        raise ValueError("no call can be paid with nothing; write 2.50")
    return amount


def _number(least: float, most: float, wanted: str) -> Callable[[object], float]:
    """A number from ``least`` to ``most``; ``wanted`` says what to write."""

    def parse(value: object) -> float:
        try:
            number = float(cast(str, value))
        except (TypeError, ValueError) as error:
            raise ValueError(f"not a number; {wanted}") from error
        if isinstance(value, bool) or not least <= number <= most:
            raise ValueError(f"not a number from {least:g} to {most:g}; {wanted}")
        return number

    return parse


def _share(value: object) -> float:
    """``1/3``, ``0.25``, ``25%`` or ``1``: a part of a whole, and more than nothing of it."""
    wanted = "write 1/3, 0.25 or 25%"
    match = re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+)(?:\s*/\s*(\d+)|\s*(%))?", str(value).strip())
    if isinstance(value, bool) or match is None or len(match[0]) > 20:
        raise ValueError(f"not a part of a whole; {wanted}")
    divisor = 100 if match[3] else int(match[2] or 1)
    share = float(match[1]) / divisor if divisor else 0.0
    if not 0 < share <= 1:
        raise ValueError(f"not more than 0 and at most 1; {wanted}")
    return share


def show_share(value: float) -> str:
    """``1/3`` where it is one, else the number: ``0.4``."""
    part = round(1 / value)
    return f"1/{part}" if part > 1 and 1 / part == value else show_number(value)


def _switch(value: object) -> bool:
    if isinstance(value, bool):
        return value
    words = {"1": True, "true": True, "yes": True, "on": True}
    words |= {"0": False, "false": False, "no": False, "off": False}
    word = str(value).strip().lower()
    if word not in words:
        raise ValueError("neither yes nor no; write true or false")
    return words[word]


def one_of(*allowed: C) -> Kind[C]:
    """One of the ``allowed`` words, in either case, with ``_`` or ``-``."""

    def parse(value: object) -> C:
        word = _string(value).lower().replace("_", "-")
        for choice in allowed:
            if choice == word:
                return choice
        from legalgen.errors.suggestions import did_you_mean  # most runs contain no mistake

        raise ValueError(f"not one of {', '.join(allowed)}{did_you_mean(word, allowed)}")

    return Kind(_listed(allowed), parse, choices=allowed)


def suggested(*choices: str) -> Kind[str]:
    """A text for which some words are usual and offered, while what else it may be comes later."""
    return Kind(_listed(choices), _string, choices=choices)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _concurrency(value: object) -> int | Literal["auto"]:
    if isinstance(value, str) and value.strip().lower() == "auto":
        return "auto"
    try:
        number = whole(1)(value)
    except ValueError as error:
        raise ValueError("not auto and not a whole number from 1 to 1024") from error
    if number > 1024:
        raise ValueError("not auto and not a whole number from 1 to 1024")
    return number


def _one_to_three(value: object) -> str:
    """``2`` or ``1-3``: how many, or the fewest and the most."""
    text = str(value).strip()
    if not re.fullmatch(r"[123]|1-[23]|2-3", text):
        raise ValueError("not a number from 1 to 3, nor a range as 1-3")
    return text


_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]+):/+(?=.)", re.IGNORECASE)
_COPIES: Final = {
    "http": "curl -LO", "https": "curl -LO", "s3": "aws s3 cp", "gs": "gcloud storage cp",
    "hf": "hf download",
}  # fmt: skip
"""What copies from a place, by the scheme of its URL."""
NO_PLACE: Final = (errno.ENAMETOOLONG, errno.ELOOP)
"""What the system says of a path that names no place at all."""

_PUSHED: Final = ("s3", "hf")
"""Where ``dataset push`` sends a dataset."""


def misplaced_url(value: str, *, folder: bool = False) -> str:
    """What is wrong with a URL where a file or a ``folder`` is meant, and the command that does
    it; empty: it is none.
    """
    match = _SCHEME.match(value)
    if match is None:
        return ""
    scheme, rest = match[1].lower(), value[match.end() :]
    wrong = f"a URL, and a {'folder' if folder else 'file'} of this machine is meant: "
    if folder and scheme in _PUSHED:
        target = rest.removeprefix("datasets/") if scheme == "hf" else f"{scheme}://{rest}"
        return f"{wrong}write there, and `legalgen dataset push {target}` sends the dataset on"
    if scheme == "file":
        return f"{wrong}write /{rest}"
    copies = f"`{_COPIES[scheme]}` copies" if scheme in _COPIES else "copy"
    return f"{wrong}{copies} what is there"


def unreachable(path: Path) -> OSError | None:
    """Why nobody can tell whether a path is there; None: it is, or it is not.

    ``Path.exists`` says so only until Python 3.12.
    """
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return error
    return None


def _folder(value: object) -> Path:
    if isinstance(value, str) and (wrong := misplaced_url(value.strip(), folder=True)):
        raise ValueError(wrong)
    path = _path(value)
    error = unreachable(path)
    if error is not None and error.errno in NO_PLACE:
        raise ValueError(error.strerror)
    return path


def in_the_way(path: Path) -> Path | None:
    """What is there and is no folder, of a path that is to be one; None: nothing is known to be."""
    for each in (path, *path.parents):
        try:
            if is_there(each):
                return None if is_folder(each) else each
            if each.is_symlink():  # it leads nowhere, and no folder can be made in its place
                return each
        except OSError:  # nobody can tell: whoever makes the folder is told why
            return None
    return None


def _place(value: object) -> str:
    """What may be the path of a file, or ``-``, as text."""
    text = _string(value)
    if wrong := misplaced_url(text):
        raise ValueError(wrong)
    if "\0" in text:  # TOML can write one, and the system takes none
        raise ValueError("no path holds a null character")
    return text


def _path(value: object) -> Path:
    if isinstance(value, Path):
        return value
    try:
        return Path(_place(value)).expanduser()
    except RuntimeError as error:  # pathlib's word for: no HOME, and no entry for this user
        raise ValueError("there is no home folder to put for ~; write the whole path") from error


def _paths(value: object) -> tuple[Path, ...]:
    """Files, one a value or separated by commas; each once, in the order given."""
    return tuple(_path(name) for name in _names(value))


def _url(value: object) -> str:
    from legalgen.providers.addresses import address_problem  # ``--help`` looks at no address

    text = _string(value).rstrip("/")
    if problem := address_problem(text):
        raise ValueError(problem)
    return text


def comma_separated(values: Iterable[object]) -> str:
    """The names as ``NAMES`` reads them."""
    return ",".join(str(value) for value in values)


def _yes_or_no(value: bool) -> str:
    return "true" if value else "false"


def show_number(value: float) -> str:
    """The shortest form of a number that keeps 15 digits: ``2.5``, ``1``."""
    return f"{value:.15g}"


TEXT = Kind("text", _string)
NAMES = Kind("names", _names, comma_separated, "NAME,...", several=True)
ROUTE = Kind("models as `provider/model`", _route, comma_separated, "P/MODEL,...", several=True)
COUNT = Kind("whole number from 1", whole(1), metavar="N", number=True)
NUMBER = Kind("whole number", whole(), metavar="N", number=True)
LIMIT = Kind("whole number from 1", _limit, metavar="N", number=True)
NATURAL = Kind("whole number from 0", whole(0), metavar="N", number=True)
SWITCH = Kind("`true` or `false`", _switch, _yes_or_no)
CONCURRENCY = Kind("`auto` or 1 to 1024", _concurrency, metavar="auto|N")
PASSAGES = Kind("number from 1 to 3, or a range as `1-3`", _one_to_three, metavar="1-3")
PATH = Kind("path", _path, metavar="FILE")
FOLDER = Kind("path", _folder, metavar="DIR")
PATHS = Kind("paths", _paths, comma_separated, "FILE,...", several=True)
URL = Kind("URL", _url, metavar="URL")
DURATION = Kind("duration", _seconds, format_duration, "TIME")
CALL_TIME = Kind("duration", _positive_duration, format_duration, "TIME")
WAIT = Kind("duration or `off`", _or_off(_seconds, math.inf), format_duration, "TIME")
TIME_BOUND = Kind("duration or `off`", _or_off(_time_to_run, None), format_duration, "TIME")
COUNT_BOUND = Kind("whole number from 1, or `off`", _whole_or_off, metavar="N", number=True)
STREAM = Kind("path, or `-`", _place, metavar="FILE|-")
MONTH = Kind("month as `YYYY-MM`", _month, metavar="YYYY-MM")
MARK = Kind("number from 1 to 5", _number(1.0, 5.0, "write 3.5"), show_number, "MARK")
TEMPERATURE = Kind(
    "number from 0 to 2", _number(0.0, 2.0, "write 0.7"), show_number, "T", number=True
)
TOP_P = Kind(
    "number from 0.01 to 1", _number(0.01, 1.0, "write 0.95"), show_number, "P", number=True
)
SHARE = Kind("part as `1/3`, `0.25` or `25%`", _share, show_share, "PART")
DOLLAR_BOUND = Kind("dollars or `off`", _or_off(_dollars, None), show_number, "USD", number=True)
