"""The answer to a trouble: one plan, the decisions on it, its journal and its outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from .plan import Plan, PlanKind


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
    """Who decided what on which exact plan. ``signature`` is the bot's HMAC over all of it."""

    change_id: str
    digest: str
    action: str
    approver: str
    policy: str
    decided_at: datetime
    expires_at: datetime
    signature: str


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One step as it went. ``before`` is the writable projection that was there before the first write.

    ``attempts`` counts looks that ended in waiting, ``writes`` the writes to Azure since a person last looked.
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


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict with the figures it rests on, one sentence each.

    ``advice`` says what to do next: what it likely is instead, or a command that is left for a person.
    """

    verdict: str
    reason: str
    figures: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """``due_at`` is when the next look is owed; None in a final state or while a person is awaited."""

    id: str
    cluster_id: str
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

    @property
    def leaves_something(self) -> bool:
        """A roll-back keeps the gateway and its public IPs; a reservation made public IPs that nothing uses yet."""
        is_over = self.state in (ChangeState.ROLLED_BACK, ChangeState.DONE)
        return is_over and self.plan.kind in (PlanKind.DETACH_NAT_GATEWAY, PlanKind.RESERVE_PUBLIC_IPS)
