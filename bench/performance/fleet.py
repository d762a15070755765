"""Fleets to measure at: N load balancers over some subscriptions and regions, one in a hundred with a failing node."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

MOST_SERIES = 300_000
"""60 % of the 500,000 time series above which Azure answers nothing (opentelemetry-collector-contrib#40078)."""
GRAPH_PAGE = 1000
NODES = 5
FRONTENDS = 1
SERIES = NODES * FRONTENDS * 8
"""Of one load balancer, of used and allocated ports: two protocols, awaiting removal or not."""
BATCH = min(50, MOST_SERIES // SERIES)
FAILING_ONE_IN = 100
ROUND_TRIP_SECONDS = 0.05
_REGIONS = ("westeurope", "northeurope", "swedencentral", "eastus2")


@dataclass(frozen=True, slots=True)
class FleetSize:
    """``load_balancers`` are spread evenly over ``subscriptions`` times ``regions``, and so are the failing ones."""

    load_balancers: int
    subscriptions: int
    regions: int

    @property
    def lanes(self) -> int:
        """Pairs of subscription and region: a batch stays within a pair."""
        return self.subscriptions * self.regions

    @property
    def in_lane(self) -> int:
        return self.load_balancers // self.lanes

    @property
    def failing(self) -> int:
        return max(1, self.load_balancers // FAILING_ONE_IN)

    def failing_in_lane(self, lane: int) -> int:
        return self.failing // self.lanes + (lane < self.failing % self.lanes)

    @property
    def batches(self) -> int:
        """Requests that ask every load balancer one question."""
        return self.lanes * math.ceil(self.in_lane / BATCH)

    @property
    def failing_batches(self) -> int:
        """Requests that ask every failing load balancer one question."""
        return sum(math.ceil(self.failing_in_lane(lane) / BATCH) for lane in range(self.lanes))

    @property
    def batches_of_healthy(self) -> int:
        """Requests that ask every load balancer but the failing ones one question."""
        return sum(math.ceil((self.in_lane - self.failing_in_lane(lane)) / BATCH) for lane in range(self.lanes))

    @property
    def graph_pages(self) -> int:
        """Resource Graph pages of clusters, of load balancers, and one without any NAT gateway."""
        return 2 * math.ceil(self.load_balancers / GRAPH_PAGE) + 1


SIZES = (
    FleetSize(10, 1, 1),
    FleetSize(100, 1, 1),
    FleetSize(1_000, 2, 2),
    FleetSize(10_000, 5, 4),
)


def write_scenario(size: FleetSize, folder: Path) -> Path:
    """A scenario file of this fleet; the simulator answers after the round trip's delay."""
    subscriptions = [{"id": f"00000000-0000-4000-8000-{number:012d}"} for number in range(1, size.subscriptions + 1)]
    clusters: list[dict[str, Any]] = []
    lanes = [(subscription["id"], region) for subscription in subscriptions for region in _REGIONS[: size.regions]]
    for number, (subscription, region) in enumerate(lanes):
        where = {"subscription": subscription, "location": region}
        clusters += _lane(size.in_lane, size.failing_in_lane(number), f"lane{number:02d}", where)
    content = {
        "description": f"{size.load_balancers} load balancers for measuring",
        "settings": {"round_trip_seconds": ROUND_TRIP_SECONDS},
        "subscriptions": subscriptions,
        "clusters": clusters,
    }
    path = folder / f"fleet-{size.load_balancers}.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


def _lane(members: int, failing: int, name: str, where: dict[str, str]) -> list[dict[str, Any]]:
    """In blocks with one failing cluster each, so that failing clusters spread evenly over the batches."""
    blocks = max(1, failing)
    made: list[dict[str, Any]] = []
    for block in range(blocks):
        group, count = f"{name}-{block:03d}", members // blocks + (block < members % blocks)
        made.append(_clusters(where, group, "steady-{n}", count - (failing > 0), _STEADY))
        if failing:
            made.append(_clusters(where, group, "sick-{n}", 1, [*_STEADY, _CRAWLER]))
    return made


def _clusters(
    where: dict[str, str], group: str, name: str, replicas: int, workloads: list[dict[str, Any]]
) -> dict[str, Any]:
    pools = [{"name": "nodepool1", "mode": "System", "nodes": NODES}]
    given = {"name": f"{group}-{name}", "resource_group": group, "replicas": replicas, "pools": pools}
    return where | given | {"workloads": workloads}


_STEADY: list[dict[str, Any]] = [
    {
        "name": "web",
        "new_flows_per_second": 2,
        "hold_seconds": 5,
        "destinations": [{"name": "api.example.com:443", "share": 2}, {"name": "cdn.example.net:443", "share": 1}],
    }
]
_CRAWLER: dict[str, Any] = {
    "name": "crawler",
    "runs_on": ["nodepool1/3"],
    "new_flows_per_second": 25,
    "hold_seconds": 12,
    "destinations": [{"name": "index.example.org:443"}],
    "schedule": {"kind": "spike", "from_minute": -20, "rest": 0},
}
