"""The chat room in a real browser: what each person sees, and clicks that reach an unmodified slack_bolt app."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from devhost.browser import Camera, visit
from shared.chat import slack, teams
from shared.chat.message import Message
from simulator.services.slack.blocks import SCHEMAS
from simulator.testing import RunningSimulator, start_simulator
from tests.simulator.slack import SlackServer, actions, button, client, slack_app
from tests.support.heads import NAME, heads

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = [pytest.mark.browser, pytest.mark.network]
ADA, GITA, SAM = "ada@contoso.example", "gita@fabrikam.example", "sam@northwind.example"
CONFIRM = {
    "title": {"type": "plain_text", "text": "Approve?"},
    "text": {"type": "mrkdwn", "text": "This changes the *network*."},
    "confirm": {"type": "plain_text", "text": "Yes, approve"},
    "deny": {"type": "plain_text", "text": "Not now"},
}
CHART = {
    "type": "Chart.Line",
    "title": "Failed connections",
    "data": [{"legend": "node 1", "values": [{"x": "10:00", "y": 3}, {"x": "10:01", "y": 9}]}],
    "fallback": {"type": "TextBlock", "text": "3, then 9 failed"},
}

WORDS = {"type": "plain_text", "text": "words"}
RICH = {
    "type": "rich_text_section",
    "elements": [{"type": "text", "text": "words "}, {"type": "user", "user_id": "U1"}],
}
SERIES = {"name": "words", "data": [{"label": "10:00", "value": 3}, {"label": "10:01", "value": 9}]}
AXIS = {"categories": ["10:00", "10:01"]}
BLOCKS: dict[str, dict[str, Any]] = {
    "actions": {"elements": [{"type": "button", "action_id": "a", "text": WORDS}]},
    "context": {"elements": [WORDS]},
    "data_table": {"rows": [[{"type": "raw_text", "text": "words"}], [{"type": "raw_number", "value": 3}]]},
    "data_visualization": {"title": "Ports", "chart": {"type": "line", "series": [SERIES], "axis_config": AXIS}},
    "divider": {},
    "header": {"text": WORDS},
    "image": {"image_url": "data:,", "alt_text": "a picture", "title": WORDS},
    "markdown": {"text": "**words**"},
    "rich_text": {"elements": [RICH]},
    "section": {"text": WORDS},
    "table": {"rows": [[{"type": "raw_text", "text": "words"}]]},
}
"""What Slack's schema takes, each with words that must show."""


@pytest.fixture(scope="module")
def chat() -> Iterator[RunningSimulator]:
    with start_simulator(Path(__file__).parents[1] / "simulator" / "chat.yaml") as running:
        yield running


@pytest.fixture
def served(chat: RunningSimulator) -> Iterator[SlackServer]:
    chat.advance(60)  # channels take messages again
    with slack_app(chat) as running:
        yield running


@pytest.fixture
def room(browser: Camera, chat: RunningSimulator) -> Iterator[Page]:
    with browser.visitor() as visitor:
        yield visit(visitor, f"{chat.http_url}/chat/")


def channel(room: Page, name: str) -> Locator:
    """Slack's messages in a channel, once there is one."""
    room.get_by_role("button", name=f"#{name}", exact=True).click()
    return room.get_by_role("log", name="Slack messages")


def post(chat: RunningSimulator, name: str, **more: Any) -> str:
    return str(client(chat).chat_postMessage(channel=name, **more)["ts"])


def test_a_message_appears_by_itself_and_replies_stand_below_it(
    chat: RunningSimulator, served: SlackServer, room: Page
) -> None:
    said = "*Ports* ran out on <https://shop.example|shop> &amp; &lt;b&gt;co&lt;/b&gt;\n# of &lt;https://x.example&gt;"
    first = post(chat, "Cthread", text=said)
    messages = channel(room, "Cthread")
    messages.get_by_text("ran out").wait_for()
    assert messages.get_by_role("link", name="shop").get_attribute("href") == "https://shop.example"
    assert messages.locator("strong", has_text="Ports").count() == 1
    shown = messages.inner_text().replace("\u2060", "")
    assert "& <b>co</b>\n# of <https://x.example>" in shown  # text of a message is never HTML, and none is left out
    assert messages.get_by_role("link").count() == 1
    chat.advance(5)
    post(chat, "Cthread", text="Fixed", thread_ts=first)
    messages.locator("article.reply", has_text="Fixed").wait_for()


