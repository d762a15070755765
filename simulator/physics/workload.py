"""The network demand of the pods on a node."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from ..noise import around_one
from .schedule import Schedule, Steady


class Protocol(StrEnum):
    """TCP and UDP have separate inventories of SNAT ports."""

    TCP = "tcp"
    UDP = "udp"

    @property
    def number(self) -> int:
        """IANA protocol number, as NAT gateway metrics spell it."""
        return 6 if self is Protocol.TCP else 17


class Closing(StrEnum):
    """How flows end: by FIN, by reset, or never (idle until the network's timer ends them)."""

    FIN = "fin"
    RST = "rst"
    IDLE = "idle"


@dataclass(frozen=True)
class Destination:
    """A destination address and port, and its share of a workload's flows."""

    name: str
    share: float = 1.0


@dataclass(frozen=True)
class Workload:
    """A kind of pod, as it behaves on one node.

    `new_flows_per_second` is per node; a flow is held for `hold_seconds` before it closes;
    `retried_share` of the flows that fail come back in the next minute. `spread` is how much nodes,
    and minutes, differ from one another.
    """

    name: str
    new_flows_per_second: float
    hold_seconds: float
    protocol: Protocol = Protocol.TCP
    closing: Closing = Closing.FIN
    destinations: tuple[Destination, ...] = (Destination("internet"),)
    schedule: Schedule = field(default_factory=Steady)
    retried_share: float = 0.0
    spread: float = 0.1
    bytes_per_flow: int = 20_000
    packets_per_flow: int = 24


@dataclass(frozen=True)
class Stream:
    """One workload's flows to one destination: the unit in which ports are taken."""

    workload: Workload
    destination: Destination

    @cached_property
    def key(self) -> tuple[str, str]:
        return self.workload.name, self.destination.name


@dataclass(frozen=True, eq=False)
class NodeLoad:
    """The workloads on one node, with the noise that is this node's own.

    Nodes that share one load behave alike; loads are compared by identity.
    """

    workloads: tuple[Workload, ...]
    seed: str

    def streams(self, protocol: Protocol) -> tuple[Stream, ...]:
        return tuple(
            Stream(workload, destination)
            for workload in self.workloads
            if workload.protocol is protocol
            for destination in workload.destinations
        )

    def rate(self, stream: Stream, minute: int) -> float:
        """New flows per second that `stream` wants in `minute`, retries not counted."""
        workload = stream.workload
        factor = workload.schedule.factor(minute)
        if factor == 0:
            return 0.0
        rate = workload.new_flows_per_second * factor * stream.destination.share
        if workload.spread:
            rate *= around_one(workload.spread, self.seed, workload.name)
            rate *= around_one(workload.spread / 2, self.seed, workload.name, minute)
        return rate
