"""Who opens the connections: the command for a node, and what its output says.

The command lists the node's sockets with Inspektor Gadget. Its docs: docs/reference/run.mdx and ig.md in
github.com/inspektor-gadget/inspektor-gadget, and learn.microsoft.com/azure/aks/inspektor-gadget-run-gadgets for the
extension. Fields of the output: gadgets/snapshot_socket/program.bpf.c there, and its integration test.
"""

import json
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Any

from ...errors import BadInput
from ...formatting import clip, visible
from ...model.sockets import Culprit, NodeSockets
from ...model.text import Text
from .private_addresses import is_private

IG_VERSION = "v0.51.0"  # Microsoft's own mirror has it: github.com/microsoft/azure-skills, inspektor-gadget.md
_IMAGE = f"mcr.microsoft.com/oss/v2/inspektor-gadget/ig:{IG_VERSION}"
_SNAPSHOT = ("-o", "json", "--timeout", "5")  # a shorter one may lose the output, says the gadget's integration test
_LONGEST_NAME = 253  # characters, in Kubernetes
LONGEST = 32 * 2**20  # characters; a socket has about 500
# For DNS and health probes: learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
_AZURES_OWN = "168.63.129.16"
_PROTOCOLS = {"TCP": "tcp", "UDP": "udp", 6: "tcp", 17: "udp"}
# include/net/tcp_states.h of Linux; UDP sockets use 1 (connected) and 7.
_SYN_SENT, _LISTEN = 2, 10
_WITHOUT_PORT = frozenset({3, 7, _LISTEN, 12, 13})  # SYN_RECV, CLOSE, LISTEN, NEW_SYN_RECV, BOUND_INACTIVE
_CLOSED = frozenset({4, 5, 6, 9, 11})  # FIN_WAIT1, FIN_WAIT2, TIME_WAIT, LAST_ACK, CLOSING


@dataclass(frozen=True, slots=True)
class Found:
    nodes: tuple[NodeSockets, ...]
    unreadable: int  # entries without what a socket has


def commands(node: str) -> tuple[str, ...]:
    """To run by a person: with AKS's extension, without it, and without either image."""
    debug = ("kubectl", "debug", "--profile=sysadmin", f"node/{node}", "--attach", "--quiet")
    gadget = ("kubectl", "gadget", "run", "snapshot_socket", "--all-namespaces", "--node", node, *_SNAPSHOT)
    ig = (*debug, f"--image={_IMAGE}", "--", "ig", "run", f"snapshot_socket:{IG_VERSION}", *_SNAPSHOT)
    conntrack = (
        *debug,
        "--image=mcr.microsoft.com/cbl-mariner/busybox:2.0",
        "--",
        "chroot",
        "/host",
        "conntrack",
        "-L",
    )
    return (
        Text("# with the Inspektor Gadget extension of AKS"),
        f"{shlex.join(gadget)} > sockets.json",
        Text("# without it: this starts a privileged pod on the node"),
        f"{shlex.join(ig)} > sockets.json",
        Text("# who holds how many connections to where"),
        "python -m shared.cli explain --file sockets.json",
        Text("# if neither works: connections by the pods' IPs, and whose these are"),
        shlex.join(conntrack),
        shlex.join(["kubectl", "get", "pods", "-A", "-o", "wide", "--field-selector", f"spec.nodeName={node}"]),
    )


def read_sockets(output: str) -> Found:
    """What ``snapshot_socket -o json`` wrote, of one node or several. Raises BadInput."""
    if len(output) > LONGEST:
        raise BadInput(Text("The output is too long: at most {count} characters are read.", count=LONGEST))
    rows = list(_rows(output))
    sockets = [socket for row in rows if (socket := _socket(row)) is not None]
    if not sockets:
        raise BadInput(
            Text(
                "This is not the JSON of `snapshot_socket`: {count} entries were read, none with src, dst, state and "
                "netns_id.",
                count=len(rows),
            )
        )
    nodes = sorted({socket.node for socket in sockets})
    found = tuple(_node(node, [socket for socket in sockets if socket.node == node]) for node in nodes)
    return Found(found, len(rows) - len(sockets))


@dataclass(frozen=True, slots=True)
class _Socket:
    node: str
    pod: str
    is_host_network: bool
    protocol: str
    network: int  # the network namespace
    local_port: int
    destination: str  # address:port
    is_inside: bool  # such traffic never leaves by the load balancer
    state: int


def _rows(output: str) -> Iterator[Any]:
    """A line of JSON for each node or each socket, or one indented document; kubectl may write other lines between."""
    try:
        documents = [json.loads(output)]
    except (ValueError, RecursionError):
        documents = [*_lines(output)]
    for document in documents:
        yield from document if isinstance(document, list) else [document]


def _lines(output: str) -> Iterator[Any]:
    for number, line in enumerate(output.splitlines(), 1):
        if line.lstrip().startswith(("[", "{")):
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                raise BadInput(Text("Line {number} is not JSON.", number=number)) from None


def _socket(row: Any) -> _Socket | None:
    """None if it lacks anything that is needed."""
    try:
        source, target, about = row["src"], row["dst"], row.get("k8s") or {}
        port = int(target["port"])
        address = ip_address(str(target["addr"]).partition("%")[0])
        if not 0 <= port < 65_536:
            return None
        if isinstance(address, IPv6Address):
            address = address.ipv4_mapped or address
        is_host, name = about.get("hostnetwork") is True, _name(about.get("podName"))
        return _Socket(
            node=_name(about.get("node")),
            pod=f"{_name(about.get('namespace')) or '?'}/{name}" if name and not is_host else "",
            is_host_network=is_host,
            protocol=_PROTOCOLS[target.get("proto", target.get("proto_raw"))],
            network=int(row["netns_id"]),
            local_port=int(source["port"]),
            destination=f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}",
            is_inside=is_private(address) or str(address) == _AZURES_OWN,
            state=int(row["state"]),
        )
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        return None


def _name(given: Any) -> str:
    return clip(" ".join(visible(str(given or "")).split()), _LONGEST_NAME)


def _node(node: str, sockets: Sequence[_Socket]) -> NodeSockets:
    listening = {(each.network, each.protocol, each.local_port) for each in sockets if each.state == _LISTEN}
    held: dict[tuple[str, bool, str, str], Counter[str]] = {}
    inside = inbound = 0
    for socket in sockets:
        if socket.state in _WITHOUT_PORT or socket.destination.endswith(":0"):
            continue
        if (socket.network, socket.protocol, socket.local_port) in listening:
            inbound += 1
        elif socket.is_inside:
            inside += 1
        else:
            key = (socket.pod, socket.is_host_network, socket.protocol, socket.destination)
            counts = held.setdefault(key, Counter())
            counts["all"] += 1
            counts["opening"] += socket.state == _SYN_SENT
            counts["closed"] += socket.state in _CLOSED
    culprits = [Culprit(*key, counts["all"], counts["opening"], counts["closed"]) for key, counts in held.items()]
    return NodeSockets(
        node,
        tuple(sorted(culprits, key=lambda each: (-each.connections, each.pod, each.destination))),
        sum(culprit.connections for culprit in culprits),
        _ports(culprits, "tcp"),
        _ports(culprits, "udp"),
        inside,
        inbound,
    )


def _ports(culprits: Sequence[Culprit], protocol: str) -> int:
    held: Counter[str] = Counter()
    for culprit in culprits:
        if culprit.protocol == protocol:
            held[culprit.destination] += culprit.connections
    return max(held.values(), default=0)
