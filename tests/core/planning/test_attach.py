"""Attaching where a NAT gateway or a prefix is there: the bot's own gateway is used again, and no other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.model.network import NetworkFacts, Ours, PublicIp
from shared.model.plan import AddPublicIps, CreateNatGateway, CreatePublicIp, PlanKind
from shared.model.resource_id import ArmId
from tests.support.builders import NETWORK, SYSTEM_SUBNET, USER_SUBNET, facts, subnet
from tests.support.planned import GATEWAY, ip, ours, plan

TAKEN = (GATEWAY.name, ip(1).name, ip(2).name)


def with_gateway(**changed: Any) -> NetworkFacts:
    usual = facts(
        nat_gateways=(GATEWAY,), group_ips=(ip(1), ip(2)), ours=ours(GATEWAY.id, ip(1).id, ip(2).id), taken_names=TAKEN
    )
    return replace(usual, **changed)


def everywhere() -> NetworkFacts:
    subnets = (subnet(USER_SUBNET, nat_gateway_id=GATEWAY.id), subnet(SYSTEM_SUBNET, nat_gateway_id=GATEWAY.id))
    used = replace(GATEWAY, subnet_ids=(USER_SUBNET, SYSTEM_SUBNET))
    return with_gateway(subnets=subnets, nat_gateways=(used,))


def test_more_ips_are_added_to_it_and_nothing_moves() -> None:
    found = plan(everywhere(), ips=4)
    assert found.kind is PlanKind.ADD_PUBLIC_IPS
    assert [step.kind for step in found.steps] == ["create_public_ip", "create_public_ip", "add_public_ips"]
    added = found.steps[-1]
    assert isinstance(added, AddPublicIps)
    assert added.before_ids == GATEWAY.public_ip_ids
    assert added.after_ids[:2] == GATEWAY.public_ip_ids
    assert len(added.after_ids) == 4
    assert found.egress_then[:2] == ("203.0.113.1", "203.0.113.2")


def test_enough_ips_is_an_answer_too() -> None:
    found = plan(everywhere(), ips=2)
    assert not found.is_executable
    assert [blocker.name for blocker in found.blockers] == ["work to do"]


def test_a_gateway_that_a_roll_back_left_is_taken_again() -> None:
    found = plan(with_gateway(), ips=2)
    assert found.kind is PlanKind.ATTACH_NAT_GATEWAY
    assert not any(isinstance(step, CreateNatGateway | CreatePublicIp) for step in found.steps)
    assert found.nat_gateway_id == GATEWAY.id


def test_a_subnet_that_came_later_gets_the_gateway_of_the_others() -> None:
    subnets = (subnet(USER_SUBNET, nat_gateway_id=GATEWAY.id), subnet(SYSTEM_SUBNET))
    used = replace(GATEWAY, subnet_ids=(USER_SUBNET,))
    found = plan(with_gateway(subnets=subnets, nat_gateways=(used,)), ips=2)
    assert [step.subnet_id for step in found.steps if step.kind == "associate_subnet"] == [SYSTEM_SUBNET]


@pytest.mark.parametrize("changed", [{"ours": Ours()}, {"nat_gateways": (replace(GATEWAY, tags={}),)}])
def test_tag_and_records_must_both_say_ours(changed: dict[str, Any]) -> None:
    found = plan(with_gateway(**changed))
    assert found.nat_gateway_id != GATEWAY.id


def test_a_given_prefix_must_be_large_enough_and_free() -> None:
    given_id = f"{NETWORK}/publicIPPrefixes/ours"
    prefix = PublicIp(ArmId(given_id), "ours", "203.0.113.8/30", "Standard", "Succeeded")
    found = plan(facts(given_prefix=prefix), ips=4, nat_ips=given_id)
    gateway = next(step for step in found.steps if isinstance(step, CreateNatGateway))
    assert (gateway.public_ip_prefix_ids, gateway.public_ip_ids) == ((given_id,), ())
    assert found.egress_then == ("203.0.113.8/30",)
    assert plan(facts(given_prefix=prefix), ips=5, nat_ips=given_id).blockers[0].name == "public IP prefix"
    used = replace(prefix, attached_to_id=GATEWAY.id)
    assert plan(facts(given_prefix=used), ips=2, nat_ips=given_id).blockers[0].name == "public IP prefix"
    assert not plan(facts(), nat_ips=given_id).is_executable
