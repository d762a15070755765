"""Reserve now, switch later: addresses are made and told before anything moves."""

from __future__ import annotations

import pytest

from shared.model.check import CheckResult
from shared.model.network import NetworkFacts, PublicIp
from shared.model.plan import PlanKind
from shared.model.resource_id import ArmId
from tests.support.builders import NETWORK, cluster, facts
from tests.support.planned import GATEWAY, RANGES, ip, plan, reserved


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
    assert "the result of this plan gives the command" in why.remedy
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
