"""The local host against Microsoft's runtime: the same sample app, the same outcome."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.devhost.conftest import SAMPLE_APP
from tests.host.conftest import Runtime

pytestmark = pytest.mark.host
TIMER = {"json": '{"IsPastDue": true, "Schedule": {}, "ScheduleStatus": {}}'}


def test_the_runtime_indexes_and_runs_the_sample_app(runtime: Runtime, tmp_path: Path) -> None:
    settings = {"SAMPLE_JOURNAL": str(tmp_path / "journal"), "TICK_SENDS": '["one", "two"]'}
    message = {
        "Id": "1",
        "DequeueCount": 2,
        "PopReceipt": "r",
        "ExpirationTime": "2026-11-29T00:00:00+00:00",
        "InsertionTime": "2026-11-22T00:00:00+00:00",
        "NextVisibleTime": "2026-11-22T00:00:00+00:00",
    }
    report = runtime.run(
        SAMPLE_APP,
        settings,
        {"function": "tick", "input": {"timer": TIMER}},
        {"function": "send", "input": {"req": {"http": {"method": "POST", "body": "hello"}}}},
        {"function": "relay", "input": {"message": {"string": "word"}}, "metadata": message},
        {"function": "fail", "input": {"req": {"http": {}}}},
        {"function": "returns_too_much", "input": {"timer": TIMER}},
    )
    assert report["failure"] is None
    assert {"echo", "send", "tick", "work", "work_poison", "relay"} <= set(report["functions"])
    tick, send, relay, fail, too_much = report["results"]
    assert tick["output_data"] == [{"name": "messages", "data": {"json": '["one", "two"]'}}]
    assert send["return_value"] == {"string": "sent"}
    assert send["output_data"] == [{"name": "message", "data": {"string": "hello"}}]
    assert relay["return_value"] == {"string": "relayed word"}
    assert fail["result"]["exception"]["message"] == "RuntimeError: as asked over HTTP"
    assert "without a $return binding" in too_much["result"]["exception"]["message"]
