"""What a mistyped word may have meant."""

from __future__ import annotations

from collections.abc import Iterable


def close_matches(word: str, known: Iterable[str], most: int = 1, cutoff: float = 0.6) -> list[str]:
    """Of the known words those that are as close as ``cutoff`` (0 to 1), the closest first.

    Capitals make no difference.
    """
    import difflib  # most runs contain no mistake

    folded = {each.casefold(): each for each in reversed(list(known))}
    close = difflib.get_close_matches(word.casefold(), folded, n=most, cutoff=cutoff)
    return [folded[each] for each in close]


def did_you_mean(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """``; did you mean …?``, or nothing when no known word is close."""
    close = close_matches(word, known, cutoff=cutoff)
    return f"; did you mean {close[0]}?" if close else ""


def meant_or_allowed(word: str, known: Iterable[str]) -> str:
    """``did you mean "…"?``, or all that is allowed when no known word is close."""
    allowed = list(known)
    close = close_matches(word, allowed)
    return f'did you mean "{close[0]}"?' if close else f"allowed: {', '.join(allowed)}"
