"""Which actions the writing identity needs for a plan, at which scope, and whether its roles grant them.

Sources: Azure docs, permissions of Microsoft.Network; a subnet write also needs ``join`` on everything that the subnet
refers to, or Azure answers LinkedAuthorizationFailed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from ..model.access import Permission
from ..model.network import NetworkFacts
from ..model.resource_id import ResourceId

_NETWORK = "Microsoft.Network"
CREATE_ACTIONS = (
    f"{_NETWORK}/publicIPAddresses/read",
    f"{_NETWORK}/publicIPAddresses/write",
    f"{_NETWORK}/publicIPAddresses/join/action",
    f"{_NETWORK}/natGateways/read",
    f"{_NETWORK}/natGateways/write",
    f"{_NETWORK}/natGateways/join/action",
)
PREFIX_ACTIONS = (f"{_NETWORK}/publicIPPrefixes/read", f"{_NETWORK}/publicIPPrefixes/join/action")
SUBNET_ACTIONS = (f"{_NETWORK}/virtualNetworks/subnets/read", f"{_NETWORK}/virtualNetworks/subnets/write")


@dataclass(frozen=True, slots=True)
class Need:
    """``why`` is empty where the action speaks for itself."""

    action: str
    scope: str
    why: str = ""


def needs_of(facts: NetworkFacts) -> tuple[Need, ...]:
    """For creating in the group of the gateway, and for writing every subnet with all that it refers to."""
    found = [Need(action, facts.nat_group_id) for action in CREATE_ACTIONS if facts.nat_group_id]
    if facts.given_prefix is not None:
        found += [Need(action, facts.given_prefix.id) for action in PREFIX_ACTIONS]
    for subnet in facts.subnets:
        found += [Need(action, subnet.id) for action in SUBNET_ACTIONS]
        found += [
            Need(_join_action(linked), linked, f"subnet {subnet.name} refers to it")
            for linked in linked_ids(subnet.properties)
        ]
    return tuple(dict.fromkeys(found))


def linked_ids(properties: Mapping[str, object]) -> tuple[str, ...]:
    """Resources that a subnet's writable properties refer to, the NAT gateway aside, each once."""
    found: dict[str, None] = {}
    for name in ("networkSecurityGroup", "routeTable"):
        value = properties.get(name)
        if isinstance(value, Mapping) and value.get("id"):
            found[str(value["id"])] = None
    policies = properties.get("serviceEndpointPolicies")
    for value in policies if isinstance(policies, list) else ():
        if isinstance(value, Mapping) and value.get("id"):
            found[str(value["id"])] = None
    return tuple(found)


def missing_needs(needs: Iterable[Need], permissions: Mapping[str, tuple[Permission, ...]]) -> tuple[Need, ...]:
    """Needs that no role grants. ``permissions`` maps scopes in lower case; one that was not read grants nothing."""
    return tuple(need for need in needs if not is_granted(need.action, permissions.get(need.scope.lower(), ())))


def is_granted(action: str, permissions: Iterable[Permission]) -> bool:
    """Whether one role has the action and does not take it away again (Azure docs: role-definitions)."""
    return any(
        any(_fits(pattern, action) for pattern in one.actions)
        and not any(_fits(pattern, action) for pattern in one.not_actions)
        for one in permissions
    )


def _fits(pattern: str, action: str) -> bool:
    return _compiled(pattern.lower()).fullmatch(action.lower()) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")))


def _join_action(resource_id: str) -> str:
    return f"{ResourceId.parse(resource_id).type}/join/action"
