"""Limit the size and the duration of HTTP answers.

``requests`` limits only the wait for the next byte, and accepts any number of bytes: a slow server would block a worker
for ever, and a gzip bomb would fill its memory. Sessions from this module apply the read timeout to the whole answer,
headers and body, and count bytes after decompression. Azure's clients use these sessions too.

This module imports requests at its top: import it only where a client is built or a request is sent.
"""

import io
import time
from collections.abc import Mapping
from http.client import HTTPResponse
from socket import socket
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

MOST_BYTES = 32 * 1024 * 1024  # a page of Resource Graph, or a batch of metrics, is far below
MOST_CONNECTIONS = 32  # kept open to a host: as many as threads send at once; by default requests keeps 10
_CHUNK_BYTES = 256 * 1024


class AnswerTooLarge(requests.RequestException):
    """The answer has too many bytes; a retry would get them again."""


class AnswerLost(requests.RequestException):
    """The answer began but did not end in time or as announced. The server may have acted on the request."""


def bounded_session() -> requests.Session:
    """Every request needs a read timeout in seconds."""
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, _BoundedAdapter(pool_maxsize=MOST_CONNECTIONS))
    return session


def send(
    method: str, url: str, seconds: float, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> requests.Response:
    """Send once, without following redirects. Raises requests.RequestException."""
    named = {"User-Agent": "snatbot", **(headers or {})}
    with bounded_session() as session:
        return session.request(
            method, url, data=body, headers=named, timeout=seconds, allow_redirects=False, stream=True
        )


class _BoundedAdapter(HTTPAdapter):
    """Reads the whole answer before returning it, even if the caller wants to stream it."""

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
        response._content = content  # the field that requests' ``content`` fills
        return response

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager


def _whole_content(response: requests.Response) -> bytes:
    chunks, size = [], 0
    for chunk in response.iter_content(_CHUNK_BYTES):
        chunks.append(chunk)
        size += len(chunk)
        if size > MOST_BYTES:
            raise AnswerTooLarge(f"the answer is larger than {MOST_BYTES // 1024**2} MiB", request=response.request)
    return b"".join(chunks)


class _TimedReader(io.RawIOBase):
    """A socket's bytes, until the time for the present answer is over."""

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
        self._sock.settimeout(self._seconds)  # the next request on this connection gets the full time again
        return count

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
            super().close()


class _TimedResponse(HTTPResponse):
    """urllib3 sets the read timeout on the socket right before it reads the answer."""

    def __init__(self, sock: socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        seconds = sock.gettimeout()
        if seconds is not None:
            self.fp = io.BufferedReader(_TimedReader(self.fp.detach(), sock, seconds))


def _timed(pool: type[HTTPConnectionPool]) -> Any:
    connection = type(pool.ConnectionCls.__name__, (pool.ConnectionCls,), {"response_class": _TimedResponse})
    return type(pool.__name__, (pool,), {"ConnectionCls": connection})


_POOLS = {"http": _timed(HTTPConnectionPool), "https": _timed(HTTPSConnectionPool)}
