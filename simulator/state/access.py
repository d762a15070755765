"""Access rules of the world. Without any roles, every caller may do everything."""

from __future__ import annotations

from dataclasses import replace

from .locks import Lock
from .policies import Policy
from .roles import EVERYONE, RoleAssignment, holds

EVERYTHING = "*"


class Access:
    """Role assignments, locks and policies of a scenario."""

    def __init__(self) -> None:
        self.assignments: list[RoleAssignment] = []
        self.restricted = False
        self.taken: list[RoleAssignment] = []
        self.locks: list[Lock] = []
        self.policies: list[Policy] = []

    def assign(self, assignment: RoleAssignment) -> None:
        """Assign a role. Without any assignment everything is allowed; from the first on, roles decide."""
        self.restricted = True
        self.assignments.append(assignment)

    def take_away(self, client_id: str, action: str | None = None) -> None:
        """Remove an identity's roles, or a single action."""
        if not self.restricted:
            self.assign(RoleAssignment(EVERYONE, "/", (EVERYTHING,)))
        self.taken.append(RoleAssignment(client_id, "/", (action or EVERYTHING,)))

    def give(self, assignment: RoleAssignment) -> None:
        """Assign a role to an identity, and restore its removed actions."""
        self.taken = [each for each in self.taken if each.client_id.lower() != assignment.client_id.lower()]
        self.assign(assignment)

    def of(self, client_id: str | None, scope: str) -> list[RoleAssignment]:
        """An identity's role assignments that apply at a scope, without the removed ones."""
        lost = tuple(action for each in self.taken if each.belongs_to(client_id) for action in each.actions)
        if EVERYTHING in lost:
            return []
        return [
            replace(each, not_actions=each.not_actions + lost)
            for each in self.assignments
            if each.belongs_to(client_id) and holds(each.scope, scope)
        ]

    def may(self, client_id: str | None, action: str, scope: str) -> bool:
        """Whether an identity may do `action` at a scope."""
        return not self.restricted or any(each.covers(action) for each in self.of(client_id, scope))

    def sees(self, client_id: str | None, scope: str) -> bool:
        """Whether an identity has any role at a scope, above it or below it."""
        return not self.restricted or any(
            each.belongs_to(client_id) and (holds(each.scope, scope) or holds(scope, each.scope))
            for each in self.assignments
        )
