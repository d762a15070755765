"""Who may get tokens, and who a token belongs to.

Tokens are JSON web tokens without a meaningful signature: nothing here is secret. They carry the
client id, so that every request can be logged with the identity that sent it.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..noise import stable_uuid

TOKEN_LIFE = timedelta(hours=24)
SYSTEM_ASSIGNED_CLIENT_ID = "00000000-0000-4000-8000-00000000a001"


@dataclass(frozen=True)
class Identity:
    """An application or managed identity. `secret` None accepts any."""

    client_id: str
    name: str = ""
    secret: str | None = None

    @property
    def object_id(self) -> str:
        return stable_uuid("object", self.client_id)


class Identities:
    """The identities that a scenario names; any other client id is welcome too."""

    def __init__(self) -> None:
        self._known: dict[str, Identity] = {}

    def add(self, identity: Identity) -> None:
        self._known[identity.client_id.lower()] = identity

    def client_id(self, name_or_id: str) -> str:
        """The client id of the identity with that name; what is no name stands for itself."""
        named = (each.client_id for each in self._known.values() if each.name and each.name == name_or_id)
        return next(named, name_or_id)

    def get(self, client_id: str) -> Identity:
        return self._known.get(client_id.lower(), Identity(client_id))


def _segment(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def issue_token(identity: Identity, tenant: str, audience: str, issued: datetime) -> str:
    """An access token for `audience`."""
    claims = {
        "aud": audience,
        "iss": f"https://sts.windows.net/{tenant}/",
        "iat": int(issued.timestamp()),
        "nbf": int(issued.timestamp()),
        "exp": int((issued + TOKEN_LIFE).timestamp()),
        "appid": identity.client_id,
        "oid": identity.object_id,
        "sub": identity.object_id,
        "tid": tenant,
        "ver": "1.0",
    }
    return f"{_segment({'typ': 'JWT', 'alg': 'RS256', 'kid': 'simulator'})}.{_segment(claims)}.c2ltdWxhdG9y"


def client_of_token(token: str) -> str | None:
    """The client id that a token carries, or None when it isn't one of ours."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        client_id = json.loads(base64.urlsafe_b64decode(padded)).get("appid")
    except (ValueError, AttributeError):
        return None
    return client_id if isinstance(client_id, str) else None
