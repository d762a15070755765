"""What unmodified clients of Entra ID do to sign somebody in."""

from __future__ import annotations

import hashlib
import json
import ssl
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import msal
import requests

from simulator.testing import RunningSimulator

HOME, PARTNER, OTHER = (f"{digit * 8}-{digit * 4}-4{digit * 3}-8{digit * 3}-{digit * 12}" for digit in "987")
ALERTS, EVERYWHERE, ASSIGNED = (f"aaaaaaaa-0000-4000-8000-0000000000b{number}" for number in "145")
REDIRECT = "https://alerts.example/api/sign-in"
ADA = "0a0a0a0a-0000-4000-8000-000000000001"
STEP_UP = json.dumps({"id_token": {"acrs": {"essential": True, "value": "c1"}}})
Answer = dict[str, Any]


def application(entra: RunningSimulator, tenant: str = HOME, client_id: str = ALERTS, **options: Any) -> Any:
    return msal.ConfidentialClientApplication(
        client_id,
        client_credential=options.pop("credential", "right"),
        authority=f"{entra.url}/{tenant}",
        instance_discovery=False,
        **options,
    )


def begin(app: Any, redirect_uri: str = REDIRECT, **options: Any) -> Answer:
    return dict(app.initiate_auth_code_flow([], redirect_uri=redirect_uri, **options))


def fields(location: str) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(location).query).items()}


def sign_in(entra: RunningSimulator, user: str = "ada@contoso.example", **options: Any) -> tuple[Answer, Answer]:
    """A whole sign-in with msal: its flow, and its result."""
    app = application(entra)
    flow = begin(app, **options)
    return flow, app.acquire_token_by_auth_code_flow(flow, fields(entra.sign_in(flow["auth_uri"], user)))


def verify(entra: RunningSimulator, token: str, flow: Answer, tenant: str = HOME, audience: str = ALERTS) -> Answer:
    """An ID token's claims, checked as an application must check them."""
    discovery = requests.get(f"{entra.url}/{tenant}/v2.0/.well-known/openid-configuration", timeout=30).json()
    keys = jwt.PyJWKClient(discovery["jwks_uri"], ssl_context=ssl.create_default_context(cafile=entra.ca_path))
    claims: Answer = jwt.decode(
        token,
        keys.get_signing_key_from_jwt(token).key,
        algorithms=["RS256"],
        audience=audience,
        issuer=discovery["issuer"],
        options={"require": ["exp", "nbf", "iat", "nonce", "oid", "tid"]},
    )
    hashed = hashlib.sha256(flow["nonce"].encode()).hexdigest()  # msal sends the nonce's hash
    if claims["nonce"] != hashed:
        raise jwt.InvalidTokenError("nonce")
    if claims["tid"] != tenant:
        raise jwt.InvalidTokenError("tid")
    return claims


def page(entra: RunningSimulator, client_id: str = ALERTS, tenant: str = HOME, **changes: str) -> requests.Response:
    asked = {"client_id": client_id, "response_type": "code", "redirect_uri": REDIRECT, "scope": "openid", "state": "s"}
    url = f"{entra.url}/{tenant}/oauth2/v2.0/authorize?{urlencode(asked | changes)}"
    return requests.get(url, timeout=30, allow_redirects=False)
