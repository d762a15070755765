"""An event of the activity log."""

from __future__ import annotations

from typing import Any

from shared.model.resource_id import ArmId

SUBNET = ArmId("/subscriptions/s1/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/vnet/subnets/nodes")


def named(value: str) -> dict[str, str]:
    return {"value": value, "localizedValue": value}


def event(status: str, second: float, **fields: Any) -> dict[str, Any]:
    """As in the example of the documents (Azure docs: activity-log-schema, Administrative)."""
    return {
        "caller": "somebody@example.com",
        "correlationId": "c1",
        "claims": {"appid": "A1"},
        "eventTimestamp": f"2026-11-22T20:00:{second:010.7f}Z",
        "httpRequest": {"clientRequestId": "R1", "clientIpAddress": "192.0.2.1", "method": "PUT"},
        "operationId": "o1",
        "operationName": named("Microsoft.Network/virtualNetworks/subnets/write"),
        "properties": {"statusCode": "Created"},
        "resourceId": SUBNET,
        "status": named(status),
        **fields,
    }
