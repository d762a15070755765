"""What an egress probe connects to, and what that takes: SNAT ports of its node, and calls to the app."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address

from ...errors import BadInput
from ...formatting import visible
from ...model.text import Text
from .private_addresses import is_private

MOST_TARGETS = 5
MOST_PERCENT = 5
"""Of its node's SNAT ports."""
PORTS_A_TARGET = 8
"""The load balancer frees a port 240 seconds after a FIN, and a probe connects every 30 seconds at most."""
GB_SECOND_PRICE, MILLION_EXECUTIONS_PRICE = 0.000026, 0.40
"""Flex Consumption on demand, US dollars; from third-party price lists."""
INSTANCE_GB = 2.0
_ROUNDS_A_MONTH = 43_800 // 5
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_TARGET = re.compile(rf"((?:{_LABEL}\.)+{_LABEL}):([1-9][0-9]{{0,4}})")


@dataclass(frozen=True, slots=True)
class Target:
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def parse_targets(texts: Sequence[str]) -> tuple[Target, ...]:
    """Each once. Raises BadInput: only public names and IPv4 addresses with a port, and at most MOST_TARGETS."""
    targets = tuple(dict.fromkeys(map(_parse, texts)))
    if len(targets) > MOST_TARGETS:
        raise BadInput(
            Text("{count} targets are given; at most {most} are probed", count=len(targets), most=MOST_TARGETS)
        )
    return targets


def _parse(text: str) -> Target:
    match = _TARGET.fullmatch(text.strip().lower())
    if match is None or len(match[1]) > 240 or int(match[4]) > 65535:
        raise BadInput(
            Text("target {given} is not HOST:PORT, such as api.example.com:443", given=repr(visible(text[:300])))
        )
    target = Target(match[1], int(match[4]))
    try:
        is_inside = is_private(IPv4Address(target.host))
    except AddressValueError:
        is_inside = target.host.endswith((".svc", ".local", ".internal"))
    if is_inside:
        raise BadInput(Text("target {given} is in a private network: it needs no SNAT port", given=str(target)))
    return target


def check_ports(targets: int, node_ports: int) -> None:
    """Raises BadInput if the probe would take more than MOST_PERCENT of a node's ports; the app is a target, too."""
    ports = PORTS_A_TARGET * (targets + 1)
    if 100 * ports > MOST_PERCENT * node_ports:
        raise BadInput(
            Text(
                "{ports} ports for {targets} targets and the app are more than {percent} % of a node's {node_ports}: "
                "give fewer targets, or each node more ports",
                ports=ports,
                targets=targets,
                percent=MOST_PERCENT,
                node_ports=node_ports,
            )
        )


@dataclass(frozen=True, slots=True)
class ProbeMonth:
    """What one pod costs."""

    calls: int
    busy_hour_calls: int  # more, for each hour with an open incident or change
    price: float  # US dollars, without free grants


def probe_month() -> ProbeMonth:
    """Every 5 minutes the address and a report. While something is open: every 30 seconds, a report every 90.

    Each call is billed as a second of an instance of its own, which is the most that it can be.
    """
    calls = 2 * _ROUNDS_A_MONTH
    price = calls * (INSTANCE_GB * GB_SECOND_PRICE + MILLION_EXECUTIONS_PRICE / 1_000_000)
    return ProbeMonth(calls, 120 + 40 - 2 * 12, price)
