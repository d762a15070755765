"""Samples of metrics, minute by minute, and what becomes of them when they are put together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Series:
    """One combination of dimension values, with a sample or nothing for every minute.

    Dimension names are in lower case, as the API gives them back.
    """

    dimensions: dict[str, str]
    samples: Sequence[float | None]


class Summary(NamedTuple):
    """Samples put together: their sum, their number, their extremes."""

    total: float
    samples: int
    minimum: float
    maximum: float

    def value(self, aggregation: str) -> float:
        """`aggregation` in lower case: total, average, minimum, maximum or count."""
        if aggregation == "average":
            return self.total / self.samples
        if aggregation == "count":
            return self.samples
        return float(getattr(self, aggregation))


def summarize(samples: Iterable[float | None]) -> Summary | None:
    """The summary of what is there, or None when nothing is."""
    present = [sample for sample in samples if sample is not None]
    return Summary(sum(present), len(present), min(present), max(present)) if present else None
