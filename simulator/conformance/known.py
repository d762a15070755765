"""Accepted differences (`known.json`), each with its reason.

Each rule names kinds of resources and the places of differences, never a recording. A difference that
no rule covers makes the run fail.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from .difference import Difference
from .history import type_of
from .recording import Exchange


@dataclass(frozen=True)
class Known:
    """A reason, and the differences it explains: `types` of resources and `places` (`kind where`), as globs."""

    reason: str
    types: Sequence[str]
    places: Sequence[str]

    def covers(self, exchange: Exchange, difference: Difference) -> bool:
        kind, place = type_of(exchange), f"{difference.kind} {difference.where.removeprefix('value[].')}"
        return any(fnmatchcase(kind, each) for each in self.types) and any(
            fnmatchcase(place, each.replace("[]", "[[]]")) for each in self.places
        )


KNOWN = tuple(Known(**each) for each in json.loads(Path(__file__).with_name("known.json").read_text("utf-8")))


def reason_for(exchange: Exchange, difference: Difference, known: Iterable[Known] = KNOWN) -> str | None:
    """Why a difference is accepted, or None."""
    return next((each.reason for each in known if each.covers(exchange, difference)), None)