def test_a_person_clicks_after_the_confirm_dialog_and_the_edit_shows(
    chat: RunningSimulator, served: SlackServer, room: Page
) -> None:
    clicks: list[str] = []

    @served.app.action("approve")
    def approve(ack: Any, body: dict[str, Any]) -> None:
        ack()
        clicks.append(body["user"]["id"])
        client(chat).chat_update(channel="Cask", ts=body["message"]["ts"], text="Approved by Sam", blocks=[])

    post(chat, "Cask", text="Approve it?", blocks=actions(button(value="plan 7", confirm=CONFIRM)))
    room.get_by_label("You are").select_option(SAM)  # a stranger can click as well
    messages = channel(room, "Cask")
    messages.get_by_role("button", name="Approve").press("Enter")
    dialog = room.get_by_role("dialog", name="Approve?")
    assert "This changes the network." in dialog.inner_text()
    room.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert clicks == []
    messages.get_by_role("button", name="Approve").click()
    dialog.get_by_role("button", name="Yes, approve").click()
    messages.get_by_text("Approved by Sam").wait_for()
    assert clicks == ["U02SAM"]
    messages.get_by_text("(edited)").click()
    assert "before it was edited" in messages.inner_text()


def test_an_ephemeral_answer_to_a_command_shows_for_its_person_only(
    chat: RunningSimulator, served: SlackServer, room: Page
) -> None:
    @served.app.command("/snat")
    def status(ack: Any, command: dict[str, Any]) -> None:
        ack(f"You asked for {command['text']}")

    post(chat, "Ccommand", text="hello")
    messages = channel(room, "Ccommand")
    room.get_by_label("You are").select_option(GITA)
    room.get_by_label("Slash command").fill("/snat status")
    room.keyboard.press("Enter")
    answer = messages.get_by_text("You asked for status")
    answer.wait_for()
    assert messages.get_by_text("Only visible to you").count() == 1
    room.get_by_label("You are").select_option(ADA)
    answer.wait_for(state="detached")
    assert messages.get_by_text("hello").count() == 1


def test_a_click_that_the_app_does_not_take_is_shown_to_the_person_who_clicked(
    chat: RunningSimulator, served: SlackServer, room: Page
) -> None:
    post(chat, "Cfail", text="?", blocks=actions(button("unknown")))
    messages = channel(room, "Cfail")
    messages.get_by_role("button", name="Approve").click()
    messages.get_by_text("This app responded with Status Code 404.").wait_for()
    room.get_by_label("You are").select_option(GITA)
    messages.get_by_text("Status Code 404").wait_for(state="detached")


def test_a_card_is_drawn_with_its_chart_or_the_charts_fallback_and_a_bad_one_says_why_not(
    chat: RunningSimulator, room: Page
) -> None:
    for element in (CHART, {"type": "FactSet"}):
        card = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "**Ports**"}, element]}
        answer = requests.post(chat.teams_webhook_url.replace(chat.url, chat.http_url), json=card, timeout=30)
        assert answer.status_code == 202
    messages = room.get_by_role("log", name="Teams messages")
    messages.get_by_text("Required property 'facts' not found on 'FactSet'").wait_for()
    if messages.get_by_text("Cards aren't drawn").count():
        pytest.skip("no renderer of cards: run `make setup`, which brings it")
    assert messages.locator("strong", has_text="Ports").count() == 1
    assert messages.get_by_role("img", name="Failed connections. node 1: 10:00 3, 10:01 9").count() == 1
    assert messages.get_by_text("3, then 9 failed").count() == 0
    room.get_by_label("draw charts").uncheck()
    messages.get_by_text("3, then 9 failed").wait_for()


def test_a_cards_buttons_open_pages_and_unfold_parts(chat: RunningSimulator, room: Page) -> None:
    buttons = [
        {"type": "Action.OpenUrl", "title": "Review", "url": f"{chat.http_url}/_sim/"},
        {"type": "Action.ToggleVisibility", "title": "Details", "targetElements": ["details"]},
    ]
    folded = {"type": "TextBlock", "id": "details", "isVisible": False, "text": "Two public IPs"}
    card = {"type": "AdaptiveCard", "version": "1.5", "body": [folded], "actions": buttons}
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    address = f"{chat.http_url}/teams/workflows/buttons/triggers/manual/paths/invoke?sig=secret"
    assert requests.post(address, json={"type": "message", "attachments": [attachment]}, timeout=30).status_code == 202
    room.get_by_role("button", name="#buttons").click()
    messages = room.get_by_role("log", name="Teams messages")
    if messages.get_by_text("Cards aren't drawn").count():
        pytest.skip("no renderer of cards: run `make setup`, which brings it")
    assert not messages.get_by_text("Two public IPs").is_visible()
    messages.get_by_role("button", name="Details").press("Enter")
    messages.get_by_text("Two public IPs").wait_for()
    with room.expect_popup() as opened:
        messages.get_by_role("link", name="Review").click()
    assert opened.value.url.endswith("/_sim/")


