"""The cure came off: a subnet that was associated no longer has its gateway, or a node pool's subnet lacks it.

A redeployment of the network from code, or a person, can take a NAT gateway off a subnet; then the nodes in it are back
on the load balancer's ports. A new pool in another subnet starts there. Both are critical: what was approved and
proven no longer holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from ...model.finding import Finding, FindingKind, Severity
from ...model.fleet import WatchedCluster
from ...model.resource_id import ResourceId, same_id
from ...texts import listed


def association_drift(target: WatchedCluster, associations: Mapping[str, str], now: datetime) -> Finding | None:
    """``associations`` maps a subnet's id in lower case to the gateway that snatbot associated with it."""
    if not associations:
        return None
    problems = list(_problems(target, associations))
    if not problems:
        return None
    gateways = sorted(set(associations.values()))
    return Finding(
        kind=FindingKind.ASSOCIATION_DRIFT,
        severity=Severity.CRITICAL,
        since=now,
        evidence=listed([text for _, text in problems]),
        resource_id=problems[0][0],
        remedy="; ".join(
            f"az network vnet subnet update --ids {subnet_id} --nat-gateway {associations.get(subnet_id, gateways[0])}"
            for subnet_id, _ in problems
        ),
    )


def _problems(target: WatchedCluster, associations: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    used = {subnet_id.lower(): subnet_id for subnet_id in target.cluster.subnet_ids}
    for subnet_id, spelled in used.items():
        name = ResourceId.parse(spelled).name
        found = gateway_of(target, subnet_id)
        wanted = associations.get(subnet_id)
        if wanted is not None and not same_id(found, wanted):
            instead = f"has {ResourceId.parse(found).name} instead" if found else "has no NAT gateway any more"
            yield subnet_id, f"subnet {name}, which was associated with {ResourceId.parse(wanted).name}, {instead}"
        elif wanted is None and found is None:
            yield subnet_id, f"subnet {name} of a node pool has no NAT gateway; the cluster's other subnets have one"


def gateway_of(target: WatchedCluster, subnet_id: str) -> str | None:
    """The id of the gateway that serves this subnet."""
    for gateway in target.gateways:
        if any(same_id(one, subnet_id) for one in gateway.subnet_ids):
            return gateway.id
    return None
