"""The part of `make screenshots` that is a story: at each turn people look at pages, and at both chats."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from devhost import last_night, pictures, slack_text
from devhost.browser import Camera, PageFailedError, click, sign_in, visit
from devhost.pictures import LANGUAGES, OUTPUT, Album, in_language
from devhost.stage import SIGN_IN, Stage, set_up

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

    from simulator.testing import RunningSimulator

CHANNELS = {"en": ("C0ALERTS", "alerts"), "es": ("C0ALERTAS", "alertas")}  # in Slack and in Teams
CHATS = ("slack", "teams")
# A chat scrolls its messages; a picture shows them whole.
_WHOLE = """for (const box of document.querySelectorAll('body, main, main > section, .messages')) {
  box.style.overflow = 'visible'; box.style.height = 'auto'; }
for (const list of document.querySelectorAll('.messages')) list.style.padding = 0;
document.head.append(Object.assign(document.createElement('style'),
  { textContent: 'article { padding: 1rem !important }' }));"""


def look_at_story(chromium: Camera, folder: Path, storage: str, docs: Path) -> None:
    """An incident from its alarm to the rollback of its change, and a change that doesn't help."""
    scenario = last_night.write_scenario(folder, datetime.now(UTC))
    with ExitStack() as stack:
        stage = stack.enter_context(
            set_up(folder, scenario, storage=storage, extra=_in_both_languages, with_tls=True, with_slack_bot=True)
        )
        people = [stack.enter_context(chromium.visitor()) for _ in range(3)]
        Story(stage, people, docs).play()


def _in_both_languages(simulator: RunningSimulator) -> dict[str, str]:
    slack, teams = CHANNELS["es"]
    channels = {
        "slack-es": {"kind": "slack_bot", "channel": slack},
        "teams-es": {"kind": "teams_webhook", "url": simulator.teams_webhook_url.replace("/alerts/", f"/{teams}/")},
    }
    # The first route takes nothing: it says which language its channels speak.
    spanish = {"clusters": ["none"], "language": "es", "to": list(channels)}
    routes = [spanish, {"to": ["slack", "teams", *channels]}]
    return {**SIGN_IN, "ROUTES": json.dumps({"channels": channels, "routes": routes})}


