"""The composition root: build every flow from settings and a clock.

Flows are created on first use, and heavy packages are imported then: a Slack acknowledgement must not load the network
SDK. A process has one App; its flows are safe to share between threads.
"""

from __future__ import annotations

import logging
import os
from datetime import timedelta
from typing import TYPE_CHECKING

from .app_watching import Watching
from .clock import Clock, SystemClock
from .first_use import cached_property, import_lock
from .flows.remediation.stop import StopChanges

if TYPE_CHECKING:
    from collections.abc import Callable

    from .chat.message import Click, Message
    from .core.remediation.pace import Pace
    from .flows.approval.decide import Decide
    from .flows.approval.permission import Permission
    from .flows.approval.propose import Propose
    from .flows.approval.propose_for_incident import IncidentProposer
    from .flows.approval.renew import PlanRenewer
    from .flows.incidents.pasted_sockets import PasteSockets
    from .flows.incidents.silence import Silence
    from .flows.notification.deliver import Deliver
    from .flows.planning.plan import Planner
    from .flows.remediation.gate import Gate
    from .flows.remediation.reconcile import Reconciler
    from .flows.remediation.verify import Verify

# Constants, because nobody needs other values.
VERIFY_LIMIT_MINUTES = 60  # afterwards the verdict is "can't tell", or "not fixed" while connections fail


