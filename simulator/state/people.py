"""People: their accounts, app roles and chat profiles."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..noise import stable_uuid

DEFAULT_PEOPLE: list[Mapping[str, Any]] = json.loads(Path(__file__).with_name("people.json").read_text("utf-8"))
"""Of scenarios that name none: two approvers, an operator, a reader, an auditor, a guest, and a stranger."""
DEFAULT_SLACK_TEAM = "T01CONTOSO"


@dataclass(frozen=True)
class ChatAccount:
    """A person's accounts in chat; an empty name means none. slack_kind: member, guest, deleted or bot."""

    slack_team: str = ""
    slack_user: str = ""
    slack_kind: str = "member"
    teams_name: str = ""


@dataclass(frozen=True)
class Account:
    """A person's account in a tenant; a guest signs in with an account of their home tenant."""

    object_id: str
    tenant: str
    roles: tuple[str, ...]
    own_object_id: str
    own_tenant: str

    @property
    def is_guest(self) -> bool:
        return self.tenant != self.own_tenant


@dataclass(frozen=True)
class Person:
    """A person who can sign in. tenant: the home tenant. guest_of: the tenant that invited the person, if any.
    object_id, roles: in the tenant that invited the person, otherwise in the person's own.
    """

    name: str
    user_principal_name: str
    object_id: str
    tenant: str
    guest_of: str
    roles: tuple[str, ...]
    chat: ChatAccount

    def account_in(self, tenant: str) -> Account | None:
        """The account that the tenant has for this person. A guest has another object id in each tenant."""
        own_id = stable_uuid("own account", self.object_id) if self.guest_of else self.object_id
        if tenant == self.guest_of or (tenant == self.tenant and not self.guest_of):
            return Account(self.object_id, tenant, self.roles, own_id, self.tenant)
        return Account(own_id, tenant, (), own_id, tenant) if tenant == self.tenant else None

    def to_json(self) -> dict[str, Any]:
        """For `/_sim/people`, with the keys of scenario files."""
        shown = asdict(self)
        return {"guest": bool(shown.pop("guest_of")), **shown}


def person_of(entry: Mapping[str, Any], home_tenant: str) -> Person:
    """One entry of a scenario's `people`."""
    name, user = str(entry["name"]), str(entry["user_principal_name"])
    chat = {"slack_team": DEFAULT_SLACK_TEAM, "slack_user": f"U01{user.split('@')[0].upper()}", "teams_name": name}
    chat["slack_kind"] = "guest" if entry.get("guest") else "member"
    return Person(
        name,
        user,
        object_id=str(entry.get("object_id") or stable_uuid("person", user)),
        tenant=str(entry.get("tenant") or home_tenant),
        guest_of=home_tenant if entry.get("guest") else "",
        roles=tuple(entry.get("roles") or ()),
        chat=ChatAccount(**entry.get("chat", chat)),
    )
