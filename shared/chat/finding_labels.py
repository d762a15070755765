"""Findings and incidents in words, the same in chat and on pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..formatting import count, listed, node_label, percent, sentences, utc
from ..model.finding import FindingKind
from ..model.incident import Incident
from ..model.ports import NodePorts
from .message import Table

FINDING_TITLES: Mapping[FindingKind, str] = {
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


_CALLS = "New calls from the cluster to the internet"
FINDING_MEANINGS: Mapping[FindingKind, str] = {
    FindingKind.SNAT_FAILING: f"{_CALLS} hang or fail at random on these nodes, until ports are free.",
    FindingKind.PORT_PRESSURE: f"{_CALLS} fail as soon as these nodes have no port left.",
    FindingKind.EXHAUSTION_AHEAD: f"{_CALLS} will fail if the growth of used ports goes on.",
    FindingKind.ALLOCATION_CLIFF: "With more nodes each gets fewer SNAT ports, and open connections drop.",
    FindingKind.ALLOCATION_UNSATISFIABLE: "New nodes may come without SNAT ports, or can't be added.",
    FindingKind.ALLOCATION_DRIFT: f"Each node has fewer SNAT ports than before: {_CALLS.lower()} fail sooner.",
    FindingKind.ASSOCIATION_DRIFT: "These nodes leave through the load balancer again, with its few ports per node.",
    FindingKind.NAT_GATEWAY_FAILING: f"{_CALLS} fail at random: the NAT gateway has no port for them.",
    FindingKind.NAT_GATEWAY_PRESSURE: f"{_CALLS} fail as soon as the NAT gateway has no port left.",
    FindingKind.NAT_GATEWAY_DATAPATH: f"{_CALLS} may fail: the NAT gateway itself is not available all the time.",
}
"""What people and applications notice, for each kind that opens an incident."""


def port_table(nodes: Sequence[NodePorts]) -> Table:
    """One row for each node and protocol."""
    rows = tuple(
        (
            node_label(node.name, node.is_gone),
            node.ip,
            node.pool,
            node.protocol.upper(),
            f"{node.used:,.0f}",
            f"{node.allocated:,.0f}",
            percent(node.used, node.allocated),
        )
        for node in nodes
    )
    columns = ("Node", "IP", "Pool", "Protocol", "In use", "Of", "Share")
    return Table(columns, rows, figures=("In use", "Of", "Share"))


def describe_incident(incident: Incident) -> str:
    """The reason of a plan: what failed or was found, and since when."""
    others = [FINDING_TITLES[kind] for kind in incident.kinds[1:]]
    also = f" Also: {listed(others)}." if others else ""
    if FindingKind.SNAT_FAILING not in incident.kinds[:1]:
        title = FINDING_TITLES[incident.kinds[0]] if incident.kinds else "Trouble"
        seen = f"First seen {utc(incident.since)}, last {utc(incident.last_trouble_at or incident.since)}."
        return sentences(title, incident.evidence, seen) + also
    failed = count(incident.failed, "new outbound connection")
    where = f"on {count(len(incident.nodes), 'node')} " if incident.nodes else ""
    return (
        f"{failed} failed {where}in {count(incident.window_minutes, 'minute')}: SNAT ports ran out. "
        f"First failure {utc(incident.failing_since or incident.since)}, "
        f"last one {utc(incident.last_failed_at or incident.since)}.{also}"
    )
