"""Preconditions of a change: one small function each, from one snapshot of facts.

A check that could not be made counts as a block where a write depends on it: the bot never guesses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ....model.check import Check
from ....model.network import NetworkFacts
from ....model.plan import Step
from ...checks import sort_checks
from ..writes import new_types, planned_ip_ids
from .addresses import allow_lists, basic_sku, ddos_protection, existing_connections, internet_routing
from .cluster import (
    authorize_command,
    authorized_ranges,
    cluster_is_settled,
    known_addresses,
    node_public_ips,
    outbound_type,
    vnet_ownership,
    zones,
)
from .refusals import locks, locks_for_deletion, other_changes, permissions, policies, quota
from .shared_ownership import managed_as_code, shared_subnets
from .subnets import (
    default_route,
    dual_stack,
    existing_gateway,
    kept_route_table,
    network_interfaces,
    other_subscription,
    propagated_routes,
    subnets_readable,
)

__all__ = [
    "ACCESS_CHECKS",
    "CHECKS",
    "allow_lists",
    "authorize_command",
    "authorized_ranges",
    "basic_sku",
    "check_access",
    "check_all",
    "cluster_is_settled",
    "default_route",
    "dual_stack",
    "existing_connections",
    "existing_gateway",
    "known_addresses",
    "locks_for_deletion",
    "managed_as_code",
    "outbound_type",
    "permissions",
    "quota",
    "shared_subnets",
    "subnets_readable",
    "vnet_ownership",
    "zones",
]

CHECKS: tuple[Callable[[NetworkFacts], Check], ...] = (
    vnet_ownership,
    outbound_type,
    cluster_is_settled,
    subnets_readable,
    network_interfaces,
    other_subscription,
    existing_gateway,
    default_route,
    propagated_routes,
    kept_route_table,
    dual_stack,
    basic_sku,
    internet_routing,
    ddos_protection,
    node_public_ips,
    zones,
    shared_subnets,
    existing_connections,
    allow_lists,
    managed_as_code,
    other_changes,
)
ACCESS_CHECKS: tuple[Callable[[NetworkFacts, Sequence[Step]], Check], ...] = (permissions, locks)
NEW_RESOURCE_CHECKS: tuple[Callable[[NetworkFacts, Sequence[Step]], Check], ...] = (policies, quota)


def check_all(facts: NetworkFacts, steps: Sequence[Step] = ()) -> tuple[Check, ...]:
    """Every check of moving subnets to a gateway, or of giving it more public IPs."""
    return sort_checks(
        [
            *(check(facts) for check in CHECKS),
            authorized_ranges(facts, planned_ip_ids(steps, facts)),
            *check_access(facts, steps),
        ]
    )


def check_access(facts: NetworkFacts, steps: Sequence[Step]) -> tuple[Check, ...]:
    """What would refuse these writes; none when there are no steps, or when Azure was not asked about it."""
    if facts.access is None or not steps:
        return ()
    is_creating = bool(new_types(steps, facts))
    checks = (*ACCESS_CHECKS, *(NEW_RESOURCE_CHECKS if is_creating else ()))
    return tuple(check(facts, steps) for check in checks)
