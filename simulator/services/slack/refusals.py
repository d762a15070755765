"""Refusals of Slack's web API: status 200, `"ok": false`, and a code (Slack docs: web API, evaluating responses)."""

from __future__ import annotations

from typing import Any

from ...errors import PlainError, ServiceError
from ...world import World


class SlackError(ServiceError):
    """`{"ok": false, "error": code}`, with the code's further fields."""

    def __init__(self, code: str, *, status: int = 200, headers: dict[str, str] | None = None, **more: Any) -> None:
        super().__init__(status, code, code, headers=headers)
        self._more = more

    def body(self) -> Any:
        return {"ok": False, "error": self.code} | self._more

    def as_text(self) -> PlainError:
        """The same where Slack answers in plain text: at incoming webhooks."""
        status = 400 if self.status == 200 else self.status
        return PlainError(status, self.code, self.code, headers=self.headers)


def take_turn(world: World, channel: str, code: str = "ratelimited") -> None:
    """Count a message: one a second in a channel, short bursts allowed (Slack docs: apis/web-api/rate-limits)."""
    key, now = f"slack {channel}", world.clock.now().timestamp()
    if wait := world.throttle.seconds_to_wait(key, now, 1.0, world.settings.slack_burst):
        raise SlackError(code, status=429, headers={"Retry-After": str(wait)})
