"""The hosts of the real services, and the path under which each is served here."""

from __future__ import annotations

import re

LOCAL = ("127.0.0.1", "localhost", "::1")
_HOSTS = [
    (re.compile(r"(?P<region>[a-z0-9]+)\.metrics\.monitor\.azure\.(?:com|us|cn)"), "/metrics/{region}"),
    (re.compile(r"management\.(?:azure\.com|usgovcloudapi\.net|chinacloudapi\.cn)"), ""),
    (re.compile(r"login\.(?:microsoftonline\.(?:com|us)|windows\.net|chinacloudapi\.cn)"), ""),
    (re.compile(r"api\.(?:loganalytics\.(?:io|azure\.com)|monitor\.azure\.com)"), ""),
    (re.compile(r"169\.254\.169\.254"), ""),
    (re.compile(r"(?:hooks\.|[\w-]+\.)?slack\.com"), "/slack"),
    (re.compile(r"[\w.-]+\.logic\.azure\.com|[\w.-]+\.environment\.api\.powerplatform\.com"), "/teams"),
    (re.compile(r"api\.powerautomate\.com"), "/teams"),
]
_DEAD = re.compile(r"[\w.-]+\.webhook\.office\.com")
"""Office 365 connectors of Teams, switched off in May 2026."""


def is_dead(host: str) -> bool:
    """Whether nothing answers at a host any more."""
    return _DEAD.fullmatch(_name(host)) is not None


def path_on_simulator(host: str, path: str) -> str | None:
    """Where the simulator serves `path` of `host`; None when nothing of that host is simulated."""
    name = _name(host)
    if name in ("", *LOCAL):
        return path
    for pattern, prefix in _HOSTS:
        match = pattern.fullmatch(name)
        if match is not None:
            return prefix.format(**match.groupdict()) + path
    return None


def _name(host: str) -> str:
    return host.lower().partition(":")[0]
