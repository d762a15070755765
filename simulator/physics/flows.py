"""One minute of flows through a set of ports: a fluid, not packets.

Each stream (workload, destination) holds N ports. A port is free again after `port_seconds` on average, so N decreases
at N / port_seconds; new flows arrive at `rate` and take a port each. A port
can serve several destinations at once, so the limit holds per destination: the streams to one
destination together never hold more than `ports`. A flow without a free port fails.

While no limit binds, the minute has an exact solution; otherwise it is stepped in short slices in
which flows are admitted in proportion to each stream's demand. Either way
attempted = admitted + failed, and held after = held before + admitted - released; with one stream
the slices give the exact solution too, as long as it stays clear of the limit or at it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

SLICES_PER_MINUTE = 12
_SLICE_SECONDS = 60.0 / SLICES_PER_MINUTE

StreamKey = tuple[str, str]


class Demand(NamedTuple):
    """A stream's demand in a minute."""

    key: StreamKey
    rate_per_second: float
    port_seconds: float


class StreamMinute(NamedTuple):
    """A stream's result for a minute: counts of flows, and ports held (at the end, and on average)."""

    attempted: float
    admitted: float
    held_after: float
    held_average: float

    @property
    def failed(self) -> float:
        return self.attempted - self.admitted

    def released(self, held_before: float) -> float:
        return held_before + self.admitted - self.held_after


Outcome = dict[StreamKey, StreamMinute]


def run_minute(demands: Sequence[Demand], held: Mapping[StreamKey, float], ports: float) -> Outcome:
    """Move every stream by one minute.

    `held` is the ports held at the minute's start, by stream; streams missing there hold none.
    `ports` is the limit per destination.
    """
    outcome: Outcome = {}
    by_destination: dict[str, list[Demand]] = {}
    for demand in demands:
        by_destination.setdefault(demand.key[1], []).append(demand)
    for group in by_destination.values():
        most = sum(max(held.get(d.key, 0.0), d.rate_per_second * d.port_seconds) for d in group)
        outcome.update(_run_free(group, held) if most <= ports else _run_limited(group, held, ports))
    return outcome


def _run_free(group: Sequence[Demand], held: Mapping[StreamKey, float]) -> Outcome:
    """No limit binds: every flow gets a port. Exact."""
    outcome: Outcome = {}
    for demand in group:
        before = held.get(demand.key, 0.0)
        level = demand.rate_per_second * demand.port_seconds
        decay = math.exp(-60.0 / demand.port_seconds)
        after = level + (before - level) * decay
        average = level + (before - level) * demand.port_seconds / 60.0 * (1.0 - decay)
        wanted = demand.rate_per_second * 60.0
        outcome[demand.key] = StreamMinute(wanted, wanted, after, average)
    return outcome


def _run_limited(group: Sequence[Demand], held: Mapping[StreamKey, float], ports: float) -> Outcome:
    """The limit may bind within the minute: step it in slices.

    Of the flows that a slice admits, the share `stays` still holds its port at the slice's end.
    """
    now = [held.get(d.key, 0.0) for d in group]
    keeps = [math.exp(-_SLICE_SECONDS / d.port_seconds) for d in group]
    stays = [(1.0 - keep) * d.port_seconds / _SLICE_SECONDS for d, keep in zip(group, keeps, strict=True)]
    wants = [d.rate_per_second * _SLICE_SECONDS for d in group]
    needed = sum(want * stay for want, stay in zip(wants, stays, strict=True))
    admitted = [0.0] * len(group)
    integral = [0.0] * len(group)
    for _ in range(SLICES_PER_MINUTE):
        before = now
        now = [n * keep for n, keep in zip(now, keeps, strict=True)]
        free = max(0.0, ports - sum(now))
        share = 1.0 if needed <= free else free / needed
        for i, want in enumerate(wants):
            admitted[i] += want * share
            now[i] += want * share * stays[i]
            integral[i] += (before[i] + now[i]) / 2
    return {
        d.key: StreamMinute(d.rate_per_second * 60.0, got, after, total / SLICES_PER_MINUTE)
        for d, got, after, total in zip(group, admitted, now, integral, strict=True)
    }


def admitted_share(outcome: Outcome, destination: str) -> float:
    """The chance that one more flow to a destination got a port: 1 where nothing limited it."""
    there = [result for key, result in outcome.items() if key[1] == destination]
    attempted = sum(result.attempted for result in there)
    return sum(result.admitted for result in there) / attempted if attempted else 1.0


def used_ports(held: Mapping[StreamKey, float]) -> float:
    """Ports in use when each serves as many destinations as it can: those of the busiest destination."""
    per_destination: dict[str, float] = {}
    for (_, destination), ports in held.items():
        per_destination[destination] = per_destination.get(destination, 0.0) + ports
    return max(per_destination.values(), default=0.0)


class Rounding:
    """Rounds to whole flows without loss: the remainder carries over to the next minute."""

    def __init__(self, rest: float = 0.0) -> None:
        self.rest = rest

    def whole(self, amount: float) -> int:
        exact = amount + self.rest
        number = max(0, round(exact))
        self.rest = exact - number
        return number
