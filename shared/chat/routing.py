"""Which channels a message goes to, by its cluster and how bad it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ..model.finding import Severity

if TYPE_CHECKING:
    from ..routes import Route


@dataclass(frozen=True, slots=True)
class Target:
    """What a message is about. What is unknown meets no condition; the fleet as a whole is nothing but unknown."""

    cluster: str = ""
    subscription: str = ""
    tags: Mapping[str, str] | None = None
    severity: Severity | None = None


def channels_for(routes: Sequence[Route], default: Sequence[str], target: Target) -> tuple[str, ...]:
    """Of the first route that matches, each once; ``default`` when none does."""
    found = next((route.to for route in routes if matches(route, target)), default)
    return tuple(dict.fromkeys(found))


def matches(route: Route, target: Target) -> bool:
    tags = {name.lower(): value for name, value in (target.tags or {}).items()}
    is_bad_enough = route.severity is None or (
        target.severity is not None and target.severity.rank >= Severity(route.severity).rank
    )
    return (
        is_bad_enough
        and _is_among(target.cluster, route.clusters)
        and _is_among(target.subscription, route.subscriptions)
        and all(tags.get(name.lower()) == value for name, value in route.tags.items())
    )


def _is_among(text: str, patterns: Sequence[str]) -> bool:
    if not patterns:
        return True
    return bool(text) and any(fnmatchcase(text.lower(), pattern.lower()) for pattern in patterns)
