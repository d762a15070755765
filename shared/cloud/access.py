"""Read what may block a write: permissions, locks, policies and quotas. Nothing here writes.

Azure lists permissions only for the caller, so the writing identity reads them; the reading identity reads the rest.
What can't be read is None, with its reason.

Sources (REST): Permissions - List For Resource Group and For Resource; Management Locks - List; Policy Restrictions -
Check At Resource Group Scope; Usages - List (network). A list of locks leaves out those above its scope: each level is
read.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from ..model.access import Access, Lock, Permission, PolicyDenial, Quota
from ..model.resource_id import ArmId
from ..model.text import Text, arranged
from . import api_versions
from .arm import Arm
from .errors import AzureError
from .parse.fields import items, number, required, text, texts

T = TypeVar("T")
_AUTHORIZATION = "providers/Microsoft.Authorization"


class AccessReader:
    """``writer`` uses the writing identity and reads permissions only; None when no such identity is set."""

    def __init__(self, reader: Arm, writer: Arm | None) -> None:
        self._reader = reader
        self._writer = writer

    def read_access(
        self,
        scopes: Iterable[str],
        group_id: str,
        vnet_id: str,
        location: str,
        tags: Mapping[str, str],
        new_types: Sequence[str],
    ) -> Access:
        """``scopes`` need permissions; ``group_id`` will hold the new resources, with ``tags``.

        ``new_types`` are their types without the provider, such as ``natGateways``.
        """
        reasons: dict[str, Text] = {}

        def attempt(what: str, read: Callable[[], T]) -> T | None:
            try:
                return read()
            except AzureError as error:
                reasons[what] = arranged("{parts:words}", parts=(error.message, error.remedy))
                return None

        by_scope: dict[str, tuple[Permission, ...] | None] = {}
        if self._writer is None:
            reasons["permissions"] = Text("no writing identity is set (REMEDIATOR_CLIENT_ID)")
        else:
            read = partial(read_permissions, self._writer)
            by_scope = {scope.lower(): attempt(scope.lower(), partial(read, scope)) for scope in scopes}
        permissions = {scope: roles for scope, roles in by_scope.items() if roles is not None}
        if by_scope and not permissions:
            reasons = {"permissions": next(iter(reasons.values()))}
        return Access(
            permissions=permissions or None,
            locks=attempt("locks", lambda: self._locks(group_id, vnet_id)),
            denials=attempt("policy", lambda: self._denials(group_id, location, tags, new_types)),
            quotas=attempt("quota", lambda: self._quotas(group_id, location)),
            reasons=reasons,
        )

    def _locks(self, group_id: str, vnet_id: str) -> tuple[Lock, ...]:
        vnet_group = vnet_id.partition("/providers/")[0]
        subscription = "/".join(group_id.split("/")[:3])
        found: dict[ArmId, Lock] = {}
        for scope in dict.fromkeys((subscription, group_id, vnet_group)):
            query = {"$filter": "atScope()"} if scope == subscription else {}
            for item in self._reader.list(f"{scope}/{_AUTHORIZATION}/locks", api_versions.LOCKS, **query):
                lock_id = ArmId(required(item, "id"))
                at = ArmId(lock_id.lower().rpartition(f"/{_AUTHORIZATION.lower()}/locks/")[0])
                found[lock_id] = Lock(text(item, "name"), required(item, "properties", "level"), at)
        return tuple(found.values())

    def _denials(
        self, group_id: str, location: str, tags: Mapping[str, str], new_types: Sequence[str]
    ) -> tuple[PolicyDenial, ...]:
        path = f"{group_id}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions"
        found: list[PolicyDenial] = []
        for kind in (f"Microsoft.Network/{name}" for name in new_types):
            content = {"type": kind, "location": location, "tags": dict(tags), "sku": {"name": "Standard"}}
            body = {"resourceDetails": {"resourceContent": content, "apiVersion": api_versions.NETWORK}}
            answer = self._reader.post(path, body, api_versions.POLICY_RESTRICTIONS)
            for item in items(answer, "contentEvaluationResult", "policyEvaluations"):
                if _denies(item):
                    found.append(PolicyDenial(kind, text(item, "policyInfo", "policyAssignmentId")))
        return tuple(found)

    def _quotas(self, group_id: str, location: str) -> tuple[Quota, ...]:
        subscription = "/".join(group_id.split("/")[:3])
        path = f"{subscription}/providers/Microsoft.Network/locations/{location}/usages"
        return tuple(
            Quota(
                required(item, "name", "value"),
                _used(item),
                number(item, "limit", default=-1, least=-1),
            )
            for item in self._reader.list(path, api_versions.NETWORK)
        )


def read_permissions(arm: Arm, scope: str) -> tuple[Permission, ...]:
    """What the identity of ``arm`` may do in a resource group or on a resource, with inherited roles."""
    return tuple(
        Permission(texts(item, "actions"), texts(item, "notActions"))
        for item in arm.list(f"{scope}/{_AUTHORIZATION}/permissions", api_versions.PERMISSIONS)
    )


def _denies(item: Mapping[str, Any]) -> bool:
    effect = text(item, "effectDetails", "policyEffect") or "Deny"
    return text(item, "evaluationResult").lower() == "noncompliant" and effect.lower() == "deny"


def _used(item: Mapping[str, Any]) -> int:
    required(item, "currentValue")  # an absent value must not count as no use
    return number(item, "currentValue", default=0)
