"""Pods that measure new connections from a node: what the physics and the network make of each.

A connection's SYN is sent again 1, 3, 7 and 15 seconds after the first (Linux: a second, doubled each time); each SYN
gets a port with the chance that any other flow of that minute has. Round trips of 4 to 24 ms and lookups of about 2 ms
are *assumed*.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .egress import default_route_hop, path_of
from .fleet import Node
from .gadget import address_of
from .noise import around_one, unit
from .physics.traffic import Traffic
from .state.network import NetworkState, references

SYN_SECONDS = (0, 1, 3, 7, 15)
OK, TIMED_OUT = 0, 28  # curl's exit codes
APPLIANCE = "198.51.100.10"
"""What an appliance is seen as; it has ports of its own, which are not modelled."""


@dataclass(eq=False)
class ProbePod:
    """A pod on a node: where it reports, and what it knows between its rounds. Times are seconds since 1970."""

    node: Node
    name: str
    targets: tuple[str, ...]
    url: str = ""
    key: str = ""
    next_at: float = 0.0
    busy_until: float = 0.0
    reported_at: float = 0.0
    reports: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)
    ticket: str = ""
    waiting: list[dict[str, Any]] = field(default_factory=list)


def egress_addresses(node: Node, network: NetworkState) -> list[str]:
    """The public addresses that new flows of a node leave by; empty if there is no way out."""
    path = path_of(node, network)
    if path.gateway is not None:
        gateway = network.get(path.gateway)
        return [*_addresses(gateway.properties, network)] if gateway is not None else []
    if path.load_balancer:
        return [frontend.address for frontend in node.pool.cluster.frontends[:1]]  # the first is drained first
    subnet = network.get(node.pool.subnet_id)
    if subnet is not None and default_route_hop(subnet.properties, network) is not None:
        return [APPLIANCE]
    return [node.public_address] if node.public_address else []


def _addresses(gateway: dict[str, Any], network: NetworkState) -> Iterator[str]:
    for kind, name in (("publicIpAddresses", "ipAddress"), ("publicIpPrefixes", "ipPrefix")):
        for resource_id in references(gateway, kind):
            found = network.get(resource_id)
            if found is not None and found.properties.get(name):
                yield str(found.properties[name]).partition("/")[0]


def connect(
    traffic: Traffic, node: Node, target: str, at: float, minute: int, *, has_way_out: bool = True
) -> dict[str, Any]:
    """One new connection as a report has it, to `app` or `host:port`, as flows went in `minute`."""
    row = {"target": target, "at": int(at), "exit": OK, "lookup": 0.0, "connect": 0.0, "tls": 0.0, "address": ""}
    lookup = 0.002 * around_one(0.5, node.name, target, at)
    trip = (0.004 + 0.02 * unit("trip", target)) * around_one(0.1, node.name, target, at)
    row["lookup"] = round(lookup, 6)
    share = traffic.admitted_share(node, target, minute) if has_way_out else 0.0
    for lost, waited in enumerate(SYN_SECONDS):
        if unit("syn", node.name, target, at, lost) < share:
            row |= {"connect": round(lookup + waited + trip, 6), "address": address_of(target)}
            if target == "app" or target.endswith(":443"):
                row["tls"] = round(lookup + waited + 3 * trip, 6)
            return row
    return row | {"exit": TIMED_OUT}
