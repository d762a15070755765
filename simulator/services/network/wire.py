"""Network documents as API JSON: written properties, Azure's defaults and derived properties."""

from __future__ import annotations

from typing import Any

from ...http import Request
from ...state.network import (
    NAT_GATEWAY,
    PREFIX,
    PUBLIC_IP,
    ROUTE_TABLE,
    SECURITY_GROUP,
    SUBNET,
    VNET,
    Document,
    NetworkState,
    reference,
    references,
)
from ...world import World
from .parts import part_json
from .securityrules import default_rules
from .versions import as_of

_MORE_ACTIONS = {"microsoft.sql/managedinstances": ("prepareNetworkPolicies", "unprepareNetworkPolicies")}
"""What services may do with a subnet that is delegated to them, besides joining it."""


def document_json(world: World, document: Document) -> dict[str, Any]:
    """A resource in full. The order of keys follows the recorded answers."""
    properties: dict[str, Any] = {"provisioningState": document.provisioning_state}
    if document.kind != SUBNET:
        properties["resourceGuid"] = document.guid
    properties |= document.properties
    derive = _DERIVED.get(document.kind)
    if derive is not None:
        properties |= derive(world, document)
    body: dict[str, Any] = {"name": document.id.name, "id": str(document.id), "etag": document.etag}
    return body | {"type": document.id.resource_type} | document.top | {"properties": properties}


def shown(world: World, request: Request, document: Document) -> dict[str, Any]:
    """A resource as the request's api-version shows it."""
    return as_of(request.query.get("api-version", ""), document_json(world, document))


def _vnet(world: World, document: Document) -> dict[str, Any]:
    subnets = [document_json(world, each) for each in world.network.children(document)]
    return {"subnets": subnets}


def _subnet(world: World, document: Document) -> dict[str, Any]:
    derived: dict[str, Any] = {}
    nodes = list(world.nodes_in_subnet(document.key))
    if nodes:
        derived["ipConfigurations"] = [{"id": _upper_group(node.ip_configuration_id)} for node in nodes]
    endpoints = document.properties.get("serviceEndpoints")
    if endpoints:
        derived["serviceEndpoints"] = [_endpoint(document, each) for each in endpoints]
    delegations = document.properties.get("delegations")
    if delegations:
        derived["delegations"] = [_delegation(document, each) for each in delegations]
    return derived


def _endpoint(subnet: Document, written: dict[str, Any]) -> dict[str, Any]:
    """A service endpoint has the subnet's state only while a write adds it (recorded in 2023)."""
    state = subnet.provisioning_state if written.get("service") in subnet.new_endpoints else "Succeeded"
    return {"provisioningState": state, **written, "locations": written.get("locations", ["*"])}


def _delegation(subnet: Document, written: dict[str, Any]) -> dict[str, Any]:
    """A delegation; its state is Succeeded at once (recorded in 2020)."""
    properties = {"provisioningState": "Succeeded"} | dict(written.get("properties") or {})
    actions = ["join", *_MORE_ACTIONS.get(str(properties.get("serviceName")).lower(), ())]
    return {
        "name": written.get("name"),
        "id": f"{subnet.id}/delegations/{written.get('name')}",
        "etag": subnet.etag,
        "properties": properties
        | {"actions": [f"Microsoft.Network/virtualNetworks/subnets/{action}/action" for action in actions]},
        "type": "Microsoft.Network/virtualNetworks/subnets/delegations",
    }


def _upper_group(resource_id: str) -> str:
    """Back-references spell the resource group in upper case, unlike the resource's own id."""
    parts = resource_id.split("/")
    parts[4] = parts[4].upper()
    return "/".join(parts)


def _public_ip(world: World, document: Document) -> dict[str, Any]:
    gateway = gateway_of_address(world.network, document)
    derived: dict[str, Any] = {}
    if gateway is not None:
        derived["natGateway"] = {"id": str(gateway.id)}
    frontend = frontend_of_address(world, document)
    if frontend is not None:
        derived["ipConfiguration"] = {"id": frontend}
    return derived


def frontend_of_address(world: World, document: Document) -> str | None:
    """The load balancer frontend that uses a public IP, as an id."""
    cluster = world.frontend_owners.get(document.key)
    if cluster is None or not cluster.has_outbound_rule:
        return None
    for frontend in cluster.frontends:
        if frontend.public_ip_id.lower() == document.key:
            return f"{cluster.load_balancer_id}/frontendIPConfigurations/{frontend.name}"
    return None


def _nat_gateway(world: World, document: Document) -> dict[str, Any]:
    subnets = [{"id": str(each.id)} for each in subnets_of_gateway(world.network, document)]
    return {"subnets": subnets} if subnets else {}


def _prefix(world: World, document: Document) -> dict[str, Any]:
    gateway = gateway_of_address(world.network, document)
    taken = [{"id": str(address.id)} for address in addresses_from(world.network, document)]
    derived: dict[str, Any] = {"publicIPAddresses": taken} if taken else {}
    return derived | ({"natGateway": {"id": str(gateway.id)}} if gateway is not None else {})


def _security_group(world: World, document: Document) -> dict[str, Any]:
    rules = [part_json(document, "securityRules", each) for each in document.properties.get("securityRules") or []]
    defaults = [part_json(document, "defaultSecurityRules", each) for each in default_rules()]
    return {"securityRules": rules, "defaultSecurityRules": defaults} | _users(world, "networkSecurityGroup", document)


def _route_table(world: World, document: Document) -> dict[str, Any]:
    routes = [part_json(document, "routes", each) for each in document.properties.get("routes") or []]
    return {"routes": routes} | _users(world, "routeTable", document)


def _users(world: World, name: str, document: Document) -> dict[str, Any]:
    users = [{"id": str(each.id)} for each in subnets_referring(world.network, name, document)]
    return {"subnets": users} if users else {}


def gateway_of_address(network: NetworkState, address: Document) -> Document | None:
    """The NAT gateway that uses a public IP or prefix."""
    name = "publicIpPrefixes" if address.kind == PREFIX else "publicIpAddresses"
    for gateway in network.of_kind(NAT_GATEWAY):
        used = references(gateway.properties, name) + references(gateway.properties, f"{name}V6")
        if any(each.lower() == address.key for each in used):
            return gateway
    return None


def subnets_of_gateway(network: NetworkState, gateway: Document) -> list[Document]:
    """The subnets that a NAT gateway is attached to."""
    return subnets_referring(network, "natGateway", gateway)


def subnets_referring(network: NetworkState, name: str, document: Document) -> list[Document]:
    """The subnets whose property `name` refers to a document."""
    return _referring(network, SUBNET, name, document)


def addresses_from(network: NetworkState, prefix: Document) -> list[Document]:
    """The public IPs that were taken out of a prefix."""
    return _referring(network, PUBLIC_IP, "publicIPPrefix", prefix)


def _referring(network: NetworkState, kind: str, name: str, document: Document) -> list[Document]:
    return [each for each in network.of_kind(kind) if (reference(each.properties, name) or "").lower() == document.key]


_DERIVED = {
    VNET: _vnet,
    SUBNET: _subnet,
    PUBLIC_IP: _public_ip,
    PREFIX: _prefix,
    NAT_GATEWAY: _nat_gateway,
    SECURITY_GROUP: _security_group,
    ROUTE_TABLE: _route_table,
}
