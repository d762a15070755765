"""Who opens a node's connections, as terminal and page show it, and as a line for a chat."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..formatting import percent
from ..model.incident import Incident
from ..model.sockets import Culprit, Cure, NodeSockets, PastedSockets
from ..model.text import Text, arranged, verbatim
from .incident_head import headline, incident_footer
from .message import EMPTY, Message, MessageKind, Tone

_CURES = {
    Cure.REUSE: Text("pooling: most are closed again, each request opens its own"),
    Cure.LIMIT: Text("pooling: one pool for each process, with a limit"),
    Cure.NONE: arranged("–"),
}
PORTS = Text(
    "Ports: a SNAT port serves one connection to the same address and port, and may serve other destinations at the "
    "same time. So a row holds as many ports as it has connections, and the node at least those of its busiest "
    "destination. Closed connections hold theirs for some time."
)
PRIVATE = Text(
    "Private endpoint: unknown. The output has addresses only, and does not say which of them are Azure services. For "
    "those that are, a private endpoint needs no SNAT ports."
)
_UNNAMED = Text("the node")
_COLUMNS = (
    Text("Pod"),
    Text("Destination"),
    Text("Connections (ports held)"),
    Text("Share"),
    Text("Opening"),
    Text("What cures it"),
)


@dataclass(frozen=True, slots=True)
class SocketTable:
    title: Text  # a sentence with the node and its sums
    doubt: Text  # why it may be of no use for the incident; empty: nothing speaks against it
    columns: Sequence[Text]
    rows: Sequence[tuple[Text, ...]]
    note: Text  # what was left out


def socket_table(node: NodeSockets, failing: Sequence[str] | None = None) -> SocketTable:
    """``failing``: names of an incident's failing nodes; None: of no incident."""
    title = Text(
        "{node}: {connections} connections to the Internet hold at least {tcp} TCP and {udp} UDP ports; {inside} stay "
        "in the network, {inbound} came from outside.",
        node=node.node or _UNNAMED,
        connections=node.connections,
        tcp=node.tcp_ports,
        udp=node.udp_ports,
        inside=node.inside,
        inbound=node.inbound,
    )
    note = Text("and {count} rows with fewer connections", count=node.left_out) if node.left_out else EMPTY
    doubt = EMPTY if failing is None else _doubt(node.node, failing)
    return SocketTable(title, doubt, _COLUMNS, [_row(culprit, node) for culprit in node.culprits], note)


def unreadable(entries: int) -> Text:
    return Text.plural(
        "{count} entry could not be read and is not counted.",
        "{count} entries could not be read and are not counted.",
        count=entries,
    )


def sockets_pasted(incident: Incident, pasted: PastedSockets) -> Message:
    """A line for the incident's thread: the pod with the most connections."""
    node = max(pasted.nodes, key=lambda node: node.connections)
    table = socket_table(node, [each.name for each in incident.nodes])
    summary = Text.plural(
        "{person} pasted sockets of {node}: {count} connection to the Internet.",
        "{person} pasted sockets of {node}: {count} connections to the Internet.",
        count=node.connections,
        person=pasted.pasted_by,
        node=node.node or _UNNAMED,
    )
    if table.rows:
        pod, destination, _, share, *_ = table.rows[0]
        summary = Text(
            "{listed} Most are of {pod} to {destination}: {share}.",
            listed=summary,
            pod=pod,
            destination=destination,
            share=share,
        )
    if table.doubt:
        summary = arranged("{summary} {doubt}", summary=summary, doubt=table.doubt)
    return Message(
        headline(incident),
        summary,
        Tone.NEUTRAL,
        footer=incident_footer(incident),
        kind=MessageKind.NOTE,
        subject=incident.id,
    )


def _doubt(node: str, failing: Sequence[str]) -> Text:
    if not node:
        return Text("The output does not name its node: it may be another than the failing ones.")
    if not any(failing):
        return Text("Whether this node fails is unknown: no failing node is known by name.")
    if node.lower() in map(str.lower, failing):
        return EMPTY
    return Text("{node} is not one of the failing nodes.", node=node)


def _row(culprit: Culprit, node: NodeSockets) -> tuple[Text, ...]:
    pod = verbatim(culprit.pod) or (Text("the node's own network") if culprit.is_host_network else Text("unknown"))
    return (
        pod,
        verbatim(f"{culprit.destination}/{culprit.protocol}"),
        verbatim(str(culprit.connections)),
        percent(culprit.connections, node.connections),
        verbatim(str(culprit.opening)),
        _CURES[culprit.cure],
    )
