"""Flows that watch clusters, announce their incidents and keep the audit, and what messages need."""

from __future__ import annotations

import os
from dataclasses import fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from .auth.errors import RemediationOff
from .auth.links import Links
from .clients import Clients
from .core.detection.schedule import ScanSchedule
from .core.detection.tags import TagRules
from .core.detection.thresholds import Thresholds
from .errors import SnatbotError
from .first_use import cached_property
from .flows.notification.outbox import Outbox
from .flows.notification.route import Router
from .model.text import Text

if TYPE_CHECKING:
    from .chat.first_message import Deployment
    from .flows.audit.attempts import RefusedAttempts
    from .flows.audit.receipt import Receipts
    from .flows.audit.seal import PolicyAudit, SealAudit
    from .flows.audit.verify import VerifyAudit
    from .flows.doctor.diagnose import Doctor
    from .flows.incidents.track import IncidentTracker
    from .flows.monitoring.check import Check
    from .flows.monitoring.inventory import FleetInventory
    from .flows.monitoring.scan import FleetScanner
    from .flows.monitoring.watch import Watch
    from .flows.probing.accept import AcceptReport
    from .flows.probing.keys import Keys
    from .flows.probing.read import ReadProbes
    from .flows.retention import Retention
    from .store.probes import ProbeReports

# Constants, because nobody needs other values.
CHECK_DEADLINE_SECONDS = 180.0  # Azure Functions ends a request after 230
TICK_DEADLINE_SECONDS = 50  # the next tick starts after 60
METRIC_WORKERS = 32  # concurrent requests to Azure Monitor: a thousand clusters need about that many


