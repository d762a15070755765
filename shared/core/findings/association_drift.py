"""The cure came off: a subnet that was associated no longer has its gateway, or a node pool's subnet lacks it.

A redeployment of the network from code, or a person, can take a NAT gateway off a subnet; then the nodes in it are back
on the load balancer's ports. A new pool in another subnet starts there. Both are critical: what was approved and
proven no longer holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from ...model.cluster import Cluster
from ...model.finding import Finding, FindingKind, Severity
from ...model.fleet import WatchedCluster
from ...model.resource_id import ResourceId, same_id
from ...texts import listed
from ..commands import associate_command


def association_drift(
    cluster: Cluster, serving: Mapping[str, str | None], associations: Mapping[str, str], now: datetime
) -> Finding | None:
    """``serving`` maps a subnet's id in lower case to the gateway that it has now; a subnet not in it has none.

    ``associations`` maps a subnet's id in lower case to the gateway that snatbot associated with it.
    """
    problems = list(_problems(cluster, serving, associations)) if associations else []
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
            associate_command(subnet_id, associations.get(subnet_id, gateways[0])) for subnet_id, _ in problems
        ),
    )


def serving_gateways(target: WatchedCluster) -> dict[str, str | None]:
    """Which gateway serves which subnet, as found for the whole fleet."""
    return {subnet_id.lower(): gateway.id for gateway in target.gateways for subnet_id in gateway.subnet_ids}


def _problems(
    cluster: Cluster, serving: Mapping[str, str | None], associations: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    for spelled in cluster.subnet_ids:
        subnet_id, name = spelled.lower(), ResourceId.parse(spelled).name
        found, wanted = serving.get(subnet_id), associations.get(subnet_id)
        if wanted is not None and not same_id(found, wanted):
            instead = f"has {ResourceId.parse(found).name} instead" if found else "has no NAT gateway any more"
            yield subnet_id, f"subnet {name}, which was associated with {ResourceId.parse(wanted).name}, {instead}"
        elif wanted is None and found is None:
            yield subnet_id, f"subnet {name} of a node pool has no NAT gateway; the cluster's other subnets have one"
