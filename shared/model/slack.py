"""What people ask for in Slack."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SlackRequest:
    """A slash command, as Slack signed it. ``team`` is the workspace of ``user``, who may belong to another one."""

    team: str
    user: str
    text: str
    response_url: str = field(repr=False)  # whoever holds it can answer for half an hour
    received_at: datetime
