"""Requests that Slack signed for this app: slack_bolt checks signature and age, over the body as it came.

slack_bolt calls nobody here: ``authorize`` answers from settings, and listeners only read. Source: docs.slack.dev,
verifying-requests-from-slack and implementing-slash-commands.
"""

import hashlib
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..model.slack import SlackRequest
from .errors import NotFromSlack

MOST_BYTES = 256 * 1024  # a click brings its message along, of at most 50 blocks
_FOUND = "snatbot_request"


@dataclass(frozen=True, slots=True)
class Signed:
    """``key`` is the same for the same signature: a replayed request has the key of the first."""

    key: str
    request: SlackRequest | None  # None: a button that only opened a page


class SlackRequests:
    def __init__(self, signing_secret: str, app: str, command: str) -> None:
        from slack_bolt import App
        from slack_bolt.authorization import AuthorizeResult

        def authorize(team_id: str) -> AuthorizeResult:
            return AuthorizeResult(enterprise_id=None, team_id=team_id)

        self._app = app
        self._bolt = App(
            name="snatbot",
            logger=_quiet_logger(),
            signing_secret=signing_secret,
            authorize=authorize,
            process_before_response=True,
            ssl_check_enabled=False,
            url_verification_enabled=False,
        )
        self._bolt.command(command)(_read)
        self._bolt.action(re.compile(".+"))(_read)

    def read(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Signed:
        """Raises NotFromSlack."""
        from slack_bolt import BoltRequest

        if len(body) > MOST_BYTES:
            raise NotFromSlack
        try:
            request = BoltRequest(body=body.decode("utf-8"), headers={name: [value] for name, value in headers.items()})
        except (ValueError, RecursionError, AttributeError, TypeError):  # it is parsed before it is verified
            raise NotFromSlack from None
        answer = self._bolt.dispatch(request)
        found: Mapping[str, Any] = request.context.get(_FOUND, {})
        if answer.status != 200 or found.get("api_app_id") != self._app:
            raise NotFromSlack
        signature = request.headers["x-slack-signature"][0]
        asked = _click(found, now) if "actions" in found else _command(found, now)
        return Signed(hashlib.sha256(signature.encode()).hexdigest(), asked)


def _command(found: Mapping[str, Any], now: datetime) -> SlackRequest:
    return SlackRequest(found["team_id"], found["user_id"], found.get("text", ""), found["response_url"], now)


def _click(found: Mapping[str, Any], now: datetime) -> SlackRequest | None:
    """A click in a channel that two workspaces share names both: it counts for the workspace of the person."""
    user, action = found["user"], found["actions"][0]
    if "value" not in action:
        return None
    return SlackRequest(
        user["team_id"], user["id"], action["value"], found["response_url"], now, action=action["action_id"]
    )


def _read(ack: Any, body: dict[str, Any], context: dict[str, Any]) -> None:
    context[_FOUND] = body
    ack()


def _quiet_logger() -> logging.Logger:
    """slack_bolt copies its filter to loggers of its own, which log bodies and signatures."""
    logger = logging.getLogger("snatbot.slack_bolt")
    if not logger.filters:
        logger.addFilter(_without_content)
    return logger


def _without_content(record: logging.LogRecord) -> bool:
    told = {"msg": "message of slack_bolt, %s line %d", "args": (record.module, record.lineno)}
    record.__dict__.update(told, exc_info=None, exc_text=None, stack_info=None)
    return True
