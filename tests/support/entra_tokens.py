"""Entra ID as EntraTokens meets it: what discovery publishes, and tokens signed with it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any

from shared.auth.entra_tokens import EntraTokens
from simulator.state.signing_keys import SigningKeys, new_key

AUTHORITY, TENANT = "https://entra.example", "99999999-9999-4999-8999-999999999999"
CLIENT = "aaaaaaaa-0000-4000-8000-0000000000b1"
ISSUER = f"{AUTHORITY}/{TENANT}/v2.0"
NONCE = "the nonce that MSAL keeps"


_first_key = cache(new_key)  # making one takes 50 ms


class Entra:
    """Serves discovery documents and counts the requests."""

    def __init__(self) -> None:
        self.signing = SigningKeys(_first_key())
        self.asked: list[str] = []
        self.changes: dict[str, Any] = {}
        self.keys: Any = None

    def get(self, url: str) -> Mapping[str, Any]:
        self.asked.append(url)
        if url.endswith("openid-configuration"):
            return {"issuer": ISSUER, "jwks_uri": f"{AUTHORITY}/keys", **self.changes}
        return {"keys": [key.to_json() for key in self.signing.published()] if self.keys is None else self.keys}

    def tokens(self) -> EntraTokens:
        return EntraTokens(AUTHORITY, TENANT, CLIENT, self.get)

    def token(self, **changes: Any) -> str:
        return self.signing.current().token(claims(**changes))


def claims(**changes: Any) -> dict[str, Any]:
    """A time is given as what it is from now."""
    now = int(time.time())
    made = {
        "iss": ISSUER,
        "aud": CLIENT,
        "tid": TENANT,
        "sub": "pairwise",
        "oid": "0a0a0a0a-0000-4000-8000-000000000001",
        "nonce": hashlib.sha256(NONCE.encode()).hexdigest(),
        "iat": now - 300,
        "nbf": now - 300,
        "exp": now + 3600,
    }
    return {
        name: now + int(value.total_seconds()) if isinstance(value, timedelta) else value
        for name, value in (made | changes).items()
        if value is not ...
    }
