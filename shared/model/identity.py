"""People who signed in with Entra ID, and the app roles that say what they may do."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """The app roles in this app's registration, by their value in the ``roles`` claim of an ID token."""

    READ = "Snat.Read"
    APPROVE = "Snat.Approve"
    OPERATE = "Snat.Operate"
    AUDIT = "Snat.Audit"


@dataclass(frozen=True, slots=True)
class Person:
    """``object_id`` in ``tenant_id`` identifies a person; ``name`` is for display only."""

    object_id: str
    tenant_id: str
    name: str
    roles: frozenset[Role]
    signed_in_at: datetime
    is_guest: bool = False
    means: str = "signed in"  # how it is known who acts

    def __str__(self) -> str:
        """How records name this person."""
        return f"{self.name} (object id {self.object_id}, {self.means})"


@dataclass(frozen=True, slots=True)
class StepUp:
    """A sign-in of a person for the approval of one plan."""

    object_id: str
    digest: str
    contexts: frozenset[str]  # ids of the authentication contexts that Entra ID confirmed, such as c1
    at: datetime  # when the person authenticated


Approver = Person | str
"""Somebody who signed in; or the name that somebody else gives, such as the holder of a link or of a function key."""
