"""Answers that are no change of snatbot's: each a plan of its own kind, reachable by request, and never approved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from shared.clock import Instant
from shared.core.planning.request import INCIDENT_TAG, REQUEST_TAG, PlanRequest
from shared.errors import Refused
from shared.model.change import ChangeState
from shared.model.incident import IncidentState
from shared.model.plan import Plan, PlanKind
from tests.support.theatre import Theatre, playing

FILLS = Path(__file__).parent / "scenarios" / "gateway-fills.yaml"
PASSES = Path(__file__).parent / "scenarios" / "passing-trouble.yaml"


def answer(theatre: Theatre, cluster: str, kind: PlanKind | None = None) -> Plan:
    cluster_id = theatre.app.discovery.cluster(cluster).id
    return theatre.app.planner.plan_cluster(cluster_id, theatre.clock.now(), PlanRequest(kind))


def test_ports_that_are_not_short_are_an_answer(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measured: slow calls hold two thirds of the ports, none fails. A kind can be asked for all the same."""
    with playing("not-snat", storage, monkeypatch) as theatre:
        plan = answer(theatre, "sluggish")
        assert (plan.kind, plan.steps, plan.commands) == (PlanKind.NOT_SNAT, (), ())
        assert "no SNAT connection failed among" in plan.summary
        assert any("targets" in note for note in plan.notes)
        assert answer(theatre, "sluggish", PlanKind.MANAGED_NAT_GATEWAY).commands != ()


def test_what_was_not_measured_is_never_called_not_snat(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with playing("metrics-forbidden", storage, monkeypatch) as theatre:
        plan = answer(theatre, "closed")
        assert plan.kind is not PlanKind.NOT_SNAT
        assert plan.demand is not None
        assert plan.demand.missing


def test_relief_stands_beside_the_gateway_and_alignment_is_left_when_it_is_proven(theatre: Theatre) -> None:
    change = theatre.approved()
    relief, alignment = change.plan.related
    assert (relief.kind, alignment.kind) == (PlanKind.RELIEVE_LOAD_BALANCER, PlanKind.ALIGN_OUTBOUND_TYPE)
    full = answer(theatre, "shop-prod", PlanKind.RELIEVE_LOAD_BALANCER)
    assert (
        full.commands[0].split("--load-balancer-outbound-ports")[0]
        == relief.commands[0].split("--load-balancer-outbound-ports")[0]
    )
    assert not full.is_executable
    too_early = answer(theatre, "shop-prod", PlanKind.ALIGN_OUTBOUND_TYPE)
    assert too_early.commands == ()
    assert [check.name for check in too_early.blockers] == ["NAT gateway"]

    fixed = theatre.run_on(change)
    assert fixed.state is ChangeState.FIXED
    aligned = answer(theatre, "shop-prod", PlanKind.ALIGN_OUTBOUND_TYPE)
    assert aligned.commands == alignment.commands
    assert aligned.blockers == ()
    assert any("userAssignedNATGateway" in str(one["body"]) for one in theatre.simulator.messages())
    # The load balancer carries nothing any more: relief is for nobody now.
    assert answer(theatre, "shop-prod", PlanKind.RELIEVE_LOAD_BALANCER).commands == ()


def test_advice_is_neither_approved_nor_applied_whoever_put_it_there(theatre: Theatre) -> None:
    change = theatre.proposed()
    advice = answer(theatre, "shop-prod", PlanKind.RELIEVE_LOAD_BALANCER)
    theatre.tamper(change, plan=advice)
    with pytest.raises(Refused, match="nothing to approve"):
        theatre.decide(theatre.change(change.id), "approve")

    theatre.tamper(change, plan=change.plan)
    approved = theatre.decide(theatre.change(change.id), "approve")
    theatre.tamper(approved, plan=replace(approved.plan, kind=advice.kind, steps=()))
    ended = theatre.run_on(approved)
    assert ended.state is ChangeState.FAILED
    assert theatre.writes() == []


def test_what_is_created_is_tagged_with_product_incident_and_request(theatre: Theatre) -> None:
    theatre._settings["RESOURCE_TAGS"] = "team=network"
    theatre.new_app()
    change = theatre.run_on(theatre.approved())
    expected = {
        "team": "network",
        "snatbot": "shop-prod",
        INCIDENT_TAG: change.incident_id,
        REQUEST_TAG: change.id,
    }
    made = [*theatre.resources("natGateways"), *theatre.resources("publicIPAddresses")]
    assert [one["tags"] for one in made] == [expected] * 3


def test_trouble_that_passes_withdraws_its_proposal_and_a_wish_goes_before_not_snat(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with playing(PASSES, storage, monkeypatch) as theatre:
        proposed = theatre.proposed()
        theatre.tick(45)
        (incident,) = theatre.app.records.incidents(theatre.partition)
        assert incident.state is IncidentState.CLEARED
        ended = theatre.change(proposed.id)
        assert (ended.state, ended.due_at) == (ChangeState.SUPERSEDED, None)
        assert ended.stop_reason.startswith("withdrawn: the incident that it was for is over")
        with pytest.raises(Refused):
            theatre.decide(ended, "approve")
        assert any("withdrawn" in str(one["body"]) for one in theatre.simulator.messages())

        theatre.clock.advance(3600)
        at = Instant.of(theatre.clock)
        assert answer(theatre, "tickets").kind is PlanKind.NOT_SNAT
        with pytest.raises(Refused, match="ahead of need"):
            theatre.app.propose.propose(proposed.cluster_id, at, "Ada")
        kind = PlanKind.ATTACH_NAT_GATEWAY
        wished = theatre.app.propose.propose(proposed.cluster_id, at, "Ada", kind=kind)
        assert wished.plan.is_executable
        assert wished.plan.is_requested
        assert any("planned ahead of need" in check.message for check in wished.plan.warnings)
        theatre.tick(3)
        assert theatre.change(wished.id).state is ChangeState.PROPOSED, "it was asked for without any incident"


def test_a_gateway_that_fills_to_70_percent_is_offered_more_public_ips(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the first failure to the third public IP, with every threshold as it is delivered."""
    with playing(FILLS, storage, monkeypatch) as theatre:
        first = theatre.run_on(theatre.approved())
        assert first.state is ChangeState.FIXED
        (before,) = theatre.resources("natGateways")
        assert len(before["properties"]["publicIpAddresses"]) == 2

        for _ in range(150):
            theatre.tick()
            if len(theatre.changes()) > 1:
                break
        more = theatre.changes()[-1]
        assert (more.state, more.plan.kind) == (ChangeState.PROPOSED, PlanKind.ADD_PUBLIC_IPS)
        assert more.plan.demand is not None
        assert any("of the capacity is reached" in line for line in more.plan.demand.arithmetic)
        assert more.incident_id not in (None, first.incident_id)

        theatre.decide(more, "approve")
        more = theatre.run_on(more)
        assert more.state is ChangeState.FIXED
        (after,) = theatre.resources("natGateways")
        assert len(after["properties"]["publicIpAddresses"]) > 2
        kept = {name: value for name, value in before["properties"].items() if name != "publicIpAddresses"}
        assert {name: value for name, value in after["properties"].items() if name != "publicIpAddresses"} == kept
        states = [incident.state for incident in theatre.app.records.incidents(theatre.partition)]
        assert states == [IncidentState.CLEARED] * 2
