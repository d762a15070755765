"""The request log: caller, request and result. It never holds bodies or tokens."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

LONGEST_LOG = 50_000
_SIGNATURES = re.compile(r"([?&](?:(?:sig|code)=|(?:c|s|h)=(?=[^&]{16,})))[^&]+")


@dataclass(frozen=True)
class LoggedRequest:
    """`at` is simulated time; `client_id` the identity of the bearer token, if any."""

    seq: int
    at: str
    method: str
    path: str
    client_id: str | None
    status: int


class RequestLog:
    """The newest requests, numbered from 1."""

    def __init__(self) -> None:
        self._entries: deque[LoggedRequest] = deque(maxlen=LONGEST_LOG)
        self._count = 0

    def add(self, at: str, method: str, target: str, client_id: str | None, status: int) -> None:
        self._count += 1
        path = _SIGNATURES.sub(r"\1~", target)
        self._entries.append(LoggedRequest(self._count, at, method, path, client_id, status))

    def after(self, seq: int) -> list[dict[str, Any]]:
        return [asdict(entry) for entry in self._entries if entry.seq > seq]
