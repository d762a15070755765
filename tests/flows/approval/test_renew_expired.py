"""Nobody decides while connections fail: the plan's end is said, a new one asked for, and people are reminded."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from shared.clock import Instant
from shared.cloud.errors import Unavailable
from shared.core.planning.request import REQUEST_TAG, PlanRequest, request_of
from shared.flows.approval.propose import Propose
from shared.flows.approval.propose_for_incident import TRY_AGAIN_AFTER
from shared.flows.approval.renew import PlanRenewer
from shared.flows.planning.plan import Planner
from shared.flows.remediation.change_run import ChangeRun
from shared.flows.remediation.finish import ChangeFinisher
from shared.ids import cluster_key
from shared.model.change import Change, ChangeState
from shared.model.incident import IncidentState
from shared.model.plan import CreatePublicIp, Plan, PlanKind
from shared.store.records import Put, Records, Stored
from tests.support.builders import at, minutes
from tests.support.nouns import make_advice, make_change
from tests.support.tracking import CLUSTER, LINKS, PARTITION, SIGNER, TROUBLE, FakePlanner, World, change_in, plan_for

S = ChangeState


class At:
    """A clock that stands still."""

    def __init__(self, minute: int) -> None:
        self._at = at(minute)

    def now(self) -> datetime:
        return self._at

    def wall(self) -> datetime:
        return self._at

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing waits here")


class TaggedPlanner(FakePlanner):
    """What is planned carries the request's tag, and so does the digest."""

    def plan_cluster(self, cluster_id: str, now: datetime, request: PlanRequest) -> Plan:
        plan = super().plan_cluster(cluster_id, now, request)
        steps = tuple(
            replace(step, tags={REQUEST_TAG: request.id}) if isinstance(step, CreatePublicIp) else step
            for step in plan.steps
        )
        return replace(plan, steps=steps, digest=f"{plan.digest[:32]}{request.id}")


class Desk(World):
    """A cluster that fails, with a plan that was proposed at minute 8 and expires at minute 68."""

    def __init__(self, records: Records) -> None:
        super().__init__(records, TaggedPlanner(plan_for()))
        self.tick(TROUBLE)
        self.offer()

    def fails(self, minute: int) -> None:
        self.tick(minutes(minute - 8, minute - 3, {minute - 4: 7}), minute=minute)

    def expire(self, minute: int = 68) -> Change:
        """As ``advance`` does it for a proposal that is due."""
        stored = self.newest()
        planner, links = cast(Planner, self.planner), LINKS
        propose = Propose(planner, self.records, self.active_clusters, self.outbox, links, timedelta(minutes=60))
        renewer = PlanRenewer(self.records, propose, self.outbox, links, At(minute))
        if not renewer.renew_expired(PARTITION, stored):
            finisher = ChangeFinisher(self.records, self.outbox, links, timedelta(hours=1))
            run = ChangeRun(PARTITION, stored.value.id, stored)
            finisher.end(run, None, Instant(at(minute), at(minute)))
        return self.newest().value

    def newest(self) -> Stored[Change]:
        found = max(self.records.changes(PARTITION), key=lambda change: change.proposed_at)
        stored = self.records.change(PARTITION, found.id)
        assert stored is not None
        return stored

    def deny(self, minute: int) -> None:
        stored = self.newest()
        decision = make_change(S.DENIED).decision
        assert decision is not None
        denied = replace(stored.value, state=S.DENIED, due_at=None, decision=replace(decision, decided_at=at(minute)))
        self.records.commit_in(PARTITION, [Put(denied, stored.etag)])

    def silence(self, until: int) -> None:
        record = self.records.cluster(CLUSTER.id)
        assert record is not None
        self.records.commit_in(PARTITION, [Put(replace(record.value, silenced_until=at(until)), record.etag)])

    @property
    def states(self) -> list[ChangeState]:
        return [one.state for one in sorted(self.records.changes(PARTITION), key=lambda change: change.proposed_at)]


@pytest.fixture
def desk(records: Records) -> Desk:
    return Desk(records)


