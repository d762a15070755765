"""What `make serve` opens: the chat room beside the clock."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from devhost import last_night
from devhost.browser import Camera, visit
from devhost.serve import FrontPage
from devhost.stage import SIGN_IN, Stage, set_up
from tests.support.thorough import slow

pytestmark = [pytest.mark.browser, pytest.mark.azurite, pytest.mark.network]


@pytest.fixture
def front(stage: Stage) -> Iterator[str]:
    with served(stage) as address:
        yield address


@contextmanager
def served(stage: Stage) -> Iterator[str]:
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


@slow
def test_what_happened_last_night_and_who_approved_it_is_found_by_clicking(
    browser: Camera, tmp_path: Path, azurite: str
) -> None:
    """Only what a new user reads on the pages, from the address that `make serve` prints."""
    scenario = last_night.write_scenario(tmp_path, datetime.now(UTC))
    with (
        set_up(tmp_path, scenario, storage=azurite, extra=SIGN_IN, with_tls=True, with_slack_bot=True) as stage,
        served(stage) as address,
        browser.visitor() as visitor,
    ):
        last_night.play(stage)
        front = visit(visitor, address)
        with visitor.expect_page() as opened:
            front.get_by_role("listitem").filter(has_text="last night").get_by_role("link", name="Clusters").click()
        page = opened.value
        page.get_by_role("link", name="Sign in").click()
        page.get_by_role("button", name="Rui Santos").click()
        page.get_by_role("link", name="shop-prod").click()
        found = page.get_by_role("table", name="Changes").inner_text()
        assert "Fixed" in found
        assert "Ada Moreau" in found
        page.get_by_role("link", name="SNAT port exhaustion on shop-prod").click()
        page.get_by_role("heading", name="SNAT port exhaustion on shop-prod").wait_for()
        assert "It ended" in page.inner_text("main")
        assert "Decided by Ada Moreau" in page.inner_text("aside")
