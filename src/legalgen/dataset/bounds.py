"""What a column of a sample may hold: a row that comes from outside is held to it at the border.

What this program writes keeps these bounds by itself, and what it reads of its own is not asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, get_args

import msgspec
from msgspec import Meta

from legalgen.store.sample import Citation, Marks, Sample

_Held = tuple[Any, str]
"""The type of a column with its bounds, and how they are said."""
_COUNT: Final = Annotated[int, Meta(ge=0, le=2**63 - 1)], "a whole number from 0 on"
_AMOUNT: Final = Annotated[float, Meta(ge=0, le=1e9)] | None, "a number from 0 on"
_MONTH: Final = Annotated[str, Meta(pattern=r"^[1-9]\d{3}(-(0[1-9]|1[0-2])(-[0-3]\d)?)?$")] | None
_Code = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9_]*$", max_length=64)]
_STATUS: Final = Literal["unparsed", "named", "parsed", "conflict", "listed", "grounded"]

_COLUMNS: Final[Mapping[str, _Held]] = {
    "as_of": (_MONTH, "a month as 2024-06"),
    **dict.fromkeys(("attempts", "input_tokens", "output_tokens"), _COUNT),
    "reasoning_tokens": (_COUNT[0] | None, _COUNT[1]),
    "flags": (tuple[_Code, ...], "codes in capitals as DUP_NEAR"),
    "score": (Annotated[float, Meta(ge=1, le=5)] | None, "a mean of marks from 1 to 5"),
    **dict.fromkeys(("latency_s", "cost_usd"), _AMOUNT),
}
_OF_CITATION: Final[Mapping[str, _Held]] = {
    "status": (_STATUS, f"one of {', '.join(get_args(_STATUS))}"),
    **dict.fromkeys(("start", "end"), (_COUNT[0] | None, _COUNT[1])),
}
_OF_MARKS: Final[Mapping[str, _Held]] = dict.fromkeys(
    Marks.__struct_fields__, (Annotated[int, Meta(ge=1, le=5)] | None, "a mark from 1 to 5")
)
_SHOWN: Final = 60
"""Characters of a value that are shown."""


def beyond(sample: Sample) -> str | None:
    """What is wrong with a row's first value that is out of bounds: column, value and bounds."""
    parts: list[tuple[str, object, Mapping[str, _Held]]] = [("", sample, _COLUMNS)]
    parts += [(f"citations[{n}].", cited, _OF_CITATION) for n, cited in enumerate(sample.citations)]
    parts += [("marks.", sample.marks, _OF_MARKS)] if sample.marks is not None else []
    for where, holder, columns in parts:
        for name, (kind, meant) in columns.items():
            value = getattr(holder, name)
            try:
                msgspec.convert(value, kind)
            except msgspec.ValidationError:
                return f"{where}{name} is {repr(value)[:_SHOWN]}, and it takes {meant}"
    return _unfounded(sample)


def _unfounded(sample: Sample) -> str | None:
    """What a row says of its texts and does not show."""
    if sample.grounded and not sample.sources:
        return "grounded is true, and sources names no text"
    if any(map(_quotes_nothing, sample.citations)):
        return "citations has the status grounded, and no source and quote for it"
    return None


def _quotes_nothing(citation: Citation) -> bool:
    return citation.status == "grounded" and not (citation.source and citation.quote)
