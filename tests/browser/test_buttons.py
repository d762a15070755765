"""Every button of every page, pressed in a real browser on the real app, from the link in the message to the verdict.

Nothing is forged and nothing intercepted: the browser sends what a person's browser sends. Each test proposes a plan of
its own and leaves the simulated network as it found it.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

import pytest
import requests

from devhost import slack_text
from devhost.browser import Camera, PageFailedError, click, visit
from devhost.stage import Stage
from tests.browser.conftest import Serve

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = [pytest.mark.browser, pytest.mark.azurite, pytest.mark.network]
MOST_MINUTES = 60


@pytest.fixture
def visitor(browser: Camera) -> Iterator[BrowserContext]:
    with browser.visitor() as context:
        yield context


def buttons(stage: Stage, service: str) -> list[tuple[str, str]]:
    """(text, address) of the buttons in the newest message with any, as Slack or Teams received it."""
    for message in reversed(stage.simulator.messages()):
        if message["service"] == service:
            found = slack_text.button_urls(message["body"]) if service == "slack" else teams_buttons(message["body"])
            if found:
                return found
    raise AssertionError(f"{service} got no button")


def teams_buttons(body: dict[str, Any]) -> list[tuple[str, str]]:
    (card,) = [attachment["content"] for attachment in body["attachments"]]
    sets = [element["actions"] for element in card["body"] if element["type"] == "ActionSet"]
    actions = [action for found in (*sets, card.get("actions", ())) for action in found]
    return [(action["title"], action["url"]) for action in actions if action["type"] == "Action.OpenUrl"]


def proposed(stage: Stage, service: str = "slack", kind: str = "attach_nat_gateway") -> str:
    """The address behind the button of a new plan's message."""
    answer = requests.post(
        f"{stage.host.base_url}/api/changes",
        params={"cluster": "shop-prod", "kind": kind},
        headers={"x-functions-key": stage.host.function_key},
        timeout=60,
    )
    assert answer.status_code == 201, answer.text
    stage.pass_minutes()
    ((text, address),) = buttons(stage, service)
    assert text == "Review plan"
    return address


def newest(stage: Stage) -> str:
    """The text of the newest message in Slack."""
    stage.host.drain(60)
    return next(str(one["body"]["text"]) for one in reversed(stage.simulator.messages()) if one["service"] == "slack")


def state(page: Page) -> str:
    return page.locator(".state").inner_text()


def wait_for(stage: Stage, page: Page, *states: str) -> str:
    """Minutes pass, and the page is loaded again, until it shows one of these states."""
    for _ in range(MOST_MINUTES):
        page.reload()
        if state(page) in states:
            return state(page)
        stage.pass_minutes()
    raise AssertionError(f"still {state(page)!r} after {MOST_MINUTES} minutes")


def text(page: Page) -> str:
    page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    return " ".join(page.locator("body").inner_text().split())


def names(page: Page) -> list[str]:
    return [button.inner_text() for button in page.get_by_role("button").all()]


def test_every_change_from_the_message_to_the_verdict_and_back(stage: Stage, visitor: BrowserContext) -> None:
    address = proposed(stage)
    page, second_tab = visit(visitor, address), visit(visitor, address)

    click(page, "Approve", "Ada Lovelace")
    assert "Approved by Ada Lovelace (holder of link, unverified)" in text(page)
    with pytest.raises(PageFailedError, match="Already decided: approved by Ada Lovelace"):
        click(second_tab, "Approve", "Ada Lovelace")

    assert wait_for(stage, page, "Being applied") == "Being applied"
    assert "of 7: " in page.locator(".progress").inner_text()
    page.reload()
    assert state(page) == "Being applied"

    click(page, "Stop", "Grace")
    assert (state(page), names(page)[0]) == ("Stopped", "Resume")
    assert "Stopped by Grace (holder of link, unverified)." in text(page)
    assert "The change on shop-prod has stopped" in newest(stage)
    click(page, "Resume", "Grace")

    assert wait_for(stage, page, "Fixed", "Not fixed", "Can't tell") == "Fixed"
    page = visit(visitor, buttons(stage, "slack")[0][1])
    assert state(page) == "Fixed"

    click(page, "Ask for a rollback", "Grace")
    assert (page.locator("h1").inner_text(), state(page)) == ("Rollback on shop-prod", "Waiting for approval")
    original = visit(visitor, address)
    assert names(original) == []
    original.get_by_role("link", name="Rollback").click()
    assert page.url.partition("?")[0] == original.url.partition("?")[0]
    click(original, "Approve", "Grace")
    assert wait_for(stage, page, "Rolled back") == "Rolled back"
    page.get_by_role("link", name="change ").click()
    assert (state(page), names(page)) == ("Fixed Rolled back since", [])
    page.go_back()

    page.goto(buttons(stage, "slack")[0][1])
    assert names(page) == []
    assert "With APPROVAL_MODE=link nothing is deleted" in text(page)


