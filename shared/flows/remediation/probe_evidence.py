"""Gate evidence from egress probes: whether connections of a moved subnet are slow or fail, and by which address."""

import logging
from datetime import datetime, timedelta
from typing import Any

from ...chat.labels import egress_addresses
from ...clock import Clock
from ...cloud.discovery import Discovery
from ...core.probing.summary import is_network
from ...core.remediation.gate import Evidence, Passage, TrafficBefore
from ...core.remediation.probe_gate import Probes, through_probes
from ...ids import cluster_key
from ...model.change import Change
from ...model.metric import Window
from ...model.plan import AssociateSubnet
from ...model.probe import ProbeReport
from ...model.text import Text
from ...store.errors import StoreError
from ...store.probes import ProbeKeys, ProbeReports
from ...store.records import Records
from ..probing.read import is_elsewhere
from .gate import Observation
from .traffic_evidence import moved_ranges

log = logging.getLogger("snatbot.gate")
_SHORTLY = timedelta(minutes=10)  # a probe reports every five minutes at least
_AT_ONCE = timedelta(minutes=2)  # an older report was kept back: it may be of before the move


class ProbeEvidence:
    """``before``: nodes that reported shortly before, and the plan's egress IPs; None without reports."""

    name = "probes"

    def __init__(
        self,
        reports: ProbeReports,
        keys: ProbeKeys,
        records: Records,
        discovery: Discovery,
        clock: Clock,
        app_region: str,
    ) -> None:
        self._reports = reports
        self._keys = keys
        self._records = records
        self._discovery = discovery
        self._clock = clock
        self._app_region = app_region

    def before(self, change: Change, _: Window) -> dict[str, Any] | None:
        partition = cluster_key(change.cluster_id)
        try:
            reports = self._since(partition, self._clock.now() - _SHORTLY)
            if not reports:
                return None
            journal = self._records.journal(partition, change.id).values()
        except StoreError as error:
            log.warning("could not read reports of probes: %s", error)
            return None
        addresses = egress_addresses(change.plan, [stored.value for stored in journal])
        known = list(addresses) if all(map(is_network, addresses)) else []
        return {"nodes": sorted({report.node for report in reports}), "addresses": known}

    def read(self, observation: Observation) -> Evidence:
        """Unknown without probes, or if storage does not answer."""
        if not observation.before:
            return Evidence(Passage.UNKNOWN, Text(""))
        step, moved_at = observation.step, self._clock.now() - observation.waited
        try:
            reports = [
                each for each in self._since(cluster_key(step.cluster_id), moved_at) if each.began_at >= moved_at
            ]
        except StoreError as error:
            return Evidence(Passage.UNKNOWN, Text("reports of probes could not be read: {error}", error=error.text))
        cluster = self._discovery.cluster(step.cluster_id)
        ranges = moved_ranges(observation.plan)
        subnet_of = {
            node.name: node.subnet_id or ranges.subnet_of(node.ip) for node in self._discovery.nodes(cluster).nodes
        }
        index = observation.plan.steps.index(step)
        gone = {each.subnet_id for each in observation.plan.steps[:index] if isinstance(each, AssociateSubnet)}
        unmoved = [each for each in reports if subnet_of.get(each.node) not in (None, *gone)]
        earlier = [each for each in reports if subnet_of.get(each.node) in gone - {step.subnet_id}]
        probes = Probes(
            moved=[each for each in reports if subnet_of.get(each.node) == step.subnet_id],
            elsewhere=unmoved or earlier,
            had_reported=any(subnet_of.get(node) == step.subnet_id for node in observation.before["nodes"]),
            addresses=observation.before["addresses"],
            is_app_judged=is_elsewhere(self._app_region, cluster.location),
        )
        had = TrafficBefore.of(observation.plan.baseline, step.subnet_id)
        return through_probes(probes, is_quiet=had.is_quiet, waited=observation.waited)

    def _since(self, partition: str, at: datetime) -> list[ProbeReport]:
        """Those of a revoked key do not count: otherwise they would hold the gate for as long as they are kept."""
        keys = {key.id for key in self._keys.valid(partition)}
        found = self._reports.newest_since(partition, at, self._clock.now())[1] if keys else ()
        return [each for each in found if each.key_id in keys and each.received_at - each.sent_at <= _AT_ONCE]
