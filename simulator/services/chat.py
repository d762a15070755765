"""Messages that chat services accepted: kept so that people and tests can read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Posted:
    """One accepted (or refused) message: `kind` is webhook, post or update."""

    service: str
    kind: str
    channel: str
    at: datetime
    status: int
    body: Any
    ts: str | None = None

    def to_json(self) -> dict[str, Any]:
        shown = {
            "service": self.service,
            "kind": self.kind,
            "channel": self.channel,
            "at": self.at.isoformat().replace("+00:00", "Z"),
            "status": self.status,
            "body": self.body,
        }
        return shown | ({"ts": self.ts} if self.ts else {})
