"""What Azure refuses to write or delete, with its codes.

Recorded or documented unless marked *assumed*; no client should depend on an assumed code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import ArmError
from ...resourceid import ResourceId, parse
from ..operations import Operation
from .state import NAT_GATEWAY, PUBLIC_IP, SUBNET, VNET, Document, reference, references
from .wire import frontend_of_address, gateway_of_address, subnets_of_gateway

if TYPE_CHECKING:
    from ...world import World

MOST_GATEWAY_ADDRESSES = 16
BUSY_RETRY_AFTER = 11


def another_operation(world: World, running: Operation, base_url: str, api_version: str) -> ArmError:
    """Somebody else is writing this resource (or its virtual network). Both answers were recorded."""
    if world.settings.vnet_conflict == "409":
        uri = (
            f"{base_url}/subscriptions/{running.subscription}/providers/{running.provider}/locations/"
            f"{running.location}/operations/{running.id}?api-version={api_version}"
        )
        return ArmError(
            409,
            "AnotherOperationInProgress",
            "Another operation on this or dependent resource is in progress. "
            f"To retrieve status of the operation use uri: {uri}.",
            details=[],
        )
    message = (
        f"Operation {running.name} ({running.id}) is updating resource {running.lock_id}. "
        f"The call can be retried in {BUSY_RETRY_AFTER} seconds."
    )
    return _retryable("RetryableErrorDueToAnotherOperation", message, {"Retry-After": str(BUSY_RETRY_AFTER)})


def _retryable(code: str, message: str, headers: dict[str, str] | None = None) -> ArmError:
    details = [{"code": code, "message": message}]
    return ArmError(429, "RetryableError", "A retryable error occurred.", details=details, headers=headers)


def stale_etag(given: str, document: Document) -> ArmError:
    """The resource has changed since the caller read it."""
    message = (
        f"Etag provided in if-match header {given} does not match etag {document.etag} "
        f"of resource {document.id} in NRP data store."
    )
    details = [{"code": "PreconditionFailedEtagMismatch", "message": message}]
    return ArmError(412, "PreconditionFailed", "Precondition failed.", details=details)


def check_references(world: World, resource_id: ResourceId, properties: dict[str, Any]) -> None:
    """Everything that the resource refers to must exist and be provisioned."""
    for referred in _referred(properties):
        try:
            known = parse(referred)
        except ValueError:
            raise ArmError(
                400, "InvalidRequestFormat", "Cannot parse the request.", details=[_linked_invalid(referred)]
            ) from None
        if known.provider.lower() != "microsoft.network":
            continue
        document = world.network.get(known)
        if document is None:
            raise _missing_reference(resource_id, known)
        running = world.operations.touching(document.key)
        if running is not None and document.provisioning_state != "Succeeded":
            raise _retryable(
                "ReferencedResourceNotProvisioned",
                f"Cannot proceed with operation because resource {document.id} used by resource {resource_id} "
                f"is not in Succeeded state. Resource is in {document.provisioning_state} state and the last "
                f"operation that updated/is updating the resource is {running.name}.",
            )


def _referred(properties: dict[str, Any]) -> list[str]:
    single = ("natGateway", "networkSecurityGroup", "routeTable", "publicIPPrefix")
    listed = ("publicIpAddresses", "publicIpPrefixes", "serviceEndpointPolicies")
    found = [each for name in single if (each := reference(properties, name)) is not None]
    return found + [each for name in listed for each in references(properties, name)]


def _linked_invalid(referred: str) -> dict[str, str]:
    return {
        "code": "LinkedInvalidPropertyId",
        "message": f"Property id '{referred}' is invalid. Expect fully qualified resource Id that start with "
        "'/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'.",
    }


def _missing_reference(resource_id: ResourceId, missing: ResourceId) -> ArmError:
    return ArmError(
        400,
        "InvalidResourceReference",
        f"Resource {missing} referenced by resource {resource_id} was not found. Please make sure that the "
        "referenced resource exists, and that both resources are in the same region.",
        details=[{"code": "NotFound", "message": f"Resource {missing} not found."}],
    )


def check_subnet(world: World, resource_id: ResourceId, properties: dict[str, Any]) -> None:
    """A subnet needs a prefix, and a NAT gateway of its own virtual network."""
    if not properties.get("addressPrefix") and not properties.get("addressPrefixes"):
        raise ArmError(
            400,
            "AddressPrefixStringCannotBeNullOrEmpty",
            f"Address prefix string for resource {resource_id} cannot be null or empty.",
            details=[],
        )
    gateway_id = reference(properties, "natGateway")
    gateway = world.network.get(gateway_id) if gateway_id is not None else None
    if gateway is None:
        return
    vnet = resource_id.parent
    for other in subnets_of_gateway(world.network, gateway):
        if other.id.parent.key != vnet.key:
            raise ArmError(
                400,  # the code was reported by a user; the status is assumed
                "NatGatewayCannotBeUsedBySubnetsBelongingToDifferentVirtualNetworks",
                f"NAT Gateway cannot be configured on multiple virtual networks. NAT Gateway {gateway.id} is "
                f"currently used on virtual network {other.id.parent} and cannot be added to virtual network{vnet}.",
                details=[],
            )
    owner = world.network.get(vnet)
    if owner is not None and owner.top.get("location") != gateway.top.get("location"):
        raise _missing_reference(resource_id, gateway.id)


def check_gateway(world: World, resource_id: ResourceId, properties: dict[str, Any], sku: str) -> None:
    """A NAT gateway's addresses: of its own SKU, nobody else's, at most 16. Codes here are assumed."""
    addresses = references(properties, "publicIpAddresses")
    if len(addresses) > MOST_GATEWAY_ADDRESSES:
        raise ArmError(
            400,
            "NatGatewayPublicIpCountLimitExceeded",
            f"NAT Gateway {resource_id} has {len(addresses)} public IP addresses; the limit is 16.",
            details=[],
        )
    for each in addresses:
        address = world.network.get(each)
        if address is None:
            continue
        address_sku = str((address.top.get("sku") or {}).get("name", "Basic"))
        if address_sku != sku:
            raise ArmError(
                400,
                "NatGatewayAndPublicIpSkuMismatch",
                f"Public IP address {address.id} of SKU {address_sku} cannot be used by NAT Gateway "
                f"{resource_id} of SKU {sku}.",
                details=[],
            )
        user = gateway_of_address(world.network, address)
        other = str(user.id) if user is not None and user.key != resource_id.key else None
        other = other or frontend_of_address(world, address)
        if other is not None:
            raise ArmError(
                400,
                "PublicIPAddressInUse",
                f"Resource {resource_id} is referencing public IP address {address.id} "
                f"that is already allocated to resource {other}.",
                details=[],
            )


def check_deletion(world: World, document: Document) -> None:
    """What is in use can't be deleted: 400, as recorded."""
    if document.kind == VNET:
        for subnet in world.network.children(document):
            check_deletion(world, subnet)
        return
    checker = _DELETIONS.get(document.kind)
    if checker is not None:
        checker(world, document)


