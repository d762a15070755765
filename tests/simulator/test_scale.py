"""A large estate must load fast, stay small and answer at once."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
import requests

from simulator.testing import start_simulator
from tests.conftest import Measured
from tests.support.clients import Azure
from tests.support.thorough import slow

SUBSCRIPTION = "11111111-1111-4111-8111-111111111111"
FLEET = """
clusters:
  - name: "c-{n}"
    resource_group: "rg-{n}"
    replicas: 2000
    pools: [{name: nodepool1, mode: System, nodes: 20}]
"""


def resident_megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        pytest.skip("only Linux tells how much memory a process uses in /proc")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def processor_seconds(pid: int) -> float:
    """What a process has used so far: unlike wall time it hardly depends on what else the machine does."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@slow
def test_two_thousand_clusters_of_twenty_nodes(tmp_path: Path, measured: Measured) -> None:
    path = tmp_path / "large.yaml"
    path.write_text(FLEET)
    began = time.monotonic()
    with start_simulator(path) as simulator:
        ready_seconds = time.monotonic() - began
        balancers = [
            f"/subscriptions/{SUBSCRIPTION}/resourceGroups/MC_rg-{n:04d}_c-{n:04d}_westeurope"
            "/providers/Microsoft.Network/loadBalancers/kubernetes"
            for n in range(1, 51)
        ]
        url = f"{simulator.metrics_url('westeurope')}/subscriptions/{SUBSCRIPTION}/metrics:getBatch"
        parameters = {
            "api-version": "2024-02-01",
            "metricnamespace": "Microsoft.Network/loadBalancers",
            "metricnames": "SnatConnectionCount",
            "aggregation": "Total",
        }
        answers = []
        with requests.Session() as session:
            session.trust_env, session.verify = False, str(simulator.ca_path)
            session.headers["Authorization"] = f"Bearer {Azure(simulator, SUBSCRIPTION).get_token('metrics').token}"
            before = processor_seconds(simulator.pid)
            for _ in range(7):
                asked = time.monotonic()
                answer = session.post(url, params=parameters, json={"resourceids": balancers}, timeout=30)
                answers.append(time.monotonic() - asked)
                assert len(answer.json()["values"]) == 50
        processor = (processor_seconds(simulator.pid) - before) / len(answers)
        memory = resident_megabytes(simulator.pid)
    measured("2,000 clusters of 20 nodes: ready", ready_seconds, "s")
    measured("2,000 clusters of 20 nodes: memory", memory, "MB")
    measured("batch of 50 load balancers over an hour", min(answers) * 1000, "ms")
    measured("batch of 50 load balancers over an hour, processor", processor * 1000, "ms")
    assert ready_seconds < 20
    assert memory < 1000
    assert processor < 0.1
