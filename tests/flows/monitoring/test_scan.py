"""Clusters are scanned by subscription and region, and all of them are handed on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.cloud.deadline import Deadline
from shared.core.detection.schedule import ScanScope
from shared.flows.monitoring.scan import ScanResult, grouped
from shared.model.cluster import Cluster
from shared.model.reading import DoesNotApply, Measured, Unmeasured
from shared.model.resource_id import ArmId
from tests.support.builders import START, by_state, cluster, window
from tests.support.fakes import FakeAccess, FakeAzure, make_scanner, watched

pytestmark = pytest.mark.disable_socket
NOW = START + timedelta(minutes=8)


def at_place(name: str, subscription: str, region: str) -> Cluster:
    group = f"/subscriptions/{subscription}/resourceGroups/rg/providers/Microsoft.ContainerService"
    return cluster(name=name, id=ArmId(f"{group}/managedClusters/{name}"), location=region)


def test_groups_are_places_however_they_are_spelled_and_no_larger_than_asked() -> None:
    places = [("a", "s1", "West Europe"), ("b", "S1", "westeurope"), ("c", "s1", "eastus"), ("d", "s1", "westeurope")]
    groups = grouped(watched(*(at_place(*each) for each in places)), most=2)
    found = [(place, [target.cluster.name for target in members]) for place, members in groups]
    assert found == [
        (("s1", "eastus"), ["c"]), (("s1", "westeurope"), ["a", "b"]), (("s1", "westeurope"), ["d"]),
    ]  # fmt: skip


def scan(*clusters: Cluster, is_broken: bool = False) -> dict[str, ScanResult]:
    targets = watched(*clusters)
    found: dict[str, ScanResult] = {}

    def keep(group: object) -> None:
        assert isinstance(group, list)
        if is_broken and group[0].assessment.cluster.location == "eastus":
            raise OSError("storage is down")
        found.update({result.assessment.cluster.name: result for result in group})

    scanner = make_scanner(FakeAzure(targets), FakeAccess({"state": by_state(Successful={0: 9})}))
    scanner.scan(targets, ScanScope(window()), Deadline(50), NOW, keep)
    return found


def test_what_cannot_be_measured_is_handed_on_with_its_reason() -> None:
    found = scan(
        cluster(name="on"),
        cluster(name="off", tags={"snatbot-watch": "off"}),
        cluster(name="stopped", power_state="Stopped"),
    )
    assert isinstance(found["on"].assessment.reading, Measured)
    assert isinstance(found["off"].assessment.reading, DoesNotApply)
    assert isinstance(found["stopped"].assessment.reading, DoesNotApply)
    assert not any(isinstance(result.assessment.reading, Unmeasured) for result in found.values())


def test_what_one_group_raises_is_raised_when_the_others_are_done() -> None:
    with pytest.raises(OSError, match="storage is down"):
        scan(at_place("a", "s1", "eastus"), at_place("b", "s1", "westeurope"), is_broken=True)


def test_without_clusters_nothing_happens() -> None:
    assert scan() == {}