def test_a_link_button_opens_its_page_and_the_app_hears_of_it(
    chat: RunningSimulator, served: SlackServer, room: Page
) -> None:
    pressed: list[str] = []

    @served.app.action("open")
    def open_page(ack: Any, body: dict[str, Any]) -> None:
        pressed.append(body["user"]["id"])
        ack()

    post(chat, "Clink", text="?", blocks=actions(button("open", url=f"{chat.http_url}/_sim/")))
    with room.expect_popup() as opened:
        channel(room, "Clink").get_by_role("link", name="Approve").click()
    assert opened.value.url.endswith("/_sim/")
    assert served.answered.acquire(timeout=30)
    assert pressed == ["U01ADA"]


def test_every_block_that_slack_takes_is_drawn_and_others_are_named(room: Page) -> None:
    assert set(BLOCKS) == set(SCHEMAS["blocks"])
    draw = """async (blocks) => {
        const { slackBody } = await import("/chat/files/slack.js");
        document.body.replaceChildren(slackBody({ blocks }, [{ name: "Ada", chat: { slack_user: "U1" } }]));
        return document.body.innerText;
    }"""
    for kind, block in BLOCKS.items():
        assert "words" in room.evaluate(draw, [{"type": kind, "block_id": kind} | block]) or kind == "divider"
        assert kind != "image" or room.get_by_role("img", name="a picture").count() == 1
    assert room.evaluate(draw, [{"type": "rich_text", **BLOCKS["rich_text"]}]).strip() == "words @Ada"
    verbatim = {"type": "mrkdwn", "verbatim": True, "text": "*words* https://bare.example <https://link.example|link>"}
    room.evaluate(draw, [{"type": "section", "fields": [verbatim]}])
    assert room.locator("strong").all_inner_texts() == ["words"], "only links are affected"
    assert room.get_by_role("link").all_inner_texts() == ["link"]
    assert room.evaluate(draw, [{"type": "hologram"}]) == "(hologram can't be drawn here)"


def test_without_what_set_up_makes_the_words_can_be_read_and_the_way_to_it_too(
    browser: Camera, chat: RunningSimulator, served: SlackServer
) -> None:
    post(chat, "Cbare", text="Ports ran out")
    with browser.visitor() as visitor:
        visitor.route("**/chat/files/blocks.js", lambda route: route.abort())
        said = channel(visit(visitor, f"{chat.http_url}/chat/"), "Cbare").get_by_text("Ports ran out")
        assert "run make setup" in said.inner_text()


def test_nothing_is_wider_than_a_phone(browser: Camera, chat: RunningSimulator, served: SlackServer) -> None:
    rows = [[{"type": "raw_text", "text": f"column-{column}"} for column in range(12)]] * 2
    post(chat, "Cwide", text="wide", blocks=[{"type": "table", "rows": rows}])
    with browser.page(f"{chat.http_url}/chat/", width=390) as page:
        channel(page, "Cwide").get_by_role("table").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_the_head_of_an_alarm_fits_two_screens_of_a_phone_in_both_chats(browser: Camera, tmp_path: Path) -> None:
    """Down to the end of the charts."""
    screen = 844
    with start_simulator("quiet") as running, browser.visitor(width=390, height=screen) as visitor:
        made = list(heads(100, NAME))
        for number, message in enumerate(made):
            client(running).chat_postMessage(channel=f"head-{number}", **slack.render(brief(message)))
            address = f"{running.http_url}/teams/workflows/head-{number}/triggers/manual/paths/invoke?sig=secret"
            assert requests.post(address, json=teams.render(brief(message)), timeout=30).status_code == 202
        page = visit(visitor, f"{running.http_url}/chat/")
        for service in ("slack", "teams"):
            page.locator(f"[data-show={service}]").click()
            for number, message in enumerate(made):
                page.locator(f"#{service}").get_by_role("button", name=f"#head-{number}", exact=True).click()
                shown = page.locator(f"#{service} .messages > *").last
                shown.get_by_text(message.title.split(":")[0]).first.wait_for()
                box = shown.bounding_box()
                assert box is not None
                assert box["height"] <= 2 * screen, (service, message.title, box["height"])


def brief(message: Message) -> Message:
    return replace(message, sections=tuple(section for section in message.sections if not section.is_detail))
