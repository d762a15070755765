"""What `make serve` opens: the chat room beside the clock."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from werkzeug.serving import make_server

from devhost.browser import Camera
from devhost.serve import FrontPage
from devhost.stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.azurite, pytest.mark.network]


@pytest.fixture
def front(stage: Stage) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, FrontPage(stage), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_the_room_stays_as_it_is_while_time_is_skipped(browser: Camera, stage: Stage, front: str) -> None:
    with browser.page(front) as page:
        room = page.frame_locator("iframe")
        room.get_by_role("log", name="Slack messages").get_by_role("heading", name="shop-prod").first.wait_for()
        room.get_by_label("You are").select_option("ben@contoso.example")
        before = stage.simulator.now()
        page.get_by_role("button", name="Skip 1 minute").click()
        page.locator("button:disabled").first.wait_for(state="detached")
        assert (stage.simulator.now() - before).total_seconds() >= 60
        assert page.get_by_role("time").inner_text() != f"{before:%Y-%m-%d %H:%M}"
        assert room.get_by_label("You are").input_value() == "ben@contoso.example"
