"""Every page that there is, about every kind of plan in every state and number: no text of it is broken."""

from __future__ import annotations

from html.parser import HTMLParser
from http import HTTPStatus

import pytest

from shared.model.change import Action, ChangeState
from shared.model.plan import PlanKind
from shared.web import plan_text
from shared.web.change_view import LinkedChange
from shared.web.pages import FormFields, change_page, message_page, plan_page
from shared.wording.languages import LANGUAGES
from shared.wording.render import translated
from tests.support.builders import START
from tests.wording import cases
from tests.wording.faults import faults

_BLOCKS = {"title", "h1", "h2", "h3", "p", "li", "dt", "dd", "th", "td", "summary", "caption", "label", "button", "div"}
_MAY_BE_EMPTY = {"td", "div", "dd"}
_HOLDS_OTHERS = [""]
ACTIONS = tuple(Action)


class Texts(HTMLParser):
    """The text of each block of a page, commands (``pre``) apart."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.blocks: list[tuple[str, str]] = []
        self._open: list[tuple[str, list[str]]] = []
        self._skipped = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._skipped += tag in ("pre", "style") or "hidden" in dict(attrs)
        if tag in _BLOCKS:
            if self._open and not "".join(self._open[-1][1]).strip():
                self._open[-1][1][:] = _HOLDS_OTHERS
            self._open.append((tag, []))

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            name, words = self._open.pop()
            holds_others = name in ("li", "summary") and "" in words and not "".join(words).strip()
            if not self._skipped and not holds_others:
                self.blocks.append((name, " ".join("".join(words).split())))
        self._skipped -= tag in ("pre", "style") or (tag == "button" and self._skipped > 0)

    def handle_data(self, data: str) -> None:
        if self._open and not self._skipped:
            self._open[-1][1].append(data)


def broken(html: str, names: tuple[str, ...]) -> set[str]:
    found = set()
    for tag, text in Texts(html).blocks:
        if text:
            found |= set(faults(text, names))
        elif tag not in _MAY_BE_EMPTY:
            found.add(f"an empty {tag}")
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("number", cases.SIZES)
@pytest.mark.parametrize("state", ChangeState)
def test_no_page_of_a_change_holds_broken_text(state: ChangeState, number: int, language: str) -> None:
    found = set[str]()
    for plan in cases.some_plans(number):
        change = cases.change(plan, state, number)
        form = FormFields("token", "csrf", ACTIONS, asks_name=True) if number else None
        html = change_page(
            change,
            language=language,
            journal=cases.journal(plan, number),
            form=form,
            now=START,
            link="?t=token",
            original=LinkedChange(change, "?t=first") if number else None,
            follow_ups=[LinkedChange(change, "?t=later")] * min(number, 2),
        )
        found |= broken(html, cases.names(plan))
    assert not found, "\n".join(sorted(found))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("number", cases.SIZES)
def test_no_page_or_terminal_text_of_a_plan_holds_broken_text(number: int, language: str) -> None:
    found, seen = set[str](), set[PlanKind]()
    for plan in cases.plans(number):
        seen.add(plan.kind)
        found |= broken(plan_page(plan, language=language), cases.names(plan))
        related = [command for beside in plan.related for command in beside.commands]
        commands = "\n".join([*plan.commands, *plan.rollback_commands, *related, cases.COMMAND])
        for line in filter(None, translated(tuple(plan_text.plan_lines(plan)), language)):
            if line.strip() not in commands:
                found |= set(faults(line.strip(), cases.names(plan)))
    assert seen == set(PlanKind)
    assert not found, "\n".join(sorted(found))


@pytest.mark.parametrize("status", [status for status in HTTPStatus if status >= 400])
def test_no_refusal_is_broken(status: HTTPStatus) -> None:
    assert not broken(message_page("This change is not known here.", status=status), (cases.CLUSTER,))
