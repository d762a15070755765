"""Whatever stands in a row: it spoils itself only, and nothing but an AzureError leaves this room."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.cloud.access import AccessReader
from shared.cloud.activity import ActivityLog
from shared.cloud.discovery import Discovery
from shared.cloud.errors import AzureError
from shared.cloud.fleet_query import FleetDiscovery
from shared.cloud.logs import events_of
from shared.cloud.metric_queries import MetricQuery
from shared.cloud.metrics_batch import BatchMetrics
from shared.cloud.network_facts import read_network_facts
from shared.cloud.parse.nat_gateway import parse_nat_gateway
from shared.core.detection.assess import ClusterSeries, PriorObservations, assess, not_applicable
from shared.core.detection.load_balancer import read_load_balancer
from shared.core.detection.tags import TagRules, read_tags
from shared.core.planning.permissions import linked_ids
from shared.core.remediation.concurrent_writes import changed_properties, restore_command
from shared.model.access import Access
from shared.model.fleet import Fleet, WatchedCluster
from shared.model.metric import MetricAnswer
from shared.model.reading import Measured, Unmeasured
from shared.model.text import Text
from tests.support.activity_event import event
from tests.support.arm_network import CLUSTER, NET_GROUP, NODE_GROUP, NOW, OUT_IP, OWN_VNET, ROUTES, VNET
from tests.support.arm_network import LB as BALANCER
from tests.support.builders import START
from tests.support.canned import Answers, Canned
from tests.support.graph_rows import GROUP, PREFIX, SUBNET, balancer_row, cluster_row, gateway_row
from tests.support.metric_json import WINDOW, at, of_backends, stamp
from tests.support.mutations import anything, mutated
from tests.support.thorough import examples

pytestmark = pytest.mark.disable_socket
odd = examples(50)

FULL_CLUSTER = cluster_row(
    "odd",
    networkProfile={
        "outboundType": "loadBalancer",
        "loadBalancerProfile": {"allocatedOutboundPorts": 0, "managedOutboundIPs": {"count": 1}},
        "ipFamilies": ["IPv4"],
    },
    apiServerAccessProfile={"authorizedIPRanges": ["203.0.113.0/24"], "enablePrivateCluster": False},
    powerState={"code": "Running"},
) | {"tags": {"snatbot-pressure-warn": "80"}}


def fleet_of(*pages: Sequence[Any]) -> Fleet:
    canned = Canned({"/subscriptions": []}, tuple({"data": list(page)} for page in pages))
    return FleetDiscovery(Discovery(canned.arm)).read_fleet(START)


def judged(target: WatchedCluster) -> Any:
    rules = read_tags(target.cluster.tags, TagRules())
    not_applicable(target, rules)
    return assess(ClusterSeries(target, WINDOW), PriorObservations(), rules, START).reading


@odd
@given(mutated(FULL_CLUSTER))
def test_a_clusters_row_spoils_itself_only(row: Any) -> None:
    found = fleet_of([cluster_row("a"), row, cluster_row("b")], [balancer_row("MC_a"), balancer_row("MC_b")], [])
    by_name = {one.cluster.name: one for one in found.clusters}
    assert by_name["a"].load_balancer is not None
    assert by_name["b"].load_balancer is not None
    is_there = len(found.clusters) == 3 or any(
        "without a readable id" in unlisted.subject for unlisted in found.unreadable
    )
    is_another = isinstance(row, dict) and row.get("id") in (by_name["a"].cluster.id, by_name["b"].cluster.id)
    assert is_there or is_another, "nothing is dropped without a word"
    for one in found.clusters:
        reading = judged(one)
        assert not one.unreadable or isinstance(reading, Unmeasured)


@odd
@given(mutated(balancer_row("MC_a")), mutated(gateway_row()), st.booleans())
def test_a_balancers_or_gateways_row_leaves_the_others_alone(balancer: Any, gateway: Any, is_balancer: bool) -> None:
    elsewhere = cluster_row("b", agentPoolProfiles=[])
    rows = [balancer if is_balancer else balancer_row("MC_a"), balancer_row("MC_b")]
    gateways = [gateway_row() if is_balancer else gateway]
    found = fleet_of([cluster_row("a"), elsewhere], rows, gateways)
    a, b = found.clusters
    assert (b.load_balancer is not None, b.unreadable) == (True, "")
    assert judged(a) is not None


@odd
@given(mutated({"id": PREFIX, "name": "pre", "properties": {"prefixLength": 30}}))
def test_a_prefix_of_unknown_length_counts_for_none(row: Any) -> None:
    prefixed = gateway_row(publicIpAddresses=[], publicIpPrefixes=[{"id": PREFIX}])
    (target,) = fleet_of([cluster_row()], [], [prefixed], [row]).clusters
    count = target.gateways[0].public_ip_count
    assert count is None or 1 <= count <= 2**32


SCALE_SETS = f"{NODE_GROUP}/Microsoft.Compute/virtualMachineScaleSets"
SCALE_SET = {"name": "aks-apps-1-vmss", "tags": {"aks-managed-poolName": "apps"}}


def nic(instance: int) -> dict[str, Any]:
    properties = {
        "primary": True,
        "ipConfigurations": [
            {"properties": {"privateIPAddress": f"10.0.0.{instance}", "primary": True, "subnet": {"id": SUBNET}}}
        ],
    }
    of = f"{SCALE_SETS}/aks-apps-1-vmss/virtualMachines/{instance}/networkInterfaces/nic"
    return {"id": of, "properties": properties}


FACTS: dict[str, Any] = OWN_VNET | {
    SCALE_SETS: [SCALE_SET],
    f"{SCALE_SETS}/aks-apps-1-vmss/networkInterfaces": [nic(1), nic(2)],
    f"{NET_GROUP}/natGateways": [gateway_row(publicIpAddresses=[{"id": OUT_IP}])],
}
KINDS = [BALANCER, OUT_IP, SCALE_SETS, VNET, f"{VNET}/subnets/apps", ROUTES, f"{NET_GROUP}/natGateways"]
KINDS += [f"{SCALE_SETS}/aks-apps-1-vmss/networkInterfaces", f"{NET_GROUP}/publicIPAddresses"]


@odd
@given(st.sampled_from(KINDS).flatmap(lambda kind: st.tuples(st.just(kind), mutated(FACTS[kind]))))
def test_a_snapshot_of_the_network_names_what_it_cannot_read(change: tuple[str, Any]) -> None:
    arm = Answers(FACTS | {change[0]: change[1]}).arm
    found = read_network_facts(arm, Discovery(arm), CLUSTER, NOW)
    assert len(found.subnets) + len(found.unreadable) >= 2
    for subnet in found.subnets:
        linked_ids(subnet.properties)
        for name in changed_properties({}, subnet.properties):
            restore_command(subnet.id, name, subnet.properties[name])
        assert subnet.has_ipv6 in (True, False)
        json.dumps(dict(subnet.properties), allow_nan=False)


@odd
@given(mutated(OWN_VNET[CLUSTER]))
def test_a_snapshot_raises_only_what_azure_may_answer(row: Any) -> None:
    arm = Answers(FACTS | {CLUSTER: row}).arm
    with contextlib.suppress(AzureError):
        read_network_facts(arm, Discovery(arm), CLUSTER, NOW)


@odd
@given(mutated(gateway_row(zones=["1"])))
def test_a_gateway_can_be_written_back_or_is_none(row: Any) -> None:
    with contextlib.suppress(AzureError):
        json.dumps(dict(parse_nat_gateway(row).properties), allow_nan=False)


# --- metrics ---

QUESTION = MetricQuery("ns", "SnatConnectionCount", "Total", "ConnectionState eq '*'")
IDS = [f"{GROUP}/mc_{name}/providers/Microsoft.Network/loadBalancers/kubernetes" for name in ("a", "b")]


class Batch(BatchMetrics):
    def __init__(self, body: Any) -> None:
        self.body = body

    def _send(self, *sent: Any) -> bytes:
        return json.dumps(self.body).encode()


def by_state(resource_id: str) -> dict[str, Any]:
    def series(state: str, value: float) -> dict[str, Any]:
        dimension = [{"name": {"value": "ConnectionState"}, "value": state}]
        return {"metadatavalues": dimension, "data": [{"timeStamp": stamp(one), "total": value} for one in range(5)]}

    metric = {"name": {"value": "SnatConnectionCount"}, "timeseries": [series("Failed", 3), series("Successful", 9)]}
    return {"resourceid": resource_id, "value": [metric]}


@odd
@given(mutated(by_state(IDS[0])))
def test_one_resource_of_a_batch_spoils_itself_only(entry: Any) -> None:
    answers = Batch({"values": [entry, by_state(IDS[1])]}).query_batch(IDS, "westeurope", QUESTION, WINDOW)
    other = answers[IDS[1].lower()]
    assert isinstance(other, MetricAnswer)
    reading = read_load_balancer(WINDOW, other, None)
    assert isinstance(reading, Measured)
    assert (reading.failed, reading.measured_minutes) == (15, 5)
    answered = answers[IDS[0].lower()]
    if isinstance(answered, MetricAnswer):
        read_load_balancer(WINDOW, answered, None)


@odd
@given(st.sampled_from([0, 1]), st.integers(0, 4), anything.filter(lambda value: value is not None))
def test_a_value_is_a_count_or_makes_its_minute_not_measured(series: int, minute: int, value: Any) -> None:
    entry = by_state(IDS[0])
    entry["value"][0]["timeseries"][series]["data"][minute]["total"] = value
    answered = Batch({"values": [entry]}).query_batch(IDS[:1], "westeurope", QUESTION, WINDOW)[IDS[0].lower()]
    assert isinstance(answered, MetricAnswer)
    reading = read_load_balancer(WINDOW, answered, of_the_allocated())
    assert isinstance(reading, Measured)
    assert reading.measured_minutes + len(answered.unknown) == 5
    assert not answered.unknown & {*reading.failed_minutes, *reading.clean_minutes}


def of_the_allocated() -> MetricAnswer:
    body = {"values": [{"resourceid": IDS[0], **of_backends(a=(1, 1))}]}
    answer = Batch(body).query_batch(IDS[:1], "westeurope", QUESTION, WINDOW)[IDS[0].lower()]
    assert isinstance(answer, MetricAnswer)
    return answer


def test_a_window_of_impossible_values_is_not_idle_though_ports_are_allocated() -> None:
    entry = by_state(IDS[0])
    for series in entry["value"][0]["timeseries"]:
        series["data"] = [{"timeStamp": stamp(one), "total": -1} for one in range(5)]
    answered = Batch({"values": [entry]}).query_batch(IDS[:1], "westeurope", QUESTION, WINDOW)[IDS[0].lower()]
    assert isinstance(answered, MetricAnswer)
    assert answered.unknown == {at(minute) for minute in range(5)}
    reading = read_load_balancer(WINDOW, answered, of_the_allocated())
    assert isinstance(reading, Unmeasured)
    assert "can't be read" in reading.reason


@odd
@given(anything)
def test_a_batch_that_is_something_else_is_an_azure_error_or_leaves_all_out(body: Any) -> None:
    with contextlib.suppress(AzureError):
        Batch({"values": body}).query_batch(IDS, "westeurope", QUESTION, WINDOW)


# --- lists that are one answer ---


@odd
@given(mutated(event("Started", 1)))
def test_an_event_of_the_activity_log_spoils_itself_only(row: Any) -> None:
    arm = Answers({"/subscriptions/s1/providers/Microsoft.Insights/eventtypes/management/values": [row, OTHER]}).arm
    unreadable: list[Text] = []
    writes = ActivityLog(arm).writes("s1", "net", START, START + timedelta(hours=1), unreadable)
    assert "other" in {one.operation_id for one in writes}


OTHER = event("Started", 1, operationId="other")
SCOPE = f"{GROUP}/net"
AUTHORIZATION = f"{SCOPE}/providers/Microsoft.Authorization"
ASKED: dict[str, Any] = {
    f"{AUTHORIZATION}/permissions": [{"actions": ["*/read"], "notActions": []}],
    f"{AUTHORIZATION}/locks": [
        {"id": f"{AUTHORIZATION}/locks/l", "name": "l", "properties": {"level": "ReadOnly"}},
    ],
    "/subscriptions/s1/providers/Microsoft.Authorization/locks": [],
    f"{SCOPE}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions": {
        "contentEvaluationResult": {
            "policyEvaluations": [
                {
                    "evaluationResult": "NonCompliant",
                    "effectDetails": {"policyEffect": "Deny"},
                    "policyInfo": {"policyAssignmentId": "p"},
                }
            ]
        }
    },
    "/subscriptions/s1/providers/Microsoft.Network/locations/westeurope/usages": [
        {"name": {"value": "PublicIPAddresses"}, "currentValue": 3, "limit": 1000}
    ],
}


def access(answers: dict[str, Any]) -> Access:
    arm = Answers(answers).arm
    return AccessReader(arm, arm).read_access(
        [SCOPE], SCOPE, f"{SCOPE}/providers/x/y/z", "westeurope", {}, ["natGateways"]
    )


def test_access_is_read_from_valid_answers() -> None:
    found = access(ASKED)
    assert found.reasons == {}
    assert (len(found.locks or ()), len(found.denials or ()), len(found.quotas or ())) == (1, 1, 1)


@odd
@given(st.sampled_from(sorted(ASKED)).flatmap(lambda kind: st.tuples(st.just(kind), mutated(ASKED[kind]))))
def test_what_azure_says_of_access_is_read_or_not_known_each_by_itself(change: tuple[str, Any]) -> None:
    found = access(ASKED | {change[0]: change[1]})
    known = [found.permissions, found.locks, found.denials, found.quotas]
    assert sum(one is None for one in known) == len(found.reasons) <= 1


@odd
@given(mutated([{"LoadBalancerResourceId": "/x/lb", "TimeGenerated": "2026-11-22T10:05:00Z"}]))
def test_an_odd_health_event_is_left_out(rows: Any) -> None:
    good = {"LoadBalancerResourceId": "/y/lb", "TimeGenerated": START}
    given_rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    assert len(events_of([*given_rows, good])["/y/lb"]) >= 1


@odd
@given(mutated([{"subscriptionId": "s1"}, {"subscriptionId": "s2"}]))
def test_an_odd_subscription_does_not_hide_the_others(rows: Any) -> None:
    canned = Answers({"/subscriptions": rows, "/providers/Microsoft.ResourceGraph/resources": {"data": []}})
    with contextlib.suppress(AzureError):
        Discovery(cast(Any, canned), ("s1", "s2")).clusters()
