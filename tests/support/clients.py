"""A simulator to test, with the real SDK clients that talk to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import requests
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.monitor import MonitorManagementClient
from azure.mgmt.network import NetworkManagementClient

from simulator.testing import RunningSimulator
from tests.support.azure_in_process import serve_azure

SUBSCRIPTION = "5e1f0a3c-7a52-4f0e-9d5b-2f6c1f0c8a11"
LOAD_BALANCER = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/MC_shop_shop-prod_westeurope"
    "/providers/Microsoft.Network/loadBalancers/kubernetes"
)
"""The load balancer of the storm."""
TENANT = "99999999-9999-4999-8999-999999999999"
DETECTOR = "aaaaaaaa-0000-4000-8000-000000000001"


class _Transport(RequestsTransport):  # type: ignore[misc]
    """Asks again sooner than it is told to; with a clock, it lets that time pass."""

    def __init__(self, clock: RunningSimulator | None, **options: Any) -> None:
        super().__init__(**options)
        self._clock = clock
        self._answers: list[Any] = []

    def sleep(self, duration: float) -> None:
        time.sleep(min(duration, 0.05))
        if self._clock is not None:
            self._clock.advance(duration)

    def send(self, request: Any, **options: Any) -> Any:
        self._answers.append(super().send(request, **options))
        return self._answers[-1]

    def close(self) -> None:
        """azure-core leaves an answer unread that it asks for again: its socket would warn in a later test."""
        for answer in self._answers:
            answer.internal_response.close()
        super().close()


@dataclass(frozen=True)
class Azure:
    """A simulator and clients of it, for one identity."""

    simulator: RunningSimulator
    subscription: str
    client_id: str = DETECTOR
    waits_pass_time: bool = False
    """Simulated time passes while an SDK client waits for an operation."""
    clients: list[Any] = field(default_factory=list)
    """SDK clients to close at the end; shared by copies with another identity."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """The credential method that the SDKs call."""
        form = {"grant_type": "client_credentials", "client_id": self.client_id, "client_secret": "any"}
        url = f"{self.simulator.url}/{TENANT}/oauth2/v2.0/token"
        form["scope"] = scopes[0]
        answer = requests.post(url, data=form, verify=str(self.simulator.ca_path), timeout=30).json()
        return AccessToken(answer["access_token"], 4102444800)

    def identity(self, client_id: str) -> Azure:
        """The same for another identity."""
        return replace(self, client_id=client_id)

    def _client(self, kind: Callable[..., Any], **options: Any) -> Any:
        url = self.simulator.url
        clock = self.simulator if self.waits_pass_time else None
        transport = _Transport(clock, connection_verify=str(self.simulator.ca_path))
        client = kind(self, self.subscription, base_url=url, credential_scopes=[f"{url}/.default"], transport=transport)
        self.clients.append(client)
        return client

    @property
    def network(self) -> Any:
        return self._client(NetworkManagementClient)

    @property
    def containerservice(self) -> Any:
        return self._client(ContainerServiceClient)

    @property
    def monitor(self) -> Any:
        return self._client(MonitorManagementClient)

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        """A bare request with a token; adds an api-version when the path has none."""
        if "api-version" not in path:
            path += ("&" if "?" in path else "?") + "api-version=2024-05-01"
        headers = {"Authorization": f"Bearer {self.get_token('arm').token}"} | options.pop("headers", {})
        verify = str(self.simulator.ca_path)
        return requests.request(
            method, self.simulator.url + path, headers=headers, verify=verify, timeout=30, **options
        )

    def get(self, path: str, **options: Any) -> Any:
        """The JSON of a successful GET."""
        answer = self.send("GET", path, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()


@contextmanager
def azure(scenario: str, subscription: str = SUBSCRIPTION, **options: Any) -> Iterator[Azure]:
    with serve_azure(scenario, **options) as simulator:
        running = Azure(simulator, subscription)
        try:
            yield running
        finally:
            for client in running.clients:
                client.close()
