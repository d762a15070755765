"""Looking at clusters: each trouble that Azure can have becomes a result of its own, and none hides another cluster."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from shared.cloud.discovery import Discovery, Found
from shared.cloud.errors import (
    AzureError,
    Forbidden,
    MetricUnavailable,
    NotFound,
    NotRegistered,
    SignInFailed,
    Throttled,
    Unavailable,
    UnexpectedAnswer,
)
from shared.cloud.metrics import Metrics
from shared.errors import BadInput, NotFoundHere
from shared.flows.check import Check, CheckReport
from shared.model.assessment import Assessment
from shared.model.cluster import Cluster
from shared.model.load_balancer import LoadBalancer, Node
from shared.model.metric import MetricAnswer, Window
from shared.model.reading import DoesNotApply, Idle, Measured, Unmeasured
from tests.core.builders import START, answer, by_state, cluster, load_balancer, series

NOW = START + timedelta(minutes=8)
FAILING = by_state(Failed={1: 3}, Successful={0: 97})
HEALTHY = by_state(Successful={0: 97})
NOTHING = MetricAnswer(())
BACKENDS = answer(series({1: 3}, connectionstate="Failed", backendipaddress="10.0.0.4"))
MONITOR = "GET metrics SnatConnectionCount"


class FakeDiscovery:
    """Finds what it is given. ``trouble`` is a method's name and what it raises."""

    def __init__(
        self, *clusters: Cluster, unreadable: tuple[str, ...] = (), trouble: tuple[str, AzureError] | None = None
    ) -> None:
        self.found = Found(clusters or (cluster(),), unreadable)
        self.trouble = trouble
        self.balancer: Callable[[Cluster], LoadBalancer | None] = lambda _: load_balancer()

    def _raise(self, name: str) -> None:
        if self.trouble is not None and self.trouble[0] == name:
            raise self.trouble[1]

    def clusters(self) -> Found:
        self._raise("clusters")
        return self.found

    def cluster(self, selector: str) -> Cluster:
        self._raise("cluster")
        for one in self.found.clusters:
            if selector in (one.id, one.name):
                return one
        raise NotFound(f"cluster {selector}", "no such cluster", status=404)

    def load_balancer(self, of: Cluster) -> LoadBalancer | None:
        self._raise("load_balancer")
        return self.balancer(of)

    def nodes(self, of: Cluster) -> tuple[Node, ...]:
        self._raise("nodes")
        return (Node("aks-user-1-vmss000000", "user", "10.0.0.4"),)


class FakeMetrics:
    """Answers by what was asked: ``state``, ``backend``, ``history`` (longer than the window), ``allocated``.

    ``trouble`` is what one of these raises instead.
    """

    def __init__(self, state: MetricAnswer = HEALTHY, trouble: tuple[str, AzureError] | None = None) -> None:
        self.answers = {"state": state, "backend": BACKENDS, "history": state, "allocated": NOTHING}
        self.trouble = trouble

    def _answer(self, name: str) -> MetricAnswer:
        if self.trouble is not None and self.trouble[0] == name:
            raise self.trouble[1]
        return self.answers[name]

    def snat_connections(self, balancer_id: str, window: Window, by_backend: bool) -> MetricAnswer:
        return self._answer("backend" if by_backend else "history" if window.minutes > 5 else "state")

    def allocated_snat_ports(self, balancer_id: str, window: Window) -> MetricAnswer:
        return self._answer("allocated")


def make_check(discovery: FakeDiscovery | None = None, metrics: Any = None) -> Check:
    return Check(
        cast(Discovery, discovery or FakeDiscovery()),
        cast(Metrics, metrics or FakeMetrics()),
        ingestion_lag_minutes=3,
        window_minutes=5,
    )


def only(report: CheckReport) -> Assessment:
    (assessment,) = report.assessments
    return assessment


def test_a_healthy_cluster_is_measured_in_the_judged_window() -> None:
    report = make_check().all(NOW)
    assessment = only(report)
    assert report.window == Window(START, START + timedelta(minutes=5))
    assert isinstance(assessment.reading, Measured)
    assert assessment.findings == ()
    assert assessment.load_balancer_id == load_balancer().id


def test_a_failing_cluster_is_found_with_its_nodes_by_name() -> None:
    assessment = only(make_check(metrics=FakeMetrics(FAILING)).all(NOW))
    assert isinstance(assessment.reading, Measured)
    assert [(node.name, node.failed) for node in assessment.reading.nodes] == [("aks-user-1-vmss000000", 3)]
    assert len(assessment.findings) == 1


def test_an_idle_cluster_is_told_from_one_that_is_not_measured() -> None:
    metrics = FakeMetrics(NOTHING)
    assert isinstance(only(make_check(metrics=metrics).all(NOW)).reading, Unmeasured)
    metrics.answers["allocated"] = answer(series({0: 1024}))
    assert isinstance(only(make_check(metrics=metrics).all(NOW)).reading, Idle)


TROUBLES = [
    (Forbidden(MONITOR, "no", code="AuthorizationFailed"), "AuthorizationFailed", "Monitoring Reader"),
    (
        Forbidden(MONITOR, "no", code="AuthorizationFailed", missing_action="Microsoft.Insights/metrics/read"),
        "AuthorizationFailed",
        "Microsoft.Insights/metrics/read",
    ),
    (
        NotRegistered(MONITOR, "no", code="MissingSubscriptionRegistration"),
        "MissingSubscription",
        "az provider register",
    ),
    (SignInFailed(MONITOR, "no token"), "refused", "managed identity"),
    (Throttled(MONITOR, "slow down", status=429), "throttled", ""),
    (Throttled(MONITOR, "slow down", status=529), "throttled", ""),
    (Unavailable(MONITOR, "no answer", status=503), "503", ""),
    (Unavailable(MONITOR, "no connection"), "no connection", ""),
    (MetricUnavailable(MONITOR, "no data", status=200, code="InternalError"), "InternalError", ""),
    (NotFound(MONITOR, "gone", status=404), "vanished", ""),
    (UnexpectedAnswer(MONITOR, "no rows"), "not answer as documented", ""),
]


