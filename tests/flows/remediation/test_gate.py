"""What a gate reads, and what it does when that can't be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import cast

import pytest

from shared.cloud import metric_queries
from shared.cloud.discovery import Discovery
from shared.cloud.errors import AzureError
from shared.cloud.metric_queries import MetricQuery
from shared.cloud.metrics import Metrics
from shared.core.planning.planner import plan_attachment
from shared.core.remediation.measurement import MeasurementPolicy
from shared.flows.remediation.gate import Gate
from shared.flows.remediation.readiness_evidence import ReadinessEvidence
from shared.flows.remediation.step_result import Done, Stop, Wait
from shared.flows.remediation.traffic_evidence import TrafficEvidence
from shared.model.change import JournalEntry, StepState
from shared.model.cluster import Cluster
from shared.model.load_balancer import LoadBalancer, NodeList
from shared.model.metric import MetricAnswer, Window
from shared.model.plan import Baseline, ObserveEgress, Plan
from tests.support.builders import (
    DEMAND,
    PLAN_OPTIONS,
    SYSTEM_SUBNET,
    USER_SUBNET,
    answer,
    at,
    cluster,
    facts,
    load_balancer,
    node,
    series,
)

BASELINE = Baseline(3_000, 3_100, {USER_SUBNET: 2_000.0, SYSTEM_SUBNET: 1_000.0})
PLAN = plan_attachment(facts(), DEMAND, BASELINE, PLAN_OPTIONS)
GATES = [step for step in PLAN.steps if isinstance(step, ObserveEgress)]
BACK = ObserveEgress(None, USER_SUBNET, cluster().id)
LIMIT = timedelta(minutes=15)
NOW = at(10)
LISTED = NodeList((node(0), node(1, SYSTEM_SUBNET)), is_complete=True)
REFUSED = AzureError("metrics GET", "forbidden", status=403)


def moved(rate: float | None = 0.0, ready: tuple[str, ...] = (), since: int = 0) -> JournalEntry:
    before = {"ready_nodes": list(ready), "gateway_rate": rate}
    return JournalEntry(3, StepState.STARTED, at(since), at(since), before=before)


@dataclass
class Azure:
    """``rate`` a minute on the gateway; on the load balancer ``own`` of the subnet's node, None where it can't be read,
    and ``unlisted`` of a node in another subnet. ``members`` are the nodes that can be listed."""

    rate: float = 0.0
    failed: float = 0.0
    own: float | None = 0.0
    unlisted: float = 0.0
    members: NodeList = LISTED
    ready: MetricAnswer = field(default_factory=lambda: answer())
    state: str = "Succeeded"

    def query(self, resource_id: str, query: MetricQuery, window: Window) -> MetricAnswer:
        if query == metric_queries.NODE_READINESS:
            return self.ready
        return self.of_gateway() if query == metric_queries.NAT_CONNECTIONS else self.of_load_balancer()

    def of_gateway(self) -> MetricAnswer:
        attempted, failed = (dict.fromkeys(range(60), value) for value in (self.rate, self.failed))
        return answer(series(attempted, connectionstate="Attempted"), series(failed, connectionstate="Failed"))

    def of_load_balancer(self) -> MetricAnswer:
        if self.own is None:
            raise REFUSED
        own, unlisted = (dict.fromkeys(range(60), value) for value in (self.own, self.unlisted))
        return answer(
            series(own, connectionstate="Successful", backendipaddress=node(0).ip),
            series(unlisted, connectionstate="Failed", backendipaddress="10.99.0.4"),
        )

    def cluster(self, cluster_id: str) -> Cluster:
        return cluster(provisioning_state=self.state)

    def nodes(self, of: Cluster) -> NodeList:
        return self.members

    def load_balancer(self, of: Cluster) -> LoadBalancer:
        return load_balancer()

    def observe(self, step: ObserveEgress, entry: JournalEntry, plan: Plan = PLAN) -> Done | Wait | Stop:
        return self.gate.observe(step, plan, entry, NOW)

    @property
    def gate(self) -> Gate:
        metrics, discovery = cast(Metrics, self), cast(Discovery, self)
        policy = MeasurementPolicy(3, 3, LIMIT)
        sources = (TrafficEvidence(metrics, discovery, policy), ReadinessEvidence(metrics, discovery))
        return Gate(sources, discovery, policy)


def test_minutes_before_the_move_don_t_count() -> None:
    result = Azure(rate=9_000).observe(GATES[0], moved(since=6))
    assert isinstance(result, Wait)
    assert result.limit == LIMIT


@pytest.mark.parametrize(
    ("gate", "rate", "before", "kind"),
    [
        (0, 2_100, 0.0, Done),
        (1, 2_100, 2_000.0, Wait),
        (1, 3_000, 2_000.0, Done),
        (1, 2_100, None, Wait),  # not measured before: what was moved earlier is taken for it
        (1, 2_300, None, Done),
    ],
)
def test_each_subnet_has_to_add_traffic_of_its_own(
    gate: int, rate: float, before: float | None, kind: Callable[..., object]
) -> None:
    assert type(Azure(rate=rate).observe(GATES[gate], moved(before))) is kind


def test_on_the_way_back_the_nodes_have_to_be_seen_on_the_load_balancer() -> None:
    assert isinstance(Azure(own=0).observe(BACK, moved()), Wait)
    observation = Azure(own=400).observe(BACK, moved())
    assert isinstance(observation, Done)
    assert "400 new connections a minute of its nodes leave through the load balancer" in observation.note


def test_a_load_balancer_that_can_t_be_measured_holds_the_way_back_up_only_until_the_limit() -> None:
    assert isinstance(Azure(own=None).observe(BACK, moved(since=0)), Wait)
    late = Azure(own=None).observe(BACK, moved(since=-20))
    assert isinstance(late, Done)
    assert "could not be measured" in late.note


@pytest.mark.parametrize("step", [GATES[0], BACK])
def test_a_node_that_is_lost_stops_either_way(step: ObserveEgress) -> None:
    lost = answer(series(dict.fromkeys(range(60), 1.0), node="n1", status="false"))
    azure = Azure(rate=9_000, own=9_000, ready=lost)
    stopped = azure.observe(step, moved(ready=("n1",)))
    assert isinstance(stopped, Stop)
    assert "n1 is not Ready any more" in stopped.reason
    azure.state = "Upgrading"
    waiting = azure.observe(step, moved(ready=("n1",)))
    assert isinstance(waiting, Wait)
    assert waiting.limit is None, "an upgrade may last longer than a gate"


def test_a_node_that_the_plan_does_not_move_shuts_a_gate_while_it_leaves_by_the_load_balancer() -> None:
    """Nothing lists it, and its subnet has no step: its failures are of the trouble that is to be cured."""
    waiting = Azure(rate=9_000, unlisted=50).observe(GATES[0], moved())
    assert isinstance(waiting, Wait)
    assert "10.99.0.4" in waiting.note
    assert waiting.limit == LIMIT
    assert isinstance(Azure(rate=9_000).observe(GATES[0], moved()), Done)
    assert isinstance(Azure(rate=9_000, own=50).observe(GATES[0], moved()), Done), "a node that is not moved yet"


def test_a_load_balancer_that_can_t_be_read_shuts_a_gate() -> None:
    waiting = Azure(rate=9_000, own=None).observe(GATES[0], moved())
    assert isinstance(waiting, Wait)
    assert "could not be measured" in waiting.note


@pytest.mark.parametrize(("failed", "kind"), [(3.0, Done), (90.0, Done), (400.0, Stop)])
def test_single_failures_are_said_and_stop_nothing(failed: float, kind: type) -> None:
    result = Azure(rate=9_000, failed=failed).observe(GATES[0], moved())
    assert type(result) is kind
    assert f"{failed:,.1f} " in str(result)


@pytest.mark.parametrize("step", [GATES[0], BACK])
def test_a_subnet_that_every_node_has_left_needs_no_traffic(step: ObserveEgress) -> None:
    elsewhere = NodeList((node(1, SYSTEM_SUBNET),), is_complete=True)
    done = Azure(members=NodeList((), is_complete=True)).observe(step, moved())
    assert isinstance(done, Done)
    assert "no node has its address in this subnet" in done.note
    unsure = Azure(members=NodeList((), is_complete=False)).observe(step, moved())
    assert isinstance(unsure, Wait), "what could not be listed may be there"
    assert isinstance(Azure(members=elsewhere).observe(step, moved()), Wait), "its address is of this subnet"


def test_traffic_that_was_not_measured_before_holds_a_move_up_and_no_way_back() -> None:
    """Not measured is not zero: the move must show traffic. A rollback gives nodes the egress that they may lack."""
    unmeasured = replace(PLAN, baseline=None)
    waiting = Azure(rate=90).observe(GATES[0], moved(), unmeasured)
    assert isinstance(waiting, Wait)
    assert "is not known" in waiting.note
    assert isinstance(Azure(rate=900).observe(GATES[0], moved(), unmeasured), Done)
    assert isinstance(Azure().observe(BACK, moved(), unmeasured), Done)
