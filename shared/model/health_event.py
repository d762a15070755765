"""What the load balancer itself reported, beside its metrics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class HealthEvent:
    kind: str  # in Azure's words: SnatPortExhaustion or HighSnatPortUsage
    at: datetime
    description: str = ""


@dataclass(frozen=True, slots=True)
class HealthEventAccess:
    """Whether health events can be read, as of the last attempt. ``problem`` says why not, else it is empty."""

    problem: str = ""


class HealthEventVerdict(StrEnum):
    AGREES = "agrees"
    MILDER = "milder"  # the events know of high usage, the metric counts failed connections
    ADDS = "adds"  # high usage that the metrics have not shown
    CONTRADICTS = "contradicts"  # ports ran out, and the metric shows no failure
    UNCONFIRMED = "unconfirmed"  # ports ran out, and the metric could not be measured


@dataclass(frozen=True, slots=True)
class HealthEventComparison:
    verdict: HealthEventVerdict
    text: str

    @property
    def is_unexplained(self) -> bool:
        """Azure says that ports ran out, and the metric shows no failure, or nothing at all."""
        return self.verdict in (HealthEventVerdict.CONTRADICTS, HealthEventVerdict.UNCONFIRMED)

    @property
    def is_disagreement(self) -> bool:
        return self.verdict in (HealthEventVerdict.CONTRADICTS, HealthEventVerdict.MILDER)
