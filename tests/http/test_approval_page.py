"""The page of a change in a browser's eyes: looking changes nothing, and only its own form decides, once."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from devhost import slack_text
from devhost.stage import Stage
from tests.support.html_page import fields


@pytest.fixture(scope="module")
def link(stage: Stage) -> str:
    """The address behind the button of the question that follows the alarm."""
    stage.host.run_timer("watch")
    stage.host.drain(60)
    _, question = [message["body"] for message in stage.simulator.messages() if message["service"] == "slack"]
    return slack_text.button_urls(question)[0][1]


def state(stage: Stage) -> str:
    answer = requests.get(
        f"{stage.host.base_url}/api/history",
        params={"cluster": "shop-prod"},
        headers={"x-functions-key": stage.host.function_key},
        timeout=60,
    )
    return str(answer.json()["changes"][0]["state"])


def test_looking_changes_nothing_however_often(stage: Stage, browser: requests.Session, link: str) -> None:
    for _ in range(3):
        assert browser.get(link, timeout=60).status_code == 200
    assert browser.head(link, timeout=60).status_code in (200, 404)

    assert state(stage) == "proposed"


def test_the_link_is_of_the_setting_whatever_host_is_asked_for(stage: Stage, link: str) -> None:
    assert link.startswith(f"{stage.host.base_url}/api/changes/")
    answer = requests.get(link, headers={"Host": "evil.example.com"}, timeout=60)
    assert "evil.example.com" not in answer.text


def test_the_page_can_be_neither_framed_nor_scripted_nor_cached(browser: requests.Session, link: str) -> None:
    headers = browser.get(link, timeout=60).headers

    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "script-src 'self';" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "HttpOnly" in headers["Set-Cookie"]
    assert "SameSite=Lax" in headers["Set-Cookie"]


def test_a_link_changed_on_its_way_is_refused_in_words(browser: requests.Session, link: str) -> None:
    # The last character but one: two bits of the last stand for nothing.
    answer = browser.get(link[:-2] + ("A" if link[-2] != "A" else "B") + link[-1], timeout=60)

    assert answer.status_code == 403
    assert "was changed on its way" in answer.text


def test_it_speaks_the_browsers_language(browser: requests.Session, link: str) -> None:
    spanish = {"Accept-Language": "es-ES,es;q=0.9"}

    page = browser.get(link, headers=spanish, timeout=60).text
    assert '<html lang="es">' in page
    assert "Aprobar" in page
    assert "Approve" not in page
    assert "Enlace no válido" in browser.get(link.partition("?")[0], headers=spanish, timeout=60).text
    assert "Approve" in browser.get(f"{link}&lang=en", headers=spanish, timeout=60).text


def test_a_link_for_another_change_is_refused(browser: requests.Session, link: str) -> None:
    parts = urlsplit(link)
    other = parts._replace(path="/api/changes/0123456789").geturl()

    assert browser.get(other, timeout=60).status_code == 403


def test_without_a_link_there_is_no_page(browser: requests.Session, link: str) -> None:
    assert browser.get(link.partition("?")[0], timeout=60).status_code == 403


@pytest.mark.parametrize("missing", ["csrf", "cookie", "t"])
def test_a_form_that_is_not_this_pages_own_decides_nothing(
    stage: Stage, browser: requests.Session, link: str, missing: str
) -> None:
    form = {**fields(browser.get(link, timeout=60).text), "action": "approve"}
    form.pop(missing, None)
    if missing == "cookie":
        browser.cookies.clear()

    answer = browser.post(link.partition("?")[0], data=form, timeout=60)

    assert answer.status_code in (403, 409)
    assert state(stage) == "proposed"


@pytest.mark.parametrize("origin", ["https://evil.example.com", "null", ""])
def test_another_sites_form_decides_nothing(stage: Stage, browser: requests.Session, link: str, origin: str) -> None:
    form = {**fields(browser.get(link, timeout=60).text), "action": "approve"}

    answer = browser.post(link.partition("?")[0], data=form, headers={"Origin": origin}, timeout=60)

    assert answer.status_code == 409
    assert state(stage) == "proposed"


def test_a_form_that_cannot_be_read_is_a_400(browser: requests.Session, link: str) -> None:
    address = link.partition("?")[0]

    assert browser.post(address, data=b"\xff\xfe=1", timeout=60).status_code == 400
    assert browser.post(address, data="x" * 20_000, timeout=60).status_code == 400


def test_a_form_that_comes_without_an_origin_is_decided_by_its_tokens_and_counts_once(
    stage: Stage, browser: requests.Session, link: str
) -> None:
    form = {**fields(browser.get(link, timeout=60).text), "action": "approve", "name": "  Ada \n Lovelace "}

    first = browser.post(link.partition("?")[0], data=form, timeout=60, allow_redirects=False)
    second = browser.post(link.partition("?")[0], data=form, timeout=60, allow_redirects=False)

    assert first.status_code == 303
    assert parse_qs(urlsplit(first.headers["Location"]).query)["t"]
    assert second.status_code == 409
    assert "Already decided: approved by Ada Lovelace (holder of link, unverified)" in second.text
    assert state(stage) != "proposed"
    page = browser.get(first.headers["Location"], timeout=60).text
    assert "Ada Lovelace (holder of link, unverified)" in page
