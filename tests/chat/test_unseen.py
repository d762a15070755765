"""Characters that can't be seen, or turn a text round, are shown nowhere: chat, pages, terminal."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace

import pytest

from shared.chat import slack, teams
from shared.chat.message import Button, Message, Section, Table, Tone
from shared.cli.output import VisibleText
from shared.formatting import visible
from shared.model.text import Text, verbatim
from shared.web.pages import message_page

NASTY = "a\u202eb\u200bc\x07d\x1b[31m\ufeff\ud800\u2066e"
SEEN = "abcd[31me"


def test_what_is_unseen_is_what_unicode_says() -> None:
    for code in range(0x3000):
        letter = chr(code)
        is_unseen = unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") and letter != "\n"
        assert (visible(letter) != letter) == (is_unseen or letter in "\u115f\u1160\u2800"), hex(code)


@pytest.mark.parametrize("text", ["Zürich", "日本", "🔴 90\u00a0%", "two\nlines", "naïve — “x”", "עברית"])
def test_what_can_be_seen_stays(text: str) -> None:
    assert visible(text) == text


def message(text: str) -> Message:
    return Message(
        title=verbatim(text),
        summary=verbatim(text),
        tone=Tone.ALARM,
        facts=((verbatim(text), verbatim(text)),),
        sections=(
            Section(
                verbatim(text),
                verbatim(text),
                bullets=(verbatim(text),),
                steps=(verbatim(text),),
                code=verbatim(text),
                table=Table((Text("x"),), ((verbatim(text),),), note=verbatim(text)),
            ),
            Section(verbatim(text), verbatim(text), is_detail=True),
        ),
        buttons=(Button(verbatim(text), "https://x.example"),),
        footer=verbatim(text),
    )


@pytest.mark.parametrize("render", [slack.render, teams.render])
def test_no_field_of_a_message_shows_them(render: object) -> None:
    assert callable(render)
    assert json.dumps(render(message(NASTY))) == json.dumps(render(message(SEEN)))


def test_a_button_of_nothing_else_still_has_a_text() -> None:
    only = replace(message("x"), buttons=(Button(Text("\u200b"), "https://x.example"),))
    assert '"Open"' in json.dumps(slack.render(only))


def test_no_page_shows_them() -> None:
    page = message_page(NASTY, status=400)
    assert SEEN in page
    assert visible(page) == page
    assert "&lt;b&gt;" in message_page("<b>", status=400), "and all is escaped still"


def test_no_terminal_gets_them(capsys: pytest.CaptureFixture[str]) -> None:
    import sys

    print(NASTY, file=VisibleText(sys.stdout))
    assert capsys.readouterr().out == f"{SEEN}\n"


def test_names_are_no_links_in_slack() -> None:
    kinds = {block["type"] for block in slack.render(message("x"))["blocks"]}
    assert kinds == {"header", "rich_text", "table", "actions", "divider", "context"}, "nothing of it reads mrkdwn"
