"""The HTTP edge: a threaded HTTP/1.1 server with keep-alive, plain or TLS.

The standard library's server is used, and each request's body is read in full before anything else,
so that connections can be kept. TLS handshakes run in the connection's own thread: a slow client doesn't delay others.
"""

from __future__ import annotations

import json
import socket
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any
from urllib.parse import parse_qsl, unquote

from .app import Simulator
from .errors import ArmError
from .http import Request, Response

LARGEST_BODY_BYTES = 20 * 1024 * 1024
IDLE_SECONDS = 120


class SimulatorServer(ThreadingHTTPServer):
    """A listening server; `url` is where clients find it."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, simulator: Simulator, port: int, tls: ssl.SSLContext | None) -> None:
        self.simulator = simulator
        self.tls = tls
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.server_address[1]}"

    def server_bind(self) -> None:
        # HTTPServer's own method resolves the host's name: slow, and not needed.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report errors, but not those of clients that went away."""
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError | TimeoutError | ssl.SSLError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Microsoft-HTTPAPI/2.0"
    sys_version = ""
    timeout = IDLE_SECONDS
    wbufsize = -1
    server: SimulatorServer

    def setup(self) -> None:
        if self.server.tls is not None:
            self.request.settimeout(IDLE_SECONDS)
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)

    def finish(self) -> None:
        super().finish()
        # The server itself closes only the socket that it accepted, not the TLS one made of it.
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: requests are in the request log."""

    def _serve(self) -> None:
        body = self._body()
        target = self.path
        path, _, query = target.partition("?")
        request = Request(
            method=self.command,
            path=unquote(path),
            query=dict(parse_qsl(query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            base_url=self._base_url(),
            raw_target=target,
        )
        try:
            reply = self.server.simulator.handle(request)
        except Exception as error:
            self._send(Response(500, ArmError(500, "InternalServerError", f"simulator bug: {error!r}").body()))
            raise
        if reply.response is None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._send(reply.response)

    def _base_url(self) -> str:
        host = self.headers.get("Host")
        return f"{'https' if self.server.tls else 'http'}://{host}" if host else self.server.url

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunks()
        length = int(self.headers.get("Content-Length") or 0)
        return self.rfile.read(min(length, LARGEST_BODY_BYTES)) if length else b""

    def _chunks(self) -> bytes:
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(pieces)

    def _send(self, response: Response) -> None:
        content, content_type = response.encoded()
        given = {name.lower() for name in response.headers}
        self.send_response_only(response.status)
        if content_type is not None and "content-type" not in given:
            self.send_header("Content-Type", content_type)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD" and response.status != 204:
            self.wfile.write(content)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve


def write_ports(folder: Path, ports: dict[str, int]) -> None:
    """`ports.json` in `folder`, written atomically: a reader never gets a partial file."""
    partial = folder / "ports.json.part"
    partial.write_text(json.dumps(ports))
    partial.replace(folder / "ports.json")
