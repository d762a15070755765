"""Management locks: ReadOnly forbids writing and deleting, CanNotDelete deleting only.

A lock applies at its scope and below (Azure docs: lock-resources).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .roles import holds

LEVELS = ("CanNotDelete", "ReadOnly")


@dataclass(frozen=True)
class Lock:
    """A lock on a subscription, resource group or resource."""

    name: str
    scope: str
    level: str
    notes: str = ""

    def forbids(self, verb: str, at: str) -> bool:
        """Whether the lock forbids `verb` (read, write, delete, action) at a scope."""
        if not holds(self.scope, at):
            return False
        return verb == "delete" or (self.level == "ReadOnly" and verb in ("write", "action"))

    def to_json(self) -> dict[str, Any]:
        properties = {"level": self.level} | ({"notes": self.notes} if self.notes else {})
        return {
            "properties": properties,
            "id": f"{self.scope}/providers/Microsoft.Authorization/locks/{self.name}",
            "type": "Microsoft.Authorization/locks",
            "name": self.name,
        }
