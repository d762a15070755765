"""`python -m bench.performance.loop URL THREADS`: runs a plain loop over all load balancers in a process of its own;
prints JSON.

azure-mgmt-monitor's client asks each load balancer for its connections by state, and those with failures also by
backend; for the pressure pass, each load balancer for its used and allocated ports, both in one request. The resource
ids
come on standard input: finding them is not counted, nor are nodes' names and history.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.identity import ManagedIdentityCredential
from azure.mgmt.monitor import MonitorManagementClient

from shared.cloud.request_count import RequestCount

from .meter import measured, peak_mib

_NAMESPACE = "Microsoft.Network/loadBalancers"
THREADS = 16


class Loop:
    def __init__(self, url: str, threads: int) -> None:
        self._url = url
        self._threads = threads
        self._credential = ManagedIdentityCredential(client_id="loop-client-id")
        self._clients: dict[str, MonitorManagementClient] = {}
        self.count = RequestCount()
        end = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=3)
        self._timespan = f"{end - timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}/{end:%Y-%m-%dT%H:%M:%SZ}"

    def failed_pass(self, ids: Iterable[str]) -> list[str]:
        return [resource_id for resource_id, fails in zip(ids, self._each(ids, self._fails), strict=True) if fails]

    def pressure_pass(self, ids: Iterable[str]) -> None:
        self._each(ids, self._ports)

    def _each(self, ids: Iterable[str], work: Any) -> list[Any]:
        if self._threads == 1:
            return [work(resource_id) for resource_id in ids]
        with ThreadPoolExecutor(self._threads) as pool:
            return list(pool.map(work, ids))

    def _fails(self, resource_id: str) -> bool:
        answer = self._ask(resource_id, "SnatConnectionCount", "Total", "ConnectionState eq '*'")
        if not any(value > 0 for state, value in _values(answer, "total") if state == "failed"):
            return False
        by_backend = "BackendIPAddress eq '*' and ConnectionState eq '*'"
        self._ask(resource_id, "SnatConnectionCount", "Total", by_backend)
        return True

    def _ports(self, resource_id: str) -> int:
        every = "BackendIPAddress eq '*' and ProtocolType eq '*' and IsAwaitingRemoval eq '*'"
        answer = self._ask(resource_id, "UsedSnatPorts,AllocatedSnatPorts", "Average", every)
        return len(list(_values(answer, "average")))

    def _ask(self, resource_id: str, metrics: str, aggregation: str, filter_text: str) -> Any:
        self.count("GET", resource_id)
        return self._client(resource_id).metrics.list(
            resource_id,
            timespan=self._timespan,
            interval="PT1M",
            metricnames=metrics,
            aggregation=aggregation,
            top=2000,
            filter=filter_text,
            metricnamespace=_NAMESPACE,
        )

    def _client(self, resource_id: str) -> MonitorManagementClient:
        subscription = resource_id.split("/")[2]
        if subscription not in self._clients:
            self._clients[subscription] = MonitorManagementClient(
                self._credential, subscription, base_url=self._url, credential_scopes=[f"{self._url}/.default"]
            )
        return self._clients[subscription]


def _values(answer: Any, aggregation: str) -> Iterable[tuple[str, float]]:
    for metric in answer.value:
        for series in metric.timeseries or ():
            state = next((value.value for value in series.metadatavalues if value.name.value == "connectionstate"), "")
            for point in series.data or ():
                value = getattr(point, aggregation)
                if value is not None:
                    yield state.lower(), value


def main(url: str, threads: int, ids: list[str]) -> dict[str, Any]:
    loop = Loop(url, threads)
    loop.failed_pass(ids[: 2 * threads])  # connections are made, tokens read
    failing: list[str] = []
    failed = measured(lambda: failing.extend(loop.failed_pass(ids)), loop.count)
    pressure = measured(lambda: loop.pressure_pass(ids), loop.count)
    return {"failed": asdict(failed), "pressure": asdict(pressure), "sick": len(failing), "mib": peak_mib()}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]), json.load(sys.stdin))))
