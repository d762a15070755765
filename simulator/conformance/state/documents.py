"""Writes network resources into the simulator as a client would: by a PUT, and waits for the operation."""

from __future__ import annotations

from typing import Any

from ...resourceid import ResourceId
from ...services.network.kinds import KINDS
from ...services.network.parts import PARTS
from ..stage import Stage
from .bodies import Refused, ids_in
from .operations import finish
from .stubs import stub_body

API_VERSION = "2024-05-01"
_ENVELOPE = {"id", "name", "type", "etag"}


def is_network(resource_id: ResourceId) -> bool:
    """Whether the simulator keeps resources of this type as documents."""
    return resource_id.resource_type.lower() in KINDS


def is_part(resource_id: ResourceId) -> bool:
    """Whether it is a route or a security rule: the simulator stores these inside their owner."""
    owner = resource_id.parent.resource_type.lower()
    return len(resource_id.types) == 2 and owner in PARTS and PARTS[owner][0].lower() == resource_id.types[1].lower()


def ensure(stage: Stage, resource_id: ResourceId) -> None:
    """Create a resource if it is missing: as the recording shows it anywhere, or as simple as possible."""
    missing = is_network(resource_id) and stage.world.network.get(resource_id) is None
    if missing or is_part(resource_id):
        put(stage, resource_id, stub_body(stage, resource_id))


def ensure_references(stage: Stage, body: Any, target: ResourceId) -> None:
    for referred in ids_in((body or {}).get("properties") if isinstance(body, dict) else None):
        if is_network(referred) and referred.key != target.key and target.key != referred.parent.key:
            ensure(stage, referred)


def _writable(stage: Stage, resource_id: ResourceId, body: dict[str, Any]) -> dict[str, Any]:
    """The request body that creates the resource in the recorded answer."""
    kind = KINDS.get(resource_id.resource_type.lower())
    read_only = kind.read_only if kind is not None else frozenset()
    written = {name: value for name, value in body.items() if name not in _ENVELOPE}
    if len(resource_id.types) == 1:
        written.setdefault("location", stage.location)
    properties = body.get("properties") or {}
    return written | {"properties": {name: value for name, value in properties.items() if name not in read_only}}


def put(stage: Stage, resource_id: ResourceId, body: dict[str, Any]) -> None:
    """Write a resource as a client would, and wait until it is done."""
    if len(resource_id.types) > 1:
        ensure(stage, resource_id.parent)
    stage.know_group(resource_id.subscription, resource_id.group)
    written = _writable(stage, resource_id, body)
    ensure_references(stage, written, resource_id)
    before = set(stage.world.operations.running())
    answer = stage.send("PUT", f"{resource_id}?api-version={API_VERSION}", written)
    if answer.status >= 300:
        error = answer.body.get("error", answer.body) if isinstance(answer.body, dict) else {}
        raise Refused(answer.status, str(error.get("code", "")))
    for operation in stage.world.operations.running():
        if operation not in before:
            finish(stage, operation)
    document = stage.world.network.get(resource_id)
    if document is not None:
        properties = body.get("properties") or {}
        document.provisioning_state = properties.get("provisioningState", "Succeeded")
        document.guid = properties.get("resourceGuid", document.guid)
