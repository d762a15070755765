"""Whoever writes to the app's table can't make it write where nobody approved, nor skip a step."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from azure.data.tables import UpdateMode

from shared.auth.errors import DecisionForged
from shared.clock import Instant
from shared.errors import RowForged
from shared.model.change import Change, ChangeState
from shared.model.plan import AssociateSubnet
from shared.model.resource_id import ArmId
from shared.store.records import ALL_CHANGES
from tests.support.refusals import audited, half_done, refused
from tests.support.theatre import WRITER, Theatre

S = ChangeState
FOREIGN = "/subscriptions/{}/resourceGroups/rg-theirs/providers/Microsoft.Network/natGateways/ng-theirs"


class Attacker:
    """Writes to the table behind the app's back, with whatever stood there before."""

    def __init__(self, theatre: Theatre, change: Change) -> None:
        self.client = theatre.app.table.client()
        self.partition = theatre.partition
        self.prefix = f"journal-{change.id}-"

    def rows(self) -> list[dict[str, Any]]:
        found = self.client.query_entities("PartitionKey eq @p", parameters={"p": self.partition})
        return [dict(row) for row in found if row["RowKey"].startswith(self.prefix)]

    def put(self, row: dict[str, Any]) -> None:
        self.client.upsert_entity(row, mode=UpdateMode.REPLACE)

    def edit(self, step: int, **fields: Any) -> None:
        row = self.rows()[step]
        self.put({**row, "json0": json.dumps({**json.loads(row["json0"]), **fields})})

    def delete_last(self) -> None:
        self.client.delete_entity(self.partition, self.rows()[-1]["RowKey"])

    def put_back_older(self) -> None:
        """The last row as it was before its step was written."""
        *_, row = self.rows()
        self.put({**row, "json0": json.dumps({**json.loads(row["json0"]), "may_be_written": False, "writes": 0})})

    def copy_the_first_one_over_the_last(self) -> None:
        first, *_, last = self.rows()
        self.put({**first, "RowKey": last["RowKey"]})

    def forge_the_signature(self) -> None:
        *_, row = self.rows()
        self.put({**row, "signature": f"{str(row['signature'])[:9]}{'0' * 64}"})

    def write_nonsense(self) -> None:
        self.put({**self.rows()[0], "json0": "{"})

    def delete_all(self) -> None:
        for row in self.rows():
            self.client.delete_entity(self.partition, row["RowKey"])