def opened_by(button_url: str) -> str:
    return SIGNER.read_link(button_url.partition("?t=")[2]).change_id


# --- a plan expires ---


def test_that_a_plan_expires_is_said_with_the_same_plan_renewed(desk: Desk) -> None:
    first, told = desk.newest().value, len(desk.told())
    renewed = desk.expire()

    assert desk.states == [S.EXPIRED, S.PROPOSED]
    assert (renewed.plan.digest, renewed.incident_id) == (first.plan.digest, first.incident_id)
    assert (renewed.expires_at, renewed.due_at) == (at(128), at(128))
    assert request_of(renewed.plan) == first.id, "the request is the first one's still"
    (message,) = desk.told()[told:]
    assert message.title == f"Approval still needed for {CLUSTER.name}"
    assert "the plan expired. This is the same plan, renewed. " in message.summary
    assert "What will be done" not in [section.title for section in message.sections], "it is not posted as a new one"
    assert [opened_by(button.url) for button in message.buttons] == [renewed.id]
    assert sorted(desk.audited())[:3] == ["change expired", "change proposed", "change proposed"]


def test_renewed_again_and_again_it_stays_the_same_plan(desk: Desk) -> None:
    first = desk.newest().value
    for minute in (68, 128, 188):
        assert desk.expire(minute).plan.digest == first.plan.digest
    assert desk.states == [S.EXPIRED] * 3 + [S.PROPOSED]


def test_a_plan_that_differs_now_is_said_to_have_changed(desk: Desk) -> None:
    desk.planner = TaggedPlanner(replace(plan_for(), digest="9" * 64))
    renewed = desk.expire()
    message = desk.told()[-1]
    assert renewed.plan.digest.startswith("9")
    assert message.title.endswith("the plan has changed")
    assert "the plan expired. What is needed now differs. " in message.summary
    assert "What will be done" in [section.title for section in message.sections]


@pytest.mark.parametrize("problem", [Unavailable("GET cluster", "no answer"), replace(make_advice(), digest="0" * 64)])
def test_where_no_plan_can_be_made_now_the_end_is_said_and_a_later_tick_tries(
    desk: Desk, problem: Plan | Exception
) -> None:
    desk.planner = FakePlanner(problem)
    expired = desk.expire()
    assert (desk.states, expired.due_at) == ([S.EXPIRED], None)
    message = desk.told()[-1]
    assert message.title == f"Plan for {CLUSTER.name} expired"
    assert "snatbot tries again soon" in str(message.sections)
    assert [opened_by(button.url) for button in message.buttons] == [expired.id]

    desk.planner = TaggedPlanner(plan_for())
    soon = 68 + int(TRY_AGAIN_AFTER / timedelta(minutes=1))
    assert desk.offer(soon - 1) == []
    (asked,) = desk.offer(soon)
    assert asked is not None
    assert desk.states == [S.EXPIRED, S.PROPOSED]


def test_in_silence_nothing_is_said_and_the_plan_is_offered_when_it_is_over(desk: Desk) -> None:
    told = len(desk.told())
    desk.silence(until=120)
    desk.expire()
    assert desk.states == [S.EXPIRED]
    assert desk.offer(80) == [None]
    assert len(desk.told()) == told
    (asked,) = desk.offer(121)
    assert asked is not None
    assert len(desk.told()) == told + 1


def test_what_no_open_incident_asked_for_is_not_renewed_and_its_end_is_said(desk: Desk) -> None:
    stored = desk.newest()
    rollback = replace(stored.value.plan, kind=PlanKind.DETACH_NAT_GATEWAY)
    desk.records.commit_in(PARTITION, [Put(replace(stored.value, plan=rollback), stored.etag)])
    assert desk.expire().state is S.EXPIRED
    assert "tries again" not in str(desk.told()[-1])
    assert desk.offer(200) == []

    (incident,) = desk.records.incidents(PARTITION)
    assert incident.state is IncidentState.OPEN


