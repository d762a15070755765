"""What becomes of a change that stopped: resumed, taken back, given up, overtaken. Nothing is written on old facts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.clock import Instant
from shared.errors import Refused
from shared.model.change import Change, ChangeState
from shared.model.plan import AssociateSubnet, PlanKind
from shared.model.resource_id import ArmId
from tests.support.killing import Killed, killing
from tests.support.theatre import WRITER, Theatre, authorize

S = ChangeState
NO_RULE: dict[str, Any] = {"outbound_type": {"cluster": "shop-prod", "to": "userAssignedNATGateway"}}


def refuse(theatre: Theatre, path: str) -> None:
    """Azure refuses these writes until the faults are cleared."""
    body = {"error": {"code": "RequestDisallowedByPolicy", "message": "Resource was disallowed by policy."}}
    then = {"status": 403, "body": body}
    theatre.simulator.add_fault({"match": {"method": "PUT", "path": path}, "times": 10_000, "then": then})


def stopped_at(theatre: Theatre, path: str) -> Change:
    change = theatre.approved()
    refuse(theatre, path)
    change = theatre.run_on(change)
    assert change.state is S.STOPPED
    theatre.simulator.clear_faults()
    return change


def asked(theatre: Theatre, kind: str, change: Change) -> Change:
    at = Instant.of(theatre.clock)
    ask = theatre.app.propose.propose_rollback if kind == "rollback" else theatre.app.propose.propose_deletion
    return ask(change, at, "Ada")


def attached(theatre: Theatre) -> list[str]:
    return sorted(name for name, one in theatre.subnets().items() if one["nat_gateway"])


def offered(theatre: Theatre) -> list[PlanKind]:
    return [change.plan.kind for change in theatre.changes() if change.state is S.PROPOSED]


def test_a_world_that_changed_while_it_was_stopped_is_asked_about_again(theatre: Theatre) -> None:
    stopped = stopped_at(theatre, "subnets/aks-system")
    authorize(theatre, stopped.cluster_id, ["203.0.113.7/32"])

    theatre.decide(stopped, "resume")
    ended = theatre.run_on(stopped)

    assert ended.state is S.FAILED
    assert ended.outcome is not None
    assert "the world changed since it stopped" in ended.outcome.reason
    assert attached(theatre) == ["aks-user"], "the system subnet was not moved"
    assert theatre.app.decide.actions.of(ended, theatre.clock.now()) == ("roll_back", "delete")


def test_an_approval_that_is_too_old_to_resume_on_becomes_a_new_question(theatre: Theatre) -> None:
    stopped = stopped_at(theatre, "subnets/aks-system")
    theatre.clock.advance(timedelta(days=7).total_seconds())

    theatre.decide(stopped, "resume")
    ended = theatre.run_on(stopped)

    assert ended.state is S.FAILED
    assert "nothing may be written under it since" in str(ended.outcome)
    assert attached(theatre) == ["aks-user"]
    assert offered(theatre) == [PlanKind.ATTACH_NAT_GATEWAY]


def test_a_way_back_is_not_resumed_into_having_no_egress(theatre: Theatre) -> None:
    back = asked(theatre, "rollback", theatre.run_on(theatre.approved()))
    theatre.decide(back, "approve")
    refuse(theatre, "subnets/aks-user")
    back = theatre.run_on(back)
    assert (back.state, attached(theatre)) == (S.STOPPED, ["aks-user"])
    theatre.simulator.clear_faults()
    theatre.simulator.add_event(NO_RULE)
    theatre.clock.advance(600)

    theatre.decide(back, "resume")
    back = theatre.run_on(back)

    assert back.state is S.STOPPED
    assert "no outbound rule" in back.stop_reason
    assert attached(theatre) == ["aks-user"]


def test_the_outbound_rule_is_looked_for_before_each_subnet(theatre: Theatre) -> None:
    back = asked(theatre, "rollback", theatre.run_on(theatre.approved()))
    theatre.decide(back, "approve")
    while theatre.change(back.id).step == 0:
        theatre.tick()
    theatre.simulator.add_event(NO_RULE)
    theatre.clock.advance(60)

    back = theatre.run_on(back)

    assert back.state is S.STOPPED
    assert attached(theatre) == ["aks-user"]


def test_a_way_back_says_what_was_measured_after_each_subnet(theatre: Theatre) -> None:
    back = asked(theatre, "rollback", theatre.run_on(theatre.approved()))
    back = theatre.run_on(theatre.decide(back, "approve"))

    assert back.state is S.ROLLED_BACK
    assert back.outcome is not None
    (system, user) = [one for one in back.outcome.figures if one.startswith("`aks-")]
    assert system.startswith("`aks-system`: ")
    assert "leave through the load balancer" in user


def test_what_never_reached_a_subnet_can_be_given_up_and_deleted(theatre: Theatre) -> None:
    stopped = stopped_at(theatre, "subnets/aks-user")
    assert theatre.app.decide.actions.of(stopped, theatre.clock.now()) == ("resume", "give_up")

    ended = theatre.decide(stopped, "give_up")
    theatre.work()

    assert ended.state is S.FAILED
    assert "given up" in theatre.slack_texts()[-1]
    ours = theatre.app.planner._ownership.read(f"{stopped.cluster_id}-other", stopped.plan.vnet_id)
    assert [one for one in ours.other_changes if not one.is_proposal] == [], "nobody on the network waits for it"
    assert theatre.app.decide.actions.of(ended, theatre.clock.now()) == ("delete",)
    deletion = asked(theatre, "deletion", ended)
    assert theatre.run_on(theatre.decide(deletion, "approve")).state is S.DONE
    assert theatre.resources("natGateways") == theatre.resources("publicIPAddresses") == []


def test_a_reservation_that_stopped_can_be_given_up_and_deleted(theatre: Theatre) -> None:
    cluster = theatre.app.discovery.cluster("shop-prod")
    at = Instant.of(theatre.clock)
    asked_for = theatre.app.propose.propose(cluster.id, at, "Ada", kind=PlanKind.RESERVE_PUBLIC_IPS)
    refuse(theatre, "shop-prod-2")
    theatre.decide(asked_for, "approve")
    stopped = theatre.run_on(asked_for)
    assert stopped.state is S.STOPPED
    theatre.simulator.clear_faults()

    ended = theatre.decide(stopped, "give_up")

    deletion = asked(theatre, "deletion", ended)
    assert theatre.run_on(theatre.decide(deletion, "approve")).state is S.DONE
    assert theatre.resources("publicIPAddresses") == []


def test_a_later_change_ends_the_one_that_stopped_and_its_roll_back_leaves_nothing_behind(theatre: Theatre) -> None:
    """The second change uses the gateway that the first one made: it is deleted with the second."""
    first = stopped_at(theatre, "subnets/aks-user")
    second = theatre.app.propose.propose(first.cluster_id, Instant.of(theatre.clock), "Ada")
    assert "associate the present NAT gateway" in second.plan.summary

    second = theatre.run_on(theatre.decide(second, "approve"))

    assert (second.state, theatre.change(first.id).state) == (S.FIXED, S.SUPERSEDED)
    back = asked(theatre, "rollback", second)
    back = theatre.run_on(theatre.decide(back, "approve"))
    assert back.state is S.ROLLED_BACK
    with pytest.raises(Refused):
        theatre.decide(theatre.change(first.id), "resume")
    assert attached(theatre) == []
    deletion = asked(theatre, "deletion", second)
    assert theatre.run_on(theatre.decide(deletion, "approve")).state is S.DONE
    assert theatre.resources("natGateways") == theatre.resources("publicIPAddresses") == []


def test_a_worker_that_died_after_a_write_is_taken_back_all_the_same(theatre: Theatre) -> None:
    """The journal knows of a write before Azure does."""
    change = theatre.approved()
    network = theatre.app.network_of(theatre.app.discovery.cluster(change.cluster_id).subscription)
    network.put_subnet = killing(network.put_subnet, 1, "after")  # type: ignore[method-assign]
    with pytest.raises(Killed):
        theatre.run_on(change)
    theatre.clock.advance(60)
    assert attached(theatre) == ["aks-user"]

    theatre.tamper(theatre.change(change.id), state=S.STOPPED, due_at=None)
    back = asked(theatre, "rollback", theatre.change(change.id))

    moves = [step for step in back.plan.steps if isinstance(step, AssociateSubnet)]
    assert [ArmId.parse(step.subnet_id).name for step in moves] == ["aks-user"]


def test_what_somebody_else_attached_is_not_taken_back(theatre: Theatre) -> None:
    stopped = stopped_at(theatre, "subnets/aks-system")
    (_, second) = [step for step in stopped.plan.steps if isinstance(step, AssociateSubnet)]
    attach_by_hand(theatre, second.subnet_id, second.after or "")

    back = asked(theatre, "rollback", stopped)

    moves = [step for step in back.plan.steps if isinstance(step, AssociateSubnet)]
    assert [ArmId.parse(step.subnet_id).name for step in moves] == ["aks-user"]
    assert any("on other subnets too (`aks-system`)" in check.message for check in back.plan.warnings)


def attach_by_hand(theatre: Theatre, subnet_id: str, nat_gateway_id: str) -> None:
    from azure.core.rest import HttpRequest

    arm = theatre.app.writer_arm
    assert arm is not None
    body = arm.get(subnet_id, "2024-05-01")
    body["properties"]["natGateway"] = {"id": nat_gateway_id}
    url = f"{arm.base_url}{subnet_id}?api-version=2024-05-01"
    assert arm._client.send_request(HttpRequest("PUT", url, json=body)).status_code in (200, 201)
    theatre.clock.advance(60)


def test_an_approval_during_an_upgrade_waits_for_it_and_says_so_once(theatre: Theatre) -> None:
    change = theatre.proposed()
    theatre.simulator.add_event({"upgrade": {"cluster": "shop-prod", "minutes": 30}})
    theatre.clock.advance(30)
    theatre.decide(change, "approve")

    assert theatre.run_on(change).state is S.FIXED

    assert len(theatre.changes()) == 1
    waits = [text for text in theatre.slack_texts() if "waits" in text]
    assert len(waits) == 1
    assert "Upgrading" in waits[0]
    assert len(theatre.writes(WRITER)) == 5
