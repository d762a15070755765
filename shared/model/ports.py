"""How full the nodes' SNAT ports are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .metric import Window


@dataclass(frozen=True, slots=True)
class NodePorts:
    """One node's ports of one protocol (``tcp``, ``udp``: separate inventories) in its fullest minute ``at``.

    ``used`` and ``allocated`` are added up over the frontends. ``name`` is empty when no node is known to have that IP.
    ``is_gone``: every list of nodes was read, and no node has that IP any more.
    """

    ip: str
    protocol: str
    used: float
    allocated: float
    at: datetime
    name: str = ""
    pool: str = ""
    is_gone: bool = False

    @property
    def share(self) -> float:
        """Used of allocated; 0 without an allocation, because nothing can be said then."""
        return self.used / self.allocated if self.allocated > 0 else 0.0


@dataclass(frozen=True, slots=True)
class PortReading:
    """The port metrics of one load balancer over ``window``, reduced to what is judged.

    ``nodes`` are those with at least half of their ports in use, or whose use climbs steeply, fullest first.
    ``allocated_per_node`` is the allocation that most nodes have, None when there is none. ``is_truncated``: Azure
    Monitor cut the answer.
    """

    window: Window
    nodes: tuple[NodePorts, ...] = ()
    allocated_per_node: int | None = None
    is_truncated: bool = False


@dataclass(frozen=True, slots=True)
class PortHistory:
    """Used ports of one node and protocol, minute by minute, oldest first."""

    ip: str
    protocol: str
    used: tuple[tuple[datetime, float], ...]


@dataclass(frozen=True, slots=True)
class AllocationBaseline:
    """How many SNAT ports a node has, as kept between scans."""

    ports: int
    lower_since: datetime | None = None  # since when nodes have had fewer; None while they have as many
