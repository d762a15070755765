"""ROUTES: named channels, and which clusters' messages go to which of them.

    {"channels": {"payments": {"kind": "slack_bot", "channel": "C0123456789"}},
     "routes": [{"clusters": ["shop-*"], "tags": {"team": "payments"}, "severity": "failing", "to": ["payments"]}]}

The first route that matches decides; the channels of the single settings are the default, and have the names in
``OWN_NAMES``. No error says what was given: a value in the wrong place may be a secret.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from .setting_types import Language, RoutingKey, SecretUrl, SigningKey, SlackBotToken, SlackChannelId, Url

OWN_NAMES = ("slack", "teams")
_NAME = r"[a-z][a-z0-9-]{0,29}"
_KINDS = ("slack_webhook", "slack_bot", "teams_webhook", "webhook", "pagerduty")
_MEANINGS = {
    "missing": "is missing",
    "extra_forbidden": "holds a name that is not known there",
    "json_invalid": "must be JSON",
    "union_tag_invalid": f"has a kind that is none of {', '.join(_KINDS)}",
    "union_tag_not_found": "needs a kind",
    "string_pattern_mismatch": "holds a name that is not a letter and at most 29 of a-z, 0-9 and -",
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class WebhookDefinition(_Strict):
    kind: Literal["slack_webhook", "teams_webhook"]
    url: SecretUrl


class SlackBotDefinition(_Strict):
    kind: Literal["slack_bot"]
    channel: SlackChannelId
    token: SlackBotToken | None = None  # None: SLACK_BOT_TOKEN


class SignedWebhookDefinition(_Strict):
    kind: Literal["webhook"]
    url: SecretUrl
    secret: SigningKey


class PagerDutyDefinition(_Strict):
    kind: Literal["pagerduty"]
    routing_key: RoutingKey
    url: Url = "https://events.pagerduty.com/v2/enqueue"


Definition = Annotated[
    WebhookDefinition | SlackBotDefinition | SignedWebhookDefinition | PagerDutyDefinition, Field(discriminator="kind")
]
Name = Annotated[str, StringConstraints(pattern=rf"^{_NAME}$")]
Texts = tuple[Annotated[str, StringConstraints(min_length=1)], ...]


class Route(_Strict):
    """All its conditions must hold; a list holds if one of its texts does."""

    to: Annotated[Texts, Field(min_length=1)]
    clusters: Texts = ()  # names with * and ?, case-insensitive
    subscriptions: Texts = ()  # ids
    tags: dict[str, str] = {}  # all of them; names case-insensitive, values case-sensitive
    severity: Literal["warning", "high", "failing", "critical"] | None = None  # at least this
    language: Language | None = None  # of all messages in its channels; None: LANGUAGE

    @property
    def takes_all(self) -> bool:
        return not (self.clusters or self.subscriptions or self.tags or self.severity)


class Routes(_Strict):
    channels: dict[Name, Definition] = {}
    routes: tuple[Route, ...] = ()

    def language_of(self, channel: str) -> str | None:
        return next((route.language for route in self.routes if route.language and channel in route.to), None)

    def problems(self, defaults: tuple[str, ...], slack_channel: str) -> Iterator[str]:
        """Contradictions within the setting. ``defaults``: names of OWN_NAMES that are set."""
        known = {*defaults, *self.channels}
        for index, route in enumerate(self.routes):
            if any(earlier.takes_all for earlier in self.routes[:index]):
                yield f"routes.{index} is never reached: a route before it takes everything"
            if not set(route.to) <= known:
                yield f"routes.{index}.to names a channel that is not defined"
            if route.language and any(self.language_of(name) != route.language for name in route.to):
                yield f"routes.{index}.to names a channel that a route before it gives another language"
        named = {name for route in self.routes for name in route.to}
        bots = [each.channel for each in self.channels.values() if isinstance(each, SlackBotDefinition)]
        for name, channel in self.channels.items():
            if name not in named:
                yield f"channels.{name} is in no route"
            if name in OWN_NAMES:
                yield f"channels.{name} has the name of a channel with settings of its own"
            if isinstance(channel, SlackBotDefinition):
                if channel.token is None and not slack_channel:
                    yield f"channels.{name} needs a token, or SLACK_BOT_TOKEN"
                if [*bots, slack_channel].count(channel.channel) > 1:  # each deletes the other's as duplicates
                    yield f"channels.{name} has the Slack channel of another"
        if not defaults and not any(route.takes_all for route in self.routes):
            yield "has no default: set a single channel, or end with a route that has no conditions"


def parse_routes(text: str) -> Routes:
    """Raises ValueError with all mistakes, by their places."""
    try:
        return Routes.model_validate_json(text)
    except ValidationError as error:
        problems = [_problem(entry) for entry in error.errors(include_input=False, include_url=False)]
    raise ValueError("; ".join(dict.fromkeys(problems)))


def _problem(entry: Any) -> str:
    # Pydantic adds kinds, and marks of keys. Names that nobody knows are not shown.
    parts = [str(part) for part in entry["loc"] if part not in (*_KINDS, "[key]")]
    if entry["type"] in ("extra_forbidden", "string_pattern_mismatch"):
        parts.pop()
    place = ".".join(part if re.fullmatch(rf"\d+|routing_key|{_NAME}", part) else "…" for part in parts)
    meaning = _MEANINGS.get(entry["type"], entry["msg"].removeprefix("Value error, "))
    return f"{place} {meaning}".strip()
