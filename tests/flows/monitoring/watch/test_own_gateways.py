"""A gateway that a change attached is watched without an incident too."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import cast

from shared.clock import Instant
from shared.flows.approval.propose import Propose
from shared.flows.notification.outbox import Outbox
from shared.flows.planning.plan import Planner
from shared.ids import cluster_key
from shared.model.change import Change, ChangeState
from shared.model.fleet import WatchedGateway
from shared.store.records import Put
from tests.support.builders import NETWORK, USER_SUBNET, at, by_state, cluster
from tests.support.fakes import watched
from tests.support.nouns import started
from tests.support.tracking import LINKS, FakePlanner, change_in
from tests.support.watched_world import Make, World


def applied_without_incident(world: World) -> Change:
    """A change that a person asked for beforehand, as proposing leaves it, and applied since."""
    planner = cast(Planner, FakePlanner(change_in(ChangeState.FIXED).plan))
    propose = Propose(planner, world.records, world.active_clusters, Outbox(()), LINKS, timedelta(hours=1))
    change = propose.propose(cluster().id, Instant(at(0), at(0)), "Ada")
    stored = world.records.change(cluster_key(change.cluster_id), change.id)
    assert stored is not None
    applied = replace(
        stored.value, state=ChangeState.FIXED, due_at=None, start=started(at(0)), step=len(change.plan.steps)
    )
    world.records.commit(change.cluster_id, [Put(applied, stored.etag)])
    return applied


def test_a_gateway_that_is_off_every_subnet_is_noticed_though_no_incident_asked_for_it(make: Make) -> None:
    world = make("shop-prod")
    applied_without_incident(world)
    for minute in (8, 19):
        world.tick(minute)
    assert world.titles("shop-prod") == ["Critical: A lost NAT gateway association on shop-prod"]


def test_a_subnet_that_lost_our_gateway_is_asked_for_again_and_then_critical(make: Make) -> None:
    world = make("shop-prod")
    shop = cluster()
    change = applied_without_incident(world)
    gateway_id = next(step.after for step in change.plan.steps if step.kind == "associate_subnet")
    assert gateway_id is not None
    subnets = [step.subnet_id for step in change.plan.steps if step.kind == "associate_subnet"]
    assert {one.lower() for one in subnets} == {one.lower() for one in shop.subnet_ids}
    ours = WatchedGateway(gateway_id, "ng", "westeurope", 2, (), cluster_tag=shop.name)
    world.azure.targets = watched(shop, gateways=(replace(ours, subnet_ids=tuple(subnets)),))
    world.access.answers["nat"] = by_state(Attempted=dict.fromkeys(range(-60, 400), 100))
    world.tick(8)
    assert world.titles("shop-prod") == []
    assert "nat" in world.access.names_asked(), "nothing that was cured goes unwatched"
    world.azure.targets = watched(shop, gateways=(replace(ours, subnet_ids=(USER_SUBNET,)),))
    world.azure.subnet_gateways = {one.lower(): gateway_id for one in subnets}
    world.tick(19)
    assert world.titles("shop-prod") == [], "the list was merely late"
    world.azure.subnet_gateways.pop(subnets[1].lower())
    world.tick(20)
    (message,) = world.told("shop-prod")
    assert message.title == "Critical: A lost NAT gateway association on shop-prod"
    assert NETWORK.split("/")[2] in str(message.sections), "the command that puts it back"
