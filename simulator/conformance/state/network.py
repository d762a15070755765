"""Virtual networks, subnets, public IPs and prefixes, NAT gateways, security groups, route tables.

A resource that the recording shows and no replayed request has made is written into the simulator
as a client would, by a PUT of the recorded body. What other services attach to it (`read_only`
properties such as a subnet's IP configurations) is then put beside it, as far as the simulator does
not derive it itself.
"""

from __future__ import annotations

from typing import Any

from ...resourceid import ResourceId
from ..recording import Exchange
from ..stage import Stage
from .attachments import attach_users, put_beside, release
from .bodies import id_of, names_a_list, resource_of_path, resources_in
from .documents import ensure, ensure_references, is_network, is_part, put
from .operations import arrange_conflict
from .stubs import stub_body


def arrange_network(stage: Stage, exchange: Exchange, _later: tuple[Exchange, ...]) -> None:
    """Create what the exchange shows to exist, and remove what it shows to be missing."""
    target = resource_of_path(exchange.path)
    if target is not None and exchange.error_code not in ("ResourceGroupNotFound", "SubscriptionNotFound"):
        _arrange_target(stage, exchange, target)
    if exchange.method == "GET" and exchange.status == 200:
        for resource_id, body in resources_in(exchange.body):
            show(stage, resource_id, body)
    arrange_conflict(stage, exchange)


def _arrange_target(stage: Stage, exchange: Exchange, target: ResourceId) -> None:
    if not is_network(target) and not is_part(target):
        return
    if len(target.types) > 1 and exchange.error_code != "ResourceNotFound":
        ensure(stage, target.parent)
    if exchange.method == "PUT":
        _arrange_put(stage, exchange, target)
    elif exchange.method in ("DELETE", "PATCH") and exchange.status not in (204, 404):
        ensure(stage, target)
        if exchange.status == 400:
            attach_users(stage, target)
        elif exchange.method == "DELETE":
            release(stage, target)
        if exchange.status < 300:
            stage.has_written(target.key)
    elif names_a_list(exchange.path) and exchange.status == 200 and len(target.types) == 1:
        ensure(stage, target)


def _arrange_put(stage: Stage, exchange: Exchange, target: ResourceId) -> None:
    known = stage.world.network.get(target)
    if is_part(target):
        _arrange_part(stage, exchange, target)
        return
    if exchange.status == 201 and known is not None and target.key not in stage.written:
        stage.world.network.remove(known)
    if exchange.error_code != "InvalidResourceReference":
        ensure_references(stage, exchange.request_body, target)
    if exchange.status in (200, 412) and known is None:
        put(stage, target, exchange.body_object if exchange.status == 200 else stub_body(stage, target))
        document = stage.world.network.get(target)
        state = (exchange.body_object.get("properties") or {}).get("provisioningState")
        if document is not None and state == "Updating":
            document.properties["previously"] = "different"  # the recorded write changed something
        put_beside(stage, target, exchange.body_object)
    if exchange.status < 300:
        stage.has_written(target.key)


def _arrange_part(stage: Stage, exchange: Exchange, target: ResourceId) -> None:
    """Create the route or rule if it existed; the write changes its owner too."""
    if exchange.status == 200 and target.key not in stage.written:
        put(stage, target, exchange.body_object)
    if exchange.status < 300:
        stage.has_written(target.key)
        stage.has_written(target.parent.key)


def show(stage: Stage, resource_id: ResourceId, body: dict[str, Any]) -> None:
    """Create a resource as a recorded answer shows it, unless replayed requests have written it."""
    if not is_network(resource_id) and not is_part(resource_id):
        return
    if stage.must_put(resource_id.key, body):
        put(stage, resource_id, body)
    for subnet in (body.get("properties") or {}).get("subnets") or []:
        inner = id_of(subnet.get("id")) if isinstance(subnet, dict) else None
        if inner is not None and isinstance(subnet.get("properties"), dict):
            show(stage, inner, subnet)
    put_beside(stage, resource_id, body)
