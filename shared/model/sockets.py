"""Connections of a node's pods, from a list of its sockets that a person made there."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

MANY = 20  # connections of a pod to one destination; common connection pools keep at most 10 or 20
_MOST_ROWS = 30


class Cure(Enum):
    REUSE = "reuse"  # most are closed by now: each request opened its own
    LIMIT = "limit"  # many stay open
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Culprit:
    """The connections of one pod to one destination."""

    pod: str  # namespace/name; empty: unknown
    is_host_network: bool  # then no pod is known: all pods of the node's own network are alike
    protocol: str  # tcp or udp
    destination: str  # address:port
    connections: int  # as many SNAT ports: a port serves one connection to the same destination
    opening: int  # of these: without an answer yet
    closed: int  # of these: closed, while the port is still held

    @property
    def cure(self) -> Cure:
        if self.connections < MANY:
            return Cure.NONE
        return Cure.REUSE if 2 * self.closed >= self.connections else Cure.LIMIT


@dataclass(frozen=True, slots=True)
class NodeSockets:
    """``node``: empty if the output does not say."""

    node: str
    culprits: tuple[Culprit, ...]  # most connections first
    connections: int  # this and the ports: of those left out, too
    tcp_ports: int  # the least number: a port can serve several destinations, but only once each
    udp_ports: int
    inside: int  # connections that stay in the network and hold no SNAT port
    inbound: int
    left_out: int = 0  # culprits with fewer connections

    def shortened(self) -> "NodeSockets":
        return replace(self, culprits=self.culprits[:_MOST_ROWS], left_out=len(self.culprits[_MOST_ROWS:]))


@dataclass(frozen=True, slots=True)
class PastedSockets:
    """What somebody pasted on an incident's page, reduced to the table that is shown there."""

    incident_id: str
    nodes: tuple[NodeSockets, ...]
    unreadable: int  # entries
    pasted_by: str
    pasted_at: datetime
