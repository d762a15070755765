"""The bot end to end in one process: the real App on a simulated Azure and Azurite, on a clock that never waits.

Where the app sleeps, simulated time passes instead. A crash of the worker is a new App over the same storage.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from shared.app import App
from shared.auth.signing import LinkTarget
from shared.clock import Instant
from shared.ids import new_id
from shared.model.change import Change, ChangeState, JournalEntry
from shared.model.coverage import FleetRecord
from shared.model.identity import Person, Role
from shared.settings import load_settings
from shared.store.records import FLEET_PARTITION, Put
from shared.store.vnet_lock import VnetLock
from simulator.testing import RunningSimulator
from tests.support.azure_in_process import serve_azure
from tests.support.storage import table_at

READER = "11111111-1111-4111-8111-111111111111"
WRITER = "22222222-2222-4222-8222-222222222222"
TENANT = "99999999-9999-4999-8999-999999999999"
ADA = Person("33333333-3333-4333-8333-333333333333", TENANT, "Ada", frozenset({Role.APPROVE}), datetime.now(UTC))
LEASE = timedelta(seconds=0.3)


class JumpingClock:
    """Sleeping lets simulated time pass; wall time is real."""

    def __init__(self, simulator: RunningSimulator) -> None:
        self._simulator = simulator
        self.offset = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def wall(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self._simulator.advance(seconds)
        self.offset += timedelta(seconds=seconds)


class Theatre:
    def __init__(self, simulator: RunningSimulator, storage: str, **settings: str) -> None:
        self.simulator = simulator
        self.clock = JumpingClock(simulator)
        self._settings = {
            "AzureWebJobsStorage": storage,
            "TABLE_PREFIX": f"t{new_id()}",
            "ARM_ENDPOINT": simulator.url,
            "METRICS_ENDPOINT": simulator.url + "/metrics/{region}",
            "LOGS_ENDPOINT": simulator.url,
            "DETECTOR_CLIENT_ID": READER,
            "REMEDIATOR_CLIENT_ID": WRITER,
            "SLACK_WEBHOOK_URL": simulator.slack_webhook_url,
            "PUBLIC_BASE_URL": "https://snatbot.example.com",
            "REMEDIATION": "on",
            "APPROVAL_MINUTES": "60",
            "ENTRA_TENANT_ID": ADA.tenant_id,
            "ENTRA_CLIENT_ID": "aaaaaaaa-0000-4000-8000-0000000000b1",
            "SIGNING_KEYS": "a key that only these tests sign with",
            **settings,
        }
        self.app = self.new_app()
        self.app.stop_switch.begin(self.clock.now())  # the same as after creating the table
        if self.app.records.fleet() is None:
            self.app.records.commit_in(FLEET_PARTITION, [Put(FleetRecord())])  # it has said what it sees at first

    def new_app(self) -> App:
        """An app as in a new process: only the storage is kept."""
        app = App(load_settings(self._settings), self.clock)
        app.table = table_at(self._settings["AzureWebJobsStorage"], self._settings["TABLE_PREFIX"])
        app.probe_table = table_at(self._settings["AzureWebJobsStorage"], f"{self._settings['TABLE_PREFIX']}probe")
        app.vnet_lock = VnetLock(app.table, LEASE)
        self.app = app
        return app

    def tick(self, minutes: int = 1) -> None:
        """Minutes pass; each has a look at the clusters, and everything due is delivered and advanced."""
        for _ in range(minutes):
            self.clock.advance(60)
            self.work()

    def work(self) -> None:
        tick = self.app.watch.run(self.clock.now(), self.clock.wall())
        for partition in tick.deliver:
            self.app.deliver.run(partition, self.clock.wall())
        for partition, change_id in tick.advance:
            self.app.reconciler.run(partition, change_id)
            self.app.deliver.run(partition, self.clock.wall())
        for partition, incident_id in tick.offer:
            self.app.incident_proposer.run(partition, incident_id, Instant.of(self.clock))
            self.app.deliver.run(partition, self.clock.wall())

    def work_on_changes(self) -> None:
        """Run the due changes without scanning clusters, which takes most of a tick's time."""
        for key in self.app.records.due("change", self.clock.now()):
            self.app.reconciler.run(key.partition, key.row.removeprefix("change-"))
            self.app.deliver.run(key.partition, self.clock.wall())

    def proposed(self) -> Change:
        """The change that the first tick proposes."""
        self.work()
        changes = self.changes()
        assert [change.state for change in changes] == [ChangeState.PROPOSED]
        return changes[0]

    def approved(self) -> Change:
        change = self.proposed()
        return self.decide(change, "approve")

    def decide(self, change: Change, action: str) -> Change:
        return self.app.decide.decide(self.target(change), action, ADA, Instant.of(self.clock))

    def target(self, change: Change) -> LinkTarget:
        return LinkTarget(self.partition, change.id, change.plan.digest)

    @cached_property
    def partition(self) -> str:
        """The partition of the only cluster with a change; without changes, of any cluster."""
        keys = self.app.records.due("change", datetime.now(UTC) + timedelta(days=3650))
        if keys:
            return keys[0].partition
        rows = self.app.table.client().query_entities("kind eq 'cluster'", select=["PartitionKey"])
        return str(next(iter(rows))["PartitionKey"])

    def changes(self) -> tuple[Change, ...]:
        found = self.app.records.changes(self.partition)
        return tuple(sorted(found, key=lambda change: change.proposed_at))

    def change(self, change_id: str) -> Change:
        stored = self.app.records.change(self.partition, change_id)
        assert stored is not None
        return stored.value

    def journal(self, change: Change) -> list[JournalEntry]:
        entries = self.app.records.journal(self.partition, change.id)
        return [entries[step].value for step in sorted(entries)]

    def run_on(self, change: Change, minutes: int = 90, *, is_watching: bool = False) -> Change:
        """Advance minutes until the change has no work left; scan the clusters only when watching."""
        for _ in range(minutes):
            found = self.change(change.id)
            if found.due_at is None:
                return found
            if is_watching:
                self.tick()
            else:
                self.clock.advance(60)
                self.work_on_changes()
        raise AssertionError(f"still {self.change(change.id).state} after {minutes} minutes")

    def slack_texts(self) -> list[str]:
        return [message["body"]["text"] for message in self.simulator.messages() if message["service"] == "slack"]

    def resources(self, kind: str) -> list[dict[str, Any]]:
        """Every resource of a kind in the network's group, as ARM lists it: ``natGateways``, ``publicIPAddresses``."""
        group = "/subscriptions/{}/resourceGroups/{}".format(*self._group())
        path = f"{group}/providers/Microsoft.Network/{kind}"
        return list(self.app.arm.list(path, "2024-05-01"))

    def subnets(self) -> dict[str, dict[str, Any]]:
        """Writable properties of every subnet that the plan names, by name, without the NAT gateway."""
        from shared.cloud.parse.subnet import parse_subnet

        found = {}
        for change in self.changes()[:1]:
            for step in change.plan.steps:
                if step.kind == "associate_subnet":
                    subnet = parse_subnet(self.app.arm.get(step.subnet_id, "2024-05-01"))
                    properties = {key: value for key, value in subnet.properties.items() if key != "natGateway"}
                    found[subnet.name] = {"properties": properties, "nat_gateway": subnet.nat_gateway_id}
        return found

    def writes(self, client_id: str | None = None) -> list[dict[str, Any]]:
        """Requests to ARM that change something."""
        return [
            entry
            for entry in self.simulator.requests()
            if entry["method"] in ("PUT", "PATCH", "DELETE")
            and "/subscriptions/" in entry["path"]
            and client_id in (None, entry["client_id"])
        ]

    def tamper(self, change: Change, **fields: Any) -> None:
        """Writes to storage behind the app's back."""
        from shared.store.records import Put

        stored = self.app.records.change(self.partition, change.id)
        assert stored is not None
        self.app.records.commit_in(self.partition, [Put(dataclasses.replace(stored.value, **fields), stored.etag)])

    def _group(self) -> tuple[str, str]:
        from shared.model.resource_id import ArmId

        vnet_id = self.changes()[0].plan.vnet_id
        assert vnet_id is not None
        vnet = ArmId.parse(vnet_id)
        return vnet.subscription, vnet.resource_group


@contextmanager
def playing(scenario: str | Path, storage: str, monkeypatch: pytest.MonkeyPatch, **settings: str) -> Iterator[Theatre]:
    """A simulated Azure of its own, and an app on it."""
    with serve_azure(scenario) as simulator:
        for name, value in simulator.environment().items():
            monkeypatch.setenv(name, value)
        yield Theatre(simulator, storage, **settings)


def authorize(theatre: Theatre, cluster_id: str, ranges: list[str]) -> None:
    """Does the same as ``az aks update --api-server-authorized-ip-ranges``."""
    from azure.core.rest import HttpRequest

    arm = theatre.app.arm
    body = arm.get(cluster_id, "2025-05-01")
    body["properties"].setdefault("apiServerAccessProfile", {})["authorizedIPRanges"] = ranges
    url = f"{arm.base_url}{cluster_id}?api-version=2025-05-01"
    assert arm._client.send_request(HttpRequest("PUT", url, json=body)).status_code in (200, 201)
    theatre.clock.advance(600)
