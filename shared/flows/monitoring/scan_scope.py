"""What one look asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from ...model.metric import Window

SLOW_WINDOW = timedelta(minutes=15)  # of a NAT gateway's data path (Azure docs: nat-metrics)


@dataclass(frozen=True, slots=True)
class ScanScope:
    """What is looked at. ``ports`` and ``slow`` (open connections and data path of gateways) are None when not due.

    ``in_trouble``: ids in lower case of clusters with an open incident; theirs are looked at every time.
    """

    window: Window
    ports: Window | None = None
    slow: Window | None = None
    in_trouble: frozenset[str] = frozenset()
