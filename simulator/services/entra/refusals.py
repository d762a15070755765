"""Entra ID's refusals, with Microsoft's error numbers and texts: `aadsts.json`.

Status 302 there: the browser goes back to the application with the error; others are shown on Entra's page.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ...http import Request
from ...noise import stable_uuid
from ...refusal import declare
from ...world import World

_LIST: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("aadsts.json").read_text(encoding="utf-8"))
REFUSALS = {
    int(number): declare(each["status"], f"AADSTS{number}", each["when"], each["source"], assumed=each["assumed"])
    for number, each in _LIST.items()
}


class EntraError(Exception):
    """A refusal by its number; `words` are for the gaps in Entra's text."""

    def __init__(self, number: int, **words: str) -> None:
        entry = _LIST[str(number)]
        super().__init__(f"AADSTS{number}: {entry['words'].format(**words)}")
        self.number = number
        self.status = REFUSALS[number].status
        self.error = str(entry["error"])

    def fields(self, world: World, request: Request) -> dict[str, Any]:
        """The error as the token endpoint and redirects carry it."""
        at = world.clock.wall().strftime("%Y-%m-%d %H:%M:%SZ")
        trace = stable_uuid("trace", world.entra.next_number())
        correlation = request.headers.get("client-request-id") or stable_uuid("correlation", trace)
        return {
            "error": self.error,
            "error_description": f"{self} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {at}",
            "error_codes": [self.number],
            "timestamp": at,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"{request.base_url}/error?code={self.number}",
        }
