"""Reads roles, locks, policies and quotas from a scenario file.

A scope is an id, or `GROUP`, or `GROUP/natGateways/egress` for a network resource; without a scope, roles apply
everywhere. An identity is a client id, the name of one of the scenario's identities, or `*`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...state.locks import LEVELS, Lock
from ...state.policies import Policy
from ...state.roles import BUILT_IN, RoleAssignment
from ...world import World

Content = Mapping[str, Any]


def read_access(world: World, content: Content) -> None:
    """Add a scenario's roles, locks, policies and quotas to the world. Raises ValueError."""
    for each in content.get("roles") or []:
        world.access.assign(role_of(world, each))
    world.access.locks += [lock_of(world, each) for each in content.get("locks") or []]
    for each in content.get("policies") or []:
        world.access.policies.append(
            Policy(
                str(each["name"]),
                scope_of(world, each.get("scope")),
                tuple(each["types"]),
                tuple(str(place).replace(" ", "").lower() for place in each.get("allowed_locations") or ()),
                tuple(each.get("required_tags") or ()),
            )
        )
    world.quotas.update(content.get("quotas") or {})


def lock_of(world: World, each: Content) -> Lock:
    """One entry of `locks`."""
    if each.get("level") not in LEVELS:
        raise ValueError(f"lock {each['name']}: level was {each.get('level')!r}; it must be {' or '.join(LEVELS)}")
    scope = scope_of(world, each.get("scope"))
    return Lock(str(each["name"]), scope, str(each["level"]), str(each.get("notes", "")))


def role_of(world: World, each: Content) -> RoleAssignment:
    """One entry of `roles`; its identity is a client id, or the name of one of the scenario's."""
    role = str(each.get("role", ""))
    actions, not_actions = tuple(each.get("actions") or ()), tuple(each.get("not_actions") or ())
    if role:
        if role.lower() not in BUILT_IN:
            raise ValueError(f"role {role!r} isn't known; there are {', '.join(BUILT_IN)}, or give actions")
        granted, denied = BUILT_IN[role.lower()]
        actions, not_actions = actions + granted, not_actions + denied
    if not actions:
        raise ValueError(f"the role of {each['identity']} has neither a role's name nor actions")
    identity = world.identities.client_id(str(each["identity"]))
    scope = scope_of(world, each["scope"]) if "scope" in each else "/"
    return RoleAssignment(identity, scope, actions, not_actions, role or "Custom role")


def scope_of(world: World, text: str | None) -> str:
    """The resource id of a scenario's scope; without a scope, the first subscription."""
    first = f"/subscriptions/{next(iter(world.subscriptions.values())).id}"
    if not text:
        return first
    if text.startswith("/"):
        return text.rstrip("/")
    group, _, rest = text.partition("/")
    return f"{first}/resourceGroups/{group}" + (f"/providers/Microsoft.Network/{rest}" if rest else "")
