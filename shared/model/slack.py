"""What people ask for in Slack, and whose work accounts their Slack accounts are linked with."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .identity import Person, Role

MEANS = "Slack session, no MFA evidence"


@dataclass(frozen=True, slots=True)
class SlackRequest:
    """A slash command or a click, as Slack signed it. ``team`` is the workspace of ``user``, maybe another one."""

    team: str
    user: str
    text: str  # of the command, or the value of the button
    response_url: str = field(repr=False)  # whoever holds it can answer for half an hour
    received_at: datetime
    action: str = ""  # of the button; empty: a command


@dataclass(frozen=True, slots=True)
class SlackLink:
    """A link that somebody asked for, to link this Slack account. ``name`` is for display only."""

    team: str
    user: str
    name: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class SlackAccount:
    """A Slack account, whose it is, and the app roles that an ID token had when the person signed in."""

    team: str
    user: str
    object_id: str
    tenant_id: str
    name: str
    roles: frozenset[Role]
    roles_as_of: datetime
    is_guest: bool
    ends_at: datetime

    def has_old_roles(self, now: datetime, hours: int) -> bool:
        return now - self.roles_as_of > timedelta(hours=hours)

    def person(self, now: datetime, hours: int) -> Person:
        """Without roles that are older than so many hours."""
        roles: frozenset[Role] = frozenset() if self.has_old_roles(now, hours) else self.roles
        return Person(self.object_id, self.tenant_id, self.name, roles, self.roles_as_of, self.is_guest, MEANS)
