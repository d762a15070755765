"""Scenario files: those that are shipped, and what is said about wrong ones."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulator import scenario
from simulator.build import build_world
from simulator.clock import SimulatedClock
from simulator.ground_truth import declared_differences, truth_of_scenario

ROOT = Path(__file__).parents[2]
START = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
VNET = """virtual_networks:
  - name: v
    resource_group: n
    subnets:
      - {name: s, address_prefix: 10.0.0.0/28}
clusters:
      - name: one
        resource_group: one
"""
SMALL = "clusters:\n  - name: one\n    resource_group: one\n"


@pytest.mark.parametrize("name", scenario.names())
def test_a_shipped_scenario_does_what_it_declares(name: str) -> None:
    content = scenario.load(name)
    assert content["description"]
    found = truth_of_scenario(content, START, 60)
    assert declared_differences(content, found) == []


def test_the_required_scenarios_are_shipped() -> None:
    assert set(scenario.names()) >= {
        "quiet", "storm", "slow-leak", "hourly-burst", "hot-node", "scale-out", "udp-dns", "same-node-ips",
        "sparse-metrics", "metrics-forbidden", "behind-nat-gateway", "appliance-route", "not-snat",
        "thousand-clusters", "managed-vnet", "foreign-nat-gateway",
    }  # fmt: skip


def test_the_truth_depends_on_the_seed_and_nothing_else() -> None:
    content = scenario.load("hot-node")
    assert truth_of_scenario(content, START, 20) == truth_of_scenario(content, START, 20)
    other = dict(content) | {"seed": "another"}
    assert truth_of_scenario(other, START, 20) != truth_of_scenario(content, START, 20)


def test_a_declared_truth_that_is_wrong_is_found_out() -> None:
    content = dict(scenario.load("hot-node"))
    found = truth_of_scenario(content, START, 20)
    content["truth"] = [{"cluster": "scheduler", "node": "nodepool1/7", "from_minute": 5}]
    assert "declared to fail in [[5, 20]]" in declared_differences(content, found)[0]
    content["truth"] = []
    assert len(declared_differences(content, found)) == 1


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("clusters:\n  - name: one\n", 2, "'resource_group' is a required property"),
        (SMALL + "    pools:\n      - {name: a, nodess: 3}\n", 5, "nodess: is not known here; known are"),
        (SMALL + "    outbound_type: teleport\n", 4, "'teleport' is not one of"),
        (SMALL + "    pools:\n      - {name: a, subnet: v/s}\n", 5, "there is no subnet 'v/s'"),
        (SMALL + "    workloads:\n      - {name: w, new_flows_per_second: 1, on: [a]}\n", 5, "truth value"),
        (SMALL + "people:\n  - {name: A, user_principal_name: a@b.c}\n"
            "  - {name: B, user_principal_name: A@b.c}\n", 6, "there is somebody called 'a@b.c' already"),
        (SMALL + "people:\n  - {name: A, user_principal_name: a@b.c, guest: true}\n", 5, "a guest needs the tenant"),
        (SMALL + "    workloads:\n      - {name: w, new_flows_per_second: 1, runs_on: [b]}\n", 5, "no pool or node"),
        (
            SMALL + "    workloads:\n      - name: w\n        new_flows_per_second: 1\n"
            "        schedule: {kind: cron, at: soon}\n", 7, "five fields are needed",
        ),
        (SMALL + "    replicas: 3\n", 2, "needs {n} in its name"),
        (SMALL + "events:\n  - at_minute: 3\n    scale: {cluster: two, pool: a, nodes: 1}\n", 6, "no cluster 'two'"),
        (SMALL + "faults:\n  - then: {drop: never}\n", 5, "faults[0].then.drop: 'never' is not one of"),
        (SMALL + "  - name: one\n    resource_group: one\n", 4, "there is a cluster 'one' in 'one' already"),
        (VNET.replace("10.0.0.0/28", "10.0.0.0/33"), 5, "'10.0.0.0/33' is not a network"),
        (VNET + "        pools:\n          - {name: a, nodes: 12, subnet: v/s}\n", 10, "1 addresses are missing"),
        (VNET.replace("0/28}", "0/28, properties: {natGateway: {ref: natGateways/x}}}"), 5, "no 'natGateways/x'"),
        (SMALL + "nat_gateways:\n  - {name: g, resource_group: n, public_ips: [p]}\n", 5, "no public IP 'p' in 'n'"),
        (SMALL + "  bad indent: [", 4, ""),
        ("- just\n- a list\n", 1, "is not of type 'object'"),
    ],
)  # fmt: skip
def test_mistakes_are_named_with_file_and_line(text: str, line: int, words: str) -> None:
    with pytest.raises(scenario.ScenarioError) as raised:
        scenario.parse(text, "mine.yaml", "mine")
    message = str(raised.value)
    assert message.startswith(f"mine.yaml:{line}: ")
    assert words in message
    assert "\n" not in message


def test_unknown_scenarios_are_told_what_there_is() -> None:
    with pytest.raises(scenario.ScenarioError, match=r"there is no scenario 'strom'; there are .*storm"):
        scenario.load("strom")
    with pytest.raises(scenario.ScenarioError, match="there is no scenario file"):
        scenario.load("nowhere.yaml")


def test_the_published_schema_is_the_one_in_use() -> None:
    assert json.loads((ROOT / "docs/scenario.schema.json").read_text()) == scenario.schema()


def test_replicas_share_their_past_and_differ_in_name() -> None:
    content = scenario.parse(
        'clusters:\n  - {name: "c-{n}", resource_group: "g-{n}", replicas: 20, distinct: 4}\n', "x", "x"
    )
    world = build_world(content, SimulatedClock(wall=lambda: START))
    names = [cluster.name for cluster in world.clusters.values()]
    assert names[:2] == ["c-0001", "c-0002"]
    assert len({id(cluster.nodes[0].load) for cluster in world.clusters.values()}) == 4


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "simulator", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_command_line(tmp_path: Path) -> None:
    assert "python -m simulator truth" in run("--help").stdout
    bad = tmp_path / "bad.yaml"
    bad.write_text("clusters: 3\n")
    wrong = run("--scenario", str(bad))
    assert wrong.returncode == 2
    assert wrong.stderr == f"simulator: {bad}:1: clusters: 3 is not of type 'array'\n"
    truth = run("truth", "udp-dns", "--minutes", "5", "--start", "2026-03-04T10:00:00Z")
    assert [node["pool_instance"] for node in json.loads(truth.stdout)["clusters"][0]["nodes"]] == [
        "nodepool1/2", "nodepool1/5",
    ]  # fmt: skip
    assert run("truth", "udp-dns", "--check").returncode == 0
    assert json.loads(run("schema").stdout) == scenario.schema()


def test_a_port_in_use_gives_one_clear_line() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = run("--scenario", "quiet", "--port", str(port))
    assert answer.returncode == 2
    assert answer.stderr == f"simulator: can't listen on 127.0.0.1:{port}: Address already in use\n"
