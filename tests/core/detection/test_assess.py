"""One look from series to findings and transition: whatever Azure answers, and whatever is wrong with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.cloud.metric_queries import SNAT_CONNECTIONS_BY_BACKEND
from shared.core.detection.assess import ClusterSeries, GatewaySeries, LoadBalancerSeries, PriorObservations, assess
from shared.core.detection.ports import read_ports
from shared.core.detection.schedule import complete_window
from shared.core.detection.tags import TagRules, read_tags
from shared.core.incidents.transition import IncidentPolicy
from shared.model.assessment import Assessment
from shared.model.finding import FindingKind, Severity
from shared.model.fleet import WatchedCluster, WatchedGateway
from shared.model.load_balancer import NodeList
from shared.model.metric import MetricAnswer
from shared.model.ports import AllocationBaseline
from shared.model.reading import Cause, DoesNotApply, Idle, Measured, Unmeasured
from shared.model.resource_id import ArmId
from shared.model.text import Text
from tests.support.builders import (
    NETWORK,
    USER_SUBNET,
    answer,
    at,
    by_state,
    cluster,
    load_balancer,
    node,
    port_series,
    series,
    window,
)
from tests.support.metric_json import read

NOTHING = MetricAnswer(())
HEALTHY = by_state(Successful=dict.fromkeys(range(5), 100))
TARGET = WatchedCluster(cluster(), load_balancer())
GATEWAY = WatchedGateway(ArmId(f"{NETWORK}/natGateways/ng"), "ng", "westeurope", 1, (USER_SUBNET,))
POLICY = IncidentPolicy(10, timedelta(minutes=60))


def look(
    connections: MetricAnswer | Unmeasured = HEALTHY, target: WatchedCluster = TARGET, **more: Any
) -> ClusterSeries:
    nodes = more.pop("nodes", NodeList())
    gateways = more.pop("gateways", ())
    balancer = LoadBalancerSeries(connections, **more) if target.load_balancer else None
    return ClusterSeries(target, window(), balancer, gateways, nodes)


def seen(one: ClusterSeries, prior: PriorObservations | None = None, rules: TagRules | None = None) -> Assessment:
    return assess(one, prior or PriorObservations(), rules or TagRules(), at(8))


def test_a_healthy_cluster_has_no_findings() -> None:
    assessment = seen(look())
    assert isinstance(assessment.reading, Measured)
    assert (assessment.findings, assessment.load_balancer_id) == ((), load_balancer().id)
    assert FindingKind.SNAT_FAILING in assessment.evaluated_kinds
    assert FindingKind.PORT_PRESSURE not in assessment.evaluated_kinds, "ports were not asked for"


def test_a_failing_node_is_a_finding_with_its_name_and_first_failed_minute() -> None:
    failing = by_state(Failed={1: 30}, Successful={0: 100, 1: 70})
    by_backend = answer(series({1: 30}, connectionstate="Failed", backendipaddress=node(0).ip))
    (finding,) = seen(
        look(
            failing,
            connections_by_backend=by_backend,
            connections_before=failing,
            nodes=NodeList((node(0),), is_complete=True),
        )
    ).findings
    assert (finding.kind, finding.since, finding.nodes[0].name) == (FindingKind.SNAT_FAILING, at(1), node(0).name)


def test_findings_are_told_worst_first() -> None:
    used = answer(port_series(node(0).ip, {0: 1000}))
    limits = answer(port_series(node(0).ip, {0: 1024}))
    one = look(
        by_state(Failed={1: 3}, Successful={1: 997}),
        ports=read_ports(window(), used, limits),
        nodes=NodeList((node(0),), is_complete=True),
    )
    assessment = seen(one, PriorObservations(allocation=AllocationBaseline(2048)))
    kinds = [finding.kind for finding in assessment.findings]
    assert kinds == [FindingKind.SNAT_FAILING, FindingKind.PORT_PRESSURE, FindingKind.ALLOCATION_DRIFT]
    assert assessment.findings[1].ports[0].name == node(0).name


# --- what is behind a NAT gateway ---


def gateway_series(connections: MetricAnswer | Unmeasured, **more: Any) -> GatewaySeries:
    return GatewaySeries(GATEWAY, connections, **more)


def test_a_cluster_behind_a_gateway_is_judged_by_the_gateway() -> None:
    target = WatchedCluster(cluster(outbound_type="userAssignedNATGateway"), None, (GATEWAY,))
    failing = by_state(Attempted={0: 100}, Failed={0: 5})
    assessment = seen(look(target=target, gateways=(gateway_series(failing),)))
    assert [finding.kind for finding in assessment.findings] == [FindingKind.NAT_GATEWAY_FAILING]
    assert assessment.gateway_ids == (GATEWAY.id,)
    assert isinstance(assessment.reading, Measured)
    assert assessment.reading.failed == 5


def test_after_the_cure_an_idle_load_balancer_and_a_healthy_gateway_are_healthy() -> None:
    target = WatchedCluster(cluster(), load_balancer(), (GATEWAY,))
    moved = by_state(Attempted=dict.fromkeys(range(5), 100))
    one = look(NOTHING, target, allocated=answer(series({0: 1024})), gateways=(gateway_series(moved),))
    assessment = seen(one)
    assert isinstance(assessment.reading, Measured)
    assert len(assessment.reading.clean_minutes) == 5


def test_what_is_measured_on_one_side_only_is_no_health() -> None:
    target = WatchedCluster(cluster(), load_balancer(), (GATEWAY,))
    refused = Unmeasured(Text("Azure refused"), Text("grant"), Cause.FORBIDDEN)
    assert seen(look(HEALTHY, target, gateways=(gateway_series(refused),))).reading == refused
    failing = by_state(Failed={1: 3}, Successful={1: 97, 2: 100})
    reading = seen(look(failing, target, gateways=(gateway_series(refused),))).reading
    assert isinstance(reading, Measured), "failures count all the same"
    assert (reading.failed, reading.clean_minutes) == (3, ())


def test_minutes_fail_wherever_something_failed() -> None:
    target = WatchedCluster(cluster(), load_balancer(), (GATEWAY,))
    on_gateway = by_state(Attempted=dict.fromkeys(range(5), 10), Failed={3: 1})
    reading = seen(look(HEALTHY, target, gateways=(gateway_series(on_gateway),))).reading
    assert isinstance(reading, Measured)
    assert reading.failed_minutes == (at(3),)
    assert at(3) not in reading.clean_minutes


def test_a_gateway_is_held_against_capacity_and_data_path_where_looked_at() -> None:
    target = WatchedCluster(cluster(outbound_type="userAssignedNATGateway"), None, (GATEWAY,))
    moved = by_state(Attempted={0: 100})
    slow = window(-10, 5)
    full = gateway_series(
        moved,
        slow_window=slow,
        open_connections=answer(series({0: 60_000})),
        datapath=answer(series(dict.fromkeys(range(-10, 5), 50.0))),
    )
    kinds = {finding.kind for finding in seen(look(target=target, gateways=(full,))).findings}
    assert kinds == {FindingKind.NAT_GATEWAY_PRESSURE, FindingKind.NAT_GATEWAY_DATAPATH}
    assert seen(look(target=target, gateways=(gateway_series(moved),))).findings == ()


# --- tags ---


def test_an_opted_out_cluster_is_not_judged() -> None:
    rules = read_tags({"Snatbot-Watch": "OFF"}, TagRules())
    assessment = seen(look(by_state(Failed={1: 30})), rules=rules)
    assert isinstance(assessment.reading, DoesNotApply)
    assert assessment.findings == ()


def test_tags_tune_thresholds_and_bad_ones_are_a_finding() -> None:
    used, limits = answer(port_series("10.0.0.4", {0: 700})), answer(port_series("10.0.0.4", {0: 1024}))
    one = look(ports=read_ports(window(), used, limits))
    assert seen(one).findings == ()
    tuned = read_tags({"snatbot-pressure-warn": "60"}, TagRules())
    assert [found.kind for found in seen(one, rules=tuned).findings] == [FindingKind.PORT_PRESSURE]
    bad = read_tags({"snatbot-pressure-warn": "much", "snatbot-colour": "red", "team": "net"}, TagRules())
    (finding,) = seen(one, rules=bad).findings
    assert (finding.kind, finding.severity) == (FindingKind.BAD_TAGS, Severity.NOTICE)
    assert "snatbot-pressure-warn is 'much'" in finding.evidence
    assert "snatbot-colour is not known" in finding.evidence


# --- bad input ---


def wire(*points: dict[str, Any], state: str = "Failed") -> MetricAnswer:
    """As Azure Monitor might answer it."""
    item = {
        "value": [
            {
                "name": {"value": "SnatConnectionCount"},
                "errorCode": "Success",
                "timeseries": [
                    {"metadatavalues": [{"name": {"value": "connectionstate"}, "value": state}], "data": list(points)}
                ],
            }
        ]
    }
    return read(item, "SnatConnectionCount", "Total", window(), 2000)


def point(minute: int, total: Any) -> dict[str, Any]:
    return {"timeStamp": at(minute).isoformat(), "total": total}


@pytest.mark.parametrize("value", ["NaN", float("nan"), float("inf"), None, "many", [], {}])
def test_values_that_are_no_numbers_are_no_failures_and_no_health(value: Any) -> None:
    assert isinstance(seen(look(wire(point(1, value)))).reading, Unmeasured)


def test_of_two_points_for_a_minute_one_counts() -> None:
    reading = seen(look(wire(point(1, 3), point(1, 3), point(1, 3)))).reading
    assert isinstance(reading, Measured)
    assert reading.failed == 3


@pytest.mark.parametrize("minute", [5, 60, 525_600, -1])
def test_points_from_outside_the_window_do_not_count(minute: int) -> None:
    """From the future, as a skewed clock would have them, or from long ago."""
    assert isinstance(seen(look(wire(point(minute, 3)))).reading, Unmeasured)


def test_a_clock_that_runs_behind_judges_an_older_window_and_nothing_breaks() -> None:
    behind = complete_window(datetime(1999, 12, 31, 23, 59, tzinfo=UTC), 3, 5)
    one = ClusterSeries(TARGET, behind, LoadBalancerSeries(HEALTHY))
    assert isinstance(assess(one, PriorObservations(), TagRules(), at(8)).reading, Unmeasured)


def test_a_load_balancer_without_an_outbound_rule_is_not_measured() -> None:
    reading = seen(ClusterSeries(WatchedCluster(cluster()), window())).reading
    assert isinstance(reading, Unmeasured)
    assert reading.cause is Cause.NO_LOAD_BALANCER


def test_a_cluster_without_nodes_is_idle_and_says_nothing_of_ports() -> None:
    target = WatchedCluster(cluster(pools=()), load_balancer())
    one = look(NOTHING, target, allocated=answer(series({1: 0})), ports=read_ports(window(), NOTHING, NOTHING))
    assessment = seen(one)
    assert isinstance(assessment.reading, Idle)
    assert assessment.findings == ()


def test_ips_that_no_node_has_any_more_are_told_as_ips() -> None:
    gone = "10.224.99.99"
    used, limits = answer(port_series(gone, {0: 1000})), answer(port_series(gone, {0: 1024}))
    by_backend = answer(series({1: 3}, connectionstate="Failed", backendipaddress=gone))
    one = look(
        by_state(Failed={1: 3}),
        connections_by_backend=by_backend,
        ports=read_ports(window(), used, limits),
        nodes=NodeList((node(0),), is_complete=True),
    )
    failing, pressure = seen(one).findings
    assert (failing.nodes[0].ip, failing.nodes[0].name, failing.nodes[0].is_gone) == (gone, "", True)
    assert pressure.evidence.endswith(f"the fullest {gone} 1,000 of 1,024 TCP ports (97.7\u00a0%)")


def test_an_answer_that_was_cut_is_a_finding_beside_the_others() -> None:
    sick = by_state(Failed={3: 7}, Successful=dict.fromkeys(range(5), 100))
    whole = answer(series({3: 7}, connectionstate="Failed", backendipaddress="10.0.0.4"))
    cut = answer(*whole.series, is_truncated=True)
    kinds = [finding.kind for finding in seen(look(sick, connections_by_backend=cut)).findings]
    assert kinds == [FindingKind.SNAT_FAILING, FindingKind.ANSWER_CUT]
    assert FindingKind.ANSWER_CUT not in {one.kind for one in seen(look(sick, connections_by_backend=whole)).findings}
    used, limits = (answer(port_series("10.0.0.4", {0: one}), is_truncated=True) for one in (10, 1024))
    (finding,) = seen(look(ports=read_ports(window(), used, limits))).findings
    assert (finding.kind, finding.severity) == (FindingKind.ANSWER_CUT, Severity.NOTICE)
    assert "short of ports" in finding.evidence


def test_the_one_failing_node_of_the_largest_cluster_is_named() -> None:
    """Largest first, every state asked for: the failing one comes last of more than 15,000 series."""
    states = ("Successful", "Pending", "Other")
    every = [
        {"metadatavalues": dimensions(f"10.{n // 250}.0.{n % 250}", state), "data": points(100)}
        for n in range(5_000)
        for state in states
    ]
    every.append({"metadatavalues": dimensions("10.99.0.1", "Failed"), "data": points(7)})
    question = SNAT_CONNECTIONS_BY_BACKEND
    metric = {"name": {"value": question.metric}, "timeseries": every[: question.top]}
    detail = read({"value": [metric]}, question.metric, question.aggregation, window(), question.limit)
    assert not detail.is_truncated
    reading = seen(look(by_state(Failed={3: 7}), connections_by_backend=detail)).reading
    assert isinstance(reading, Measured)
    assert [(one.ip, one.failed) for one in reading.nodes] == [("10.99.0.1", 7)]


def dimensions(ip: str, state: str) -> list[dict[str, Any]]:
    every = {"BackendIPAddress": ip, "ConnectionState": state}
    return [{"name": {"value": name}, "value": value} for name, value in every.items()]


def points(total: float) -> list[dict[str, Any]]:
    return [{"timeStamp": f"{at(3):%Y-%m-%dT%H:%M:%SZ}", "total": total}]
