"""A person in the simulated Slack: what they type, click and see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from devhost import slack_text
from devhost.stage import Stage
from tests.support.html_page import fields
from tests.support.sign_in import Visitor, said

ROOM = "C0ROOM"
LINK = "Link with my work account"


@dataclass(frozen=True)
class Answer:
    text: str
    urls: dict[str, str]  # of its buttons, by label


@dataclass(frozen=True)
class SlackPerson:
    stage: Stage
    name: str  # user principal name

    @property
    def user(self) -> str:
        found = (each for each in self.stage.simulator.people() if each["user_principal_name"] == self.name)
        return str(next(found)["chat"]["slack_user"])

    def ask(self, text: str) -> Answer:
        """The private answer to the slash command."""
        before = len(self.private(ROOM))
        sent = self.stage.simulator.command(ROOM, "/snat", self.name, text=text)
        assert sent["outcome"] == "acknowledged", sent
        self.stage.host.drain(60)
        (answer,) = self.private(ROOM)[before:]
        return answer

    def click(self, message: str, action: str) -> Answer:
        """The private answer to a click on the alarm, after its dialog."""
        before = len(self.private("C0ALERTS"))
        asked = self.stage.simulator.click(message, action, self.name)
        assert asked["outcome"] == "confirm", asked
        sent = self.stage.simulator.click(message, action, self.name, confirmed=True)
        assert sent["outcome"] == "acknowledged", sent
        self.stage.host.drain(60)
        (answer,) = self.private("C0ALERTS")[before:]
        return answer

    def link(self, account: str = "") -> str:
        """Links the Slack account with one's own work account, or another one's; what the page says then."""
        url = self.ask("link").urls[LINK]
        with Visitor(self.stage) as browser:
            page = browser.sign_in(url, account or self.name)
            assert page.status_code == 200, said(page)
            form = fields(page.text.partition("/api/sign-out")[0])
            return said(browser.post(url.partition("?")[0], data=form))

    def private(self, channel: str) -> list[Answer]:
        """What only this person sees there."""
        shown = [each for each in self.stage.simulator.chat(channel=channel) if each["visible_to"] == self.user]
        return [_answer(each["content"]) for each in shown]


def _answer(content: dict[str, Any]) -> Answer:
    text = " ".join("\n".join(slack_text.lines(content)).replace("`", "").split())
    return Answer(text, dict(slack_text.button_urls(content)))


def alarm(stage: Stage) -> dict[str, Any]:
    """The one message in the alerts' channel."""
    (found,) = (
        each for each in stage.simulator.chat(channel="C0ALERTS") if not each["thread"] and not each["visible_to"]
    )
    return dict(found)
