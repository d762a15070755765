"""How many public IPs the gateway needs, with arithmetic that a person can check.

Azure docs (nat-gateway-resource): 64,512 ports per public IP and protocol, at most 16 IPs, and at most 50,000
connections per IP to one destination. Use that was measured during exhaustion is a lower bound, because failed
connections used no port.
"""

import math
from dataclasses import dataclass

from ...formatting import nodes_of, percent, public_ips_of
from ...model.plan import Demand
from ...model.text import Text

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
    lines: list[Text] = []
    missing: list[Text] = []
    busiest: float | None = None
    if inputs.use:
        tcp = sum(node.tcp_peak for node in inputs.use)
        udp = sum(node.udp_peak for node in inputs.use)
        peak = max(tcp, udp)
        hot = sum(_is_saturated(node) for node in inputs.use)
        busiest = max(max(node.tcp_peak, node.udp_peak) for node in inputs.use)
        lines.append(
            Text(
                "peak ports in use, added over {nodes}: TCP {tcp}, UDP {udp}; separate pools, the larger counts: "
                "{peak}",
                nodes=nodes_of(len(inputs.use)),
                tcp=round(tcp),
                udp=round(udp),
                peak=round(peak),
            )
        )
    else:
        peak, hot = 0.0, 0
        missing.append(Text("used SNAT ports per node (UsedSnatPorts could not be read)"))
    if inputs.failed is None:
        missing.append(Text("failed and successful connections (SnatConnectionCount could not be read)"))
    saturated = hot > 0 or bool(inputs.failed)
    if saturated:
        factor = _retry_factor(inputs)
        lines.append(
            Text(
                "a lower bound: {nodes} at 90 % of the ports or more, failed connections: {failed}; times "
                "attempted/successful = {factor:2} (at most {most})",
                nodes=nodes_of(hot),
                failed=Text("unknown") if inputs.failed is None else inputs.failed,
                factor=factor,
                most=round(MAX_RETRY_FACTOR),
            )
        )
        peak *= factor
        busiest = busiest and busiest * factor
    if inputs.nodes_at_most is None:
        missing.append(
            Text("the maximum number of nodes (sized for the present {nodes})", nodes=nodes_of(inputs.nodes_now))
        )
    scale = max(inputs.nodes_at_most or 0, inputs.nodes_now, 1) / max(inputs.nodes_now, 1)
    if scale > 1:
        lines.append(
            Text(
                "times {most}/{now} nodes (autoscaler maximum and upgrade surge)",
                most=inputs.nodes_at_most or 0,
                now=inputs.nodes_now,
            )
        )
        peak *= scale
    ports = math.ceil(peak)
    by_ports = math.ceil(ports * HEADROOM / PORTS_PER_IP)
    by_destination = math.ceil(ports / CONNECTIONS_PER_IP_AND_DESTINATION)
    lines += [
        Text(
            "{ports} ports × {headroom} headroom ÷ {per_ip} per public IP → {ips}",
            ports=ports,
            headroom=HEADROOM,
            per_ip=PORTS_PER_IP,
            ips=by_ports,
        ),
        Text(
            "if all went to one destination: {ports} ÷ {per_ip} per public IP → {ips}",
            ports=ports,
            per_ip=CONNECTIONS_PER_IP_AND_DESTINATION,
            ips=by_destination,
        ),
    ]
    at_least = 1
    if saturated:
        at_least = 2
        lines.append(Text("at least 2 because ports ran out"))
    public_ip_count = max(by_ports, by_destination, at_least)
    lines.append(Text("public IPs: {number}", number=public_ip_count))
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


def _no_need(inputs: DemandInputs) -> Text:
    """The measurement that speaks against SNAT exhaustion; empty if none does or not every node was measured."""
    if not inputs.use or inputs.failed != 0 or len(inputs.use) < inputs.nodes_now:
        return Text("")
    shares = [max(node.tcp_peak, node.udp_peak) / node.allocated for node in inputs.use if node.allocated > 0]
    if len(shares) < len(inputs.use) or 100 * max(shares) >= inputs.pressure_percent:
        return Text("")
    share = percent(max(shares), 1)
    if not inputs.successful:
        return Text(
            "nothing connected out in the last hour, and no node used more than {share} of its ports", share=share
        )
    return Text(
        "no SNAT connection failed among {number} in the last hour, and no node used more than {share} of its ports",
        number=inputs.successful,
        share=share,
    )


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
    lines = [Text("the NAT gateway has {ips}: {ports} ports", ips=public_ips_of(have), ports=capacity)]
    if inputs.open_peak is not None:
        lines.append(Text("at most {connections} connections were open at a time", connections=round(peak)))
    if inputs.failed is not None and inputs.attempted is not None:
        lines.append(
            Text("{failed} of {attempted} new connections failed", failed=inputs.failed, attempted=inputs.attempted)
        )
    wanted = have
    if inputs.failed:
        lost = 1 + inputs.failed / max(inputs.attempted or 0, 1)
        wanted = max(have + 1, math.ceil(peak * lost * HEADROOM / PORTS_PER_IP))
        lines.append(Text("connections failed: at least 1 more, and {headroom} times what was open", headroom=HEADROOM))
    elif 100 * peak >= inputs.enlarge_percent * capacity:
        wanted = max(have + 1, math.ceil(peak * HEADROOM / PORTS_PER_IP))
        share = percent(inputs.enlarge_percent, 100)
        lines.append(
            Text("{share} of the capacity is reached: {headroom} times what was open", share=share, headroom=HEADROOM)
        )
    lines.append(Text("public IPs: {number}", number=wanted))
    missing = []
    if inputs.open_peak is None:
        missing.append(Text("open connections (TotalConnectionCount could not be read)"))
    if inputs.failed is None:
        missing.append(Text("failed and attempted connections (SNATConnectionCount of the gateway could not be read)"))
    if inputs.public_ip_count is None:
        missing.append(Text("how many addresses the gateway has (a public IP prefix of it could not be read)"))
    no_need = Text("")
    if wanted == have and inputs.attempted and not missing:
        no_need = Text(
            "no connection failed on the NAT gateway in the last hour, and {share} of it was used",
            share=percent(peak, capacity),
        )
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
