"""Numbers that hang together: a union-find."""

from __future__ import annotations

from array import array


class Groups:
    """Which numbers hang together, each group under its lowest."""

    def __init__(self, count: int) -> None:
        self._of = array("I", range(count))

    def first(self, number: int) -> int:
        """The lowest of its group."""
        of = self._of
        while of[number] != number:
            of[number] = number = of[of[number]]
        return number

    def join(self, one: int, other: int) -> None:
        """Make the groups of both one."""
        left, right = self.first(one), self.first(other)
        self._of[max(left, right)] = min(left, right)

    def found(self) -> list[list[int]]:
        """The groups of more than one."""
        found: dict[int, list[int]] = {}
        for number in range(len(self._of)):
            if (first := self.first(number)) != number:
                found.setdefault(first, [first]).append(number)
        return list(found.values())
