"""How many SNAT ports a node has, as kept between scans."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AllocationBaseline:
    """``lower_since``: since when nodes have had fewer than ``ports``; None while they have as many."""

    ports: int
    lower_since: datetime | None = None
