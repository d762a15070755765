"""Every answer has an end: in seconds, headers and body together, and in bytes after decompression."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared import bounded_http
from shared.cloud import pipeline
from shared.cloud.arm import Arm
from shared.cloud.credentials import credential
from shared.cloud.deadline import Deadline, within
from shared.cloud.errors import AzureError, Unavailable, UnexpectedAnswer
from shared.cloud.pipeline import BoundedRetry
from tests.support.every_client import CALLS, arm
from tests.support.hostile import Asked, HostileServer, Send, hostile_server, trusted_authority

pytestmark = pytest.mark.network
SOON_SECONDS = 20.0  # far above what is asked for, far below what an endless answer takes
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HostileServer]:
    authority, bundle = trusted_authority(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    with hostile_server(authority) as running:
        yield running


def dribbling(server: HostileServer, first: bytes, piece: bytes) -> Callable[[Asked, Send], None]:
    """``piece`` again and again, so that no wait for the next byte is long."""

    def answer(_asked: Asked, send: Send) -> None:
        send(first)
        while not server.is_over.wait(0.02):
            send(piece)

    return answer


ENDLESS = {
    "status line": (b"HTTP/1.1 ", b"2"),
    "header": (HEAD + b"X-Slow: ", b"a"),
    "body": (HEAD + b"Content-Length: 1000000\r\n\r\n", b" "),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "size of a chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
}


@pytest.mark.parametrize("dribble", ["header", "body"])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_an_answer_that_dribbles_is_given_up(
    server: HostileServer, monkeypatch: pytest.MonkeyPatch, call: Callable[[str], object], dribble: str
) -> None:
    monkeypatch.setitem(pipeline.TIMEOUTS, "read_timeout", 0.3)
    server.answer = dribbling(server, *ENDLESS[dribble])
    began = time.monotonic()
    with pytest.raises(Unavailable):
        call(server.url)
    assert time.monotonic() - began < SOON_SECONDS
    assert {asked.line for asked in server.asked[1:]} <= {server.asked[0].line}
    if server.asked[0].line.startswith(("PUT", "DELETE")):
        assert len(server.asked) == 1, "what may have been written is not written again"


@pytest.mark.parametrize("dribble", ENDLESS.values(), ids=ENDLESS)
def test_a_deadline_holds_for_the_whole_answer(server: HostileServer, dribble: tuple[bytes, bytes]) -> None:
    server.answer = dribbling(server, *dribble)
    began = time.monotonic()
    with within(Deadline(0.3)), pytest.raises(Unavailable):
        arm(server.url).get("/x", "1")
    assert time.monotonic() - began < SOON_SECONDS


@pytest.mark.parametrize("encoding", ["gzip", "none"])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_an_answer_that_is_far_too_large_is_given_up(
    server: HostileServer, monkeypatch: pytest.MonkeyPatch, call: Callable[[str], object], encoding: str
) -> None:
    monkeypatch.setattr(bounded_http, "MOST_BYTES", 1024 * 1024)
    bomb = b"[" + b" " * (2 * 1024 * 1024)
    if encoding == "gzip":
        server.answer_with("200 OK", gzip.compress(bomb), Content_Encoding="gzip")
    else:
        server.answer_with("200 OK", bomb)
    with pytest.raises(UnexpectedAnswer, match="larger than 1 MiB"):
        call(server.url)
    assert len(server.asked) == 1, "asking again would bring it again"


def test_an_answer_that_ends_early_is_lost_and_not_half_read(server: HostileServer) -> None:
    server.answer = lambda _asked, send: send(HEAD + b'Content-Length: 100\r\n\r\n{"a": 1}')
    with pytest.raises(Unavailable):
        arm(server.url).get("/x", "1")


@pytest.mark.parametrize("asked", ["99999999", "9" * 400, "soon", "nan"])
def test_an_identity_endpoint_that_throttles_is_not_slept_out(
    server: HostileServer, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", server.url + "/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "x")
    server.answer_with("429 Too Many Requests", Retry_After=asked)
    with pytest.raises(AzureError, match="throttles this app"):
        Arm(server.url, credential("reader"), retry=BoundedRetry(attempts=1)).get("/x", "1")
    assert [line.line.split("?")[0] for line in server.asked] == ["GET /msi/token"]
