"""Findings and incidents in words, the same in chat and on pages."""

from collections.abc import Mapping, Sequence

from ..formatting import listed, minutes_of, node_label, nodes_of, number, percent, sentences
from ..model.finding import FindingKind
from ..model.incident import Incident
from ..model.ports import NodePorts
from ..model.text import Text, arranged, verbatim
from .message import Table

FINDING_TITLES: Mapping[FindingKind, Text] = {
    FindingKind.SNAT_FAILING: Text("SNAT port exhaustion"),
    FindingKind.PORT_PRESSURE: Text("SNAT port shortage"),
    FindingKind.EXHAUSTION_AHEAD: Text("Foreseeable SNAT port exhaustion"),
    FindingKind.ALLOCATION_CLIFF: Text("A coming cut of SNAT ports"),
    FindingKind.ALLOCATION_UNSATISFIABLE: Text("A SNAT port allocation that doesn't fit"),
    FindingKind.ALLOCATION_DRIFT: Text("A cut of SNAT ports"),
    FindingKind.ASSOCIATION_DRIFT: Text("A lost NAT gateway association"),
    FindingKind.NAT_GATEWAY_FAILING: Text("Exhaustion of the NAT gateway"),
    FindingKind.NAT_GATEWAY_PRESSURE: Text("Shortage of NAT gateway ports"),
    FindingKind.NAT_GATEWAY_DATAPATH: Text("An unavailable NAT gateway"),
    FindingKind.COVERAGE_LOSS: Text("Lost coverage"),
    FindingKind.NOT_MEASURED: Text("A missing measurement"),
    FindingKind.ANSWER_CUT: Text("A metric answer that was cut"),
    FindingKind.BAD_TAGS: Text("Unusable tags"),
}


FINDING_MEANINGS: Mapping[FindingKind, Text] = {
    FindingKind.SNAT_FAILING: Text(
        "New calls from the cluster to the internet hang or fail at random on these nodes, until ports are free."
    ),
    FindingKind.PORT_PRESSURE: Text(
        "New calls from the cluster to the internet fail as soon as these nodes have no port left."
    ),
    FindingKind.EXHAUSTION_AHEAD: Text(
        "New calls from the cluster to the internet will fail if the growth of used ports goes on."
    ),
    FindingKind.ALLOCATION_CLIFF: Text("With more nodes each gets fewer SNAT ports, and open connections drop."),
    FindingKind.ALLOCATION_UNSATISFIABLE: Text("New nodes may come without SNAT ports, or can't be added."),
    FindingKind.ALLOCATION_DRIFT: Text(
        "Each node has fewer SNAT ports than before: new calls from the cluster to the internet fail sooner."
    ),
    FindingKind.ASSOCIATION_DRIFT: Text(
        "These nodes leave through the load balancer again, with its few ports per node."
    ),
    FindingKind.NAT_GATEWAY_FAILING: Text(
        "New calls from the cluster to the internet fail at random: the NAT gateway has no port for them."
    ),
    FindingKind.NAT_GATEWAY_PRESSURE: Text(
        "New calls from the cluster to the internet fail as soon as the NAT gateway has no port left."
    ),
    FindingKind.NAT_GATEWAY_DATAPATH: Text(
        "New calls from the cluster to the internet may fail: the NAT gateway itself is not available all the time."
    ),
}
"""What people and applications notice, for each kind that opens an incident."""


def marked_share(name: str, part: float, whole: float) -> Text:
    """The name and the share of what is its own."""
    return arranged("`{name}` ({share})", name=name, share=percent(part, whole))


def port_table(nodes: Sequence[NodePorts]) -> Table:
    """One row for each node and protocol."""
    rows = tuple(
        (
            node_label(node.name, node.is_gone),
            verbatim(node.ip),
            verbatim(node.pool),
            verbatim(node.protocol.upper()),
            number(round(node.used)),
            number(round(node.allocated)),
            percent(node.used, node.allocated),
        )
        for node in nodes
    )
    columns = (Text("Node"), Text("IP"), Text("Pool"), Text("Protocol"), Text("In use"), Text("Of"), Text("Share"))
    return Table(columns, rows, figures=3)


def describe_incident(incident: Incident) -> Text:
    """The reason of a plan: what failed or was found, and since when."""
    others = tuple(FINDING_TITLES[kind] for kind in incident.kinds[1:])
    also = Text("Also: {findings}.", findings=listed(others)) if others else Text("")
    if FindingKind.SNAT_FAILING not in incident.kinds[:1]:
        title = FINDING_TITLES[incident.kinds[0]] if incident.kinds else Text("Trouble")
        last = incident.last_trouble_at or incident.since
        seen = Text("First seen {first}, last {last}.", first=incident.since, last=last)
        return sentences(title, incident.evidence, seen, also)
    minutes = minutes_of(incident.window_minutes)
    failed = (
        Text.plural(
            "{count} new outbound connection failed on {nodes} in {minutes}: SNAT ports ran out.",
            "{count} new outbound connections failed on {nodes} in {minutes}: SNAT ports ran out.",
            count=incident.failed,
            nodes=nodes_of(len(incident.nodes)),
            minutes=minutes,
        )
        if incident.nodes
        else Text.plural(
            "{count} new outbound connection failed in {minutes}: SNAT ports ran out.",
            "{count} new outbound connections failed in {minutes}: SNAT ports ran out.",
            count=incident.failed,
            minutes=minutes,
        )
    )
    times = Text(
        "First failure {first}, last one {last}.",
        first=incident.failing_since or incident.since,
        last=incident.last_failed_at or incident.since,
    )
    return sentences(failed, times, also)
