"""Ports run short: a node uses a large share of its allocated SNAT ports of one protocol.

Two thresholds, 75 % and 90 % unless set otherwise (Azure docs: load-balancer-standard-diagnostics). Held per node and
protocol: a mean over nodes, or over TCP and UDP, would hide the one hot node.
"""

from __future__ import annotations

from ....formatting import count, percent
from ....model.finding import Finding, FindingKind, Severity
from ....model.ports import NodePorts, PortReading
from ..thresholds import Thresholds


def port_pressure(ports: PortReading, thresholds: Thresholds) -> Finding | None:
    full = tuple(one for one in ports.nodes if 100 * one.share >= thresholds.pressure_warn_percent)
    if not full:
        return None
    is_high = 100 * full[0].share >= thresholds.pressure_high_percent
    named = {one.ip for one in full}
    return Finding(
        kind=FindingKind.PORT_PRESSURE,
        severity=Severity.HIGH if is_high else Severity.WARNING,
        since=min(one.at for one in full),
        ports=full,
        evidence=(
            f"{count(len(named), 'node')} had {thresholds.pressure_warn_percent} % or more of the SNAT ports in use; "
            f"the fullest {in_words(full[0])}"
        ),
    )


def in_words(node: NodePorts) -> str:
    """``aks-user-1-vmss000003 812 of 1,024 TCP ports (79.3 %)``"""
    return (
        f"{node.name or node.ip} {node.used:,.0f} of {node.allocated:,.0f} {node.protocol.upper()} ports "
        f"({percent(node.used, node.allocated)})"
    )
