"""The services by their own hosts, whose names lead to this machine: unmodified clients with default addresses."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msal
import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient

from simulator.hosts import path_on_simulator
from simulator.testing import RunningSimulator
from tests.support.azure_in_process import serve_azure
from tests.support.clients import Azure

TENANT = "99999999-9999-4999-8999-999999999999"
CARD = {"type": "AdaptiveCard", "version": "1.5", "body": []}
TEAMS = {
    "prod-12.westeurope.logic.azure.com": "",
    "default99.9.environment.api.powerplatform.com": "/powerautomate/automations/direct",
    "api.powerautomate.com": "",
}
"""What stands before the workflow in the path."""


@pytest.fixture
def everywhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSimulator]:
    """A simulator at every host's address."""
    with serve_azure(Path(__file__).with_name("chat.yaml")) as running:
        here = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", urlsplit(running.url).port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: here)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(running.ca_path))
        yield running


def test_slack_and_its_webhooks(everywhere: RunningSimulator) -> None:
    trust = ssl.create_default_context(cafile=str(everywhere.ca_path))
    slack = WebClient(token="xoxb-simulated", ssl=trust)
    assert slack.base_url == "https://slack.com/api/"
    assert slack.chat_postMessage(channel="Chosts", text="hello")["ok"]
    hook = WebhookClient("https://hooks.slack.com/services/T000/B000/secret", ssl=trust)
    assert hook.send(text="hello").body == "ok"


def test_entra(everywhere: RunningSimulator) -> None:
    app = msal.ConfidentialClientApplication(
        "client", client_credential="secret", authority=f"https://login.microsoftonline.com/{TENANT}"
    )
    assert "access_token" in app.acquire_token_for_client(["https://management.azure.com/.default"])


@pytest.mark.parametrize("host", TEAMS)
def test_todays_hosts_of_teams(everywhere: RunningSimulator, host: str) -> None:
    url = f"https://{host}{TEAMS[host]}/workflows/w/triggers/manual/paths/invoke?sig=secret"
    assert requests.post(url, json=CARD, timeout=30).status_code == 202


def test_the_old_host_of_teams_is_dead(everywhere: RunningSimulator) -> None:
    with pytest.raises(requests.ConnectionError):
        requests.post("https://contoso.webhook.office.com/webhookb2/a/IncomingWebhook/b/c", json=CARD, timeout=30)


def test_a_host_header_will_do(storm: Azure) -> None:
    answer = requests.post(
        f"{storm.simulator.http_url}/api/auth.test",
        headers={"Host": "slack.com", "Authorization": "Bearer xoxb-simulated"},
        timeout=30,
    )
    assert answer.json()["ok"]


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("", "/x"),
        ("management.azure.com", "/x"),
        ("management.chinacloudapi.cn", "/x"),
        ("westus2.metrics.monitor.azure.com", "/metrics/westus2/x"),
        ("hooks.slack.com", "/slack/x"),
        ("prod-01.westeurope.logic.azure.com:443", "/teams/x"),
        ("example.com", None),
    ],
)
def test_hosts_are_paths_of_the_simulator(host: str, path: str | None) -> None:
    assert path_on_simulator(host, "/x") == path
