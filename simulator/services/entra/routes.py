"""Managed identity endpoints (App Service, IMDS), discovery, and the routes of Entra ID.

Shapes: Azure docs (app-service overview-managed-identity; managed identities how-to-use-vm-token), Entra docs
(v2-protocols-oidc, access-tokens), and a discovery document quoted in Azure/azure-workload-identity#682.
"""

from __future__ import annotations

from typing import Any

from ...errors import ServiceError
from ...http import Request, Response
from ...routing import Route
from ...state.identities import SYSTEM_ASSIGNED_CLIENT_ID, TOKEN_LIFE
from ...world import World
from .grants import app_token, token
from .refusals import EntraError
from .signin import authorize, login, logout
from .tenants import MANY, find_tenant, home_tenant


class TokenError(ServiceError):
    """An OAuth error body."""

    def body(self) -> Any:
        return {"error": self.code, "error_description": self.message}


def _managed_identity_token(world: World, request: Request) -> dict[str, str]:
    resource = request.query.get("resource")
    if not resource:
        raise TokenError(400, "invalid_request", "Required query variable 'resource' is missing")
    identity = world.identities.get(request.query.get("client_id") or SYSTEM_ASSIGNED_CLIENT_ID)
    now, tenant = world.outside_now(), home_tenant(world)
    return {
        "access_token": app_token(world, request.base_url, identity, tenant, resource),
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


def openid_configuration(world: World, request: Request) -> Response:
    try:
        tenant = find_tenant(world, request.params["tenant"])
    except EntraError as error:
        # At discovery the error has another name: james-gould/azure-keyvault-emulator#324.
        return Response(400, error.fields(world, request) | {"error": "invalid_tenant"})
    base = f"{request.base_url}/{request.params['tenant']}"
    return Response(
        200,
        {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": f"{request.base_url}/{'{tenantid}' if tenant in MANY else tenant}/v2.0",
            "request_uri_parameter_supported": False,
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
            "tenant_region_scope": None if tenant in MANY else "EU",
        },
    )


def signing_keys(world: World, request: Request) -> Response:
    """The keys of all tenants; the issuer is a template, as Entra's is."""
    issuer = {"issuer": f"{request.base_url}/{{tenantid}}/v2.0"}
    return Response(200, {"keys": [key.to_json() | issuer for key in world.entra.keys.published()]})


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


_CLOUD = (
    *("portal", "resourceManager", "media", "graph", "graphAudience", "activeDirectoryDataLake", "batch"),
    *("sqlManagement", "vmImageAliasDoc", "logAnalyticsEndpoint"),
)


def cloud_endpoints(_world: World, request: Request) -> Response:
    """A cloud's endpoints. Versions before 2020 list all clouds, later versions only the current cloud."""
    base = request.base_url
    login = {"loginEndpoint": base, "audiences": [base, f"{base}/"], "tenant": "common", "identityProvider": "AAD"}
    cloud = dict.fromkeys(_CLOUD, base) | {"name": "Simulator", "authentication": login, "suffixes": {}}
    return Response(200, [cloud] if request.query.get("api-version", "") < "2020" else cloud)


ROUTES = [
    Route("GET", "/msi/token", app_service_token),
    Route("GET", "/metadata/identity/oauth2/token", imds_token),
    Route("GET", "/metadata/endpoints", cloud_endpoints),
    Route("GET", "/{tenant}/oauth2/v2.0/authorize", authorize),
    Route("POST", "/{tenant}/login", login),
    Route("GET", "/{tenant}/oauth2/v2.0/logout", logout),
    Route("POST", "/{tenant}/oauth2/v2.0/token", token),
    Route("POST", "/{tenant}/oauth2/token", token),
    Route("GET", "/{tenant}/discovery/v2.0/keys", signing_keys),
    Route("GET", "/{tenant}/discovery/keys", signing_keys),
    Route("GET", "/{tenant}/v2.0/.well-known/openid-configuration", openid_configuration),
    Route("GET", "/{tenant}/.well-known/openid-configuration", openid_configuration),
    Route("GET", "/{tenant}/discovery/instance", instance_discovery),
]
