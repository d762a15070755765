"""Little is asked about the healthy, all about the failing."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from shared.cloud.deadline import Deadline
from shared.cloud.errors import Throttled
from shared.cloud.request_count import RequestCount
from shared.core.detection.schedule import ScanScope
from shared.flows.monitoring.collect import MetricCollector, has_failure
from shared.model.cluster import Cluster
from shared.model.load_balancer import Node, NodeList
from shared.model.metric import MetricAnswer
from shared.model.reading import Unmeasured
from tests.support.builders import answer, by_state, cluster, series, window
from tests.support.fakes import FakeAccess, watched

pytestmark = pytest.mark.disable_socket
HEALTHY = by_state(Successful={0: 9})
FAILING = by_state(Failed={1: 3}, Successful={0: 97})
OF_BACKEND = answer(series({1: 3}, connectionstate="Failed", backendipaddress="10.0.0.4"))
NODES = NodeList((Node("aks-0", "pool", "10.0.0.4"),), is_complete=True)
TARGETS = watched(cluster(name="well"), cluster(name="sick"))
SICK = TARGETS[1]


class Names:
    def __init__(self) -> None:
        self.asked: list[tuple[str, set[str]]] = []

    def of(self, of: Cluster, ips: Iterable[str]) -> NodeList:
        self.asked.append((of.name, set(ips)))
        return NODES


def of_sick(sick: MetricAnswer, well: MetricAnswer = HEALTHY) -> FakeAccess:
    assert SICK.load_balancer is not None
    key = SICK.load_balancer.id.lower()
    return FakeAccess({"state": lambda each: sick if each == key else well, "backend": OF_BACKEND, "before": FAILING})


def test_a_healthy_cluster_takes_one_query_and_a_failing_one_its_detail_and_names() -> None:
    access, names = of_sick(FAILING), Names()
    well, sick = MetricCollector(access.access, names.of).collect(TARGETS, ScanScope(window()), Deadline(50))
    assert [(name, len(ids)) for name, ids, _ in access.asked] == [("state", 2), ("backend", 1), ("before", 1)]
    assert well.load_balancer is not None
    assert (well.load_balancer.connections, well.load_balancer.connections_by_backend) == (HEALTHY, None)
    assert sick.load_balancer is not None
    assert sick.load_balancer.connections_by_backend == OF_BACKEND
    assert (sick.nodes, names.asked) == (NODES, [("sick", {"10.0.0.4"})])


def test_requests_for_names_count_though_they_go_out_side_by_side() -> None:
    count = RequestCount()

    def names_of(_cluster: Cluster, _ips: Iterable[str]) -> NodeList:
        count("GET", "/networkInterfaces")
        return NODES

    access = FakeAccess({"state": FAILING, "backend": OF_BACKEND, "before": FAILING})
    with count.metered() as effort:
        MetricCollector(access.access, names_of).collect(TARGETS, ScanScope(window()), Deadline(50), at_a_time=4)
        assert effort().requests == len(TARGETS)


def test_only_a_silent_load_balancer_is_asked_whether_it_reports() -> None:
    access = of_sick(MetricAnswer(()))
    access.answers["allocated"] = Throttled("metrics", "slow")
    _, silent = MetricCollector(access.access, Names().of).collect(TARGETS, ScanScope(window()), Deadline(50))
    assert [name for name, _, _ in access.asked] == ["state", "allocated"]
    assert silent.load_balancer is not None
    assert isinstance(silent.load_balancer.connections, Unmeasured), "silence without that answer is no idleness"


def test_of_a_cluster_in_trouble_all_is_asked_beside_the_first_query() -> None:
    access, names = of_sick(FAILING), Names()
    scope = ScanScope(window(), in_trouble=frozenset({SICK.cluster.id.lower()}))
    MetricCollector(access.access, names.of).collect(TARGETS, scope, Deadline(50))
    assert [(name, len(ids)) for name, ids, _ in access.asked] == [
        ("state", 2), ("backend", 1), ("before", 1), ("history", 1),
    ]  # fmt: skip


def test_after_the_deadline_nodes_keep_their_addresses() -> None:
    names = Names()
    *_, sick = MetricCollector(of_sick(FAILING).access, names.of).collect(TARGETS, ScanScope(window()), Deadline(0))
    assert (sick.nodes, names.asked) == (NodeList(), [])


def test_a_failure_outside_of_the_window_or_of_zero_connections_is_none() -> None:
    assert has_failure(FAILING, window())
    assert not has_failure(FAILING, window(2, 5))
    assert not has_failure(by_state(Failed={1: 0}), window())
