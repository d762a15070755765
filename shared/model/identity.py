"""People whom Entra ID signed in, and the app roles that say what they may do here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """The app roles of this app's registration, as the ``roles`` claim of an ID token names them."""

    READ = "Snat.Read"
    APPROVE = "Snat.Approve"
    OPERATE = "Snat.Operate"
    AUDIT = "Snat.Audit"


@dataclass(frozen=True, slots=True)
class Person:
    """``object_id`` is who somebody is in ``tenant_id``; ``name`` is for people to read and decides nothing."""

    object_id: str
    tenant_id: str
    name: str
    roles: frozenset[Role]
    signed_in_at: datetime
    is_guest: bool = False

    @property
    def label(self) -> str:
        """How records name this person."""
        return f"{self.name} (object id {self.object_id}, signed in)"
