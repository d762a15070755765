"""A status says what the last scan showed, and never more than is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.core.incidents.cluster_status import STALE_AFTER, ClusterState, egress_path, risk, state_of, status_of
from shared.model.cluster_status import EgressPath, OpenWork
from shared.model.fleet import WatchedCluster, WatchedGateway
from shared.model.reading import Idle, Unmeasured
from shared.model.text import verbatim
from tests.support.builders import (
    SYSTEM_SUBNET,
    USER_SUBNET,
    VNET,
    assessment,
    at,
    cluster,
    load_balancer,
    minutes,
    port_reading,
    window,
)
from tests.support.fleet import STATUS, every_kind, failing, make_status, unmeasured
from tests.support.nouns import NOW

TARGET = WatchedCluster(cluster(), load_balancer())


def gateway(*subnet_ids: str) -> WatchedGateway:
    return WatchedGateway(VNET, "ng", "westeurope", 1, subnet_ids)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (TARGET, EgressPath.LOAD_BALANCER),
        (replace(TARGET, gateways=(gateway(USER_SUBNET),)), EgressPath.BOTH),
        (replace(TARGET, gateways=(gateway(USER_SUBNET.upper(), SYSTEM_SUBNET),)), EgressPath.NAT_GATEWAY),
        (replace(TARGET, load_balancer=None), EgressPath.UNKNOWN),
        (replace(TARGET, unreadable=verbatim("no id")), EgressPath.UNKNOWN),
        (WatchedCluster(cluster(outbound_type="userDefinedRouting")), EgressPath.APPLIANCE),
        (WatchedCluster(cluster(outbound_type="none")), EgressPath.NONE),
        (WatchedCluster(cluster(outbound_type="managedNATGateway")), EgressPath.UNKNOWN),
        (WatchedCluster(cluster(outbound_type="something new")), EgressPath.UNKNOWN),
    ],
)
def test_the_egress_path_is_unknown_unless_it_was_found(target: WatchedCluster, path: EgressPath) -> None:
    assert egress_path(target) is path


def test_ports_that_a_scan_did_not_read_stay_with_their_time() -> None:
    first = status_of(assessment(minutes(0, 5)), TARGET, port_reading((900, 1024)), OpenWork(), None)
    assert (first.ports_at, round(first.ports_share or 0, 2)) == (at(10), 0.88)
    later = replace(assessment(minutes(0, 5)), at=at(11))
    second = status_of(later, TARGET, None, OpenWork(), first)
    assert (second.at, second.ports_at, second.ports_share) == (at(11), at(10), first.ports_share)
    third = status_of(later, TARGET, port_reading(), OpenWork(), second)
    assert (third.ports_at, third.ports_share) == (at(11), None)


def test_what_is_not_measured_keeps_the_time_of_its_last_measurement() -> None:
    first = status_of(assessment(Idle(window())), TARGET, None, OpenWork(), None)
    missing = replace(assessment(Unmeasured(verbatim("403"))), at=at(30))
    second = status_of(missing, TARGET, None, OpenWork(), first)
    assert (second.measured_at, second.reason, state_of(second, at(30))) == (at(10), "403", ClusterState.NOT_MEASURED)
    assert status_of(missing, TARGET, None, OpenWork(), None).measured_at is None


def test_only_a_recent_scan_can_say_that_a_cluster_is_well() -> None:
    assert state_of(STATUS, NOW) is ClusterState.WELL
    assert state_of(STATUS, NOW + STALE_AFTER) is ClusterState.WELL
    for status in (STATUS, failing(), make_status(reading="idle")):
        assert state_of(status, NOW + STALE_AFTER + timedelta(seconds=1)) is ClusterState.NOT_MEASURED


def test_an_open_incident_is_never_well() -> None:
    assert state_of(make_status(open=OpenWork("inc-1")), NOW) is ClusterState.WARNING


def test_clusters_come_by_risk_then_by_name() -> None:
    names = [status.id.name for status in sorted(every_kind().clusters, key=lambda status: risk(status, NOW))]
    assert names[1:] == ["shop-prod", "dark", "stale", "full", "half", "moved", "new", "well", "idle", "off"]
    assert names[0].startswith("a-cluster-whose-name")
    same = [unmeasured("b"), unmeasured("A"), unmeasured("c", open=OpenWork("inc-1"))]
    assert [status.id.name for status in sorted(same, key=lambda status: risk(status, NOW))] == ["c", "A", "b"]
