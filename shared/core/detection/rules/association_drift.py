"""A subnet lost the NAT gateway of snatbot's last verified write, or a new pool's subnet has none.

A redeployment of the network from code, or a person, may detach a NAT gateway; its nodes then use the load balancer's
ports again. A new pool in another subnet uses them from the start. Both are critical, because the approved and verified
state changed. A gateway that others attach again after a rollback is a warning.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from ....formatting import listed
from ....model.cluster import Cluster
from ....model.finding import Finding, FindingKind, Severity
from ....model.fleet import WatchedCluster
from ....model.resource_id import ArmId
from ....model.text import Text
from ...associations import Associations
from ...az_cli import associate_command

Serving = Mapping[ArmId, ArmId | None]
"""The NAT gateway that each subnet has now; a subnet that is not in it has none."""


def association_drift(cluster: Cluster, serving: Serving, known: Associations, now: datetime) -> Finding | None:
    if not known.verified:
        return None
    lost, returned = list(_lost(cluster, serving, known)), list(_returned(cluster, serving, known))
    if not lost and not returned:
        return None
    put_back = [associate_command(subnet_id, known.wanted(subnet_id) or known.gateways[0]) for subnet_id, _ in lost]
    return Finding(
        kind=FindingKind.ASSOCIATION_DRIFT,
        severity=Severity.CRITICAL if lost else Severity.WARNING,
        since=now,
        evidence=listed([text for _, text in (*lost, *returned)]),
        resource_id=(lost or returned)[0][0],
        remedy=Text("it was changed outside snatbot: if that was not meant, put it back as snatbot left it"),
        commands=(*put_back, *(associate_command(subnet_id, None) for subnet_id, _ in returned)),
    )


def serving_gateways(target: WatchedCluster) -> dict[ArmId, ArmId | None]:
    """Gateway id by subnet id, from the fleet query."""
    return {subnet_id: gateway.id for gateway in target.gateways for subnet_id in gateway.subnet_ids}


def _lost(cluster: Cluster, serving: Serving, known: Associations) -> Iterator[tuple[ArmId, Text]]:
    # No pool names the subnets of auto-provisioned nodes. If their gateway is unknown, nothing is concluded.
    seen = set(serving.values())
    unnamed = [each for each in known.verified if cluster.has_auto_provisioning and known.wanted(each) in seen]
    for subnet_id in dict.fromkeys((*cluster.subnet_ids, *unnamed)):
        found, wanted = serving.get(subnet_id), known.wanted(subnet_id)
        name = subnet_id.name
        if wanted is not None and found is None:
            text = Text(
                "subnet {subnet}, which was associated with {gateway}, has no NAT gateway any more",
                subnet=name,
                gateway=wanted.name,
            )
        elif wanted is not None and found is not None and found != wanted:
            text = Text(
                "subnet {subnet}, which was associated with {gateway}, has {other} instead",
                subnet=name,
                gateway=wanted.name,
                other=found.name,
            )
        elif wanted is None and found is None and known.is_everywhere:
            text = Text(
                "subnet {subnet} of a node pool has no NAT gateway; the cluster's other subnets have one", subnet=name
            )
        else:
            continue
        yield subnet_id, text


def _returned(cluster: Cluster, serving: Serving, known: Associations) -> Iterator[tuple[ArmId, Text]]:
    """Only the gateway that snatbot detached: another gateway is the owner's decision."""
    for subnet_id in cluster.subnet_ids:
        found, name = serving.get(subnet_id), subnet_id.name
        if found is not None and found == known.taken_off(subnet_id):
            yield (
                subnet_id,
                Text(
                    "subnet {subnet}, from which snatbot took {gateway}, has it again", subnet=name, gateway=found.name
                ),
            )