def test_a_change_is_stopped_given_up_and_rolled_back(stage: Stage, visitor: BrowserContext) -> None:
    page = visit(visitor, proposed(stage))
    click(page, "Approve", "Ada")
    wait_for(stage, page, "Being applied")
    click(page, "Stop", "Ada")

    click(page, "Give up", "Ada")

    assert state(page) == "Failed"
    assert "Given up by Ada (holder of link, unverified)" in text(page)
    assert names(page) == ["Ask for a rollback"]
    click(page, "Ask for a rollback", "Ada")
    click(page, "Approve", "Ada")
    assert wait_for(stage, page, "Rolled back") == "Rolled back"
    assert names(page) == []


def test_a_plan_is_denied_from_the_link_in_teams_and_asked_for_again(stage: Stage, visitor: BrowserContext) -> None:
    page = visit(visitor, proposed(stage, "teams"))

    click(page, "Deny", "Ada")

    assert state(page) == "Denied"
    assert "Denied by Ada (holder of link, unverified)" in text(page)
    assert names(page) == ["Ask again"]

    denied = page.url
    click(page, "Ask again", "Grace")

    assert (state(page), names(page)) == ("Waiting for approval", ["Approve", "Deny"])
    assert page.url.partition("?")[0] != denied.partition("?")[0]
    assert "Asked for by Grace" in text(page)


def test_neither_the_return_key_nor_a_click_without_a_name_decides(stage: Stage, visitor: BrowserContext) -> None:
    page = visit(visitor, proposed(stage))
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    page.evaluate("window.submits = 0; document.forms[0].addEventListener('submit', () => window.submits++)")

    page.get_by_label("Your name").press("Enter")
    page.get_by_role("button", name="Approve", exact=True).click()
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("Your name").press("Enter")

    assert page.evaluate("window.submits") == 0
    assert sent == []


def test_the_same_link_opened_again_from_a_chat_leaves_an_open_form_valid(
    stage: Stage, visitor: BrowserContext, serve: Serve
) -> None:
    """A click in a web chat comes from another site, and browsers then send along no cookie that is Strict."""
    address = proposed(stage)
    first_tab = visit(visitor, address)
    chat = serve({"": f'<!doctype html><main><a href="{escape(address)}">Review plan</a></main>'}, {})
    second_tab = visit(visitor, chat.replace("127.0.0.1", "localhost"))
    second_tab.get_by_role("link").click()
    assert state(second_tab) == "Waiting for approval"

    click(first_tab, "Deny", "Ada")

    assert state(first_tab) == "Denied"


def test_another_sites_form_is_refused_even_if_it_knows_the_pages_tokens(
    stage: Stage, visitor: BrowserContext, serve: Serve
) -> None:
    """On another port of the same host the browser sends the page's cookie along: only the origin tells them apart."""
    page = visit(visitor, proposed(stage))
    fields = {name: page.locator(f"input[name={name}]").input_value() for name in ("t", "csrf")}
    inputs = "".join(f'<input name="{name}" value="{escape(value)}">' for name, value in fields.items())
    form = f'<form method="post" action="{escape(page.url)}">{inputs}<button name="action" value="approve">Win</button>'
    hides_origin = "<meta name=referrer content=no-referrer>"
    pages = {"": f"<!doctype html><main>{form}</form></main>"}
    pages["hidden"] = f"<!doctype html>{hides_origin}<main>{form}</form></main>"
    site = serve(pages, {})
    for path, origin in (("", site), ("hidden", "null")):
        evil = visit(visitor, f"{site}/{path}")

        with (
            evil.expect_request(lambda request: request.method == "POST") as posted,
            pytest.raises(PageFailedError, match="This page is out of date"),
        ):
            click(evil, "Win")

        headers = posted.value.all_headers()
        assert headers["origin"] == origin
        assert "snatbot_form" in headers["cookie"]
        page.reload()
        assert state(page) == "Waiting for approval"