def _subnet_in_use(world: World, document: Document) -> None:
    for node in world.nodes_in_subnet(document.key):
        raise ArmError(
            400,
            "InUseSubnetCannotBeDeleted",
            f"Subnet {document.id.name} is in use by {node.ip_configuration_id} and cannot be deleted. "
            "In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.",
            details=[],
        )


def _address_in_use(world: World, document: Document) -> None:
    gateway = gateway_of_address(world.network, document)
    user = str(gateway.id) if gateway is not None else frontend_of_address(world, document)
    if user is not None:
        raise ArmError(
            400,
            "PublicIPAddressCannotBeDeleted",
            f"Public IP address {document.id} can not be deleted since it is still allocated to resource {user}. "
            "In order to delete the public IP, disassociate/detach the Public IP address from the resource.  "
            "To learn how to do this, see aka.ms/deletepublicip.",
            details=[],
        )


def _gateway_in_use(world: World, document: Document) -> None:
    users = subnets_of_gateway(world.network, document)
    if users:
        raise ArmError(
            400,
            "InUseNatGatewayCannotBeDeleted",
            f"NAT gateway {document.id} cannot be deleted because it is in use by the following resources: "
            f"{', '.join(str(each.id) for each in users)}.",
            details=[],
        )


def _security_group_in_use(world: World, document: Document) -> None:
    users = _subnets_referring(world, "networkSecurityGroup", document)
    if users:
        raise ArmError(
            400,
            "InUseNetworkSecurityGroupCannotBeDeleted",
            f"Network security group {document.id} cannot be deleted because it is in use by the following "
            f"resources: {', '.join(users)}. In order to delete the Network security group, remove the "
            "association with the resource(s). To learn how to do this, see aka.ms/deletensg.",
            details=[],
        )


def _route_table_in_use(world: World, document: Document) -> None:
    users = _subnets_referring(world, "routeTable", document)
    if users:
        raise ArmError(
            400,
            "InUseRouteTableCannotBeDeleted",
            f"Route table {document.id.name} is in use and cannot be deleted.",
            details=[],
        )


def _subnets_referring(world: World, name: str, document: Document) -> list[str]:
    return [
        str(subnet.id)
        for subnet in world.network.of_kind(SUBNET)
        if (reference(subnet.properties, name) or "").lower() == document.key
    ]


_DELETIONS = {
    SUBNET: _subnet_in_use,
    PUBLIC_IP: _address_in_use,
    NAT_GATEWAY: _gateway_in_use,
    "microsoft.network/networksecuritygroups": _security_group_in_use,
    "microsoft.network/routetables": _route_table_in_use,
}
