"""Azure Monitor cut an answer: who is not in it may be in trouble all the same.

Answers are asked for whole, far above what the largest cluster has; that one is cut should not happen, and is said when
it does (REST: Metrics - List, ``top``).
"""

from __future__ import annotations

from ....model.finding import Finding, FindingKind, Severity
from ....model.metric import Window
from ....model.ports import PortReading
from ....model.reading import Measured, Reading


def answer_cut(window: Window, reading: Reading | None, ports: PortReading | None) -> Finding | None:
    missing = []
    if isinstance(reading, Measured) and reading.is_truncated:
        missing.append("more nodes may be failing than are named")
    if ports is not None and ports.is_truncated:
        missing.append("more nodes may be short of ports than are named")
    if not missing:
        return None
    return Finding(
        kind=FindingKind.ANSWER_CUT,
        severity=Severity.NOTICE,
        since=window.end,
        evidence=f"Azure Monitor cut its answer: {', and '.join(missing)}",
        remedy="look at the load balancer's metrics in the portal, split by backend IP address",
    )
