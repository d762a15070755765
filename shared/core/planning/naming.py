"""Names, ids and tags of new resources. The plan holds them, so a repeated step can't create a second resource."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Literal

from ...model.cluster import Cluster
from ...model.network import NatGateway, NetworkFacts, PublicIp
from ...model.resource_id import ArmId

PRODUCT_TAG = "snatbot"
_TYPES = {"pip": "publicIPAddresses", "ippre": "publicIPPrefixes", "ng": "natGateways"}
_LONGEST_NAME = 80  # Azure's limit for public IPs, prefixes and NAT gateways (Azure docs: resource-name-rules)


def free_names(kind: str, cluster: Cluster, template: str, taken: set[str]) -> Iterator[str]:
    """Numbered names by the template, without those in ``taken`` (lower case)."""
    number = 0
    while True:
        number += 1
        name = template.format(kind=kind, cluster=cluster.name, number=number)
        if len(name) > _LONGEST_NAME:
            excess = len(name) - _LONGEST_NAME
            short = cluster.name[: max(0, len(cluster.name) - excess)].rstrip("-_")
            name = template.format(kind=kind, cluster=short, number=number)
        if name.lower() not in taken:
            yield name


def new_ids(facts: NetworkFacts, kind: Literal["pip", "ippre", "ng"], number: int, template: str) -> list[ArmId]:
    names = free_names(kind, facts.cluster, template, {name.lower() for name in facts.taken_names})
    return [network_id(facts.nat_group_id, _TYPES[kind], name) for name in islice(names, max(number, 0))]


def network_id(group_id: ArmId, kind: str, name: str) -> ArmId:
    """An id in the resource group for new resources; ``kind`` is a type such as ``natGateways``."""
    _, _, subscription, _, group = group_id.split("/")
    return ArmId.build(subscription, group, f"Microsoft.Network/{kind}", name)


def group_id(vnet_id: ArmId, nat_resource_group: str) -> ArmId:
    """The resource group for new resources: the owner's choice in the same subscription, else the virtual network's."""
    vnet = ArmId.parse(vnet_id)
    return ArmId(f"/subscriptions/{vnet.subscription}/resourceGroups/{nat_resource_group or vnet.resource_group}")


def tags_for(cluster: Cluster, extra: Mapping[str, str]) -> dict[str, str]:
    """The owner's tags and snatbot's; the owner can't replace snatbot's."""
    return {**extra, PRODUCT_TAG: cluster.name}


def is_ours(resource: NatGateway | PublicIp, facts: NetworkFacts) -> bool:
    """Whether snatbot created the resource for this cluster: its tag and snatbot's records must both say so."""
    return resource.id in facts.ours.created_ids and (resource.tags or {}).get(PRODUCT_TAG) == facts.cluster.name
