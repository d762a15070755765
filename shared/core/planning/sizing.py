"""How many public IPs the gateway needs, with arithmetic that a person can check.

Azure docs (nat-gateway-resource): 64,512 ports per public IP and protocol, at most 16 IPs, and at most 50,000
connections per IP to one destination. Use that was measured during exhaustion is a lower bound, because failed
connections used no port.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ...formatting import count
from ...model.plan import Demand

PORTS_PER_IP = 64_512
CONNECTIONS_PER_IP_AND_DESTINATION = 50_000
MAX_PUBLIC_IPS = 16
HEADROOM = 2
SATURATION = 0.9
MAX_RETRY_FACTOR = 4.0
ENLARGE_AT = 0.7


@dataclass(frozen=True, slots=True)
class PortUse:
    """The peak of used ports and the allocation of one node, over the measured time."""

    ip: str
    tcp_peak: float
    udp_peak: float
    allocated: float


@dataclass(frozen=True, slots=True)
class DemandInputs:
    """Inputs of the sizing; None where one could not be read. Node counts include the surge of an upgrade."""

    use: tuple[PortUse, ...] | None
    failed: int | None  # failed connections
    successful: int | None
    nodes_now: int
    nodes_at_most: int | None  # None if unknown, also with node auto-provisioning
    pressure_percent: int = 75  # share of a node's ports (Azure docs: load-balancer-standard-diagnostics)


def size(inputs: DemandInputs) -> Demand:
    """Size the gateway. ``public_ip_count`` may exceed 16: the planner then says that no gateway is large enough."""
    lines: list[str] = []
    missing: list[str] = []
    busiest: float | None = None
    if inputs.use:
        tcp = sum(node.tcp_peak for node in inputs.use)
        udp = sum(node.udp_peak for node in inputs.use)
        peak = max(tcp, udp)
        hot = sum(_is_saturated(node) for node in inputs.use)
        busiest = max(max(node.tcp_peak, node.udp_peak) for node in inputs.use)
        lines.append(
            f"peak ports in use, added over {count(len(inputs.use), 'node')}: TCP {tcp:,.0f}, UDP {udp:,.0f}; "
            f"separate pools, the larger counts: {peak:,.0f}"
        )
    else:
        peak, hot = 0.0, 0
        missing.append("used SNAT ports per node (UsedSnatPorts could not be read)")
    if inputs.failed is None:
        missing.append("failed and successful connections (SnatConnectionCount could not be read)")
    saturated = hot > 0 or bool(inputs.failed)
    if saturated:
        factor = _retry_factor(inputs)
        failed = f"{inputs.failed:,}" if inputs.failed is not None else "an unknown number of"
        lines.append(
            f"a lower bound: {count(hot, 'node')} at 90 % of the ports or more, {failed} connections failed; "
            f"times attempted/successful = {factor:.2f} (at most {MAX_RETRY_FACTOR:.0f})"
        )
        peak *= factor
        busiest = busiest and busiest * factor
    if inputs.nodes_at_most is None:
        lines.append(f"the maximum of nodes is unknown: sized for the {count(inputs.nodes_now, 'node')} of now")
        missing.append("the maximum of nodes, which is unknown")
    scale = max(inputs.nodes_at_most or 0, inputs.nodes_now, 1) / max(inputs.nodes_now, 1)
    if scale > 1:
        lines.append(f"times {inputs.nodes_at_most}/{inputs.nodes_now} nodes (autoscaler maximum and upgrade surge)")
        peak *= scale
    ports = math.ceil(peak)
    by_ports = math.ceil(ports * HEADROOM / PORTS_PER_IP)
    by_destination = math.ceil(ports / CONNECTIONS_PER_IP_AND_DESTINATION)
    lines.append(f"{ports:,} ports × {HEADROOM} headroom ÷ {PORTS_PER_IP:,} per public IP → {by_ports}")
    lines.append(
        f"if all went to one destination: {ports:,} ÷ {CONNECTIONS_PER_IP_AND_DESTINATION:,} per public IP → "
        f"{by_destination}"
    )
    at_least = 2 if saturated else 1
    lines.append(f"at least {at_least}" + (" because ports ran out" if saturated else ""))
    public_ip_count = max(by_ports, by_destination, at_least)
    lines.append(f"public IPs: {public_ip_count}")
    return Demand(
        ports=ports,
        public_ip_count=public_ip_count,
        is_lower_bound=saturated,
        arithmetic=tuple(lines),
        missing=tuple(missing),
        no_need=_no_need(inputs),
        busiest_node_ports=math.ceil(busiest) if busiest is not None else None,
        # Without a known maximum, the headroom is enough for twice as many nodes as now.
        nodes=max(inputs.nodes_at_most or HEADROOM * inputs.nodes_now, inputs.nodes_now),
    )


def _no_need(inputs: DemandInputs) -> str:
    """The measurement that speaks against SNAT exhaustion; empty if none does or not every node was measured."""
    if not inputs.use or inputs.failed != 0 or len(inputs.use) < inputs.nodes_now:
        return ""
    shares = [max(node.tcp_peak, node.udp_peak) / node.allocated for node in inputs.use if node.allocated > 0]
    if len(shares) < len(inputs.use) or 100 * max(shares) >= inputs.pressure_percent:
        return ""
    tried = f"no SNAT connection failed among {inputs.successful:,}" if inputs.successful else "nothing connected out"
    return f"{tried} in the last hour, and no node used more than {max(shares):.0%} of its ports"


@dataclass(frozen=True, slots=True)
class GatewayInputs:
    """A NAT gateway's own metrics; None where one could not be read."""

    open_peak: float | None  # connections that are open at the same time
    failed: int | None
    attempted: int | None
    public_ip_count: int | None  # with all addresses of its prefixes
    enlarge_percent: int = round(100 * ENLARGE_AT)  # from this share of its capacity on, it gets more public IPs


