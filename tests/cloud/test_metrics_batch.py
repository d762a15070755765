"""Fifty resources in one request: the same answers as one by one, and one resource's trouble is its own."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.identity import ManagedIdentityCredential

from shared.cloud import metric_queries
from shared.cloud.errors import (
    Forbidden,
    MetricUnavailable,
    NotRegistered,
    SignInFailed,
    Throttled,
    UnexpectedAnswer,
)
from shared.cloud.metrics import Metrics
from shared.cloud.metrics_batch import BatchMetrics
from shared.cloud.pipeline import BoundedRetry
from shared.model.cluster import Cluster
from shared.model.metric import MetricAnswer, Series, Window
from simulator.testing import RunningSimulator

QUESTIONS = [
    metric_queries.SNAT_CONNECTIONS,
    metric_queries.SNAT_CONNECTIONS_BY_BACKEND,
    metric_queries.ALLOCATED_SNAT_PORTS,
    metric_queries.USED_SNAT_PORTS_BY_BACKEND,
    metric_queries.SNAT_PORTS_BY_BACKEND,
]


def answer_of(*values: dict[str, Any]) -> dict[str, Any]:
    return {"match": {"path": "getBatch"}, "then": {"status": 200, "body": {"values": list(values)}}}


def metric(resource_id: str, **more: Any) -> dict[str, Any]:
    name = {"value": "AllocatedSnatPorts", "localizedValue": "Allocated SNAT Ports"}
    return {
        "id": f"{resource_id}/providers/Microsoft.Insights/metrics/AllocatedSnatPorts",
        "type": "Microsoft.Insights/metrics",
        "name": name,
        "unit": "Count",
        "timeseries": [],
        **more,
    }


def entry(resource_id: str, said: bool = True, **more: Any) -> dict[str, Any]:
    found = {
        "starttime": "2026-11-22T10:00:00Z",
        "endtime": "2026-11-22T10:05:00Z",
        "interval": "PT1M",
        "value": [metric(resource_id, **more)],
    }
    return found | ({"resourceid": resource_id} if said else {})


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: f"{question.metric} {question.filter}")
def test_the_batch_answers_as_one_by_one(
    batch: BatchMetrics,
    metrics: Metrics,
    load_balancer_id: str,
    shop: Cluster,
    window: Window,
    question: metric_queries.MetricQuery,
) -> None:
    answers = batch.query_batch([load_balancer_id], shop.location, question, window)
    assert answers == {load_balancer_id.lower(): metrics.query(load_balancer_id, question, window)}


def test_two_metrics_in_one_request_are_what_two_requests_bring(
    batch: BatchMetrics, load_balancer_id: str, shop: Cluster, window: Window
) -> None:
    def ask(question: metric_queries.MetricQuery) -> MetricAnswer:
        (found,) = batch.query_batch([load_balancer_id], shop.location, question, window).values()
        assert isinstance(found, MetricAnswer)
        assert found.series
        return found

    both = ask(metric_queries.SNAT_PORTS_BY_BACKEND)
    for single in (metric_queries.USED_SNAT_PORTS_BY_BACKEND, metric_queries.ALLOCATED_SNAT_PORTS_BY_BACKEND):
        found = metric_queries.of_metric(both, single.metric)
        alone = [
            Series({**series.dimensions, metric_queries.METRIC: single.metric}, series.points)
            for series in ask(single).series
        ]
        assert list(found.series) == alone


def test_a_region_is_understood_as_portals_write_it(
    azure: RunningSimulator, batch: BatchMetrics, load_balancer_id: str, window: Window
) -> None:
    batch.query_batch([load_balancer_id], "West Europe", metric_queries.ALLOCATED_SNAT_PORTS, window)
    assert azure.requests()[-1]["path"].startswith("/metrics/westeurope/")


def test_one_resource_that_failed_leaves_the_others_alone(
    azure: RunningSimulator, batch: BatchMetrics, load_balancer_id: str, window: Window
) -> None:
    ids = [f"{load_balancer_id}-{number}" for number in range(4)]
    azure.add_fault(
        answer_of(
            entry(ids[0]),
            entry(ids[1], errorCode="InternalError", errorMessage="Try later."),
            entry(ids[2], said=False),
        )
    )
    good, failed, unnamed, missing = batch.query_batch(
        ids, "westeurope", metric_queries.ALLOCATED_SNAT_PORTS, window
    ).values()
    assert good == MetricAnswer(())
    assert isinstance(failed, MetricUnavailable)
    assert "Try later" in str(failed)
    assert unnamed == MetricAnswer(()), "told by the metric's own id"
    assert isinstance(missing, MetricUnavailable)
    assert "leaves out" in str(missing)


def test_a_recorded_answer_is_read(azure: RunningSimulator, batch: BatchMetrics, recordings: Path) -> None:
    file = recordings / "07-metrics" / "azps-getbatch-two-metrics-pt1m-2024.json"
    (exchange,) = json.loads(file.read_text())["exchanges"]
    azure.add_fault({"match": {"path": "getBatch"}, "then": {"status": 200, "body": exchange["response"]["body"]}})
    (storage_id,) = exchange["request"]["body"]["resourceids"]
    start = datetime(2024, 4, 9, 1, 50, tzinfo=UTC)
    ingress = metric_queries.MetricQuery("Microsoft.Storage/storageAccounts", "ingress", "Total")
    answers = batch.query_batch([storage_id], "eastus", ingress, Window(start, start + timedelta(minutes=5)))
    answer = answers[storage_id.lower()]
    assert isinstance(answer, MetricAnswer)
    assert [value for _, value in answer.series[0].points] == [0, 0, 0, 0, 0]


def test_what_a_model_could_not_take_leaves_the_others_alone(
    azure: RunningSimulator, batch: BatchMetrics, load_balancer_id: str, window: Window
) -> None:
    odd = entry(f"{load_balancer_id}-odd", name={}, timeseries=[{"data": [{"timeStamp": "never"}]}])
    azure.add_fault(answer_of(odd, entry(load_balancer_id)))
    answers = batch.query_batch([load_balancer_id], "westeurope", metric_queries.ALLOCATED_SNAT_PORTS, window)
    assert answers == {load_balancer_id.lower(): MetricAnswer(())}


@pytest.mark.parametrize("body", ["[]", [], "words"])
def test_an_answer_that_makes_no_sense_is_an_error(
    azure: RunningSimulator, batch: BatchMetrics, load_balancer_id: str, window: Window, body: Any
) -> None:
    azure.add_fault({"match": {"path": "getBatch"}, "then": {"status": 200, "body": body}})
    with pytest.raises(UnexpectedAnswer):
        batch.query_batch([load_balancer_id], "westeurope", metric_queries.ALLOCATED_SNAT_PORTS, window)


def test_an_answer_sent_as_a_json_string_is_read(
    azure: RunningSimulator, batch: BatchMetrics, load_balancer_id: str, window: Window
) -> None:
    body = json.dumps({"values": [entry(load_balancer_id)]})
    azure.add_fault({"match": {"path": "getBatch"}, "then": {"status": 200, "body": body}})
    answers = batch.query_batch([load_balancer_id], "westeurope", metric_queries.ALLOCATED_SNAT_PORTS, window)
    assert answers == {load_balancer_id.lower(): MetricAnswer(())}


def refused(status: int, code: str, message: str) -> dict[str, Any]:
    body = {"error": {"code": code, "message": message}}
    return {"match": {"path": "getBatch"}, "then": {"status": status, "body": body}}


def test_without_the_role_at_the_subscription_the_grant_is_named(
    azure: RunningSimulator, batch: BatchMetrics, load_balancer_id: str, shop: Cluster, window: Window
) -> None:
    azure.add_fault(refused(401, "Unauthorized", "Monitoring Reader is missing."))
    with pytest.raises(Forbidden) as raised:
        batch.query_batch([load_balancer_id], "westeurope", metric_queries.ALLOCATED_SNAT_PORTS, window)
    assert not isinstance(raised.value, SignInFailed)
    assert raised.value.missing_action == "Microsoft.Insights/metrics/read"
    assert raised.value.missing_scope == f"/subscriptions/{shop.subscription}"
    assert shop.subscription in raised.value.remedy


def test_without_a_token_it_is_the_identity_and_not_the_role(
    azure: RunningSimulator, batch: BatchMetrics, load_balancer_id: str, window: Window
) -> None:
    azure.add_fault({"match": {"path": "/msi/token"}, "then": {"status": 401, "body": {"error": "invalid_client"}}})
    with pytest.raises(SignInFailed):
        batch.query_batch([load_balancer_id], "westeurope", metric_queries.ALLOCATED_SNAT_PORTS, window)


def test_an_unregistered_provider_is_told_apart(
    azure: RunningSimulator, batch: BatchMetrics, load_balancer_id: str, window: Window
) -> None:
    azure.add_fault(refused(403, "Forbidden", "The subscription is not registered with Microsoft.Insights."))
    with pytest.raises(NotRegistered):
        batch.query_batch([load_balancer_id], "westeurope", metric_queries.ALLOCATED_SNAT_PORTS, window)


def test_throttling_without_a_retry_after_is_repeated_then_told(
    azure: RunningSimulator, reader: ManagedIdentityCredential, load_balancer_id: str, window: Window
) -> None:
    sent: list[str] = []
    batch = BatchMetrics(
        reader,
        endpoint=azure.url + "/metrics/{region}",
        on_request=lambda method, path: sent.append(f"{method} {path}"),
        retry=BoundedRetry(sleep=lambda seconds: None),
    )
    azure.add_fault({**refused(529, "TooManyRequests", "Slow down."), "times": 2})
    batch.query_batch([load_balancer_id], "westeurope", metric_queries.ALLOCATED_SNAT_PORTS, window)
    assert len(sent) == 3
    azure.add_fault(refused(529, "TooManyRequests", "Slow down."))
    with pytest.raises(Throttled):
        batch.query_batch([load_balancer_id], "westeurope", metric_queries.ALLOCATED_SNAT_PORTS, window)
    batch.close()


def test_a_batch_that_is_too_big_mixed_or_empty_is_refused_before_it_is_sent(
    batch: BatchMetrics, load_balancer_id: str, shop: Cluster, window: Window
) -> None:
    too_many = [f"{load_balancer_id}-{number}" for number in range(51)]
    mixed = [load_balancer_id, load_balancer_id.replace(shop.subscription, "another")]
    for ids in (too_many, mixed, []):
        with pytest.raises(ValueError, match="1 to 50 resources of one subscription"):
            batch.query_batch(ids, "westeurope", metric_queries.ALLOCATED_SNAT_PORTS, window)