class Watching(Clients):
    """Each flow on first use, with its heavy packages."""

    @cached_property
    def outbox(self) -> Outbox:
        return Outbox(("",) if self.settings.routes else tuple(self.channels))

    @cached_property
    def links(self) -> Links:
        if self.settings.public_base_url is None:
            raise RemediationOff
        return Links(self.settings.public_base_url, self.signer, with_pass=self.settings.approval_mode == "link")

    @cached_property
    def router(self) -> Router:
        routes = self.settings.routes.routes if self.settings.routes else ()
        return Router(self.records, routes, self.settings.default_channels, tuple(self.channels))

    @cached_property
    def probe_reports(self) -> ProbeReports:
        from .store.probes import ProbeReports

        return ProbeReports(self.probe_table, self.row_signer)

    @cached_property
    def probe_keys(self) -> Keys:
        from .flows.probing.keys import Keys
        from .store.probes import ProbeKeys

        return Keys(ProbeKeys(self.table, self.row_signer))

    @cached_property
    def read_probes(self) -> ReadProbes:
        from .flows.probing.read import ReadProbes

        return ReadProbes(self.probe_keys.store, self.probe_reports, self.records, self.settings.region_name)

    @cached_property
    def accept_report(self) -> AcceptReport:
        from .flows.probing.accept import AcceptReport

        signer = self.signer if self.settings.signing_key_list else None
        return AcceptReport(self.probe_reports, signer.ticket_address if signer else lambda *_: "")

    @cached_property
    def inventory(self) -> FleetInventory:
        from .flows.monitoring.inventory import FleetInventory

        kept_for = timedelta(minutes=self.settings.discovery_minutes)
        cache = self.fleet_cache if self.settings.has_storage else None
        return FleetInventory(self.fleet_discovery, cache, kept_for)

    @cached_property
    def _default_rules(self) -> TagRules:
        """The owner's thresholds and maintenance windows, without a cluster's tags."""
        thresholds = {field.name: getattr(self.settings, field.name) for field in fields(Thresholds)}
        return TagRules(Thresholds(**thresholds), maintenance=self.settings.maintenance_windows)

    @cached_property
    def schedule(self) -> ScanSchedule:
        return ScanSchedule(
            self.settings.ingestion_lag_minutes,
            self.settings.window_minutes,
            timedelta(minutes=self.settings.pressure_every),
        )

    @cached_property
    def scanner(self) -> FleetScanner:
        from .flows.monitoring.canary import Canary
        from .flows.monitoring.collect import MetricCollector
        from .flows.monitoring.node_names import NodeNames
        from .flows.monitoring.scan import FleetScanner

        collector = MetricCollector(self.metric_access, NodeNames(self.discovery).of)
        canary = Canary(self.metric_access)
        return FleetScanner(collector, self._default_rules, METRIC_WORKERS, self.health_events, canary)

    @cached_property
    def check(self) -> Check:
        from .flows.monitoring.check import Check

        return Check(
            self.discovery,
            self.fleet_discovery,
            self.inventory,
            self.scanner,
            self.schedule,
            deadline_seconds=CHECK_DEADLINE_SECONDS,
            unmeasured_since=self._unmeasured_since,
        )

    def _unmeasured_since(self) -> dict[str, datetime]:
        """Since when clusters are not measured, by short key, from the last scan. Empty if storage does not answer."""
        try:
            fleet = self.records.fleet() if self.settings.has_storage else None
        except SnatbotError:
            return {}
        return {key: outage.since for outage in fleet.value.unmeasured for key in outage.keys} if fleet else {}

    @cached_property
    def incident_tracker(self) -> IncidentTracker:
        from .core.incidents.transition import IncidentPolicy
        from .flows.incidents.several import SeveralAtOnce
        from .flows.incidents.track import IncidentTracker

        return IncidentTracker(
            self.records,
            self.active_clusters,
            self.outbox,
            IncidentPolicy(
                self.settings.clean_minutes,
                timedelta(minutes=self.settings.cooldown_minutes),
                timedelta(minutes=self.settings.remind_minutes),
            ),
            lambda change: self.links.page(change),
            is_offering=self.settings.is_remediation_on,
            several=SeveralAtOnce(self.records, self.router),
            probes=self.read_probes.last_hour,
        )

    @cached_property
    def deployment(self) -> Deployment:
        from .chat.first_message import Deployment

        settings = self.settings
        by_link = settings.approval_mode == "link"
        rules = () if by_link else settings.approval_policy.rules
        approvers = (Text("whoever holds a link"),) if by_link else tuple(dict.fromkeys(rule.wanted for rule in rules))
        may_apply = settings.is_remediation_on
        return Deployment(settings.detector_client_id, settings.subscriptions, approvers if may_apply else ())

    @cached_property
    def watch(self) -> Watch:
        from .flows.incidents.deleted_clusters import DeletedClusters
        from .flows.monitoring.shard_reports import ShardReports
        from .flows.monitoring.tick import WatchPolicy
        from .flows.monitoring.tracked_scan import TrackedScan
        from .flows.monitoring.unmeasured import Greeting, UnmeasuredClusters, UnmeasuredPolicy
        from .flows.monitoring.watch import Watch

        settings = self.settings
        policy = UnmeasuredPolicy(
            grace_period=timedelta(minutes=settings.not_measured_minutes),
            kept_for=timedelta(minutes=settings.discovery_minutes),
            expects_clusters=settings.expect_clusters == "on",
        )
        return Watch(
            self.inventory,
            TrackedScan(
                self.scanner,
                self.fleet_discovery,
                self.incident_tracker,
                self.fleet_cache,
                self.active_clusters,
                self.schedule,
            ),
            UnmeasuredClusters(
                self.records,
                self.fleet_discovery,
                self.outbox,
                self._default_rules,
                policy,
                Greeting(self.deployment, Outbox(tuple(self.channels))),
            ),
            DeletedClusters(self.records, self.active_clusters, self.fleet_discovery, self.outbox),
            self.records,
            ShardReports(self.fleet_cache, self.schedule.ports_every + timedelta(minutes=2)),
            self.liveness,
            self.request_count,
            WatchPolicy(settings.fan_out_above, TICK_DEADLINE_SECONDS),
        )

    @cached_property
    def verify_audit(self) -> VerifyAudit:
        from .flows.audit.verify import VerifyAudit

        return VerifyAudit(self.audit_chain)

    @cached_property
    def receipts(self) -> Receipts:
        from .flows.audit.receipt import Receipts

        return Receipts(self.records, self.signer, self.verify_audit)

    @cached_property
    def refused_attempts(self) -> RefusedAttempts:
        from .flows.audit.attempts import RefusedAttempts

        return RefusedAttempts(self.records)

    @cached_property
    def policy_audit(self) -> PolicyAudit:
        from .flows.audit.seal import PolicyAudit

        settings = self.settings
        modes = f"APPROVAL_MODE={settings.approval_mode}, ALLOW_GUESTS={settings.allow_guests}"
        return PolicyAudit(self.audit_chain, f"policy {settings.approval_policy.version}, {modes}")

    @cached_property
    def seal_audit(self) -> SealAudit:
        from .flows.audit.seal import SealAudit

        return SealAudit(self.audit_chain)

    @cached_property
    def doctor(self) -> Doctor:
        from .flows.doctor.diagnose import Doctor

        azure = self.arm, self.writer_arm, self.discovery, self.inventory, self.metric_access, self.health_events
        return Doctor(
            self.settings, os.environ, self.clock, *azure, self.channels, lambda: self.stop_switch.stop_flag()
        )

    @cached_property
    def retention(self) -> Retention:
        from .flows.retention import Retention

        return Retention(self.records, self.audit_chain, self.fleet_cache, self.arm, self.probe_reports)
