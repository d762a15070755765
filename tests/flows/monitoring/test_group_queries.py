"""Queries about the load balancers and gateways of one group of clusters."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.cloud.deadline import Deadline
from shared.cloud.errors import NotSent, Throttled
from shared.cloud.metric_queries import NAT_DATAPATH, SNAT_CONNECTIONS, SNAT_PORTS_BY_BACKEND
from shared.flows.monitoring.group_queries import (
    ASSUMED_NODES,
    GroupQueries,
    answer_or_none,
    answer_or_reason,
    series_of,
    unmeasured,
)
from shared.model.fleet import WatchedGateway
from shared.model.reading import Cause, Unmeasured
from shared.model.resource_id import ArmId
from tests.support.builders import NETWORK, answer, by_state, cluster, outbound_rule, window
from tests.support.fakes import FakeAccess, watched

pytestmark = pytest.mark.disable_socket
TARGETS = watched(cluster(name="a"), cluster(name="b"))
HEALTHY = by_state(Successful={0: 9})


def queries(access: FakeAccess) -> GroupQueries:
    return GroupQueries(access.access, TARGETS, Deadline(50), 1)


def test_answers_come_in_the_order_of_the_queries() -> None:
    access = FakeAccess({"state": HEALTHY})
    group = queries(access)
    first, *_ = group.by_balancer
    of_all, of_first, of_none = group.query_all(
        (group.by_balancer, SNAT_CONNECTIONS, window()),
        ([first], SNAT_PORTS_BY_BACKEND, window()),
        ([], SNAT_CONNECTIONS, window()),
    )
    assert of_all == dict.fromkeys(group.by_balancer, HEALTHY)
    assert (list(of_first), of_none) == ([first], {})


def test_gateways_are_asked_about_in_their_own_regions() -> None:
    made = [WatchedGateway(ArmId(f"{NETWORK}/natGateways/{name}"), name, name, 1) for name in ("west", "east")]
    access = FakeAccess({"datapath": answer()})
    gateways = {gateway.id.lower(): gateway for gateway in made}
    assert queries(access).query_gateways(gateways, gateways, NAT_DATAPATH, window()).keys() == gateways.keys()
    assert [ids for _, ids, _ in access.asked] == [(key,) for key in gateways]


def test_series_are_expected_of_members_frontends_and_combinations() -> None:
    (target, _) = TARGETS
    assert target.load_balancer is not None
    rule = replace(outbound_rule(), node_count=40, frontend_ids=(ArmId("one"), ArmId("two")))
    balancer = replace(target.load_balancer, outbound_rules=(rule,))
    known = replace(target, load_balancer=balancer)
    assert series_of([known], SNAT_CONNECTIONS) == {balancer.id: 40 * 2 * 3}
    assert series_of([known], SNAT_PORTS_BY_BACKEND) == {balancer.id: 40 * 2 * 8}
    nobody_knows = replace(
        known,
        cluster=replace(target.cluster, pools=()),
        load_balancer=replace(balancer, outbound_rules=(replace(rule, node_count=None),)),
    )
    assert series_of([nobody_knows], SNAT_CONNECTIONS) == {balancer.id: ASSUMED_NODES * 2 * 3}


def test_an_answer_that_needs_another_is_not_measured_without_it() -> None:
    refused = Throttled("metrics", "slow")
    assert answer_or_reason(HEALTHY) == HEALTHY
    assert isinstance(answer_or_reason(HEALTHY, refused), Unmeasured)
    assert isinstance(answer_or_reason(refused), Unmeasured)
    assert (answer_or_none(refused), answer_or_none(None), answer_or_none(HEALTHY)) == (None, None, HEALTHY)


def test_what_the_deadline_cut_off_was_not_reached() -> None:
    assert unmeasured(NotSent("s1", "over")).cause is Cause.NOT_REACHED
