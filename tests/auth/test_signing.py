"""What carries the app's signature cannot be made, changed, kept or used for another purpose by anybody else."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import TimestampSigner

from shared.auth.errors import DecisionForged, FormExpired, LinkExpired, LinkTampered
from shared.auth.signing import LinkTarget, Signer, decision_content
from shared.errors import KeyMissing, RowForged
from shared.model.change import Action, Change, ChangeState, Decision
from shared.store.codec import dump, load
from tests.support.nouns import make_change, make_plan

OLD, NEW = "o" * 32, "n" * 32
SIGNER = Signer([NEW], link_minutes=60)
TARGET = LinkTarget("a" * 32, "chg-1", "d" * 64)
AT = datetime(2026, 11, 22, 19, 5, 7, 123456, tzinfo=UTC)


@pytest.fixture
def pass_minutes(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the wall clock that signatures are aged by."""
    began = int(time.time())

    def move(minutes: float) -> None:
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: began + int(60 * minutes))

    move(0)
    return move


def approved(signer: Signer = SIGNER, **changed: Any) -> Change:
    """A change with a decision that ``signer`` signed for exactly its plan."""
    plan = make_plan()
    decision = Decision(
        change_id="chg-19c2",
        digest=plan.digest,
        action=Action.APPROVE,
        approver="holder of link, unverified",
        policy="approval mode link",
        decided_at=AT,
        decide_by=AT + timedelta(hours=1),
        start_by=AT + timedelta(hours=1),
        write_until=AT + timedelta(hours=24),
        signature="",
    )
    decision = replace(decision, **changed)
    signed = replace(decision, signature=signer.sign_decision(decision_content(decision)))
    return replace(make_change(ChangeState.APPROVED, plan), decision=signed)


def test_a_signer_needs_a_key() -> None:
    with pytest.raises(ValueError, match="at least one signing key"):
        Signer([], 60)


# --- links ---


def test_a_link_leads_to_what_it_was_made_for() -> None:
    assert SIGNER.read_link(SIGNER.link_token(TARGET)) == TARGET


def test_a_link_expires(pass_minutes: Callable[[float], None]) -> None:
    token = SIGNER.link_token(TARGET)
    pass_minutes(59.9)
    assert SIGNER.read_link(token) == TARGET
    pass_minutes(61)
    with pytest.raises(LinkExpired):
        SIGNER.read_link(token)


def test_a_link_from_the_future_is_not_taken(pass_minutes: Callable[[float], None]) -> None:
    pass_minutes(30)
    token = SIGNER.link_token(TARGET)
    pass_minutes(0)
    with pytest.raises(LinkExpired):
        SIGNER.read_link(token)


@given(st.data())
def test_a_link_with_one_character_changed_is_refused(data: st.DataObject) -> None:
    token = SIGNER.link_token(TARGET)
    place = data.draw(st.integers(0, len(token) - 1))
    character = data.draw(
        st.characters(min_codepoint=33, max_codepoint=126).filter(lambda drawn: drawn != token[place])
    )
    changed = token[:place] + character + token[place + 1 :]
    try:
        target = SIGNER.read_link(changed)
    except (LinkTampered, LinkExpired):
        return
    # The last character of base 64 has bits that mean nothing, and its two alphabets differ in -_ and +/ only; what was
    # signed must still be the same.
    is_the_same_letter = {token[place], character} in ({"-", "+"}, {"_", "/"})
    assert place == len(token) - 1 or is_the_same_letter
    assert target == TARGET


@given(st.text(max_size=200))
def test_any_text_is_no_link(text: str) -> None:
    with pytest.raises(LinkTampered):
        SIGNER.read_link(text)


def test_a_link_of_another_purpose_or_shape_is_refused() -> None:
    form = SIGNER.form_token("nonce", "chg-1")
    decision = SIGNER.sign_decision({"partition": TARGET.partition})
    for token in (form, decision, SIGNER._timed("snatbot.link.v1").dumps(["only", "two"]), ""):
        with pytest.raises(LinkTampered):
            SIGNER.read_link(token)


def test_a_read_pass_opens_its_pages_for_an_hour(pass_minutes: Callable[[float], None]) -> None:
    token = SIGNER.read_pass("a" * 32)
    pass_minutes(60)
    assert SIGNER.passed(token) == "a" * 32
    pass_minutes(61)
    with pytest.raises(LinkExpired):
        SIGNER.passed(token)


@pytest.mark.parametrize(
    "token",
    ["", "x", SIGNER.link_token(TARGET), Signer([OLD], 60).read_pass("")],
    ids=[
        "empty",
        "no token",
        "a link",
        "for no page",
    ],  # a token has the time in it, and every worker must collect alike
)
def test_nothing_else_passes_for_a_read_pass(token: str) -> None:
    with pytest.raises(LinkTampered):
        SIGNER.passed(token)
    with pytest.raises(LinkTampered):
        SIGNER.read_link(SIGNER.read_pass(""))


