"""Ports by node: of everybody when due, with an hour of history where a node has half of its ports in use."""

from __future__ import annotations

import pytest

from shared.cloud.deadline import Deadline
from shared.flows.monitoring.collect_ports import PortCollector
from shared.flows.monitoring.group_queries import GroupQueries
from shared.model.metric import MetricAnswer
from tests.support.builders import answer, cluster, series, window
from tests.support.fakes import FakeAccess, watched

pytestmark = pytest.mark.disable_socket
TARGETS = watched(*(cluster(name=f"c{number}") for number in range(60)))


def ports(used: float) -> MetricAnswer:
    """On two frontends with half of 1,024 ports each."""
    return answer(
        *(
            series(dict.fromkeys(range(-60, 5), value / 2), metric=name, frontendipaddress=frontend, **node())
            for frontend in ("f1", "f2")
            for name, value in (("UsedSnatPorts", used), ("AllocatedSnatPorts", 1024))
        )
    )


def node() -> dict[str, str]:
    return {"backendipaddress": "10.0.0.4", "protocoltype": "TCP", "isawaitingremoval": "False"}


def collector(access: FakeAccess) -> tuple[PortCollector, list[str]]:
    queries = GroupQueries(access.access, TARGETS, Deadline(50), 1)
    return PortCollector(queries, window()), list(queries.by_balancer)


def test_at_most_fifty_answers_are_held_and_only_suspects_are_asked_for_their_history() -> None:
    access = FakeAccess()
    found, keys = collector(access)
    access.answers = {"ports": lambda each: ports(1000 if each == keys[55] else 10), "history": ports(1000)}
    found.collect(keys)
    assert [(name, len(ids)) for name, ids, _ in access.asked] == [("ports", 50), ("ports", 10), ("history", 1)]
    assert found.readings.keys() == set(keys)
    assert found.histories.keys() == {keys[55]}
    (full,) = found.readings[keys[55]].nodes
    assert (full.ip, full.used, full.allocated) == ("10.0.0.4", 1000, 1024)


def test_in_trouble_one_query_brings_both() -> None:
    access = FakeAccess({"history": ports(1000)})
    found, keys = collector(access)
    found.collect_in_trouble(keys[:3])
    assert [(name, len(ids)) for name, ids, _ in access.asked] == [("history", 3)]
    assert found.readings.keys() == found.histories.keys() == set(keys[:3])


def test_nobody_to_ask_about_is_no_query() -> None:
    access = FakeAccess()
    found, _ = collector(access)
    found.collect([])
    found.collect_in_trouble([])
    assert access.asked == []
