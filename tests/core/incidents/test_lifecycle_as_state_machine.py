"""Whatever ticks come, overlapping, doubled, late or without a measurement: an incident's life stays in order."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from shared.core.detection.load_balancer import read_load_balancer
from shared.core.incidents.lifecycle import next_incident
from shared.core.incidents.transition import Effect, IncidentPolicy
from shared.model.incident import ClusterRecord, Incident, IncidentState
from shared.model.metric import MINUTE
from shared.model.reading import DoesNotApply, Idle, Measured, Reading, Unmeasured
from shared.model.text import Text
from tests.support.builders import START, answer, assessment, by_state, cluster, series, window
from tests.support.thorough import examples

CLUSTER = cluster()
CLEAN_MINUTES = 4
COOLDOWN = timedelta(minutes=15)
POLICY = IncidentPolicy(CLEAN_MINUTES, COOLDOWN)
WINDOW = 5
LAG = timedelta(minutes=3)


class IncidentLife(RuleBasedStateMachine):
    """The truth is a list of minutes: failing, clean, or without any point. Ticks look at any five of them."""

    def __init__(self) -> None:
        super().__init__()
        self.truth: list[str] = []
        self.record = ClusterRecord(CLUSTER.id, CLUSTER.name)
        self.incidents: dict[str, Incident] = {}
        self.told: list[Effect] = []
        self.announced_minutes: set[datetime] = set()
        self.clean_seen: set[datetime] = set()
        self.is_change_in_flight = False

    @initialize()
    def begin(self) -> None:
        self.pass_minutes(["clean"] * WINDOW)

    @rule(minutes=st.lists(st.sampled_from(["failing", "clean", "clean", "missing"]), min_size=1, max_size=8))
    def pass_minutes(self, minutes: list[str]) -> None:
        self.truth += minutes

    @rule(minutes=st.integers(10, 40))
    def pass_a_quiet_time(self, minutes: int) -> None:
        self.truth += ["clean"] * minutes

    @rule(behind=st.integers(0, 12), copies=st.integers(1, 3))
    def tick(self, behind: int, copies: int) -> None:
        """``behind``: how many minutes the tick comes late."""
        end = max(len(self.truth) - behind, WINDOW)
        for _ in range(copies):
            self.next_incident(self.reading(end))

    @rule()
    def tick_without_measurement(self) -> None:
        before = (self.record, dict(self.incidents))
        assert self.next_incident(Unmeasured(Text("no answer"))) is Effect.NOTHING
        assert (self.record, self.incidents) == before

    @rule()
    def tick_while_nothing_is_looked_at(self) -> None:
        ends = bool(self.open_incidents()) and not self.is_change_in_flight
        assert self.next_incident(DoesNotApply(Text("stopped"))) is (Effect.CLEARED if ends else Effect.NOTHING)

    @rule()
    def start_or_end_a_change(self) -> None:
        self.is_change_in_flight = not self.is_change_in_flight

    @rule()
    def tick_every_minute_of_a_calm_hour(self) -> None:
        """Nothing stays open that has been calm and measured, unless a change is in flight."""
        self.is_change_in_flight = False
        for _ in range(WINDOW + int(COOLDOWN / MINUTE) + 1):  # what keeps coming back needs up to the cooldown
            self.truth.append("clean")
            self.next_incident(self.reading(len(self.truth)))
        assert not self.open_incidents()

    def reading(self, end: int) -> Reading:
        start = end - WINDOW
        minutes = {number: self.truth[number] for number in range(start, end)}
        states = by_state(
            Failed={number: 3 for number, truth in minutes.items() if truth == "failing"},
            Successful={number: 9 for number, truth in minutes.items() if truth != "missing"},
        )
        return read_load_balancer(window(start, end), states, answer(series({start: 1024})))

    def next_incident(self, reading: Reading) -> Effect:
        """As the flow does it: remembers nothing when there is nothing to tell and no incident is open."""
        known = self.incidents.get(self.record.incident_id or "")
        now = START + len(self.truth) * MINUTE + LAG
        transition = next_incident(
            self.record,
            known,
            assessment(reading, CLUSTER),
            now=now,
            policy=POLICY,
            new_id=f"incident-{len(self.incidents)}",
            is_change_in_flight=self.is_change_in_flight,
        )
        self.check(transition.effect, known, reading, now)
        is_open = transition.incident is not None and transition.incident.state is IncidentState.OPEN
        if transition.effect is not Effect.NOTHING or is_open:
            self.record = transition.record
            assert transition.incident is not None
            self.incidents[transition.incident.id] = transition.incident
        return transition.effect

    def check(self, effect: Effect, known: Incident | None, reading: Reading, now: datetime) -> None:
        """Holds each effect against what the ticks have seen, counted here in a way of its own."""
        is_open = known is not None and known.state is IncidentState.OPEN
        if isinstance(reading, Measured) and reading.failed_minutes:
            newest = reading.failed_minutes[-1]
            if effect in (Effect.OPENED, Effect.REOPENED):
                assert not is_open
                assert newest not in self.announced_minutes, "the same minute was announced twice"
                cleared_at = known.cleared_at if known else None
                was_lately = cleared_at is not None and now - cleared_at <= COOLDOWN
                assert effect is (Effect.REOPENED if was_lately else Effect.OPENED)
            if is_open or effect is not Effect.NOTHING:
                self.announced_minutes |= set(reading.failed_minutes)
        if isinstance(reading, Measured):
            self.clean_seen |= set(reading.clean_minutes)
        elif isinstance(reading, Idle):
            self.clean_seen |= set(reading.window.each_minute())
        if effect is Effect.CLEARED:
            assert known is not None
            assert is_open
            assert not self.is_change_in_flight
            last = known.last_failed_at
            assert last is not None
            is_watched = not isinstance(reading, DoesNotApply)
            assert not is_watched or len([at for at in self.clean_seen if at > last]) >= CLEAN_MINUTES
        if effect in (Effect.OPENED, Effect.REOPENED, Effect.CLEARED):
            self.told.append(effect)

    def open_incidents(self) -> list[Incident]:
        return [incident for incident in self.incidents.values() if incident.state is IncidentState.OPEN]

    @invariant()
    def at_most_one_incident_is_open(self) -> None:
        assert len(self.open_incidents()) <= 1

    @invariant()
    def every_announcement_is_followed_by_its_end(self) -> None:
        """Opened or reopened, then cleared, then opened or reopened …: never the same twice in a row."""
        for first, second in zip(self.told, self.told[1:], strict=False):
            assert (first is Effect.CLEARED) != (second is Effect.CLEARED)


IncidentLife.TestCase.settings = settings(examples(25), stateful_step_count=40)
TestIncidentLife = IncidentLife.TestCase
