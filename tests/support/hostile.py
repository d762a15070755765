"""An HTTPS server that sends a test's answer byte by byte and records the requests."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import trustme

Send = Callable[[bytes], None]
"""Raises OSError when the client has gone."""


@dataclass(frozen=True, slots=True)
class Asked:
    """``line`` is method and target, such as ``GET /x?y``."""

    line: str
    has_token: bool


@dataclass(slots=True)
class HostileServer:
    """``answer`` is called once a request, with what sends bytes; afterwards the connection ends."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    answer: Callable[[Asked, Send], None] = lambda _asked, _send: None
    is_over: threading.Event = field(default_factory=threading.Event)

    def answer_with(self, status: str, body: bytes = b"{}", **headers: str) -> None:
        self.answer = lambda _asked, send: send(whole(status, body, **headers))


def whole(status: str, body: bytes = b"{}", **headers: str) -> bytes:
    """An answer; underscores in the names of headers stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in named.items())]
    lines += [f"Content-Length: {len(body)}", "Content-Type: application/json", "Connection: close"]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


@contextmanager
def hostile_server(authority: trustme.CA) -> Iterator[HostileServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = HostileServer()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        threading.Thread(target=_serve, args=(listener, context, server), daemon=True).start()
        try:
            yield server
        finally:
            server.is_over.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def _serve(listener: socket.socket, context: ssl.SSLContext, server: HostileServer) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_talk, args=(connection, context, server), daemon=True).start()


def _talk(connection: socket.socket, context: ssl.SSLContext, server: HostileServer) -> None:
    with suppress(OSError), context.wrap_socket(connection, server_side=True) as secured:
        asked = _request(secured)
        server.asked.append(asked)
        server.answer(asked, secured.sendall)
        secured.unwrap()


def _request(connection: ssl.SSLSocket) -> Asked:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65_536) or b"\r\n\r\n"
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65_536)
    return Asked(" ".join(lines[0].split(" ")[:2]), "authorization" in headers)


def trusted_authority(folder: Path) -> tuple[trustme.CA, str]:
    """And the file to trust it by (REQUESTS_CA_BUNDLE)."""
    authority = trustme.CA()
    bundle = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(bundle))
    return authority, str(bundle)
