"""Maps a call to the action and the scope that it needs a role for.

The rule is Azure's own naming of actions, `{provider}/{types}/{read|write|delete|name/action}` (Azure
docs: role-definitions, "Actions format"; the actions of each provider: resource provider
operations). GET needs read, PUT and PATCH write, DELETE delete, POST `<last segment>/action`.
Lists of Resource Manager itself (subscriptions, resource groups, resources) need no action: they
show what the caller has a role for. So does Resource Graph (Azure docs: resource-graph overview).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete", "POST": "action"}
_OPEN = re.compile(
    r"/subscriptions|/tenants|/subscriptions/[^/]+(/resourceGroups/[^/]+)?/(resources|resourceGroups)"
    r"|/providers/Microsoft\.ResourceGraph/resources",
    re.IGNORECASE,
)
_PLACE = re.compile(r"/subscriptions/[^/]+(?P<group>/resourceGroups/[^/]+)?", re.IGNORECASE)
_POLLS = re.compile(r".*/locations/[^/]+/operation(s|Results)/[^/]+", re.IGNORECASE)
_READING_POSTS = {
    "microsoft.policyinsights/checkpolicyrestrictions": "Microsoft.PolicyInsights/checkPolicyRestrictions/read"
}
"""POSTs that only read (Azure docs: permissions of Microsoft.PolicyInsights)."""


@dataclass(frozen=True)
class Call:
    """A requested action at a scope. `verb` is read, write, delete or action."""

    action: str
    scope: str
    verb: str
    resource_type: str


def is_poll(path: str) -> bool:
    """Whether a path polls an operation."""
    return _POLLS.fullmatch(path) is not None


def call_of(method: str, path: str) -> Call | None:
    """The action and scope of a request, or None when it needs none."""
    path = path.rstrip("/")
    if _OPEN.fullmatch(path) or not path.lower().startswith(("/subscriptions/", "/providers/")):
        return None
    verb = _VERBS.get(method, "action")
    scope, separator, rest = _rpartition(path, "/providers/")
    if not separator:
        place = _PLACE.fullmatch(path)
        if place is None:
            return None
        kind = "Microsoft.Resources/subscriptions" + ("/resourceGroups" if place["group"] else "")
        return Call(f"{kind}/{verb}", path, verb, kind)
    provider, *segments = rest.split("/")
    types, names = segments[0::2], segments[1::2]
    kind = "/".join((provider, *types))
    if verb == "action":
        kind = "/".join((provider, *types[: len(names)]))
        reading = _READING_POSTS.get("/".join((provider, *types)).lower())
        if reading is not None:
            return Call(reading, scope or "/", "read", kind)
        at = _join(scope, provider, types[: len(names)], names)
        return Call(f"{kind}/{types[-1]}/action", at, verb, kind)
    parents = types[: len(names)]
    return Call(f"{kind}/{verb}", _join(scope, provider, parents, names), verb, kind)


def _join(scope: str, provider: str, types: list[str], names: list[str]) -> str:
    if not names:
        return scope or "/"
    pairs = "/".join(f"{kind}/{name}" for kind, name in zip(types, names, strict=True))
    return f"{scope}/providers/{provider}/{pairs}"


def _rpartition(path: str, separator: str) -> tuple[str, str, str]:
    at = path.lower().rfind(separator)
    return (path, "", "") if at < 0 else (path[:at], separator, path[at + len(separator) :])
