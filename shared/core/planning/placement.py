"""Find members of the load balancer's backend pool that are in none of the cluster's known subnets.

A plan would miss those nodes.
"""

from collections import defaultdict
from datetime import datetime, timedelta

from ...model.load_balancer import interface_of, scale_set_of
from ...model.metric import MetricAnswer, Window
from ...model.network import NetworkFacts
from ...model.resource_id import ArmId
from ..detection.ports import is_draining
from ..subnet_ranges import SubnetRanges

SEEN_APART = timedelta(minutes=2)


def ranges_of(facts: NetworkFacts) -> SubnetRanges:
    return SubnetRanges((subnet.id, subnet.properties) for subnet in facts.subnets)


def unplaced_members(facts: NetworkFacts) -> tuple[ArmId, ...]:
    """Members of the outbound pool whose subnet neither their network interface nor their scale set's model shows.

    There are always some while a cluster scales: a member may be gone before the interfaces are listed.
    """
    if facts.load_balancer is None:
        return ()
    read = {subnet.id for subnet in facts.subnets}
    attached = {attached_id for subnet in facts.subnets for attached_id in subnet.attached_ids}
    nodes = {node.interface_id for node in facts.nodes if node.subnet_id in read}
    models = {scale_set for scale_set, subnet_id in facts.scale_set_subnets.items() if subnet_id in read}

    def is_placed(member: ArmId) -> bool:
        return member in attached or interface_of(member) in nodes or scale_set_of(member) in models

    return tuple(member for member in facts.load_balancer.outbound_ip_configuration_ids if not is_placed(member))


def unplaced_ips(
    facts: NetworkFacts, window: Window, connections: MetricAnswer, allocated: MetricAnswer
) -> tuple[str, ...] | None:
    """Backends in no known subnet that had new connections or allocated ports, at least two minutes apart.

    None if the metrics can't tell: every node in the pool has ports, so an empty answer proves nothing.
    """
    if connections.is_truncated or allocated.is_truncated or not allocated.has_point_in(window):
        return None
    ranges, seen = ranges_of(facts), defaultdict[str, set[datetime]](set)
    read = {subnet.id for subnet in facts.subnets}
    placed = {node.ip for node in facts.nodes if node.subnet_id in read}
    for series, at, value in (*connections.points_in(window), *allocated.points_in(window)):
        if value > 0 and not is_draining(series):
            seen[series.backend_ip].add(at)
    lasting = [ip for ip, minutes in seen.items() if max(minutes) - min(minutes) >= SEEN_APART]
    return tuple(sorted(ip for ip in lasting if ip not in placed and ranges.subnet_of(ip) is None))
