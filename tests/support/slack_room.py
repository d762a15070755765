"""A person in the simulated Slack: what they type, click and see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from devhost import slack_text
from devhost.stage import Stage

ROOM = "C0ROOM"


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

    def private(self, channel: str) -> list[Answer]:
        """What only this person sees there."""
        shown = [each for each in self.stage.simulator.chat(channel=channel) if each["visible_to"] == self.user]
        return [_answer(each["content"]) for each in shown]


def _answer(content: dict[str, Any]) -> Answer:
    text = " ".join("\n".join(slack_text.lines(content)).replace("`", "").split())
    return Answer(text, dict(slack_text.button_urls(content)))
