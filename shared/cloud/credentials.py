"""Which identity the app acts as. Reading and writing are two identities, told apart by client id."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential


def credential(client_id: str | None) -> TokenCredential:
    """The managed identity with this client id; without one, whatever identity the environment offers.

    The latter is for development (``az login``) and for apps with a single, system-assigned identity. It never asks
    a person.
    """
    if client_id:
        from azure.identity import ManagedIdentityCredential

        return ManagedIdentityCredential(client_id=client_id)
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential(exclude_interactive_browser_credential=True)