class Story:
    def __init__(self, stage: Stage, people: list[BrowserContext], docs: Path) -> None:
        self._stage, self._docs, self._album = stage, docs, Album(OUTPUT)
        self._ada, self._ben, self._ines = people
        self._frames: list[tuple[bytes, str, float]] = []

    def play(self) -> None:
        night = last_night.next_day(self._stage.simulator.now()) + last_night.NIGHT
        last_night.skip_to(self._stage, night)
        shop = self._propose("shop-prod")
        self._approve(shop)
        self._run(shop)
        self._after(shop)
        self._roll_back(shop)
        last_night.skip_to(self._stage, last_night.next_day(night - timedelta(days=1)) + last_night.MORNING)
        self._do_not_fix()
        pictures.save_story(self._frames, self._docs / "story.gif")

    def _propose(self, cluster: str) -> Page:
        """The page of the plan, Ada's, after a look at all that leads to it."""
        self._frame(self._message("proposed"), "1. The alarm and its plan, as one message in Slack", 4)
        room = self._room("en")
        room.locator("#slack .messages").evaluate("log => { log.scrollTop = 0; }")
        pictures.save_small(room.screenshot(), self._docs / "messages.png")
        room.close()
        link = self._button(cluster)
        locked = self._ada.new_page()
        locked.goto(link)
        self._page(locked, "error-sign-in")
        page = sign_in(self._ada, link, "Ada Moreau")
        locked.get_by_role("link", name=re.compile("Sign in|Iniciar")).click()
        self._page(locked, "sign-in-accounts", languages=("en",))
        locked.close()
        self._page(page, "change-proposed")
        page.set_viewport_size({"width": 1100, "height": 700})
        pictures.save_small(page.screenshot(), self._docs / "approval-page.png")
        self._visit(page, "Clusters", "fleet-few")
        self._visit(page, cluster, "cluster-failing")
        self._visit(page, "Incident", "incident-open")
        return page

    def _approve(self, page: Page) -> None:
        """Ada approves; Ben, who has the page open in two tabs, is late in both."""
        first = sign_in(self._ben, page.url, "Ben Okoye")
        late = {language: visit(self._ben, in_language(first.url, language)) for language in LANGUAGES}
        self._story_page(page, "2. The page behind the button: the exact plan", 4)
        click(page, "Approve")
        for language, tab in late.items():
            button = "Approve" if language == "en" else "Aprobar"
            with suppress(PageFailedError):
                click(tab, button)
            self._album.shoot(tab, f"error-409-{language}")
            tab.close()
        for name, path in (("error-403", "/api/audit"), ("error-404", "/api/clusters/none")):
            other = self._ada.new_page()
            other.goto(f"{self._stage.host.base_url}{path}")
            self._page(other, name)
            other.close()

    def _run(self, page: Page) -> None:
        self._until(page, "Being applied")
        self._story_page(page, "3. Step after step, each read back", 2)
        self._page(page, "change-running")
        self._message("running")
        click(page, "Stop")
        self._stage.host.drain(60)
        self._page(page, "change-stopped")
        self._message("stopped")
        click(page, "Resume")
        self._until(page, "Applied, being verified")
        self._story_page(page, "4. Verified on the gateway's own metrics", 3)
        self._page(page, "change-verifying")

    def _after(self, page: Page) -> None:
        self._until(page, "Fixed")
        self._story_page(page, "5. Fixed: no failed connection in ten measured minutes", 4)
        self._page(page, "change-fixed")
        self._frame(self._message("fixed"), "6. The message says so, too", 3)
        self._visit(page, "Incident", "incident-cleared")
        self._visit(page, "shop-prod", "cluster-after")
        self._visit(page, "Receipt", "receipt")
        audit = sign_in(self._ines, f"{self._stage.host.base_url}/api/audit", "Ines Haddad")
        self._page(audit, "audit")

    def _roll_back(self, page: Page) -> None:
        original = page.url
        click(page, "Ask for a rollback")
        self._page(page, "rollback-proposed")
        click(page, "Approve")
        self._until(page, "Rolled back")
        self._page(page, "rollback-done")
        self._message("rolled-back")
        page.goto(original)
        self._page(page, "change-rolled-back")

    def _do_not_fix(self) -> None:
        """pay-prod's gateway loses connections too."""
        page = visit(self._ada, self._button("pay-prod"))
        click(page, "Approve")
        self._until(page, "Applied, being verified")
        self._stage.simulator.add_event({"settings": {"gateway_failures_per_hour": 6000}})
        self._until(page, "Not fixed", step=10)
        self._page(page, "change-not-fixed")
        self._message("not-fixed")
        self._visit(page, "Clusters", "fleet-afterwards")

    def _until(self, page: Page, state: str, step: int = 1) -> None:
        """Minutes pass until the page says that the change is in this state."""
        for _ in range(last_night.MOST_MINUTES):
            page.reload()
            if page.locator(".state").first.inner_text().startswith(state):
                return
            if step > 1:
                last_night.skip_to(self._stage, self._stage.simulator.now() + timedelta(minutes=step))
            self._stage.pass_minutes()
        raise last_night.NightError(f"{page.url} is not {state}: {page.locator('main').inner_text()}")

    def _visit(self, page: Page, link: str, name: str) -> None:
        """Where the link leads, in a tab of its own."""
        address = page.get_by_role("link", name=link, exact=True).first.get_attribute("href")
        other = visit(page.context, urljoin(page.url, address or ""))
        self._page(other, name)
        if name == "incident-cleared":
            other.goto(in_language(other.url, "en"))
            other.set_viewport_size({"width": 1100, "height": 1000})
            pictures.save_small(other.screenshot(), self._docs / "incident.png")
        other.close()

    def _page(self, page: Page, name: str, *, languages: Sequence[str] = LANGUAGES) -> None:
        """In all that a reader may choose; then the page is as before."""
        before = page.url
        for language in languages:
            page.goto(in_language(before, language) if len(languages) > 1 else before)
            self._album.shoot(page, f"{name}-{language}")
        page.goto(before)

    def _message(self, name: str) -> bytes:
        """The newest message of both chats. Returns Slack's in English, as on a desk."""
        for language in LANGUAGES:
            room = self._room(language)
            room.evaluate(_WHOLE)
            for chat in CHATS:
                room.evaluate("chat => { document.querySelector('main').dataset.shown = chat; }", chat)
                self._album.shoot(
                    room, f"message-{name}-{chat}-{language}", part=f"#{chat} article:not(.reply)", widths=(700, 390)
                )
            room.close()
        return self._album.path(f"message-{name}-slack-en-light-700").read_bytes()

    def _room(self, language: str) -> Page:
        """The chat room with the channels of a language."""
        room = visit(self._ada, f"{self._stage.simulator.http_url}/chat/")
        for chat, channel in zip(CHATS, CHANNELS[language], strict=True):
            room.locator(f"#{chat} nav").get_by_role("button", name=f"#{channel}", exact=True).click()
        return room

    def _button(self, cluster: str) -> str:
        """The address behind the newest message about the cluster in Slack."""
        for message in reversed(self._stage.simulator.chat(service="slack", channel=CHANNELS["en"][0])):
            found = slack_text.button_urls(message["content"])
            if found and cluster in str(message["content"]):
                return found[0][1]
        raise last_night.NightError(f"no message about {cluster} has a button")

    def _story_page(self, page: Page, caption: str, seconds: float) -> None:
        page.set_viewport_size({"width": pictures.FRAME[0], "height": pictures.FRAME[1] - pictures.CAPTION_HEIGHT})
        self._frame(page.screenshot(), caption, seconds)

    def _frame(self, picture: bytes, caption: str, seconds: float) -> None:
        self._frames.append((picture, caption, seconds))
