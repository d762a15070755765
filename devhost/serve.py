"""`make serve`: keeps the demo's environment running: click through an incident in the chat room, and skip time."""

from __future__ import annotations

import argparse
import html
import signal
import sys
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from types import FrameType

from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from devhost import last_night
from devhost.errors import DevHostError
from devhost.stage import IN_CHAT, Stage, set_up

_NIGHT = (
    "<li>Find out what happened at <b>shop-prod</b> last night, and who approved it: open {clusters}, sign in as"
    " anybody who may read, and choose shop-prod. The browser warns of this machine's certificate.\n"
)
_PAGE = Path(__file__).with_name("serve.html")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m devhost.serve", description=__doc__)
    parser.add_argument(
        "--scenario", help="name of a shipped scenario, or a file (default: the morning after an incident)"
    )
    parser.add_argument("--port", type=int, default=0, help="port of the page that starts it all (default: a free one)")
    options = parser.parse_args(arguments)
    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    with tempfile.TemporaryDirectory(prefix="snatbot-serve-") as folder:
        try:
            scenario = options.scenario or last_night.write_scenario(Path(folder), datetime.now(UTC))
            with set_up(Path(folder), scenario, extra=IN_CHAT, with_tls=True, with_slack_bot=True) as stage:
                if not options.scenario:
                    print(
                        "A night passes: an incident on shop-prod, its approval, and the change. Half a minute …",
                        flush=True,
                    )
                    last_night.play(stage)
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
    addresses = [("Start here", f"http://127.0.0.1:{front.server_port}/"), *elsewhere(stage)]
    print("\n".join(f"{name + ':':<18} {url}" for name, url in addresses), flush=True)
    print("Ctrl-C stops everything.", flush=True)
    stopped.wait()
    front.shutdown()


class FrontPage:
    """One page with the chat room, the scenario, the clock and things to try."""

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
        simulator = self._stage.simulator
        name = Path(simulator.state()["scenario"]).stem
        return Template(_PAGE.read_text("utf-8")).substitute(
            scenario=html.escape(name),
            now=f"{simulator.now():%Y-%m-%d %H:%M}",
            room=html.escape(f"{simulator.http_url}/chat/"),
            links="".join(f"<li>{_link(url, name)}" for name, url in elsewhere(self._stage)),
            night=_NIGHT.format(clusters=_link(*reversed(elsewhere(self._stage)[0])))
            if name == last_night.NAME
            else "",
        )


def _link(url: str, name: str) -> str:
    return f'<a href="{html.escape(url)}" target=_blank>{name}</a>'


def elsewhere(stage: Stage) -> list[tuple[str, str]]:
    """Links to further pages: (name, address)."""
    return [
        ("Clusters", f"{stage.host.base_url}/api/fleet/open?code={stage.host.function_key}"),
        ("Check", f"{stage.host.base_url}/api/check?code={stage.host.function_key}"),
        ("Health", f"{stage.host.base_url}/api/health"),
        ("Simulated Azure", f"{stage.simulator.http_url}/_sim/"),
    ]


if __name__ == "__main__":
    sys.exit(main())
