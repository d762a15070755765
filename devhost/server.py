"""The host's HTTP socket: bound first, so that its address can be a setting, and served once the app is loaded."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.serving import WSGIRequestHandler, make_server

from devhost.errors import StartError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HOST = "127.0.0.1"
POLL_SECONDS = 0.05


class _QuietHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        """Logs nothing: the host's log has a line for each invocation."""


class HttpServer:
    """Listens on a loopback port, 0 for a free one, with TLS if `tls` is given. Raises StartError if it is taken."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self._app: WSGIApplication | None = None
        # Werkzeug would end the whole process if the port were taken, so it gets a socket that is bound.
        try:
            listening = socket.create_server((HOST, port))
        except OSError as error:
            raise StartError(f"port {port} can't be listened on: {error.strerror}") from error
        with listening:
            self._server = make_server(
                HOST,
                port,
                self._call,
                threaded=True,
                request_handler=_QuietHandler,
                ssl_context=tls,
                fd=listening.fileno(),
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL_SECONDS,), daemon=True)
        self.address = f"{HOST}:{self._server.port}"
        self.base_url = f"{'https' if tls else 'http'}://{self.address}"

    def start(self, app: WSGIApplication) -> None:
        """Begins to answer. Connections made since the port was bound have waited."""
        self._app = app
        self._thread.start()

    def stop(self) -> None:
        """Stops listening; calls being answered go on."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def _call(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        assert self._app is not None
        return self._app(environ, start_response)
