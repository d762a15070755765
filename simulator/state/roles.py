"""Roles: sets of actions, given to an identity at a scope.

Actions are strings such as `Microsoft.Network/natGateways/write`; `*` stands for anything, and
`not_actions` are taken away again (Azure docs: role-definitions). A role applies at its scope and below (Azure docs:
scope-overview).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

EVERYONE = "*"
BUILT_IN: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    name: (tuple(each["actions"]), tuple(each.get("not_actions", ())))
    for name, each in json.loads(Path(__file__).with_name("roles.json").read_text("utf-8")).items()
}
"""Actions and not-actions of built-in roles (Azure docs: built-in-roles), by name in lower case."""


@dataclass(frozen=True)
class RoleAssignment:
    """An identity (its client id, or EVERYONE) may do these actions at a scope and below."""

    client_id: str
    scope: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()
    name: str = ""

    def belongs_to(self, client_id: str | None) -> bool:
        return self.client_id == EVERYONE or self.client_id.lower() == (client_id or "").lower()

    def covers(self, action: str) -> bool:
        return _matches(self.actions, action) and not _matches(self.not_actions, action)


def _matches(patterns: Iterable[str], action: str) -> bool:
    return any(_pattern(each).fullmatch(action) for each in patterns)


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, text.split("*"))), re.IGNORECASE)


def holds(scope: str, at: str) -> bool:
    """Whether `scope` is `at` or above it; both are ids, `/` is above everything."""
    above, below = scope.rstrip("/").lower(), at.rstrip("/").lower()
    return not above or below == above or below.startswith(above + "/")
