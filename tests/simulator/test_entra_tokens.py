"""Token endpoints, with the real credential classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msal
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientAssertionCredential, ClientSecretCredential, ManagedIdentityCredential

from simulator.services.entra.refusals import REFUSALS
from simulator.state.identities import AZURE_CLI_CLIENT_ID, client_of_token
from simulator.state.signing_keys import new_key, parts_of
from simulator.testing import RunningSimulator
from tests.support.azure_in_process import serve_azure
from tests.support.clients import Azure
from tests.support.every import every

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
    with serve_azure(path) as simulator:
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
    with serve_azure(path) as skewed, serve_azure("quiet") as right:

        def expires(url: str) -> int:
            headers = {"X-IDENTITY-HEADER": "x"}
            return int(requests.get(f"{url}/msi/token?resource=x", headers=headers, timeout=30).json()["expires_on"])

        assert 7100 < expires(right.http_url) - expires(skewed.http_url) < 7300


def test_any_scenario_has_people_who_can_sign_in_to_any_local_application(storm: Azure) -> None:
    people = storm.simulator.people()
    assert {role for person in people for role in person["roles"]} >= {"Snat.Read", "Snat.Approve", "Snat.Audit"}
    assert [person["guest"] for person in people].count(True) == 1
    assert people
    assert every(person["chat"]["slack_user"] for person in people)
    asked = {"client_id": CLIENT, "response_type": "code", "redirect_uri": "http://localhost:7071/api/signed-in"}
    location = storm.simulator.sign_in(
        f"{storm.simulator.url}/{TENANT}/oauth2/v2.0/authorize?{urlencode(asked)}", "ada@contoso.example"
    )
    assert location.startswith("http://localhost:7071/api/signed-in?code=")


ALERTS, BOT, OTHER_BOT = (f"aaaaaaaa-0000-4000-8000-0000000000b{number}" for number in "123")
EXCHANGE = "api://AzureADTokenExchange"


@pytest.fixture(scope="module")
def strict() -> Iterator[RunningSimulator]:
    """Where applications that the scenario doesn't name are refused."""
    with serve_azure(Path(__file__).parent / "entra.yaml") as simulator, pytest.MonkeyPatch.context() as patch:
        for name, value in simulator.environment().items():
            patch.setenv(name, value)
        yield simulator


def assertion(client_id: str = BOT, resource: str = EXCHANGE) -> str:
    with ManagedIdentityCredential(client_id=client_id) as credential:
        return str(credential.get_token(f"{resource}/.default").token)


def with_assertion(strict: RunningSimulator, made: str) -> str:
    options: dict[str, Any] = {"authority": strict.url, "disable_instance_discovery": True}
    with ClientAssertionCredential(TENANT, ALERTS, lambda: made, **options) as credential:
        return str(credential.get_token("https://management.azure.com/.default").token)


def test_a_managed_identity_stands_in_for_a_secret(strict: RunningSimulator) -> None:
    assert client_of_token(with_assertion(strict, assertion())) == ALERTS


def test_msal_takes_the_assertion_too(strict: RunningSimulator) -> None:
    app = msal.ConfidentialClientApplication(
        ALERTS,
        client_credential={"client_assertion": assertion},
        authority=f"{strict.url}/{TENANT}",
        instance_discovery=False,
    )
    assert client_of_token(app.acquire_token_for_client(["x/.default"])["access_token"]) == ALERTS


def _resigned(changes: dict[str, Any]) -> str:
    """The assertion with other claims, signed by somebody else with the same key id."""
    header, claims = parts_of(assertion())
    return new_key(header["kid"]).token(claims | changes)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: "nonsense", "AADSTS50027"),
        (lambda: "é.é.é", "AADSTS50027"),
        (lambda: assertion(OTHER_BOT), "AADSTS700213"),
        (lambda: assertion(resource="https://management.azure.com"), "AADSTS700211"),
        (lambda: _resigned({"aud": "api://other"}), "AADSTS700212"),
        (lambda: _resigned({}), "AADSTS700027"),
    ],
)
def test_an_assertion_is_checked(strict: RunningSimulator, make: Callable[[], str], code: str) -> None:
    with pytest.raises(ClientAuthenticationError, match=f"{code}: "):
        with_assertion(strict, make())


def test_an_assertion_of_a_withdrawn_key_is_refused(strict: RunningSimulator) -> None:
    made = assertion()
    strict.roll_keys(keep_old=False)
    with pytest.raises(ClientAuthenticationError, match="AADSTS700027: "):
        with_assertion(strict, made)


def test_an_assertion_expires(strict: RunningSimulator) -> None:
    made = assertion()
    strict.add_event({"settings": {"clock_skew_seconds": 25 * 3600}})
    try:
        with pytest.raises(ClientAuthenticationError, match="AADSTS700024: "):
            with_assertion(strict, made)
    finally:
        strict.add_event({"settings": {"clock_skew_seconds": 0}})


@pytest.mark.parametrize(
    ("tenant", "client_id", "error", "code"),
    [
        (TENANT, CLIENT, "unauthorized_client", 700016),
        (TENANT, AZURE_CLI_CLIENT_ID, "invalid_client", 7000218),
        ("00000000-0000-4000-8000-0000000000ff", ALERTS, "invalid_request", 90002),
    ],
)
def test_who_is_not_known_gets_no_token(
    strict: RunningSimulator, tenant: str, client_id: str, error: str, code: int
) -> None:
    form = {"grant_type": "client_credentials", "client_id": client_id, "scope": "x/.default"}
    answer = requests.post(f"{strict.url}/{tenant}/oauth2/v2.0/token", data=form, timeout=30)
    assert (answer.json()["error"], answer.json()["error_codes"]) == (error, [code])
    assert answer.status_code == (401 if error == "invalid_client" else 400)


def test_discovery_of_a_tenant_that_is_not_there(strict: RunningSimulator) -> None:
    answer = requests.get(f"{strict.url}/secrets/v2.0/.well-known/openid-configuration", timeout=30)
    assert (answer.status_code, answer.json()["error"], answer.json()["error_codes"]) == (
        400,
        "invalid_tenant",
        [90002],
    )


def test_every_refusal_of_entra_is_tried() -> None:
    tests = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_entra_*.py"))
    assert [number for number in REFUSALS if str(number) not in tests] == []
