"""Applications and managed identities, and their access tokens.

Access tokens of Azure's own APIs are JSON web tokens without a meaningful signature: to clients they are opaque.
They carry the client id, so that every request can be logged with the identity that sent it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..noise import stable_uuid
from .signing_keys import compact, parts_of

TOKEN_LIFE = timedelta(hours=24)
SYSTEM_ASSIGNED_CLIENT_ID = "00000000-0000-4000-8000-00000000a001"
AZURE_CLI_CLIENT_ID = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"


@dataclass(frozen=True)
class Identity:
    """An application or managed identity.

    secret: None accepts any, unless the application trusts other identities instead.
    redirect_uris: allowed redirect targets after sign-in.
    trusts: names or client ids of managed identities whose tokens the application may send as assertions.
    is_public: has no credential of its own, as the Azure CLI.
    optional_claims: of its ID tokens; auth_time is the only one.
    is_named: the scenario knows it; of others, any loopback redirect URI is accepted.
    """

    client_id: str
    name: str = ""
    secret: str | None = None
    redirect_uris: tuple[str, ...] = ()
    trusts: tuple[str, ...] = ()
    is_multi_tenant: bool = False
    is_public: bool = False
    assignment_required: bool = False
    optional_claims: tuple[str, ...] = ()
    is_named: bool = True

    @property
    def object_id(self) -> str:
        return stable_uuid("object", self.client_id)


class Identities:
    """The identities that a scenario names, and the Azure CLI. Of any other client id, an identity without a name."""

    def __init__(self) -> None:
        self._known: dict[str, Identity] = {}
        self.add(
            Identity(
                AZURE_CLI_CLIENT_ID,
                "Microsoft Azure CLI",
                redirect_uris=("http://localhost", "http://127.0.0.1"),
                is_multi_tenant=True,
                is_public=True,
            )
        )

    def add(self, identity: Identity) -> None:
        self._known[identity.client_id.lower()] = identity

    def client_id(self, name_or_id: str) -> str:
        """The client id of the identity with that name; any other text is returned unchanged."""
        named = (each.client_id for each in self._known.values() if each.name and each.name == name_or_id)
        return next(named, name_or_id)

    def get(self, client_id: str) -> Identity:
        return self._known.get(client_id.lower(), Identity(client_id, is_named=False))

    def __iter__(self) -> Iterator[Identity]:
        return iter(self._known.values())


def identity_of(entry: Mapping[str, Any]) -> Identity:
    """One entry of a scenario's `identities`."""
    return Identity(
        str(entry["client_id"]),
        str(entry.get("name", "")),
        entry.get("secret"),
        tuple(entry.get("redirect_uris") or ()),
        tuple(entry.get("trusts") or ()),
        bool(entry.get("multi_tenant")),
        bool(entry.get("public")),
        bool(entry.get("assignment_required")),
        tuple(entry.get("optional_claims") or ()),
    )


def app_claims(identity: Identity, tenant: str, audience: str, issued: datetime) -> dict[str, Any]:
    """The claims of an application's own access token, v1.0."""
    return {
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


def unsigned(claims: Mapping[str, Any]) -> str:
    """A token without a valid signature, for services that don't check it."""
    return compact({"typ": "JWT", "alg": "RS256", "kid": "simulator"}, claims, lambda _: b"simulator")


def issue_token(identity: Identity, tenant: str, audience: str, issued: datetime) -> str:
    """An access token of an application for one of Azure's own APIs."""
    return unsigned(app_claims(identity, tenant, audience, issued))


def client_of_token(token: str) -> str | None:
    """The client id that a token carries, or None when it isn't one of ours."""
    try:
        client_id = parts_of(token)[1].get("appid")
    except ValueError:
        return None
    return client_id if isinstance(client_id, str) else None
