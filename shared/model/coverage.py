"""What is remembered of clusters that are not seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .tally import Unseen


@dataclass(frozen=True, slots=True)
class Blindness:
    """``since`` is the first look in a row that could not measure them; ``is_told``: people know."""

    unseen: Unseen
    since: datetime
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class FleetRecord:
    """``lost`` maps the id of a cluster that is no longer listed, and was not deleted, to its name.

    ``opted_out`` maps the key of a cluster to its name, once that was announced.
    """

    blind: tuple[Blindness, ...] = ()
    lost: Mapping[str, str] = field(default_factory=dict)
    opted_out: Mapping[str, str] = field(default_factory=dict)
