"""Which host of a real service is which path of the simulator, and what is served there."""

from __future__ import annotations

import re

from ..app import ARM_ROUTES, OPEN_ROUTES
from ..errors import ServiceError
from ..http import Request
from ..routing import Router
from .recording import Exchange

_SERVED = Router([*OPEN_ROUTES, *ARM_ROUTES])
_HOSTS = [
    (re.compile(r"(?P<region>[a-z0-9]+)\.metrics\.monitor\.azure\.(?:com|us|cn)"), "/metrics/{region}"),
    (re.compile(r"management\.(?:azure\.com|usgovcloudapi\.net|chinacloudapi\.cn)"), ""),
    (re.compile(r"login\.(?:microsoftonline\.(?:com|us)|windows\.net|chinacloudapi\.cn)"), ""),
    (re.compile(r"api\.(?:loganalytics\.(?:io|azure\.com)|monitor\.azure\.com)"), ""),
    (re.compile(r"169\.254\.169\.254"), ""),
    (re.compile(r"hooks\.slack\.com|slack\.com"), "/slack"),
    (re.compile(r"[\w.-]+\.logic\.azure\.com|[\w.-]+\.environment\.api\.powerplatform\.com"), "/teams"),
]


def path_on_simulator(host: str, path: str) -> str | None:
    """Where the simulator serves `path` of `host`; None when nothing of that host is simulated.

    Recordings of Resource Manager often leave the host out.
    """
    if not host:
        return path
    for pattern, prefix in _HOSTS:
        match = pattern.fullmatch(host.lower().partition(":")[0])
        if match is not None:
            return prefix.format(**match.groupdict()) + path
    return None


def is_served(exchange: Exchange) -> bool:
    """Whether the simulator has a route for the request."""
    path = path_on_simulator(exchange.host, exchange.path)
    if path is None:
        return False
    try:
        return _SERVED.find(Request(exchange.method, path)) is not None
    except ServiceError:
        return False
