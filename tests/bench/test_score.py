"""What counts as found, late, wrong and missed."""

from __future__ import annotations

import pytest

from bench.evaluate.detector_harness import LAG_MINUTES
from bench.evaluate.replay import Run
from bench.evaluate.score import Counts, Score, score_run
from bench.evaluate.track import Culprit, Moment, NodeMinute, Span, Track, spans
from shared.core.incidents.transition import Effect
from shared.model.finding import FindingKind, Severity

START, END = 1_000, 1_200


def moment(tick: int, severity: Severity | None, message: Effect = Effect.NOTHING) -> Moment:
    kinds = (FindingKind.SNAT_FAILING,) if severity else ()
    return Moment(tick, severity is not None, severity or Severity.NOTICE, kinds, message, message)


def failing(first: int, last: int, node: str = "n1") -> set[NodeMinute]:
    return {NodeMinute(node, minute) for minute in range(first, last + 1)}


def track(truth: set[NodeMinute], claims: set[NodeMinute] | None = None, *moments: Moment) -> Track:
    return Track(
        name="shop",
        node_names={"n1", "n2"},
        truth_nodes=truth,
        visible_nodes=set(truth),
        claims=truth if claims is None else claims,
        moments=[moment(START, None), *moments],
    )


def score(*tracks: Track, metrics_delay_minutes: int = LAG_MINUTES) -> Score:
    return score_run(Run("made up", "", START, START, END, metrics_delay_minutes, False, tuple(tracks)), ["rule"])


def test_trouble_found_at_the_first_tick_that_could_judge_it_is_not_late() -> None:
    found = score(track(failing(1_020, 1_040), None, moment(1_024, Severity.FAILING, Effect.OPENED)))
    (trouble,) = found.trouble
    assert (trouble.judged_tick, trouble.found_tick, trouble.late_ticks, trouble.delay_minutes) == (1_024, 1_024, 0, 3)
    assert found.failing == Counts(right=1)


def test_trouble_found_later_is_late_by_as_many_ticks() -> None:
    (trouble,) = score(track(failing(1_020, 1_040), None, moment(1_027, Severity.FAILING))).trouble
    assert trouble.late_ticks == 3


def test_the_lead_of_a_probe_runs_from_its_first_bad_connection_to_the_tick_that_finds_the_trouble() -> None:
    shop = track(failing(1_020, 1_040), None, moment(1_024, Severity.FAILING))
    shop.seen_everywhere[1_020] = 1_021 * 60 + 7
    shop.seen_by_two[1_020] = None
    found = score(shop)
    assert (found.leads_everywhere, found.leads_of_two) == ((173,), (None,))


def test_culprits_are_compared_by_node_and_workload() -> None:
    shop = track(failing(1_020, 1_040))
    shop.truth_culprits = {Culprit("n1", 1_023, "payments"), Culprit("n2", 1_023, "payments")}
    shop.named_culprits = {Culprit("n1", 1_023, "payments"), Culprit("n1", 1_023, "web")}
    assert score(shop).culprits == Counts(right=1, wrong=1, missed=1)


def test_trouble_that_only_got_a_warning_is_not_found() -> None:
    assert score(track(failing(1_020, 1_040), None, moment(1_024, Severity.HIGH))).failing == Counts(missed=1)


def test_an_incident_without_a_failed_connection_is_wrong() -> None:
    assert score(track(set(), None, moment(1_050, Severity.FAILING))).failing == Counts(wrong=1)


def test_metrics_that_arrive_late_delay_what_can_be_judged() -> None:
    one = track(failing(1_020, 1_040), None, moment(1_026, Severity.FAILING))
    (trouble,) = score(one, metrics_delay_minutes=5).trouble
    assert trouble.late_ticks == 0


def test_trouble_that_no_metric_showed_is_counted_apart_and_must_not_be_called_health() -> None:
    hidden = track(failing(1_020, 1_040), set())
    hidden.visible_nodes = set()
    hidden.readings["unmeasured"] = 100
    found = score(hidden)
    assert (found.unshown, found.failing, found.called_healthy_unshown) == (1, Counts(), 0)
    hidden.readings["measured"] = 7
    assert score(hidden).called_healthy_unshown == 7


def test_node_minutes_are_compared_one_by_one() -> None:
    found = score(track(failing(1_020, 1_029), failing(1_022, 1_029) | failing(1_022, 1_023, "n2")))
    assert found.node_minutes == Counts(right=8, wrong=2, missed=2)
    assert found.node_minutes.precision == pytest.approx(0.8)
    assert found.node_minutes.recall == pytest.approx(0.8)


def test_minutes_too_young_to_be_judged_count_for_nothing() -> None:
    assert score(track(failing(END - LAG_MINUTES, END), set())).node_minutes == Counts()


def test_the_lead_runs_from_the_first_warning_to_the_first_failing_minute() -> None:
    warned = moment(1_060, Severity.WARNING, Effect.OPENED)
    (trouble,) = score(track(failing(1_090, 1_100), None, warned, moment(1_094, Severity.FAILING))).trouble
    assert trouble.lead_minutes == 30


def test_an_incident_that_is_still_open_from_earlier_failures_is_no_warning() -> None:
    truth = failing(1_020, 1_025) | failing(1_090, 1_100)
    found = score(track(truth, None, moment(1_024, Severity.FAILING)))
    assert [trouble.lead_minutes for trouble in found.trouble] == [0, 0]


def test_a_warning_is_right_when_ports_were_nearly_used_up_or_connections_failed_soon() -> None:
    warned = moment(1_060, Severity.WARNING, Effect.OPENED)
    calm, pressed = track(set(), None, warned), track(set(), None, warned)
    pressed.truth_pressed = failing(1_055, 1_058)
    assert score(calm).warning == Counts(wrong=1)
    assert score(pressed).warning == Counts(right=1)
    assert score(track(failing(1_110, 1_112), None, warned)).warning == Counts(right=1)


def test_pressure_that_nobody_warned_of_is_missed() -> None:
    silent = track(set())
    silent.readings["measured"] = 100
    silent.truth_pressed = failing(1_055, 1_058)
    assert score(silent).warning == Counts(missed=1)


def test_posts_are_counted_in_the_busiest_hour() -> None:
    ticks = (1_010, 1_020, 1_069, 1_080)
    posts = [moment(tick, Severity.FAILING, Effect.WORSENED) for tick in ticks]
    found = score(track(failing(1_005, 1_100), None, *posts))
    assert (found.posts, found.most_posts_an_hour) == (4, 3)


def test_a_rule_suspects_every_node_and_is_wrong_where_nothing_happened() -> None:
    one = track(failing(1_020, 1_029))
    one.rule_ticks = {"rule": {*range(1_022, 1_030), 1_150}}
    rule = score(one).rules["rule"]
    assert rule.trouble == Counts(right=1, wrong=1)
    assert rule.delays == (1,)
    assert rule.nodes == Counts(right=8, wrong=10)


def test_runs_of_minutes_bridge_short_pauses() -> None:
    assert spans([5, 6, 7, 12, 30], pause=4) == [Span(5, 12), Span(30, 30)]
    assert spans([]) == []
