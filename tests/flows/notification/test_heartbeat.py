"""A sign of life is sent once, never in the way, and its address is a secret."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from shared.flows.notification.heartbeat import beat


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
    assert "could not send the heartbeat" in caplog.text
    assert "secret" not in caplog.text
