"""Post a test message to a channel on demand, without the outbox, with every call that later messages need."""

from dataclasses import replace
from datetime import datetime, timedelta

from ...chat import slack
from ...chat.channels import AnyChannel, SlackBot
from ...chat.errors import ChatRefused
from ...chat.fleet_messages import trial_message
from ...chat.pager import Event, PagerDuty, SignedWebhook
from ...chat.slack_api import Mark
from ...ids import new_id
from ...model.finding import Severity
from ...model.text import Text

_CLOCKS_DIFFER = timedelta(minutes=5)  # between snatbot's clock and Slack's


def try_channel(name: str, channel: AnyChannel, wall: datetime) -> None:
    """A pager gets a trigger and its resolution. Raises ChatUnavailable or ChatRefused."""
    message, trial_id = trial_message(name).in_language(channel.language), new_id()
    if isinstance(channel, SlackBot):
        _try_slack_bot(channel, slack.render(message), Mark("", trial_id), wall)
    elif isinstance(channel, SignedWebhook | PagerDuty):
        event = Event(trial_id, wall, "trigger", trial_id, "a test", Severity.NOTICE, message)
        channel.send(event, wall)
        channel.send(replace(event, id=new_id(), action="resolve"), wall)
    else:
        channel.send(message)


def _try_slack_bot(bot: SlackBot, payload: dict[str, object], mark: Mark, wall: datetime) -> None:
    api = bot.api()
    ts = api.post(payload, mark)
    api.update(ts, payload, mark)
    if all(found.mark != mark for found in api.messages(wall - _CLOCKS_DIFFER)):
        reason = Text("the message was posted, but isn't in the history that the bot may read")
        raise ChatRefused("slack", reason)
