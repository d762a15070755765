"""A new plan where one came to nothing: of the same kind, for the same incident, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import cast

import pytest

from shared.cloud.errors import Unavailable
from shared.core.planning.digest import with_digest
from shared.core.planning.request import PlanRequest
from shared.errors import NotFoundHere, Refused
from shared.flows.approval.propose import Propose
from shared.flows.approval.renew import PlanRenewer
from shared.flows.planning.plan import Planner
from shared.model.change import Change, ChangeState, JournalEntry
from shared.model.incident import IncidentState
from shared.model.plan import Plan, PlanKind
from shared.store.records import Put, Records
from tests.support.builders import at
from tests.support.nouns import make_change
from tests.support.remediation import signed
from tests.support.tracking import LINKS, PARTITION, TROUBLE, World, change_in, plan_for


@dataclass
class AskedPlanner:
    """Remembers what it was asked for."""

    plan: Plan = field(default_factory=plan_for)
    error: Exception | None = None
    requests: list[PlanRequest] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)

    def plan_cluster(self, cluster_id: str, now: datetime, request: PlanRequest) -> Plan:
        self.requests.append(request)
        if self.error:
            raise self.error
        return self.plan

    def plan_rollback(self, change: Change, journal: Mapping[int, JournalEntry], now: datetime) -> Plan:
        self.undone.append(change.id)
        return replace(self.plan, kind=PlanKind.DETACH_NAT_GATEWAY, of_change_id=change.id)


class Clock:
    def now(self) -> datetime:
        return at(100)

    def wall(self) -> datetime:
        return at(100)

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing waits here")


@pytest.fixture
def planner() -> AskedPlanner:
    return AskedPlanner()


@pytest.fixture
def world(records: Records) -> World:
    world = World(records)
    world.tick(TROUBLE)
    return world


@pytest.fixture
def renewer(world: World, planner: AskedPlanner) -> PlanRenewer:
    records, outbox = world.records, world.outbox
    propose = Propose(cast(Planner, planner), records, world.active_clusters, outbox, LINKS, timedelta(minutes=60))
    return PlanRenewer(records, propose, outbox, LINKS, Clock())


def ended(world: World, plan: Plan | None = None) -> Change:
    (incident,) = world.records.incidents(PARTITION)
    return replace(change_in(ChangeState.EXPIRED), incident_id=incident.id, plan=plan or plan_for())


def test_the_new_plan_is_for_the_same_incident_which_needs_no_other(
    world: World, renewer: PlanRenewer, planner: AskedPlanner
) -> None:
    old = ended(world)
    incident = world.records.incident_in(PARTITION, old.incident_id or "")
    assert incident is not None
    world.records.commit_in(PARTITION, [Put(replace(incident.value, plan_due_at=at(200)), incident.etag)])
    new = renewer.plan_again(PARTITION, old, "Ada")
    assert (new.state, new.requested_by, new.incident_id) == (ChangeState.PROPOSED, "Ada", old.incident_id)
    assert [request.kind for request in planner.requests] == [None], "whatever is the right answer now"
    (after,) = world.records.incidents(PARTITION)
    assert after.plan_due_at is None


def test_a_plan_asked_for_on_an_incidents_page_is_the_one_it_waited_for(
    world: World, renewer: PlanRenewer, planner: AskedPlanner
) -> None:
    (incident,) = world.records.incidents(PARTITION)
    new = renewer.plan_for(incident, "Ada")
    assert (new.state, new.requested_by, new.incident_id) == (ChangeState.PROPOSED, "Ada", incident.id)
    (after,) = world.records.incidents(PARTITION)
    assert after.plan_due_at is None
    with pytest.raises(Refused, match="over"):
        renewer.plan_for(replace(incident, state=IncidentState.CLEARED), "Ada")


def test_of_reserved_public_ips_the_same_is_asked_for_again(
    world: World, renewer: PlanRenewer, planner: AskedPlanner
) -> None:
    renewer.plan_again(PARTITION, ended(world, plan=replace(plan_for(), kind=PlanKind.RESERVE_PUBLIC_IPS)), "Ada")
    assert [request.kind for request in planner.requests] == [PlanKind.RESERVE_PUBLIC_IPS]


def test_a_roll_back_is_planned_again_of_the_change_that_it_takes_back(
    world: World, renewer: PlanRenewer, planner: AskedPlanner
) -> None:
    applied = make_change(ChangeState.FIXED, with_digest(plan_for()))
    assert applied.decision is not None
    original = signed(replace(applied, id="chg-original", decision=replace(applied.decision, change_id="chg-original")))
    back = replace(plan_for(), kind=PlanKind.DETACH_NAT_GATEWAY, of_change_id=original.id)
    with pytest.raises(NotFoundHere, match="chg-original is not known here any more"):
        renewer.plan_again(PARTITION, ended(world, plan=back), "Ada")
    world.records.commit_in(PARTITION, [Put(original)])
    new = renewer.plan_again(PARTITION, ended(world, plan=back), "Ada")
    assert (new.plan.kind, new.plan.of_change_id) == (PlanKind.DETACH_NAT_GATEWAY, original.id)
    assert (planner.undone, planner.requests) == ([original.id], [])


def test_why_no_new_plan_can_be_offered_is_logged(
    world: World, renewer: PlanRenewer, planner: AskedPlanner, caplog: pytest.LogCaptureFixture
) -> None:
    planner.error = Unavailable("GET cluster", "no answer")
    renewer.offer_again(PARTITION, ended(world))
    assert "could not propose a new plan" in caplog.text
    assert world.records.changes(PARTITION) == ()