def test_a_cure_whose_incident_is_over_is_not_renewed(desk: Desk) -> None:
    incident_id = desk.newest().value.incident_id or ""
    incident = desk.records.incident(CLUSTER.id, incident_id)
    assert incident is not None
    over = replace(incident.value, state=IncidentState.CLEARED, cleared_at=at(60))
    desk.records.commit_in(PARTITION, [Put(over, incident.etag)])
    assert desk.expire().state is S.EXPIRED
    assert cast(FakePlanner, desk.planner).asked == 1


def test_whoever_decides_in_the_same_moment_wins(desk: Desk) -> None:
    """A person's approval comes between the look and the write: the renewal is not written."""

    class Slow(TaggedPlanner):
        def plan_cluster(self, *args: Any) -> Plan:
            stored = desk.newest()
            desk.records.commit_in(PARTITION, [Put(replace(stored.value, state=S.APPROVED), stored.etag)])
            return super().plan_cluster(*args)

    from shared.store.errors import StoreConflict

    desk.planner = Slow(plan_for())
    with pytest.raises(StoreConflict):
        desk.expire()
    assert desk.states == [S.APPROVED]


def test_after_ten_proposals_within_an_hour_no_more_are_made(desk: Desk) -> None:
    """As with a lifetime of five minutes: the end is said, and the next one comes when there is room again."""
    for number in range(9):
        made = replace(change_in(S.EXPIRED, f"chg-{number}"), proposed_at=at(7))
        desk.records.commit_in(PARTITION, [Put(made)])
    assert desk.expire(20).state is S.EXPIRED
    assert "tries again soon" in str(desk.told()[-1].sections)
    assert desk.offer(25) == [None]
    (asked,) = desk.offer(70)
    assert asked is not None


# --- people are reminded ---


def test_a_reminder_says_how_bad_it_is_and_leads_to_the_plan_that_waits(desk: Desk) -> None:
    for minute in range(10, 40):
        desk.fails(minute)
    (reminder,) = [one for one in desk.told() if one.title.startswith("Still failing: ")]
    assert "7 of 507 new outbound connections failed" in reminder.summary
    assert reminder.sections[0].title == "What to do now"
    assert "until" in reminder.sections[0].text
    (button,) = reminder.buttons
    assert (button.text, opened_by(button.url)) == ("Review plan", desk.newest().value.id)


def test_no_reminder_asks_for_a_decision_on_what_expires_in_this_minute(desk: Desk) -> None:
    for minute in (38, 68):
        desk.fails(minute)
    assert [one.title.startswith("Still failing: ") for one in desk.told()] == [False, False, True]
    desk.expire()
    desk.fails(69)
    assert desk.told()[-1].title == f"Approval still needed for {CLUSTER.name}"


def test_after_a_denial_a_reminder_comes_in_four_hours_and_leads_to_the_page_that_asks_again(desk: Desk) -> None:
    denied = desk.newest().value
    desk.deny(20)
    told = len(desk.told())
    for minute in range(30, 260, 10):
        desk.fails(minute)
    assert len(desk.told()) == told
    desk.fails(260)
    reminder = desk.told()[-1]
    assert "denied by Maria Ortega" in reminder.sections[0].text
    assert [(button.text, opened_by(button.url)) for button in reminder.buttons] == [("Open plan", denied.id)]


def test_what_gets_worse_after_a_denial_is_told_at_once_with_a_new_plan(desk: Desk) -> None:
    desk.deny(20)
    desk.tick(minutes(20, 25, {24: 400}, nodes=9), minute=28)
    assert desk.told()[-1].title.startswith("Worse: ")
    (asked,) = desk.offer(28)
    assert asked is not None
    assert desk.states == [S.DENIED, S.PROPOSED]


def test_without_remediation_a_reminder_has_the_steps_by_hand_and_no_button(records: Records) -> None:
    world = World(records)
    world.tick(TROUBLE)
    for minute in range(10, 40):
        world.tick(minutes(minute - 8, minute - 3, {minute - 4: 7}), minute=minute)
    reminder = world.told(cluster_key(CLUSTER.id))[-1]
    assert reminder.title.startswith("Still failing: ")
    assert reminder.buttons == ()
    assert any(section.steps or section.code for section in reminder.sections)
