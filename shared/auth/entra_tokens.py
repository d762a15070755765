"""Whether a token is from Entra ID, for this app and this tenant: an ID token of a sign-in, or an access token of a
person at a terminal.

MSAL only decodes a token. Source: Entra docs, id-tokens ("Validate tokens"), id-token-claims-reference and
access-token-claims-reference; OpenID Connect Core 1.0, 3.1.3.7.
"""

import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from ..first_use import import_lock
from ..model.text import Text
from .errors import EntraUnavailable, SignInRefused, TokenRefused

LEEWAY_SECONDS = 60
_KEYS_SECONDS = 3600  # then they are read again, because a key may be withdrawn
_UNKNOWN_KEY_SECONDS = 60  # anybody may send an access token, and must not make this app read the keys each time
_REQUIRED = ["iss", "aud", "exp", "nbf", "iat", "oid", "tid"]
_AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"  # its client id in every tenant
_SCOPE = "user_impersonation"


class EntraTokens:
    """``get`` reads a JSON object from a URL and raises EntraUnavailable."""

    def __init__(self, authority: str, tenant_id: str, client_id: str, get: Callable[[str], Mapping[str, Any]]) -> None:
        self._issuer = f"{authority}/{tenant_id}/v2.0"
        self._tenant_id = tenant_id
        self._client_id = client_id
        self._get = get
        self._keys: Mapping[str, Mapping[str, Any]] = {}
        self._read_at = 0.0
        self._lock = threading.Lock()

    def id_claims(self, token: object, nonce: str) -> Mapping[str, Any]:
        """Of an ID token. ``nonce`` is the sign-in's, which MSAL sends hashed. Raises SignInRefused."""
        if not isinstance(token, str):
            raise SignInRefused(Text("Entra ID sent no ID token"))
        claims = self._verified(token, SignInRefused, "nonce")
        expected = hashlib.sha256(nonce.encode()).hexdigest()
        if not secrets.compare_digest(str(claims["nonce"]).encode(), expected.encode()):
            raise SignInRefused(Text("its token is of another sign-in"))
        return claims

    def access_claims(self, token: str) -> Mapping[str, Any]:
        """Of a v2.0 access token that the Azure CLI got for a person; an application's own has no scope.

        Raises TokenRefused.
        """
        claims = self._verified(token, TokenRefused, "azp", "scp", unknown_key_seconds=_UNKNOWN_KEY_SECONDS)
        if claims["azp"] != _AZURE_CLI:
            raise TokenRefused(Text("its token was issued to another program than the Azure CLI"))
        if _SCOPE not in str(claims["scp"]).split():
            raise TokenRefused(Text("its token lacks the scope {scope}", scope=_SCOPE))
        return claims

    def _verified(
        self, token: str, refused: type[SignInRefused], *required: str, unknown_key_seconds: float = -1
    ) -> Mapping[str, Any]:
        """The claims, if the signature is Entra ID's, for this app, of this tenant, and now."""
        with import_lock:
            import jwt

        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                self._key_of(jwt.get_unverified_header(token), unknown_key_seconds),
                algorithms=["RS256"],
                audience=self._client_id,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": [*_REQUIRED, *required], "strict_aud": True},
            )
        except jwt.PyJWTError as error:
            raise refused(Text("its token can't be trusted ({error})", error=type(error).__name__)) from error
        if claims["tid"] != self._tenant_id:
            raise refused(Text("its token is of another tenant"))
        if not claims["oid"] or not isinstance(claims["oid"], str):
            raise refused(Text("its token names no object id"))
        return claims

    def _key_of(self, header: Mapping[str, Any], unknown_key_seconds: float) -> Any:
        """The published key that a token names.

        Keys roll at any time, so an unknown name reads them again, but not within ``unknown_key_seconds``.
        """
        import jwt

        key_id = header.get("kid")
        if header.get("alg") != "RS256" or not isinstance(key_id, str):
            raise jwt.InvalidAlgorithmError
        with self._lock:
            longest = _KEYS_SECONDS if key_id in self._keys else unknown_key_seconds
            if not self._keys or time.monotonic() - self._read_at > longest:
                self._keys, self._read_at = self._published(), time.monotonic()
            key = self._keys.get(key_id)
        if key is None:
            raise jwt.InvalidKeyError
        return jwt.PyJWK(dict(key), "RS256").key

    def _published(self) -> Mapping[str, Mapping[str, Any]]:
        discovery = self._get(f"{self._issuer}/.well-known/openid-configuration")
        if discovery.get("issuer") != self._issuer:
            raise EntraUnavailable(
                Text("its discovery document names another issuer than ENTRA_AUTHORITY and ENTRA_TENANT_ID")
            )
        keys = self._get(str(discovery.get("jwks_uri"))).get("keys")
        usable = [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []
        return {
            str(key.get("kid")): key for key in usable if key.get("kty") == "RSA" and key.get("use", "sig") == "sig"
        }
