"""The network writes: one PUT a call, one property of a subnet, nothing else lost, and typed refusals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from azure.identity import ManagedIdentityCredential

from shared.cloud import api_versions
from shared.cloud.arm import Arm
from shared.cloud.credentials import credential
from shared.cloud.discovery import Discovery
from shared.cloud.errors import (
    Conflict,
    PreconditionFailed,
    Unavailable,
)
from shared.cloud.metric_queries import (
    NAT_CONNECTIONS,
    NAT_DATAPATH,
    NAT_DROPS,
    NAT_OPEN_CONNECTIONS,
    SNAT_CONNECTIONS_BY_BACKEND,
)
from shared.cloud.metrics import Metrics
from shared.cloud.network import Network
from shared.model.metric import MetricAnswer, Window
from shared.model.network import NatGateway, Subnet
from simulator.testing import RunningSimulator
from tests.support.azure_in_process import serve_azure
from tests.support.shop_network import GATEWAY, NETWORK, PUBLIC_IP, SUBNET, SUBSCRIPTION, TAGS

OTHER_SUBNET = f"{NETWORK}/virtualNetworks/shop-vnet/subnets/aks-system"
WRITER = "writer-client-id"
NOT_THE_GATEWAY = {"natGateway", "provisioningState"}


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSimulator]:
    """A simulated Azure of this test's own, to write to."""
    with serve_azure("storm") as simulator:
        for name, value in simulator.environment().items():
            monkeypatch.setenv(name, value)
        yield simulator


@pytest.fixture
def network(azure: RunningSimulator) -> Iterator[Network]:
    identity = credential(WRITER)
    assert isinstance(identity, ManagedIdentityCredential)
    client = Network(azure.url, identity, SUBSCRIPTION)
    yield client
    client.close()
    identity.close()


def puts(azure: RunningSimulator) -> list[dict[str, Any]]:
    return [one for one in azure.requests() if one["method"] == "PUT"]


def raw(arm: Arm, resource_id: str) -> dict[str, Any]:
    """A subnet's own properties as Azure shows them, whatever this project makes of them."""
    properties: dict[str, Any] = arm.get(resource_id, api_versions.NETWORK)["properties"]
    return {name: value for name, value in properties.items() if name not in NOT_THE_GATEWAY}


def provisioned(azure: RunningSimulator, network: Network) -> NatGateway:
    network.create_public_ip(PUBLIC_IP)
    azure.advance(5)
    network.create_nat_gateway(GATEWAY)
    azure.advance(15)
    gateway = network.read_nat_gateway(GATEWAY.id)
    assert gateway is not None
    return gateway


def settled(azure: RunningSimulator, network: Network) -> Subnet:
    azure.advance(10)
    return network.read_subnet(SUBNET)


# --- creating ---


def test_a_public_ip_is_created_without_waiting_and_has_its_address_later(
    azure: RunningSimulator, network: Network
) -> None:
    assert network.read_public_ip(PUBLIC_IP.id) is None
    at_once = network.create_public_ip(PUBLIC_IP)
    assert (at_once.provisioning_state, at_once.address) == ("Updating", "")
    azure.advance(5)
    later = network.read_public_ip(PUBLIC_IP.id)
    assert later is not None
    assert (later.provisioning_state, later.sku, later.tags) == ("Succeeded", "Standard", TAGS)
    assert later.address
    assert not any("/operations/" in one["path"] for one in azure.requests())


def test_a_public_ip_can_be_pinned_to_zones(azure: RunningSimulator, network: Network) -> None:
    assert network.create_public_ip(replace(PUBLIC_IP, zones=("1", "2", "3"))).zones == ("1", "2", "3")


def test_creating_twice_makes_one(azure: RunningSimulator, network: Network, arm: Arm) -> None:
    network.create_public_ip(PUBLIC_IP)
    azure.advance(5)
    first = network.read_public_ip(PUBLIC_IP.id)
    network.create_public_ip(PUBLIC_IP)
    azure.advance(5)
    assert network.read_public_ip(PUBLIC_IP.id) == first
    names = [item["name"] for item in arm.list(f"{NETWORK}/publicIPAddresses", api_versions.NETWORK)]
    assert names == ["pip-1"]


def test_a_nat_gateway_gets_its_ips_idle_timeout_and_tags(azure: RunningSimulator, network: Network) -> None:
    assert network.read_nat_gateway(GATEWAY.id) is None
    gateway = provisioned(azure, network)
    assert (gateway.provisioning_state, gateway.sku) == ("Succeeded", "Standard")
    assert gateway.idle_timeout_minutes == 30
    assert [ip.lower() for ip in gateway.public_ip_ids] == [PUBLIC_IP.id.lower()]
    assert (gateway.tags, gateway.zones, gateway.subnet_ids) == (TAGS, (), ())


def test_more_ips_are_written_without_what_azure_only_shows_of_a_gateway(
    azure: RunningSimulator, network: Network, arm: Arm
) -> None:
    gateway = provisioned(azure, network)
    assert "type" in raw(arm, GATEWAY.id), "Azure only shows it: a PUT with it is refused"
    network.put_nat_gateway_ips(gateway, gateway.public_ip_ids, (), gateway.etag)
    assert puts(azure)[-1]["status"] in (200, 201)


def test_a_gateway_before_its_ip_is_ready_is_a_conflict_that_waiting_cures(
    azure: RunningSimulator, network: Network
) -> None:
    network.create_public_ip(PUBLIC_IP)
    with pytest.raises(Conflict) as raised:
        network.create_nat_gateway(GATEWAY)
    assert raised.value.reason == "ReferencedResourceNotProvisioned"
    assert raised.value.is_transient
    assert len(puts(azure)) == 2


