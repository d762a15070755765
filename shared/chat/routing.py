"""Which channels get a message, by its cluster and severity."""

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
    """Cluster and severity of a message. Unknown values match no condition; a fleet message has only those."""

    cluster: str = ""
    subscription: str = ""
    tags: Mapping[str, str] | None = None
    severity: Severity | None = None


def channels_for(routes: Sequence[Route], default: Sequence[str], target: Target) -> tuple[str, ...]:
    """The distinct channels of the first matching route; ``default`` if none matches."""
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
