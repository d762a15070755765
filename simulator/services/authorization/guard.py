"""The checks before a request reaches a service: roles, deny assignments, linked roles, locks, policies."""

from __future__ import annotations

import json
from typing import Any

from ...errors import GATEWAY
from ...fleet import Cluster
from ...http import Request
from ...noise import stable_uuid
from ...world import World
from .actions import Call, call_of, is_poll
from .linked import linked_actions
from .refusals import DENY_ASSIGNMENT, LOCKED, NO_LINKED_ROLE, NO_ROLE, POLICY


def check_access(world: World, request: Request) -> None:
    """Refuse what the caller has no role for, and what locks and policies forbid."""
    if is_poll(request.path) and not world.settings.operation_polls_need_role:
        return
    call = call_of(request.method, request.path)
    if call is None:
        return
    caller = _caller(world, request)
    if not world.access.may(request.client_id, call.action, call.scope):
        raise NO_ROLE.error(
            f"{caller} does not have authorization to perform action '{call.action}' over scope '{call.scope}' or "
            "the scope is invalid. If access was recently granted, please refresh your credentials.",
            details=None,
            headers=GATEWAY,
        )
    if call.verb == "read":
        return
    _check_deny_assignment(world, caller, call)
    body = _body(request)
    _check_linked(world, request, caller, call, body)
    _check_locks(world, call)
    _check_policies(world, request, call, body)


def _caller(world: World, request: Request) -> str:
    identity = world.identities.get(request.client_id or "")
    return f"The client '{identity.client_id}' with object id '{identity.object_id}'"


def _body(request: Request) -> dict[str, Any]:
    """The body as an object; what is no object is left to the service to refuse."""
    try:
        parsed = json.loads(request.body or b"{}")
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def locked_down(world: World, scope: str) -> Cluster | None:
    """The cluster whose locked node resource group contains a scope."""
    parts = scope.split("/")
    if len(parts) < 5 or parts[3].lower() != "resourcegroups":
        return None
    group = world.groups.get((parts[2].lower(), parts[4].lower()))
    cluster = world.clusters.get(group.managed_by.lower()) if group is not None and group.managed_by else None
    if cluster is None:
        return None
    level = (cluster.properties.get("nodeResourceGroupProfile") or {}).get("restrictionLevel")
    return cluster if level == "ReadOnly" else None


def _check_deny_assignment(world: World, caller: str, call: Call) -> None:
    cluster = locked_down(world, call.scope)
    if cluster is None:
        return
    name = f"System deny assignment created by Azure Kubernetes Service {cluster.id}"
    group = f"/subscriptions/{cluster.subscription}/resourceGroups/{cluster.node_group}"
    raise DENY_ASSIGNMENT.error(
        f"{caller} has permission to perform action '{call.action}' on scope '{call.scope}'; however, the access is "
        f"denied because of the deny assignment with name '{name}' and Id "
        f"'{stable_uuid('deny', cluster.id).replace('-', '')}' at scope '{group}'.",
        details=None,
        headers=GATEWAY,
    )


def _check_linked(world: World, request: Request, caller: str, call: Call, body: dict[str, Any]) -> None:
    if request.method != "PUT":
        return
    missing = [
        (action, scope)
        for action, scope in linked_actions(call.resource_type, body)
        if not world.access.may(request.client_id, action, scope)
    ]
    if missing:
        actions = ", ".join(dict.fromkeys(action for action, _ in missing))
        scopes = ", ".join(dict.fromkeys(scope for _, scope in missing))
        raise NO_LINKED_ROLE.error(
            f"{caller} has permission to perform action '{call.action}' on scope '{call.scope}'; however, it does not "
            f"have permission to perform action(s) '{actions}' on the linked scope(s) '{scopes}' (respectively) or "
            "the linked scope(s) are invalid.",
            details=None,
            headers=GATEWAY,
        )


def _check_locks(world: World, call: Call) -> None:
    locked = [lock.scope for lock in world.access.locks if lock.forbids(call.verb, call.scope)]
    if locked:
        doing = "delete" if call.verb == "delete" else "write"
        raise LOCKED.error(
            f"The scope '{call.scope}' cannot perform {doing} operation because following scope(s) are locked: "
            f"'{','.join(locked)}'. Please remove the lock and try again.",
            details=None,
            headers=GATEWAY,
        )


def _check_policies(world: World, request: Request, call: Call, body: dict[str, Any]) -> None:
    if request.method != "PUT":
        return
    denying = [each for each in world.access.policies if each.denies(call.scope, call.resource_type, body)]
    if denying:
        target = call.scope.rpartition("/")[2]
        identifiers = json.dumps([each.identifiers() for each in denying], separators=(",", ":"))
        info = [
            {
                "type": "PolicyViolation",
                "info": {
                    "policyDefinitionDisplayName": each.name,
                    "policyDefinitionId": each.definition_id,
                    "policyDefinitionName": each.name,
                    "policyDefinitionEffect": "deny",
                    "policyAssignmentId": each.assignment_id,
                    "policyAssignmentName": each.name,
                    "policyAssignmentScope": each.scope,
                },
            }
            for each in denying
        ]
        raise POLICY.error(
            f"Resource '{target}' was disallowed by policy. Policy identifiers: '{identifiers}'.",
            details=None,
            headers=GATEWAY,
            extra={"target": target, "additionalInfo": info},
        )
