"""Each strategy besides attaching: reserve, add, take what is there, delete; and what it costs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.planning import sizing
from shared.core.planning.cost import monthly_cost
from shared.core.planning.delete import check_steps, plan_deletion
from shared.core.planning.planner import plan_attachment
from shared.core.planning.prefixes import length_within
from shared.core.planning.request import PlanRequest
from shared.model.access import Access, Lock
from shared.model.check import CheckResult
from shared.model.network import NetworkFacts, Ours, PublicIp
from shared.model.plan import (
    AddPublicIps,
    CreateNatGateway,
    CreatePublicIp,
    DeleteCreated,
    Plan,
    PlanKind,
)
from shared.model.resource_id import ArmId
from tests.support.builders import (
    BASELINE,
    DEMAND,
    NETWORK,
    PLAN_OPTIONS,
    SYSTEM_SUBNET,
    USER_SUBNET,
    cluster,
    facts,
    nat_gateway,
    subnet,
)

TAGS = {"snatbot": "shop-prod"}
RANGES = cluster(authorized_ip_ranges=("192.0.2.0/24",))


def ip(number: int, **changed: Any) -> PublicIp:
    name = f"pip-snatbot-shop-prod-{number}"
    usual = PublicIp(
        ArmId(f"{NETWORK}/publicIPAddresses/{name}"), name, f"203.0.113.{number}", "Standard", "Succeeded", tags=TAGS
    )
    return replace(usual, **changed)


def ours(*ids: str) -> Ours:
    return Ours(frozenset(ArmId(one.lower()) for one in ids))


GATEWAY = nat_gateway(
    "ng-snatbot-shop-prod-1",
    public_ip_ids=(ip(1).id, ip(2).id),
    tags=TAGS,
    subnet_ids=(),
    properties={"idleTimeoutInMinutes": 30, "publicIpAddresses": [{"id": ip(1).id}, {"id": ip(2).id}]},
)


def plan(of: NetworkFacts, ips: int = 2, **changed: Any) -> Plan:
    request = PlanRequest(changed.pop("kind", None))
    wanted = replace(DEMAND, public_ip_count=ips)
    return plan_attachment(of, wanted, BASELINE, replace(PLAN_OPTIONS, **changed), request)


def reserved(*ips: PublicIp, of: Any = None, **changed: Any) -> NetworkFacts:
    known = ours(*(one.id for one in ips))
    return facts(of, group_ips=ips, ours=known, taken_names=tuple(one.name for one in ips), **changed)


# --- reserve now, switch later ---


def test_authorized_ranges_alone_make_reserving_the_plan() -> None:
    found = plan(facts(RANGES))
    assert found.kind is PlanKind.RESERVE_PUBLIC_IPS
    assert found.is_executable
    assert [step.kind for step in found.steps] == ["create_public_ip"] * 2
    assert found.egress_then == found.egress_now, "nothing moves"


def test_a_reservation_says_why_it_is_not_the_switch_and_what_comes_next() -> None:
    (why,) = [check for check in plan(facts(RANGES)).checks if check.name == "API server access"]
    assert why.result is CheckResult.WARN
    assert "why this is not the switch yet" in why.message
    assert "the result of this plan names them" in why.remedy
    assert why.commands == (), "no address is known yet"

    partly = plan(reserved(ip(1), of=RANGES))
    assert partly.kind is PlanKind.RESERVE_PUBLIC_IPS
    (why,) = [check for check in partly.checks if check.name == "API server access"]
    (command,) = why.commands
    assert command.endswith("--api-server-authorized-ip-ranges 192.0.2.0/24,203.0.113.1/32")

    wished = plan(facts(), kind=PlanKind.RESERVE_PUBLIC_IPS)
    assert "API server access" not in {check.name for check in wished.checks}, "nothing forbids the switch"


def test_a_given_prefix_is_held_against_the_api_servers_list_too() -> None:
    given_id = f"{NETWORK}/publicIPPrefixes/partners"
    prefix = PublicIp(ArmId(given_id), "partners", "203.0.113.8/30", "Standard", "Succeeded")
    missing = plan(facts(RANGES, given_prefix=prefix), nat_ips=given_id)
    assert "lack 203.0.113.8/30" in missing.blockers[0].message
    listed = cluster(authorized_ip_ranges=("203.0.113.0/24",))
    assert plan(facts(listed, given_prefix=prefix), nat_ips=given_id).is_executable


def test_anything_else_in_the_way_reserves_nothing() -> None:
    stopped = cluster(authorized_ip_ranges=("192.0.2.0/24",), power_state="Stopped")
    assert plan(facts(stopped)).kind is PlanKind.ADVICE


def test_somebody_may_ask_to_reserve_for_partners_lists() -> None:
    assert plan(facts(), kind=PlanKind.RESERVE_PUBLIC_IPS).kind is PlanKind.RESERVE_PUBLIC_IPS
    assert plan(reserved(ip(1), ip(2)), kind=PlanKind.RESERVE_PUBLIC_IPS).kind is PlanKind.ATTACH_NAT_GATEWAY, (
        "they are there"
    )


def test_reserved_addresses_are_used_all_of_them_and_shown() -> None:
    found = plan(reserved(ip(1), ip(2), ip(3)))
    assert found.kind is PlanKind.ATTACH_NAT_GATEWAY
    assert found.egress_then == ("203.0.113.1", "203.0.113.2", "203.0.113.3")
    assert plan(reserved(ip(1))).egress_then == ("203.0.113.1", "pip-snatbot-shop-prod-2")


@pytest.mark.parametrize(
    "foreign",
    [
        facts(group_ips=(ip(1),)),
        reserved(ip(1, tags={})),
        reserved(ip(1, tags={"snatbot": "another"})),
        reserved(ip(1, attached_to_id=GATEWAY.id)),
    ],
    ids=["not in our records", "no tag", "another cluster's tag", "in use"],
)
def test_an_address_that_is_not_ours_and_free_is_never_used(foreign: NetworkFacts) -> None:
    assert "203.0.113.1" not in plan(foreign).egress_then


def test_with_all_addresses_listed_the_switch_is_open_and_otherwise_the_merged_list_is_given() -> None:
    both = reserved(ip(1), ip(2), of=RANGES)
    found = plan(both)
    assert found.kind is PlanKind.ADVICE
    (command,) = found.commands
    assert command.endswith("--api-server-authorized-ip-ranges 192.0.2.0/24,203.0.113.1/32,203.0.113.2/32")
    listed = cluster(authorized_ip_ranges=("192.0.2.0/24", "203.0.113.0/30"))
    assert plan(reserved(ip(1), ip(2), of=listed)).kind is PlanKind.ATTACH_NAT_GATEWAY


# --- a gateway of ours ---


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


# --- prefixes ---


@pytest.mark.parametrize(("wanted", "length"), [(1, 31), (2, 31), (3, 30), (4, 30), (5, 29), (9, 28), (16, 28)])
def test_the_longest_prefix_that_holds_them(wanted: int, length: int) -> None:
    assert length_within(wanted, 16) == length


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


# --- deletion ---

MADE = plan(facts())


def left(**changed: Any) -> NetworkFacts:
    made = [step for step in MADE.steps if isinstance(step, CreatePublicIp)]
    gateway_id = MADE.nat_gateway_id or ""
    gateway = nat_gateway("ng-snatbot-shop-prod-1", id=gateway_id, subnet_ids=(), tags=TAGS, public_ip_ids=())
    ips = tuple(ip(number, id=step.id, attached_to_id=gateway_id) for number, step in enumerate(made, 1))
    known = ours(gateway_id, *(one.id for one in ips))
    return facts(**{"nat_gateways": (gateway,), "group_ips": ips, "ours": known, **changed})


def test_deletion_names_each_address_that_is_lost_and_takes_the_gateway_first() -> None:
    found = plan_deletion(MADE, left(), "change-1")
    assert found.is_executable
    assert [step.kind for step in found.steps] == ["delete_created"] * 3
    first = found.steps[0]
    assert isinstance(first, DeleteCreated)
    assert first.id == MADE.nat_gateway_id
    assert "203.0.113.1" in found.summary
    assert "203.0.113.2" in found.summary
    assert found.of_change_id == "change-1"
    assert found.commands
    assert all(" delete " in command for command in found.commands)
    assert not any(check.is_blocking for check in check_steps(found, left()))


@pytest.mark.parametrize(
    ("changed", "check"),
    [
        ({"nat_gateways": (), "group_ips": ()}, "resources"),
        ({"nat_gateways": (replace(left().nat_gateways[0], subnet_ids=(USER_SUBNET,)),)}, "use"),
        ({"group_ips": (replace(left().group_ips[0], attached_to_id=ArmId("/somebody")),)}, "use"),
        ({"group_ips": (replace(left().group_ips[0], tags={}),)}, "ownership"),
        ({"ours": Ours()}, "ownership"),
        (
            {"access": Access(locks=(Lock("keep", "CanNotDelete", ArmId(NETWORK.partition("/providers/")[0])),))},
            "locks",
        ),
    ],
)
def test_what_is_used_foreign_or_locked_is_not_deleted(changed: dict[str, Any], check: str) -> None:
    found = plan_deletion(MADE, left(**changed), "change-1")
    assert not found.is_executable
    assert check in {blocker.name for blocker in found.blockers}


# --- cost, sizing of a gateway ---


def test_cost_is_the_owners_prices_or_unknown() -> None:
    new = MADE.create_steps
    assert monthly_cost(new, {}).per_month is None
    assert monthly_cost(new, {"gateway_hour": "cheap", "ip_hour": "0"}).per_month is None
    bare = {"gateway_hour": "0.045", "ip_hour": "0.005", "currency": "USD"}
    assert monthly_cost(new, bare).per_month is None, "whose, and of when?"
    prices = {"gateway_hour": "0.045", "ip_hour": "0.005", "currency": "USD", "source": "list", "as_of": "2026-11-01"}
    found = monthly_cost(new, prices)
    assert found.per_month == pytest.approx(730 * (0.045 + 2 * 0.005), abs=0.01)
    assert (found.currency, found.source, found.as_of) == ("USD", "list", "2026-11-01")


@given(st.integers(1, 16), st.floats(0, 2_000_000), st.integers(0, 10_000), st.integers(0, 100_000))
def test_a_gateway_never_gets_fewer_ips_and_more_when_it_fails(have: int, peak: float, failed: int, more: int) -> None:
    found = sizing.size_gateway(sizing.GatewayInputs(peak, failed, failed + more, have))
    assert found.public_ip_count >= have
    if failed:
        assert found.public_ip_count > have
        assert found.no_need == ""


def test_calm_measured_ports_say_that_the_trouble_is_not_snat() -> None:
    use = (sizing.PortUse("10.0.0.4", 100, 0, 1024),)
    calm = sizing.size(sizing.DemandInputs(use, 0, 500, 1, 1))
    assert "no SNAT connection failed among 500" in calm.no_need
    for other in (
        sizing.DemandInputs(use, 1, 500, 1, 1),
        sizing.DemandInputs(None, 0, 500, 1, 1),
        sizing.DemandInputs((sizing.PortUse("10.0.0.4", 800, 0, 1024),), 0, 500, 1, 1),
        sizing.DemandInputs(use, 0, 500, 2, 2),
    ):
        assert sizing.size(other).no_need == ""
