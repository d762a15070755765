"""Thresholds of findings: the owner's, for every cluster or by tag for one cluster."""

from dataclasses import dataclass

from ...model.text import Text


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Percentages of allocated ports, new connections, a gateway's capacity, or time.

    75 % and 90 % of the allocated ports, and 90 % availability of the data path, are Microsoft's own advice (Azure
    docs: load-balancer-standard-diagnostics, nat-metrics).
    """

    pressure_warn_percent: int = 75
    pressure_high_percent: int = 90
    exhaustion_minutes: int = 60  # how far ahead exhaustion is predicted
    nat_capacity_percent: int = 70
    datapath_percent: int = 90
    critical_share_percent: int = 10  # of failed connections

    def __post_init__(self) -> None:
        if self.pressure_warn_percent >= self.pressure_high_percent:
            raise ValueError(
                Text(
                    "the first threshold for port pressure ({warn} %) must be below the second ({high} %)",
                    warn=self.pressure_warn_percent,
                    high=self.pressure_high_percent,
                )
            )
