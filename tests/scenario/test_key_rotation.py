"""Signing keys are rotated: whoever holds both verifies with both and signs with the new one."""

from __future__ import annotations

from hashlib import sha256

import pytest

from shared.clock import Instant
from shared.errors import KeyMissing
from shared.model.change import Change, ChangeState
from tests.support.refusals import half_done
from tests.support.theatre import WRITER, Theatre

S = ChangeState
NEW = "a key that took over from the other one"


def key_id(key: str) -> str:
    """As an owner finds it: docs/audit.md."""
    return sha256(key.encode()).hexdigest()[:8]


@pytest.fixture
def old(theatre: Theatre) -> str:
    return theatre._settings["SIGNING_KEYS"]


def use_keys(theatre: Theatre, *keys: str) -> None:
    """Another instance takes over, with these keys."""
    theatre._settings["SIGNING_KEYS"] = ",".join(keys)
    theatre.new_app()


def signed_by(theatre: Theatre, change: Change) -> set[str]:
    head = theatre.change(change.id).journal_head
    assert head is not None
    return {signature.partition(".")[0] for signature in (head.signature, *head.rows)}


def roll_back(theatre: Theatre, change: Change) -> Change:
    back = theatre.app.propose.propose_rollback(change, Instant.of(theatre.clock), "Ada")
    return theatre.decide(back, "approve")


def test_keys_are_rotated_mid_apply(theatre: Theatre, old: str) -> None:
    change = half_done(theatre)
    assert signed_by(theatre, change) == {key_id(old)}
    use_keys(theatre, NEW, old)
    fixed = theatre.run_on(change)
    assert fixed.state is S.FIXED
    assert signed_by(theatre, change) == {key_id(old), key_id(NEW)}
    assert fixed.journal_head is not None
    assert fixed.journal_head.signature.startswith(key_id(NEW))
    use_keys(theatre, NEW)
    with pytest.raises(KeyMissing, match=f"key {key_id(old)} is missing"):
        roll_back(theatre, fixed)


def test_keys_are_rotated_mid_roll_back(theatre: Theatre, old: str) -> None:
    fixed = theatre.run_on(theatre.approved())
    back = roll_back(theatre, fixed)
    while not theatre.change(back.id).step:
        theatre.clock.advance(60)
        theatre.work_on_changes()
    use_keys(theatre, NEW, old)
    assert theatre.run_on(back).state is S.ROLLED_BACK
    assert signed_by(theatre, back) == {key_id(old), key_id(NEW)}


def test_an_instance_without_the_new_key_waits_for_the_one_that_has_it(theatre: Theatre, old: str) -> None:
    change = half_done(theatre)
    use_keys(theatre, NEW, old)
    theatre.tick()
    written = len(theatre.writes(WRITER))
    use_keys(theatre, old)
    theatre.tick(12)
    waiting = theatre.change(change.id)
    assert (waiting.state, len(theatre.writes(WRITER))) == (S.APPLYING, written)
    assert f"key {key_id(NEW)} is missing" in waiting.waits_for
    assert sum("waits" in text and key_id(NEW) in text for text in theatre.slack_texts()) == 1
    use_keys(theatre, NEW, old)
    theatre.tick(2)
    working = theatre.change(change.id)
    assert (working.waits_for, working.key_missing_since) == ("", None)
    assert theatre.run_on(change).state is S.FIXED


def test_a_key_that_stays_missing_stops_the_change_and_it_goes_on_with_it(theatre: Theatre, old: str) -> None:
    change = half_done(theatre)
    use_keys(theatre, NEW)
    written = len(theatre.writes(WRITER))
    stopped = theatre.run_on(change)
    assert stopped.state is S.STOPPED
    assert stopped.stop_reason.startswith(f"key {key_id(old)} is missing")
    assert len(theatre.writes(WRITER)) == written
    theatre.work()
    assert any("has stopped" in text and key_id(old) in text for text in theatre.slack_texts())
    use_keys(theatre, NEW, old)
    theatre.decide(stopped, "resume")
    assert theatre.run_on(change).state is S.FIXED


def test_an_approval_by_a_key_that_is_not_held_waits_as_well(theatre: Theatre, old: str) -> None:
    change = theatre.approved()
    use_keys(theatre, NEW)
    theatre.tick()
    assert (theatre.change(change.id).state, theatre.writes(WRITER)) == (S.APPROVED, [])
    use_keys(theatre, NEW, old)
    assert theatre.run_on(change).state is S.FIXED
