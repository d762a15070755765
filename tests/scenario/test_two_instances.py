"""Two instances of the function app at once, as processes that share nothing but storage and Azure."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from shared.model.change import Change, ChangeState
from tests.support.theatre import WRITER, Theatre

ROOT = Path(__file__).parents[2]
PARTS = (
    "publicIPAddresses/pip-snatbot-shop-prod-1",
    "pip-snatbot-shop-prod-2",
    "natGateways/ng-",
    "aks-user",
    "aks-system",
)


@pytest.fixture
def storage(azurite: str) -> str:
    """Processes share no memory."""
    return azurite


def race(theatre: Theatre, storage: str, change: Change, instances: int, approvals: int) -> list[int]:
    """How many approvals each instance was granted, of ``approvals`` that it tried at once."""
    simulator = theatre.simulator
    place = {
        "url": simulator.url,
        "http_url": simulator.http_url,
        "ca_path": str(simulator.ca_path),
        "storage": storage,
        "table_prefix": theatre.app.settings.table_prefix,
        "partition": theatre.partition,
        "change_id": change.id,
        "digest": change.plan.digest,
        "approvals": str(approvals),
    }
    command = [sys.executable, "-m", "tests.scenario.instance", json.dumps(place)]
    running = [
        subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(instances)
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", process.communicate()
    for process in running:
        assert process.stdin is not None
        process.stdin.write("begin\n")
        process.stdin.flush()
    found = []
    for process in running:
        said, trouble = process.communicate(timeout=150)
        assert process.returncode == 0, trouble
        found.append(int(said))
    return found


def test_sixteen_approvals_and_doubled_messages_in_two_processes_are_one_apply(theatre: Theatre, storage: str) -> None:
    change = theatre.proposed()

    taken = race(theatre, storage, change, instances=2, approvals=8)

    assert sum(taken) == 1
    assert theatre.change(change.id).state is ChangeState.FIXED
    writes = theatre.writes(WRITER)
    assert [entry["method"] for entry in writes] == ["PUT"] * 5
    assert {entry["status"] for entry in writes} <= {200, 201}
    for part, entry in zip(PARTS, writes, strict=True):
        assert part in entry["path"]
    assert not any("has stopped" in text for text in theatre.slack_texts())
