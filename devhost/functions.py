"""A function app's declarations: its functions, each with a trigger and its queue outputs.

Derived from the bindings that the app's own decorators (``azure.functions``) describe, with ``%SETTING%`` replaced.
What this host can't do is refused by name rather than left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from devhost.errors import StartError, UnsupportedError

HTTP_METHODS = frozenset({"GET", "POST", "DELETE", "HEAD", "PATCH", "PUT", "OPTIONS", "TRACE", "CONNECT"})
RETURN = "$return"
_SETTING = re.compile(r"%([^%]+)%")


@dataclass(frozen=True)
class HttpTrigger:
    route: str
    methods: frozenset[str]
    auth_level: str
    """"anonymous", "function" or "admin"."""


@dataclass(frozen=True)
class TimerTrigger:
    schedule: str


@dataclass(frozen=True)
class QueueTrigger:
    queue: str
    connection: str
    """The name of the setting that holds the connection string."""


@dataclass(frozen=True)
class QueueOutput:
    argument: str
    """The parameter that takes the message, or "$return"."""
    queue: str
    connection: str


@dataclass(frozen=True)
class Function:
    name: str
    trigger: HttpTrigger | TimerTrigger | QueueTrigger
    outputs: tuple[QueueOutput, ...]


def parse_function(name: str, bindings: list[dict[str, Any]], settings: Mapping[str, str]) -> Function:
    """Builds a Function from its bindings, in the shape of function.json.

    Raises UnsupportedError for a kind of binding that this host doesn't have, StartError for a setting that is missing.
    """
    triggers: list[HttpTrigger | TimerTrigger | QueueTrigger] = []
    outputs: list[QueueOutput] = []
    for binding in bindings:
        values = {key: _resolve(value, settings, name) for key, value in binding.items()}
        match values["type"]:
            case "httpTrigger":
                methods = frozenset(values.get("methods") or HTTP_METHODS)
                level = str(values.get("authLevel", "FUNCTION")).lower()
                triggers.append(HttpTrigger(values.get("route", name).strip("/"), methods, level))
            case "timerTrigger":
                triggers.append(TimerTrigger(values["schedule"]))
            case "queueTrigger":
                triggers.append(QueueTrigger(values["queueName"], values["connection"]))
            case "queue":
                outputs.append(QueueOutput(values["name"], values["queueName"], values["connection"]))
            case "http":
                pass
            case other:
                raise UnsupportedError(f"function {name} has a binding of type {other}, which this host doesn't run")
    return Function(name, triggers[0], tuple(outputs))


def _resolve(value: Any, settings: Mapping[str, str], function: str) -> Any:
    """Replaces each ``%NAME%`` in a text by the app setting of that name."""

    def setting(match: re.Match[str]) -> str:
        if match[1] not in settings:
            raise StartError(f"function {function} needs the app setting {match[1]}, which isn't there")
        return settings[match[1]]

    return _SETTING.sub(setting, value) if isinstance(value, str) else value
