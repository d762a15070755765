"""What is planned for networks of every kind: a plan, or the check that forbids it and the advice instead."""

from __future__ import annotations

from typing import Any

import pytest

from shared.clock import Instant
from shared.core.planning.request import PlanRequest
from shared.model.change import ChangeState
from shared.model.check import CheckResult
from shared.model.plan import AssociateSubnet, Plan, PlanKind
from shared.model.resource_id import ArmId
from tests.support.theatre import Theatre, authorize, playing

BLOCK, WARN = CheckResult.BLOCK, CheckResult.WARN
ATTACH, ADVICE = PlanKind.ATTACH_NAT_GATEWAY, PlanKind.ADVICE


def plan_for(theatre: Theatre, name: str) -> Plan:
    """A dry run: planning writes nothing."""
    before = rows(theatre)
    cluster = theatre.app.discovery.cluster(name)
    plan = theatre.app.planner.plan_cluster(cluster.id, theatre.clock.now())
    assert [entry for entry in theatre.simulator.requests() if not only_asks(entry)] == []
    assert rows(theatre) == before
    return plan


# Azure takes these questions as POST (REST docs: Resources - Resources; Policy Restrictions - Check; Metrics - Batch).
QUESTIONS = ("/microsoft.resourcegraph/resources", "/checkpolicyrestrictions", "/metrics:getbatch", "/query")


def only_asks(request: dict[str, Any]) -> bool:
    path = request["path"].partition("?")[0].lower()
    return request["method"] in ("GET", "HEAD") or (request["method"] == "POST" and path.endswith(QUESTIONS))


def rows(theatre: Theatre) -> list[tuple[str, str, str]]:
    """Everything in storage, with the mark that each write changes."""
    found = theatre.app.table.client().query_entities("")
    return sorted((row["PartitionKey"], row["RowKey"], str(row.metadata["etag"])) for row in found)


def moved(plan: Plan) -> list[str]:
    return [ArmId.parse(step.subnet_id).name for step in plan.steps if isinstance(step, AssociateSubnet)]


