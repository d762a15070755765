"""A finding: what a reading shows is wrong, or about to be."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .ports import NodePorts
from .reading import NodeFailures
from .text import Text


class Severity(StrEnum):
    """In rising order. A notice is only shown; people are notified from warning upwards."""

    NOTICE = "notice"
    WARNING = "warning"
    HIGH = "high"
    FAILING = "failing"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


class FindingKind(StrEnum):
    SNAT_FAILING = "snat_failing"
    PORT_PRESSURE = "port_pressure"
    EXHAUSTION_AHEAD = "exhaustion_ahead"
    ALLOCATION_CLIFF = "allocation_cliff"
    ALLOCATION_UNSATISFIABLE = "allocation_unsatisfiable"
    ALLOCATION_DRIFT = "allocation_drift"
    ASSOCIATION_DRIFT = "association_drift"
    NAT_GATEWAY_FAILING = "nat_gateway_failing"
    NAT_GATEWAY_PRESSURE = "nat_gateway_pressure"
    NAT_GATEWAY_DATAPATH = "nat_gateway_datapath"
    COVERAGE_LOSS = "coverage_loss"
    NOT_MEASURED = "not_measured"
    ANSWER_CUT = "answer_cut"
    BAD_TAGS = "bad_tags"


# Failed connections: they count by minutes. All other kinds are either present or not.
FAILURES = frozenset({FindingKind.SNAT_FAILING, FindingKind.NAT_GATEWAY_FAILING})
# SNAT ports are too few, or soon will be.
PORT_TROUBLES = FAILURES | {
    FindingKind.PORT_PRESSURE,
    FindingKind.EXHAUSTION_AHEAD,
    FindingKind.ALLOCATION_CLIFF,
    FindingKind.ALLOCATION_UNSATISFIABLE,
    FindingKind.NAT_GATEWAY_PRESSURE,
}


@dataclass(frozen=True, slots=True)
class Finding:
    kind: FindingKind
    severity: Severity
    since: datetime  # the first failing minute, or the first scan that showed it
    evidence: Text  # one sentence with figures
    nodes: tuple[NodeFailures, ...] = ()  # failing nodes, worst first
    ports: tuple[NodePorts, ...] = ()  # full ports, worst first
    resource_id: str = ""  # the affected resource, if it is not the cluster's load balancer
    remedy: Text = Text("")  # what a person can do
    commands: tuple[str, ...] = ()  # commands for the remedy

    @property
    def is_alarm(self) -> bool:
        return self.severity.rank >= Severity.WARNING.rank
