"""Which identity is taken."""

from __future__ import annotations

import pytest
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

from shared.cloud.credentials import credential

pytestmark = pytest.mark.disable_socket


def test_a_client_id_means_that_managed_identity_and_nothing_else() -> None:
    assert isinstance(credential("a-client-id"), ManagedIdentityCredential)


@pytest.mark.parametrize("client_id", [None, ""])
def test_without_one_it_is_what_the_environment_offers_and_never_a_browser(client_id: str | None) -> None:
    found = credential(client_id)
    assert isinstance(found, DefaultAzureCredential)
    tried = {type(one).__name__ for one in found.credentials}
    assert "ManagedIdentityCredential" in tried
    assert "InteractiveBrowserCredential" not in tried
