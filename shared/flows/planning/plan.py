"""Read the facts for a plan, and plan. It only reads: a dry run at any time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from ... import user_input
from ...cloud.access import AccessReader
from ...cloud.errors import AzureError
from ...cloud.metric_queries import (
    ALLOCATED_SNAT_PORTS_BY_BACKEND,
    NAT_CONNECTIONS,
    NAT_OPEN_CONNECTIONS,
    SNAT_CONNECTIONS_BY_BACKEND,
    USED_SNAT_PORTS_BY_BACKEND,
)
from ...core.detection.node_counts import nodes_at_most
from ...core.detection.schedule import complete_window
from ...core.detection.tags import TagRules, read_tags
from ...core.detection.thresholds import Thresholds
from ...core.planning import delete, detach, planner, sizing, usage
from ...core.planning.advice.choose import ASKABLE
from ...core.planning.egress import address_count, our_gateway
from ...core.planning.naming import tags_for
from ...core.planning.permissions import scopes_of
from ...core.planning.placement import ranges_of, unplaced_ips
from ...core.planning.request import DRY_RUN, PlanOptions, PlanRequest
from ...errors import BadInput
from ...formatting import listed
from ...model.change import Change, JournalEntry
from ...model.metric import Window
from ...model.network import NatGateway, NetworkFacts, PublicIp
from ...model.plan import AssociateSubnet, Baseline, Demand, Plan, PlanKind
from ...model.resource_id import ArmId, same_id
from ...model.text import Text
from .ownership import Ownership

if TYPE_CHECKING:
    from ...cloud.metrics import Metrics

log = logging.getLogger("snatbot.planning")
T = TypeVar("T")
_LOOK_BACK_MINUTES = 60
_PLACING_MINUTES = 5
# What NAT_IPS makes snatbot create; a named prefix exists already.
_NEW_TYPES = {"addresses": ("publicIPAddresses",), "prefix": ("publicIPPrefixes",)}


def kind_named(text: str) -> PlanKind | None:
    """The requested kind of plan; None if none was requested. Raises BadInput."""
    if not text.strip():
        return None
    kinds = (PlanKind.ATTACH_NAT_GATEWAY, PlanKind.RESERVE_PUBLIC_IPS, *ASKABLE)
    found = next((kind for kind in kinds if kind.value == text.strip().lower()), None)
    if found is None:
        raise BadInput(
            Text(
                "kind is {given}; leave it out for the right answer, or give {kinds}",
                given=user_input.shown(text),
                kinds=listed(kinds, 16),
            )
        )
    return found


class Planner:
    def __init__(
        self,
        read_facts: Callable[[str, datetime, Sequence[ArmId]], NetworkFacts],
        access: AccessReader,
        ownership: Ownership,
        metrics: Metrics,
        options: PlanOptions,
        ingestion_lag_minutes: int,
        usual: TagRules,
    ) -> None:
        """``read_facts``: of a cluster and the subnets of a plan. ``usual``: the owner's thresholds without tags."""
        self._read_facts = read_facts
        self._access = access
        self._ownership = ownership
        self._metrics = metrics
        self._options = options
        self._lag_minutes = ingestion_lag_minutes
        self._usual = usual

    def read_network(self, cluster_id: str, now: datetime) -> NetworkFacts:
        """The present network only. Raises AzureError if the cluster can't be read."""
        return self._read_facts(cluster_id, now, ())

    def read_facts(
        self, cluster_id: str, now: datetime, request: PlanRequest = DRY_RUN, plan: Plan | None = None
    ) -> NetworkFacts:
        """The present network, and what would refuse a write. Raises AzureError if the cluster can't be read.

        ``plan``: the subnets of its steps are read too, even if no node is in them now.
        """
        moved = [step.subnet_id for step in plan.steps if isinstance(step, AssociateSubnet)] if plan else []
        facts = self._read_facts(cluster_id, now, moved)
        facts = replace(facts, ours=self._ownership.read(cluster_id, facts.vnet_id))
        if facts.vnet_id is None or facts.vnet_location is None:
            return facts
        tags = tags_for(facts.cluster, {**self._options.tags, **request.tags})
        new = _NEW_TYPES.get(self._options.nat_ips, ())
        access = self._access.read_access(
            scopes_of(facts), facts.nat_group_id, facts.vnet_id, facts.vnet_location, tags, (*new, "natGateways")
        )
        return replace(facts, access=access, unplaced_ips=self._unplaced_ips(facts, now))

    def _unplaced_ips(self, facts: NetworkFacts, now: datetime) -> tuple[str, ...] | None:
        if facts.load_balancer is None:
            return ()
        balancer_id, name = facts.load_balancer.id, facts.cluster.name
        window = complete_window(now, self._lag_minutes, _PLACING_MINUTES)
        connections = _read(
            "connections",
            lambda: self._metrics.query(balancer_id, SNAT_CONNECTIONS_BY_BACKEND, window),
            name,
        )
        allocated = _read(
            "ports",
            lambda: self._metrics.snat_ports_by_backend(balancer_id, ALLOCATED_SNAT_PORTS_BY_BACKEND, window),
            name,
        )
        return unplaced_ips(facts, window, connections, allocated) if connections and allocated else None

    def plan_cluster(self, cluster_id: str, now: datetime, request: PlanRequest = DRY_RUN) -> Plan:
        """The plan or advice for a cluster; a request may name the kind. Raises AzureError as ``read_facts``."""
        facts = self.read_facts(cluster_id, now, request)
        window = complete_window(now, self._lag_minutes, _LOOK_BACK_MINUTES)
        thresholds = read_tags(facts.cluster.tags, self._usual).thresholds
        wanted, baseline = self._usage(facts, window, thresholds)
        gateway = our_gateway(facts)
        if gateway is not None and gateway.subnet_ids:
            wanted, through_gateway = self._gateway_usage(gateway, facts.known_ips, window, thresholds)
            if all(same_id(subnet.nat_gateway_id, gateway.id) for subnet in facts.subnets):
                baseline = through_gateway
        return planner.plan_attachment(facts, wanted, baseline, self._options, request)

    def plan_rollback(self, change: Change, journal: Mapping[int, JournalEntry], now: datetime) -> Plan:
        """Plan to roll back what ``change`` has written by its journal, from the present network."""
        touched = detach.written_subnets(change.plan, journal)
        facts = self.read_facts(change.cluster_id, now, plan=change.plan)
        return detach.plan_detachment(change.plan, facts, change.id, touched)

    def plan_deletion(self, change: Change, now: datetime) -> Plan:
        """Plan to delete the gateway and public IPs that ``change`` created, once nothing uses them."""
        return delete.plan_deletion(change.plan, self.read_facts(change.cluster_id, now), change.id)

    def _usage(self, facts: NetworkFacts, window: Window, thresholds: Thresholds) -> tuple[Demand, Baseline | None]:
        """The last hour of the load balancer's metrics. A metric that can't be read is None, and the sizing names it.

        Without connections there is no baseline, so verifying can't compare traffic.
        """
        connections = use = None
        if facts.load_balancer is not None:
            balancer_id, metrics = facts.load_balancer.id, self._metrics
            connections = _read(
                "connections",
                lambda: metrics.query(balancer_id, SNAT_CONNECTIONS_BY_BACKEND, window),
                facts.cluster.name,
            )
            use = _read(
                "ports",
                lambda: usage.port_use(
                    window,
                    metrics.snat_ports_by_backend(balancer_id, USED_SNAT_PORTS_BY_BACKEND, window),
                    metrics.snat_ports_by_backend(balancer_id, ALLOCATED_SNAT_PORTS_BY_BACKEND, window),
                ),
                facts.cluster.name,
            )
        failed, successful = usage.totals(window, connections) if connections is not None else (None, None)
        inputs = sizing.DemandInputs(
            use=use,
            failed=failed,
            successful=successful,
            nodes_now=max(facts.node_count, 1),
            nodes_at_most=nodes_at_most(facts.cluster),
            pressure_percent=thresholds.pressure_warn_percent,
        )
        before = usage.baseline(window, connections, facts.nodes, ranges_of(facts)) if connections is not None else None
        return sizing.size(inputs), before

    def _gateway_usage(
        self, gateway: NatGateway, known_ips: Mapping[ArmId, PublicIp], window: Window, thresholds: Thresholds
    ) -> tuple[Demand, Baseline | None]:
        """Usage by the gateway's own metrics, if all traffic uses it."""
        metrics = self._metrics
        connections = _read(
            "connections",
            lambda: metrics.query(gateway.id, NAT_CONNECTIONS, window),
            gateway.name,
        )
        attempted, failed = usage.gateway_totals(window, connections) if connections is not None else (None, None)
        before = usage.gateway_baseline(window, connections) if connections is not None else None
        peak = _read(
            "connections",
            lambda: usage.open_peak(window, metrics.query(gateway.id, NAT_OPEN_CONNECTIONS, window)),
            gateway.name,
        )
        ips = address_count(gateway, known_ips)
        enlarge = thresholds.nat_capacity_percent
        return sizing.size_gateway(sizing.GatewayInputs(peak, failed, attempted, ips, enlarge)), before


def _read(what: str, read: Callable[[], T], of: str) -> T | None:
    """None if the metric can't be read: each metric is read on its own."""
    try:
        return read()
    except AzureError as error:
        log.warning("%s of %s could not be read: %s", what, of, error)
        return None
