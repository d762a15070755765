"""Write conflicts: another operation runs, the ETag is old, a reference isn't ready."""

from __future__ import annotations

from typing import Any

from ...errors import ServiceError
from ...resourceid import ResourceId, parse
from ...state.network import Document, reference, references
from ...state.operations import Operation
from ...world import World
from .refusals import (
    BAD_REFERENCE,
    MISSING_REFERENCE,
    NOT_PROVISIONED,
    OTHER_OPERATION,
    OTHER_OPERATION_CONFLICT,
    STALE_ETAG,
)

BUSY_RETRY_AFTER = 11
_SINGLE = ("natGateway", "networkSecurityGroup", "routeTable", "publicIPPrefix")
_LISTED = (
    "publicIpAddresses",
    "publicIpAddressesV6",
    "publicIpPrefixes",
    "publicIpPrefixesV6",
    "serviceEndpointPolicies",
)


def another_operation(world: World, running: Operation, base_url: str, api_version: str) -> ServiceError:
    """Another operation writes this resource (or its virtual network). Both answers are recorded."""
    if world.settings.vnet_conflict == "409":
        uri = (
            f"{base_url}/subscriptions/{running.subscription}/providers/{running.provider}/locations/"
            f"{running.location}/operations/{running.id}?api-version={api_version}"
        )
        return OTHER_OPERATION_CONFLICT.error(
            "Another operation on this or dependent resource is in progress. "
            f"To retrieve status of the operation use uri: {uri}."
        )
    message = (
        f"Operation {running.name} ({running.id}) is updating resource {running.lock_id}. "
        f"The call can be retried in {BUSY_RETRY_AFTER} seconds."
    )
    details = [{"code": OTHER_OPERATION.detail, "message": message}]
    headers = {"Retry-After": str(BUSY_RETRY_AFTER), "x-ms-failure-cause": "service"}
    return OTHER_OPERATION.error("A retryable error occurred.", details=details, headers=headers)


def stale_etag(given: str, document: Document) -> ServiceError:
    """The resource has changed since the caller read it."""
    message = (
        f"Etag provided in if-match header {given} does not match etag {document.etag} "
        f"of resource {document.id} in NRP data store."
    )
    return STALE_ETAG.error("Precondition failed.", details=[{"code": STALE_ETAG.detail, "message": message}])


def check_references(world: World, resource_id: ResourceId, properties: dict[str, Any]) -> None:
    """Everything that the resource refers to must exist and be provisioned."""
    for referred in referred_ids(properties):
        try:
            known = parse(referred)
        except ValueError:
            raise BAD_REFERENCE.error("Cannot parse the request.", details=[_linked_invalid(referred)]) from None
        if known.provider.lower() != "microsoft.network" or known.types[0].lower() == "serviceendpointpolicies":
            continue
        document = world.network.get(known)
        if document is None:
            raise missing_reference(resource_id, known)
        running = world.operations.touching(document.key)
        if running is not None and document.provisioning_state != "Succeeded":
            message = (
                f"Cannot proceed with operation because resource {document.id} used by resource {resource_id} "
                f"is not in Succeeded state. Resource is in {document.provisioning_state} state and the last "
                f"operation that updated/is updating the resource is {running.name}."
            )
            details = [{"code": NOT_PROVISIONED.detail, "message": message}]
            raise NOT_PROVISIONED.error("A retryable error occurred.", details=details)


def referred_ids(properties: dict[str, Any]) -> list[str]:
    """The ids of the resources that a body refers to."""
    found = [each for name in _SINGLE if (each := reference(properties, name)) is not None]
    return found + [each for name in _LISTED for each in references(properties, name)]


def _linked_invalid(referred: str) -> dict[str, str]:
    return {
        "code": "LinkedInvalidPropertyId",
        "message": f"Property id '{referred}' is invalid. Expect fully qualified resource Id that start with "
        "'/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'.",
    }


def missing_reference(resource_id: ResourceId, missing: ResourceId) -> ServiceError:
    """A referenced resource doesn't exist, or is in another region."""
    return MISSING_REFERENCE.error(
        f"Resource {missing} referenced by resource {resource_id} was not found. Please make sure that the "
        "referenced resource exists, and that both resources are in the same region.",
        details=[{"code": MISSING_REFERENCE.detail, "message": f"Resource {missing} not found."}],
    )
