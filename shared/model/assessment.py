"""What ``check`` returns and every surface (HTTP, chat, pages, terminal) shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .cluster import Cluster
from .finding import Finding
from .reading import Reading


@dataclass(frozen=True, slots=True)
class Assessment:
    """``load_balancer_id`` is None when the cluster has no load balancer with an outbound rule."""

    cluster: Cluster
    at: datetime
    reading: Reading
    findings: tuple[Finding, ...] = ()
    load_balancer_id: str | None = None
