"""A real app for tests with a real browser, which are skipped, visibly, where no Chromium can be had."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml
from werkzeug import Request, Response
from werkzeug.serving import make_server

import simulator
from devhost.browser import Camera
from devhost.stage import Stage, set_up
from shared.web.assets import read_asset

QUICK = {"VERIFY_WINDOW_MINUTES": "5"}


@pytest.fixture(scope="package")
def stage(tmp_path_factory: pytest.TempPathFactory, azurite: str, browser: Camera) -> Iterator[Stage]:
    """The function app in the local host, on a simulated Azure with one failing cluster, and Azurite.

    Azure's operations take no time there, so the app need not wait for them; its proofs take few minutes.
    """
    folder = tmp_path_factory.mktemp("stage")
    scenario = yaml.safe_load((Path(simulator.__file__).parent / "scenarios" / "storm.yaml").read_text("utf-8"))
    scenario["settings"] = {"operation_time_scale": 0}
    (folder / "storm.yaml").write_text(yaml.safe_dump(scenario), "utf-8")
    with set_up(folder, folder / "storm.yaml", storage=azurite, longest_sleep=0.1, extra=QUICK) as ready:
        ready.host.run_timer("watch")
        ready.host.drain(60)
        yield ready


Serve = Callable[[Mapping[str, str], Mapping[str, str]], str]


@pytest.fixture(scope="module")
def serve() -> Iterator[Serve]:
    """Serves pages (path without its slash to HTML) with headers, and assets, on an origin of its own; returns it."""
    with ExitStack() as stack:

        def start(pages: Mapping[str, str], headers: Mapping[str, str]) -> str:
            @Request.application
            def answer(request: Request) -> Response:
                page = pages.get(request.path[1:])
                if found := read_asset(*request.path.split("/")[-2:]):
                    return Response(found[0], mimetype=found[1], headers={"X-Content-Type-Options": "nosniff"})
                return Response(page or "", 200 if page else 404, headers, mimetype="text/html")

            server = make_server("127.0.0.1", 0, answer, threaded=True)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            return f"http://127.0.0.1:{server.server_port}"

        yield start
