"""Samples of metrics, minute by minute, before anybody asks for an aggregation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Sample(NamedTuple):
    """What was recorded in a minute (or a bucket of minutes): sum, number of samples, extremes."""

    total: float
    samples: int
    minimum: float
    maximum: float

    def __add__(self, other: object) -> Sample:
        if not isinstance(other, Sample):
            return NotImplemented
        return Sample(
            self.total + other.total,
            self.samples + other.samples,
            min(self.minimum, other.minimum),
            max(self.maximum, other.maximum),
        )

    def scaled(self, share: float) -> Sample:
        """The part of an amount that has been counted so far."""
        return Sample(round(self.total * share), self.samples, round(self.minimum * share), round(self.maximum * share))

    def value(self, aggregation: str) -> float:
        """`aggregation` in lower case: total, average, minimum, maximum or count."""
        if aggregation == "average":
            return self.total / self.samples
        if aggregation == "count":
            return float(self.samples)
        return float(getattr(self, aggregation))


def one(value: float) -> Sample:
    """A single sample."""
    return Sample(value, 1, value, value)


@dataclass(frozen=True)
class Series:
    """One combination of dimension values (names as defined), and a sample or nothing per minute."""

    dimensions: dict[str, str]
    samples: Sequence[Sample | None]
