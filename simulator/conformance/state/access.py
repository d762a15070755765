"""Roles, locks and policies, from a recording's lists or refusals. They apply to a single exchange: arranging the next
one must not be refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ...state.access import Access
from ...state.locks import Lock
from ...state.policies import Policy
from ...state.roles import EVERYONE, RoleAssignment
from ..history import type_of
from ..recording import Exchange
from ..stage import CLIENT, Stage

_DENIED = re.compile(r"perform action(?:\(s\))? '(?P<action>[^']+)'")
_LOCKED = re.compile(r"are locked: '(?P<scopes>[^']+)'")
_LOCK_ID = re.compile(r"(?P<scope>.*)/providers/Microsoft\.Authorization/locks/(?P<name>[^/]+)", re.IGNORECASE)


def open_access(stage: Stage, _exchange: Exchange, _later: tuple[Exchange, ...]) -> None:
    """Remove roles, locks and policies: everybody may do everything."""
    stage.world.access = Access()
    stage.world.settings = replace(stage.world.settings, metrics="allowed")


def arrange_access(stage: Stage, exchange: Exchange, _later: tuple[Exchange, ...]) -> None:
    """Give the roles, locks and policies that the exchange shows."""
    access, kind = stage.world.access, type_of(exchange)
    code, message = exchange.error_code, _message(exchange)
    if code in ("AuthorizationFailed", "LinkedAuthorizationFailed"):
        for action in _DENIED.findall(message)[-1:]:
            access.take_away(CLIENT.client_id, action)
        stage.world.settings = replace(stage.world.settings, metrics="forbidden")
    elif code == "ScopeLocked":
        level = "CanNotDelete" if exchange.method == "DELETE" else "ReadOnly"
        for scopes in _LOCKED.findall(message):
            access.locks.extend(Lock("lock", scope.strip(), level) for scope in scopes.split(","))
    elif code == "RequestDisallowedByPolicy":
        scope = "/".join(exchange.path.split("/")[:5])
        access.policies.append(Policy("policy", scope, (kind,)))
    elif exchange.status == 200 and kind == "microsoft.authorization/permissions":
        scope = exchange.path.lower().partition("/providers/microsoft.authorization")[0]
        access.assign(RoleAssignment(EVERYONE, "/elsewhere", ("*/read",)))
        for each in exchange.body_object.get("value") or []:
            actions, not_actions = tuple(each.get("actions") or ()), tuple(each.get("notActions") or ())
            access.assign(RoleAssignment(EVERYONE, scope, actions, not_actions))
    elif exchange.status == 200 and kind == "microsoft.authorization/locks":
        access.locks.extend(_locks(exchange.body_object))


def _message(exchange: Exchange) -> str:
    error = exchange.body_object.get("error", exchange.body_object)
    return str(error.get("message", "")) if isinstance(error, dict) and exchange.status >= 400 else ""


def _locks(body: dict[str, Any]) -> Iterator[Lock]:
    for each in body["value"] if isinstance(body.get("value"), list) else [body]:
        match = _LOCK_ID.fullmatch(str(each.get("id", "")))
        properties = each.get("properties") or {}
        if match is not None:
            yield Lock(match["name"], match["scope"], str(properties.get("level")), str(properties.get("notes") or ""))
