"""Ports are short: a node uses a large share of its allocated SNAT ports of one protocol.

The thresholds are 75 % and 90 % unless set otherwise (Azure docs: load-balancer-standard-diagnostics). They apply per
node and protocol: an average over nodes, or over TCP and UDP, would hide a single busy node.
"""

from ....formatting import percent
from ....model.finding import Finding, FindingKind, Severity
from ....model.ports import PortReading
from ....model.text import Text
from ..thresholds import Thresholds


def port_pressure(ports: PortReading, thresholds: Thresholds) -> Finding | None:
    full = tuple(node for node in ports.nodes if 100 * node.share >= thresholds.pressure_warn_percent)
    if not full:
        return None
    fullest, nodes = full[0], {node.ip for node in full}
    is_high = 100 * fullest.share >= thresholds.pressure_high_percent
    return Finding(
        kind=FindingKind.PORT_PRESSURE,
        severity=Severity.HIGH if is_high else Severity.WARNING,
        since=min(node.at for node in full),
        ports=full,
        evidence=Text.plural(
            "{count} node had {percent} % or more of the SNAT ports in use; "
            "the fullest {node} {used} of {allocated} {protocol} ports ({share})",
            "{count} nodes had {percent} % or more of the SNAT ports in use; "
            "the fullest {node} {used} of {allocated} {protocol} ports ({share})",
            count=len(nodes),
            percent=thresholds.pressure_warn_percent,
            node=fullest.name or fullest.ip,
            used=round(fullest.used),
            allocated=round(fullest.allocated),
            protocol=fullest.protocol.upper(),
            share=percent(fullest.used, fullest.allocated),
        ),
    )
