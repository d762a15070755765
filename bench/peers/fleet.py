"""The fleet that each tool looks at: one failing cluster, one without any connection, and steady ones."""

from __future__ import annotations

from pathlib import Path

import yaml

from bench.performance.fleet import NODES, FleetSize, write_scenario

IDLE = "idle-1"


def write_fleet(load_balancers: int, folder: Path) -> Path:
    path = write_scenario(FleetSize(load_balancers - 1, 1, 1), folder)
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    like = {key: content["clusters"][0][key] for key in ("subscription", "location")}
    pools = [{"name": "nodepool1", "mode": "System", "nodes": NODES}]
    content["clusters"].append(like | {"name": IDLE, "resource_group": IDLE, "pools": pools, "workloads": []})
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path
