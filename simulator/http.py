"""Requests and answers, free of any HTTP server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

from .errors import ArmError

WRITES = ("PUT", "PATCH", "DELETE")
"""The methods that write a resource."""


@dataclass(frozen=True)
class Request:
    """One HTTP request. Header names are lower case; `path` is percent-decoded.

    forgery: how a fault changes the ID token in the answer.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    base_url: str = ""
    raw_target: str = ""
    client_id: str | None = None
    forgery: str = ""
    params: Mapping[str, str] = field(default_factory=dict)

    def with_params(self, params: Mapping[str, str]) -> Request:
        return replace(self, params=params)

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object, or Resource Manager's 400."""
        try:
            parsed = json.loads(self.body or b"null")
        except ValueError as error:
            raise ArmError(
                400,
                "InvalidRequestContent",
                f"The request content was invalid and could not be deserialized: '{error}'.",
            ) from error
        if not isinstance(parsed, dict):
            raise ArmError(
                400,
                "InvalidRequestContent",
                "The request content was invalid and could not be deserialized: a JSON object is expected.",
            )
        return parsed

    def form(self) -> dict[str, str]:
        """The body as `application/x-www-form-urlencoded` fields."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(frozen=True)
class Response:
    """One HTTP answer. `body` is JSON (anything but bytes, str, None), text, or nothing."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self) -> tuple[bytes, str | None]:
        """The body's bytes and its content type."""
        if self.body is None:
            return b"", None
        if isinstance(self.body, bytes):
            return self.body, "application/json; charset=utf-8"
        if isinstance(self.body, str):
            return self.body.encode(), "text/plain; charset=utf-8"
        return json.dumps(self.body, separators=(",", ":")).encode(), "application/json; charset=utf-8"
