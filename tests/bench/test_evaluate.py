"""The evaluation's own replay, goals and report, on scenarios short enough for a test."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.evaluate import __main__ as command
from bench.evaluate.goals import goals
from bench.evaluate.replay import Run, replay
from bench.evaluate.report import as_text, share
from bench.evaluate.rules import RULES
from bench.evaluate.score import score_run
from shared.model.finding import Severity
from simulator import scenario
from tests.support.thorough import sample

NAMES = [rule.name for rule in RULES]
_FAILING_LATE = """
description: a node that fails for some minutes
settings: {history_minutes: 30}
clusters:
  - name: tiny
    resource_group: tiny
    pools: [{name: pool, mode: System, nodes: 2}]
    workloads:
      - name: burst
        runs_on: [pool/1]
        new_flows_per_second: 40
        hold_seconds: 10
        schedule: {kind: spike, from_minute: 5, until_minute: 12, rest: 0}
"""


@pytest.fixture(scope="module")
def storm() -> Run:
    return replay(scenario.load("storm"), minutes=10)


def test_the_storm_is_found_at_once_on_the_right_nodes(storm: Run) -> None:
    score = score_run(storm, NAMES)
    (trouble,) = score.trouble
    assert (trouble.late_ticks, trouble.delay_minutes) == (0, 3)
    assert (score.node_minutes.precision, score.node_minutes.recall) == (1.0, 1.0)
    assert len({at.node for at in storm.tracks[0].claims}) == 3


def test_the_rule_for_the_whole_load_balancer_suspects_four_times_as_many_nodes(storm: Run) -> None:
    score = score_run(storm, NAMES)
    assert score.rules["failed total"].trouble.right == 1
    assert score.rules["failed total"].nodes.precision == pytest.approx(0.25)
    assert score.rules["used average"].trouble.right == 0


def test_on_the_failing_nodes_of_the_storm_the_sockets_name_the_workload_without_pooling(storm: Run) -> None:
    assert {each.workload for each in storm.tracks[0].truth_culprits} == {"payments"}
    found = score_run(storm, NAMES).culprits
    assert (found.right, found.wrong, found.missed) == (3, 0, 0)


def test_what_a_probe_meets_first_is_after_the_trouble_began(storm: Run) -> None:
    (track,) = storm.tracks
    ((first, second),) = track.seen_everywhere.items()
    assert second is not None
    assert first * 60 < second < (first + 10) * 60


def test_every_goal_is_reached_on_the_storm(storm: Run) -> None:
    found = goals({"storm": storm}, {"storm": score_run(storm, NAMES)})
    assert [goal.missed for goal in found] == [()] * 7


def test_a_detector_that_says_nothing_misses_the_goals(storm: Run) -> None:
    (track,) = storm.tracks
    before = track.moments, track.claims
    track.moments, track.claims = [], set()
    try:
        found = goals({"storm": storm}, {"storm": score_run(storm, NAMES)})
    finally:
        track.moments, track.claims = before
    assert [goal.is_reached for goal in found] == [False, True, True, False, True, True, True]


def test_where_nothing_fails_the_run_goes_on_longer() -> None:
    run = replay(scenario.load("quiet"), minutes=5, quiet_minutes=30)
    assert run.until_tick - run.origin == 30
    assert score_run(run, NAMES).failing.wrong == 0


def test_metrics_that_may_not_be_read_are_told_apart_from_health() -> None:
    score = score_run(replay(scenario.load("metrics-forbidden"), minutes=5), NAMES)
    assert (score.unshown, score.called_healthy_unshown) == (1, 0)


@pytest.mark.network
def test_any_folder_of_scenarios_can_be_evaluated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "late.yaml").write_text(_FAILING_LATE)
    assert command.main([str(tmp_path), "--minutes", "40", "--jobs", "1"]) == 0
    printed = capsys.readouterr().out
    assert "reached  every failing incident found within 1 tick" in printed
    assert "same     over HTTPS and in process, late" in printed
    assert "probes on each node: met 1 of 1 troubles" in printed
    assert "written" not in printed


def test_a_folder_without_scenarios_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([str(tmp_path)]) == 2
    assert "no scenario file" in capsys.readouterr().err


def test_a_share_is_never_rounded_up_to_all() -> None:
    assert [share(None), share(1.0), share(0.9999), share(0.5)] == ["–", "100 %", "99.9 %", "50 %"]


def test_columns_line_up() -> None:
    assert as_text(["a long title", "b"], [["1", "2"], ["3", "44444"]]).splitlines()[-1] == "3       44444"


def test_failures_that_arrive_after_their_minute_looked_clean_keep_the_incident_failing() -> None:
    run = replay(scenario.load("late-failures"), 60, 60)
    score = score_run(run, NAMES)
    assert [(each.late_ticks, each.eased_ticks) for each in score.trouble] == [(0, 0)]
    (track,) = run.tracks
    (first, *_) = track.moments
    track.moments = [first, replace(first, tick=first.tick + 5, severity=Severity.WARNING)]
    goal = next(goal for goal in goals({"late": run}, {"late": score_run(run, NAMES)}) if "called over" in goal.name)
    assert not goal.is_reached


LEAK = """description: a leak on one node
location: westeurope
seed: leak
clusters:
  - name: shop
    resource_group: shop
    pools: [{{name: nodepool1, mode: System, nodes: 4}}]
    workloads:
      - {{name: api, new_flows_per_second: 2, hold_seconds: 4, destinations: [{{name: "api.example.com:443"}}]}}
      - name: report
        runs_on: [nodepool1/1]
        new_flows_per_second: {per_second}
        destinations: [{{name: "warehouse.example.org:1433"}}]
        schedule: {{kind: leak, from_minute: {start}}}
"""


@pytest.mark.parametrize(("per_second", "least_minutes"), sample([(0.3, 15), (0.5, 10), (0.8, 2)], (0.8, 2)))
def test_the_lead_on_a_leak_by_its_speed_is_what_the_documents_say(per_second: float, least_minutes: int) -> None:
    """57, 34 and 21 minutes from the first lost connection until a node has none of its 1,024 ports left."""
    leads = []
    for start in (5, 7, 9):
        content = scenario.parse(LEAK.format(per_second=per_second, start=start), "leak.yaml", "leak")
        run = replay(content, 40 + int(1024 / per_second / 60), 60)
        leads += [each.lead_minutes for each in score_run(run, NAMES).trouble[:1]]
    assert len(leads) == 3
    assert min(leads) >= least_minutes
