"""The assessment of a cluster: ``check`` returns it, and HTTP, chat, pages and terminal show it."""

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
    evaluated_kinds: frozenset[FindingKind] = field(default_factory=frozenset)  # other kinds are unknown
    gateway_ids: tuple[ArmId, ...] = ()  # NAT gateways with traffic of the cluster
    health_events: HealthEventComparison | None = None  # None: not read, or nothing to compare

    @property
    def alarms(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.is_alarm)

    @property
    def is_unexplained(self) -> bool:
        """Azure's health events say that ports ran out, and the metric does not show it."""
        return self.health_events is not None and self.health_events.is_unexplained
