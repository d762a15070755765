"""Every message that there is, about every kind of thing in every number: no text of it is broken."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from shared import chat
from shared.chat import slack, teams
from shared.chat.first_message import Deployment
from shared.chat.message import Message, MessageKind
from shared.model.change import ChangeState, JournalEntry, StepState
from shared.model.finding import FindingKind
from shared.model.plan import Plan, PlanKind
from shared.model.reading import Cause
from shared.model.sockets import Culprit, NodeSockets, PastedSockets
from shared.model.tally import Tally, Unseen
from shared.model.text import Text
from shared.wording.languages import LANGUAGES
from shared.wording.render import translated
from tests.support import pseudo
from tests.support.builders import START
from tests.wording import cases
from tests.wording.faults import faults


def message_builders() -> dict[str, Callable[..., Message]]:
    """Every public function in `shared.chat` that makes a message of something else."""
    found: dict[str, Callable[..., Message]] = {}
    for info in pkgutil.iter_modules(chat.__path__, f"{chat.__name__}."):
        for name, function in inspect.getmembers(importlib.import_module(info.name), inspect.isfunction):
            signature = inspect.signature(function)
            makes_one = function.__module__ == info.name and "Message" in str(signature.return_annotation)
            if makes_one and not name.startswith("_") and not {"message", "kind"} & {*signature.parameters}:
                found[name] = function
    return found


KINDS = message_builders()
NAMES = frozenset(["snatbot", "UTC"])
COMMANDS = ("az ", "kubectl ", "python -m shared.cli ", "#")
URL = "https://bot.example.com/change"


@cache
def about_troubles(number: int) -> tuple[dict[str, Any], ...]:
    return tuple(_about_troubles(number))


def _about_troubles(number: int) -> Iterator[dict[str, Any]]:
    for finding in cases.findings(number):
        yield {
            "incident": cases.incident(finding, number),
            "assessment": cases.assessment(finding, number),
            "assessments": (cases.assessment(finding, number),) * max(1, number),
            "losses": (finding,) * max(1, number),
            "plan": cases.plans(number)[number % 4],
        }


@cache
def about_changes(number: int) -> tuple[dict[str, Any], ...]:
    return tuple(_about_changes(number))


def _about_changes(number: int) -> Iterator[dict[str, Any]]:
    for plan in cases.some_plans(number):
        for state in ChangeState:
            entry = JournalEntry(
                number,
                StepState.DONE,
                START,
                START,
                note=Text("") if number else Text("subnet {subnet} has it", subnet=cases.SUBNETS[0]),
            )
            yield {
                "change": cases.change(plan, state, number),
                "old": cases.change(plan, ChangeState.EXPIRED, number),
                "new": cases.change(replace(plan, digest=f"{number}"), ChangeState.PROPOSED, number),
                "waits": cases.change(plan, state, number) if number else None,
                "assessment": cases.assessment(cases.findings(number)[0], number),
                "plan": plan,
                "incident": cases.incident(cases.findings(number)[0], number),
                "entry": entry,
                "journal": cases.journal(plan, number),
            }


def usual(number: int) -> dict[str, Any]:
    texts = tuple(Text("the list of {name} can't be read", name=name) for name in cases.SUBNETS[: max(1, number)])
    unseen = tuple(Unseen("0b1f6471", Cause.FORBIDDEN, texts[0], Text(""), (name,)) for name in cases.SUBNETS[:number])
    return {
        "now": START,
        "is_withdrawn": number == 1,
        "is_tried_again": number == 1,
        "approval_url": URL,
        "page_url": URL,
        "reason": Text("somebody wrote to subnet `{subnet}`", subnet=cases.SUBNETS[0]),
        "commands": (cases.COMMAND,) * number,
        "texts": texts,
        "until": START if number else None,
        "by": "Ada",
        "channel": "night-shift",
        "over": texts,
        "clusters": number,
        "tally": Tally(clusters=number, measured=number // 2, unmeasured=number - number // 2, unseen=unseen),
        "missing": () if number else texts,
        "deployment": Deployment(approvers=texts if number else ()),
        "pasted": PastedSockets("0f3a", (_sockets(number),), number, "Ada", START),
    }


def _sockets(number: int) -> NodeSockets:
    pods = tuple(Culprit("shop/x1", False, "tcp", "20.1.2.3:443", number, 0, 0) for _ in range(min(1, number)))
    return NodeSockets(cases.SUBNETS[0] if number else "", pods, number, number, number, number, number)


def calls(kind: Callable[..., Message], number: int) -> Iterator[dict[str, Any]]:
    """All arguments for one kind of message. A parameter that no case knows is a KeyError: say what it may be."""
    parameters = inspect.signature(kind).parameters
    about = about_changes if {"change", "plan", "new", "waits"} & set(parameters) else about_troubles
    least = 0 if "over" in parameters else 1  # that nothing is to be told of needs no message
    for case in about(number):
        known = {**usual(number), "names": cases.SUBNETS[: max(least, number)], **case}
        yield {name: known[name] for name in parameters}


def plan_of(arguments: dict[str, Any]) -> Plan | None:
    change = arguments.get("change") or arguments.get("new") or arguments.get("waits")
    return change.plan if change is not None else arguments.get("plan")


def prose(message: Message) -> Iterator[str]:
    """Every text of it; commands are none."""
    yield message.title
    yield message.summary
    for label, value in message.facts:
        yield from (label, value)
    for section in message.sections:
        yield section.title
        assert section.text or section.bullets or section.steps or section.code or section.table, section
        yield from filter(None, (section.text,))
        yield from (*section.bullets, *section.steps)
        if section.table:
            yield from filter(None, (section.table.note,))
            yield from (row[0] for row in section.table.rows)
    for button in message.buttons:
        yield button.text
    yield message.footer


def lines(message: Message) -> Iterator[str]:
    for section in message.sections:
        yield from section.code.split("\n") if section.code else ()


@pytest.mark.parametrize("number", cases.SIZES)
@pytest.mark.parametrize("name", KINDS)
def test_no_message_holds_broken_text(name: str, number: int) -> None:
    found = set[str]()
    for arguments in calls(KINDS[name], number):
        known = cases.names(plan_of(arguments) or cases.plans(number)[0])
        for language in LANGUAGES:
            message = translated(KINDS[name](**arguments), language)
            found |= {fault for text in prose(message) for fault in faults(text, known)}
            found |= {f"nothing is said in {message}" for text in prose(message) if not text.strip()}
            found |= {f"no command: {line!r}" for line in lines(message) if not line.startswith(COMMANDS)}
    assert not found, "\n".join(sorted(found))


@pytest.mark.parametrize("number", (0, 2))
@pytest.mark.parametrize("name", KINDS)
def test_no_message_has_a_word_that_cannot_be_translated(
    monkeypatch: pytest.MonkeyPatch, name: str, number: int
) -> None:
    """In a language of other letters only names stay readable."""
    pseudo.speak(monkeypatch)
    found = set[str]()
    for arguments in calls(KINDS[name], number):
        names = NAMES | pseudo.words_of(list(arguments.values()))
        message = translated(KINDS[name](**arguments), pseudo.LANGUAGE)
        for text in (*prose(message), *(line for line in lines(message) if line.startswith("#"))):
            found |= set(pseudo.readable(text, names))
    assert not found, "\n".join(sorted(found))


@pytest.mark.parametrize("name", KINDS)
def test_every_message_says_whose_it_is(name: str) -> None:
    """The incident's, also where it is about a change against it; the change's own; nobody's where it is the fleet."""
    arguments = next(calls(KINDS[name], 1))
    is_of_fleet = not {"incident", "change", "new"} & set(arguments)
    message = KINDS[name](**arguments)
    assert message.subject == ("" if is_of_fleet else "0f3a")
    assert (message.kind is MessageKind.FLEET) == is_of_fleet
    if "change" in arguments:
        alone = replace(arguments["change"], incident_id=None)
        assert KINDS[name](**{**arguments, "change": alone}).subject == alone.id


@pytest.mark.parametrize("number", cases.SIZES)
@pytest.mark.parametrize("name", KINDS)
def test_no_service_is_sent_an_empty_text(name: str, number: int) -> None:
    message = KINDS[name](**next(calls(KINDS[name], number)))
    for rendered in (slack.render(message), teams.render(message)):
        assert '"text": ""' not in json.dumps(rendered)


def test_every_kind_of_plan_and_finding_is_among_them() -> None:
    for number in cases.SIZES:
        assert {plan.kind for plan in cases.plans(number)} == set(PlanKind)
        assert {finding.kind for finding in cases.findings(number)} == set(FindingKind)


@pytest.mark.parametrize(
    "text",
    [
        "Aks-user: full",
        "took it off aks-user.",
        "1 nodes fail",
        "in 2 minute",
        "None was seen",
        "it  failed",
        "so..",
        " ",
    ],
)
def test_broken_text_is_found(text: str) -> None:
    assert list(faults(text, ("aks-user",)))
    assert not list(faults("1 node of aks-user fails, 2 minutes ago.", ("aks-user",)))
