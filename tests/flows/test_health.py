"""The bot's own health: a watcher that died, or messages that go nowhere, must not look well."""

from __future__ import annotations

from datetime import timedelta

from shared.flows.health import read_health
from shared.model.text import Text
from shared.store.liveness import Liveness
from tests.support.builders import at

MAX_AGE = timedelta(minutes=15)


def test_without_any_look_it_is_not_well(liveness: Liveness) -> None:
    assert read_health(liveness, at(0), MAX_AGE).problems == ("no look at the clusters has succeeded yet",)


def test_it_is_well_while_looks_succeed(liveness: Liveness) -> None:
    liveness.record_success("watch", at(0))
    assert read_health(liveness, at(15), MAX_AGE).is_healthy
    assert not read_health(liveness, at(16), MAX_AGE).is_healthy


def test_a_sign_that_a_clock_ahead_left_is_no_sign(liveness: Liveness) -> None:
    liveness.record_success("watch", at(24 * 60))
    assert read_health(liveness, at(0), MAX_AGE).problems == ("no look at the clusters has succeeded yet",)
    liveness.record_success("watch", at(1))
    assert read_health(liveness, at(0), MAX_AGE).is_healthy, "clocks of workers differ by seconds"


def test_what_the_last_look_missed_is_said_while_it_is_too_early_to_call_that_unwell(liveness: Liveness) -> None:
    liveness.record_success("watch", at(0))
    liveness.record_failure("watch", at(1), [Text("none of 2 clusters was measured")])
    assert read_health(liveness, at(2), MAX_AGE).is_healthy
    assert read_health(liveness, at(2), MAX_AGE).missing == ("none of 2 clusters was measured",)
    liveness.record_success("watch", at(2))
    assert read_health(liveness, at(2), MAX_AGE).missing == ()


def test_a_look_that_raised_is_not_well_until_one_succeeds(liveness: Liveness) -> None:
    liveness.record_success("watch", at(0))
    liveness.record_failure("watch", at(1), [Text("the last look ended with an error, KeyError")], raised=True)
    found = read_health(liveness, at(1), MAX_AGE)
    assert (found.is_healthy, found.problems) == (False, ("the last look ended with an error, KeyError",))
    assert not read_health(liveness, at(9), MAX_AGE).is_healthy
    liveness.record_success("watch", at(10))
    assert read_health(liveness, at(10), MAX_AGE).is_healthy


def test_a_message_that_waits_too_long_is_not_well_unless_others_get_through(liveness: Liveness) -> None:
    liveness.record_success("watch", at(30))
    liveness.note_waiting(at(20))
    assert read_health(liveness, at(30), MAX_AGE).is_healthy
    liveness.note_waiting(at(10))
    found = read_health(liveness, at(30), MAX_AGE)
    assert found.problems == ("a message has waited for more than 15 minutes and none was delivered",)
    liveness.record_success("deliver", at(20))
    assert read_health(liveness, at(30), MAX_AGE).is_healthy, "a channel is down, delivering is not"
    liveness.note_waiting(None)
    assert read_health(liveness, at(30), MAX_AGE).is_healthy
