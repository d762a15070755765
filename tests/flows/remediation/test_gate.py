"""What a gate reads, and what it does when that can't be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

import pytest

from shared.cloud.discovery import Discovery
from shared.cloud.errors import AzureError
from shared.cloud.metrics import Metrics
from shared.core.planning.planner import plan_attachment
from shared.flows.remediation.gate import Gate, GatePolicy
from shared.flows.remediation.step_result import Done, Stop, Wait
from shared.model.change import JournalEntry, StepState
from shared.model.cluster import Cluster
from shared.model.load_balancer import LoadBalancer, NodeList
from shared.model.metric import MetricAnswer, Window
from shared.model.plan import Baseline, ObserveEgress
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

BASELINE = Baseline(3_000, 3_100, (), {USER_SUBNET: 2_000.0, SYSTEM_SUBNET: 1_000.0})
PLAN = plan_attachment(facts(), DEMAND, BASELINE, PLAN_OPTIONS)
GATES = [step for step in PLAN.steps if isinstance(step, ObserveEgress)]
BACK = ObserveEgress(None, USER_SUBNET, cluster().id)
LIMIT = timedelta(minutes=15)
NOW = at(10)
REFUSED = AzureError("metrics GET", "forbidden", status=403)


def moved(rate: float | None = 0.0, ready: tuple[str, ...] = (), since: int = 0) -> JournalEntry:
    before = {"ready_nodes": list(ready), "gateway_rate": rate}
    return JournalEntry(3, StepState.STARTED, at(since), at(since), before=before)


@dataclass
class Azure:
    """``rate`` a minute on the gateway; ``own`` on the load balancer, None where it can't be read."""

    rate: float = 0.0
    own: float | None = 0.0
    ready: MetricAnswer = field(default_factory=lambda: answer())
    state: str = "Succeeded"

    def nat_gateway_connections(self, nat_gateway_id: str, window: Window) -> MetricAnswer:
        return answer(series(dict.fromkeys(range(60), self.rate), connectionstate="Attempted"))

    def node_readiness(self, cluster_id: str, window: Window) -> MetricAnswer:
        return self.ready

    def snat_connections(self, load_balancer_id: str, window: Window, by_backend: bool) -> MetricAnswer:
        if self.own is None:
            raise REFUSED
        points = dict.fromkeys(range(60), self.own)
        return answer(series(points, connectionstate="Successful", backendipaddress=node(0).ip))

    def cluster(self, cluster_id: str) -> Cluster:
        return cluster(provisioning_state=self.state)

    def nodes(self, of: Cluster) -> NodeList:
        return NodeList((node(0),), is_complete=True)

    def load_balancer(self, of: Cluster) -> LoadBalancer:
        return load_balancer()

    def observe(self, step: ObserveEgress, entry: JournalEntry) -> Done | Wait | Stop:
        gate = Gate(cast(Metrics, self), cast(Discovery, self), GatePolicy(3, LIMIT, 10.0))
        return gate.observe(step, PLAN, entry, NOW)


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
    seen = Azure(own=400).observe(BACK, moved())
    assert isinstance(seen, Done)
    assert "400 new connections a minute of its nodes leave through the load balancer" in seen.note


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