class App(Watching):
    """Every flow."""

    @cached_property
    def incident_proposer(self) -> IncidentProposer:
        from .flows.approval.propose_for_incident import IncidentProposer

        return IncidentProposer(self.propose, self.records, self.outbox, self.links)

    @cached_property
    def silence(self) -> Silence:
        from .flows.incidents.silence import Silence

        return Silence(self.records, self.active_clusters, self.outbox, self.clock)

    @cached_property
    def paste_sockets(self) -> PasteSockets:
        from .flows.incidents.pasted_sockets import PasteSockets

        return PasteSockets(self.records, self.outbox, self.clock, self.settings.sockets_in_chat == "on")

    @cached_property
    def stop(self) -> StopChanges:
        return StopChanges(self.stop_switch)

    @cached_property
    def planner(self) -> Planner:
        from .cloud.access import AccessReader
        from .cloud.network_facts import read_network_facts
        from .core.planning.request import PlanOptions
        from .flows.planning.ownership import Ownership
        from .flows.planning.plan import Planner

        group, ips = self.settings.nat_resource_group, self.settings.nat_ips
        prefix_id = ips if ips.startswith("/") else ""
        return Planner(
            lambda cluster_id, now, moved: read_network_facts(
                self.arm,
                self.discovery,
                cluster_id,
                now,
                nat_resource_group=group,
                given_prefix_id=prefix_id,
                with_prefixes=ips == "prefix",
                moved=moved,
            ),
            AccessReader(self.arm, self.writer_arm),
            Ownership(self.records),
            self.metrics,
            PlanOptions(
                name_template=self.settings.name_template,
                nat_resource_group=group,
                idle_timeout_minutes=self.settings.idle_timeout_minutes,
                tags=self.settings.resource_tags,
                nat_ips=ips,
                prices=self.settings.prices,
            ),
            self.settings.ingestion_lag_minutes,
            self._default_rules,
        )

    @cached_property
    def propose(self) -> Propose:
        from .flows.approval.propose import Propose

        lifetime = timedelta(minutes=self.settings.decide_minutes)
        return Propose(self.planner, self.records, self.active_clusters, self.outbox, self.links, lifetime)

    @cached_property
    def renewer(self) -> PlanRenewer:
        from .flows.approval.renew import PlanRenewer

        return PlanRenewer(self.records, self.propose, self.outbox, self.links, self.clock)

    @cached_property
    def permission(self) -> Permission:
        from .flows.approval.permission import Permission

        settings = self.settings
        return Permission(
            settings.approval_policy,
            settings.approval_mode,
            lambda cluster_id: self.discovery.cluster(cluster_id).tags,
            settings.entra_client_id,
            settings.step_up_context,
        )

    @cached_property
    def decide(self) -> Decide:
        from .flows.approval.actions import Actions
        from .flows.approval.decide import Decide

        return Decide(
            self.records,
            self.vnet_lock,
            self.signer,
            self.outbox,
            lambda: self.links,
            Actions(self.records, self.settings.is_remediation_on, self.permission),
        )

    @cached_property
    def pace(self) -> Pace:
        from .core.remediation.pace import Pace
        from .flows.remediation.gate import GATE_MINUTES

        settings = self.settings
        lag, pause = settings.ingestion_lag_minutes, settings.pause_between_subnets_minutes
        return Pace(lag, GATE_MINUTES, pause, settings.verify_window_minutes)

    @cached_property
    def verify(self) -> Verify:
        from .core.remediation.measurement import MeasurementPolicy
        from .flows.remediation.verify import Verify

        lag, window = self.settings.ingestion_lag_minutes, self.settings.verify_window_minutes
        limit = timedelta(minutes=max(VERIFY_LIMIT_MINUTES, lag + window + 2))
        policy = MeasurementPolicy(lag, window, limit)
        return Verify(self.metrics, self.discovery, policy, self.read_probes.proof)

    @cached_property
    def gate(self) -> Gate:
        from .core.remediation.measurement import MeasurementPolicy
        from .flows.remediation.gate import GATE_MINUTES, Gate
        from .flows.remediation.probe_evidence import ProbeEvidence
        from .flows.remediation.readiness_evidence import ReadinessEvidence
        from .flows.remediation.traffic_evidence import TrafficEvidence

        limit = timedelta(minutes=self.settings.gate_limit_minutes)
        policy = MeasurementPolicy(self.settings.ingestion_lag_minutes, GATE_MINUTES, limit)
        traffic = TrafficEvidence(self.metrics, self.discovery, policy)
        readiness = ReadinessEvidence(self.metrics, self.discovery)
        reports = self.probe_reports, self.probe_keys.store
        probes = ProbeEvidence(*reports, self.records, self.discovery, self.clock, self.settings.region_name)
        return Gate((traffic, readiness, probes), self.discovery, policy)

    @cached_property
    def reconciler(self) -> Reconciler:
        from .cloud.activity import ActivityLog
        from .flows.remediation.authority import Authority
        from .flows.remediation.concurrent_writes import ConcurrentWriteAudit
        from .flows.remediation.context import ExecutionContext
        from .flows.remediation.finish import ChangeFinisher
        from .flows.remediation.reconcile import Reconciler

        again_after = timedelta(minutes=self.settings.cooldown_minutes)
        write_audit = ConcurrentWriteAudit(ActivityLog(self.arm), self.settings.remediator_client_id)
        context = ExecutionContext(
            records=self.records,
            stop_switch=self.stop_switch,
            vnet_lock=self.vnet_lock,
            outbox=self.outbox,
            links=self.links,
            authority=Authority(self.signer, self.records, is_remediation_on=self.settings.is_remediation_on),
            permission=self.permission,
            planner=self.planner,
            verify=self.verify,
            gate=self.gate,
            finisher=ChangeFinisher(self.records, self.outbox, self.links, again_after),
            clock=self.clock,
            pause_between_subnets=timedelta(minutes=self.settings.pause_between_subnets_minutes),
        )
        return Reconciler(context, self.renewer, self.network_of, write_audit)

    @cached_property
    def deliver(self) -> Deliver:
        from .flows.notification.deliver import Deliver

        settings = self.settings
        has_pages = settings.public_base_url and settings.signing_key_list
        is_open = has_pages and (settings.people_sign_in or settings.approval_mode == "link")
        page_of = self.links.incident if is_open else None
        return Deliver(
            self.records,
            self.liveness,
            self.channels,
            self.router,
            self.outbox,
            page_of,
            can_silence=settings.people_sign_in,
            fleet_page=self.links.fleet if is_open else None,
            decisions=self._chat_decisions,
        )

    @cached_property
    def _chat_decisions(self) -> Callable[[str, Message], tuple[Click, ...]] | None:
        settings = self.settings
        if not (settings.is_remediation_on and settings.people_sign_in and settings.slack_signing_secret):
            return None
        from .flows.approval.chat_buttons import ChatButtons

        return ChatButtons(self.records, self.signer, self.permission, self.clock).of


_clock: Clock = SystemClock()
_app: App | None = None


def current(*, needs_storage: bool = True) -> App:
    """The process's App, made from the environment at the first call. Raises MisconfiguredError."""
    global _app
    with import_lock:
        if _app is None:
            from .settings import load_settings

            # Azure's clients log every request at INFO, which would hide this app's log lines.
            logging.getLogger("azure").setLevel(logging.WARNING)
            _app = App(load_settings(os.environ, needs_storage=needs_storage), _clock)
        return _app


def use_clock(clock: Clock) -> None:
    """Set the clock for ``current``; development hosts call this before the first handler runs."""
    global _clock, _app
    with import_lock:
        _clock = clock
        _app = None
