"""What Inspektor Gadget's `snapshot_socket -o json` says of a node: the sockets of its modelled workloads.

Fields as in gadgets/snapshot_socket of github.com/inspektor-gadget/inspektor-gadget. A flow is open while it is used,
then in TIME_WAIT for a minute (Linux' TCP_TIMEWAIT_LEN), unless a reset ended it. A flow without a port stays in
SYN_SENT for CONNECT_SECONDS, a common time-out of clients: *assumed*.
"""

from __future__ import annotations

from typing import Any

from .fleet import Node
from .noise import stable_digits, unit
from .physics.flows import StreamMinute
from .physics.traffic import Traffic
from .physics.workload import Closing, Protocol, Stream

ESTABLISHED, SYN_SENT, TIME_WAIT = 1, 2, 6
CONNECT_SECONDS = 20
TIME_WAIT_SECONDS = 60.0


def sockets(traffic: Traffic, node: Node, minute: int) -> list[dict[str, Any]]:
    """The node's sockets at the end of a minute, the last that was computed, or one in which flows failed."""
    rows = []
    for protocol in Protocol:
        for stream, result in traffic.streams(node, protocol, minute).items():
            for state, count in _states(stream, result).items():
                rows += [_socket(node, stream, state, number) for number in range(round(count))]
    return rows


def _states(stream: Stream, result: StreamMinute) -> dict[int, float]:
    per_second = result.admitted / 60
    workload = stream.workload
    if workload.protocol is Protocol.UDP or workload.closing is Closing.IDLE:
        return {ESTABLISHED: min(result.held_after, per_second * workload.hold_seconds)}
    opened = min(result.held_after, per_second * workload.hold_seconds)
    closed = min(result.held_after - opened, per_second * TIME_WAIT_SECONDS)
    return {
        ESTABLISHED: opened,
        TIME_WAIT: closed if workload.closing is Closing.FIN else 0.0,
        SYN_SENT: result.failed / 60 * CONNECT_SECONDS,
    }


def address_of(destination: str) -> str:
    """A public address for a destination, of those kept for documentation and tests (RFC 5737, RFC 2544)."""
    return f"198.18.{int(unit('net', destination) * 256)}.{1 + int(unit('host', destination) * 254)}"


def _socket(node: Node, stream: Stream, state: int, number: int) -> dict[str, Any]:
    host, _, port = stream.destination.name.rpartition(":")
    workload, protocol = stream.workload.name, stream.workload.protocol.upper()
    pod = f"{workload}-{stable_digits(5, node.name, workload)}"
    return {
        "k8s": {
            "containerName": workload,
            "hostnetwork": False,
            "namespace": "default",
            "node": node.name,
            "podName": pod,
        },
        "src": {"addr": node.address, "port": 1024 + number % 64000, "proto": protocol, "version": 4},
        "dst": {
            "addr": address_of(stream.destination.name),
            "port": int(port) if host and port.isdigit() else 443,
            "proto": protocol,
            "version": 4,
        },
        "state": state,
        "ino": 0 if state == TIME_WAIT else number + 1,
        "netns_id": int(stable_digits(9, "netns", pod)),
    }
