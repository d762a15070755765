"""The demo's people in Slack: whom its buttons refuse, who links an account, and two who approve at once."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devhost import slack_text
from devhost.browser import visit
from devhost.console import Teller
from devhost.errors import DevHostError
from devhost.stage import Stage

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

CHANNEL = "C0ALERTS"
ADA, BEN, GITA, SAM = "ada@contoso.example", "ben@contoso.example", "gita@fabrikam.example", "sam@northwind.example"
_REFUSED = (
    (SAM, "Sam Stone, of another workspace,", "Only members of this app's workspace"),
    (GITA, "Gita Rao, a guest,", "Only members of this app's workspace"),
    (BEN, "Ben Okoye, whose account is not linked,", "not linked with a work account"),
)


class InSlackError(DevHostError):
    """Somebody in Slack was not answered as expected."""


@dataclass(frozen=True)
class InSlack:
    """`see` keeps a picture of the room as a person sees it."""

    stage: Stage
    tell: Teller
    see: Callable[[str, str], None]

    def refuse(self, message: str) -> None:
        """People who may not approve click on the alarm all the same."""
        self.tell.chapter("Ask in Slack: a rule allows chat for this cluster, so the message has an Approve button")
        for person, who, expected in _REFUSED:
            self._approve(message, person)
            self.stage.host.drain(60)
            said = self._answer(person)
            if expected not in said:
                raise InSlackError(f"{who} should be refused: {said}")
            self.tell.say(f"{who} clicks Approve, and reads in private:")
            self.tell.quote(textwrap.wrap(said, 100))
        self.see("room-not-linked", BEN)

    def link(self, browser: BrowserContext, person: str) -> None:
        """`browser`: where this person is signed in."""
        self.stage.simulator.command(CHANNEL, "/snat", person, text="link")
        self.stage.host.drain(60)
        ((_, url),) = slack_text.button_urls(self._private(person)[-1])
        page = visit(browser, url)
        page.get_by_role("button", name="Link these accounts").click()
        page.get_by_role("heading", name="Linked").wait_for()
        self.tell.quote([page.locator(".lead").inner_text()])
        page.close()

    def approve_at_once(self, message: str) -> None:
        """Ada and Ben; one of them is first."""
        for person in (ADA, BEN):
            self._approve(message, person)
        self.stage.host.drain(120)
        answers = {person: self._answer(person) for person in (ADA, BEN)}
        late = [person for person, said in answers.items() if "Already decided: approved by" in said]
        if len(late) != 1:
            raise InSlackError(f"of two clicks at once exactly one should count: {answers}")
        self.tell.say("Ada and Ben confirm Approve at the same moment. One click counts; the other person reads:")
        self.tell.quote(textwrap.wrap(answers[late[0]], 100))
        self.see("room-approved", late[0])

    def _approve(self, message: str, person: str) -> None:
        sent = self.stage.simulator.click(message, "snat_approve", person, confirmed=True)
        if sent["outcome"] != "acknowledged":
            raise InSlackError(f"the click of {person} was not acknowledged: {sent}")

    def _private(self, person: str) -> list[Mapping[str, Any]]:
        """What only this person sees."""
        found = (each for each in self.stage.simulator.people() if each["user_principal_name"] == person)
        user = next(found)["chat"]["slack_user"]
        return [each["content"] for each in self.stage.simulator.chat(channel=CHANNEL) if each["visible_to"] == user]

    def _answer(self, person: str) -> str:
        """The last, in a line."""
        return " ".join(" ".join(slack_text.lines(self._private(person)[-1])).split())
