"""Two times: nothing is written before Azure's, and the next look is never more than a minute away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.formatting import utc
from shared.model.change import Change, ChangeState
from tests.support.theatre import Theatre
from tests.support.thorough import sample

LAST_SUBNET = "subnets/aks-system"
MINUTE = timedelta(minutes=1)


def throttle(theatre: Theatre, asked: str, path: str = LAST_SUBNET) -> None:
    then: dict[str, Any] = {"status": 429, "headers": {"Retry-After": asked}, "body": {"error": {"code": "429"}}}
    theatre.simulator.add_fault({"match": {"method": "PUT", "path": path}, "times": 1, "then": then})


def puts(theatre: Theatre) -> int:
    return sum(one["method"] == "PUT" and LAST_SUBNET in one["path"] for one in theatre.simulator.requests())


def throttled(theatre: Theatre, change: Change) -> Change:
    """The change once Azure has refused the write to the last subnet: the plan is half applied."""
    for _ in range(60):
        theatre.tick()
        if puts(theatre):
            return theatre.change(change.id)
    raise AssertionError("the last subnet was never written to")


@pytest.mark.parametrize("asked", sample(["99999999", "9" * 400], "99999999"))
def test_a_wait_that_nobody_can_mean_stops_the_change_now_and_names_azures_time(theatre: Theatre, asked: str) -> None:
    change = theatre.approved()
    throttle(theatre, asked)
    stopped = throttled(theatre, change)

    assert stopped.state is ChangeState.STOPPED
    assert stopped.not_before is not None
    assert stopped.not_before > theatre.clock.now() + timedelta(days=365)
    assert f"no write before {utc(stopped.not_before)}" in stopped.stop_reason
    assert {"resume", "roll_back"} <= set(theatre.app.decide.actions.of(stopped, theatre.clock.now()))
    assert any(utc(stopped.not_before) in text for text in map(str, theatre.simulator.messages()))

    theatre.decide(stopped, "resume")
    again = theatre.run_on(stopped, minutes=5)
    assert again.state is ChangeState.STOPPED
    assert puts(theatre) == 1, "a person's click undercuts Azure's time no more than we do"


@pytest.mark.parametrize(("asked", "minutes"), sample([("1800", 30), ("soon", 15)], ("soon", 15)))
def test_nothing_is_written_before_azures_time_and_each_minute_is_looked(
    theatre: Theatre, asked: str, minutes: int
) -> None:
    change = theatre.approved()
    throttle(theatre, asked)
    waiting = throttled(theatre, change)
    not_before = waiting.not_before
    assert not_before is not None
    began = theatre.clock.now()
    assert abs(not_before - began - timedelta(minutes=minutes)) < MINUTE

    while theatre.clock.now() + MINUTE < not_before:
        waiting = theatre.change(change.id)
        assert waiting.state is ChangeState.APPLYING
        assert waiting.due_at is not None
        assert waiting.due_at <= theatre.clock.now() + MINUTE
        assert puts(theatre) == 1
        theatre.tick()
    assert theatre.run_on(waiting).state is ChangeState.FIXED
    assert puts(theatre) == 2
    if minutes > 10:
        assert any("nothing is written before" in text for text in map(str, theatre.simulator.messages()))


def test_a_start_that_azure_throttles_is_tried_once_after_a_quarter_of_an_hour(theatre: Theatre) -> None:
    change = theatre.approved()
    refusal = {"status": 429, "headers": {"Retry-After": "99999999"}, "body": {"error": {"code": "429"}}}
    path = "managedClusters/shop-prod"
    theatre.simulator.add_fault({"match": {"method": "GET", "path": path}, "times": 1, "then": refusal})
    theatre.work()
    waiting = theatre.change(change.id)
    assert waiting.state is ChangeState.APPROVED
    assert waiting.not_before is not None
    assert abs(waiting.not_before - theatre.clock.now() - 15 * MINUTE) < MINUTE
    assert waiting.due_at is not None
    assert waiting.due_at <= theatre.clock.now() + MINUTE
    theatre.tick(10)
    assert theatre.change(change.id).started_at is None
    theatre.simulator.clear_faults()
    assert theatre.run_on(waiting).state is ChangeState.FIXED


def test_the_stop_flag_works_while_azure_is_waited_for(theatre: Theatre) -> None:
    change = theatre.approved()
    throttle(theatre, "1800")
    throttled(theatre, change)
    theatre.app.stop.set(True, "Grace", "change freeze", theatre.clock.now())
    theatre.tick(2)
    assert theatre.change(change.id).state is ChangeState.STOPPED
    assert "Grace" in theatre.change(change.id).stop_reason
    assert puts(theatre) == 1


def test_the_stop_flag_works_in_the_pause_between_subnets(theatre: Theatre) -> None:
    theatre._settings["PAUSE_BETWEEN_SUBNETS_MINUTES"] = "30"
    theatre.new_app()
    change = theatre.approved()
    while (paused := theatre.change(change.id)).not_before is None:
        theatre.tick()
    assert paused.due_at is not None
    assert paused.due_at <= theatre.clock.now() + MINUTE
    theatre.tick(20)
    assert theatre.change(change.id).state is ChangeState.APPLYING
    assert puts(theatre) == 0
    theatre.app.stop.set(True, "Grace", "change freeze", theatre.clock.now())
    theatre.tick(2)
    assert theatre.change(change.id).state is ChangeState.STOPPED
    assert puts(theatre) == 0


def test_an_answer_to_a_write_that_points_elsewhere_counts_as_written(theatre: Theatre) -> None:
    """Its effect is not known: the way back must take the subnet for moved."""
    change = theatre.approved()
    headers = {"Azure-AsyncOperation": "https://elsewhere.example/operations/1"}
    then = {"status": 200, "headers": headers, "body": {}}
    theatre.simulator.add_fault({"match": {"method": "PUT", "path": LAST_SUBNET}, "times": 1, "then": then})
    stopped = throttled(theatre, change)
    assert stopped.state is ChangeState.STOPPED
    assert "https://elsewhere.example" in stopped.stop_reason
    assert theatre.journal(stopped)[-1].was_written
