"""A subnet, and which part of it a write must carry along.

A subnet PUT replaces the whole object: what is left out is cleared. So the writable projection keeps every property
that was read, unknown ones of the future included, except what only Azure writes.
"""

from __future__ import annotations

from typing import Any

from ...model.network import Route, Subnet
from .fields import Json, field, reference, references, required, text

# Read-only in Azure's subnet API (network resource provider, 2026-03-01).
READ_ONLY = frozenset(
    {
        "provisioningstate",
        "purpose",
        "ipconfigurations",
        "ipconfigurationprofiles",
        "privateendpoints",
        "resourcenavigationlinks",
        "serviceassociationlinks",
    }
)
# The same, of the objects inside: by the property that holds them, and for any other.
READ_ONLY_INSIDE = {
    "delegations": frozenset({"provisioningstate", "etag", "actions"}),
    "ipampoolprefixallocations": frozenset({"allocatedaddressprefixes"}),
}
READ_ONLY_ANYWHERE = frozenset({"provisioningstate", "etag"})


def parse_subnet(item: Json, route: Route | None = None, takes_propagated_routes: bool = True) -> Subnet:
    """``route`` and ``takes_propagated_routes`` are of the subnet's route table, which is a resource of its own."""
    properties = field(item, "properties") or {}
    return Subnet(
        id=required(item, "id"),
        name=required(item, "name"),
        provisioning_state=text(properties, "provisioningState"),
        etag=text(item, "etag"),
        properties=writable(properties),
        nat_gateway_id=reference(properties, "natGateway"),
        route_table_id=reference(properties, "routeTable"),
        default_route=route,
        attached_ids=references(properties, "ipConfigurations"),
        takes_propagated_routes=takes_propagated_routes,
    )


def writable(properties: Json) -> dict[str, Any]:
    """The properties that a PUT must carry along, as they were read. Null counts as absent."""
    return {
        name: _without(value, READ_ONLY_ANYWHERE | READ_ONLY_INSIDE.get(name.lower(), frozenset()))
        for name, value in properties.items()
        if name.lower() not in READ_ONLY and value is not None
    }


def _without(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, list):
        return [_without(entry, names) for entry in value]
    if isinstance(value, dict):
        return {name: _without(entry, names) for name, entry in value.items() if name.lower() not in names}
    return value
