"""Azure's health events: what the load balancer itself reports, in addition to its metrics."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .text import Text


@dataclass(frozen=True, slots=True)
class HealthEvent:
    kind: str  # SnatPortExhaustion or HighSnatPortUsage
    at: datetime
    description: str = ""


@dataclass(frozen=True, slots=True)
class HealthEventAccess:
    """Whether the last attempt could read health events. ``problem`` says why not, else it is empty."""

    problem: Text = Text("")


class HealthEventVerdict(StrEnum):
    AGREES = "agrees"
    MILDER = "milder"  # the events show high usage, the metric shows failed connections
    ADDS = "adds"  # the events show high usage, the metrics don't
    CONTRADICTS = "contradicts"  # the events show exhausted ports, the metric shows no failure
    UNCONFIRMED = "unconfirmed"  # the events show exhausted ports, the metric could not be measured


@dataclass(frozen=True, slots=True)
class HealthEventComparison:
    verdict: HealthEventVerdict
    text: Text

    @property
    def is_unexplained(self) -> bool:
        """The events show exhausted ports, and the metric shows no failure or was not measured."""
        return self.verdict in (HealthEventVerdict.CONTRADICTS, HealthEventVerdict.UNCONFIRMED)

    @property
    def is_disagreement(self) -> bool:
        return self.verdict in (HealthEventVerdict.CONTRADICTS, HealthEventVerdict.MILDER)
