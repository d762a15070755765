"""Kinds and degrees of trouble in words, the same in chat and on pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..model.finding import FindingKind, Severity
from ..model.ports import NodePorts
from ..texts import percent

KIND_NOUNS: Mapping[FindingKind, str] = {
    FindingKind.SNAT_FAILING: "SNAT port exhaustion",
    FindingKind.PORT_PRESSURE: "SNAT port shortage",
    FindingKind.EXHAUSTION_AHEAD: "Foreseeable SNAT port exhaustion",
    FindingKind.ALLOCATION_CLIFF: "A coming cut of SNAT ports",
    FindingKind.ALLOCATION_UNSATISFIABLE: "A SNAT port allocation that doesn't fit",
    FindingKind.ALLOCATION_DRIFT: "A cut of SNAT ports",
    FindingKind.ASSOCIATION_DRIFT: "A lost NAT gateway association",
    FindingKind.NAT_GATEWAY_FAILING: "Exhaustion of the NAT gateway",
    FindingKind.NAT_GATEWAY_PRESSURE: "Shortage of NAT gateway ports",
    FindingKind.NAT_GATEWAY_DATAPATH: "An unavailable NAT gateway",
    FindingKind.COVERAGE_LOSS: "Lost coverage",
    FindingKind.NOT_MEASURED: "A missing measurement",
    FindingKind.ANSWER_CUT: "A metric answer that was cut",
    FindingKind.BAD_TAGS: "Unusable tags",
}
SEVERITY_WORDS: Mapping[Severity, str] = {
    Severity.NOTICE: "notice",
    Severity.WARNING: "warning",
    Severity.HIGH: "serious warning",
    Severity.FAILING: "connections fail",
    Severity.CRITICAL: "critical",
}
PORT_COLUMNS = ("Node", "IP", "Pool", "Protocol", "In use", "Of", "Share")
PORT_FIGURES = ("In use", "Of", "Share")


def port_rows(ports: Sequence[NodePorts]) -> tuple[tuple[str, ...], ...]:
    """A row a node and protocol, as PORT_COLUMNS."""
    return tuple(
        (
            one.name or "no node has this IP now",
            one.ip,
            one.pool,
            one.protocol.upper(),
            f"{one.used:,.0f}",
            f"{one.allocated:,.0f}",
            percent(one.used, one.allocated),
        )
        for one in ports
    )
