"""Requests, answers and routes, free of any HTTP server.

A route is a method and a path template such as
`/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/natGateways/{name}`.
Azure Resource Manager compares paths without case, so matching does too; parameters keep the case
in which the client sent them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from .errors import ArmError

if TYPE_CHECKING:
    from .world import World


@dataclass(frozen=True)
class Request:
    """One HTTP request. Header and query names are lower case; `path` is percent-decoded."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    base_url: str = ""
    raw_target: str = ""
    client_id: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)

    def with_params(self, params: Mapping[str, str]) -> Request:
        return replace(self, params=params)

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object, or 400 as Resource Manager says it."""
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


Handler = Callable[["World", Request], Response]


@dataclass(frozen=True)
class Route:
    """A method and a path template, and what answers it."""

    method: str
    template: str
    handler: Handler


_PARAMETER = re.compile(r"\{(\w+)(:path)?\}")


def _pattern(template: str) -> re.Pattern[str]:
    """`{name}` matches one segment, `{name:path}` any number of them."""
    pieces: list[str] = []
    position = 0
    for match in _PARAMETER.finditer(template):
        pieces.append(re.escape(template[position : match.start()]))
        pieces.append(f"(?P<{match[1]}>{'.+' if match[2] else '[^/]+'})")
        position = match.end()
    pieces.append(re.escape(template[position:]))
    return re.compile("".join(pieces), re.IGNORECASE)


class Router:
    """Finds the handler for a request: first by the number of segments, then in the order given."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = [(_pattern(route.template), route) for route in routes]

    def find(self, request: Request) -> tuple[Handler, dict[str, str]] | None:
        """The handler and path parameters, or None. Another method on a known path is 405."""
        path = request.path.rstrip("/") or "/"
        allowed: set[str] = set()
        for pattern, route in self._routes:
            match = pattern.fullmatch(path)
            if match is None:
                continue
            if route.method == request.method:
                return route.handler, match.groupdict()
            allowed.add(route.method)
        if allowed:
            raise ArmError(
                405,
                "MethodNotAllowed",
                f"The HTTP method '{request.method}' is not supported at this path.",
                headers={"Allow": ", ".join(sorted(allowed))},
            )
        return None
