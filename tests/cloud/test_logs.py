"""Health events from a workspace: read whole or in part, refused, missing, or too slow for the time there is."""

from __future__ import annotations

import time
from typing import Any

import pytest
from azure.identity import ManagedIdentityCredential

from shared.cloud.deadline import Deadline, within
from shared.cloud.errors import AzureError, Forbidden, NotFound, Unavailable, UnexpectedAnswer
from shared.cloud.logs import HealthEventLog
from shared.core.detection.health_events import LOOK_BACK
from shared.model.metric import Window
from simulator.testing import RunningSimulator
from tests.cloud.conftest import READER

ACTION = "Microsoft.OperationalInsights/workspaces/query/ALBHealthEvent/read"
COLUMNS = [{"name": name, "type": "string"} for name in ("TimeGenerated", "LoadBalancerResourceId", "HealthEventType")]
TABLE = {"name": "PrimaryResult", "columns": COLUMNS, "rows": [["2026-11-22T10:05:00Z", "/x/LB", "SnatPortExhaustion"]]}


@pytest.fixture
def events(azure: RunningSimulator, reader: ManagedIdentityCredential) -> HealthEventLog:
    return HealthEventLog(reader, "00000000-0000-0000-0000-000000000001", endpoint=azure.url)


def fault(then: dict[str, Any]) -> dict[str, Any]:
    return {"match": {"path": "/v1/workspaces"}, "then": then}


def test_events_of_the_simulated_workspace_are_read(
    azure: RunningSimulator, events: HealthEventLog, load_balancer_id: str, window: Window
) -> None:
    found = events.read_events(Window(window.end - LOOK_BACK, window.end))
    assert {one.kind for one in found[load_balancer_id.lower()]} == {"SnatPortExhaustion"}


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "InsufficientAccessError", Forbidden),
        (404, "WorkspaceNotFoundError", NotFound),
        (504, "GatewayTimeout", Unavailable),
    ],
)
def test_a_workspace_that_refuses_is_told_by_type(
    azure: RunningSimulator, events: HealthEventLog, window: Window, status: int, code: str, kind: type[AzureError]
) -> None:
    azure.add_fault(fault({"status": status, "body": {"error": {"code": code, "message": "no"}}}))
    with within(Deadline(3)), pytest.raises(kind) as caught:
        events.read_events(window)
    assert (ACTION in caught.value.remedy) is (kind is Forbidden)


def test_who_may_run_queries_and_not_read_the_table_is_told_the_action(
    azure: RunningSimulator, events: HealthEventLog, window: Window
) -> None:
    azure.add_event({"take_role": {"identity": READER, "action": ACTION}})
    with pytest.raises(Forbidden, match="InsufficientAccessError") as caught:
        events.read_events(window)
    assert caught.value.missing_action == ACTION
    azure.add_event({"give_role": {"identity": READER, "role": "Reader"}})
    events.read_events(window)


def test_what_azure_has_of_a_result_is_taken(
    azure: RunningSimulator, events: HealthEventLog, window: Window, caplog: pytest.LogCaptureFixture
) -> None:
    trouble = {"code": "PartialError", "message": "too much", "details": []}
    azure.add_fault(fault({"status": 200, "body": {"tables": [TABLE], "error": trouble}}))
    assert list(events.read_events(window)) == ["/x/lb"]
    assert "partial results" in caplog.text


def test_an_answer_without_a_table_is_an_error(azure: RunningSimulator, events: HealthEventLog, window: Window) -> None:
    azure.add_fault(fault({"status": 200, "body": {"tables": []}}))
    with pytest.raises(UnexpectedAnswer):
        events.read_events(window)


def test_a_slow_workspace_is_left_when_the_time_is_over(
    azure: RunningSimulator, events: HealthEventLog, window: Window
) -> None:
    azure.add_fault(fault({"latency_seconds": 4}))
    began = time.monotonic()
    with within(Deadline(1)), pytest.raises(Unavailable):
        events.read_events(window, 1)
    assert time.monotonic() - began < 3
