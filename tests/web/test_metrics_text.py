"""/api/metrics, as Prometheus's own parser reads it: what nobody knows has no sample."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from shared.flows.health import Health
from shared.flows.monitoring.fleet_status import FleetStatus
from shared.model.cluster_status import ClusterStatus, FailingNode, FullNode
from shared.web.metrics_text import metrics_text
from tests.support.deployed import ROOT
from tests.support.fleet import WORK, every_kind, failing, make_fleet, unmeasured
from tests.support.nouns import NOW

HEALTH = Health(True, (), NOW - timedelta(seconds=30), NOW - timedelta(minutes=2))
SICK = failing(
    failing_nodes=(FailingNode("10.0.0.4", "aks-1", 1842), FailingNode("10.0.0.9", "", 3)),
    full_nodes=(FullNode("10.0.0.4", "aks-1", "tcp", 1024.0, 1024.0),),
)


def samples(fleet: FleetStatus, health: Health = HEALTH) -> dict[str, list[tuple[dict[str, str], float]]]:
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(metrics_text(fleet, health, 2, NOW)):
        assert family.type == "gauge"
        for sample in family.samples:
            found.setdefault(sample.name.removeprefix("snatbot_"), []).append((dict(sample.labels), sample.value))
    return found


def value(fleet: FleetStatus, name: str, **labels: str) -> float | None:
    """The only sample with these labels; None without such a sample."""
    found = [number for given, number in samples(fleet).get(name, []) if labels.items() <= given.items()]
    assert len(found) <= 1
    return found[0] if found else None


def test_a_failing_cluster_shows_its_nodes_and_its_change() -> None:
    fleet = make_fleet(SICK)
    assert value(fleet, "cluster_state", cluster="shop-prod", state="failing") == 1
    assert value(fleet, "cluster_failed_connections", cluster="shop-prod") == 1842
    assert value(fleet, "node_failed_connections", node="aks-1", ip="10.0.0.4") == 1842
    assert value(fleet, "node_failed_connections", node="", ip="10.0.0.9") == 3
    assert value(fleet, "node_snat_ports_used", node="aks-1", protocol="tcp") == 1024
    assert value(fleet, "node_snat_ports_allocated", node="aks-1", protocol="tcp") == 1024
    assert value(fleet, "open_changes", state="proposed") == 1
    assert SICK.open == WORK


def test_clusters_are_counted_by_state_and_the_bot_by_itself() -> None:
    fleet = replace(every_kind(), listed=len(every_kind().clusters) + 2)
    counted = samples(fleet)
    assert sum(number for _, number in counted["clusters"]) == len(fleet.clusters)
    assert value(fleet, "clusters_never_scanned") == 2
    assert (value(fleet, "healthy"), value(fleet, "messages_waiting")) == (1, 2)
    assert value(fleet, "last_scan_timestamp_seconds") == (NOW - timedelta(seconds=30)).timestamp()


def test_what_was_not_measured_is_no_zero() -> None:
    fleet = make_fleet(unmeasured("dark"))
    assert value(fleet, "cluster_failed_connections", cluster="dark") is None
    assert value(fleet, "cluster_state", cluster="dark", state="not measured") == 1


@pytest.mark.parametrize(
    "stale",
    [
        replace(SICK, at=NOW - timedelta(minutes=11)),
        replace(SICK, reading="unmeasured", failing_nodes=(), full_nodes=()),
    ],
)
def test_figures_of_a_scan_that_is_long_ago_are_not_shown_as_of_now(stale: ClusterStatus) -> None:
    found = samples(make_fleet(stale))
    assert not {"cluster_failed_connections", "node_failed_connections", "node_snat_ports_used"} & found.keys()


def test_ports_that_were_read_long_ago_are_not_shown_as_of_now() -> None:
    found = samples(make_fleet(replace(SICK, ports_at=NOW - timedelta(minutes=71))))
    assert "node_snat_ports_used" not in found
    assert "node_failed_connections" in found


def test_before_the_first_scan_nothing_is_said_of_clusters() -> None:
    found = samples(FleetStatus(), Health(False, ()))
    assert found == {"build_info": found["build_info"], "healthy": [({}, 0)], "messages_waiting": [({}, 2)]}


def test_any_name_is_escaped() -> None:
    name = 'a"b\\c\nd'
    fleet = make_fleet(replace(SICK, failing_nodes=(FailingNode("10.0.0.4", name, 1),)))
    assert value(fleet, "node_failed_connections", node=name) == 1


def test_the_manual_lists_every_metric() -> None:
    manual = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
    listed = re.findall(r"`(snatbot_(?!probe)\w+)`", manual)  # those of probes: test_probe_metrics.py
    assert {f"snatbot_{name}" for name in samples(make_fleet(SICK))} == set(listed)
