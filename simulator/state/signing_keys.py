"""Signing keys, and JSON web tokens: signed, checked, and forged on demand.

Made with `cryptography` alone, not with the library that clients verify with: a mistake isn't shared.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

Claims = Mapping[str, Any]
HOUR = 3600
STRANGE_TENANT = "66666666-6666-4666-8666-666666666666"


def base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def compact(header: Claims, claims: Claims, sign: Callable[[bytes], bytes]) -> str:
    """A token in JWS compact form (RFC 7515)."""
    signed = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
    return f"{signed}.{base64url(sign(signed.encode()))}"


def parts_of(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A token's header and claims, unchecked. Raises ValueError when it is no token."""
    header, claims, _ = token.split(".")
    parts = json.loads(from_base64url(header)), json.loads(from_base64url(claims))
    if not all(isinstance(part, dict) for part in parts):
        raise ValueError("a token consists of JSON objects")
    return parts


@dataclass(frozen=True)
class SigningKey:
    """An RSA key of 2048 bits."""

    id: str
    private: RSAPrivateKey

    def sign(self, content: bytes) -> bytes:
        """RS256."""
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        return self.private.sign(content, PKCS1v15(), SHA256())

    def token(self, claims: Claims) -> str:
        return compact({"typ": "JWT", "alg": "RS256", "kid": self.id}, claims, self.sign)

    def has_signed(self, token: str) -> bool:
        # PKCS #1 v1.5 signatures are deterministic: signing again and comparing checks one.
        signed, _, signature = token.rpartition(".")
        return base64url(self.sign(signed.encode())) == signature

    def public_pem(self) -> bytes:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def to_json(self) -> dict[str, str]:
        """The public half as a JSON web key (RFC 7517)."""
        public = self.private.public_key().public_numbers()
        modulus, exponent = (
            base64url(number.to_bytes(size, "big")) for number, size in ((public.n, 256), (public.e, 3))
        )
        return {"kty": "RSA", "use": "sig", "kid": self.id, "x5t": self.id, "n": modulus, "e": exponent}


def new_key(key_id: str = "") -> SigningKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    return SigningKey(key_id or secrets.token_urlsafe(20), generate_private_key(public_exponent=65537, key_size=2048))


class SigningKeys:
    """The keys that discovery publishes; the first signs. Made when they are first needed."""

    def __init__(self, *keys: SigningKey) -> None:
        self._keys = list(keys)

    def published(self) -> list[SigningKey]:
        if not self._keys:
            self._keys = [new_key()]
        return self._keys

    def current(self) -> SigningKey:
        return self.published()[0]

    def roll(self, *, keep_old: bool) -> None:
        """Sign with a new key from now on. The old keys stay published, or are withdrawn at once."""
        self._keys = [new_key(), *(self.published() if keep_old else [])]


def _hs256(claims: Claims, keys: SigningKeys) -> str:
    """Signed with the public key as if it were a shared secret: the classic confusion of algorithms."""
    key = keys.current()
    header = {"typ": "JWT", "alg": "HS256", "kid": key.id}
    return compact(header, claims, lambda content: hmac.digest(key.public_pem(), content, "sha256"))


def _tampered(claims: Claims, keys: SigningKeys) -> str:
    """A real signature over other claims."""
    header, _, signature = keys.current().token(claims).split(".")
    changed = {**claims, "roles": [*claims.get("roles", ()), "Tampered"]}
    return f"{header}.{base64url(json.dumps(changed).encode())}.{signature}"


def _changed(change: Callable[[Claims], Claims]) -> Callable[[Claims, SigningKeys], str]:
    """Rightly signed, with wrong claims."""
    return lambda claims, keys: keys.current().token({**claims, **change(claims)})


def _without(name: str) -> Callable[[Claims, SigningKeys], str]:
    return lambda claims, keys: keys.current().token({key: claims[key] for key in claims if key != name})


def _moved(claims: Claims, seconds: int) -> Claims:
    return {key: claims[key] + seconds for key in ("iat", "nbf", "exp")}


FORGERIES: Mapping[str, Callable[[Claims, SigningKeys], str]] = {
    "alg_none": lambda claims, keys: compact(
        {"typ": "JWT", "alg": "none", "kid": keys.current().id}, claims, lambda _: b""
    ),
    "alg_hs256": _hs256,
    "tampered": _tampered,
    "wrong_key": lambda claims, keys: new_key(keys.current().id).token(claims),
    "unknown_key": lambda claims, _keys: new_key().token(claims),
    "wrong_audience": _changed(lambda _: {"aud": "55555555-5555-4555-8555-555555555555"}),
    "wrong_issuer": _changed(lambda claims: {"iss": f"https://login.example/{claims['tid']}/v2.0"}),
    "wrong_tenant": _changed(
        lambda claims: {"tid": STRANGE_TENANT, "iss": claims["iss"].replace(claims["tid"], STRANGE_TENANT)}
    ),
    "expired": _changed(lambda claims: _moved(claims, -3 * HOUR)),
    "future": _changed(lambda claims: _moved(claims, 3 * HOUR)),
    "nonce_missing": _without("nonce"),
    "wrong_nonce": _changed(lambda _: {"nonce": "of somebody else"}),
    "acrs_missing": _without("acrs"),
}
"""What a fault `{"then": {"id_token": NAME}}` makes of the ID token that an application gets."""
