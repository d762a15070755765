"""A Slack app to test with: unmodified slack_sdk and slack_bolt behind a small HTTP server."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from slack_bolt import App, BoltRequest
from slack_sdk import WebClient

from simulator.testing import RunningSimulator

SCOPES = ["commands", "chat:write", "channels:history", "users:read"]
SECRET = "signing-secret-of-the-test"


def client(simulator: RunningSimulator, token: str = "xoxb-simulated", **more: Any) -> WebClient:
    """slack_sdk's client, over plain http."""
    return WebClient(token=token, base_url=f"{simulator.http_url}/slack/api/", **more)


def button(action_id: str = "approve", **more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": "Approve"}} | more


def actions(*buttons: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": "actions", "elements": list(buttons)}]


def manifest(url: str, scopes: list[str] = SCOPES) -> dict[str, Any]:
    command = {"command": "/snat", "description": "Ask", "url": url}
    return {
        "display_information": {"name": "Test app"},
        "features": {"bot_user": {"display_name": "test"}, "slash_commands": [command]},
        "oauth_config": {"scopes": {"bot": scopes}},
        "settings": {"interactivity": {"is_enabled": True, "request_url": url}},
    }


@dataclass
class SlackServer:
    """An app that listens. `statuses` are bolt's answers; while `gate` is closed, answers wait."""

    app: App
    url: str = ""
    statuses: list[int] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    answered: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))


@contextmanager
def slack_app(simulator: RunningSimulator) -> Iterator[SlackServer]:
    """A bolt app without listeners yet, installed in the workspace."""
    logger = logging.getLogger("bolt-of-the-test")
    logger.setLevel(logging.CRITICAL)  # it logs the bodies of forged requests
    app = App(
        client=client(simulator),
        signing_secret=SECRET,
        process_before_response=True,
        logger=logger,
        token_verification_enabled=False,
    )
    served = SlackServer(app)
    served.gate.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            headers: dict[str, str | Sequence[str]] = {name: [value] for name, value in self.headers.items()}
            served.arrived.release()
            served.gate.wait(30)
            answer = app.dispatch(BoltRequest(body=body, headers=headers))
            served.statuses.append(answer.status)
            served.answered.release()
            try:
                self.send_response(answer.status)
                content = answer.body.encode()
                self.send_header("Content-Type", answer.first_headers().get("content-type", "text/plain"))
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                pass  # Slack doesn't wait for it any more

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_address[1]}/slack/events"
    simulator.install_slack_app(manifest(served.url), signing_secret=SECRET)
    try:
        yield served
    finally:
        served.gate.set()
        server.shutdown()
        thread.join()
        server.server_close()
