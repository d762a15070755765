"""What was concluded from a reading."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .reading import NodeFailures


class Severity(StrEnum):
    WARNING = "warning"
    FAILING = "failing"


class FindingKind(StrEnum):
    SNAT_FAILING = "snat_failing"


@dataclass(frozen=True, slots=True)
class Finding:
    """``since`` is the first failing minute in the window; ``evidence`` one sentence with figures."""

    kind: FindingKind
    severity: Severity
    since: datetime
    nodes: tuple[NodeFailures, ...]
    evidence: str
