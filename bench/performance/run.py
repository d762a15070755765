"""Starts a simulator of each size and measures ticks and loops against it, each in a process of its own."""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from azure.identity import ManagedIdentityCredential

from devhost.azurite import Azurite
from shared.cloud.arm import Arm
from shared.cloud.discovery import Discovery
from shared.cloud.fleet_query import FleetDiscovery
from simulator.testing import RunningSimulator, start_simulator

from . import cold_start
from .bound import bound, loop_requests, one_by_one, share_above
from .child import run_module
from .fleet import NODES, ROUND_TRIP_SECONDS, SIZES, FleetSize, write_scenario
from .loop import THREADS
from .ticks import WORKERS

PAIRS = 7  # of what is compared; goals are held against the median
FAILED_AT_MOST = 3  # ticks of the failed pass alone at the largest size, which nothing is compared with
LOOP_AT = (10, 100, 1_000)
"""Larger fleets are not looped over: a loop's cost grows with each load balancer alike."""
SEQUENTIAL_UP_TO = 100
WHOLE_AT = 1_000


def measure(sizes: Sequence[FleetSize] = SIZES) -> dict[str, Any]:
    found = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for size in sizes:
            print(f"  {size.load_balancers:,} load balancers …", file=sys.stderr, flush=True)
            found.append(_at(size, Path(folder)))
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.system()},
        "round_trip_seconds": ROUND_TRIP_SECONDS,
        "nodes_per_cluster": NODES,
        "workers": WORKERS,
        "repeats": PAIRS,
        "sizes": found,
        "whole": [measure_whole(size) for size in sizes if size.load_balancers == WHOLE_AT],
        "cold_start": measure_cold_start(),
    }


def _at(size: FleetSize, folder: Path) -> dict[str, Any]:
    with start_simulator(write_scenario(size, folder)) as simulator:
        failed = PAIRS if size.load_balancers <= WHOLE_AT else FAILED_AT_MOST
        ticks = _child(simulator, "tick", str(failed), str(PAIRS), "auto")
        arm = _child(simulator, "tick", "1", "1", "arm") if size.load_balancers in LOOP_AT else None
        race = None
        loops: dict[str, Any] = {}
        if size.load_balancers in LOOP_AT:
            ids = json.dumps(load_balancer_ids(simulator))
            loops["threads"] = _child(simulator, "loop", str(THREADS), given=ids)
            if size.load_balancers <= SEQUENTIAL_UP_TO:
                loops["sequential"] = _child(simulator, "loop", "1", given=ids)
            if size.load_balancers == WHOLE_AT:
                race = _child(simulator, "race", str(PAIRS), given=ids)
    least, looped = bound(size), loop_requests(size)
    failed, pressure = ticks["failed"][-1]["requests"], ticks["pressure"][-1]["requests"]
    return {
        "load_balancers": size.load_balancers,
        "subscriptions": size.subscriptions,
        "regions": size.regions,
        "sick": size.failing,
        "ticks": ticks,
        "bound": {"failed": least.failed, "pressure": least.pressure, "discovery": least.discovery},
        "above_bound": {
            "failed": share_above(failed, least.failed),
            "pressure": share_above(pressure, least.pressure),
            "discovery": share_above(ticks["discovery"]["requests"], least.discovery),
        },
        "arm": None if arm is None else arm | {"bound": asdict(one_by_one(size))},
        "loop_requests": {"failed": looped.failed, "pressure": looped.pressure},
        "loops": loops,
        "race": race,
    }


def measure_whole(size: FleetSize) -> dict[str, Any]:
    """Measures ticks with storage: all inline, and in shards for queue workers."""
    print(f"  {size.load_balancers:,} load balancers, with storage …", file=sys.stderr, flush=True)
    ways = {"inline": "5000", "fan_out": "1"}
    found: dict[str, Any] = {"load_balancers": size.load_balancers}
    for way, fan_out_above in ways.items():
        with (
            tempfile.TemporaryDirectory(prefix="bench-") as folder,
            start_simulator(write_scenario(size, Path(folder))) as simulator,
            Azurite.start(Path(folder)) as storage,
        ):
            settings = {**settings_of(simulator, storage.connection_string), "FAN_OUT_ABOVE": fan_out_above}
            found[way] = run_module("whole", settings)
    return found


def _child(simulator: RunningSimulator, module: str, *arguments: str, given: str = "") -> Any:
    return run_module(module, simulator.environment(), simulator.url, *arguments, given=given)


def load_balancer_ids(simulator: RunningSimulator) -> list[str]:
    os.environ.update(simulator.environment())
    arm = Arm(simulator.url, ManagedIdentityCredential(client_id="detector-client-id"))
    fleet = FleetDiscovery(Discovery(arm)).read_fleet(datetime.now(UTC))
    arm.close()
    return [cluster.load_balancer.id for cluster in fleet.clusters if cluster.load_balancer is not None]


def measure_cold_start() -> dict[str, Any]:
    print("  cold start …", file=sys.stderr, flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        start_simulator("quiet") as simulator,
        Azurite.start(Path(folder)) as storage,
    ):
        return cold_start.measure(settings_of(simulator, storage.connection_string))


def settings_of(simulator: RunningSimulator, storage: str = "") -> Mapping[str, str]:
    return {
        **simulator.environment(),
        **({"AzureWebJobsStorage": storage} if storage else {}),
        "ARM_ENDPOINT": simulator.url,
        "METRICS_ENDPOINT": f"{simulator.url}/metrics/{{region}}",
        "METRICS_AUDIENCE": simulator.url,
        "DETECTOR_CLIENT_ID": "detector-client-id",
        "WATCH_SCHEDULE": "0 * * * * *",
        "QUEUE_PREFIX": "snatbot",
    }
