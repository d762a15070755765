"""What ``check`` returns and every surface (HTTP, chat, pages, terminal) shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from .cluster import Cluster
from .finding import Finding, FindingKind
from .health_event import HealthEventComparison
from .reading import Reading
from .resource_id import ArmId


@dataclass(frozen=True, slots=True)
class Assessment:
    cluster: Cluster
    at: datetime
    reading: Reading
    findings: tuple[Finding, ...] = ()  # worst first
    load_balancer_id: ArmId | None = None  # None: no load balancer with an outbound rule
    evaluated_kinds: frozenset[FindingKind] = field(default_factory=frozenset)  # of other kinds nothing is known
    gateway_ids: tuple[ArmId, ...] = ()  # NAT gateways that carry the cluster's traffic
    health_events: HealthEventComparison | None = None  # None: nobody asked, or nothing to compare

    @property
    def alarms(self) -> tuple[Finding, ...]:
        """What people are notified of."""
        return tuple(finding for finding in self.findings if finding.is_alarm)

    @property
    def is_unexplained(self) -> bool:
        """Azure's health events say that ports ran out, and the metric doesn't show it."""
        return self.health_events is not None and self.health_events.is_unexplained
