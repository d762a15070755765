"""When an incident opens, grows, clears and comes back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from shared.core.detection.load_balancer import read_load_balancer, with_nodes
from shared.core.incidents.lifecycle import close, next_incident
from shared.core.incidents.transition import Effect, IncidentPolicy
from shared.model.finding import Severity
from shared.model.incident import ClusterRecord, Incident, IncidentState
from shared.model.load_balancer import NodeList
from shared.model.metric import MetricAnswer
from shared.model.reading import DoesNotApply, Idle, Measured, MinuteSeries, Reading, Unmeasured
from shared.model.text import Text
from tests.support.builders import assessment, at, by_state, cluster, minutes, window

POLICY = IncidentPolicy(clean_minutes=10, cooldown=timedelta(minutes=60))
CLUSTER = cluster()


@dataclass
class Memory:
    """What is remembered between ticks, and what each tick was worth telling."""

    record: ClusterRecord = field(default_factory=lambda: ClusterRecord(CLUSTER.id, CLUSTER.name))
    incident: Incident | None = None
    effects: list[Effect] = field(default_factory=list)

    def tick(self, reading: Reading, now: int | None = None, *, is_change_in_flight: bool = False) -> Effect:
        """``now`` in minutes; without it as soon as the window may be judged."""
        end = reading.window.end if isinstance(reading, Measured | Idle) else at(0)
        transition = next_incident(
            self.record,
            self.incident,
            assessment(reading, CLUSTER),
            now=at(now) if now is not None else end + timedelta(minutes=3),
            policy=POLICY,
            new_id=f"incident-{len(self.effects)}",
            is_change_in_flight=is_change_in_flight,
        )
        self.record, self.incident = transition.record, transition.incident
        self.effects.append(transition.effect)
        return transition.effect

    @property
    def open(self) -> Incident:
        assert self.incident is not None
        assert self.incident.state is IncidentState.OPEN
        return self.incident


def test_the_first_failure_opens_an_incident_and_says_so_once() -> None:
    memory = Memory()
    assert memory.tick(minutes(0, 5, {2: 4})) is Effect.OPENED
    incident = memory.open
    assert (incident.id, incident.severity, incident.since) == ("incident-0", Severity.FAILING, at(2))
    assert (incident.opened_at, incident.last_failed_at, incident.failed) == (at(8), at(2), 4)
    assert memory.record.incident_id == "incident-0"
    assert memory.tick(minutes(1, 6, {2: 4, 5: 1})) is Effect.NOTHING
    assert memory.tick(minutes(2, 7, {2: 4, 5: 1, 6: 9})) is Effect.NOTHING
    assert memory.open.last_failed_at == at(6)
    assert memory.open.since == at(2)


def test_a_healthy_cluster_has_no_incident() -> None:
    memory = Memory()
    assert memory.tick(minutes(0, 5)) is Effect.NOTHING
    assert memory.tick(Idle(window(5, 10))) is Effect.NOTHING
    assert memory.incident is None


def test_clean_measured_minutes_clear_and_no_fewer_do() -> None:
    memory = Memory()
    memory.tick(minutes(0, 5, {4: 1}))
    assert memory.tick(minutes(5, 10)) is Effect.NOTHING
    assert memory.tick(minutes(9, 14)) is Effect.NOTHING
    assert memory.record.clean_minutes == 9
    assert memory.tick(minutes(10, 15), now=20) is Effect.CLEARED
    assert memory.incident is not None
    assert (memory.incident.state, memory.incident.cleared_at) == (IncidentState.CLEARED, at(20))


def test_clean_minutes_before_the_last_failure_do_not_count() -> None:
    memory = Memory()
    memory.tick(minutes(0, 5, {1: 1}))
    assert memory.record.clean_minutes == 3
    memory.tick(minutes(5, 10, {9: 1}))
    assert memory.record.clean_minutes == 0


def test_idle_minutes_are_clean() -> None:
    memory = Memory()
    memory.tick(minutes(0, 5, {4: 1}))
    assert memory.tick(Idle(window(5, 10))) is Effect.NOTHING
    assert memory.tick(Idle(window(10, 15))) is Effect.CLEARED


@pytest.mark.parametrize("change_in_flight", [False, True])
def test_on_a_cluster_that_is_not_looked_at_any_more_an_incident_ends_unless_a_change_is_in_flight(
    change_in_flight: bool,
) -> None:
    memory = Memory()
    stopped = DoesNotApply(Text("the cluster is stopped"))
    assert memory.tick(stopped, now=0) is Effect.NOTHING
    memory.tick(minutes(0, 5, {4: 1}))
    effect = memory.tick(stopped, now=10, is_change_in_flight=change_in_flight)
    assert memory.incident is not None
    if change_in_flight:
        assert (effect, memory.incident.state) == (Effect.NOTHING, IncidentState.OPEN)
    else:
        assert (effect, memory.incident.closing_note) == (Effect.CLEARED, "the cluster is stopped")
        assert memory.tick(stopped, now=11) is Effect.NOTHING


def test_a_missing_measurement_neither_opens_nor_clears() -> None:
    memory, reading = Memory(), Unmeasured(Text("no answer"))
    assert memory.tick(reading, now=5) is Effect.NOTHING
    assert memory.incident is None
    memory.tick(minutes(0, 5, {4: 1}))
    before = (memory.record, memory.incident)
    for _ in range(100):
        assert memory.tick(reading, now=500) is Effect.NOTHING
    assert (memory.record, memory.incident) == before


def test_minutes_without_a_point_do_not_count_as_clean() -> None:
    memory = Memory()
    memory.tick(minutes(0, 5, {4: 1}))
    for start in range(5, 25, 5):
        one_point = read_load_balancer(window(start, start + 5), by_state(Successful={start: 1}), None)
        assert memory.tick(one_point) is Effect.NOTHING
    assert memory.record.clean_minutes == 4


def test_points_that_come_later_than_the_lag_are_still_counted() -> None:
    """Azure Monitor may take longer than usual: the youngest minutes of the window are then empty at every tick."""
    memory = Memory()
    memory.tick(minutes(0, 5, {4: 1}))
    effects = []
    for end in range(6, 30):
        late = by_state(Successful=dict.fromkeys(range(end - 5, end - 2), 9))
        effects.append(memory.tick(read_load_balancer(window(end - 5, end), late, None)))
    assert effects.count(Effect.CLEARED) == 1


@pytest.mark.parametrize("copies", [1, 2, 5])
def test_doubled_ticks_count_a_minute_once(copies: int) -> None:
    memory = Memory()
    for _ in range(copies):
        memory.tick(minutes(0, 5, {4: 1}))
    for _ in range(copies):
        memory.tick(minutes(5, 10))
    assert memory.record.clean_minutes == 5
    assert memory.effects.count(Effect.OPENED) == 1


def test_a_tick_that_comes_late_does_not_bring_old_failures_back() -> None:
    memory = Memory()
    memory.tick(minutes(0, 5, {4: 1}))
    for start in (5, 10):
        memory.tick(minutes(start, start + 5))
    assert memory.effects[-1] is Effect.CLEARED
    assert memory.tick(minutes(0, 5, {4: 1}), now=20) is Effect.NOTHING
    assert memory.tick(minutes(0, 5, {4: 1}), now=8) is Effect.NOTHING
    assert memory.record.judged_until == at(15)


def test_it_is_told_again_only_when_twice_as_many_nodes_fail() -> None:
    memory = Memory()
    memory.tick(minutes(0, 5, {4: 1}, nodes=1))
    assert memory.tick(minutes(5, 10, {9: 1}, nodes=1)) is Effect.NOTHING
    assert memory.tick(minutes(10, 15, {14: 1}, nodes=2)) is Effect.WORSENED
    assert memory.tick(minutes(15, 20, {19: 1}, nodes=1)) is Effect.NOTHING
    assert memory.tick(minutes(20, 25, {24: 1}, nodes=2)) is Effect.NOTHING
    assert memory.tick(minutes(25, 30, {29: 1}, nodes=4)) is Effect.NOTHING, "two posts within the hour are enough"
    assert memory.tick(minutes(65, 70, {69: 1}, nodes=5)) is Effect.WORSENED
    assert memory.open.announced_nodes == 5
    assert len(memory.open.nodes) == 5


def cleared_at_20() -> Memory:
    memory = Memory()
    memory.tick(minutes(0, 5, {4: 1}))
    memory.tick(minutes(5, 10))
    assert memory.tick(minutes(10, 15), now=20) is Effect.CLEARED
    return memory


def test_trouble_inside_the_cooldown_reopens_the_same_incident() -> None:
    memory = cleared_at_20()
    assert memory.tick(minutes(75, 80, {79: 6}, nodes=3), now=80) is Effect.REOPENED
    incident = memory.open
    assert (incident.id, incident.reopened, incident.since) == ("incident-0", 1, at(4))
    assert (incident.failed, incident.cleared_at, incident.announced_nodes) == (6, None, 3)
    assert memory.record.clean_minutes == 0
    for start in range(80, 120, 5):
        assert memory.effects[-1] is not Effect.CLEARED, "what came back must stay away for longer"
        memory.tick(minutes(start, start + 5))
    assert memory.effects[-1] is Effect.CLEARED
    assert memory.tick(minutes(120, 125, {124: 1})) is Effect.REOPENED
    assert memory.open.reopened == 2


def test_trouble_after_the_cooldown_is_a_new_incident() -> None:
    memory = cleared_at_20()
    assert memory.tick(minutes(76, 81, {80: 6}), now=81) is Effect.OPENED
    assert memory.open.id == memory.record.incident_id == "incident-3"
    assert memory.open.reopened == 0


def test_nothing_clears_while_a_change_is_in_flight() -> None:
    memory = Memory()
    memory.tick(minutes(0, 5, {4: 1}))
    for start in range(5, 60, 5):
        assert memory.tick(minutes(start, start + 5), is_change_in_flight=True) is Effect.NOTHING
    assert memory.tick(minutes(60, 65)) is Effect.CLEARED


def test_an_incident_that_was_closed_for_a_reason_says_it() -> None:
    memory = Memory()
    memory.tick(minutes(0, 5, {4: 1}))
    closed = close(memory.open, at(30), Text("fixed by change abc"))
    assert (closed.state, closed.cleared_at, closed.closing_note) == (
        IncidentState.CLEARED,
        at(30),
        "fixed by change abc",
    )
    memory.incident = closed
    memory.tick(minutes(30, 35, {34: 1}))
    assert memory.open.closing_note == ""


def test_a_cleared_incident_without_a_time_is_never_reopened() -> None:
    memory = cleared_at_20()
    assert memory.incident is not None
    memory.incident = replace(memory.incident, cleared_at=None)
    assert memory.tick(minutes(20, 25, {24: 1})) is Effect.OPENED


def test_failures_that_no_node_can_be_named_for_still_open_an_incident() -> None:
    reading = read_load_balancer(window(), by_state(Failed={1: 1}), None)
    assert isinstance(reading, Measured)
    memory = Memory()
    assert memory.tick(with_nodes(reading, MetricAnswer(()), NodeList())) is Effect.OPENED
    assert memory.open.nodes == ()


def test_times_are_told_in_the_order_in_which_things_happened() -> None:
    memory = Memory()
    memory.tick(minutes(0, 5, {1: 1}))
    opened: datetime = memory.open.opened_at
    memory.tick(minutes(5, 10, {6: 1}))
    assert memory.open.opened_at == opened


# --- states that arrive apart ---


def test_a_failure_that_arrives_after_its_minute_was_counted_as_clean_counts() -> None:
    memory = Memory()
    memory.tick(minutes(0, 5, {2: 4}))
    memory.tick(minutes(5, 10))
    assert memory.record.clean_minutes == 7
    memory.tick(minutes(6, 11, {8: 3}))
    assert memory.open.last_failed_at == at(8)
    assert memory.record.clean_minutes == 2, "the minutes before it were not clean time"
    memory.tick(minutes(7, 12, {8: 3}))
    assert memory.record.clean_minutes == 3, "and it is counted once"


def test_trouble_whose_failures_always_arrive_late_is_not_called_over() -> None:
    """Each third minute fails, and says so two minutes after its successes."""
    memory = Memory()
    memory.tick(minutes(-2, 3, {2: 4}))
    for end in range(4, 60):
        known = {at: 3 for at in range(5, end - 2, 3) if at >= end - 5}
        memory.tick(minutes(end - 5, end, known))
    assert memory.effects == [Effect.OPENED] + [Effect.NOTHING] * 56
    assert memory.open.last_failed_at == at(56)


def test_a_failure_that_arrives_late_brings_a_warning_to_failing() -> None:
    memory = Memory()
    memory.tick(minutes(0, 5, {2: 4}))
    assert memory.incident is not None
    memory.incident = replace(memory.incident, last_failed_at=None, severity=Severity.WARNING)
    memory.tick(minutes(1, 6, {4: 3}))
    assert memory.open.last_failed_at == at(4)


def test_what_a_cleared_incident_has_counted_does_not_bring_it_back() -> None:
    memory = Memory()
    memory.tick(minutes(0, 5, {4: 4}))
    memory.tick(minutes(5, 10))
    memory.tick(minutes(10, 15))
    assert memory.effects[-1] is Effect.CLEARED
    assert memory.tick(minutes(0, 15, {4: 4})) is Effect.NOTHING
    assert memory.tick(minutes(10, 15, {12: 1})) is Effect.REOPENED


def test_the_picture_of_the_last_failures_stays_while_nothing_fails() -> None:
    memory = Memory()
    failing = replace(minutes(0, 5, {2: 4}), failed_by_minute=MinuteSeries(at(0), (0, 0, 4, 0, 0)))
    memory.tick(failing)
    memory.tick(minutes(5, 10))
    assert memory.open.failed_by_minute == failing.failed_by_minute
