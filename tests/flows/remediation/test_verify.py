"""When a change counts as fixed, how long it is tried, and what can't be read on the way."""

from __future__ import annotations

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
from shared.flows.remediation.verify import Verify
from shared.model.change import Change, ChangeState, Outcome, Verdict
from shared.model.cluster import Cluster
from shared.model.load_balancer import LoadBalancer
from shared.model.metric import MetricAnswer, Window
from shared.model.plan import Baseline, Plan
from tests.support.builders import DEMAND, PLAN_OPTIONS, answer, at, cluster, facts, load_balancer, node, series
from tests.support.nouns import make_change

PLAN = plan_attachment(facts(), DEMAND, Baseline(1_000, 1_100), PLAN_OPTIONS)
POLICY = MeasurementPolicy(ingestion_lag_minutes=3, minutes=10, limit=timedelta(hours=1))
ELSEWHERE = "10.99.0.4"
REFUSED = AzureError("metrics GET", "forbidden", status=403)


def change(plan: Plan = PLAN, since: int = 0) -> Change:
    return replace(make_change(ChangeState.VERIFYING, plan), verify_from=at(since))


@dataclass
class Azure:
    """Every minute alike, but for ``failed`` on the gateway; ``left`` on the load balancer is by (backend, state)."""

    attempted: float = 900.0
    failed: dict[int, float] = field(default_factory=dict)
    left: dict[tuple[str, str], float] = field(default_factory=dict)
    open_connections: float = 0.0
    error: AzureError | None = None
    has_balancer: bool = True
    authorized: tuple[str, ...] = ()

    def query(self, _: str, query: MetricQuery, window: Window) -> MetricAnswer:
        if self.error:
            raise self.error
        attempted, full, held = (
            series(dict.fromkeys(range(90), value), connectionstate="Attempted")
            for value in (self.attempted, 100.0, self.open_connections)
        )
        return {
            metric_queries.NAT_CONNECTIONS: answer(attempted, series(self.failed, connectionstate="Failed")),
            metric_queries.NAT_DATAPATH: answer(full),
            metric_queries.NAT_DROPS: answer(),
            metric_queries.NAT_OPEN_CONNECTIONS: answer(held),
            metric_queries.SNAT_CONNECTIONS_BY_BACKEND: answer(
                *(
                    series(dict.fromkeys(range(90), value), backendipaddress=ip, connectionstate=state)
                    for (ip, state), value in self.left.items()
                )
            ),
        }[query]

    def cluster(self, _: str) -> Cluster:
        return cluster(authorized_ip_ranges=self.authorized)

    def load_balancer(self, _: Cluster) -> LoadBalancer | None:
        return load_balancer() if self.has_balancer else None

    @property
    def verify(self) -> Verify:
        return Verify(cast(Metrics, self), cast(Discovery, self), POLICY)

    def verdict(self, minute: int = 14, of: Change | None = None) -> Outcome | None:
        return self.verify.verdict(of or change(), at(minute))


def kind(outcome: Outcome | None) -> Verdict | None:
    return outcome.verdict if outcome else None


def test_it_is_fixed_with_the_first_window_that_lies_wholly_after_the_change() -> None:
    assert Azure().verdict(13) is None
    assert not Azure().verify.is_measurable(change(), at(13))
    assert Azure().verify.is_measurable(change(), at(14))
    assert kind(Azure().verdict(14)) is Verdict.FIXED
    assert kind(Azure(has_balancer=False).verdict(14)) is Verdict.FIXED


def test_the_window_slides_past_a_failure_until_the_limit() -> None:
    once = Azure(failed={5: 1.0})
    assert [kind(once.verdict(minute)) for minute in (14, 18, 19)] == [None, None, Verdict.FIXED]
    again_and_again = Azure(failed=dict.fromkeys(range(0, 90, 7), 1.0))
    assert [kind(again_and_again.verdict(minute)) for minute in (14, 40, 59)] == [None, None, None]
    assert kind(again_and_again.verdict(60)) is Verdict.NOT_FIXED


@pytest.mark.parametrize(
    ("left", "verdict", "words"),
    [
        ({(ELSEWHERE, "Failed"): 50}, Verdict.NOT_FIXED, "500 connections still failed on the load balancer"),
        ({(ELSEWHERE, "Successful"): 1}, Verdict.CANT_TELL, f"of {ELSEWHERE}, in no subnet of the plan"),
        ({("", "Pending"): 1}, Verdict.CANT_TELL, "of a node without address"),
        ({(node(0).ip, "Failed"): 1}, Verdict.NOT_FIXED, "10 connections still failed on the load balancer"),
        ({(node(0).ip, "Successful"): 60}, Verdict.CANT_TELL, "60 new connections a minute still leave"),
        ({(node(0).ip, "Successful"): 50}, Verdict.FIXED, "no failed connection"),
        ({(ELSEWHERE, "Failed"): 0}, Verdict.FIXED, "no failed connection"),
    ],
)
def test_no_node_that_fails_or_stays_on_the_load_balancer_is_missed(
    left: dict[tuple[str, str], float], verdict: Verdict, words: str
) -> None:
    """No list names the node: the load balancer's own metrics do."""
    outcome = Azure(left=left).verdict(60)
    assert outcome is not None
    assert outcome.verdict is verdict
    assert words in outcome.reason


def test_metrics_that_can_t_be_read_prove_nothing() -> None:
    assert Azure(error=REFUSED).verdict(14) is None
    late = Azure(error=REFUSED).verdict(60)
    assert late is not None
    assert late.verdict is Verdict.CANT_TELL
    assert "could not be read" in late.reason


def test_a_change_that_has_nothing_to_measure_says_so() -> None:
    assert kind(Azure().verdict(of=replace(change(), verify_from=None))) is Verdict.CANT_TELL
    assert kind(Azure().verdict(of=change(replace(PLAN, steps=())))) is Verdict.CANT_TELL


@pytest.mark.parametrize(
    ("peak", "words"),
    [(0.69, ""), (0.71, "71 % of the NAT gateway's capacity is in use: a plan that adds public IPs is offered.")],
)
def test_a_gateway_that_is_nearly_full_is_said(peak: float, words: str) -> None:
    azure = Azure(open_connections=peak * PLAN.egress_count * 64_512)
    assert azure.verify.little_left(change(), at(30)) == words


def test_addresses_are_authorized_only_where_the_api_server_has_a_list() -> None:
    assert Azure().verify.authorize_command("cluster", ["20.61.0.1"]) == ""
    assert "20.61.0.1" in Azure(authorized=("10.0.0.0/8",)).verify.authorize_command("cluster", ["20.61.0.1"])
