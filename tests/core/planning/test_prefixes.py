"""Public IP prefixes as egress: on a new gateway, on one of ours, the owner's own; and never more than 16 addresses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.chat.labels import describe_step
from shared.core.planning.planner import plan_attachment
from shared.core.planning.prefixes import length_within
from shared.model.check import CheckResult
from shared.model.network import NatGateway, NetworkFacts, Ours, PublicIp
from shared.model.plan import AddPublicIps, CreateNatGateway, CreatePublicIpPrefix, Plan, PlanKind
from shared.model.resource_id import ArmId
from shared.web.plan_view import plan_view
from tests.support.builders import (
    BASELINE,
    DEMAND,
    NETWORK,
    PLAN_OPTIONS,
    SYSTEM_SUBNET,
    USER_SUBNET,
    facts,
    nat_gateway,
    subnet,
)
from tests.support.every import every

TAGS = {"snatbot": "shop-prod"}
GIVEN_ID = ArmId(f"{NETWORK}/publicIPPrefixes/partners")
GIVEN = PublicIp(GIVEN_ID, "partners", "203.0.113.8/30", "Standard", "Succeeded", location="westeurope")


def address(number: int) -> PublicIp:
    name = f"pip-{number}"
    address = f"203.0.113.{number}"
    return PublicIp(ArmId(f"{NETWORK}/publicIPAddresses/{name}"), name, address, "Standard", "Succeeded", tags=TAGS)


def prefix(name: str, ip_range: str, **changed: Any) -> PublicIp:
    usual = PublicIp(ArmId(f"{NETWORK}/publicIPPrefixes/{name}"), name, ip_range, "Standard", "Succeeded", tags=TAGS)
    return replace(usual, **changed)


def ours(addresses: int = 0, *prefixes: PublicIp, free: tuple[PublicIp, ...] = ()) -> NetworkFacts:
    """Every subnet has a NAT gateway of ours with these."""
    singles = tuple(replace(address(number), attached_to_id=ArmId("/ng")) for number in range(addresses))
    gateway: NatGateway = nat_gateway(
        "ng-ours",
        public_ip_ids=tuple(one.id for one in singles),
        public_ip_prefix_ids=tuple(one.id for one in prefixes),
        subnet_ids=(USER_SUBNET, SYSTEM_SUBNET),
        tags=TAGS,
    )
    ips = (*singles, *(replace(one, attached_to_id=gateway.id) for one in prefixes), *free)
    return facts(
        nat_gateways=(gateway,),
        subnets=tuple(subnet(one, nat_gateway_id=gateway.id) for one in (USER_SUBNET, SYSTEM_SUBNET)),
        group_ips=ips,
        ours=Ours(frozenset({gateway.id, *(one.id for one in ips)})),
        taken_names=(gateway.name, *(one.name for one in ips)),
    )


def plan(of: NetworkFacts, ips: int, nat_ips: str = "prefix") -> Plan:
    wanted = replace(DEMAND, public_ip_count=ips)
    return plan_attachment(of, wanted, BASELINE, replace(PLAN_OPTIONS, nat_ips=nat_ips))


def added(found: Plan) -> AddPublicIps:
    step = found.steps[-1]
    assert isinstance(step, AddPublicIps)
    return step


# --- a gateway of ours gets a prefix ---


def test_a_new_prefix_is_created_and_attached_and_the_addresses_stay() -> None:
    found = plan(ours(1), 3)
    assert found.kind is PlanKind.ADD_PUBLIC_IPS
    create, add = found.steps
    assert isinstance(create, CreatePublicIpPrefix)
    assert isinstance(add, AddPublicIps)
    assert create.length == 31
    assert add.before_ids == add.after_ids == (address(0).id,)
    assert (add.before_prefix_ids, add.after_prefix_ids) == ((), (create.id,))
    assert found.nat_gateway_id == add.nat_gateway_id
    assert found.egress_count == 3
    assert "public IP prefix `ippre-" in describe_step(add)
    assert found.commands[-1].endswith(f"--public-ip-prefixes {create.id}")
    assert found.rollback_commands[0].endswith("--remove publicIpPrefixes")
    assert "--public-ip-addresses" not in found.commands[-1]


def test_the_plan_shows_what_partners_see_today_and_that_nothing_that_is_open_drops() -> None:
    found = plan(ours(1), 3)
    assert found.egress_now == ("203.0.113.0",), "the gateway's, not the load balancer's"
    (connections,) = [check for check in found.checks if check.name == "existing connections"]
    assert connections.result is CheckResult.PASS
    (lists,) = [check for check in found.checks if check.name == "allow lists"]
    assert "now 203.0.113.0)" in lists.message
    view = plan_view(found)
    assert view.enlarged.endswith("pip-0 → pip-0, ippre-snatbot-shop-prod-1")


def test_with_one_subnet_still_on_the_load_balancer_both_are_shown() -> None:
    known = ours(1)
    half = replace(known, subnets=(known.subnets[0], subnet(SYSTEM_SUBNET)))
    found = plan(half, 1)
    assert found.egress_now == ("203.0.113.0", "20.50.10.7")
    (connections,) = [check for check in found.checks if check.name == "existing connections"]
    assert connections.result is CheckResult.WARN


def test_a_given_prefix_is_attached_without_creating_anything() -> None:
    found = plan(replace(ours(1), given_prefix=GIVEN), 3, GIVEN_ID)
    assert [step.kind for step in found.steps] == ["add_public_ips"]
    assert added(found).after_prefix_ids == (GIVEN_ID,)
    assert found.egress_then == ("203.0.113.0", "203.0.113.8/30")
    assert found.egress_count == 5


def test_a_gateway_with_a_prefix_gets_single_addresses_beside_it() -> None:
    found = plan(ours(0, prefix("first", "203.0.113.16/31")), 4, "addresses")
    assert added(found).before_prefix_ids == added(found).after_prefix_ids
    assert len(added(found).after_ids) == 2
    assert "--public-ip-prefixes" not in found.commands[-1]
    assert found.rollback_commands[0].endswith("--remove publicIpAddresses")


def test_a_prefix_counts_as_many_addresses_as_it_holds() -> None:
    found = plan(ours(0, prefix("first", "203.0.113.16/30")), 4)
    assert [blocker.name for blocker in found.blockers] == ["work to do"]
    assert plan(ours(0, prefix("first", "203.0.113.16/30")), 5).egress_count == 6


def test_a_prefix_of_unknown_size_is_never_guessed_at() -> None:
    known = ours(0, prefix("first", "203.0.113.16/30"))
    found = plan(replace(known, group_ips=()), 5)
    assert not found.is_executable
    (blocker,) = found.blockers
    assert blocker.result is CheckResult.COULD_NOT_CHECK
    assert "Reader on resource group" in blocker.remedy


# --- never more than 16 ---


def test_reserved_addresses_beyond_sixteen_are_left_and_said() -> None:
    free = tuple(address(number) for number in range(100, 105))
    found = plan(ours(14, free=free), 15, "addresses")
    assert len(added(found).after_ids) == 16
    (check,) = [one for one in found.checks if one.name == "reserved public IPs"]
    assert check.result is CheckResult.WARN
    assert "3 reserved public IPs stay unused (203.0.113.102, 203.0.113.103 and 203.0.113.104)" in check.message


@pytest.mark.parametrize(("has", "wanted", "length"), [(8, 16, 29), (9, 16, 30), (13, 16, 31), (14, 15, 31)])
def test_a_new_prefix_is_no_larger_than_the_room_that_is_left(has: int, wanted: int, length: int) -> None:
    found = plan(ours(has), wanted)
    create = found.steps[0]
    assert isinstance(create, CreatePublicIpPrefix)
    assert create.length == length
    warned = [check for check in found.checks if check.name == "public IP prefix"]
    assert bool(warned) is (2 ** (32 - length) < wanted - has)


def test_with_room_for_one_address_no_prefix_fits() -> None:
    found = plan(ours(15), 16)
    assert not found.is_executable
    assert "room for 1" in found.blockers[0].message
    assert "NAT_IPS=addresses" in found.blockers[0].remedy


# --- the owner's own prefix ---


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"address": "203.0.113.0/24"}, "/28 to /31"),
        ({"address": "203.0.113.0/32"}, "/28 to /31"),
        ({"address": ""}, "without a range"),
        ({"address": "203.0.113.8/31"}, "holds 2 addresses; 3 are needed"),
        ({"location": "northeurope"}, "northeurope"),
        ({"sku": "StandardV2"}, "StandardV2"),
        ({"sku": "Basic"}, "Basic"),
        ({"provisioning_state": "Updating"}, "Updating"),
        ({"attached_to_id": ArmId(f"{NETWORK}/natGateways/another")}, "is used by another"),
        ({"taken_out_ids": (address(9).id,)}, "pip-9"),
        ({"id": ArmId(GIVEN_ID.replace("0000aa", "0000bb"))}, "0000bb"),
    ],
)
def test_a_prefix_that_a_nat_gateway_would_not_take_forbids_the_plan(changed: dict[str, Any], said: str) -> None:
    found = plan(facts(given_prefix=replace(GIVEN, **changed)), 3, GIVEN_ID)
    assert not found.is_executable
    assert any(said in blocker.message for blocker in found.blockers)
    assert found.blockers
    assert every("NAT_IPS" in blocker.remedy for blocker in found.blockers)


def test_a_prefix_that_fits_says_so_and_one_in_a_single_zone_is_warned_about() -> None:
    found = plan(facts(given_prefix=GIVEN), 3, GIVEN_ID)
    assert isinstance(found.steps[0], CreateNatGateway)
    assert [one.result for one in found.checks if one.name == "public IP prefix"] == [CheckResult.PASS]
    zonal = plan(facts(given_prefix=replace(GIVEN, zones=("2",))), 3, GIVEN_ID)
    assert zonal.is_executable
    assert [one.result for one in zonal.checks if one.name == "public IP prefix"] == [CheckResult.WARN]


def test_a_prefix_in_another_zone_than_our_gateway_is_refused() -> None:
    there = ours(1)
    zonal = replace(there.nat_gateways[0], zones=("1",))
    known = replace(there, nat_gateways=(zonal,), given_prefix=replace(GIVEN, zones=("2",)))
    assert "zone 2; the NAT gateway is in zone 1" in plan(known, 3, GIVEN_ID).blockers[0].message


def test_a_given_prefix_that_is_on_our_gateway_already_can_give_no_more() -> None:
    known = replace(ours(0, replace(GIVEN, tags=TAGS)), given_prefix=replace(GIVEN, attached_to_id=ArmId("/ng")))
    found = plan(known, 5, GIVEN_ID)
    assert "on the NAT gateway already" in found.blockers[0].message
    too_large = plan(replace(ours(14), given_prefix=GIVEN), 16, GIVEN_ID)
    assert "room for 2 more" in too_large.blockers[0].message


@pytest.mark.parametrize(("wanted", "length"), [(1, 31), (2, 31), (3, 30), (4, 30), (5, 29), (9, 28), (16, 28)])
def test_the_longest_prefix_that_holds_them(wanted: int, length: int) -> None:
    assert length_within(wanted, 16) == length