def test_another_apps_link_is_refused() -> None:
    with pytest.raises(LinkTampered):
        SIGNER.read_link(Signer([OLD], 60).link_token(TARGET))


# --- keys ---


def test_the_newest_key_signs_and_every_listed_one_verifies() -> None:
    before, during, after = Signer([OLD], 60), Signer([NEW, OLD], 60), Signer([NEW], 60)
    assert during.read_link(before.link_token(TARGET)) == TARGET
    assert after.read_link(during.link_token(TARGET)) == TARGET
    during.verify_decision(approved(before))
    after.verify_decision(approved(during))
    with pytest.raises(LinkTampered):
        after.read_link(before.link_token(TARGET))
    with pytest.raises(KeyMissing, match=r"^key [0-9a-f]{8} is missing"):
        after.verify_decision(approved(before))


# --- stored rows ---

ROW = ("journal", "a" * 32, "journal-chg-1-000", "content")
_texts = st.text(max_size=40) | st.sampled_from([*ROW, f"{ROW[2]}1", "\ud800", ""])


def test_a_row_is_verified_where_it_was_signed() -> None:
    contents: list[object] = ["content", {"b": 1, "a": [None, 0.5]}, [], None]
    for content in contents:
        SIGNER.verify_row(*ROW[:3], content, SIGNER.sign_row(*ROW[:3], content))
    SIGNER.verify_row(*ROW[:3], {"a": 1, "b": 2}, SIGNER.sign_row(*ROW[:3], {"b": 2, "a": 1}))


@given(st.tuples(_texts, _texts, _texts, _texts))
def test_a_row_that_is_another_or_elsewhere_or_holds_anything_else_is_forged(row: tuple[str, str, str, str]) -> None:
    signature = SIGNER.sign_row(*ROW)
    if row != ROW:
        with pytest.raises(RowForged, match="does not carry this app's signature"):
            SIGNER.verify_row(*row, signature)


@given(st.data())
def test_a_rows_signature_with_anything_changed_is_forged_or_by_a_key_that_is_missing(data: st.DataObject) -> None:
    signature = SIGNER.sign_row(*ROW)
    place = data.draw(st.integers(0, len(signature)))
    changed = signature[:place] + data.draw(st.text(max_size=3)) + signature[place + data.draw(st.integers(0, 3)) :]
    if changed != signature:
        with pytest.raises(
            KeyMissing if re.fullmatch(r"[0-9a-f]{8}\.[0-9a-f]{64}", changed) and place < 8 else RowForged
        ):
            SIGNER.verify_row(*ROW, changed)


@pytest.mark.parametrize("absent", ["", "None", "x", SIGNER.sign_row(*ROW).upper(), SIGNER.sign_row(*ROW) + "\n"])
def test_an_absent_signature_is_a_forged_one(absent: str) -> None:
    with pytest.raises(RowForged):
        SIGNER.verify_row(*ROW, absent)


def test_a_row_names_the_key_that_is_missing_and_a_known_key_never_is() -> None:
    by_old = Signer([OLD], 60).sign_row(*ROW)
    with pytest.raises(KeyMissing, match=f"^key {sha256(OLD.encode()).hexdigest()[:8]} is missing"):
        SIGNER.verify_row(*ROW, by_old)
    Signer([NEW, OLD, NEW], 60).verify_row(*ROW, by_old)
    assert Signer([NEW, OLD, NEW], 60).sign_row(*ROW) == SIGNER.sign_row(*ROW), "the newest key signs"


# --- forms ---


def test_a_form_is_good_for_its_browser_and_its_change() -> None:
    SIGNER.check_form(SIGNER.form_token("nonce", "chg-1"), "nonce", "chg-1")


@pytest.mark.parametrize(
    ("nonce", "change_id"),
    [("other", "chg-1"), ("", "chg-1"), ("nonce", "chg-2"), ("nonce", ""), ("nön€", "chg-1"), ("\ud800", "chg-1")],
)
def test_a_form_of_another_browser_or_change_is_refused(nonce: str, change_id: str) -> None:
    with pytest.raises(FormExpired):
        SIGNER.check_form(SIGNER.form_token("nonce", "chg-1"), nonce, change_id)


def test_a_form_without_a_nonce_is_good_for_nobody() -> None:
    with pytest.raises(FormExpired):
        SIGNER.check_form(SIGNER.form_token("", "chg-1"), "", "chg-1")


