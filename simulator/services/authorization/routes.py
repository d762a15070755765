"""Queries before a write: permissions at a scope, locks, and policy restrictions."""

from __future__ import annotations

from typing import Any

from ...errors import ArmError
from ...http import Request, Response
from ...routing import Route
from ...state.policies import Policy
from ...state.roles import holds
from ...world import World

_ALL = {"actions": ["*"], "notActions": [], "dataActions": [], "notDataActions": []}


def _scope(world: World, request: Request) -> str:
    """The scope in the path; its subscription and resource group must be there."""
    scope = "/" + request.params["scope"].strip("/")
    parts = scope.split("/")
    if len(parts) > 4 and parts[3].lower() == "resourcegroups":
        world.group(parts[2], parts[4])
    elif len(parts) > 2:
        world.subscription(parts[2])
    return scope


def list_permissions(world: World, request: Request) -> Response:
    """The caller's permissions at a scope (REST: Permissions - List For Resource, ... Resource Group)."""
    scope = _scope(world, request)
    if not world.access.restricted:
        return Response(200, {"value": [_ALL]})
    value = [
        {
            "actions": list(each.actions),
            "notActions": list(each.not_actions),
            "dataActions": [],
            "notDataActions": [],
        }
        for each in world.access.of(request.client_id, scope)
    ]
    return Response(200, {"value": value})


def list_locks(world: World, request: Request) -> Response:
    """Locks at a scope and below it; with `$filter=atScope()` those at the scope itself.

    Locks above are not listed (REST: Management Locks - List At Resource Group Level, and so on), so a caller must
    query every level.
    """
    scope = _scope(world, request)
    exactly = request.query.get("$filter", "").replace(" ", "").lower() == "atscope()"
    found = [
        lock.to_json()
        for lock in world.access.locks
        if holds(scope, lock.scope) and not (exactly and lock.scope.lower() != scope.lower())
    ]
    return Response(200, {"value": found})


def get_lock(world: World, request: Request) -> Response:
    """One lock at a scope."""
    scope, name = _scope(world, request), request.params["name"]
    for lock in world.access.locks:
        if lock.scope.lower() == scope.lower() and lock.name.lower() == name.lower():
            return Response(200, lock.to_json())
    raise ArmError(404, "LockNotFound", f"The lock '{name}' could not be found.")


def check_policy_restrictions(world: World, request: Request) -> Response:
    """The values that policies deny (REST: Policy Restrictions - Check At Resource Group Scope)."""
    scope = _scope(world, request)
    body = request.json_object()
    details = body.get("resourceDetails") or {}
    content = details.get("resourceContent")
    if not isinstance(content, dict):
        raise ArmError(400, "InvalidCheckRestrictionsRequest", "resourceDetails.resourceContent is required.")
    at = str(details.get("scope") or scope)
    kind = str(content.get("type", ""))
    denying = [each for each in world.access.policies if each.denies(at, kind, content)]
    pending = [str(each.get("field", "")) for each in body.get("pendingFields") or []]
    return Response(
        200,
        {
            "fieldRestrictions": [found for field in pending if (found := _field(world, at, kind, content, field))],
            "contentEvaluationResult": {"policyEvaluations": [_evaluation(each) for each in denying]},
        },
    )


def _info(policy: Policy) -> dict[str, str]:
    return {"policyDefinitionId": policy.definition_id, "policyAssignmentId": policy.assignment_id}


def _evaluation(policy: Policy) -> dict[str, Any]:
    return {
        "policyInfo": _info(policy),
        "evaluationResult": "NonCompliant",
        "evaluationDetails": {
            "evaluatedExpressions": [
                {
                    "result": "True",
                    "expressionKind": "field",
                    "expression": "type",
                    "path": "type",
                    "expressionValue": policy.types[0],
                    "targetValue": policy.types[0],
                    "operator": "Equals",
                }
            ]
        },
        "effectDetails": {"policyEffect": "Deny"},
    }


def _field(world: World, scope: str, kind: str, content: dict[str, Any], field: str) -> dict[str, Any] | None:
    """The policies' conditions on a field without a value."""
    restrictions: list[dict[str, Any]] = []
    for policy in world.access.policies:
        if not holds(policy.scope, scope) or kind.lower() not in (each.lower() for each in policy.types):
            continue
        if field.lower() == "location" and policy.allowed_locations:
            restrictions.append(
                {"result": "Required", "values": list(policy.allowed_locations), "policy": _info(policy)}
            )
        if any(field.lower() == f"tags.{name}".lower() for name in policy.missing_tags(content)):
            restrictions.append({"result": "Required", "policy": _info(policy)})
    return {"field": field, "restrictions": restrictions} if restrictions else None


_AUTHORIZATION = "/{scope:path}/providers/Microsoft.Authorization"
_CHECK = "/{scope:path}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions"
ROUTES = [
    Route("GET", _AUTHORIZATION + "/permissions", list_permissions),
    Route("GET", _AUTHORIZATION + "/locks", list_locks),
    Route("GET", _AUTHORIZATION + "/locks/{name}", get_lock),
    Route("POST", _CHECK, check_policy_restrictions),
]
