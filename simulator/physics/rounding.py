"""Whole flows from a fluid."""

from __future__ import annotations


class Rounding:
    """Turns a fluid into whole flows without losing any: what is cut off now is added later."""

    def __init__(self, rest: float = 0.0) -> None:
        self.rest = rest

    def whole(self, amount: float) -> int:
        exact = amount + self.rest
        number = max(0, round(exact))
        self.rest = exact - number
        return number
