"""Entra ID's state: accounts, sessions and the grants of its codes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .people import Account, Person
from .signing_keys import SigningKeys

CODE_LIFE = timedelta(minutes=10)
"""Entra docs, v2-oauth2-auth-code-flow."""


@dataclass(frozen=True)
class Session:
    """A signed-in browser session."""

    person: Person
    has_second_factor: bool
    since: datetime


@dataclass
class Grant:
    """The grant behind an authorization code."""

    client_id: str
    person: Person
    account: Account
    tenant: str
    parameters: Mapping[str, str]
    acrs: tuple[str, ...]
    authenticated: datetime
    issued: datetime
    is_redeemed: bool = False


@dataclass
class Entra:
    """Entra ID's state: sessions by cookie, grants by authorization code."""

    people: list[Person] = field(default_factory=list)
    keys: SigningKeys = field(default_factory=SigningKeys)
    sessions: dict[str, Session] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def next_number(self) -> int:
        """A number that nothing else has."""
        return next(self._numbers)

    def person(self, named: str) -> Person | None:
        """Find a person by object id or user principal name."""
        return next((each for each in self.people if named in (each.object_id, each.user_principal_name)), None)