@pytest.mark.parametrize(
    "token",
    ["", "x", "a.b.c", SIGNER.link_token(TARGET), Signer([OLD], 60).form_token("nonce", "chg-1")],
    ids=["empty", "short", "dotted", "a link's token", "another key's token"],  # tokens differ from run to run
)
def test_what_is_no_form_token_is_refused(token: str) -> None:
    with pytest.raises(FormExpired):
        SIGNER.check_form(token, "nonce", "chg-1")


def test_a_form_that_lay_open_too_long_is_refused(pass_minutes: Callable[[float], None]) -> None:
    token = SIGNER.form_token("nonce", "chg-1")
    pass_minutes(61)
    with pytest.raises(FormExpired):
        SIGNER.check_form(token, "nonce", "chg-1")


# --- decisions ---


def test_a_decision_is_verified_for_exactly_its_plan() -> None:
    change = approved()
    assert SIGNER.verify_decision(change) is change.decision


def test_a_decision_is_verified_after_it_was_stored() -> None:
    change = approved()
    assert SIGNER.verify_decision(load(Change, dump(change))) == change.decision


def test_a_change_without_a_decision_is_refused() -> None:
    with pytest.raises(DecisionForged):
        SIGNER.verify_decision(replace(approved(), decision=None))


def test_a_denial_approves_nothing() -> None:
    denied = approved(action=Action.DENY)
    with pytest.raises(DecisionForged):
        SIGNER.verify_decision(denied)
    assert SIGNER.verify_decision(denied, Action.DENY) == denied.decision


@given(st.sampled_from([field.name for field in fields(Decision)]), st.text(max_size=80), st.timedeltas())
def test_a_decision_that_was_changed_in_any_field_is_refused(name: str, text: str, later: timedelta) -> None:
    change = approved(object_id="0a0a", role_as_of=AT)
    assert change.decision is not None
    value = getattr(change.decision, name)
    try:
        other: Any = value + later if isinstance(value, datetime) else text
    except OverflowError:
        return
    if other == value:
        return
    forged = replace(change.decision, **{name: other})
    with pytest.raises(DecisionForged):
        SIGNER.verify_decision(replace(change, decision=forged))


@pytest.mark.parametrize("known", [{"object_id": "0a0a"}, {"role_as_of": AT}])
def test_who_decided_is_signed_and_a_decision_of_before_it_was_still_verifies(known: dict[str, Any]) -> None:
    old, new = approved(), approved(**known)
    assert SIGNER.verify_decision(old) == old.decision
    assert old.decision is not None
    assert new.decision is not None
    for decision, other in ((old.decision, new.decision), (new.decision, old.decision)):
        with pytest.raises(DecisionForged):
            SIGNER.verify_decision(replace(old, decision=replace(decision, signature=other.signature)))


def test_a_decision_moved_to_another_change_is_refused() -> None:
    with pytest.raises(DecisionForged):
        SIGNER.verify_decision(replace(approved(), id="chg-other"))


def test_a_decision_moved_to_another_plan_is_refused() -> None:
    change = approved()
    with pytest.raises(DecisionForged):
        SIGNER.verify_decision(replace(change, plan=replace(change.plan, digest="0" * 64)))


def test_a_start_is_verified_for_exactly_its_change_plan_and_line() -> None:
    change = approved()
    start = SIGNER.start(change, AT, "line-1")
    SIGNER.verify_start(load(Change, dump(change)), start)
    for forged in (
        replace(start, at=AT + timedelta(seconds=1)),
        replace(start, line_id="line-2"),
        replace(start, signature=change.decision.signature if change.decision else ""),
        Signer([OLD], 60).start(change, AT, "line-1"),
    ):
        with pytest.raises((DecisionForged, KeyMissing)):
            SIGNER.verify_start(change, forged)
    for other in (replace(change, id="chg-other"), replace(change, plan=replace(change.plan, digest="0" * 64))):
        with pytest.raises(DecisionForged):
            SIGNER.verify_start(other, start)


def test_a_signature_for_something_else_is_refused() -> None:
    change = approved()
    assert change.decision is not None
    other = [
        SIGNER.link_token(TARGET),
        SIGNER.form_token("nonce", change.id),
        SIGNER.sign_decision({}),
        "é.x",
        "\ud800",
    ]
    for signature in other:
        with pytest.raises(DecisionForged):
            SIGNER.verify_decision(replace(change, decision=replace(change.decision, signature=signature)))


def test_the_signature_covers_every_field_but_itself() -> None:
    decision = approved(object_id="0a0a", role_as_of=AT).decision
    assert decision is not None
    covered = decision_content(decision)
    assert len(covered) == len(fields(Decision)) - 1
    assert str(decision.decided_at.microsecond) in covered["decided_at"]
