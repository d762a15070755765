"""Preflight checks: what must hold before a change, one function for each, from one snapshot of facts.

If a check that a write depends on could not be made, it blocks: the bot never guesses.
"""

from collections.abc import Callable, Sequence

from ....model.check import Check
from ....model.network import NetworkFacts
from ....model.plan import Step
from ...checks import sort_checks
from ..writes import new_types, planned_ip_ids
from . import addresses, cluster, refusals, routes, shared_ownership, subnets

CHECKS: tuple[Callable[[NetworkFacts], Check], ...] = (
    cluster.vnet_ownership,
    cluster.outbound_type,
    cluster.cluster_is_settled,
    subnets.subnets_readable,
    subnets.outbound_pool,
    subnets.network_interfaces,
    subnets.other_subscription,
    subnets.existing_gateway,
    routes.default_route,
    routes.propagated_routes,
    routes.kept_route_table,
    subnets.dual_stack,
    addresses.basic_sku,
    addresses.internet_routing,
    addresses.ddos_protection,
    cluster.node_public_ips,
    cluster.egress_gateway,
    cluster.zones,
    shared_ownership.shared_subnets,
    addresses.existing_connections,
    addresses.allow_lists,
    shared_ownership.managed_as_code,
    refusals.other_changes,
)
ACCESS_CHECKS: tuple[Callable[[NetworkFacts, Sequence[Step]], Check], ...] = (refusals.permissions, refusals.locks)
NEW_RESOURCE_CHECKS: tuple[Callable[[NetworkFacts, Sequence[Step]], Check], ...] = (refusals.policies, refusals.quota)


def check_all(facts: NetworkFacts, steps: Sequence[Step] = ()) -> tuple[Check, ...]:
    """Every check before attaching subnets to a gateway, or adding public IPs to it."""
    return sort_checks(
        [
            *(check(facts) for check in CHECKS),
            cluster.authorized_ranges(facts, planned_ip_ids(steps, facts)),
            *check_access(facts, steps),
        ]
    )


def check_access(facts: NetworkFacts, steps: Sequence[Step]) -> tuple[Check, ...]:
    """What would make Azure refuse these writes; empty without steps, or if nothing about access was read."""
    if facts.access is None or not steps:
        return ()
    is_creating = bool(new_types(steps, facts))
    checks = (*ACCESS_CHECKS, *(NEW_RESOURCE_CHECKS if is_creating else ()))
    return tuple(check(facts, steps) for check in checks)
