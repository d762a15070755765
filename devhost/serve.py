"""`make serve`: the demo's stage, left running: click through the story in a browser, and skip time."""

from __future__ import annotations

import argparse
import html
import signal
import sys
import tempfile
import threading
from pathlib import Path
from types import FrameType

from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from devhost import slack_text
from devhost.errors import DevHostError
from devhost.stage import Stage, set_up

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 52rem; margin: 2rem auto; padding: 0 1rem }
form { display: inline } button { font: inherit; padding: .4rem .9rem; margin-right: .5rem }
pre { white-space: pre-wrap; border-left: 3px solid #8888; padding-left: 1rem }
"""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m devhost.serve", description=__doc__)
    parser.add_argument("--scenario", default="storm", help="name of a shipped scenario, or a file (default: storm)")
    parser.add_argument("--port", type=int, default=0, help="port of the page that starts it all (default: a free one)")
    options = parser.parse_args(arguments)
    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    with tempfile.TemporaryDirectory(prefix="snatbot-serve-") as folder:
        try:
            with set_up(Path(folder), options.scenario) as stage:
                serve(stage, options.port, stopped)
        except (DevHostError, RuntimeError, OSError) as error:
            print(f"Could not serve: {error}", file=sys.stderr)
            return 1
    return 0


def serve(stage: Stage, port: int, stopped: threading.Event) -> None:
    """Scans once, prints the addresses, and serves until `stopped` is set."""
    stage.host.run_timer("watch")
    stage.host.drain(60)
    front = make_server("127.0.0.1", port, FrontPage(stage), threaded=True)
    threading.Thread(target=front.serve_forever, daemon=True).start()
    print(
        f"Start here:        http://127.0.0.1:{front.server_port}/  (messages, links, skip time)\n"
        f"Check:             {stage.host.base_url}/api/check?code={stage.host.function_key}\n"
        f"Health:            {stage.host.base_url}/api/health\n"
        f"Simulated Azure:   {stage.simulator.http_url}/_sim/\n"
        "Ctrl-C stops everything.",
        flush=True,
    )
    stopped.wait()
    front.shutdown()


class FrontPage:
    """One page: what was posted, the buttons that were in it, and the clock."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._lock = threading.Lock()

    def __call__(self, environ, start_response):  # type: ignore[no-untyped-def]
        request = Request(environ)
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.method == "POST":
            minutes = request.form.get("minutes", "")
            if minutes not in ("1", "10"):
                return Response("minutes must be 1 or 10", status=400)
            with self._lock:
                self._stage.pass_minutes(int(minutes))
            return Response(status=303, headers={"Location": "/"})
        return Response(self._page(), mimetype="text/html")

    def _page(self) -> str:
        now = self._stage.simulator.now()
        posts = [message for message in self._stage.simulator.messages() if message["service"] == "slack"]
        shown = "".join(_post(post["body"]) for post in reversed(posts)) or "<p>Nothing yet."
        return (
            "<!doctype html><html lang=en><title>snatbot, played</title>"
            f"<meta name=viewport content='width=device-width'><style>{_STYLE}</style>"
            f"<h1>snatbot, played</h1><p>It is {now:%Y-%m-%d %H:%M} UTC here.</p>"
            "<form method=post><button name=minutes value=1>Skip 1 minute</button>"
            "<button name=minutes value=10>Skip 10 minutes</button></form>"
            f"<h2>What Slack got, newest first</h2>{shown}"
        )


def _post(payload: dict[str, object]) -> str:
    text = html.escape("\n".join(slack_text.lines(payload)))
    links = "".join(
        f'<p><a href="{html.escape(url)}">{html.escape(label)}</a></p>'
        for label, url in slack_text.button_urls(payload)
    )
    return f"<pre>{text}</pre>{links}"


if __name__ == "__main__":
    sys.exit(main())
