"""The end of a change: into a final state, in one transaction with the message that tells it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ...auth.links import Links
from ...chat import change_messages, waiting_messages
from ...chat.message import Message
from ...core.incidents.lifecycle import close
from ...core.remediation.state_machine import Event, next_state
from ...formatting import listed
from ...model.audit import now_is
from ...model.change import Change, ChangeState, JournalEntry, Outcome
from ...model.incident import Incident, IncidentState
from ...model.plan import CURES, ObserveEgress, PlanKind
from ...model.resource_id import ArmId
from ...store.records import Put, Records, Stored
from ..approval.propose_for_incident import TRY_AGAIN_AFTER
from ..notification.outbox import Outbox, audit

log = logging.getLogger("snatbot.remediation")


def finish(
    change: Change, journal: Sequence[JournalEntry], authorize: Callable[[str, Sequence[str]], str]
) -> tuple[Event, Outcome] | None:
    """The end of a change whose steps are all done; None when it must be proven first.

    ``authorize`` maps a cluster id and addresses to the command that lets them reach the API server; empty: no need.
    """
    match change.plan.kind:
        case PlanKind.DETACH_NAT_GATEWAY:
            reason = "every subnet is without the NAT gateway again, read back from Azure"
            return Event.DETACHED, Outcome("rolled back", reason, _watched(change, journal))
        case PlanKind.DELETE_NAT_GATEWAY:
            reason = "what snatbot created is deleted, read back from Azure"
            return Event.COMPLETED, Outcome("done", reason, change.plan.notes)
        case PlanKind.RESERVE_PUBLIC_IPS:
            addresses = [str((entry.after or {}).get("address", "")) for entry in journal]
            return Event.COMPLETED, _reserved([one for one in addresses if one], authorize, change.cluster_id)
        case _:
            return None


def _watched(change: Change, journal: Sequence[JournalEntry]) -> tuple[str, ...]:
    """What each gate measured, one sentence a subnet."""
    found = []
    for entry in journal:
        step = change.plan.steps[entry.step]
        if isinstance(step, ObserveEgress):
            found.append(f"`{ArmId.parse(step.subnet_id).name}`: {entry.note}")
    return tuple(found) or ("what the nodes' connections did afterwards was not measured",)


def _reserved(addresses: Sequence[str], authorize: Callable[[str, Sequence[str]], str], cluster_id: str) -> Outcome:
    command = authorize(cluster_id, addresses)
    advice = ["Give the addresses to partners whose firewalls list the old ones."]
    if command:
        advice.append("Add them to the API server's authorized IP ranges.")
    advice.append("Then ask for a new plan: it uses these addresses.")
    reason = f"reserved {listed(addresses, 16)}; nothing uses them yet"
    return Outcome("done", reason, tuple(addresses), tuple(advice), (command,) if command else ())


class ChangeFinisher:
    def __init__(
        self, records: Records, outbox: Outbox, links: Links, look_back_after: timedelta, offer_again_after: timedelta
    ) -> None:
        """``look_back_after``: when a roll-back is looked at once more, for writes by others in that moment.

        ``offer_again_after``: when trouble whose plan failed gets another one, should it still be there.
        """
        self._offer_again_after = offer_again_after
        self._records = records
        self._outbox = outbox
        self._links = links
        self._look_back_after = look_back_after

    def end(
        self,
        partition: str,
        stored: Stored[Change],
        event: Event,
        outcome: Outcome | None,
        now: datetime,
        wall: datetime,
    ) -> None:
        """A proven fix also clears its incident. Silence holds back that a proposal has expired, and nothing else.

        An approval that was not used in time expires with an ``outcome``, a proposal without.
        """
        state = next_state(stored.value.state, event)
        due_at = now + self._look_back_after if state is ChangeState.ROLLED_BACK else None
        ended = replace(stored.value, state=state, due_at=due_at, outcome=outcome)
        writes: list[Put] = [
            Put(ended, stored.etag),
            audit(now, "snatbot", now_is(ended.state), ended.id, outcome.reason if outcome else ""),
        ]
        if ended.state is ChangeState.FIXED:
            writes += self._closed_incident(partition, ended, now)
        asked_again = self._asked_again(partition, ended, now)
        writes += asked_again
        if event is Event.EXPIRE and outcome is None:
            message = self._expired(ended, now, is_tried_again=bool(asked_again))
        else:
            journal = [entry.value for entry in self._records.journal(partition, ended.id).values()]
            message = change_messages.change_finished(ended, self._links.page(ended), journal)
        writes += self._outbox.rows(ended.cluster_name, message, wall)
        self._records.commit_in(partition, writes)
        log.info("change %s: %s", ended.id, ended.state.value)

    def _asked_again(self, partition: str, change: Change, now: datetime) -> list[Put]:
        """Trouble that is still there is never left without a question; nor is one asked all the time."""
        if change.state not in (ChangeState.EXPIRED, ChangeState.FAILED) or change.plan.kind not in CURES:
            return []
        after_what = TRY_AGAIN_AFTER if change.state is ChangeState.EXPIRED else self._offer_again_after
        found = self._open_incident(partition, change)
        return [Put(replace(found.value, plan_due_at=now + after_what), found.etag)] if found else []

    def _expired(self, change: Change, now: datetime, *, is_tried_again: bool) -> Message | None:
        record = self._records.cluster(change.cluster_id)
        if record is not None and record.value.is_silenced(now):
            return None
        return waiting_messages.change_expired(change, self._links.page(change), is_tried_again=is_tried_again)

    def _closed_incident(self, partition: str, change: Change, now: datetime) -> list[Put]:
        found = self._open_incident(partition, change)
        if found is None:
            return []
        return [
            Put(close(found.value, now, f"fixed by change {change.id}"), found.etag),
            audit(now, "snatbot", "incident cleared", found.value.id, f"fixed by change {change.id}"),
        ]

    def _open_incident(self, partition: str, change: Change) -> Stored[Incident] | None:
        found = self._records.incident_in(partition, change.incident_id) if change.incident_id else None
        return found if found is not None and found.value.state is IncidentState.OPEN else None
