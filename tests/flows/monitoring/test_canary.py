"""One load balancer a tick is asked both ways; suspect regions at every tick."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import cast

import pytest

from shared.cloud.deadline import Deadline
from shared.cloud.metric_access import MetricAccess
from shared.cloud.metric_request import MetricRequest
from shared.flows.monitoring.canary import Canary, Suspects, disagreeing_regions
from shared.flows.monitoring.tick import WHOLE_FLEET, is_sampling_due
from shared.model.fleet import WatchedCluster
from shared.model.metric import MINUTE, MetricAnswer
from shared.model.resource_id import ArmId
from tests.support.builders import START, answer, cluster, series
from tests.support.every import every
from tests.support.fakes import watched

pytestmark = pytest.mark.disable_socket


class BothWays:
    """Batches in the regions that are ``wrong`` say nothing."""

    def __init__(self, *wrong: str) -> None:
        self.wrong = set(wrong)
        self.asked: list[MetricRequest] = []
        self.distrusted: list[str] = []
        self.is_silent = False
        self.quiet: set[str] = set()
        self.uses_batches = True

    def had_traffic(self, load_balancer_id: str) -> bool:
        return load_balancer_id not in self.quiet

    def query_both_ways(self, request: MetricRequest, deadline: Deadline) -> tuple[MetricAnswer, MetricAnswer] | None:
        self.asked.append(request)
        right = answer(series({-15: 5}, metric="x"))
        in_batch = MetricAnswer(()) if request.region in self.wrong else right
        return None if self.is_silent else (in_batch, right)

    def distrust(self, region: str) -> None:
        self.distrusted.append(region)

    def trust(self, region: str) -> None:
        self.distrusted = [each for each in self.distrusted if each != region]


def fleet(*regions: str) -> tuple[WatchedCluster, ...]:
    usual = cluster()
    return watched(
        *(
            cluster(name=f"c{number}", location=region, id=ArmId(usual.id.replace("shop-prod", f"c{number}")))
            for number, region in enumerate(regions)
        )
    )


def sample(
    azure: BothWays, targets: tuple[WatchedCluster, ...], ticks: range, before: Suspects | None = None
) -> Suspects:
    canary, suspects = Canary(cast(MetricAccess, azure)), before or {}
    for tick in ticks:
        suspects = canary.sample(targets, suspects, START + tick * MINUTE, Deadline(50), is_turn=True)
    return suspects


def test_each_cluster_with_recent_traffic_has_its_turn_with_its_regions_others_in_the_batch() -> None:
    azure, targets = BothWays(), fleet("north", "north", "south", "south", "south")
    quiet = targets[4].load_balancer
    assert quiet is not None
    azure.quiet.add(quiet.id)
    assert sample(azure, targets, range(8)) == {}
    assert set(Counter(request.resource_ids[0] for request in azure.asked).values()) == {2}
    assert {len(request.resource_ids) for request in azure.asked if request.region == "south"} == {3}
    assert {request.window.end - START for request in azure.asked} <= {
        timedelta(minutes=tick - 10) for tick in range(8)
    }
    assert {request.query.metric for request in azure.asked} == {
        "SnatConnectionCount",
        "UsedSnatPorts,AllocatedSnatPorts",
    }


def test_a_suspect_region_is_asked_at_every_tick_until_three_agree_and_is_said_from_the_second_time() -> None:
    azure, targets = BothWays("south"), fleet("north", "north", "north", "south")
    suspects = sample(azure, targets, range(4))
    assert len(suspects) == 1
    assert disagreeing_regions(suspects) == {}
    azure.asked.clear()
    suspects = sample(azure, targets, range(4, 6), suspects)
    ((region, text),) = disagreeing_regions(suspects).items()
    assert region.endswith(" (south)")
    assert "of cluster c3: a batch has 0 where a single request has 5" in text
    assert set(azure.distrusted) == {region}
    assert [request.region for request in azure.asked].count("south") == 2
    azure.wrong.clear()
    assert disagreeing_regions(sample(azure, targets, range(6, 8), suspects))
    assert azure.distrusted
    assert (sample(azure, targets, range(6, 9), suspects), azure.distrusted) == ({}, [])


def test_what_could_not_be_compared_changes_nothing() -> None:
    azure, targets = BothWays("south"), fleet("south")
    suspects = sample(azure, targets, range(2))
    azure.is_silent = True
    assert sample(azure, targets, range(2, 9), suspects) == suspects


def test_a_region_without_clusters_or_batches_is_not_suspect() -> None:
    azure, targets = BothWays("south", "north"), fleet("south", "north")
    suspects = sample(azure, targets, range(4))
    assert len(suspects) == 2
    assert {region.rpartition(" ")[2] for region in sample(azure, targets[1:], range(4, 5), suspects)} == {"(north)"}
    azure.uses_batches = False
    assert sample(azure, targets, range(4, 5), suspects) == {}


def test_without_recent_traffic_nothing_is_asked() -> None:
    azure, targets = BothWays(), fleet("south")
    azure.quiet = {target.load_balancer.id for target in targets if target.load_balancer}
    assert (sample(azure, targets, range(3)), azure.asked) == ({}, [])


def test_of_many_shards_about_one_samples_at_a_tick_and_a_whole_fleet_always() -> None:
    shards = [f"{number:016x}" for number in range(640)]
    turns = [sum(is_sampling_due(key, START + tick * MINUTE) for key in shards) for tick in range(64)]
    assert sum(turns) == 640
    assert every(is_sampling_due(WHOLE_FLEET, START + tick * MINUTE) for tick in range(64))
