"""Clusters whose nodes are in no scale set, and whose subnets no node pool names, are cured all the same."""

from __future__ import annotations

from typing import Any

import pytest

from shared.clock import Instant
from shared.model.change import ChangeState
from shared.model.plan import AssociateSubnet, Plan, PlanKind
from tests.support.every import every
from tests.support.theatre import Theatre, playing


def moved(plan: Plan) -> list[str]:
    return [step.subnet_id.name for step in plan.steps if isinstance(step, AssociateSubnet)]


@pytest.mark.parametrize(
    ("scenario", "subnets", "failing"),
    [
        ("virtual-machines-pool", ["apps", "system"], ["-vms1", "-vms4"]),
        ("auto-provisioned", ["provisioned", "system"], ["aks-default-"]),
        ("hosted-system-pools", ["nodes", "hosted"], ["aks-default-"]),
    ],
)
def test_nodes_of_every_kind_are_named_moved_and_proven(
    scenario: str, subnets: list[str], failing: list[str], storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with playing(scenario, storage, monkeypatch) as theatre:
        approved = theatre.approved()
        assert moved(approved.plan) == subnets
        assert approved.reason is not None
        names = sorted(node.name for node in approved.reason.nodes)
        assert len(names) == len(failing)
        assert every(part in name for part, name in zip(failing, names, strict=True))
        ended = theatre.run_on(approved)
    assert ended.state is ChangeState.FIXED, (ended.stop_reason, ended.outcome)


def test_a_roll_back_takes_the_gateway_off_a_subnet_that_its_nodes_have_left(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with playing("auto-provisioned", storage, monkeypatch) as theatre:
        applied = theatre.run_on(theatre.approved())
        _scale(theatre, "default", 0)
        back = theatre.app.propose.propose_rollback(applied, Instant.of(theatre.clock), "Ada")
        assert moved(back.plan) == ["system", "provisioned"]
        theatre.decide(back, "approve")
        assert theatre.run_on(back).state is ChangeState.ROLLED_BACK
        attached = [subnet["nat_gateway"] for subnet in theatre.subnets().values()]
    assert attached == [None, None]


def _scale(theatre: Theatre, pool: str, nodes: int) -> None:
    scale: dict[str, Any] = {"cluster": "search", "pool": pool, "nodes": nodes}
    theatre.simulator.add_event({"at_minute": 0, "scale": scale})
    theatre.clock.advance(60)


def test_a_node_that_comes_in_a_subnet_of_its_own_after_approval_shuts_the_gate(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan knows one subnet; the node's is named by no pool. Its traffic stays on the load balancer."""
    with playing("auto-provisioned", storage, monkeypatch) as theatre:
        _scale(theatre, "default", 0)
        (cluster,) = theatre.app.discovery.clusters().clusters
        now = Instant.of(theatre.clock)
        change = theatre.app.propose.propose(cluster.id, now, "Ada", kind=PlanKind.ATTACH_NAT_GATEWAY)
        assert moved(change.plan) == ["system"]
        theatre.decide(change, "approve")
        theatre.work_on_changes()
        _scale(theatre, "default", 3)
        stopped = theatre.run_on(change)
    assert stopped.state is ChangeState.STOPPED
    assert "10.85.1." in stopped.stop_reason
    assert "in no subnet of the plan" in stopped.stop_reason
