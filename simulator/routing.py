"""Routes: from a method and a path to the function that answers.

A route is a method and a path template such as
`/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/natGateways/{name}`.
Azure Resource Manager compares paths without case, so matching does too; parameters keep the case
in which the client sent them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from .errors import ArmError
from .http import Request, Response
from .world import World

Handler = Callable[[World, Request], Response]
_H = TypeVar("_H", covariant=True)


@dataclass(frozen=True)
class Route(Generic[_H]):
    """A method, a path template, and the function that answers."""

    method: str
    template: str
    handler: _H


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


class Router(Generic[_H]):
    """Finds the handler for a request: first by the number of segments, then in the order given."""

    def __init__(self, routes: Iterable[Route[_H]]) -> None:
        self._routes = [(_pattern(route.template), route) for route in routes]

    def find(self, request: Request) -> tuple[_H, dict[str, str]] | None:
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