ATTACKS: dict[str, Callable[[Attacker], None]] = {
    "a note edited": lambda attacker: attacker.edit(0, note="all is well"),
    "a step skipped": lambda attacker: attacker.edit(-1, state="done"),
    "the last row deleted": Attacker.delete_last,
    "all rows deleted": Attacker.delete_all,
    "another version": Attacker.put_back_older,
    "a row copied over another": Attacker.copy_the_first_one_over_the_last,
    "a signature made up": Attacker.forge_the_signature,
    "nonsense": Attacker.write_nonsense,
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_journal_that_somebody_else_wrote_ends_the_change_before_its_next_write(
    theatre: Theatre, attack: str
) -> None:
    change = half_done(theatre)
    ATTACKS[attack](Attacker(theatre, change))
    ended = refused(theatre, change)
    assert ended.outcome is not None
    assert ended.outcome.reason.startswith("The journal does not carry this app's signature")
    assert len([event for event, _ in audited(theatre, change) if event == "change failed"]) == 1
    alarms = [text for text in theatre.slack_texts() if "The journal does not carry" in text]
    assert len(alarms) == 1


def test_an_older_version_that_the_app_wrote_itself_shows(theatre: Theatre) -> None:
    """Its own signature is right: only the change knows that it is not the newest."""
    change = half_done(theatre)
    attacker = Attacker(theatre, change)
    *_, older = attacker.rows()
    theatre.tick()
    *_, newest = attacker.rows()
    assert (newest["RowKey"], newest["json0"] == older["json0"]) == (older["RowKey"], False)
    attacker.put(older)
    refused(theatre, change)


def test_a_row_of_another_change_shows(theatre: Theatre) -> None:
    """After a rollback the same plan is approved again, and gets the first one's rows."""
    first = theatre.run_on(theatre.approved())
    rows = Attacker(theatre, first).rows()
    back = theatre.app.propose.propose_rollback(first, Instant.of(theatre.clock), "Ada")
    theatre.decide(back, "approve")
    attacker = Attacker(theatre, back)
    while not attacker.rows():
        theatre.work_on_changes()
        theatre.clock.advance(60)
    if theatre.change(back.id).due_at is None:
        pytest.fail("the rollback ended before it could be attacked")
    attacker.put({**rows[0], "RowKey": attacker.rows()[0]["RowKey"]})
    refused(theatre, back)


def test_an_edited_journal_steers_no_roll_back(theatre: Theatre) -> None:
    """The attack: the journal says that the subnets had a foreign gateway before."""
    fixed = theatre.run_on(theatre.approved())
    attacker = Attacker(theatre, fixed)
    foreign = FOREIGN.format(fixed.cluster_id.subscription)
    genuine = attacker.rows()
    for step, planned in enumerate(fixed.plan.steps):
        if isinstance(planned, AssociateSubnet):
            before = json.loads(attacker.rows()[step]["json0"])["before"]
            attacker.edit(step, before={**before, "natGateway": {"id": foreign}})
    written = len(theatre.writes(WRITER))
    with pytest.raises(RowForged, match="journal does not carry this app's signature"):
        theatre.app.propose.propose_rollback(fixed, Instant.of(theatre.clock), "Ada")
    for row in genuine:
        attacker.put(row)
    back = theatre.app.propose.propose_rollback(fixed, Instant.of(theatre.clock), "Ada")
    assert {step.after for step in back.plan.steps if isinstance(step, AssociateSubnet)} == {None}
    assert len(theatre.writes(WRITER)) == written


def test_what_nobody_approved_is_neither_taken_back_nor_deleted(theatre: Theatre) -> None:
    fixed = theatre.run_on(theatre.approved())
    steps = tuple(
        replace(step, before=ArmId(FOREIGN.format("x"))) if isinstance(step, AssociateSubnet) else step
        for step in fixed.plan.steps
    )
    theatre.tamper(fixed, plan=replace(fixed.plan, steps=steps))
    edited = theatre.change(fixed.id)
    for ask in (theatre.app.propose.propose_rollback, theatre.app.propose.propose_deletion):
        with pytest.raises(DecisionForged, match="stored approval does not carry this app's signature"):
            ask(edited, Instant.of(theatre.clock), "Ada")


def test_a_stop_flag_that_is_deleted_stops_every_change_until_a_person_lifts_it(theatre: Theatre) -> None:
    change = half_done(theatre)
    theatre.app.table.client().delete_entity(ALL_CHANGES, "stop")
    written = len(theatre.writes(WRITER))
    stopped = theatre.run_on(change)
    assert (stopped.state, len(theatre.writes(WRITER))) == (S.STOPPED, written)
    assert "the stop flag is missing" in stopped.stop_reason
    theatre.app.stop.set(False, "Ada", "looked", theatre.clock.now())
    theatre.decide(stopped, "resume")
    assert theatre.run_on(stopped).state is S.FIXED


def test_a_journal_forged_while_the_change_is_verified_proves_nothing(theatre: Theatre) -> None:
    change = theatre.approved()
    while theatre.change(change.id).state is not S.VERIFYING:
        theatre.tick()
    Attacker(theatre, change).edit(0, note="all is well")
    ended = theatre.run_on(change)
    assert ended.state is S.CANT_TELL
    assert ended.outcome is not None
    assert ended.outcome.reason.startswith("The journal does not carry this app's signature")
