"""What the load balancer itself reported, beside its metrics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class HealthEvent:
    """``kind`` in Azure's words: SnatPortExhaustion or HighSnatPortUsage."""

    kind: str
    at: datetime
    description: str = ""