def test_writes_carry_the_writing_identity(azure: RunningSimulator, network: Network) -> None:
    network.create_public_ip(PUBLIC_IP)
    assert [one["client_id"] for one in puts(azure)] == [WRITER]


# --- the subnet ---


def test_attaching_changes_the_gateway_and_nothing_else(azure: RunningSimulator, network: Network, arm: Arm) -> None:
    gateway, before = provisioned(azure, network), raw(arm, SUBNET)
    subnet = network.read_subnet(SUBNET)
    at_once = network.put_subnet(subnet, gateway.id, subnet.etag)
    assert at_once.provisioning_state == "Updating"
    after = settled(azure, network)
    assert after.provisioning_state == "Succeeded"
    assert (after.nat_gateway_id or "").lower() == gateway.id.lower()
    assert raw(arm, SUBNET) == before
    assert {"networkSecurityGroup", "serviceEndpoints", "ipConfigurations"} <= set(before)


def test_detaching_takes_the_gateway_off_and_nothing_else(azure: RunningSimulator, network: Network, arm: Arm) -> None:
    gateway, before = provisioned(azure, network), raw(arm, SUBNET)
    subnet = network.read_subnet(SUBNET)
    network.put_subnet(subnet, gateway.id, subnet.etag)
    attached = settled(azure, network)
    network.put_subnet(attached, None, attached.etag)
    after = settled(azure, network)
    assert after.nat_gateway_id is None
    assert raw(arm, SUBNET) == before


def test_properties_that_nobody_knows_yet_survive(azure: RunningSimulator, network: Network, arm: Arm) -> None:
    invented = {"inventedLater": {"deep": [1, {"actions": ["keep"]}], "off": False}}
    gateway, subnet = provisioned(azure, network), network.read_subnet(SUBNET)
    network.put_subnet(replace(subnet, properties={**subnet.properties, **invented}), None, subnet.etag)
    before = settled(azure, network)
    network.put_subnet(before, gateway.id, before.etag)
    after = settled(azure, network)
    assert after.nat_gateway_id is not None
    assert {name: raw(arm, SUBNET)[name] for name in invented} == invented
    assert {**after.properties, "natGateway": None} == {**before.properties, "natGateway": None}


def test_a_write_by_anyone_in_between_is_noticed(azure: RunningSimulator, network: Network) -> None:
    gateway, subnet = provisioned(azure, network), network.read_subnet(SUBNET)
    other = network.read_subnet(OTHER_SUBNET)
    network.put_subnet(
        replace(other, properties={**other.properties, "defaultOutboundAccess": False}), None, other.etag
    )
    azure.advance(10)
    with pytest.raises(PreconditionFailed):
        network.put_subnet(subnet, gateway.id, subnet.etag)
    assert settled(azure, network).nat_gateway_id is None


def test_while_another_write_runs_on_the_virtual_network_it_is_a_conflict_with_a_wait(
    azure: RunningSimulator, network: Network
) -> None:
    gateway, subnet = provisioned(azure, network), network.read_subnet(SUBNET)
    network.put_subnet(subnet, gateway.id, subnet.etag)
    other = network.read_subnet(OTHER_SUBNET)
    before = len(puts(azure))
    with pytest.raises(Conflict) as raised:
        network.put_subnet(other, gateway.id, other.etag)
    assert raised.value.reason == "RetryableErrorDueToAnotherOperation"
    assert raised.value.is_transient
    assert (raised.value.retry_after_seconds or 0) > 0
    assert len(puts(azure)) == before + 1


# --- what is seen afterwards ---


def test_after_a_lost_answer_reading_tells_what_happened(azure: RunningSimulator, network: Network) -> None:
    azure.add_fault({"match": {"method": "PUT"}, "then": {"drop": "after"}})
    with pytest.raises(Unavailable):
        network.create_public_ip(PUBLIC_IP)
    assert network.read_public_ip(PUBLIC_IP.id) is not None


def total(answer: MetricAnswer, state: str) -> float:
    return sum(
        value
        for series in answer.series
        if series.dimensions["connectionstate"].lower() == state
        for _, value in series.points
    )


def test_new_connections_are_seen_on_the_gateway_after_attaching(
    azure: RunningSimulator, network: Network, arm: Arm
) -> None:
    gateway, subnet = provisioned(azure, network), network.read_subnet(SUBNET)
    network.put_subnet(subnet, gateway.id, subnet.etag)
    azure.advance(15 * 60)
    end = azure.now().replace(second=0, microsecond=0) - timedelta(minutes=3)
    window, metrics = Window(end - timedelta(minutes=5), end), Metrics(arm)
    connections = metrics.query(gateway.id, NAT_CONNECTIONS, window)
    assert total(connections, "attempted") > 1000
    assert total(connections, "failed") == 0
    (datapath,) = metrics.query(gateway.id, NAT_DATAPATH, window).series
    assert [value for _, value in datapath.points] == [100.0] * 5
    (held,) = metrics.query(gateway.id, NAT_OPEN_CONNECTIONS, window).series
    assert len(held.points) == 5
    assert metrics.query(gateway.id, NAT_DROPS, window).series
    assert all(  # drops of nothing have no points
        value == 0 for drops in metrics.query(gateway.id, NAT_DROPS, window).series for _, value in drops.points
    )
    discovery = Discovery(arm)
    load_balancer = discovery.load_balancer(discovery.cluster("shop-prod"))
    assert load_balancer is not None
    left = metrics.query(load_balancer.id, SNAT_CONNECTIONS_BY_BACKEND, window)
    assert not {
        series.dimensions["backendipaddress"]
        for series in left.series
        if series.points and series.dimensions["backendipaddress"].startswith("10.40.1.")
    }
