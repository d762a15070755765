"""Looking at clusters: each trouble that Azure can have becomes a result of its own, and none hides another cluster."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

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
from shared.core.detection.schedule import ScanSchedule
from shared.errors import BadInput, NotFoundHere
from shared.flows.monitoring.check import Check, CheckReport
from shared.flows.monitoring.inventory import FleetInventory
from shared.ids import short_key
from shared.model.assessment import Assessment
from shared.model.finding import FindingKind, Severity
from shared.model.fleet import Unlisted, WatchedCluster
from shared.model.metric import MetricAnswer, Window
from shared.model.reading import Cause, DoesNotApply, Idle, Measured, Unmeasured
from shared.model.text import Text
from shared.store.fleet_cache import FleetCache
from tests.support.builders import START, answer, by_state, cluster, series
from tests.support.fakes import FakeAccess, FakeAzure, balancer_of, make_scanner, watched

NOW = START + timedelta(minutes=8)
FAILING = by_state(Failed={1: 3}, Successful={0: 97})
HEALTHY = by_state(Successful={0: 97})
BACKENDS = answer(series({1: 3}, connectionstate="Failed", backendipaddress="10.0.0.4"))
MONITOR = "GET metrics SnatConnectionCount"


class NoStore:
    """Nothing is kept: every look lists the clusters."""

    def read(self, kind: Any, row: str) -> None:
        return None


def make_check(azure: FakeAzure | None = None, access: FakeAccess | None = None, **more: Any) -> Check:
    azure = azure or FakeAzure(watched(cluster()))
    return Check(
        azure.discovery,
        azure.fleet,
        FleetInventory(azure.fleet, cast(FleetCache, NoStore()), timedelta(minutes=10)),
        make_scanner(azure, access or FakeAccess({"state": HEALTHY})),
        ScanSchedule(3, 5, timedelta(minutes=5)),
        deadline_seconds=60,
        **more,
    )


def failing(**answers: Any) -> FakeAccess:
    return FakeAccess({"state": FAILING, "before": FAILING, "backend": BACKENDS, **answers})


def only(report: CheckReport) -> Assessment:
    (assessment,) = report.assessments
    return assessment


def test_a_healthy_cluster_is_measured_in_the_judged_window() -> None:
    report = make_check().all(NOW)
    assessment = only(report)
    assert report.window == Window(START, START + timedelta(minutes=5))
    assert isinstance(assessment.reading, Measured)
    assert assessment.findings == ()
    assert assessment.load_balancer_id == balancer_of(cluster()).id


def test_a_failing_cluster_is_found_with_its_nodes_by_name() -> None:
    assessment = only(make_check(access=failing()).all(NOW))
    assert isinstance(assessment.reading, Measured)
    assert [(node.name, node.failed) for node in assessment.reading.nodes] == [("aks-user-1-vmss000000", 3)]
    assert len(assessment.findings) == 1


def test_an_idle_cluster_is_told_from_one_that_is_not_measured() -> None:
    access = FakeAccess()
    assert isinstance(only(make_check(access=access).all(NOW)).reading, Unmeasured)
    access.answers["allocated"] = answer(series({0: 1024}))
    assert isinstance(only(make_check(access=access).all(NOW)).reading, Idle)


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
        "register the resource provider",
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


@pytest.mark.parametrize("where", ["state", "allocated"])
@pytest.mark.parametrize(("error", "reason", "remedy"), TROUBLES, ids=lambda value: type(value).__name__)
def test_what_azure_refuses_is_not_measured_and_says_why(
    where: str, error: AzureError, reason: str, remedy: str
) -> None:
    assessment = only(make_check(access=FakeAccess({where: error})).all(NOW))
    assert isinstance(assessment.reading, Unmeasured)
    assert reason in assessment.reading.reason
    assert remedy in assessment.reading.remedy
    assert bool(remedy) == bool(assessment.reading.remedy)
    (finding,) = assessment.findings
    assert (finding.kind, finding.severity) == (FindingKind.NOT_MEASURED, Severity.NOTICE)
    assert (finding.evidence, finding.remedy) == (assessment.reading.reason, assessment.reading.remedy)


def test_reasons_tell_the_kinds_of_trouble_apart() -> None:
    reasons, causes = set(), set()
    for error, _, _ in TROUBLES:
        reading = only(make_check(access=FakeAccess({"state": error})).all(NOW)).reading
        assert isinstance(reading, Unmeasured)
        reasons.add(reading.reason)
        causes.add(reading.cause)
    assert len(reasons) >= 8
    assert len(causes) == 6


@pytest.mark.parametrize("error", [error for error, _, _ in TROUBLES], ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("what", ["backend", "before", "nodes", "ports", "history"])
def test_a_measured_failure_is_reported_though_its_details_cannot_be_read(what: str, error: AzureError) -> None:
    azure = FakeAzure(watched(cluster()), trouble={what: error} if what == "nodes" else {})
    assessment = only(make_check(azure, failing(**({} if what == "nodes" else {what: error}))).all(NOW))
    assert isinstance(assessment.reading, Measured)
    assert assessment.reading.failed == 3
    (finding,) = assessment.findings
    assert finding.since == START + timedelta(minutes=1)
    assert bool(assessment.reading.nodes) == (what != "backend")
    assert (FindingKind.PORT_PRESSURE in assessment.evaluated_kinds) == (what != "ports")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"power_state": "Stopped"}, "stopped"),
        ({"outbound_type": "userDefinedRouting"}, "userDefinedRouting"),
        ({"load_balancer_sku": "basic"}, "Basic"),
    ],
)
def test_what_has_no_snat_ports_of_its_own_does_not_apply(changed: dict[str, Any], said: str) -> None:
    reading = only(make_check(FakeAzure(watched(cluster(**changed)))).all(NOW)).reading
    assert isinstance(reading, DoesNotApply)
    assert said in reading.reason


@pytest.mark.parametrize("outbound_type", ["loadBalancer", "userAssignedNATGateway", "managedNATGateway"])
def test_a_cluster_whose_way_out_was_not_found_is_not_measured(outbound_type: str) -> None:
    azure = FakeAzure((WatchedCluster(cluster(outbound_type=outbound_type)),))
    reading = only(make_check(azure).all(NOW)).reading
    assert isinstance(reading, Unmeasured)
    assert reading.cause is Cause.NO_LOAD_BALANCER
    assert reading.remedy


@pytest.mark.parametrize("error", [error for error, _, _ in TROUBLES], ids=lambda error: type(error).__name__)
def test_one_sick_cluster_does_not_hide_the_others(error: AzureError) -> None:
    names = [f"shop-{number}" for number in range(12)]
    azure = FakeAzure(
        watched(*(cluster(name=name) for name in names)), (Unlisted(Text("subscription x"), Text("no role")),)
    )
    access = FakeAccess({"state": lambda balancer: error if "mc_shop-5/" in balancer else HEALTHY})
    report = make_check(azure, access).all(NOW)
    kinds = {assessment.cluster.name: assessment.reading.kind for assessment in report.assessments}
    assert kinds == {name: "unmeasured" if name == "shop-5" else "measured" for name in names}
    assert report.unreadable == (Unlisted(Text("subscription x"), Text("no role")),)


def test_regions_are_looked_at_side_by_side() -> None:
    """A slow one does not make the others wait: two meet here, or the barrier breaks."""
    barrier = threading.Barrier(2, timeout=10)

    def meet(_: str) -> MetricAnswer:
        barrier.wait()
        return HEALTHY

    azure = FakeAzure(watched(cluster(name="a", location="westeurope"), cluster(name="b", location="eastus")))
    report = make_check(azure, FakeAccess({"state": meet})).all(NOW)
    assert [assessment.reading.kind for assessment in report.assessments] == ["measured", "measured"]


def test_when_nothing_can_be_listed_the_caller_is_told() -> None:
    with pytest.raises(Forbidden):
        make_check(FakeAzure(trouble={"read": Forbidden("POST resources", "no")})).all(NOW)


def test_one_cluster_is_found_by_name_or_id() -> None:
    check = make_check(FakeAzure(watched(cluster(name="a"), cluster(name="b"))))
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
    make_check(FakeAzure(watched(before)), failing()).all(NOW)
    assert before == replace(cluster())


def test_since_when_a_cluster_is_not_measured_is_what_the_watch_remembers() -> None:
    access = FakeAccess({"state": Forbidden(MONITOR, "no")})
    since = NOW - timedelta(hours=5)
    known = make_check(access=access, unmeasured_since=lambda: {short_key(cluster().id): since})
    assert [finding.since for finding in only(known.all(NOW)).findings] == [since]
    assert [finding.since for finding in only(make_check(access=access).all(NOW)).findings] == [NOW]


def test_who_is_silent_is_asked_for_half_an_hour_to_tell_late_from_never() -> None:
    access = FakeAccess({"allocated": answer(series({-9: 1024}))})
    reading = only(make_check(access=access).all(NOW)).reading
    assert isinstance(reading, Unmeasured)
    assert reading.cause is Cause.LATE
    assert [asked.minutes for name, _, asked in access.asked if name == "allocated"] == [30]
