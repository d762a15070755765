"""Trouble that goes on is told again: every half hour, four hours after a denial, and at once when it gets worse."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.incidents.lifecycle import next_incident
from shared.core.incidents.reminders import NO_ANSWERS, Answers, answers, waiting
from shared.core.incidents.transition import Effect
from shared.model.change import Change, ChangeState
from shared.model.finding import Finding, Severity
from shared.model.plan import PlanKind
from tests.support.builders import assessment, at
from tests.support.incident_life import CLUSTER, LOST, POLICY, SHORT, Life, failing
from tests.support.incident_life import NOTICE as TAG
from tests.support.nouns import make_change

S = ChangeState


class Reminded(Life):
    """A cluster that fails in every minute, or not."""

    answered: Answers = NO_ANSWERS

    def look(self, end: int, *findings: Finding, nodes: int = 1, share: int = 1, is_quiet: bool = False) -> Effect:
        seen = assessment(failing(end, share, nodes), CLUSTER, *findings)
        result = next_incident(
            self.record,
            self.incident,
            replace(seen, findings=tuple(sorted(seen.findings, key=lambda one: -one.severity.rank))),
            now=at(end + 3),
            policy=POLICY,
            new_id="incident-0",
            is_change_in_flight=False,
            is_quiet=is_quiet,
            answered=self.answered,
        )
        self.record, self.incident = result.record, result.incident
        if result.message is not Effect.NOTHING:
            self.posts.append((end, result.message))
        return result.message

    def fail(self, start: int, end: int, is_quiet: bool = False) -> None:
        for minute in range(start, end):
            self.look(minute, is_quiet=is_quiet)


def test_while_it_fails_people_are_reminded_every_half_hour() -> None:
    life = Reminded()
    life.fail(5, 110)
    assert life.posts == [(5, Effect.OPENED)] + [(end, Effect.REMINDED) for end in (35, 65, 95)]


def test_what_does_not_fail_is_no_reason_to_remind() -> None:
    life = Reminded()
    for end in range(5, 200):
        life.tick(end, SHORT, TAG)
    assert life.posts == [(5, Effect.OPENED)]


def test_an_alarm_that_stands_is_a_reason_to_remind() -> None:
    life = Reminded()
    for end in range(5, 40):
        life.tick(end, LOST)
    assert life.posts == [(5, Effect.OPENED), (35, Effect.REMINDED)]


def test_a_post_about_its_plan_puts_the_reminder_off() -> None:
    life = Reminded()
    life.fail(5, 25)
    life.answered = Answers(notified_at=at(25))
    life.fail(25, 60)
    assert life.posts[1:] == [(52, Effect.REMINDED)]


def test_a_change_at_work_tells_by_itself_and_is_followed_by_a_reminder_when_it_ends() -> None:
    life = Reminded()
    life.fail(5, 10)
    life.answered = Answers(is_at_work=True)
    life.fail(10, 90)
    assert life.posts == [(5, Effect.OPENED)]
    life.answered = NO_ANSWERS
    life.fail(90, 125)
    assert life.posts[1:] == [(119, Effect.REMINDED)]


def test_after_a_denial_reminders_come_every_four_hours() -> None:
    life = Reminded()
    life.fail(5, 20)
    life.answered = Answers(notified_at=at(20), denied_at=at(20))
    life.fail(20, 20 + 9 * 60)
    assert life.posts[1:] == [(257, Effect.REMINDED), (497, Effect.REMINDED)]


@pytest.mark.parametrize(
    ("findings", "nodes", "share"),
    [((), 2, 1), ((), 1, 90), ((LOST,), 1, 1)],
    ids=["twice as many nodes", "a critical share", "another alarm"],
)
def test_what_gets_worse_is_told_at_once_also_after_a_denial(
    findings: tuple[Finding, ...], nodes: int, share: int
) -> None:
    life = Reminded()
    life.fail(5, 20)
    life.look(20, nodes=1)
    life.answered = Answers(notified_at=at(24), denied_at=at(24))
    life.fail(21, 40)
    assert life.look(40, *findings, nodes=nodes, share=share) is Effect.WORSENED
    assert life.look(41, *findings, nodes=nodes, share=share) is Effect.NOTHING, "once"


def test_no_limit_holds_back_failures_after_a_warning_or_a_rise_to_critical() -> None:
    life = Life()
    for round_ in range(4):
        start = 5 + 12 * round_
        warned = life.tick(start, SHORT, reading=failing(start))
        assert warned is (Effect.OPENED if round_ == 0 else Effect.FAILING)
        for end in range(start + 1, start + 12):
            life.tick(end, SHORT)
    critical = failing(60, 90)
    assert life.tick(60, SHORT, reading=critical) is Effect.FAILING
    assert life.severity is Severity.CRITICAL


def test_a_reminder_does_not_forget_how_bad_it_was() -> None:
    """Otherwise what goes up and down would be told as worse after each reminder."""
    life = Reminded()
    life.look(5, nodes=4)
    life.fail(6, 36)
    assert life.posts[-1] == (35, Effect.REMINDED)
    assert life.look(36, nodes=4) is Effect.NOTHING


def test_silence_holds_back_reminders_and_the_first_look_after_it_reminds() -> None:
    life = Reminded()
    life.fail(5, 10)
    life.fail(10, 100, is_quiet=True)
    assert life.posts == [(5, Effect.OPENED)]
    assert life.look(100) is Effect.REMINDED


@given(st.lists(st.booleans(), min_size=40, max_size=160), st.integers(10, 60))
def test_reminders_keep_their_distance_and_none_is_left_out(fails: list[bool], every: int) -> None:
    life = Reminded()
    policy = replace(POLICY, remind_every=timedelta(minutes=every))
    for minute, is_failing in enumerate(fails, 5):
        result = next_incident(
            life.record,
            life.incident,
            assessment(failing(minute) if is_failing else failing(minute, 0), CLUSTER),
            now=at(minute + 3),
            policy=policy,
            new_id=f"incident-{minute}",
            is_change_in_flight=False,
        )
        life.record, life.incident = result.record, result.incident
        last = life.posts[-1] if life.posts else None
        if result.message is not Effect.NOTHING:
            life.posts.append((minute, result.message))
        if result.message is Effect.REMINDED:
            assert is_failing
            assert last is not None
            assert minute - last[0] >= every
        elif is_failing and last is not None and last[1] is not Effect.CLEARED and result.message is Effect.NOTHING:
            assert minute - last[0] < every, "it failed, nothing was said, and the last post is that old"


# --- what became of the plans ---


def change(state: S, minute: int, *, incident_id: str = "inc-7f3a", kind: PlanKind | None = None) -> Change:
    """Proposed ``minute`` minutes after the start, decided five later, for an hour."""
    made = make_change(state)
    return replace(
        made,
        id=f"chg-{minute}",
        incident_id=incident_id,
        proposed_at=at(minute),
        expires_at=at(minute + 60),
        decision=replace(made.decision, decided_at=at(minute + 5)) if made.decision else None,
        plan=replace(made.plan, kind=kind or made.plan.kind),
    )


def test_the_newest_plan_tells_whether_people_said_no() -> None:
    denied, asked = change(S.DENIED, 0), change(S.PROPOSED, 10)
    assert answers("inc-7f3a", [denied], at(30)) == Answers(at(5), at(5))
    assert answers("inc-7f3a", [asked, denied], at(30)) == Answers(at(10))
    assert answers("inc-7f3a", [change(S.DENIED, 0, incident_id="other")], at(30)) == NO_ANSWERS
    assert answers("inc-7f3a", [change(S.DENIED, 0, kind=PlanKind.DETACH_NAT_GATEWAY)], at(30)) == NO_ANSWERS


@pytest.mark.parametrize("state", [S.PROPOSED, S.EXPIRED])
def test_that_a_plan_expires_is_a_post_about_it(state: S) -> None:
    """Of one that is about to be said: no reminder tells people to decide on what has just expired."""
    assert answers("inc-7f3a", [change(state, 0)], at(60)).notified_at == at(60)
    assert answers("inc-7f3a", [change(S.FAILED, 0)], at(60)).notified_at == at(5)


@pytest.mark.parametrize("state", ChangeState)
def test_only_what_is_being_applied_or_proven_is_at_work(state: S) -> None:
    is_at_work = answers("inc-7f3a", [change(state, 0)], at(30)).is_at_work
    assert is_at_work is (state in (S.APPROVED, S.APPLYING, S.VERIFYING))


def test_what_waits_is_the_open_question_then_the_newest_plan() -> None:
    old, denied, wished = change(S.EXPIRED, 0), change(S.DENIED, 70), change(S.PROPOSED, 5, incident_id="")
    assert waiting("inc-7f3a", [denied, wished, old]) == wished
    assert waiting("inc-7f3a", [denied, old]) == denied
    assert waiting("inc-7f3a", [change(S.FIXED, 0, incident_id="other")]) is None
