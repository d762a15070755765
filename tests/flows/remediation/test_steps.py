"""Each step: read, and write only what is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from shared.cloud.network import Network
from shared.core.planning.naming import PRODUCT_TAG
from shared.flows.remediation.step_result import Done, Result, Stop, Wait, WritePermit
from shared.flows.remediation.steps import create_address, delete_created
from shared.flows.remediation.subnet_step import associate_subnet, stop_if_changed, stop_if_reassociated
from shared.model.network import PublicIp, Subnet
from shared.model.plan import AssociateSubnet, CreatePublicIp, DeleteCreated
from shared.model.resource_id import ArmId
from shared.model.text import Text
from tests.support.builders import NETWORK, USER_SUBNET, nat_gateway, subnet

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
IP = ArmId(f"{NETWORK}/publicIPAddresses/pip-1")
GATEWAY = ArmId(f"{NETWORK}/natGateways/ng-1")
OURS = {PRODUCT_TAG: "shop"}
CREATE = CreatePublicIp(IP, "westeurope", (), OURS)
MOVE = AssociateSubnet(USER_SUBNET, None, GATEWAY, subnet(USER_SUBNET).properties)


@dataclass
class FakeNetwork:
    """Azure, with one public IP and one subnet. ``writes`` are what was sent."""

    ip: PublicIp | None = None
    subnets: list[Subnet] = field(default_factory=lambda: [subnet(USER_SUBNET)])
    writes: list[str] = field(default_factory=list)

    def read_public_ip(self, _: str) -> PublicIp | None:
        return self.ip

    def create_public_ip(self, _: CreatePublicIp) -> None:
        self.writes.append("create")

    def delete(self, _: str) -> None:
        self.writes.append("delete")

    def read_subnet(self, _: str) -> Subnet:
        """The next state of it, the last one again and again."""
        return self.subnets.pop(0) if len(self.subnets) > 1 else self.subnets[0]

    def put_subnet(self, _: Subnet, nat_gateway_id: str | None, etag: str, request_id: str) -> None:
        self.writes.append(f"put {nat_gateway_id} {etag} {request_id}")

    @property
    def writer(self) -> Network:
        return cast(Network, self)


def permit(**fields: Any) -> WritePermit:
    return WritePermit(lambda: None, lambda: NOW, "request", **fields)


def ip(**changed: Any) -> PublicIp:
    fields: dict[str, Any] = {"address": "20.1.1.1", "provisioning_state": "Succeeded", "tags": OURS, **changed}
    return PublicIp(id=IP, name="pip-1", sku="Standard", **fields)


@pytest.mark.parametrize(
    ("found", "kind", "writes"),
    [
        (None, Wait, ["create"]),
        (ip(), Done, []),
        (ip(provisioning_state="Updating"), Wait, []),
        (ip(provisioning_state="Failed"), Wait, ["create"]),
        (ip(address=""), Wait, []),
        (ip(tags={}), Stop, []),
    ],
)
def test_a_public_ip_is_created_once_and_only_if_it_is_missing(
    found: PublicIp | None, kind: type[Result], writes: list[str]
) -> None:
    network = FakeNetwork(found)
    result = create_address(CREATE, network.writer, permit())
    assert isinstance(result, kind)
    assert network.writes == writes
    assert not isinstance(result, Wait) or result.has_written is bool(writes)


@pytest.mark.parametrize("found", [None, ip(provisioning_state="Failed")])
def test_a_write_without_effect_is_sent_three_times_at_most(found: PublicIp | None) -> None:
    network = FakeNetwork(found)
    assert isinstance(create_address(CREATE, network.writer, permit(writes=3)), Stop)
    assert network.writes == []


@pytest.mark.parametrize(
    ("found", "kind", "writes"),
    [
        (None, Done, []),
        (ip(), Wait, ["delete"]),
        (ip(tags={}), Stop, []),
        (ip(provisioning_state="Deleting"), Wait, []),
    ],
)
def test_only_what_is_ours_is_deleted(found: PublicIp | None, kind: type[Result], writes: list[str]) -> None:
    network = FakeNetwork(found)
    assert isinstance(delete_created(DeleteCreated(IP, "shop"), network.writer, permit()), kind)
    assert network.writes == writes


# --- a subnet ---


def moved(**changed: Any) -> Subnet:
    return subnet(USER_SUBNET, **{"nat_gateway_id": GATEWAY, **changed})


def test_a_subnet_is_written_with_the_etag_of_the_last_read() -> None:
    network = FakeNetwork()
    result = associate_subnet(MOVE, network.writer, permit())
    assert isinstance(result, Wait)
    assert (result.has_written, result.exposed_seconds) == (True, 0.0)
    assert network.writes == [f'put {GATEWAY} W/"1" request']


def test_a_subnet_that_somebody_writes_to_right_before_the_write_is_read_again() -> None:
    network = FakeNetwork(subnets=[subnet(USER_SUBNET), subnet(USER_SUBNET, etag='W/"2"')])
    result = associate_subnet(MOVE, network.writer, permit())
    assert isinstance(result, Wait)
    assert not result.has_written
    assert network.writes == []


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (moved(), Done),
        (moved(provisioning_state="Updating"), Wait),
        (subnet(USER_SUBNET, properties={"addressPrefix": "10.224.0.0/16"}), Stop),
        (subnet(USER_SUBNET, nat_gateway_id=nat_gateway().id), Stop),
        (subnet(USER_SUBNET, provisioning_state="Failed"), Stop),
    ],
)
def test_a_subnet_that_is_done_busy_or_not_as_approved_is_not_written(found: Subnet, kind: type[Result]) -> None:
    network = FakeNetwork(subnets=[found])
    assert isinstance(associate_subnet(MOVE, network.writer, permit()), kind)
    assert network.writes == []


def test_a_precondition_holds_the_write_back() -> None:
    network, stop = FakeNetwork(), Stop(Text("nodes would be without egress"))
    assert associate_subnet(MOVE, network.writer, permit(precondition=lambda: stop)) is stop
    assert network.writes == []


def test_what_others_do_to_a_moved_subnet_is_noticed() -> None:
    changed = moved(properties={"addressPrefix": "10.224.0.0/16"})
    assert stop_if_changed(MOVE, FakeNetwork(subnets=[moved()]).writer) is None
    assert stop_if_changed(MOVE, FakeNetwork(subnets=[changed]).writer) is not None
    assert stop_if_reassociated([MOVE], FakeNetwork(subnets=[changed]).writer) is None, (
        "its other properties are others' business"
    )
    lost = stop_if_reassociated([MOVE, CREATE], FakeNetwork().writer)
    assert lost is not None
    assert "deployment pipeline" in lost.reason
    assert any("subnet update" in command for command in lost.commands)
