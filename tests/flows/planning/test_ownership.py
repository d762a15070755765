"""What snatbot made is its own by its signed-off plans alone, and others' open changes are seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.flows.planning.ownership import Ownership
from shared.ids import cluster_key
from shared.model.change import Action, Change, ChangeState
from shared.model.resource_id import ArmId
from shared.model.text import Text
from shared.store.errors import StoreUnavailable
from shared.store.records import Put, Records
from tests.support.builders import minutes
from tests.support.nouns import GATEWAY, IPS, VNET, make_change, make_cluster
from tests.support.tracking import CLUSTER, TROUBLE, World

ELSEWHERE = make_cluster(name="stage")


def put(records: Records, *changes: Change) -> None:
    for change in changes:
        records.commit_in(cluster_key(change.cluster_id), [Put(change)])


def test_what_an_approved_plan_creates_is_its_own(records: Records) -> None:
    change = make_change(ChangeState.FIXED)
    put(records, change)
    assert Ownership(records).read(change.cluster_id, None).created_ids == {GATEWAY, *IPS}
    assert Ownership(records).read(ELSEWHERE.id, None).created_ids == frozenset(), "another cluster's is not"


@pytest.mark.parametrize("state", [ChangeState.PROPOSED, ChangeState.DENIED])
def test_what_nobody_approved_is_not_its_own(records: Records, state: ChangeState) -> None:
    change = make_change(state)
    if change.decision is not None:
        change = replace(change, decision=replace(change.decision, action=Action.DENY))
    put(records, change)
    assert Ownership(records).read(change.cluster_id, None).created_ids == frozenset()


def test_open_changes_of_others_on_the_same_network_are_seen(records: Records) -> None:
    other = replace(make_change(ChangeState.APPLYING), id="chg-other")
    ended = replace(make_change(ChangeState.FIXED), id="chg-ended")
    elsewhere = replace(other, id="chg-far", plan=replace(other.plan, vnet_id=ArmId(f"{VNET}-2")))
    put(records, other, ended, elsewhere)
    (seen,) = Ownership(records).read(ELSEWHERE.id, ArmId(VNET.upper())).other_changes
    assert (seen.cluster_name, seen.is_proposal) == (other.cluster_name, False)
    assert Ownership(records).read(other.cluster_id, VNET).other_changes == (), "its own changes are not others'"


def test_port_trouble_counts_while_its_incident_is_open(records: Records) -> None:
    world = World(records)
    assert not Ownership(records).read(CLUSTER.id, None).port_trouble
    world.tick(TROUBLE)
    assert Ownership(records).read(CLUSTER.id, None).port_trouble
    world.tick(minutes(5, 10))
    world.tick(minutes(10, 15), minute=18)
    assert not Ownership(records).read(CLUSTER.id, None).port_trouble


def test_records_that_cannot_be_read_are_an_error_and_not_nothing(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(_: Records, partition: str) -> tuple[Change, ...]:
        raise StoreUnavailable(Text("query: storage answered 503"))

    monkeypatch.setattr(Records, "changes", down)
    with pytest.raises(StoreUnavailable):
        Ownership(records).read(CLUSTER.id, VNET)
