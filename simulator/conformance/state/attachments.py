"""What other resources do to a network resource: back-references, and users that keep it from deletion."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...fleet import Cluster, Node, NodePool
from ...physics.workload import NodeLoad
from ...resourceid import ResourceId
from ...services.network.kinds import KINDS
from ...services.network.wire import document_json
from ..stage import Stage
from .bodies import id_of
from .documents import ensure

_OWN = {"provisioningState", "resourceGuid", "subnets", "type", "scope", "privateIPAddresses", "privateIPAddressesV6"}
"""Read-only properties that the simulator always comes up with itself."""
_USER = {
    "microsoft.network/networksecuritygroups": ("virtualNetworks/subnets", "networkSecurityGroup"),
    "microsoft.network/routetables": ("virtualNetworks/subnets", "routeTable"),
    "microsoft.network/natgateways": ("virtualNetworks/subnets", "natGateway"),
    "microsoft.network/publicipaddresses": ("natGateways", "publicIpAddresses"),
    "microsoft.network/publicipprefixes": ("natGateways", "publicIpPrefixes"),
}
"""What uses a resource of a type in the simulator, and under which property."""


def put_beside(stage: Stage, resource_id: ResourceId, body: dict[str, Any]) -> None:
    """Give a resource what others have attached to it in the recording and the simulator doesn't derive."""
    document = stage.world.network.get(resource_id)
    if document is None:
        return
    gateway = id_of(((body.get("properties") or {}).get("natGateway") or {}).get("id"))
    if gateway is not None and document.kind == "microsoft.network/publicipaddresses":
        if gateway.key not in stage.written:
            ensure(stage, gateway)
            _refer(stage, gateway, "publicIpAddresses", resource_id)
        return
    for user in ((body.get("properties") or {}).get("subnets") or []) if document.kind in _USER else []:
        subnet = id_of(user.get("id")) if isinstance(user, dict) else None
        if subnet is not None and subnet.key not in stage.written:
            ensure(stage, subnet)
            _attach(stage, subnet, _USER[document.kind][1], resource_id)
    rendered = document_json(stage.world, document)["properties"]
    for name in KINDS[document.kind].read_only - _OWN:
        recorded = (body.get("properties") or {}).get(name)
        if recorded is not None and name not in rendered:
            document.properties[name] = recorded


def _refer(stage: Stage, user: ResourceId, name: str, used: ResourceId) -> None:
    document = stage.world.network.get(user)
    if document is not None:
        held = document.properties.setdefault(name, [])
        if all(each.get("id", "").lower() != used.key for each in held):
            held.append({"id": str(used)})


def attach_users(stage: Stage, resource_id: ResourceId) -> None:
    """Have something use a resource, so that it can't be deleted."""
    kind, name = _USER.get(resource_id.resource_type.lower(), ("", ""))
    if not kind:
        _move_node_in(stage, resource_id)
        return
    types = tuple(kind.split("/"))
    user = ResourceId(
        resource_id.subscription, resource_id.group, resource_id.provider, types, ("user-of-it",) * len(types)
    )
    ensure(stage, user)
    _attach(stage, user, name, resource_id)


def _attach(stage: Stage, user: ResourceId, name: str, used: ResourceId) -> None:
    document = stage.world.network.get(user)
    if document is not None:
        reference = {"id": str(used)}
        document.properties[name] = [reference] if name.startswith("publicIp") else reference


def _move_node_in(stage: Stage, resource_id: ResourceId) -> None:
    """Have a node in a subnet, or in some subnet of a virtual network."""
    subnet = resource_id
    if resource_id.resource_type.lower() == "microsoft.network/virtualnetworks":
        vnet = stage.world.network.get(resource_id)
        children = stage.world.network.children(vnet) if vnet is not None else []
        types, names = (*resource_id.types, "subnets"), (*resource_id.names, "used")
        subnet = replace(resource_id, types=types, names=names) if not children else children[0].id
    ensure(stage, subnet)
    cluster = Cluster(subnet.subscription, subnet.group, "user-of-it", stage.location, subnet.group)
    pool = NodePool(cluster, "pool", "System", str(subnet))
    pool.nodes.append(Node(pool, 0, next(stage.world.public_addresses), NodeLoad((), "pool")))
    cluster.pools.append(pool)
    stage.world.add_cluster(cluster)
