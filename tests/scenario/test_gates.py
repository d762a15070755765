"""Gates that wait, and the verdict that is tried again: a wait has an end, and people hear of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from shared.cloud.metric_queries import NAT_CONNECTIONS, MetricQuery
from shared.model.change import ChangeState
from shared.model.metric import MetricAnswer, Series, Window
from tests.support.theatre import Theatre

S = ChangeState


def test_a_second_subnet_without_egress_stops_at_its_gate(theatre: Theatre) -> None:
    """The gateway carries the first subnet's traffic all the while; only that of the second is missing."""
    change = theatre.approved()
    metrics = theatre.app.metrics
    real, frozen = metrics.query, dict[str, float]()

    def without_system(resource_id: str, query: MetricQuery, window: Window) -> MetricAnswer:
        step = theatre.change(change.id).step
        if step < len(change.plan.steps) - 2 or query != NAT_CONNECTIONS:
            return real(resource_id, query, window)
        points = tuple((at, frozen.setdefault("rate", 2_000.0)) for at in window.each_minute())
        return MetricAnswer((Series({"connectionstate": "Attempted"}, points),))

    metrics.query = without_system  # type: ignore[method-assign]
    baseline = change.plan.baseline
    assert baseline is not None
    started = theatre.clock.now()

    stopped = theatre.run_on(change)

    assert stopped.state is S.STOPPED
    assert "waited 15 minutes" in stopped.stop_reason
    assert "would show that this subnet has egress" in stopped.stop_reason
    assert stopped.step == len(change.plan.steps) - 1
    assert (theatre.clock.now() - started).total_seconds() < 40 * 60
    assert sum("waits" in text for text in theatre.slack_texts()) == 1, "people hear of it before it stops"


def failing_while_verified(theatre: Theatre, change_id: str, windows: int) -> None:
    """One failed connection in the first ``windows`` windows of the proof."""
    metrics = theatre.app.metrics
    real, seen = metrics.query, list[Window]()

    def failing(resource_id: str, query: MetricQuery, window: Window) -> MetricAnswer:
        found = real(resource_id, query, window)
        if query != NAT_CONNECTIONS or theatre.change(change_id).state is not S.VERIFYING or len(seen) >= windows:
            return found
        seen.append(window)
        failed = Series({"connectionstate": "Failed"}, ((window.start, 1.0),))
        return replace(found, series=(*found.series, failed))

    metrics.query = failing  # type: ignore[method-assign]


def test_one_failed_connection_is_judged_again_and_not_final(theatre: Theatre) -> None:
    change = theatre.approved()
    failing_while_verified(theatre, change.id, 2)
    assert theatre.run_on(change).state is S.FIXED


def test_failures_until_the_limit_are_not_fixed(theatre: Theatre) -> None:
    change = theatre.approved()
    failing_while_verified(theatre, change.id, 10_000)
    ended = theatre.run_on(change, 120)
    assert ended.state is S.NOT_FIXED
    assert ended.verify_from is not None
    assert (theatre.clock.now() - ended.verify_from).total_seconds() >= 60 * 60


def test_a_plan_that_expired_while_the_trouble_lasts_is_followed_by_another(theatre: Theatre) -> None:
    change = theatre.proposed()
    theatre.clock.advance(61 * 60)
    theatre.tick(5)
    assert theatre.change(change.id).state is S.EXPIRED
    assert [one.state for one in theatre.changes()] == [S.EXPIRED, S.PROPOSED], "at once"
    theatre.tick(5)
    assert len(theatre.changes()) == 2, "not asked all the time"


def test_single_failures_shut_no_gate_and_only_delay_the_proof(theatre: Theatre) -> None:
    """One connection a minute fails, of thousands: at the gates that is said, and the proof waits for its end."""
    change = theatre.approved()
    theatre.simulator.add_event({"settings": {"gateway_failures_per_hour": 60}})
    theatre.simulator.add_event({"at_minute": 50, "settings": {"gateway_failures_per_hour": 0}})
    ended = theatre.run_on(change)
    assert ended.state is S.FIXED, (ended.stop_reason, ended.outcome)
    gates = [entry.note for entry in theatre.journal(change) if "on the NAT gateway" in entry.note]
    assert [" 1.0 a minute failed" in note for note in gates] == [True, True], gates
    assert ended.verify_from is not None
    assert theatre.clock.now() - ended.verify_from > timedelta(minutes=20)
