"""Finds the function for a request: matches HTTP routes like Azure Functions.

Route templates are those of ASP.NET: ``{name}``, ``{name:int}``, ``{name?}`` and ``{*rest}``; case doesn't matter.
Azure docs: "Azure Functions HTTP trigger", "Customize the HTTP endpoint".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote

from devhost.errors import UnsupportedError
from devhost.functions import Function, HttpTrigger

_CONSTRAINTS = {
    "": r"[^/]+",
    "alpha": r"[A-Za-z]+",
    "int": r"[+-]?\d+",
    "long": r"[+-]?\d+",
    "guid": r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
}
_PARAMETER = re.compile(r"\{(?P<rest>\*?)(?P<name>\w+)(?::(?P<constraint>\w+))?(?P<optional>\??)\}")


class Route:
    """One HTTP function's route. Raises UnsupportedError for a template that this host can't match."""

    def __init__(self, function: Function, trigger: HttpTrigger, prefix: str) -> None:
        self.function = function
        self.trigger = trigger
        self.template = f"/{prefix}/{trigger.route}".replace("//", "/").rstrip("/") or "/"
        self._pattern = re.compile(self._regex(), re.IGNORECASE)

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The route's values, decoded, if the request is for this function; `path` as sent, still encoded."""
        found = self._pattern.fullmatch(path.rstrip("/") or "/")
        if found is None or method not in self.trigger.methods:
            return None
        return {name: unquote(value) for name, value in found.groupdict().items() if value}

    def order(self) -> tuple[int, ...]:
        """Sorts the most specific first: a literal segment, then a constrained one, any, the rest of the path."""
        return tuple(_rank(segment) for segment in self.template.split("/"))

    def _regex(self) -> str:
        return "".join(self._segment(segment) for segment in self.template.split("/")[1:]) or "/"

    def _segment(self, segment: str) -> str:
        parameter = _PARAMETER.fullmatch(segment)
        if parameter is None:
            if "{" in segment:
                raise UnsupportedError(f"function {self.function.name}: this host can't match the route part {segment}")
            return f"/{re.escape(segment)}"
        constraint = parameter["constraint"] or ""
        if constraint not in _CONSTRAINTS:
            raise UnsupportedError(f"function {self.function.name}: this host has no route constraint {constraint}")
        if parameter["rest"]:
            return f"(?:/(?P<{parameter['name']}>.*))?"
        value = f"/(?P<{parameter['name']}>{_CONSTRAINTS[constraint]})"
        return f"(?:{value})?" if parameter["optional"] else value


def _rank(segment: str) -> int:
    parameter = _PARAMETER.fullmatch(segment)
    if parameter is None:
        return 0
    return 3 if parameter["rest"] else 1 if parameter["constraint"] else 2


def routes(functions: Iterable[Function], prefix: str) -> list[Route]:
    """The routes of all HTTP functions, in the order in which to try them."""
    found = [Route(each, each.trigger, prefix) for each in functions if isinstance(each.trigger, HttpTrigger)]
    return sorted(found, key=Route.order)
