"""Policies that deny: by resource type, and perhaps only elsewhere than in some regions or without some tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .roles import holds


@dataclass(frozen=True)
class Policy:
    """An assignment of a deny policy. Without regions and tags it denies the types altogether."""

    name: str
    scope: str
    types: tuple[str, ...]
    allowed_locations: tuple[str, ...] = ()
    required_tags: tuple[str, ...] = ()

    @property
    def assignment_id(self) -> str:
        return f"{self.scope}/providers/Microsoft.Authorization/policyAssignments/{self.name}"

    @property
    def definition_id(self) -> str:
        subscription = "/".join(self.scope.split("/")[:3])
        return f"{subscription}/providers/Microsoft.Authorization/policyDefinitions/{self.name}"

    def denies(self, scope: str, resource_type: str, content: Mapping[str, Any]) -> bool:
        """Whether a resource with this content may not be written at `scope`."""
        if not holds(self.scope, scope) or resource_type.lower() not in (each.lower() for each in self.types):
            return False
        if not self.allowed_locations and not self.required_tags:
            return True
        location = str(content.get("location", "")).replace(" ", "").lower()
        elsewhere = bool(self.allowed_locations) and location not in self.allowed_locations
        return elsewhere or bool(self.missing_tags(content))

    def missing_tags(self, content: Mapping[str, Any]) -> list[str]:
        """The required tags that the content doesn't have."""
        there = {name.lower() for name in content.get("tags") or {}}
        return [name for name in self.required_tags if name.lower() not in there]

    def identifiers(self) -> dict[str, Any]:
        """How refusals name the policy."""
        return {
            "policyAssignment": {"name": self.name, "id": self.assignment_id},
            "policyDefinition": {"name": self.name, "id": self.definition_id, "version": "1.0.0"},
        }
