"""How many requests a tick needs at least, by hand from the batch's limit of 50, and how many a loop needs."""

from __future__ import annotations

from dataclasses import dataclass

from .fleet import FleetSize

DETAIL_QUESTIONS = 2
"""Of the sick: connections by backend, and connections of the two hours before."""
TROUBLE_QUESTIONS = 3
"""Of clusters with an open incident, in every tick: used ports, allocated ports, an hour of used ports."""
PORT_QUESTIONS = 2


@dataclass(frozen=True, slots=True)
class Bound:
    """Requests a tick in the steady state: incidents are open, node names known, the fleet kept."""

    failed: int
    pressure: int
    discovery: int


def bound(size: FleetSize) -> Bound:
    detail = (DETAIL_QUESTIONS + TROUBLE_QUESTIONS) * size.sick_batches
    failed = size.batches + detail
    # Ports are asked of everybody then; the hour of history of the sick alone.
    pressure = size.batches + DETAIL_QUESTIONS * size.sick_batches + PORT_QUESTIONS * size.batches + size.sick_batches
    return Bound(failed, pressure, size.graph_pages)


def loop_requests(size: FleetSize) -> Bound:
    return Bound(size.load_balancers + size.sick, 2 * size.load_balancers + size.sick, 0)


def share_above(measured: int, least: int) -> float:
    """Negative would mean that the bound is wrong."""
    return measured / least - 1
