"""Delivery by a Slack bot, broken at every call to Slack and to storage: what was lost, and what is there twice."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import requests

from shared.chat.channels import SlackBot
from shared.chat.message import Message, MessageKind, Section, Tone
from shared.flows.notification.deliver import Deliver
from shared.flows.notification.outbox import Outbox
from shared.ids import new_id
from shared.model.text import Text
from shared.store.liveness import Liveness
from shared.store.records import Records
from simulator.testing import RunningSimulator
from tests.support.azure_in_process import serve_azure
from tests.support.killing import Killed
from tests.support.storage import IN_MEMORY, TableInMemory, table_at

PARTITION = "cluster-of-the-story"
_SUBJECT = "incident1"
_CHANNELS = itertools.count(1)
_MOST_RUNS = 15
_MOST_LATER = 4  # calls between two that are broken
_WRITES = ("submit_transaction", "create_entity", "update_entity", "upsert_entity", "delete_entity")
_DETAILS = (Section(Text("Steps by hand"), bullets=(Text("Add ports"),), is_detail=True),)
STORY = (
    Message(
        Text("Ports run short"),
        Text("soon"),
        Tone.WARNING,
        (),
        _DETAILS,
        kind=MessageKind.WARNING,
        subject=_SUBJECT,
    ),
    Message(Text("Connections fail"), Text("3 a minute"), Tone.ALARM, kind=MessageKind.FAILING, subject=_SUBJECT),
    Message(
        Text("A plan"),
        Text("approve it"),
        Tone.ALARM,
        (),
        _DETAILS,
        kind=MessageKind.APPROVAL_WANTED,
        subject=_SUBJECT,
    ),
    Message(Text("Fixed"), Text("no failures"), Tone.GOOD, kind=MessageKind.OUTCOME, subject=_SUBJECT),
)
REPLIES = [message.title for message in STORY]
"""The first one's details, and a line for each that follows."""


@dataclass(frozen=True, slots=True)
class Trouble:
    name: str
    kill: str = ""  # before or after
    lost_answer: bool = False
    status: int = 0
    body: bytes = b"{}"

    def strike(self, call: Callable[[], Any]) -> Any:
        if self.kill == "before":
            raise Killed
        if self.kill == "after":
            call()
            raise Killed
        if self.lost_answer:
            call()
            raise requests.ConnectionError("lost")
        answer = requests.Response()
        if self.status == 200:
            call()  # what Slack did is hidden by an answer that can't be read
        answer.status_code, answer._content = self.status, self.body
        answer.headers["Retry-After"] = "30"
        return answer


KILLS = (Trouble("killed before the call", kill="before"), Trouble("killed after the effect", kill="after"))
ERRORS = (
    Trouble("answer lost", lost_answer=True),
    Trouble("answer truncated", status=200, body=b'{"ok": tr'),
    Trouble("answer without ts", status=200, body=b'{"ok": true}'),
    Trouble("429", status=429),
    Trouble("503", status=503),
    Trouble("200 with internal_error", status=200, body=b'{"ok": false, "error": "internal_error"}'),
)


@dataclass(frozen=True, slots=True)
class Told:
    """What the channel shows after a story that was broken at one call."""

    call: str
    trouble: str
    lost: int
    doubles: int
    is_right: bool  # the message says what came last, and the outbox is empty


class Breaks:
    """Counts calls to Slack and writes to storage; strikes at the calls with these numbers."""

    def __init__(self, numbers: tuple[int, ...] = (), trouble: Trouble | None = None) -> None:
        self.calls: list[str] = []
        self._numbers = numbers
        self._trouble = trouble

    def pass_on(self, name: str, call: Callable[[], Any]) -> Any:
        self.calls.append(name)
        if self._trouble is None or len(self.calls) not in self._numbers:
            return call()
        # Storage is not broken by Slack's answers.
        return KILLS[1].strike(call) if name in _WRITES and not self._trouble.kill else self._trouble.strike(call)

    @contextmanager
    def installed(self) -> Iterator[None]:
        send = requests.Session.send

        def sent(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> Any:
            name = str(request.url).rpartition("/")[2]
            return self.pass_on(name, lambda: send(session, request, **options))

        def counted(name: str) -> Callable[..., Any]:
            write = getattr(TableInMemory, name)
            return lambda table, *given, **options: self.pass_on(name, lambda: write(table, *given, **options))

        writes: dict[str, Any] = {name: counted(name) for name in _WRITES}
        with patch.object(requests.Session, "send", sent), patch.multiple(TableInMemory, **writes):
            yield


@contextmanager
def slack() -> Iterator[RunningSimulator]:
    with serve_azure(Path(__file__).with_name("telling.yaml"), speed=0) as running:  # time stands still
        yield running


def play(running: RunningSimulator, base: datetime, breaks: Breaks) -> Told:
    """The story in a channel of its own, with storage of its own; the worker is started anew when it dies."""
    table = table_at(IN_MEMORY, f"t{new_id()}")
    records, liveness = Records(table), Liveness(table)
    bot = SlackBot(running.slack_api_url.replace(running.url, running.http_url).rstrip("/"), "xoxb-1", place())
    outbox, wall = Outbox(("slack",)), base
    for message in STORY:
        records.commit_in(PARTITION, outbox.rows("shop-prod", message, wall))
        for _ in range(_MOST_RUNS):
            try:
                with breaks.installed():
                    Deliver(records, liveness, {"slack": bot}).run(PARTITION, wall)
            except Killed:
                pass
            wall += timedelta(minutes=2)
            if not records.outbox(PARTITION):
                break
    seen = running.chat(service="slack", channel=bot.place)
    shown = [each for each in seen if not each["is_deleted"]]
    top = [each for each in shown if not each["thread"]]
    replies = [title_of(each) for each in shown if each["thread"]]
    lost = len([title for title in REPLIES if title not in replies]) + (not top)
    doubles = len(replies) - len(set(replies)) + max(0, len(top) - 1)
    is_right = not records.outbox(PARTITION) and [title_of(each) for each in top] == [STORY[-1].title]
    return Told("", "", lost, doubles, is_right)


def place() -> str:
    """A channel that no other story uses."""
    return f"C{next(_CHANNELS):06}"


def title_of(message: dict[str, Any]) -> str:
    return str(message["content"]["text"]).split("\n")[0].partition(" ")[2]


def cells(running: RunningSimulator, every: int = 1) -> Iterator[Told]:
    """Each Nth cell: one call is broken, or it and another soon after it, in the tries that follow.

    Raises RuntimeError when the undisturbed story does not end well.
    """
    base = running.now() - timedelta(days=1)
    undisturbed = Breaks()
    told = play(running, base, undisturbed)
    if told.lost or told.doubles or not told.is_right:
        raise RuntimeError(f"the undisturbed story does not end well: {told}")
    found = [
        (number, later, call, trouble)
        for number, call in enumerate(undisturbed.calls, start=1)
        for trouble in (KILLS if call in _WRITES else (*KILLS, *ERRORS))
        for later in range(_MOST_LATER + 1)
    ]
    for number, later, call, trouble in found[every // 2 :: every]:
        ended = play(running, base, Breaks((number, number + later), trouble))
        yield Told(call, trouble.name, ended.lost, ended.doubles, ended.is_right)
