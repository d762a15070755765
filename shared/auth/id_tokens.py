"""Whether an ID token is from Entra ID, for this app, this tenant and this sign-in.

MSAL only decodes a token. Source: Entra docs, id-tokens ("Validate tokens") and id-token-claims-reference; OpenID
Connect Core 1.0, 3.1.3.7.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from ..first_use import import_lock
from .errors import EntraUnavailable, SignInRefused

LEEWAY_SECONDS = 60
_KEYS_SECONDS = 3600  # then they are read again, because a key may be withdrawn
_REQUIRED = ["iss", "aud", "exp", "nbf", "iat", "nonce", "oid", "tid"]


class IdTokens:
    """``get`` reads a JSON object from a URL and raises EntraUnavailable."""

    def __init__(self, authority: str, tenant_id: str, client_id: str, get: Callable[[str], Mapping[str, Any]]) -> None:
        self._issuer = f"{authority}/{tenant_id}/v2.0"
        self._tenant_id = tenant_id
        self._client_id = client_id
        self._get = get
        self._keys: Mapping[str, Mapping[str, Any]] = {}
        self._read_at = 0.0
        self._lock = threading.Lock()

    def verified(self, token: object, nonce: str) -> Mapping[str, Any]:
        """The claims. ``nonce`` is the sign-in's, which MSAL sends hashed. Raises SignInRefused."""
        with import_lock:
            import jwt

        if not isinstance(token, str):
            raise SignInRefused("Entra ID sent no ID token")
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                self._key_of(jwt.get_unverified_header(token)),
                algorithms=["RS256"],
                audience=self._client_id,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": _REQUIRED, "strict_aud": True},
            )
        except jwt.PyJWTError as error:
            raise SignInRefused(f"its ID token can't be trusted ({type(error).__name__})") from error
        expected = hashlib.sha256(nonce.encode()).hexdigest()
        if not secrets.compare_digest(str(claims["nonce"]).encode(), expected.encode()):
            raise SignInRefused("its ID token is of another sign-in")
        if claims["tid"] != self._tenant_id:
            raise SignInRefused("its ID token is of another tenant")
        if not claims["oid"] or not isinstance(claims["oid"], str):
            raise SignInRefused("its ID token names no object id")
        return claims

    def _key_of(self, header: Mapping[str, Any]) -> Any:
        """The published key that a token names. Keys roll at any time, so an unknown name reads them again, once."""
        import jwt

        key_id = header.get("kid")
        if header.get("alg") != "RS256" or not isinstance(key_id, str):
            raise jwt.InvalidAlgorithmError
        with self._lock:
            if key_id not in self._keys or time.monotonic() - self._read_at > _KEYS_SECONDS:
                self._keys, self._read_at = self._published(), time.monotonic()
            key = self._keys.get(key_id)
        if key is None:
            raise jwt.InvalidKeyError
        return jwt.PyJWK(dict(key), "RS256").key

    def _published(self) -> Mapping[str, Mapping[str, Any]]:
        discovery = self._get(f"{self._issuer}/.well-known/openid-configuration")
        if discovery.get("issuer") != self._issuer:
            raise EntraUnavailable(
                "its discovery document names another issuer than ENTRA_AUTHORITY and ENTRA_TENANT_ID"
            )
        keys = self._get(str(discovery.get("jwks_uri"))).get("keys")
        usable = [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []
        return {
            str(key.get("kid")): key for key in usable if key.get("kty") == "RSA" and key.get("use", "sig") == "sig"
        }
