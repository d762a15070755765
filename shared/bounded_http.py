"""Answers with an end: no HTTP answer is larger, or takes longer, than its caller can bear.

``requests`` limits the wait for the next byte only, and takes any number of bytes: a server that dribbles would hold a
worker for ever, and a gzip bomb would fill its memory. In a session made here the read timeout is for the whole answer,
headers and body, and bytes are counted as they are after decompression. Azure's clients get their sessions here too.

This module imports requests at its top: import it only where a client is built or a request is sent.
"""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from http.client import HTTPResponse
from socket import socket
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

MOST_BYTES = 32 * 1024 * 1024  # a page of Resource Graph, or a batch of metrics, is well below
_CHUNK_BYTES = 64 * 1024


class AnswerTooLarge(requests.RequestException):
    """More bytes than anybody sends on purpose; asking again would bring them again."""


class AnswerLost(requests.RequestException):
    """The answer began, and did not end in time or as announced. What was asked for may have been done."""


def bounded_session() -> requests.Session:
    """To be used with a read timeout, in seconds, on every request."""
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, _BoundedAdapter())
    return session


def send(
    method: str, url: str, seconds: float, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> requests.Response:
    """Sends once and follows no redirect. Raises requests.RequestException."""
    named = {"User-Agent": "snatbot", **(headers or {})}
    with bounded_session() as session:
        return session.request(
            method, url, data=body, headers=named, timeout=seconds, allow_redirects=False, stream=True
        )


class _BoundedAdapter(HTTPAdapter):
    """Reads the whole answer before it hands it on, even to a caller that wants to stream it."""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        response = super().send(request, *args, **options)
        try:
            content = _whole_content(response)
        except AnswerTooLarge:
            response.close()
            raise
        except requests.RequestException as error:
            response.close()
            raise AnswerLost(f"the answer broke off ({type(error).__name__})", request=request) from error
        response._content = content  # what requests' own ``content`` does
        return response

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager


def _whole_content(response: requests.Response) -> bytes:
    content = bytearray()
    for chunk in response.iter_content(_CHUNK_BYTES):
        content += chunk
        if len(content) > MOST_BYTES:
            raise AnswerTooLarge(f"the answer is larger than {MOST_BYTES // 1024**2} MiB", request=response.request)
    return bytes(content)


class _TimedReader(io.RawIOBase):
    """A socket's bytes, as long as there is time left for the answer that they belong to."""

    def __init__(self, raw: io.RawIOBase, sock: socket, seconds: float) -> None:
        super().__init__()
        self._raw = raw
        self._sock = sock
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        seconds_left = self._end - time.monotonic()
        if seconds_left <= 0:
            raise TimeoutError("the time for the whole answer is over")
        self._sock.settimeout(seconds_left)
        count = self._raw.readinto(buffer)
        self._sock.settimeout(self._seconds)  # the next request on this connection begins anew
        return count

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
            super().close()


class _TimedResponse(HTTPResponse):
    """urllib3 sets the read timeout on the socket right before it looks for the answer."""

    def __init__(self, sock: socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        seconds = sock.gettimeout()
        if seconds is not None:
            self.fp = io.BufferedReader(_TimedReader(self.fp.detach(), sock, seconds))


def _timed(pool: type[HTTPConnectionPool]) -> Any:
    connection = type(pool.ConnectionCls.__name__, (pool.ConnectionCls,), {"response_class": _TimedResponse})
    return type(pool.__name__, (pool,), {"ConnectionCls": connection})


_POOLS = {"http": _timed(HTTPConnectionPool), "https": _timed(HTTPSConnectionPool)}
