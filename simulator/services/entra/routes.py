"""Token endpoints: App Service and IMDS managed identity, and Entra ID's client credentials flow.

Shapes: Azure docs (app-service overview-managed-identity; managed identities how-to-use-vm-token;
Microsoft identity platform client credentials flow). Token lives are counted on the machine's
clock, because credential libraries compare them with that.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ...errors import ServiceError
from ...http import Request, Response
from ...routing import Route
from ...state.identities import SYSTEM_ASSIGNED_CLIENT_ID, TOKEN_LIFE, issue_token
from ...world import World


class TokenError(ServiceError):
    """An OAuth error body."""

    def body(self) -> Any:
        return {"error": self.code, "error_description": self.message}


def _tenant(world: World) -> str:
    return next(iter(world.subscriptions.values())).tenant


def _now(world: World) -> datetime:
    return world.clock.wall() + timedelta(seconds=world.settings.clock_skew_seconds)


def _managed_identity_token(world: World, request: Request) -> dict[str, str]:
    resource = request.query.get("resource")
    if not resource:
        raise TokenError(400, "invalid_request", "Required query variable 'resource' is missing")
    identity = world.identities.get(request.query.get("client_id") or SYSTEM_ASSIGNED_CLIENT_ID)
    now = _now(world)
    return {
        "access_token": issue_token(identity, _tenant(world), resource, now),
        "expires_on": str(int((now + TOKEN_LIFE).timestamp())),
        "resource": resource,
        "token_type": "Bearer",
        "client_id": identity.client_id,
    }


def app_service_token(world: World, request: Request) -> Response:
    if not request.headers.get("x-identity-header"):
        raise TokenError(400, "invalid_request", "The X-IDENTITY-HEADER header is missing")
    return Response(200, _managed_identity_token(world, request))


def imds_token(world: World, request: Request) -> Response:
    if request.headers.get("metadata", "").lower() != "true":
        raise TokenError(400, "invalid_request", "Required metadata header not specified")
    body = _managed_identity_token(world, request)
    expires_in = str(int(TOKEN_LIFE.total_seconds()))
    not_before = str(int(body["expires_on"]) - int(expires_in))
    return Response(200, body | {"expires_in": expires_in, "ext_expires_in": expires_in, "not_before": not_before})


def client_credentials_token(world: World, request: Request) -> Response:
    form = request.form()
    if form.get("grant_type") != "client_credentials":
        raise TokenError(
            400,
            "unsupported_grant_type",
            "AADSTS70003: The app requested an unsupported grant type "
            f"'{form.get('grant_type', '')}'; here only client_credentials is served.",
        )
    client_id, secret = form.get("client_id", ""), form.get("client_secret")
    if not client_id:
        raise TokenError(400, "invalid_request", "AADSTS900144: The request body must contain 'client_id'.")
    identity = world.identities.get(client_id)
    if secret is None and not form.get("client_assertion"):
        raise TokenError(401, "invalid_client", "AADSTS7000218: The request body must contain 'client_secret'.")
    if identity.secret is not None and secret != identity.secret:
        raise TokenError(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
    scope = form.get("scope") or form.get("resource", "")
    audience = scope.removesuffix("/.default")
    now, seconds = _now(world), int(TOKEN_LIFE.total_seconds())
    return Response(
        200,
        {
            "token_type": "Bearer",
            "expires_in": seconds,
            "ext_expires_in": seconds,
            "refresh_in": seconds // 2,
            "access_token": issue_token(identity, request.params["tenant"], audience, now),
        },
    )


def openid_configuration(_world: World, request: Request) -> Response:
    base, tenant = request.base_url, request.params["tenant"]
    return Response(
        200,
        {
            "token_endpoint": f"{base}/{tenant}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "jwks_uri": f"{base}/{tenant}/discovery/v2.0/keys",
            "response_types_supported": ["code", "id_token", "code id_token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": f"{base}/{tenant}/v2.0",
            "authorization_endpoint": f"{base}/{tenant}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/{tenant}/oauth2/v2.0/devicecode",
            "end_session_endpoint": f"{base}/{tenant}/oauth2/v2.0/logout",
            "tenant_region_scope": "EU",
        },
    )


def instance_discovery(_world: World, request: Request) -> Response:
    host = request.base_url.partition("://")[2]
    return Response(
        200,
        {
            "tenant_discovery_endpoint": f"{request.base_url}/common/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
        },
    )


def cloud_endpoints(_world: World, request: Request) -> Response:
    """What a cloud consists of. Versions before 2020 list all clouds, later ones describe this one."""
    base = request.base_url
    authentication = {
        "loginEndpoint": base,
        "audiences": [base, f"{base}/"],
        "tenant": "common",
        "identityProvider": "AAD",
    }
    cloud = {
        "name": "Simulator",
        "portal": base,
        "authentication": authentication,
        "resourceManager": base,
        "media": base,
        "graph": base,
        "graphAudience": base,
        "activeDirectoryDataLake": base,
        "batch": base,
        "sqlManagement": base,
        "vmImageAliasDoc": base,
        "logAnalyticsEndpoint": base,
        "suffixes": {},
    }
    return Response(200, [cloud] if request.query.get("api-version", "") < "2020" else cloud)


ROUTES = [
    Route("GET", "/msi/token", app_service_token),
    Route("GET", "/metadata/identity/oauth2/token", imds_token),
    Route("GET", "/metadata/endpoints", cloud_endpoints),
    Route("POST", "/{tenant}/oauth2/v2.0/token", client_credentials_token),
    Route("POST", "/{tenant}/oauth2/token", client_credentials_token),
    Route("GET", "/{tenant}/v2.0/.well-known/openid-configuration", openid_configuration),
    Route("GET", "/{tenant}/.well-known/openid-configuration", openid_configuration),
    Route("GET", "/{tenant}/discovery/instance", instance_discovery),
]
