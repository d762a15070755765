"""The gate after each subnet: does its traffic use the new egress path, and does nothing fail?

A NAT gateway's metrics don't name subnets, and traffic of earlier subnets must not hide a subnet without egress. So the
gateway's rate must rise by a share of what the subnet's own nodes had before. After a detach, the load balancer's
metrics name each node, so the nodes' own connections count.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ...formatting import clauses, listed, minutes_of
from ...model.metric import Series, Window
from ...model.plan import Baseline
from ...model.resource_id import ArmId
from ...model.text import Text, arranged
from ..subnet_ranges import SubnetRanges
from .measurement import LEAST_PER_MINUTE, rate_on_gateway, total

SHARE_OF_OWN = 0.25
# Single failures are normal on any gateway: below both limits they are shown and stop nothing.
NOISE_PER_MINUTE = 1.0
NOISE_SHARE = 0.01
_MOST_FAILING = 0.5
_MORE_THAN_BEFORE = 0.25


class Passage(StrEnum):
    OPEN = "open"
    SHUT = "shut"
    UNKNOWN = "unknown"  # the source can't tell


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one source shows of a moved subnet. A shut gate may open later, unless it ``is_broken``."""

    passage: Passage
    text: Text  # what was measured
    is_broken: bool = False
    is_patient: bool = False  # not the fault of the change, so the gate's time limit does not apply


@dataclass(frozen=True, slots=True)
class TrafficBefore:
    """Successful new connections per minute on the load balancer before the change."""

    own: float  # of the subnet's nodes
    unplaced: float  # of nodes in no known subnet, which may be in this one; infinite if not measured

    @classmethod
    def of(cls, baseline: Baseline | None, subnet_id: ArmId) -> "TrafficBefore":
        if baseline is None:
            return cls(0.0, float("inf"))
        placed = baseline.successful_by_subnet
        return cls(placed.get(subnet_id, 0.0), max(0.0, baseline.successful_per_minute - sum(placed.values())))

    @property
    def is_quiet(self) -> bool:
        """Whether the subnet had too little traffic to judge by."""
        return self.own + self.unplaced <= LEAST_PER_MINUTE


def through_gateway(had: TrafficBefore, *, now: float, before: float, failed: float) -> Evidence:
    """New connections per minute on the NAT gateway, now and before the subnet moved, and failed ones now."""
    noise = Text("{rate} a minute failed", rate=float(failed)) if failed else Text("none failed")
    if failed > max(NOISE_PER_MINUTE, NOISE_SHARE * now):
        failing = Text(
            "{failed} of {rate} connections a minute failed on the NAT gateway", failed=float(failed), rate=float(now)
        )
        return Evidence(Passage.SHUT, failing, is_broken=True)
    if had.is_quiet:
        quiet = Text("too little traffic before ({rate} a minute) to tell by it", rate=round(had.own))
        return Evidence(Passage.UNKNOWN, clauses(quiet, noise))
    rate = rate_on_gateway(now)
    since = Text("{rate} before the subnet was moved", rate=round(before)) if before else Text("")
    rise = SHARE_OF_OWN * had.own if had.own > LEAST_PER_MINUTE else LEAST_PER_MINUTE
    if now > LEAST_PER_MINUTE and now - before >= rise:
        return Evidence(Passage.OPEN, arranged("{parts}", parts=(rate, since, noise)))
    rates, needed = arranged("{parts}", parts=(rate, since)), round(max(LEAST_PER_MINUTE, before + rise))
    text = Text("{rates} so far; {needed} would show that this subnet has egress", rates=rates, needed=needed)
    if had.own <= LEAST_PER_MINUTE:
        text = arranged("{text} ({why})", text=text, why=Text("what its nodes had before is not known"))
    return Evidence(Passage.SHUT, text)


def through_load_balancer(
    own: Sequence[Series], window: Window, own_before: float, failing_before: float = 0.0
) -> Evidence:
    """``own``: new connections of the subnet's nodes on the load balancer, by state; ``own_before`` per minute.

    Without a measurement the gate of a rollback opens: nodes may be without egress meanwhile. ``failing_before``: the
    share of the cluster's connections that failed before any change; a detach may bring it back.
    """
    failed = total(own, window, "failed")
    succeeded = total(own, window) - failed - total(own, window, "pending")
    if failed > max(_MOST_FAILING, failing_before + _MORE_THAN_BEFORE) * (failed + succeeded):
        text = Text.plural(
            "{failed} of {count} connection of its nodes failed on the load balancer",
            "{failed} of {count} connections of its nodes failed on the load balancer",
            count=round(failed + succeeded),
            failed=round(failed),
        )
        return Evidence(Passage.SHUT, text, is_broken=True)
    if succeeded > 0:
        text = Text.plural(
            "{count} new connection a minute of its nodes leaves through the load balancer, {failed} failed "
            "in {minutes}",
            "{count} new connections a minute of its nodes leave through the load balancer, {failed} failed "
            "in {minutes}",
            count=round(succeeded / window.minutes),
            failed=round(failed),
            minutes=minutes_of(window.minutes),
        )
        return Evidence(Passage.OPEN, text)
    if own_before <= LEAST_PER_MINUTE:
        text = Text(
            "could not be measured: its nodes had too little traffic before ({rate} a minute)", rate=round(own_before)
        )
        return Evidence(Passage.UNKNOWN, text)
    return Evidence(Passage.SHUT, Text("no new connection of its nodes left through the load balancer so far"))


def left_behind(connections: Iterable[Series], window: Window, moved: SubnetRanges) -> Text:
    """Nodes that still use the load balancer and are in no subnet of the plan; empty if there are none.

    Such a node is in no list, or was added with a subnet of its own after the plan was made.
    """
    rates: dict[str, float] = {}
    for series in connections:
        if moved.subnet_of(series.backend_ip) is None:
            rates[series.backend_ip] = rates.get(series.backend_ip, 0.0) + total([series], window) / window.minutes
    busy = sorted(ip or Text("a node without address") for ip, rate in rates.items() if rate > 0)
    if not busy:
        return Text("")
    return Text.plural(
        "{count} new connection a minute through the load balancer is of {nodes}, in no subnet of the plan",
        "{count} new connections a minute through the load balancer are of {nodes}, in no subnet of the plan",
        count=math.ceil(sum(rates.values())),
        nodes=listed(busy),
    )
