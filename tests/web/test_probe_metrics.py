"""Probe figures of /api/metrics, as Prometheus's own parser reads them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from shared.model.probe import ProbeReport, TargetCounts
from shared.web.probe_metrics import probe_metrics
from tests.support.deployed import ROOT
from tests.support.nouns import NOW, make_change
from tests.support.probes import TROUBLES

CLUSTER = make_change().cluster_id
REPORT = ProbeReport("0" * 32, "aks-1", "probe", NOW, NOW, NOW, targets=TROUBLES)


def samples(*reports: ProbeReport, is_complete: bool = True) -> dict[tuple[str, ...], float]:
    """By name and the labels that differ."""
    families = text_string_to_metric_families(probe_metrics({CLUSTER: reports}, is_complete))
    found = {}
    for sample in (sample for family in families for sample in family.samples):
        rest = {name: text for name, text in sample.labels.items() if not name.startswith("cluster")}
        found[(sample.name, *rest.values())] = sample.value
    return found


def buckets(target: TargetCounts) -> dict[str, float]:
    found = samples(replace(REPORT, targets=(target,)))
    return {key[-1]: count for key, count in found.items() if key[0].endswith("_bucket")}


def test_connect_times_have_buckets_where_linux_sends_a_syn_again() -> None:
    target = TargetCounts("a.example:443", 120, timed_out=6, slow=44, retried=(30, 9, 4, 1), connect_ms=74_000.0)
    assert buckets(target) == {"0.95": 70, "1.6": 100, "3.6": 109, "7.6": 113, "+Inf": 114}
    found = samples(replace(REPORT, targets=(target,)))
    assert found["snatbot_probe_connect_duration_seconds_count", "aks-1", "a.example:443"] == 114
    assert found["snatbot_probe_connect_duration_seconds_sum", "aks-1", "a.example:443"] == 74
    assert found["probe_http_duration_seconds", "aks-1", "a.example:443", "connect"] == pytest.approx(74 / 114)
    assert found["probe_success", "aks-1", "a.example:443"] == 0


def test_how_many_connected_is_not_guessed() -> None:
    found = samples(replace(REPORT, targets=(TargetCounts("a.example:443", 9, failed_otherwise=1, connect_ms=90.0),)))
    assert {key[0] for key in found} == {"snatbot_probes_complete", "snatbot_probe_nodes", "probe_success"}


def test_a_target_without_http_has_no_phase_of_http_and_nothing_connected_no_mean() -> None:
    named = [key for key in samples(REPORT) if key[0] == "probe_http_duration_seconds"]
    assert [key[2] for key in named] == ["app", "api.example.com:443"]


def test_who_is_silent_or_does_not_measure_has_no_figures() -> None:
    assert samples() == {("snatbot_probes_complete",): 1, ("snatbot_probe_nodes",): 0}
    assert len(samples(replace(REPORT, is_refused=True, targets=()))) == 2
    assert samples(is_complete=False)["snatbot_probes_complete",] == 0


def test_many_nodes_show_the_worst() -> None:
    fine = TargetCounts("app", 1, connect_ms=9.0)
    many = [replace(REPORT, node=f"aks-{number}", targets=(fine,)) for number in range(150)]
    found = samples(*many, replace(REPORT, node="zzz"))
    assert found["snatbot_probe_nodes",] == 151
    assert len({key[1] for key in found if key[0] == "probe_success"}) == 100
    assert found["probe_success", "zzz", "app"] == 0


def test_the_manual_lists_every_figure() -> None:
    manual = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
    names = {re.sub("_(bucket|sum|count)$", "", key[0]) for key in samples(REPORT)}
    assert names == set(re.findall(r"`((?:snatbot_)?probe\w+)`", manual))
