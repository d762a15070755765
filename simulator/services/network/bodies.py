"""The stored fields of a PUT's body: writable properties and top-level fields."""

from __future__ import annotations

from typing import Any

from ...errors import ArmError
from ...resourceid import ResourceId
from ...state.network import Document
from .kinds import SUBNETS, Kind
from .parts import written_part
from .refusals import BAD_REFERENCE, LOCATION_FIXED, LOCATION_REQUIRED, SKU_FIXED, UNKNOWN_MEMBER, ZONES_FIXED

_NOT_WRITTEN = {"name", "id", "type", "etag", "properties"}
_REFERENCES = ("natGateway", "networkSecurityGroup", "routeTable", "publicIPPrefix")


def written_properties(kind: Kind, body: dict[str, Any]) -> dict[str, Any]:
    """The body's properties without the entries that Azure adds to lists and clients send back.

    A reference is kept as its id only: clients may send the whole resource in its place.
    """
    properties = body.get("properties") or {}
    if not isinstance(properties, dict):
        raise BAD_REFERENCE.error("Cannot parse the request: properties must be an object.")
    unknown = [name for name in properties if kind.members and name.lower() not in kind.members]
    if unknown:
        raise UNKNOWN_MEMBER.error(
            f"Could not find member '{unknown[0]}' on object of type '{kind.operation_noun}PropertiesFormat'."
        )
    written = {name: value for name, value in properties.items() if value is not None}
    for name in _REFERENCES:
        if isinstance(written.get(name), dict) and "id" in written[name]:
            written[name] = {"id": written[name]["id"]}
    if "serviceEndpoints" in written:
        written["serviceEndpoints"] = [
            {key: value for key, value in endpoint.items() if key != "provisioningState"}
            for endpoint in written["serviceEndpoints"]
        ]
    if "delegations" in written:
        written["delegations"] = [
            {"name": each.get("name"), "properties": {"serviceName": (each.get("properties") or {}).get("serviceName")}}
            for each in written["delegations"]
        ]
    for name in ("routes", "securityRules"):
        if name in written:
            written[name] = [written_part(part.get("name"), part) for part in written[name]]
    return written


def endpoints_in(properties: dict[str, Any]) -> frozenset[str]:
    """The services that a subnet has endpoints for."""
    return frozenset(str(each.get("service")) for each in properties.get("serviceEndpoints") or [])


def top_level(kind: Kind, resource_id: ResourceId, existing: Document | None, body: dict[str, Any]) -> dict[str, Any]:
    """Location, tags, SKU, zones. The location, the SKU and the zones can't be changed later."""
    if kind is SUBNETS:
        return {}
    top = {key: value for key, value in body.items() if key not in _NOT_WRITTEN and value is not None}
    location = str(top.get("location") or "").replace(" ", "").lower()
    if not location:
        raise LOCATION_REQUIRED.error("The location property is required for this definition.", details=None)
    there = existing.top.get("location") if existing is not None else location
    if there != location:
        raise LOCATION_FIXED.error(
            f"The resource '{resource_id.name}' already exists in location '{there}' in resource group "
            f"'{resource_id.group}'. A resource with the same name cannot be created in location '{location}'. "
            "Please select a new resource name.",
            details=None,
        )
    top["location"] = location
    if kind.sku is not None:
        sku = top.get("sku") or {}
        top["sku"] = {"name": sku.get("name", kind.sku), "tier": sku.get("tier", "Regional")}
        if existing is not None:
            _check_fixed(resource_id, existing, top)
    return top


def _check_fixed(resource_id: ResourceId, existing: Document, top: dict[str, Any]) -> None:
    had, wanted = str(existing.top["sku"]["name"]), str(top["sku"]["name"])
    if had != wanted and (had, wanted) != ("Basic", "Standard"):
        raise SKU_FIXED.error(f"The SKU of resource {resource_id} cannot be changed from {had} to {wanted}.")
    zones_had, zones_wanted = (sorted(each.get("zones") or []) for each in (existing.top, top))
    if zones_had != zones_wanted:
        had, wanted = (", ".join(zones) or "NoZone" for zones in (zones_had, zones_wanted))
        raise ZONES_FIXED.error(
            f"Resource {resource_id} has an existing availability zone constraint {had} and the request has "
            f"availability zone constraint {wanted}, which do not match. Zones cannot be added/updated/removed "
            "once the resource is created. The resource cannot be updated from regional to zonal or vice-versa."
        )


def tags_of(body: dict[str, Any]) -> dict[str, Any]:
    """The tags in the body of a PATCH, which is all that PATCH can change."""
    tags = body.get("tags")
    if not isinstance(tags, dict):
        raise ArmError(400, "InvalidRequestFormat", "Cannot parse the request: tags are expected.", details=[])
    return tags
