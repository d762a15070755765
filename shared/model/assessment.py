"""What ``check`` returns and every surface (HTTP, chat, pages, terminal) shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from .cluster import Cluster
from .finding import Finding, FindingKind
from .reading import Reading


@dataclass(frozen=True, slots=True)
class Assessment:
    """``load_balancer_id`` is None when the cluster has no load balancer with an outbound rule.

    ``findings`` worst first. ``evaluated_kinds`` are the kinds that this scan could have found: of others nothing is
    known. ``gateway_ids`` are the NAT gateways that carry the cluster's traffic. ``witness`` is what Azure's own health
    events say beside the metrics, empty when nobody was asked.
    """

    cluster: Cluster
    at: datetime
    reading: Reading
    findings: tuple[Finding, ...] = ()
    load_balancer_id: str | None = None
    evaluated_kinds: frozenset[FindingKind] = field(default_factory=frozenset)
    gateway_ids: tuple[str, ...] = ()
    witness: str = ""

    @property
    def alarms(self) -> tuple[Finding, ...]:
        """What people are told about."""
        return tuple(finding for finding in self.findings if finding.is_alarm)
