"""Subscriptions, tenants and resource groups as the API shows them."""

from __future__ import annotations

from typing import Any

from ...noise import stable_uuid
from ...world import ResourceGroup, Subscription


def subscription_json(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription.id}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": subscription.id,
        "tenantId": subscription.tenant,
        "displayName": subscription.name,
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def tenant_json(tenant: str) -> dict[str, Any]:
    return {
        "id": f"/tenants/{tenant}",
        "tenantId": tenant,
        "countryCode": "NL",
        "displayName": "Simulated directory",
        "domains": [f"{stable_uuid('domain', tenant)[:8]}.onmicrosoft.com"],
        "tenantCategory": "Home",
        "defaultDomain": f"{stable_uuid('domain', tenant)[:8]}.onmicrosoft.com",
        "tenantType": "AAD",
    }


def group_json(group: ResourceGroup) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": f"/subscriptions/{group.subscription}/resourceGroups/{group.name}",
        "name": group.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": group.location,
    }
    if group.tags:
        body["tags"] = dict(group.tags)
    if group.managed_by:
        body["managedBy"] = group.managed_by
    return body | {"properties": {"provisioningState": "Succeeded"}}
