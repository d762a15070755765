"""Used and allocated SNAT ports of nodes."""

from dataclasses import dataclass
from datetime import datetime

from .metric import Window


@dataclass(frozen=True, slots=True)
class NodePorts:
    """One node's ports of one protocol, summed over the frontends."""

    ip: str
    protocol: str  # ``tcp`` or ``udp``: each has its own ports
    used: float
    allocated: float
    at: datetime  # the minute with the highest use
    name: str = ""  # empty: no known node has that IP
    pool: str = ""
    is_gone: bool = False  # every list of nodes was read, and no node has that IP any more

    @property
    def share(self) -> float:
        """Used by allocated ports; 0 without an allocation, because then nothing is known."""
        return self.used / self.allocated if self.allocated > 0 else 0.0


@dataclass(frozen=True, slots=True)
class PortReading:
    """The port metrics of one load balancer, reduced to what is assessed."""

    window: Window
    nodes: tuple[NodePorts, ...] = ()  # nodes with half of their ports in use or steeply rising use; fullest first
    allocated_per_node: int | None = None  # allocation of most nodes
    is_truncated: bool = False  # Azure Monitor truncated the answer


@dataclass(frozen=True, slots=True)
class PortHistory:
    """Used ports of one node and protocol per minute, oldest first."""

    ip: str
    protocol: str
    used: tuple[tuple[datetime, float], ...]


@dataclass(frozen=True, slots=True)
class AllocationBaseline:
    """The usual allocation of SNAT ports per node, stored between scans."""

    ports: int
    lower_since: datetime | None = None  # since when nodes have fewer ports; None while they have as many
