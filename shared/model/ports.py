"""How full the nodes' SNAT ports are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .metric import Window


@dataclass(frozen=True, slots=True)
class NodePorts:
    """One node's ports of one protocol, added up over the frontends."""

    ip: str
    protocol: str  # ``tcp`` or ``udp``: separate inventories
    used: float
    allocated: float
    at: datetime  # its fullest minute
    name: str = ""  # empty: no node is known to have that IP
    pool: str = ""
    is_gone: bool = False  # every list of nodes was read, and none has that IP any more

    @property
    def share(self) -> float:
        """Used of allocated; 0 without an allocation, because nothing can be said then."""
        return self.used / self.allocated if self.allocated > 0 else 0.0


@dataclass(frozen=True, slots=True)
class PortReading:
    """The port metrics of one load balancer, reduced to what is assessed."""

    window: Window
    nodes: tuple[NodePorts, ...] = ()  # at least half of their ports in use, or steeply climbing; fullest first
    allocated_per_node: int | None = None  # what most nodes have
    is_truncated: bool = False  # Azure Monitor cut the answer


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
