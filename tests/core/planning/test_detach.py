"""The way back: only what the change attached, last subnet first, and never into having no egress."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from shared.core.planning.detach import plan_detachment, written_subnets
from shared.core.planning.planner import plan_attachment
from shared.model.change import JournalEntry, StepState
from shared.model.check import CheckResult
from shared.model.network import NetworkFacts, PublicIp, Subnet
from shared.model.plan import (
    AssociateSubnet,
    CreateNatGateway,
    CreatePublicIp,
    ObserveEgress,
    Plan,
    PlanKind,
)
from shared.model.resource_id import ArmId
from shared.model.text import Text
from shared.model.unreadable import Unreadable, UnreadableKind
from tests.support.builders import (
    BASELINE,
    DEMAND,
    NETWORK,
    PLAN_OPTIONS,
    SYSTEM_SUBNET,
    USER_SUBNET,
    at,
    facts,
    load_balancer,
    nat_gateway,
    node,
    subnet,
)
from tests.support.every import every

ATTACHED = plan_attachment(facts(), DEMAND, BASELINE, PLAN_OPTIONS)
GATEWAY = next(step.id for step in ATTACHED.steps if isinstance(step, CreateNatGateway))


def subnets(user: str | None = GATEWAY, system: str | None = GATEWAY) -> tuple[Subnet, ...]:
    return (subnet(USER_SUBNET, nat_gateway_id=user), subnet(SYSTEM_SUBNET, nat_gateway_id=system))


def detach(of: NetworkFacts, touched: tuple[ArmId, ...] = (USER_SUBNET, SYSTEM_SUBNET)) -> Plan:
    return plan_detachment(ATTACHED, of, "change-1", dict.fromkeys(touched))


def taken_off(plan: Plan) -> list[str]:
    return [step.subnet_id for step in plan.steps if isinstance(step, AssociateSubnet)]


def test_the_gateway_is_taken_off_the_last_subnet_first() -> None:
    plan = detach(facts(subnets=subnets()))
    assert plan.kind is PlanKind.DETACH_NAT_GATEWAY
    assert plan.is_executable
    assert taken_off(plan) == [SYSTEM_SUBNET, USER_SUBNET]
    assert {(step.before, step.after) for step in plan.steps if isinstance(step, AssociateSubnet)} == {(GATEWAY, None)}
    assert (plan.of_change_id, plan.egress_then) == ("change-1", ("20.50.10.7",))
    assert plan.commands
    assert every(command.endswith("--remove natGateway") for command in plan.commands)


def test_a_half_done_attachment_is_taken_back_as_far_as_it_went() -> None:
    assert taken_off(detach(facts(subnets=subnets(system=None)))) == [USER_SUBNET]
    assert taken_off(detach(facts(subnets=subnets()), (ArmId(USER_SUBNET.upper()),))) == [USER_SUBNET]


def entry(step: int, *, written: bool, before: Mapping[str, Any] | None = None) -> JournalEntry:
    return JournalEntry(step, StepState.DONE, at(step), at(step), before=before, may_be_written=written)


def test_only_what_the_journal_says_was_written_is_taken_back() -> None:
    first, second = [n for n, step in enumerate(ATTACHED.steps) if isinstance(step, AssociateSubnet)]
    journal = {first: entry(first, written=True), second: entry(second, written=False)}
    touched = written_subnets(ATTACHED, journal)
    assert touched == {USER_SUBNET: None}
    plan = plan_detachment(ATTACHED, facts(subnets=subnets()), "change-1", touched)
    assert taken_off(plan) == [USER_SUBNET]
    assert any("on other subnets too (`snet-system`), not from this change" in one.message for one in plan.warnings)


def test_a_subnet_gets_back_what_its_plan_saw_there_whatever_the_journal_says() -> None:
    (first, _) = [n for n, step in enumerate(ATTACHED.steps) if isinstance(step, AssociateSubnet)]
    other = nat_gateway().id
    journal = {first: entry(first, written=True, before={"natGateway": {"id": other}})}
    plan = plan_detachment(ATTACHED, facts(subnets=subnets()), "change-1", written_subnets(ATTACHED, journal))
    (move,) = [step for step in plan.steps if isinstance(step, AssociateSubnet)]
    assert (move.before, move.after) == (GATEWAY, None)


def test_each_subnet_is_watched_before_the_next_one() -> None:
    plan = detach(facts(subnets=subnets()))
    assert [step.kind for step in plan.steps] == ["associate_subnet", "observe_egress"] * 2
    assert [step.nat_gateway_id for step in plan.steps if isinstance(step, ObserveEgress)] == [None, None]


def test_another_gateway_is_left_where_it_is() -> None:
    other = nat_gateway().id
    plan = detach(facts(subnets=subnets(system=other)))
    assert taken_off(plan) == [USER_SUBNET]
    assert taken_off(detach(facts(subnets=subnets(GATEWAY.upper(), other)))) == [USER_SUBNET]


def test_nothing_to_take_back_is_blocked() -> None:
    plan = detach(facts(subnets=subnets(None, None)))
    assert not plan.is_executable
    assert "no subnet has this change's NAT gateway any more" in plan.blockers[0].message


@pytest.mark.parametrize("balancer", [None, load_balancer(outbound_rules=())])
def test_without_an_outbound_rule_the_nodes_would_lose_egress_and_it_is_blocked(balancer: Any) -> None:
    plan = detach(facts(subnets=subnets(), load_balancer=balancer))
    assert not plan.is_executable
    assert "-g rg-shop -n shop-prod --outbound-type loadBalancer" in plan.blockers[0].commands[0]


@pytest.mark.parametrize("nodes", [facts().nodes, ()])
def test_an_empty_outbound_pool_is_blocked_whether_or_not_nodes_could_be_read(nodes: Any) -> None:
    balancer = load_balancer(outbound_ip_configuration_ids=())
    plan = detach(facts(subnets=subnets(), load_balancer=balancer, nodes=nodes))
    assert not plan.is_executable


def test_a_node_outside_the_outbound_pool_would_lose_egress_and_it_is_blocked() -> None:
    plan = detach(facts(subnets=subnets(), nodes=(node(0), node(1), node(7))))
    (blocker,) = plan.blockers
    assert "not in the outbound rule's backend pool: aks-user-1-vmss000007" in blocker.message


def test_somebody_elses_machine_beside_the_nodes_is_no_reason_against_it() -> None:
    jump = replace(node(0), name="jump", pool="", interface_id=ArmId(f"{NETWORK}/networkInterfaces/jump"))
    assert detach(facts(subnets=subnets(), nodes=(node(0), node(1), jump))).is_executable


def test_a_node_in_a_subnet_that_keeps_its_egress_is_no_reason_against_it() -> None:
    there = facts(subnets=subnets(user=None), nodes=(node(7, USER_SUBNET), node(0, SYSTEM_SUBNET)))
    assert detach(there).is_executable


def test_nodes_that_could_not_be_read_are_not_taken_for_safe() -> None:
    plan = detach(facts(subnets=subnets(), nodes=(), unreadable=(Unreadable(UnreadableKind.NODES, "", Text("503")),)))
    assert [one.result for one in plan.blockers] == [CheckResult.COULD_NOT_CHECK]


def test_a_subnet_that_could_not_be_read_is_not_left_behind_in_silence() -> None:
    half_blind = facts(
        subnets=subnets()[:1], unreadable=(Unreadable(UnreadableKind.SUBNET, "snet-system", Text("subnets GET: 403")),)
    )
    plan = detach(half_blind)
    assert not plan.is_executable
    assert plan.blockers[0].result is CheckResult.COULD_NOT_CHECK
    assert "snet-system" in plan.blockers[0].message


def test_a_subnet_that_no_pool_is_in_any_more_is_named_and_the_others_are_taken_back() -> None:
    plan = detach(facts(subnets=subnets()[:1]))
    assert plan.is_executable
    assert taken_off(plan) == [USER_SUBNET]
    assert any("snet-system" in check.message for check in plan.warnings)


def test_the_digest_covers_the_subnet_as_it_is_now() -> None:
    before = detach(facts(subnets=subnets()))
    changed = tuple(replace(one, properties={"addressPrefix": "10.1.0.0/16"}) for one in subnets())
    assert detach(facts(subnets=changed)).digest != before.digest
    assert detach(facts(subnets=subnets())).digest == before.digest != ATTACHED.digest


def test_a_load_balancer_that_could_not_be_read_is_not_called_missing() -> None:
    plan = detach(
        facts(
            subnets=subnets(),
            load_balancer=None,
            unreadable=(Unreadable(UnreadableKind.LOAD_BALANCER, "", Text("503")),),
        )
    )
    (blocker,) = plan.blockers
    assert blocker.result is CheckResult.COULD_NOT_CHECK
    assert "503" in blocker.message


def test_egress_ips_are_those_of_now_read_anew() -> None:
    """Addresses that were names when the gateway was planned, and a load balancer that has others since."""
    known = tuple(
        PublicIp(step.id, f"pip-{number}", f"203.0.113.{number}", "Standard", "Succeeded")
        for number, step in enumerate(ATTACHED.steps)
        if isinstance(step, CreatePublicIp)
    )
    gateway = nat_gateway("ng", id=GATEWAY, public_ip_ids=tuple(ip.id for ip in known))
    balancer_ip = replace(facts().outbound_ips[0], address="20.50.10.99")
    of = facts(subnets=subnets(), nat_gateways=(gateway,), group_ips=known, outbound_ips=(balancer_ip,))
    plan = detach(of)
    assert plan.egress_now == ("203.0.113.0", "203.0.113.1")
    assert plan.egress_then == ("20.50.10.99",)
    assert detach(replace(of, nat_gateways=())).egress_now == ATTACHED.egress_then, "as far as is known"
