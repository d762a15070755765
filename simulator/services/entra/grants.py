"""The token endpoint: authorization codes and client credentials.

Source: Entra docs, v2-oauth2-auth-code-flow, v2-oauth2-client-creds-grant-flow, id-token-claims-reference,
workload-identity-federation-config-app-trust-managed-identity.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import timedelta
from typing import Any

from ...http import Request, Response
from ...noise import stable_uuid
from ...state.entra import CODE_LIFE, Grant
from ...state.identities import TOKEN_LIFE, Identity, app_claims, unsigned
from ...state.signing_keys import FORGERIES, base64url, parts_of
from ...world import World
from .refusals import EntraError
from .tenants import MANY, find_application, find_tenant, home_tenant

EXCHANGE = "api://AzureADTokenExchange"
GRAPH = "00000003-0000-0000-c000-000000000000"
USER_TOKEN_LIFE = timedelta(hours=1)
BACKDATED = timedelta(minutes=5)
"""Entra's tokens say that they were issued five minutes ago."""
_API = re.compile(r"(?:api://)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/(\S+)", re.IGNORECASE)


def token(world: World, request: Request) -> Response:
    """POST /{tenant}/oauth2/v2.0/token."""
    form = request.form()
    grants = {"authorization_code": _for_person, "client_credentials": _for_application}
    try:
        tenant = find_tenant(world, request.params["tenant"])
        grant = grants.get(form.get("grant_type", ""))
        if grant is None:
            raise EntraError(70003, grant=form.get("grant_type", ""))
        answer = grant(world, request, _client(world, form, tenant), tenant)
        return Response(200, {"token_type": "Bearer", **answer}, {"Cache-Control": "no-store, no-cache"})
    except EntraError as error:
        return Response(error.status, error.fields(world, request))


def app_token(world: World, base_url: str, identity: Identity, tenant: str, audience: str) -> str:
    """An application's own access token; signed where it may be sent back here as an assertion."""
    claims = app_claims(identity, tenant, audience, world.outside_now())
    if audience != EXCHANGE:
        return unsigned(claims)
    return world.entra.keys.current().token(claims | {"iss": f"{base_url}/{tenant}/v2.0", "ver": "2.0"})


def _client(world: World, form: dict[str, str], tenant: str) -> Identity:
    """Authenticate the client. Raises EntraError."""
    secret, assertion = form.get("client_secret"), form.get("client_assertion")
    identity = find_application(world, form.get("client_id", ""), tenant)
    is_code = form["grant_type"] == "authorization_code"
    if secret is None and not assertion and not (identity.is_public and is_code):
        raise EntraError(7000218)
    if identity.secret is None and not identity.trusts:
        return identity
    if assertion:
        _check_assertion(world, identity, assertion, home_tenant(world) if tenant in MANY else tenant)
    elif secret != identity.secret:
        raise EntraError(7000215, application=identity.client_id)
    return identity


def _check_assertion(world: World, identity: Identity, assertion: str, tenant: str) -> None:
    """Raise EntraError unless an identity that the application trusts sent the assertion."""
    try:
        header, claims = parts_of(assertion)
    except ValueError as error:
        raise EntraError(50027) from error
    trusted = {world.identities.get(world.identities.client_id(each)).object_id for each in identity.trusts}
    if not str(claims.get("iss", "")).endswith(f"/{tenant}/v2.0"):
        raise EntraError(700211, claim=str(claims.get("iss")))
    if claims.get("aud") != EXCHANGE:
        raise EntraError(700212, claim=str(claims.get("aud")))
    if str(claims.get("sub")) not in trusted:
        raise EntraError(700213, claim=str(claims.get("sub")))
    if not any(key.id == header.get("kid") and key.has_signed(assertion) for key in world.entra.keys.published()):
        raise EntraError(700027)
    if claims["exp"] < world.outside_now().timestamp():
        raise EntraError(700024)


