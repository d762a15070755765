"""People sign in and decide in a real browser: from the message's link through Entra ID's pages to the first step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from devhost.browser import Camera, click, sign_in
from devhost.stage import Stage
from tests.support.sign_in import ADA, link_of, stage_with_people

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = [pytest.mark.browser, pytest.mark.azurite, pytest.mark.network]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, azurite: str, browser: Camera) -> Iterator[Stage]:
    with stage_with_people(tmp_path_factory.mktemp("stage"), azurite) as ready:
        yield ready


@pytest.fixture
def visitor(browser: Camera) -> Iterator[BrowserContext]:
    with browser.visitor(width=390) as context:
        yield context


def text(page: Page) -> str:
    return " ".join(page.locator("body").inner_text().split())


def names(page: Page) -> list[str]:
    return [button.inner_text() for button in page.get_by_role("button").all()]


def test_a_person_signs_in_approves_and_sees_it_begin(stage: Stage, visitor: BrowserContext, browser: Camera) -> None:
    link = link_of(stage)
    with browser.visitor(width=390) as without_role, browser.visitor(width=390) as guest:
        page = sign_in(without_role, link, "Nora")
        assert "Nora lacks the app role Snat.Read" in text(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert "Gita is a guest" in text(sign_in(guest, link, "Gita"))
    with browser.visitor(width=390) as reader:
        page = sign_in(reader, link, "Rui")
        assert names(page) == ["Sign out"]
        assert "Snat.Approve" in text(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390

    page = sign_in(visitor, link, "Ada")
    assert page.url == link
    assert names(page) == ["Approve", "Deny", "Sign out"]
    second_tab = visitor.new_page()
    second_tab.goto(link)
    assert names(second_tab) == names(page), "the session is the browser's"

    click(page, "Approve")
    assert f"Approved by Ada (object id {ADA}, signed in)" in text(page)
    for _ in range(10):
        page.reload()
        if page.locator(".state").inner_text() == "Being applied":  # test_buttons follows one to its verdict
            break
        stage.pass_minutes()
    assert page.locator(".state").inner_text() == "Being applied"

    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Signed out").wait_for()
    page.goto(link)
    assert "Sign in to see this page" in page.title()
