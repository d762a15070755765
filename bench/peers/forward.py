"""A proxy that leads every host of the real services to the simulator, for tools that know the public cloud only."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit


@contextmanager
def forwarding(simulator_url: str) -> Iterator[str]:
    """The URL of a proxy for HTTPS_PROXY: it takes CONNECT only, and the simulator answers for every host."""
    address = urlsplit(simulator_url)
    target = (address.hostname or "127.0.0.1", address.port or 443)

    class Tunnel(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            if not self.rfile.readline().startswith(b"CONNECT "):
                return
            while self.rfile.readline().strip():
                pass
            with socket.create_connection(target) as upstream:
                self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=_copy, args=(upstream, self.connection), daemon=True)
                back.start()
                _copy(self.connection, upstream)
                back.join()

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", 0), Tunnel) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
