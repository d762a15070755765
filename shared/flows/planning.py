"""Read everything a plan rests on, and plan. Reads only: a dry run at any time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from ..cloud.errors import AzureError
from ..cloud.metrics import Metrics
from ..core import demand, detachment, detect, planner, usage
from ..model.change import Change
from ..model.cluster import Cluster
from ..model.metric import MetricAnswer, Window
from ..model.network import NetworkFacts
from ..model.plan import AssociateSubnet, Baseline, Plan

log = logging.getLogger("snatbot.planning")
_LOOK_BACK_MINUTES = 60


class Planning:
    def __init__(
        self,
        read_facts: Callable[[str, datetime], NetworkFacts],
        metrics: Metrics,
        policy: planner.PlanPolicy,
        ingestion_lag_minutes: int,
    ) -> None:
        self._read_facts = read_facts
        self._metrics = metrics
        self._policy = policy
        self._lag_minutes = ingestion_lag_minutes

    def facts(self, cluster_id: str, now: datetime) -> NetworkFacts:
        """The network as it is now. Raises AzureError when the cluster itself cannot be read."""
        return self._read_facts(cluster_id, now)

    def attachment(self, cluster_id: str, now: datetime) -> Plan:
        """The cure for a cluster, or the reason why there is none. Raises AzureError as ``facts`` does."""
        facts = self.facts(cluster_id, now)
        inputs, baseline = self._usage(facts, detect.judged_window(now, self._lag_minutes, _LOOK_BACK_MINUTES))
        return planner.plan_attachment(facts, demand.size(inputs), baseline, self._policy)

    def way_back(self, change: Change, now: datetime) -> Plan:
        """What would take back ``change``, from the network as it is now."""
        touched = [step.subnet_id for step in change.plan.steps if isinstance(step, AssociateSubnet)]
        return detachment.plan_detachment(change.plan, self.facts(change.cluster_id, now), change.id, touched)

    def _usage(self, facts: NetworkFacts, window: Window) -> tuple[demand.DemandInputs, Baseline]:
        """What the load balancer's metrics say of the last hour. What can't be read is None, and named by sizing."""
        balancer = facts.load_balancer
        connections, use = MetricAnswer(()), None
        if balancer is not None:
            try:
                connections = self._metrics.snat_connections(balancer.id, window, by_backend=True)
                use = usage.port_use(
                    window,
                    self._metrics.used_snat_ports_by_backend(balancer.id, window),
                    self._metrics.allocated_snat_ports_by_backend(balancer.id, window),
                )
            except AzureError as error:
                log.warning("port use of %s could not be read: %s", facts.cluster.name, error)
        failed, successful = usage.totals(window, connections)
        inputs = demand.DemandInputs(
            use=use,
            failed=failed,
            successful=successful,
            nodes_now=max(len(facts.nodes), 1),
            nodes_at_most=nodes_at_most(facts.cluster),
        )
        return inputs, usage.baseline(window, connections, facts.nodes)


def nodes_at_most(cluster: Cluster) -> int:
    """Autoscaler maximum of every pool plus its upgrade surge (AKS default: one node, or 10 % on newer versions)."""
    return sum(pool.max_count + _surge(pool.max_surge, pool.max_count) for pool in cluster.pools)


def _surge(text: str, count: int) -> int:
    if text.endswith("%") and text[:-1].isdigit():
        return -(-count * int(text[:-1]) // 100)
    return int(text) if text.isdigit() else max(1, -(-count // 10))