def size_gateway(inputs: GatewayInputs) -> Demand:
    """Size an existing gateway. It never loses public IPs, because somebody's allow-list may name them."""
    have, peak = inputs.public_ip_count or 1, inputs.open_peak or 0.0
    capacity = have * PORTS_PER_IP
    lines = [
        f"the NAT gateway has {count(have, 'public IP')}: {capacity:,} ports",
    ]
    if inputs.open_peak is not None:
        lines.append(f"at most {peak:,.0f} connections were open at a time")
    if inputs.failed is not None and inputs.attempted is not None:
        lines.append(f"{inputs.failed:,} of {inputs.attempted:,} new connections failed")
    wanted = have
    if inputs.failed:
        lost = 1 + inputs.failed / max(inputs.attempted or 0, 1)
        wanted = max(have + 1, math.ceil(peak * lost * HEADROOM / PORTS_PER_IP))
        lines.append(f"connections failed: one more at least, and {HEADROOM} times what was open")
    elif 100 * peak >= inputs.enlarge_percent * capacity:
        wanted = max(have + 1, math.ceil(peak * HEADROOM / PORTS_PER_IP))
        lines.append(f"{inputs.enlarge_percent} % of the capacity is reached: {HEADROOM} times what was open")
    lines.append(f"public IPs: {wanted}")
    missing = []
    if inputs.open_peak is None:
        missing.append("open connections (TotalConnectionCount could not be read)")
    if inputs.failed is None:
        missing.append("failed and attempted connections (SNATConnectionCount of the NAT gateway could not be read)")
    if inputs.public_ip_count is None:
        missing.append("how many addresses the gateway has (a public IP prefix of it could not be read)")
    no_need = ""
    if wanted == have and inputs.attempted and not missing:
        used = peak / max(capacity, 1)
        no_need = f"no connection failed on the NAT gateway in the last hour, and {used:.0%} of it was used"
    return Demand(
        ports=math.ceil(peak),
        public_ip_count=wanted,
        is_lower_bound=bool(inputs.failed),
        arithmetic=tuple(lines),
        missing=tuple(missing),
        no_need=no_need,
    )


def _is_saturated(node: PortUse) -> bool:
    return node.allocated > 0 and max(node.tcp_peak, node.udp_peak) >= SATURATION * node.allocated


def _retry_factor(inputs: DemandInputs) -> float:
    """Attempted over successful connections; 1 without failures, as when long-lived connections fill the ports."""
    if not inputs.failed:
        return 1.0
    if not inputs.successful:
        return MAX_RETRY_FACTOR
    return min((inputs.failed + inputs.successful) / inputs.successful, MAX_RETRY_FACTOR)
