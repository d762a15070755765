"""One incident whose severity rises and falls: what is posted, how often, and what waits while it is quiet."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.core.incidents.lifecycle import next_incident
from shared.core.incidents.transition import Effect
from shared.model.finding import FindingKind, Severity
from shared.model.incident import IncidentState
from shared.model.reading import Idle, Unmeasured
from shared.model.resource_id import ArmId
from shared.model.text import Text
from tests.support.builders import NETWORK, assessment, at, window
from tests.support.incident_life import CLUSTER, LOST, NOTICE, POLICY, SHORT, Life, failing

FULL = replace(SHORT, severity=Severity.HIGH)


def test_a_warning_opens_an_incident_and_failures_raise_it() -> None:
    life = Life()
    assert life.tick(5, SHORT) is Effect.OPENED
    assert life.incident is not None
    assert life.incident.severity is Severity.WARNING
    assert (life.incident.last_failed_at, life.incident.nodes, life.incident.kinds) == (None, (), (SHORT.kind,))
    assert life.tick(6, SHORT) is Effect.NOTHING
    assert life.tick(7, FULL, reading=failing(7)) is Effect.FAILING
    assert life.severity is Severity.FAILING
    assert (life.incident.since, life.incident.failing_since) == (at(0), at(6)), "the first failed minute, no warning"
    assert life.incident.id == "incident-0"


def test_failing_since_begins_anew_when_failures_had_stopped_and_the_warning_stood() -> None:
    life = Life()
    life.tick(5, SHORT, reading=failing(5))
    for end in range(6, 40):
        life.tick(end, SHORT)
    assert life.severity is Severity.WARNING
    assert life.tick(40, SHORT, reading=failing(40)) is Effect.FAILING
    assert life.incident is not None
    assert (life.incident.since, life.incident.failing_since) == (at(0), at(39))


def test_failures_after_another_alarm_are_told_however_much_was_posted() -> None:
    life = Life()
    life.tick(5, SHORT)
    life.tick(6, SHORT, LOST)
    assert life.tick(7, SHORT, LOST, reading=failing(7)) is Effect.FAILING
    assert [effect for _, effect in life.posts] == [Effect.OPENED, Effect.WORSENED, Effect.FAILING]


def test_notices_open_nothing() -> None:
    life = Life()
    assert life.tick(5, NOTICE) is Effect.NOTHING
    assert life.incident is None


def test_severity_falls_back_when_failures_stay_away_and_the_warning_stands() -> None:
    life = Life()
    life.tick(5, SHORT, reading=failing(5))
    for end in range(6, 15):
        life.tick(end, SHORT)
        assert life.severity is Severity.FAILING, "too short a while ago"
    for end in range(15, 18):
        life.tick(end, SHORT)
    assert life.severity is Severity.WARNING
    assert life.incident is not None
    assert life.incident.state is IncidentState.OPEN
    life.calm(18, 30)
    assert life.posts[-1][1] is Effect.CLEARED


def test_a_warning_that_stands_keeps_the_incident_open() -> None:
    life = Life()
    for end in range(5, 60):
        life.tick(end, SHORT)
    assert [effect for _, effect in life.posts] == [Effect.OPENED]


def test_what_was_not_looked_for_neither_clears_nor_opens() -> None:
    life = Life()
    life.tick(5, SHORT)
    blind = frozenset(FindingKind) - {FindingKind.PORT_PRESSURE}
    for end in range(6, 60):
        assert life.tick(end, evaluated_kinds=blind) is Effect.NOTHING
    life.calm(60, 71)
    assert life.posts[-1][1] is Effect.CLEARED


def test_at_most_three_posts_for_an_incident_of_an_hour() -> None:
    life = Life()
    life.tick(5, SHORT)
    for end in range(6, 55):
        life.tick(end, FULL, reading=failing(end, share=min(end, 40), nodes=min(max(1, end // 4), 5)))
    life.calm(56, 70)
    assert [effect for _, effect in life.news] == [Effect.OPENED, Effect.FAILING, Effect.CLEARED]


def test_growth_that_was_held_back_is_told_when_there_is_room_again() -> None:
    life = Life()
    life.tick(5, SHORT)
    for end in range(6, 75):
        life.tick(end, FULL)
    assert life.posts == [(5, Effect.OPENED), (65, Effect.WORSENED)]


@pytest.mark.parametrize("period", [12, 15, 20, 30, 45])
def test_flapping_is_damped(period: int) -> None:
    """One failing minute every so often, for four hours."""
    life = Life()
    for end in range(5, 245):
        life.tick(end, reading=failing(end) if end % period == 0 else None)
    for start in range(5, 185):
        lately = [end for end, _ in life.news if start <= end < start + 60]
        assert len(lately) <= 3, life.news


def test_an_old_look_brings_no_warning_back() -> None:
    life = Life()
    life.tick(5, SHORT)
    life.calm(6, 20)
    assert life.posts[-1][1] is Effect.CLEARED
    assert life.tick(6, SHORT) is Effect.NOTHING
    assert life.tick(21, SHORT) is Effect.REOPENED


def test_trouble_that_needs_no_measurement_is_told_though_nothing_is_measured() -> None:
    life = Life()
    assert life.tick(5, LOST, reading=Unmeasured(Text("no answer"))) is Effect.OPENED
    for end in range(6, 40):
        assert life.tick(end, reading=Unmeasured(Text("no answer"))) is Effect.NOTHING
    assert life.incident is not None
    assert life.incident.state is IncidentState.OPEN


def test_while_it_is_quiet_nothing_is_posted_and_what_still_stands_is_told_afterwards() -> None:
    life = Life()
    for end in range(5, 30):
        assert life.tick(end, reading=failing(end), is_quiet=True) is Effect.NOTHING
    assert life.effects[0] is Effect.OPENED, "it is remembered all the same"
    assert life.tick(30, reading=failing(30)) is Effect.OPENED
    assert life.tick(31, reading=failing(31)) is Effect.NOTHING


def test_what_began_and_ended_while_it_was_quiet_is_never_posted() -> None:
    life = Life()
    life.tick(5, reading=failing(5), is_quiet=True)
    for end in range(6, 20):
        life.tick(end, is_quiet=True)
    assert life.effects.count(Effect.CLEARED) == 1
    assert life.posts == []


def test_the_end_of_what_was_announced_is_told_though_it_is_quiet() -> None:
    life = Life()
    life.tick(5, reading=failing(5))
    for end in range(6, 20):
        life.tick(end, is_quiet=True)
    assert [effect for _, effect in life.posts] == [Effect.OPENED, Effect.CLEARED]


def test_an_incident_that_ends_on_another_way_out_says_so() -> None:
    life = Life()
    life.tick(5, reading=failing(5))
    gateway = f"{NETWORK}/natGateways/ng-shop"
    assert life.incident is not None
    for end in range(10, 25, 5):
        seen = replace(assessment(Idle(window(end - 5, end)), CLUSTER), gateway_ids=(ArmId(gateway),))
        result = next_incident(
            life.record,
            life.incident,
            seen,
            now=at(end + 3),
            policy=POLICY,
            new_id="other",
            is_change_in_flight=False,
        )
        life.record, life.incident = result.record, result.incident
        if result.effect is Effect.CLEARED:
            break
    assert life.incident is not None
    assert life.incident.closing_note == "egress now leaves through NAT gateway `ng-shop`, and nothing has failed there"
