"""The clients under test against a simulated Azure, over https and with a managed identity."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from azure.identity import ManagedIdentityCredential

from shared.cloud.arm import Arm
from shared.cloud.credentials import credential
from shared.cloud.discovery import Discovery
from shared.cloud.metrics import Metrics
from shared.cloud.metrics_batch import BatchMetrics
from shared.model.cluster import Cluster
from shared.model.metric import Window
from simulator.testing import RunningSimulator
from tests.support.azure_in_process import serve_azure

READER = "reader-client-id"


@pytest.fixture(scope="module")
def storm() -> Iterator[RunningSimulator]:
    """For tests that only read; they share it."""
    with serve_azure("storm") as simulator:
        yield simulator


@pytest.fixture
def azure(storm: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSimulator]:
    """The shared simulator as this process's Azure, without faults left over."""
    for name, value in storm.environment().items():
        monkeypatch.setenv(name, value)
    yield storm
    storm.clear_faults()


@pytest.fixture
def reader(azure: RunningSimulator) -> Iterator[ManagedIdentityCredential]:
    identity = credential(READER)
    assert isinstance(identity, ManagedIdentityCredential)
    with identity:
        yield identity


@pytest.fixture
def arm(azure: RunningSimulator, reader: ManagedIdentityCredential) -> Iterator[Arm]:
    client = Arm(azure.url, reader)
    yield client
    client.close()


@pytest.fixture
def discovery(arm: Arm) -> Discovery:
    return Discovery(arm)


@pytest.fixture
def shop(discovery: Discovery) -> Cluster:
    """The scenario's one cluster."""
    return discovery.cluster("shop-prod")


@pytest.fixture
def load_balancer_id(discovery: Discovery, shop: Cluster) -> str:
    found = discovery.load_balancer(shop)
    assert found is not None
    return found.id


@pytest.fixture
def metrics(arm: Arm) -> Metrics:
    return Metrics(arm)


@pytest.fixture
def batch(azure: RunningSimulator, reader: ManagedIdentityCredential) -> Iterator[BatchMetrics]:
    client = BatchMetrics(reader, endpoint=azure.url + "/metrics/{region}")
    yield client
    client.close()


@pytest.fixture
def window(azure: RunningSimulator) -> Window:
    """Five minutes that have been measured and are not too young."""
    end = azure.now().replace(second=0, microsecond=0) - timedelta(minutes=3)
    return Window(end - timedelta(minutes=5), end)
