"""Simulated probes: what they measure follows from the physics, and they report as the real script does."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from shared.core.guidance.culprits import read_sockets
from simulator import scenario
from simulator.build import build_world
from simulator.clock import SimulatedClock
from simulator.errors import ControlError
from simulator.gadget import sockets
from simulator.physics.workload import Protocol
from simulator.probe_pods import SYN_SECONDS, connect, egress_addresses
from simulator.probe_reports import apply_probes, run_probes
from simulator.world import World
from tests.support.every import every

pytestmark = pytest.mark.network
START = datetime(2026, 1, 5, tzinfo=UTC)
PAYMENTS = "payments.example.org:443"
KEY = "snatprobe_000000000000_x"


class App(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.seconds, self.status = 300, 200
        self.reports: list[dict[str, Any]] = []
        self.seen: list[tuple[str, str]] = []


class _Handler(BaseHTTPRequestHandler):
    server: App

    def do_GET(self) -> None:
        nonce, address = self.path.partition("nonce=")[2], self.headers["X-Forwarded-For"].partition(":")[0]
        self.server.seen.append((nonce, address))
        self._say(200, {"ticket": f"{nonce}.{address}"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.headers["Authorization"] == f"Bearer {KEY}"
        if self.server.status == 200:
            self.server.reports.append(body)
        self._say(self.server.status, {"interval_seconds": self.server.seconds})

    def _say(self, status: int, answer: dict[str, Any]) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture
def app() -> Iterator[App]:
    with App() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def storm(**probe: Any) -> World:
    content = {**scenario.load("storm"), "probes": [{"cluster": "shop-prod", **probe}]}
    assert not [*scenario.check({name: value for name, value in content.items() if name != "name"})]
    return build_world(content, SimulatedClock(lambda: START, speed=0))


def failing(world: World) -> set[str]:
    """Nodes whose flows failed in the last whole minute, by the physics."""
    minutes = range(world.minute() - 1, world.minute())
    return {node.name for node in world.all_nodes() if world.traffic.node_window(node, Protocol.TCP, minutes).failed[0]}


def test_only_nodes_without_ports_are_slow_or_fail_and_only_to_the_destination_that_they_lack(app: App) -> None:
    world = storm(nodes=["user", "system"], targets=[PAYMENTS, "cdn.example.net:443"])
    assert apply_probes(world, "shop-prod", app.url, KEY) == 12
    app.seconds = 30
    for _ in range(20):
        run_probes(world)
        world.clock.advance(60)
    troubled: Counter[str] = Counter()
    for report in app.reports:
        for row in report["connections"]:
            if row["exit"] or row["connect"] > 0.9:
                assert row["target"] == PAYMENTS
                troubled[report["node"]] += 1
    assert set(troubled) == failing(world)
    assert len(troubled) == 3


def test_a_lost_syn_costs_a_second_then_three_seven_and_fifteen() -> None:
    world = storm()
    node = next(node for node in world.all_nodes() if node.name in failing(world))
    minute, at = world.minute() - 1, START.timestamp()
    rows = [connect(world.traffic, node, PAYMENTS, at + second, minute) for second in range(400)]
    waits = Counter(round(row["connect"]) if row["exit"] == 0 else -1 for row in rows)
    assert set(waits) <= {-1, *SYN_SECONDS}
    share = world.traffic.admitted_share(node, PAYMENTS, minute)
    assert 0.3 < share < 0.9
    assert waits[0] / 400 == pytest.approx(share, abs=0.1)
    assert waits[1] / 400 == pytest.approx(share * (1 - share), abs=0.1)
    assert {row["exit"] for row in rows} <= {0, 28}


def test_the_ticket_is_of_the_same_report_and_the_address_that_of_the_load_balancer(app: App) -> None:
    world = storm()
    apply_probes(world, "shop-prod", app.url, KEY)
    run_probes(world)
    addresses = {frontend.address for cluster in world.clusters.values() for frontend in cluster.frontends}
    assert {address for _, address in app.seen} == addresses
    for report in app.reports:
        (row,) = report["connections"]
        assert (row["target"], row["exit"], report["schema"], report["refused"]) == ("app", 0, 1, "")
        assert report["ticket"] == f"{report['report_id']}.{next(iter(addresses))}"
    assert len({report["report_id"] for report in app.reports}) == 4


def test_by_default_two_pods_a_subnet_report_every_five_minutes_and_every_half_minute_while_asked_to(app: App) -> None:
    world = storm()
    assert apply_probes(world, "shop-prod", app.url, KEY) == 4
    for _ in range(10):
        run_probes(world)
        world.clock.advance(60)
    assert len(app.reports) == 4 * 2
    app.seconds = 30
    app.reports.clear()
    for _ in range(10):
        run_probes(world)
        world.clock.advance(60)
    lengths = Counter(len(report["connections"]) for report in app.reports)
    assert lengths[3] > lengths[1]  # three rounds in a report, as the script does


def test_what_is_not_taken_waits_and_the_newest_comes_first(app: App) -> None:
    world = storm(nodes=["system/0"])
    apply_probes(world, "shop-prod", app.url, KEY)
    app.status = 503
    for _ in range(3):
        run_probes(world)
        world.clock.advance(300)
    app.status = 200
    run_probes(world)
    sent = [report["sent_at"] for report in app.reports]
    assert len(sent) == 4
    assert sent == sorted(sent, reverse=True)


def test_an_app_that_is_away_is_a_failed_connection(app: App) -> None:
    world = storm(nodes=["system/0"])
    app.shutdown()
    app.server_close()
    apply_probes(world, "shop-prod", app.url, KEY)
    assert set(run_probes(world).values()) == {0}
    (report,) = world.probes[0].waiting
    assert (report["connections"][0]["exit"], report["ticket"]) == (7, "")


@pytest.mark.parametrize(
    ("name", "count"), [("nat-gateway-own", 1), ("appliance-route", 1), ("node-public-ips", 1), ("storm", 1)]
)
def test_each_egress_path_has_its_address(name: str, count: int) -> None:
    world = build_world(scenario.load(name), SimulatedClock(lambda: START, speed=0))
    assert every(len(egress_addresses(node, world.network)) == count for node in world.all_nodes()[:3])


def test_probes_are_applied_only_where_the_scenario_has_them(app: App) -> None:
    with pytest.raises(ControlError, match="no probes"):
        apply_probes(storm(), "shop", app.url, KEY)
    (problem,) = scenario.check({"clusters": [{"name": "a", "resource_group": "a"}], "probes": [{"cluster": "b"}]})
    assert "there is no cluster 'b'" in problem[1]


def test_the_gadgets_output_names_the_workload_that_runs_out_of_ports() -> None:
    world = storm()
    for node in world.all_nodes():
        if node.name in failing(world):
            (found,) = read_sockets(json.dumps(sockets(world.traffic, node, world.minute() - 1))).nodes
            assert found.node == node.name
            first = found.culprits[0]
            assert first.pod.startswith("default/payments-")
            assert first.opening > 100
            assert found.tcp_ports > 1000
