"""The bot's own health: a watcher that died, or messages that go nowhere, must not look well."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from shared.flows.health import read_health
from shared.flows.notification.heartbeat import beat
from shared.store.liveness import Liveness
from tests.support.builders import at

MAX_AGE = timedelta(minutes=15)


def test_without_any_look_it_is_not_well(liveness: Liveness) -> None:
    assert read_health(liveness, at(0), MAX_AGE).problems == ("no look at the clusters has succeeded yet",)


def test_it_is_well_while_looks_succeed(liveness: Liveness) -> None:
    liveness.record_success("watch", at(0))
    assert read_health(liveness, at(15), MAX_AGE).is_well
    assert not read_health(liveness, at(16), MAX_AGE).is_well


def test_a_sign_that_a_clock_ahead_left_is_no_sign(liveness: Liveness) -> None:
    liveness.record_success("watch", at(24 * 60))
    assert read_health(liveness, at(0), MAX_AGE).problems == ("no look at the clusters has succeeded yet",)
    liveness.record_success("watch", at(1))
    assert read_health(liveness, at(0), MAX_AGE).is_well, "clocks of workers differ by seconds"


def test_what_the_last_look_missed_is_said_while_it_is_too_early_to_call_that_unwell(liveness: Liveness) -> None:
    liveness.record_success("watch", at(0))
    liveness.record_failure("watch", at(1), ["none of 2 clusters was measured"])
    assert read_health(liveness, at(2), MAX_AGE).is_well
    assert read_health(liveness, at(2), MAX_AGE).missing == ("none of 2 clusters was measured",)
    liveness.record_success("watch", at(2))
    assert read_health(liveness, at(2), MAX_AGE).missing == ()


def test_a_look_that_raised_is_not_well_until_one_succeeds(liveness: Liveness) -> None:
    liveness.record_success("watch", at(0))
    liveness.record_failure("watch", at(1), ["the last look ended with an error, KeyError"], raised=True)
    found = read_health(liveness, at(1), MAX_AGE)
    assert (found.is_well, found.problems) == (False, ("the last look ended with an error, KeyError",))
    assert not read_health(liveness, at(9), MAX_AGE).is_well
    liveness.record_success("watch", at(10))
    assert read_health(liveness, at(10), MAX_AGE).is_well


def test_a_message_that_waits_too_long_is_not_well_unless_others_get_through(liveness: Liveness) -> None:
    liveness.record_success("watch", at(30))
    liveness.note_waiting(at(20))
    assert read_health(liveness, at(30), MAX_AGE).is_well
    liveness.note_waiting(at(10))
    found = read_health(liveness, at(30), MAX_AGE)
    assert found.problems == ("a message has waited for more than 15 minutes and none was delivered",)
    liveness.record_success("deliver", at(20))
    assert read_health(liveness, at(30), MAX_AGE).is_well, "a channel is down, delivering is not"
    liveness.note_waiting(None)
    assert read_health(liveness, at(30), MAX_AGE).is_well


class _Beats(BaseHTTPRequestHandler):
    status = 200
    seen = 0

    def do_GET(self) -> None:
        type(self).seen += 1
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def switch() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Beats)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/ping/secret"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.network
@pytest.mark.parametrize(("status", "taken"), [(200, True), (204, True), (500, False), (404, False)])
def test_the_heartbeat_is_sent_and_never_in_the_way(
    switch: str, status: int, taken: bool, caplog: pytest.LogCaptureFixture
) -> None:
    _Beats.status = status
    assert beat(switch) is taken
    assert "secret" not in caplog.text


@pytest.mark.network
@pytest.mark.parametrize("url", ["http://127.0.0.1:1/secret", "https://[secret", "nonsense secret"])
def test_a_heartbeat_that_cannot_be_sent_is_logged_without_the_address(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert beat(url) is False
    assert "heartbeat could not be sent" in caplog.text
    assert "secret" not in caplog.text
