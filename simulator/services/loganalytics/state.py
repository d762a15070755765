"""The load balancers' health events, as their diagnostic setting would have sent them to a workspace.

Every five minutes Azure checks each backend and frontend and writes SnatPortExhaustion (critical)
when connections fail, HighSnatPortUsage (warning) when more than 75 % of the ports are used (Azure
docs: load-balancer-health-event-logs).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from ...clock import ticks_text
from ...fleet import Cluster, Node
from ...physics.workload import Protocol
from ...world import World

TABLE = "ALBHealthEvent"
EVERY_MINUTES = 5
HIGH_USAGE_SHARE = 0.75

COLUMNS = (
    ("TenantId", "string"),
    ("TimeGenerated", "datetime"),
    ("LoadBalancerResourceId", "string"),
    ("FrontendIP", "string"),
    ("HealthEventType", "string"),
    ("Severity", "string"),
    ("Description", "string"),
    ("operationName", "string"),
    ("SourceSystem", "string"),
    ("Type", "string"),
    ("_ResourceId", "string"),
    ("_SubscriptionId", "string"),
)


def health_events(world: World, workspace: str, minutes: range) -> list[dict[str, Any]]:
    """The events of `minutes`, oldest first."""
    found: list[dict[str, Any]] = []
    for cluster in world.clusters.values():
        if cluster.has_outbound_rule:
            found.extend(_events_of(world, cluster, workspace, minutes))
    return sorted(found, key=lambda event: str(event["TimeGenerated"]))


def _events_of(world: World, cluster: Cluster, workspace: str, minutes: range) -> Iterator[dict[str, Any]]:
    first = -(-minutes.start // EVERY_MINUTES) * EVERY_MINUTES
    whole = range(minutes.start - EVERY_MINUTES, minutes.stop)
    nodes = [node for node in cluster.nodes if _event_of(world, node, whole, worst=True) is not None]
    for end in range(first, minutes.stop, EVERY_MINUTES):
        for node in nodes:
            for frontend in cluster.frontends:
                found = _event_of(world, node, range(end - EVERY_MINUTES, end))
                if found is None:
                    continue
                kind, severity, description = found
                yield {
                    "TenantId": workspace,
                    "TimeGenerated": ticks_text(datetime.fromtimestamp(end * 60, UTC)),
                    "LoadBalancerResourceId": cluster.load_balancer_id,
                    "FrontendIP": frontend.address,
                    "HealthEventType": kind,
                    "Severity": severity,
                    "Description": f"{description} Backend IP address: {node.address}. "
                    f"Frontend IP address: {frontend.address}.",
                    "operationName": "LoadBalancerHealthEvent",
                    "SourceSystem": "Azure",
                    "Type": TABLE,
                    "_ResourceId": cluster.load_balancer_id.lower(),
                    "_SubscriptionId": cluster.subscription,
                }


def _event_of(world: World, node: Node, minutes: range, *, worst: bool = False) -> tuple[str, str, str] | None:
    """The event of some minutes: kind, severity, description. With `worst` the fullest minute counts, not
    the average: a node without an event then has none in any part of these minutes."""
    for protocol in Protocol:
        window = world.traffic.node_window(node, protocol, minutes)
        if any(window.failed):
            return (
                "SnatPortExhaustion",
                "Critical",
                "The backend instance has exhausted all of its allocated SNAT ports.",
            )
        shares = [u / p for u, p in zip(window.used_ports, window.ports, strict=True) if u is not None and p]
        if shares and (max(shares) if worst else sum(shares) / len(shares)) > HIGH_USAGE_SHARE:
            return (
                "HighSnatPortUsage",
                "Warning",
                "The backend instance uses more than 75% of its allocated SNAT ports.",
            )
    return None
