"""From the page of a plan that was denied, a new plan: planned anew, proposed, told, and shown."""

from __future__ import annotations

import requests

from devhost import slack_text
from devhost.stage import Stage
from tests.support.html_page import fields


def press(browser: requests.Session, link: str, action: str) -> requests.Response:
    form = {**fields(browser.get(link, timeout=60).text), "action": action, "name": "Ada"}
    return browser.post(link.partition("?")[0], data=form, timeout=60)


def questions(stage: Stage) -> list[str]:
    """The addresses of "Review plan" so far."""
    stage.host.drain(60)
    bodies = [message["body"] for message in stage.simulator.messages() if message["service"] == "slack"]
    return [url for body in bodies for text, url in slack_text.button_urls(body) if text == "Review plan"]


def test_a_denied_plan_is_asked_for_again_from_its_page(stage: Stage, browser: requests.Session) -> None:
    stage.host.run_timer("watch")
    (link,) = questions(stage)
    assert 'value="ask_again"' not in browser.get(link, timeout=60).text

    denied = press(browser, link, "deny")
    assert 'value="ask_again"' in denied.text
    renewed = press(browser, link, "ask_again")

    assert renewed.status_code == 200
    assert 'value="approve"' in renewed.text
    assert renewed.url.partition("?")[0] != link.partition("?")[0]
    assert [url.partition("?")[0] for url in questions(stage)] == [url.partition("?")[0] for url in (link, renewed.url)]
    old_page = browser.get(link, timeout=60).text
    assert 'value="ask_again"' not in old_page, "one question at a time"
    assert f"{renewed.url.partition('?')[0]}?t=" in old_page, "and the old page leads to it"
