"""The app's Azure identities: one reads, one writes; each has its client id."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ..model.text import Text
from ..retry_after import requested_wait_seconds
from .errors import Throttled

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

_LONGEST_ASKED_SECONDS = 15.0


def credential(client_id: str | None) -> TokenCredential:
    """The managed identity with this client id; without one, the identity that the environment offers.

    The latter is for development (``az login``) and for a system-assigned identity. It opens no browser.
    """
    from azure.core.pipeline.transport import RequestsTransport

    from ..bounded_http import bounded_session

    transport = RequestsTransport(session=bounded_session(), connection_timeout=10, read_timeout=30)
    options: dict[str, Any] = {"transport": transport, "raw_response_hook": _heed_retry_after}
    if client_id:
        from azure.identity import ManagedIdentityCredential

        return ManagedIdentityCredential(client_id=client_id, **options)
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential(exclude_interactive_browser_credential=True, **options)


def client_assertion(identity: TokenCredential) -> str:
    """With which an app registration that trusts this managed identity needs no secret. Raises AzureError.

    Source: Entra docs, workload-identity-federation-config-app-trust-managed-identity.
    """
    from .error_mapping import azure_errors

    with azure_errors(Text("asking for the managed identity's token for Entra ID")):
        return identity.get_token("api://AzureADTokenExchange/.default").token


def azure_cli_token(tenant_id: str, scope: str) -> str:
    """An access token of the person who ran ``az login``. Raises AzureError."""
    from azure.identity import AzureCliCredential

    from .error_mapping import azure_errors

    logging.getLogger("azure.identity").setLevel(logging.ERROR)  # its warning says what the error says
    with azure_errors(Text("asking the Azure CLI for a token with the scope {scope}", scope=scope)):
        return str(AzureCliCredential(tenant_id=tenant_id, process_timeout=60).get_token(scope).token)


def _heed_retry_after(response: Any) -> None:
    """Raise Throttled for a long Retry-After: the SDK would sleep through it, and can't parse each format."""
    seconds = requested_wait_seconds(response.http_response.headers)
    if seconds is not None and seconds > _LONGEST_ASKED_SECONDS:
        message = Text("the identity endpoint throttles this app")
        raise Throttled(Text("asking for a token"), message, status=429, retry_after_seconds=seconds)
