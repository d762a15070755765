"""Subscriptions, tenants and resource groups, where an answer is about them."""

from __future__ import annotations

import re
from typing import Any

from ...services.network.kinds import KINDS
from ...world import ResourceGroup, Subscription
from ..recording import Exchange
from ..stage import Stage
from .bodies import NotArrangeable, id_of

_GROUP = re.compile(r"/subscriptions/([^/]+)/resourceGroups/([^/]+)", re.IGNORECASE)
_LISTING = re.compile(r"(?:/subscriptions/[^/]+(?:/resourceGroups/[^/]+)?)/resources", re.IGNORECASE)
_SIMULATED = ("microsoft.containerservice/managedclusters", "microsoft.compute/virtualmachinescalesets")
Body = dict[str, Any]


def arrange_directory(stage: Stage, exchange: Exchange, _later: tuple[Exchange, ...]) -> None:
    """Create exactly the subscriptions, tenants or groups that the answer lists."""
    if exchange.status != 200 or exchange.method != "GET" or "/providers/" in exchange.path.lower():
        return
    path, body = exchange.path.rstrip("/").lower(), exchange.body_object
    listed = [each for each in body.get("value") or [] if isinstance(each, dict)]
    if path == "/subscriptions":
        stage.world.subscriptions.clear()
        for each in listed:
            _subscription(stage, each)
    elif path == "/tenants":
        stage.world.subscriptions.clear()
        for each in listed:
            tenant = str(each.get("tenantId"))
            stage.world.subscriptions[tenant] = Subscription(tenant, tenant, tenant)
    elif "subscriptionId" in body:
        _subscription(stage, body)
    elif path.endswith("/resourcegroups"):
        stage.world.groups.clear()
        for each in listed:
            _group(stage, each)
    elif _GROUP.fullmatch(path):
        _group(stage, body)
    elif _LISTING.fullmatch(path):
        _check_simulated(listed)


def _subscription(stage: Stage, each: Body) -> None:
    subscription, tenant = str(each.get("subscriptionId")), str(each.get("tenantId"))
    name = str(each.get("displayName", subscription))
    stage.world.subscriptions[subscription.lower()] = Subscription(subscription, name, tenant)


def _group(stage: Stage, each: Body) -> None:
    match = _GROUP.fullmatch(str(each.get("id", "")))
    if match is not None:
        subscription = match[1]
        stage.know_subscription(subscription)
        name, location = str(each.get("name", match[2])), str(each.get("location"))
        group = ResourceGroup(subscription, name, location, dict(each.get("tags") or {}), each.get("managedBy"))
        stage.world.groups[subscription.lower(), name.lower()] = group


def _check_simulated(listed: list[Body]) -> None:
    """A list of all resources can only be had when all are of simulated types."""
    for each in listed:
        resource_id = id_of(each.get("id"))
        kind = resource_id.resource_type.lower() if resource_id is not None else ""
        if kind not in KINDS and kind not in _SIMULATED:
            raise NotArrangeable("a list with resources of types that aren't simulated")
