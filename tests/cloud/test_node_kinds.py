"""Nodes of every kind in a simulated Azure: counted, named, in their subnets, and planned for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from shared.cloud.arm import Arm
from shared.cloud.credentials import credential
from shared.cloud.discovery import Discovery
from shared.cloud.fleet_query import FleetDiscovery
from shared.cloud.network_facts import read_network_facts
from shared.core.detection.node_counts import nodes_at_most, nodes_now
from shared.core.planning.planner import plan_attachment
from shared.model.network import NetworkFacts
from shared.model.plan import AssociateSubnet, PlanKind
from simulator.testing import RunningSimulator
from tests.support.azure_in_process import serve_azure
from tests.support.builders import BASELINE, DEMAND, PLAN_OPTIONS

NOW = datetime(2026, 11, 28, tzinfo=UTC)
PLAIN_NICS = "Microsoft.Network/networkInterfaces"


@contextmanager
def azure_of(scenario: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[RunningSimulator, Arm]]:
    with serve_azure(scenario) as simulator:
        for name, value in simulator.environment().items():
            monkeypatch.setenv(name, value)
        arm = Arm(simulator.url, credential("reader"))
        yield simulator, arm
        arm.close()


def facts_of(arm: Arm, cluster: str) -> NetworkFacts:
    discovery = Discovery(arm)
    return read_network_facts(arm, discovery, discovery.cluster(cluster).id, NOW)


@pytest.mark.parametrize(
    ("scenario", "cluster", "subnets", "pools", "members"),
    [
        ("virtual-machines-pool", "orders", ["apps", "system"], {"system": 3, "app1": 6}, 9),
        ("auto-provisioned", "search", ["provisioned", "system"], {"system": 2, "flexible": 1, "default": 4}, 7),
        # Hosted nodes are members of a pool of their own, and their interfaces can't be listed.
        ("hosted-system-pools", "portal", ["nodes", "hosted"], {"default": 3}, 5),
    ],
)
def test_nodes_of_every_kind_are_counted_named_and_moved(
    scenario: str,
    cluster: str,
    subnets: list[str],
    pools: dict[str, int],
    members: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with azure_of(scenario, monkeypatch) as (_, arm):
        facts = facts_of(arm, cluster)
        nodes = Discovery(arm).nodes(facts.cluster)
        (target,) = FleetDiscovery(Discovery(arm)).read_fleet(NOW).clusters
    assert {pool: sum(node.pool == pool for node in nodes.nodes) for pool in pools} == pools
    assert len(nodes.nodes) == sum(pools.values())
    assert (nodes.unreadable, nodes.is_complete) == ((), cluster != "portal")
    assert facts.load_balancer is not None and len(facts.load_balancer.outbound_interface_ids) == members
    assert nodes_now(target.cluster, target.load_balancer) == sum(pools.values())
    assert nodes_at_most(target.cluster) == (15 if cluster == "orders" else None)
    plan = plan_attachment(facts, DEMAND, BASELINE, PLAN_OPTIONS)
    assert plan.kind is PlanKind.ATTACH_NAT_GATEWAY, plan.checks
    assert [step.subnet_id.name for step in plan.steps if isinstance(step, AssociateSubnet)] == subnets


@pytest.mark.parametrize("status", [403, 404])
def test_interfaces_that_cant_be_listed_block_a_plan_and_hide_no_other_node(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with azure_of("auto-provisioned", monkeypatch) as (simulator, arm):
        body = {"error": {"code": "Odd", "message": "no"}}
        simulator.add_fault({"match": {"path": f"providers/{PLAIN_NICS}"}, "then": {"status": status, "body": body}})
        facts = facts_of(arm, "search")
    assert [node.pool for node in facts.nodes] == ["system", "system"]
    assert "network interfaces of virtual machines" in str(facts.unreadable[0])
    assert plan_attachment(facts, DEMAND, BASELINE, PLAN_OPTIONS).kind is PlanKind.ADVICE
