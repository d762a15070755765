"""Named things inside a document: the routes of a route table, the rules of a security group.

They are lists in their owner's properties and resources of their own at the same time; writing one
is an operation on the owner.
"""

from __future__ import annotations

from typing import Any

from ...state.network import ROUTE_TABLE, SECURITY_GROUP, Document

PARTS = {ROUTE_TABLE: ("routes", "Route"), SECURITY_GROUP: ("securityRules", "SecurityRule")}
"""By the owner's type: the property that lists its parts, and their name in operations."""


def part_json(owner: Document, collection: str, part: dict[str, Any]) -> dict[str, Any]:
    """A part in full."""
    return {
        "name": part["name"],
        "id": f"{owner.id}/{collection}/{part['name']}",
        "etag": owner.etag,
        "type": f"{owner.id.resource_type}/{collection}",
        "properties": {"provisioningState": owner.provisioning_state} | dict(part.get("properties") or {}),
    }


def parts_of(owner: Document) -> list[dict[str, Any]]:
    """The parts of a document, as they were written."""
    return list(owner.properties.get(PARTS[owner.kind][0]) or [])


def find_part(owner: Document, name: str) -> dict[str, Any] | None:
    """The part of that name, in any spelling."""
    return next((each for each in parts_of(owner) if str(each.get("name")).lower() == name.lower()), None)


def written_part(name: str | None, body: dict[str, Any]) -> dict[str, Any]:
    """The stored fields of a child that a client sends: its name and writable properties."""
    properties = {key: value for key, value in (body.get("properties") or {}).items() if key != "provisioningState"}
    return {"name": name, "properties": properties}


def replaced(owner: Document, part: dict[str, Any] | None, name: str) -> dict[str, Any]:
    """The owner's properties with `part` in place of the child `name`; without `part` that child is removed."""
    parts = {str(each.get("name")).lower(): each for each in parts_of(owner)}
    if part is None:
        parts.pop(name.lower(), None)
    else:
        parts[name.lower()] = part
    return owner.properties | {PARTS[owner.kind][0]: list(parts.values())}
