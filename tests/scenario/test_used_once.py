"""An approval is used once and in time, whatever the rows in storage claim."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from shared.clock import Instant
from shared.model.audit import AuditLine
from shared.model.change import Change, ChangeState
from shared.model.plan import PlanKind
from shared.model.resource_id import ArmId
from tests.support.every import every
from tests.support.refusals import half_done, refused
from tests.support.theatre import WRITER, Theatre

S = ChangeState


def delete_rows(theatre: Theatre, prefix: str) -> None:
    """Takes rows out of storage behind the app's back."""
    table = theatre.app.table.client()
    for row in list(table.query_entities("PartitionKey eq @p", parameters={"p": theatre.partition})):
        if row["RowKey"].startswith(prefix):
            table.delete_entity(row["PartitionKey"], row["RowKey"])


def put_back(theatre: Theatre, change: Change, state: ChangeState, **fields: Any) -> Change:
    """The change's row as an attacker wants it, and its journal gone."""
    delete_rows(theatre, f"journal-{change.id}")
    theatre.tamper(change, state=state, due_at=theatre.clock.now(), outcome=None, **fields)
    return theatre.change(change.id)


def test_an_old_decision_on_a_row_that_claims_to_be_applying_writes_nothing(theatre: Theatre) -> None:
    """The attack: 25 hours after the decision, the row set to applying, no journal."""
    change = theatre.approved()
    theatre.clock.advance(25 * 3600)
    refused(theatre, put_back(theatre, change, S.APPLYING))
    assert theatre.resources("publicIPAddresses") == []


def test_a_decision_that_was_used_starts_nothing_again(theatre: Theatre) -> None:
    """After the rollback the subnets are as they were at first: only the records know that it was used."""
    fixed = theatre.run_on(theatre.approved())
    back = theatre.app.propose.propose_rollback(fixed, Instant.of(theatre.clock), "Ada")
    assert theatre.run_on(theatre.decide(back, "approve")).state is S.ROLLED_BACK
    for state in (S.APPROVED, S.APPLYING):
        for start in (fixed.start, None):
            refused(theatre, put_back(theatre, fixed, state, step=0, start=start))
    assert theatre.subnets()
    assert every(one["nat_gateway"] is None for one in theatre.subnets().values())


def test_a_running_change_whose_journal_is_gone_ends(theatre: Theatre) -> None:
    refused(theatre, put_back(theatre, half_done(theatre), S.APPLYING, step=0))


def test_a_change_that_another_one_overtook_stays_ended(theatre: Theatre) -> None:
    change = half_done(theatre)
    theatre.tamper(change, state=S.STOPPED, due_at=None)
    back = theatre.app.propose.propose_rollback(theatre.change(change.id), Instant.of(theatre.clock), "Ada")
    theatre.decide(back, "approve")
    overtaken = theatre.change(change.id)
    assert overtaken.state is S.SUPERSEDED
    theatre.run_on(back)
    theatre.tamper(overtaken, state=S.APPROVED, due_at=theatre.clock.now())
    refused(theatre, overtaken)


def test_a_row_copied_to_another_cluster_writes_nothing(theatre: Theatre) -> None:
    change = theatre.approved()
    row = dict(theatre.app.table.client().get_entity(theatre.partition, f"change-{change.id}"))
    theatre.app.table.client().create_entity({**row, "PartitionKey": "0" * 32})
    theatre.app.reconciler.run("0" * 32, change.id)
    assert theatre.writes(WRITER) == []
    copied = theatre.app.records.change("0" * 32, change.id)
    assert copied is not None
    assert copied.value.state is S.FAILED
    assert theatre.run_on(change).state is S.FIXED, "the row where it belongs goes on"


# --- in time ---


def offered(theatre: Theatre) -> list[PlanKind]:
    return [change.plan.kind for change in theatre.changes() if change.state is S.PROPOSED]


def test_an_approval_that_is_not_used_within_the_hour_expires_and_is_asked_for_again(theatre: Theatre) -> None:
    change = theatre.approved()
    theatre.clock.advance(60 * 60)
    ended = theatre.run_on(change)
    theatre.work()
    assert ended.state is S.EXPIRED
    assert ended.outcome is not None
    assert "had to start by" in ended.outcome.reason
    assert theatre.writes(WRITER) == []
    assert offered(theatre) == [PlanKind.ATTACH_NAT_GATEWAY]
    assert any("had to start by" in text for text in theatre.slack_texts())


def test_a_change_that_waits_too_long_for_its_first_step_expires(theatre: Theatre) -> None:
    change = theatre.approved()
    assert change.plan.vnet_id is not None
    theatre.app.vnet_lock.claim_vnet(change.plan.vnet_id, "another", "worker", theatre.clock.wall() + timedelta(days=1))
    assert theatre.run_on(change).state is S.EXPIRED
    assert theatre.writes(WRITER) == []


def test_what_is_late_right_before_a_write_is_not_written(theatre: Theatre) -> None:
    """Between the look at the change and the write, the day is over."""
    change = half_done(theatre)
    assert change.decision is not None
    network = theatre.app.network_of(theatre.app.discovery.cluster(change.cluster_id).subscription)
    read_subnet = network.read_subnet
    written = len(theatre.writes(WRITER))

    def slow(subnet_id: str) -> Any:
        if "aks-system" in subnet_id:
            theatre.clock.advance(24 * 3600)
        return read_subnet(subnet_id)

    network.read_subnet = slow  # type: ignore[method-assign]
    ended = theatre.run_on(change)

    assert len(theatre.writes(WRITER)) == written
    assert ended.state is S.FAILED
    assert ended.outcome is not None
    assert "nothing may be written under it since" in ended.outcome.reason
    assert offered(theatre) == [PlanKind.ATTACH_NAT_GATEWAY]
    assert theatre.app.vnet_lock.vnet_holder(change.plan.vnet_id or "") is None


def test_what_is_changed_while_a_worker_is_at_it_is_seen_before_its_next_write(theatre: Theatre) -> None:
    change = half_done(theatre)
    records, written = theatre.app.records, len(theatre.writes(WRITER))
    read, seen = records.change, []

    def reading(partition: str, change_id: str) -> Any:
        stored = read(partition, change_id)
        seen.append(change_id)
        if len(seen) > 1 and stored is not None and stored.value.state is S.APPLYING:
            return replace(
                stored, value=replace(stored.value, plan=replace(stored.value.plan, vnet_id=ArmId("/other")))
            )
        return stored

    records.change = reading  # type: ignore[method-assign]
    for _ in range(30):
        theatre.clock.advance(60)
        seen.clear()
        theatre.app.reconciler.run(theatre.partition, change.id)
    assert len(theatre.writes(WRITER)) == written


def test_a_stopped_change_starts_again_with_a_line_of_its_own(theatre: Theatre) -> None:
    change = half_done(theatre)
    first = change.start
    theatre.app.stop.set(True, "Grace", "freeze", theatre.clock.now())
    stopped = theatre.run_on(change)
    theatre.app.stop.set(False, "Grace", "", theatre.clock.now())
    theatre.clock.advance(20 * 3600)
    theatre.decide(stopped, "resume")
    fixed = theatre.run_on(stopped)
    assert fixed.state is S.FIXED
    assert fixed.start is not None
    assert first is not None
    assert fixed.start.line_id != first.line_id
    lines = [line for line in theatre.app.records.audit(theatre.partition) if line.event == "change started"]
    assert [line.id for line in lines] == [first.line_id, fixed.start.line_id]
    assert lines
    assert every(isinstance(line, AuditLine) and "approved by Ada" in line.detail for line in lines)
