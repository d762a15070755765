"""The answer to a trouble: one plan, the decisions on it, its journal and its outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from .incident import Incident
from .plan import Plan, PlanKind
from .resource_id import ArmId

GIVEN_UP = "given up"  # the verdict of a stopped change that a person ended


class ChangeState(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    APPLYING = "applying"
    STOPPED = "stopped"
    VERIFYING = "verifying"
    FIXED = "fixed"
    NOT_FIXED = "not fixed"
    CANT_TELL = "can't tell"
    ROLLED_BACK = "rolled back"
    DONE = "done"
    DENIED = "denied"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    FAILED = "failed"


IN_FLIGHT = (ChangeState.APPROVED, ChangeState.APPLYING, ChangeState.STOPPED, ChangeState.VERIFYING)
PENDING = (*IN_FLIGHT, ChangeState.PROPOSED)
FINAL_STATES = frozenset(
    {
        ChangeState.FIXED,
        ChangeState.NOT_FIXED,
        ChangeState.CANT_TELL,
        ChangeState.ROLLED_BACK,
        ChangeState.DONE,
        ChangeState.DENIED,
        ChangeState.EXPIRED,
        ChangeState.SUPERSEDED,
        ChangeState.FAILED,
    }
)


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided what on which exact plan. ``signature`` is the bot's HMAC over all of it.

    ``decide_by`` is when the proposal expired; an approval must start by ``start_by``, and nothing is written under it
    at or after ``write_until``.
    """

    change_id: str
    digest: str
    action: str
    approver: str
    policy: str
    decided_at: datetime
    decide_by: datetime
    start_by: datetime
    write_until: datetime
    signature: str


@dataclass(frozen=True, slots=True)
class Start:
    """A run of a change began, so its approval is used: ``line_id`` is the line in the audit that says so.

    ``signature`` is the bot's HMAC over it, the change and its plan's digest.
    """

    at: datetime
    line_id: str
    signature: str


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One step as it went. ``before`` is the writable projection that was there before the first write.

    ``attempts`` counts looks that ended in waiting, ``writes`` the writes to Azure since a person last looked.
    ``exposed_seconds`` is the longest time from a last read to the answer of the write, None without one; ``told`` are
    the operation ids of others' writes that people were told of. ``may_be_written`` is set before the first write and
    taken back when Azure refused it; ``is_wait_notified``: people know that the step waits.
    """

    step: int
    state: str
    started_at: datetime
    updated_at: datetime
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    before_hash: str = ""
    note: str = ""
    attempts: int = 0
    writes: int = 0
    exposed_seconds: float | None = None
    reported: tuple[str, ...] = ()
    may_be_written: bool = False
    is_wait_notified: bool = False

    @property
    def was_written(self) -> bool:
        """Whether the step changed something in Azure, as far as anybody can know."""
        return self.may_be_written or self.writes > 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict with the figures it rests on, one sentence each.

    ``advice`` says what to do next, ``commands`` are left for a person to run.
    """

    verdict: str
    reason: str
    figures: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """``due_at`` is when the next look is owed; None in a final state or while a person is awaited. ``not_before``:
    nothing is written earlier, whoever looks; Azure asked for it, or the pause between subnets is not over.

    ``start`` is that of the newest run, after a stop that of the resumed one; None when nothing was begun.
    ``waits_for`` is what people were told that an approved change waits for. ``reason`` is the incident as it was when
    this was proposed. ``stop_commands`` show and mend what it stopped for.
    """

    id: str
    cluster_id: ArmId
    cluster_name: str
    state: ChangeState
    plan: Plan
    proposed_at: datetime
    expires_at: datetime
    requested_by: str
    incident_id: str | None = None
    due_at: datetime | None = None
    decision: Decision | None = None
    step: int = 0
    applied_at: datetime | None = None
    verify_from: datetime | None = None
    stop_reason: str = ""
    outcome: Outcome | None = None
    start: Start | None = None
    waits_for: str = ""
    not_before: datetime | None = None
    reason: Incident | None = None
    stop_commands: tuple[str, ...] = ()

    @property
    def started_at(self) -> datetime | None:
        """When its newest run began."""
        return self.start.at if self.start else None

    @property
    def is_begun(self) -> bool:
        """Something may have been written for it."""
        return self.start is not None or self.step > 0

    @property
    def leaves_something(self) -> bool:
        """A roll-back keeps the gateway and its public IPs; a reservation made public IPs that nothing uses yet; what
        ended half done may have made any of them."""
        kind = self.plan.kind
        match self.state:
            case ChangeState.ROLLED_BACK | ChangeState.DONE:
                return kind in (PlanKind.DETACH_NAT_GATEWAY, PlanKind.RESERVE_PUBLIC_IPS)
            case ChangeState.FAILED | ChangeState.SUPERSEDED:
                return self.is_begun and kind is not PlanKind.DETACH_NAT_GATEWAY
            case _:
                return False