@pytest.mark.parametrize(
    ("scenario", "cluster", "kind", "check", "result"),
    [
        ("appliance-route", "inspected", ADVICE, "default route", BLOCK),
        ("behind-nat-gateway", "calm", ADVICE, "NAT gateway", BLOCK),
        ("cluster-stopped", "sleeping", ADVICE, "cluster state", BLOCK),
        ("dual-stack", "dual", PlanKind.STANDARD_V2, "IPv6", BLOCK),
        ("foreign-nat-gateway", "orders", ADVICE, "NAT gateway", BLOCK),
        ("kubenet-route-table", "legacy", ATTACH, "route table", CheckResult.PASS),
        ("locked-group", "frozen", ADVICE, "locks", BLOCK),
        ("managed-vnet", "quick-start", PlanKind.MANAGED_NAT_GATEWAY, "virtual network", BLOCK),
        ("nat-gateway-own", "shipping", ADVICE, "NAT gateway", BLOCK),
        ("node-public-ips", "games", ATTACH, "node public IPs", WARN),
        ("policy-denies", "ruled", ADVICE, "policy", BLOCK),
        ("several-subnets", "platform", ATTACH, "subnets", CheckResult.PASS),
        ("shared-subnet", "tenant-a", ATTACH, "others in the subnets", WARN),
        ("split-default-route", "cut-in-two", ADVICE, "default route", BLOCK),
        ("split-default-route", "cut-in-two", ADVICE, "propagated routes", WARN),
        ("static-egress-gateway", "bank", ADVICE, "egress gateway", BLOCK),
    ],
)
def test_each_kind_of_network_has_its_answer(
    scenario: str,
    cluster: str,
    kind: PlanKind,
    check: str,
    result: CheckResult,
    storage: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with playing(scenario, storage, monkeypatch) as theatre:
        plan = plan_for(theatre, cluster)
    assert plan.kind is kind
    assert plan.is_executable is not kind.is_advice
    (found,) = [one for one in plan.checks if one.name == check]
    assert (found.result, bool(found.source)) == (result, True)
    assert found.remedy or result is CheckResult.PASS


def test_all_ways_out_of_today_are_shown(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with playing("static-egress-gateway", storage, monkeypatch) as theatre:
        plan = plan_for(theatre, "bank")
    assert (plan.egress_now[0], len(plan.egress_now)) == ("198.19.0.0/31", 2), "the prefix, and the load balancer"
    with playing("node-public-ips", storage, monkeypatch) as theatre:
        assert len(plan_for(theatre, "games").egress_now) == 5, "four nodes and the load balancer"


def test_node_and_pod_subnets_move_smallest_user_pool_first(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with playing("several-subnets", storage, monkeypatch) as theatre:
        assert moved(plan_for(theatre, "platform")) == ["batch", "web", "pods", "system"]


@pytest.mark.parametrize(
    ("scenario", "cluster", "missing"),
    [
        ("missing-join-role", "strict", "networkSecurityGroups/join/action on strict-nsg"),
        ("ipam-subnet", "pooled", "networkManagers/ipamPools/associateResourcesToPool/action on nodes"),
    ],
)
def test_the_permission_that_a_subnets_links_need_is_named(
    storage: str, monkeypatch: pytest.MonkeyPatch, scenario: str, cluster: str, missing: str
) -> None:
    ids = {"DETECTOR_CLIENT_ID": "detector-client-id", "REMEDIATOR_CLIENT_ID": "remediator-client-id"}
    with playing(scenario, storage, monkeypatch, **ids) as theatre:
        plan = plan_for(theatre, cluster)
    (blocker,) = plan.blockers
    assert f"Microsoft.Network/{missing}" in blocker.message


def test_a_subnet_from_an_ipam_pool_moves_and_keeps_its_allocation(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = {"DETECTOR_CLIENT_ID": "detector-client-id", "REMEDIATOR_CLIENT_ID": "remediator-client-id"}
    action = "Microsoft.Network/networkManagers/ipamPools/associateResourcesToPool/action"
    with playing("ipam-subnet", storage, monkeypatch, **ids) as theatre:
        theatre.simulator.add_event({"give_role": {"identity": "remediator-client-id", "actions": [action]}})
        change = theatre.run_on(theatre.approved())
        assert change.state is ChangeState.FIXED
        (subnet,) = theatre.subnets().values()
    assert [entry["numberOfIpAddresses"] for entry in subnet["properties"]["ipamPoolPrefixAllocations"]] == ["256"]


def test_reserve_now_tell_the_api_server_and_switch_later(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two plans with two approvals; between them a person tells the API server."""
    with playing("authorized-ranges", storage, monkeypatch) as theatre:
        reservation = theatre.approved()
        assert reservation.plan.kind is PlanKind.RESERVE_PUBLIC_IPS
        done = theatre.run_on(reservation)
        assert done.state is ChangeState.DONE
        assert done.outcome is not None
        addresses = done.outcome.figures
        assert len(addresses) == 2
        assert any("--api-server-authorized-ip-ranges" in line for line in done.outcome.commands)

        too_early = theatre.app.planner.plan_cluster(done.cluster_id, theatre.clock.now())
        assert [blocker.name for blocker in too_early.blockers] == ["API server access"]
        # The whole merged list, because the option replaces what is there.
        (command,) = too_early.commands
        ranges = command.rpartition(" ")[2].split(",")
        assert ranges == ["192.0.2.128/25", *(f"{address}/32" for address in addresses)]

        authorize(theatre, done.cluster_id, ranges)
        at = Instant.of(theatre.clock)
        switch = theatre.app.propose.propose(done.cluster_id, at, "Ada")
        assert switch.plan.kind is ATTACH
        assert switch.plan.egress_then == addresses
        theatre.decide(switch, "approve")
        assert theatre.run_on(switch).state is ChangeState.FIXED
        assert len(theatre.resources("publicIPAddresses")) == 2


def test_one_prefix_instead_of_single_addresses(theatre: Theatre) -> None:
    theatre._settings["NAT_IPS"] = "prefix"
    theatre.new_app()
    change = theatre.approved()
    assert [step.kind for step in change.plan.steps][:2] == ["create_public_ip_prefix", "create_nat_gateway"]

    assert theatre.run_on(change).state is ChangeState.FIXED
    (prefix,) = theatre.resources("publicIPPrefixes")
    assert prefix["properties"]["prefixLength"] == 31
    assert theatre.resources("publicIPAddresses") == []


def test_a_dry_run_in_the_middle_of_an_incident_writes_nothing_either(theatre: Theatre) -> None:
    theatre.proposed()
    asked = len(theatre.simulator.requests())
    before = rows(theatre)
    assert before, "there is an incident and a proposal"
    (cluster,) = theatre.app.discovery.clusters().clusters
    for kind in (None, PlanKind.RESERVE_PUBLIC_IPS, PlanKind.RELIEVE_LOAD_BALANCER):
        assert theatre.app.planner.plan_cluster(cluster.id, theatre.clock.now(), PlanRequest(kind)).cluster_id
    assert [entry for entry in theatre.simulator.requests()[asked:] if not only_asks(entry)] == []
    assert rows(theatre) == before
