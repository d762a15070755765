"""Where messages go: a webhook of Slack or Teams, a channel in which a Slack bot posts, or a pager."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from . import slack, teams
from .message import Message, MessageKind
from .pager import PagerDuty, SignedWebhook
from .slack_api import SlackApi

if TYPE_CHECKING:
    from pydantic import SecretStr

    from ..routes import Definition
    from ..settings import Settings

# A webhook can't rewrite a post and has no thread; nobody wants a post for each step, or during a silence.
_REWRITTEN = (MessageKind.STEP, MessageKind.PROVING, MessageKind.SILENCED, MessageKind.NOTE)


@dataclass(frozen=True, slots=True)
class Channel:
    service: str  # slack or teams
    url: str = field(repr=False)  # a secret, and never part of an error
    language: str = "en"

    def send(self, message: Message) -> None:
        """Raises ChatUnavailable (try again) or ChatRefused (don't)."""
        if message.kind in _REWRITTEN:
            return
        if self.service == "slack":
            slack.send(message, self.url, lambda payload: slack.post(self.url, payload))
        else:
            teams.post(self.url, teams.render(message))


@dataclass(frozen=True, slots=True)
class SlackBot:
    """A channel where flows/notification/rewrite.py keeps one message for each subject."""

    api_url: str
    token: str = field(repr=False)
    place: str  # the channel's id
    language: str = "en"
    takes_clicks: bool = False  # buttons that decide lead to this app

    def api(self) -> SlackApi:
        """For one message."""
        return SlackApi(self.api_url, self.token, self.place)


AnyChannel = Channel | SlackBot | SignedWebhook | PagerDuty


def channel_of(defined: Definition, slack_api_url: str, bot_token: SecretStr | None) -> AnyChannel:
    """A channel of ROUTES. ``bot_token`` is for channels without a token of their own."""
    match defined.kind:
        case "slack_bot":
            token = defined.token or bot_token
            assert token is not None, "settings were not checked"
            return SlackBot(slack_api_url, token.get_secret_value(), defined.channel)
        case "webhook":
            return SignedWebhook(defined.url.get_secret_value(), defined.secret.get_secret_value())
        case "pagerduty":
            return PagerDuty(defined.url, defined.routing_key.get_secret_value())
        case _:
            return Channel(defined.kind.removesuffix("_webhook"), defined.url.get_secret_value())


def configured_channels(settings: Settings) -> Mapping[str, AnyChannel]:
    """By name: those with settings of their own, and those of ROUTES."""
    found = dict[str, AnyChannel]()
    if settings.slack_webhook_url is not None:
        found["slack"] = Channel("slack", settings.slack_webhook_url.get_secret_value())
    if settings.slack_bot_token is not None:
        token = settings.slack_bot_token.get_secret_value()
        found["slack"] = SlackBot(settings.slack_api_url, token, settings.slack_channel)
    if settings.teams_webhook_url is not None:
        found["teams"] = Channel("teams", settings.teams_webhook_url.get_secret_value())
    for name, channel in settings.routes.channels.items() if settings.routes else ():
        found[name] = channel_of(channel, settings.slack_api_url, settings.slack_bot_token)
    return {name: _set_up(settings, name, channel) for name, channel in found.items()}


def _set_up(settings: Settings, name: str, channel: AnyChannel) -> AnyChannel:
    channel = replace(channel, language=settings.language_of(name))
    if not isinstance(channel, SlackBot) or settings.slack_signing_secret is None or not settings.people_sign_in:
        return channel
    token = settings.slack_bot_token  # another token may be another app's, whose clicks don't come here
    return replace(channel, takes_clicks=token is not None and token.get_secret_value() == channel.token)
