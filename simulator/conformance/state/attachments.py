"""References from other resources: back-references, and users that block deletion."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from ...errors import ServiceError
from ...fleet import Cluster, Node, NodePool
from ...physics.workload import NodeLoad
from ...resourceid import ResourceId
from ...services.network.deletions import check_deletion
from ...services.network.kinds import KINDS
from ...services.network.wire import document_json
from ...state.network import VNET, Document
from ..stage import Stage
from .bodies import id_of
from .documents import ensure
from .fleet import forget_cluster

_OWN = {"provisioningState", "resourceGuid", "subnets", "type", "scope", "privateIPAddresses", "privateIPAddressesV6"}
"""Read-only properties that the simulator always derives."""
_USER = {
    "microsoft.network/networksecuritygroups": ("virtualNetworks/subnets", "networkSecurityGroup"),
    "microsoft.network/routetables": ("virtualNetworks/subnets", "routeTable"),
    "microsoft.network/natgateways": ("virtualNetworks/subnets", "natGateway"),
    "microsoft.network/publicipaddresses": ("natGateways", "publicIpAddresses"),
    "microsoft.network/publicipprefixes": ("natGateways", "publicIpPrefixes"),
}
"""What uses a resource of a type in the simulator, and under which property."""


def put_beside(stage: Stage, resource_id: ResourceId, body: dict[str, Any]) -> None:
    """Attach to a resource the recorded references that the simulator doesn't derive."""
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
    """Attach a user to a resource during this exchange, so that it can't be deleted."""
    document = stage.world.network.get(resource_id)
    if document is None or _in_use(stage, document):
        return
    kind, name = _USER.get(document.kind, ("", ""))
    if not kind:
        _move_node_in(stage, document)
        return
    types = tuple(kind.split("/"))
    user = ResourceId(
        resource_id.subscription, resource_id.group, resource_id.provider, types, ("user-of-it",) * len(types)
    )
    _ensure_for_now(stage, user)
    _attach(stage, user, name, resource_id)


def release(stage: Stage, resource_id: ResourceId) -> None:
    """Drop all users of a resource that the recording deletes, except those that replayed requests wrote."""
    kind, name = _USER.get(resource_id.resource_type.lower(), ("", ""))
    for user in stage.world.network.of_kind(f"microsoft.network/{kind}"):
        held = user.properties.get(name)
        if user.key in stage.written or not held:
            continue
        kept = [each for each in (held if isinstance(held, list) else [held]) if not _is(each, resource_id)]
        if not kept:
            del user.properties[name]
        elif isinstance(held, list):
            user.properties[name] = kept


def _is(reference: Any, resource_id: ResourceId) -> bool:
    return isinstance(reference, dict) and str(reference.get("id", "")).lower() == resource_id.key


def _in_use(stage: Stage, document: Document) -> bool:
    try:
        check_deletion(stage.world, document)
    except ServiceError:
        return True
    return False


def _ensure_for_now(stage: Stage, resource_id: ResourceId) -> None:
    """Create a resource, and its virtual network, until the next exchange."""
    owners = [resource_id.parent] if len(resource_id.types) > 1 else []
    missing = [each for each in (*owners, resource_id) if stage.world.network.get(each) is None]
    ensure(stage, resource_id)
    for each in missing:
        document = stage.world.network.get(each)
        if document is not None:
            stage.undo.append(partial(stage.world.network.remove, document))


def _attach(stage: Stage, user: ResourceId, name: str, used: ResourceId) -> None:
    document = stage.world.network.get(user)
    if document is not None:
        reference = {"id": str(used)}
        document.properties[name] = [reference] if name.startswith("publicIp") else reference


def _move_node_in(stage: Stage, document: Document) -> None:
    """Place a node in a subnet, or in some subnet of a virtual network, until the next exchange."""
    subnet = document.id
    if document.kind == VNET:
        children = stage.world.network.children(document)
        types, names = (*subnet.types, "subnets"), (*subnet.names, "used")
        subnet = children[0].id if children else replace(subnet, types=types, names=names)
        _ensure_for_now(stage, subnet)
    cluster = Cluster(subnet.subscription, subnet.group, "user-of-it", stage.location, subnet.group)
    pool = NodePool(cluster, "pool", "System", str(subnet))
    pool.nodes.append(Node(pool, 0, next(stage.world.public_addresses), NodeLoad((), "pool")))
    cluster.pools.append(pool)
    stage.world.add_cluster(cluster)
    stage.undo.append(partial(forget_cluster, stage, cluster))
