"""Lets the pods of egress probes report to the app: /api/ip with a nonce, then the report with the ticket from there.

Requests are sent over HTTP with the X-Forwarded-For that Azure's front end would append, and with the same for a front
end that appends by itself. A report is sent about every 5
minutes; while the last answer said 30 seconds, every 90, and at once after a failure. What can't be delivered waits.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterable
from typing import Any

from .errors import ControlError
from .fleet import Cluster, Node
from .noise import stable_uuid
from .probe_pods import OK, ProbePod, connect, egress_addresses
from .scenario import Content
from .world import World

CALM_SECONDS, BUSY_SECONDS, REPORT_SECONDS = 300.0, 30.0, 75.0
BUSY_FOR_SECONDS = 900.0
MOST_WAITING, MOST_AT_ONCE = 288, 20
TIMEOUT_SECONDS = 20.0


def describe_probes(world: World, content: Content) -> None:
    """Note a scenario's `probes`; they run once they are applied with an app's address and a key."""
    for given in content.get("probes") or []:
        cluster = next(each for each in world.clusters.values() if each.name == given["cluster"])
        nodes = probed_nodes(cluster, given)
        targets = tuple(str(target) for target in given.get("targets") or ())
        world.probes += [ProbePod(node, f"snatbot-probe-{stable_uuid(node.machine_id)[:8]}", targets) for node in nodes]


def probed_nodes(cluster: Cluster, given: Content) -> Iterable[Node]:
    """Those on which a pod runs: `nodes` names pools, or single nodes; else two of each subnet."""
    if named := set(given.get("nodes") or ()):
        return [node for node in cluster.nodes if {node.pool.name, f"{node.pool.name}/{node.instance}"} & named]
    subnets: dict[str, list[Node]] = {}
    for node in cluster.nodes:
        subnets.setdefault(node.pool.subnet_id.lower(), []).append(node)
    return [node for nodes in subnets.values() for node in nodes[:2]]


def apply_probes(world: World, cluster: str, url: str, key: str) -> int:
    """Start the pods of a cluster; returns how many."""
    pods = [pod for pod in world.probes if pod.node.pool.cluster.name == cluster]
    if not pods:
        raise ControlError(f"the scenario has no probes in cluster {cluster!r}")
    for pod in pods:
        pod.url, pod.key, pod.next_at = url.rstrip("/"), key, world.clock.now().timestamp()
    return len(pods)


def run_probes(world: World) -> dict[str, int]:
    """Let all rounds happen that are due by now. Call it without the world's lock: the app may ask the simulator."""
    statuses: dict[str, int] = {}
    now = world.clock.now().timestamp()
    for pod in world.probes:
        while pod.url and pod.next_at <= now:
            at = max(pod.next_at, now - CALM_SECONDS)
            statuses[pod.name] = _round(world, pod, at)
            pod.next_at = at + (BUSY_SECONDS if at < pod.busy_until else CALM_SECONDS)
    return statuses


def _round(world: World, pod: ProbePod, at: float) -> int:
    """One round at a time; returns the status of the report's answer, 0 for none, -1 if no report was due."""
    with world.lock:
        addresses = egress_addresses(pod.node, world.network)
        minute = world.minute() - 1  # the last whole one: the running one is not decided yet
        rows = [
            connect(world.traffic, pod.node, target, at, minute, has_way_out=bool(addresses))
            for target in ("app", *pod.targets)
        ]
    report_id = stable_uuid("report", world.seed, pod.name, pod.reports).replace("-", "")
    if rows[0]["exit"] == OK:
        address = addresses[int(at) % len(addresses)]
        status, answer = _send(f"{pod.url}/api/ip?nonce={report_id}", address)
        pod.ticket = str(answer.get("ticket") or "") or pod.ticket
        if not status:
            rows[0] |= {"exit": 7, "connect": 0.0, "tls": 0.0, "address": ""}
    pod.rows += rows
    if all(row["exit"] == OK for row in rows) and at - pod.reported_at < REPORT_SECONDS:
        return -1
    report = {"schema": 1, "report_id": report_id, "node": pod.node.name, "pod": pod.name, "sent_at": int(at)}
    pod.waiting.append(report | {"ticket": pod.ticket, "refused": "", "connections": pod.rows})
    pod.rows, pod.ticket, pod.reported_at, pod.reports = [], "", at, pod.reports + 1
    return _deliver(pod, addresses, at)


def _deliver(pod: ProbePod, addresses: list[str], at: float) -> int:
    """The newest first; what the app doesn't take now waits for the next time."""
    last = 0
    for report in reversed(pod.waiting[-MOST_AT_ONCE:] if addresses else []):
        last, answer = _send(f"{pod.url}/api/probe/reports", addresses[0], report, pod.key)
        if last == 200 and report is pod.waiting[-1]:
            pod.busy_until = at + BUSY_FOR_SECONDS if answer.get("interval_seconds") == BUSY_SECONDS else 0.0
        if last not in (200, 400, 413):
            break
        pod.waiting.remove(report)
    del pod.waiting[:-MOST_WAITING]
    return last


def _send(url: str, address: str, body: Any = None, key: str = "") -> tuple[int, dict[str, Any]]:
    """The status, 0 without an answer, and the answer's JSON object."""
    source = f"{address}:50000"
    headers = {"X-Forwarded-For": source, "X-Simulated-Source": source, "Content-Type": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    data = json.dumps(body).encode() if body is not None else None
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, data=data, headers=headers), timeout=TIMEOUT_SECONDS
        ) as answer:
            found = json.loads(answer.read())
            return int(answer.status), found if isinstance(found, dict) else {}
    except urllib.error.HTTPError as error:
        with error:
            return error.code, {}
    except (OSError, ValueError):
        return 0, {}