@pytest.mark.parametrize("where", ["load_balancer", "state"])
@pytest.mark.parametrize(("error", "reason", "remedy"), TROUBLES, ids=lambda value: type(value).__name__)
def test_what_azure_refuses_is_not_measured_and_says_why(
    where: str, error: AzureError, reason: str, remedy: str
) -> None:
    check = make_check(FakeDiscovery(trouble=(where, error)), FakeMetrics(FAILING, (where, error)))
    assessment = only(check.all(NOW))
    assert isinstance(assessment.reading, Unmeasured)
    assert reason in assessment.reading.reason
    assert remedy in assessment.reading.remedy
    assert bool(remedy) == bool(assessment.reading.remedy)
    assert assessment.findings == ()


def test_reasons_tell_the_kinds_of_trouble_apart() -> None:
    reasons = set()
    for error, _, _ in TROUBLES:
        reading = only(make_check(metrics=FakeMetrics(trouble=("state", error))).all(NOW)).reading
        assert isinstance(reading, Unmeasured)
        reasons.add(reading.reason)
    assert len(reasons) >= 8


@pytest.mark.parametrize("error", [error for error, _, _ in TROUBLES], ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("what", ["backend", "history", "nodes"])
def test_a_measured_failure_is_reported_though_its_details_cannot_be_read(what: str, error: AzureError) -> None:
    check = make_check(FakeDiscovery(trouble=(what, error)), FakeMetrics(FAILING, (what, error)))
    assessment = only(check.all(NOW))
    assert isinstance(assessment.reading, Measured)
    assert assessment.reading.failed == 3
    (finding,) = assessment.findings
    assert finding.since == START + timedelta(minutes=1)
    assert bool(assessment.reading.nodes) == (what != "backend")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"power_state": "Stopped"}, "stopped"),
        ({"outbound_type": "userAssignedNATGateway"}, "userAssignedNATGateway"),
        ({"outbound_type": "userDefinedRouting"}, "userDefinedRouting"),
        ({"load_balancer_sku": "basic"}, "Basic"),
    ],
)
def test_what_has_no_snat_ports_of_its_own_does_not_apply(changed: dict[str, Any], said: str) -> None:
    reading = only(make_check(FakeDiscovery(cluster(**changed))).all(NOW)).reading
    assert isinstance(reading, DoesNotApply)
    assert said in reading.reason


def test_a_cluster_without_its_load_balancer_is_not_measured() -> None:
    discovery = FakeDiscovery()
    discovery.balancer = lambda _: None
    reading = only(make_check(discovery).all(NOW)).reading
    assert isinstance(reading, Unmeasured)
    assert reading.remedy


@pytest.mark.parametrize("error", [error for error, _, _ in TROUBLES], ids=lambda error: type(error).__name__)
def test_one_sick_cluster_does_not_hide_the_others(error: AzureError) -> None:
    names = [f"shop-{number}" for number in range(12)]

    class OneSick(FakeDiscovery):
        def load_balancer(self, of: Cluster) -> LoadBalancer | None:
            if of.name == "shop-5":
                raise error
            return super().load_balancer(of)

    report = make_check(OneSick(*(cluster(name=name) for name in names), unreadable=("subscription x: no role",))).all(
        NOW
    )
    kinds = {assessment.cluster.name: assessment.reading.kind for assessment in report.assessments}
    assert kinds == {name: "unmeasured" if name == "shop-5" else "measured" for name in names}
    assert report.unreadable == ("subscription x: no role",)


def test_clusters_are_looked_at_side_by_side() -> None:
    """A slow one does not make the others wait: two meet here, or the barrier breaks."""
    barrier = threading.Barrier(2, timeout=10)

    class Meeting(FakeMetrics):
        def snat_connections(self, balancer_id: str, window: Window, by_backend: bool) -> MetricAnswer:
            barrier.wait()
            return HEALTHY

    report = make_check(FakeDiscovery(cluster(name="a"), cluster(name="b")), Meeting()).all(NOW)
    assert [assessment.reading.kind for assessment in report.assessments] == ["measured", "measured"]


def test_when_nothing_can_be_listed_the_caller_is_told() -> None:
    with pytest.raises(Forbidden):
        make_check(FakeDiscovery(trouble=("clusters", Forbidden("POST resources", "no")))).all(NOW)


def test_one_cluster_is_found_by_name_or_id() -> None:
    check = make_check(FakeDiscovery(cluster(name="a"), cluster(name="b")))
    assert only(check.one("b", NOW)).cluster.name == "b"
    assert only(check.one(cluster(name="a").id, NOW)).cluster.name == "a"
    with pytest.raises(NotFoundHere, match="no cluster 'c' that this app's identity may read"):
        check.one("c", NOW)


def test_the_window_may_be_given_and_must_make_sense() -> None:
    check = make_check()
    assert check.all(NOW, 30).window.minutes == 30
    assert check.one("shop-prod", NOW, 1440).window.minutes == 1440
    for minutes in (0, -1, 1441):
        with pytest.raises(BadInput, match=f"window is {minutes} minutes; it must be 1 to 1440"):
            check.all(NOW, minutes)


def test_looking_changes_nothing_that_it_was_given() -> None:
    before = cluster()
    make_check(FakeDiscovery(before), FakeMetrics(FAILING)).all(NOW)
    assert before == replace(cluster())
