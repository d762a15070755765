"""Whether chats would take messages. Nothing is posted: `test-message` does that."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit

from ...chat import slack
from ...chat.channels import AnyChannel, Channel, SlackBot
from ...chat.errors import BlocksRefused, ChatRefused
from ...chat.message import Button, Chart, Click, Message, MessageKind, Section, Table, Tone
from ...core.checks import CheckBuilder
from ...formatting import either, listed
from ...model.check import Check, CheckId
from ...model.text import Text, arranged, verbatim
from .run import Exam, set_on_app

_NEEDED = (("chat:write",), ("channels:history", "groups:history"), ("commands",), ("users:read",))  # of each, one
_WITHOUT_COMMAND = _NEEDED[:2]
# Microsoft Teams docs: connectors-using; Power Automate's own addresses.
_CONNECTORS = (".webhook.office.com", "outlook.office.com")
_WORKFLOWS = (".logic.azure.com", ".api.powerplatform.com", ".powerautomate.com")


def exams(channels: Mapping[str, AnyChannel], has_command: bool, wall: datetime) -> Iterator[Exam]:
    for name, channel in channels.items():
        if isinstance(channel, SlackBot):
            yield CheckId.SLACK_APP, partial(app_scopes, name, channel, has_command)
            yield CheckId.SLACK_CHANNEL, partial(membership, name, channel, wall)
            yield CheckId.SLACK_BLOCKS, partial(layouts, name, channel)
        else:
            yield CheckId.WEBHOOK, partial(webhook, name, channel)
    if not channels:
        yield CheckId.WEBHOOK, _no_channel


def app_scopes(name: str, bot: SlackBot, has_command: bool, check: CheckBuilder) -> Check:
    try:
        scopes = bot.api().scopes()
    except ChatRefused as error:
        return check.blocks(error.text, Text("set the bot token of channel {name} again", name=name))
    if scopes is None:
        return check.unknown(_of(name, Text("Slack does not say the token's scopes")), Text(""))
    missing = [either(each) for each in (_NEEDED if has_command else _WITHOUT_COMMAND) if scopes.isdisjoint(each)]
    return check.requires(
        not missing,
        _of(name, verbatim(bot.place)),
        _of(name, Text("lacks {permissions}", permissions=listed(missing))),
        Text("add {scopes} to the Slack app, then install it again", scopes=listed(missing)),
    )


def membership(name: str, bot: SlackBot, wall: datetime, check: CheckBuilder) -> Check:
    """Only a member reads a channel's history."""
    try:
        bot.api().messages(wall)
    except ChatRefused as error:
        return check.blocks(error.text, Text("invite the Slack app to channel {channel}", channel=bot.place))
    return check.passes(_of(name, verbatim(bot.place)))


def layouts(name: str, bot: SlackBot, check: CheckBuilder) -> Check:
    """Of a message of every kind with every part that a message can have, each layout once."""
    payloads = [slack.render(specimen(kind))["blocks"] for kind in MessageKind]
    try:
        for blocks in {json.dumps(blocks): blocks for blocks in payloads}.values():
            bot.api().validate(blocks)
    except BlocksRefused as error:
        return check.warns(error.text, Text("report it; until then {name} gets simpler messages", name=name))
    return check.passes(_of(name, Text("Slack takes every kind of message")))


def webhook(name: str, channel: AnyChannel, check: CheckBuilder) -> Check:
    host = (urlsplit(channel.url).hostname or "") if isinstance(channel, Channel) else ""
    if host.endswith(_CONNECTORS):
        retired = Text("the address is of an Office 365 connector, which Microsoft has retired")
        remedy = Text("make a workflow in Teams and set its address for channel {name}", name=name)
        return check.blocks(_of(name, retired), remedy)
    if host.endswith(_WORKFLOWS):
        return check.passes(_of(name, Text("the address is of a workflow")))
    return check.unknown(_of(name, Text("only a post shows whether it works")), Text("run `snatbot test-message`"))


def specimen(kind: MessageKind) -> Message:
    words = verbatim("snatbot")
    section = Section(words, words, (words,), (words,), words, Table((words, words), ((words, words),), figures=1))
    return Message(
        words,
        words,
        Tone.ALARM,
        facts=((words, words),),
        sections=(section, Section(words, words, is_detail=True)),
        buttons=(Button(words, "https://snatbot.example/"),),
        clicks=(Click(words, "approve", "specimen", words, words),),
        footer=words,
        charts=(Chart(words, (("10:00", 1), ("10:01", None), ("10:02", 2))),),
        kind=kind,
    )


def _no_channel(check: CheckBuilder) -> Check:
    return check.warns(Text("no chat is set: nobody is told"), set_on_app("SLACK_BOT_TOKEN / TEAMS_WEBHOOK_URL"))


def _of(name: str, what: Text) -> Text:
    return arranged("{channel}: {what}", channel=name, what=what)
