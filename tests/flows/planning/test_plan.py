"""Figures that can't be read while planning: each is tried by itself, named in the plan, and never taken for zero."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import pytest

from shared.cloud.access import AccessReader
from shared.cloud.errors import Throttled
from shared.cloud.metric_queries import (
    ALLOCATED_SNAT_PORTS_BY_BACKEND,
    NAT_CONNECTIONS,
    NAT_OPEN_CONNECTIONS,
    SNAT_CONNECTIONS_BY_BACKEND,
    USED_SNAT_PORTS_BY_BACKEND,
    MetricQuery,
)
from shared.cloud.metrics import Metrics
from shared.core.detection.tags import TagRules
from shared.flows.planning.ownership import Ownership
from shared.flows.planning.plan import Planner
from shared.model.access import Access
from shared.model.check import CheckId
from shared.model.metric import MetricAnswer, Window
from shared.model.network import NetworkFacts, Ours
from shared.model.plan import Plan
from shared.model.resource_id import ArmId
from tests.support.builders import (
    PLAN_OPTIONS,
    START,
    SYSTEM_SUBNET,
    USER_SUBNET,
    answer,
    facts,
    load_balancer,
    nat_gateway,
    nic_configuration,
    series,
    sized,
    subnet,
)

NOW = START + timedelta(minutes=15)
IP = "10.224.0.4"
CONNECTIONS = answer(
    series({1: 100}, connectionstate="Successful", backendipaddress=IP),
    series({1: 5}, connectionstate="Failed", backendipaddress=IP),
)
USED = answer(series({1: 900}, backendipaddress=IP, protocoltype="6"))
ALLOCATED = answer(series({1: 1024}, backendipaddress=IP, protocoltype="6"))
ANSWERS = {
    SNAT_CONNECTIONS_BY_BACKEND: CONNECTIONS,
    USED_SNAT_PORTS_BY_BACKEND: USED,
    ALLOCATED_SNAT_PORTS_BY_BACKEND: ALLOCATED,
    NAT_CONNECTIONS: answer(series({1: 60, 2: 40}, connectionstate="Attempted")),
    NAT_OPEN_CONNECTIONS: answer(series({1: 500})),
}


class FakeMetrics:
    """Answers all but what is broken."""

    def __init__(self, broken: tuple[MetricQuery, ...]) -> None:
        self._broken = broken

    def query(self, _: str, query: MetricQuery, window: Window) -> MetricAnswer:
        if query in self._broken:
            raise Throttled("metrics GET", "slower, please")
        return ANSWERS[query]

    snat_ports_by_backend = query


class FakeOwnership:
    def __init__(self, ours: Ours) -> None:
        self._ours = ours

    def read(self, *_: object) -> Ours:
        return self._ours


class FakeAccess:
    def read_access(self, *_: object) -> Access:
        return Access()


def plan(*broken: MetricQuery, of: NetworkFacts | None = None, ours: Ours = Ours()) -> Plan:  # noqa: B008 - frozen
    planner = Planner(
        lambda *_: of or facts(),
        cast(AccessReader, FakeAccess()),
        cast(Ownership, FakeOwnership(ours)),
        cast(Metrics, FakeMetrics(broken)),
        PLAN_OPTIONS,
        3,
        TagRules(),
    )
    return planner.plan_cluster("/cluster", NOW)


def missing(found: Plan) -> tuple[str, ...]:
    assert found.demand is not None
    return found.demand.missing


def test_with_everything_there_nothing_is_missing() -> None:
    found = plan()
    assert missing(found) == ()
    assert found.baseline is not None
    assert "proof" not in {check.name for check in found.checks}
    assert found.demand is not None
    assert found.demand.is_lower_bound


def test_without_connections_ports_are_still_read_and_there_is_no_baseline() -> None:
    found = plan(SNAT_CONNECTIONS_BY_BACKEND)
    assert found.demand is not None
    assert found.demand.busiest_node_ports == 900
    assert missing(found) == ("failed and successful connections (SnatConnectionCount could not be read)",)
    assert found.baseline is None
    assert found.is_executable
    assert [check.name for check in found.warnings if check.name == "proof"] == ["proof"]
    (check,) = [one for one in found.checks if one.name == "size"]
    assert "SnatConnectionCount" in check.message


@pytest.mark.parametrize("broken", [USED_SNAT_PORTS_BY_BACKEND, ALLOCATED_SNAT_PORTS_BY_BACKEND])
def test_without_ports_connections_still_count(broken: MetricQuery) -> None:
    found = plan(broken)
    assert missing(found) == ("used SNAT ports per node (UsedSnatPorts could not be read)",)
    assert found.baseline is not None
    assert found.demand is not None
    assert found.demand.public_ip_count == 2, "five failed: ports ran out"


def test_with_nothing_readable_each_input_is_named_and_nothing_is_called_healthy() -> None:
    found = plan(SNAT_CONNECTIONS_BY_BACKEND, USED_SNAT_PORTS_BY_BACKEND)
    assert len(missing(found)) == 2
    assert found.demand is not None
    assert found.demand.no_need == ""


def test_of_a_gateway_of_ours_too() -> None:
    gateway = nat_gateway("ng", tags={"snatbot": "shop-prod"}, subnet_ids=(USER_SUBNET, SYSTEM_SUBNET))
    ours = Ours(frozenset({ArmId(gateway.id.lower())}))
    subnets = tuple(subnet(one, nat_gateway_id=gateway.id) for one in (USER_SUBNET, SYSTEM_SUBNET))
    of = facts(nat_gateways=(gateway,), subnets=subnets)
    whole = plan(of=of, ours=ours)
    assert missing(whole) == ()
    found = plan(NAT_CONNECTIONS, of=of, ours=ours)
    (named,) = missing(found)
    assert "SNATConnectionCount of the gateway" in named
    assert found.demand is not None
    assert any("500 connections were open" in line for line in found.demand.arithmetic), "the others are still read"
    (named,) = missing(plan(NAT_OPEN_CONNECTIONS, of=of, ours=ours))
    assert "TotalConnectionCount" in named


def test_a_backend_with_ports_in_no_known_subnet_blocks_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing lists the node; the load balancer's own metrics have it for longer than a moment."""
    lasting = dict.fromkeys(range(7, 12), 64.0)
    hidden = series(lasting, backendipaddress="10.99.0.4", protocoltype="6")
    monkeypatch.setitem(ANSWERS, ALLOCATED_SNAT_PORTS_BY_BACKEND, answer(*ALLOCATED.series, hidden))
    member = load_balancer(outbound_ip_configuration_ids=(ArmId(nic_configuration(8)),))
    found = plan(of=facts(load_balancer=member))
    (check,) = [check for check in found.checks if check.id is CheckId.OUTBOUND_POOL]
    assert check.is_blocking
    assert "10.99.0.4" in check.message
    assert not found.is_executable


def test_members_of_the_outbound_pool_are_the_nodes_of_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of twelve nodes have an interface that could be listed: the measured use is that of twelve."""
    members = tuple(ArmId(nic_configuration(number)) for number in range(12))
    machines = sized(12, 12)
    of = facts(machines, load_balancer=load_balancer(outbound_ip_configuration_ids=members))
    found = plan(of=of)
    assert found.demand is not None
    assert "times 13/12 nodes (autoscaler maximum and upgrade surge)" in found.demand.arithmetic