def _for_application(world: World, request: Request, identity: Identity, tenant: str) -> dict[str, Any]:
    form = request.form()
    audience = (form.get("scope") or form.get("resource", "")).removesuffix("/.default")
    tenant = home_tenant(world) if tenant in MANY else tenant
    seconds = int(TOKEN_LIFE.total_seconds())
    times = {"expires_in": seconds, "ext_expires_in": seconds, "refresh_in": seconds // 2}
    return {**times, "access_token": app_token(world, request.base_url, identity, tenant, audience)}


def _for_person(world: World, request: Request, identity: Identity, tenant: str) -> dict[str, Any]:
    form = request.form()
    grant = _redeem(world, form, identity, tenant)
    claims, keys = _claims(world, request.base_url, grant), world.entra.keys
    scope, seconds = form.get("scope") or grant.parameters.get("scope", ""), int(USER_TOKEN_LIFE.total_seconds())
    answer: dict[str, Any] = {"scope": scope, "expires_in": seconds, "ext_expires_in": seconds}
    answer["access_token"] = _user_access_token(world, claims, scope, identity)
    if "openid" in grant.parameters.get("scope", "").split():
        claims |= {"nonce": grant.parameters["nonce"]} if "nonce" in grant.parameters else {}
        forge = FORGERIES.get(request.forgery)
        answer["id_token"] = forge(claims, keys) if forge else keys.current().token(claims)
    if form.get("client_info") == "1":  # msal asks for it and names the account by it
        home = {"uid": grant.account.own_object_id, "utid": grant.account.own_tenant}
        answer["client_info"] = base64url(json.dumps(home).encode())
    return answer


def _redeem(world: World, form: dict[str, str], identity: Identity, tenant: str) -> Grant:
    """Redeem a code, which works once. Raises EntraError."""
    if not form.get("code"):
        raise EntraError(900144, name="code")
    grant = world.entra.grants.get(form["code"])
    if grant is None:
        raise EntraError(9002313)
    if grant.tenant != tenant:
        raise EntraError(700005)
    if grant.client_id.lower() != identity.client_id.lower():
        raise EntraError(70000)
    if grant.is_redeemed:
        raise EntraError(54005)
    if world.clock.now() - grant.issued > CODE_LIFE:
        raise EntraError(70008)
    given, asked = form.get("redirect_uri", ""), grant.parameters["redirect_uri"]
    if given != asked:
        raise EntraError(500112, given=given, asked=asked)
    _check_verifier(grant, form.get("code_verifier", ""))
    grant.is_redeemed = True
    return grant


def _check_verifier(grant: Grant, verifier: str) -> None:
    """PKCE (RFC 7636); without a method the challenge is the verifier itself."""
    challenge = grant.parameters.get("code_challenge")
    is_hashed = grant.parameters.get("code_challenge_method") == "S256"
    if challenge and not verifier:
        raise EntraError(50148)
    if challenge and challenge != (base64url(hashlib.sha256(verifier.encode()).digest()) if is_hashed else verifier):
        raise EntraError(501481)


def _claims(world: World, base_url: str, grant: Grant) -> dict[str, Any]:
    """The claims of a v2.0 ID token, but for the nonce."""
    person, account, now = grant.person, grant.account, world.outside_now()
    issued, number = int((now - BACKDATED).timestamp()), world.entra.next_number()
    claims: dict[str, Any] = {
        "aud": grant.client_id,
        "iss": f"{base_url}/{account.tenant}/v2.0",
        "iat": issued,
        "nbf": issued,
        "exp": int((now + USER_TOKEN_LIFE).timestamp()),
        "rh": stable_uuid("rh", number),
        "sub": stable_uuid("subject", account.object_id, grant.client_id),
        "tid": account.tenant,
        "uti": stable_uuid("uti", number),
        "ver": "2.0",
    }
    scopes = grant.parameters.get("scope", "").split()
    if "profile" in scopes:
        claims |= {"name": person.name, "oid": account.object_id, "preferred_username": person.user_principal_name}
    if "email" in scopes or account.is_guest:
        claims["email"] = person.user_principal_name
    if account.is_guest:
        claims["idp"] = f"https://sts.windows.net/{account.own_tenant}/"
    if "auth_time" in world.identities.get(grant.client_id).optional_claims:
        claims["auth_time"] = int(grant.authenticated.timestamp())
    if account.roles:
        claims["roles"] = list(account.roles)
    return claims | ({"acrs": list(grant.acrs)} if grant.acrs else {})


def _user_access_token(world: World, claims: dict[str, Any], scope: str, identity: Identity) -> str:
    """A signed v2.0 token for an application's API; otherwise an unsigned v1.0 token for Graph."""
    asked = _API.search(scope)
    if asked is None:
        return unsigned(claims | {"aud": GRAPH, "appid": identity.client_id, "ver": "1.0"})
    scp = "user_impersonation" if asked[2] == ".default" else asked[2]
    return world.entra.keys.current().token(claims | {"aud": asked[1].lower(), "azp": identity.client_id, "scp": scp})
