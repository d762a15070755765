"""Token endpoints, with the real credential classes."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential, ManagedIdentityCredential

from simulator.state.identities import client_of_token
from simulator.testing import start_simulator
from tests.simulator.clients import Azure

TENANT = "99999999-9999-4999-8999-999999999999"
CLIENT = "bbbbbbbb-0000-4000-8000-000000000001"


def post_token(running: Azure, **form: str) -> requests.Response:
    url = f"{running.simulator.url}/{TENANT}/oauth2/v2.0/token"
    return requests.post(url, data=form, verify=str(running.simulator.ca_path), timeout=30)


def test_managed_identity_of_app_service(storm: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in storm.simulator.environment().items():
        monkeypatch.setenv(name, value)
    with ManagedIdentityCredential(client_id=CLIENT) as credential:
        token = credential.get_token("https://management.azure.com/.default")
    assert client_of_token(token.token) == CLIENT
    with ManagedIdentityCredential() as credential:
        assert client_of_token(credential.get_token("https://management.azure.com/.default").token) != CLIENT


def test_managed_identity_of_a_virtual_machine(storm: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", storm.simulator.http_url)
    with ManagedIdentityCredential(client_id=CLIENT) as credential:
        token = credential.get_token("https://management.azure.com/.default")
    assert client_of_token(token.token) == CLIENT


def test_client_secret(storm: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(storm.simulator.ca_path))
    options: dict[str, Any] = {"authority": storm.simulator.url, "disable_instance_discovery": True}
    with ClientSecretCredential(TENANT, CLIENT, "any", **options) as credential:
        token = credential.get_token(f"{storm.simulator.url}/.default")
    assert client_of_token(token.token) == CLIENT


def test_a_secret_that_the_scenario_names_is_checked(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.yaml"
    path.write_text(
        f"identities: [{{client_id: {CLIENT}, secret: right}}]\nclusters: [{{name: one, resource_group: one}}]\n"
    )
    with start_simulator(path) as simulator:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(simulator.ca_path))
        options: dict[str, Any] = {"authority": simulator.url, "disable_instance_discovery": True}
        with ClientSecretCredential(TENANT, CLIENT, "right", **options) as credential:
            assert credential.get_token("x/.default").token
        with (
            ClientSecretCredential(TENANT, CLIENT, "wrong", **options) as credential,
            pytest.raises(ClientAuthenticationError, match="AADSTS7000215"),
        ):
            credential.get_token("x/.default")


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, 400, "invalid_request"),
        ({"grant_type": "client_credentials", "client_id": CLIENT}, 401, "invalid_client"),
    ],
)
def test_token_errors(storm: Azure, form: dict[str, str], status: int, error: str) -> None:
    answer = post_token(storm, **form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/msi/token?resource=x", {}),
        ("/msi/token", {"X-IDENTITY-HEADER": "x"}),
        ("/metadata/identity/oauth2/token?resource=x", {}),
    ],
)
def test_managed_identity_wants_its_header_and_a_resource(storm: Azure, path: str, headers: dict[str, str]) -> None:
    answer = requests.get(storm.simulator.http_url + path, headers=headers, timeout=30)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_discovery_documents_lead_back_to_the_simulator(storm: Azure) -> None:
    url, verify = storm.simulator.url, str(storm.simulator.ca_path)
    configuration = requests.get(f"{url}/{TENANT}/v2.0/.well-known/openid-configuration", verify=verify, timeout=30)
    assert configuration.json()["token_endpoint"] == f"{url}/{TENANT}/oauth2/v2.0/token"
    discovery = requests.get(f"{url}/common/discovery/instance?api-version=1.1", verify=verify, timeout=30).json()
    assert discovery["tenant_discovery_endpoint"].startswith(url)
    cloud = requests.get(f"{url}/metadata/endpoints?api-version=2022-09-01", verify=verify, timeout=30).json()
    assert cloud["resourceManager"] == url
    clouds = requests.get(f"{url}/metadata/endpoints?api-version=2019-05-01", verify=verify, timeout=30).json()
    assert clouds == [cloud]


def test_tokens_say_their_time_and_skew_moves_it(tmp_path: Any) -> None:
    path = tmp_path / "skewed.yaml"
    path.write_text("settings: {clock_skew_seconds: -7200}\nclusters: [{name: one, resource_group: one}]\n")
    with start_simulator(path) as skewed, start_simulator("quiet") as right:

        def expires(url: str) -> int:
            headers = {"X-IDENTITY-HEADER": "x"}
            return int(requests.get(f"{url}/msi/token?resource=x", headers=headers, timeout=30).json()["expires_on"])

        assert 7100 < expires(right.http_url) - expires(skewed.http_url) < 7300
