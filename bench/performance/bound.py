"""The fewest requests that a tick needs, computed from the batch limits, and the number that a loop needs."""

from __future__ import annotations

from dataclasses import dataclass

from .fleet import FleetSize

DETAIL_QUESTIONS = 2
"""Of failing clusters: connections by backend, and connections of the two hours before."""
TROUBLE_QUESTIONS = 1
"""Of clusters with an open incident, in every tick: an hour of used and allocated ports."""
PORT_QUESTIONS = 1
"""Of everybody, when the pressure pass is due: used and allocated ports."""
CANARY = 2
"""One load balancer a tick is asked both ways, in a batch and alone."""


@dataclass(frozen=True, slots=True)
class Bound:
    """Requests per tick in the steady state: incidents are open, node names and the fleet are cached."""

    failed: int
    pressure: int
    discovery: int


def bound(size: FleetSize) -> Bound:
    detail = (DETAIL_QUESTIONS + TROUBLE_QUESTIONS) * size.failing_batches
    failed = size.batches + detail + CANARY
    # Failing load balancers are already counted.
    pressure = failed + PORT_QUESTIONS * size.batches_of_healthy
    return Bound(failed, pressure, size.graph_pages)


def one_by_one(size: FleetSize) -> Bound:
    """The same with METRICS_MODE=arm: each question to each load balancer is a request."""
    failed = size.load_balancers + (DETAIL_QUESTIONS + TROUBLE_QUESTIONS) * size.failing
    return Bound(failed, failed + PORT_QUESTIONS * (size.load_balancers - size.failing), size.graph_pages)


def loop_requests(size: FleetSize) -> Bound:
    return Bound(size.load_balancers + size.failing, 2 * size.load_balancers + size.failing, 0)


def share_above(measured: int, least: int) -> float:
    """Negative would mean that the bound is wrong."""
    return measured / least - 1
