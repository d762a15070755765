"""A change answers an incident: one plan, the decisions on it, its journal and its outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from .incident import Incident
from .plan import Plan, PlanKind, Step
from .resource_id import ArmId


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
FINAL_STATES = frozenset(ChangeState) - frozenset(PENDING)


class Action(StrEnum):
    """What a person may do with a change: the buttons of its page."""

    APPROVE = "approve"
    DENY = "deny"
    STOP = "stop"
    RESUME = "resume"
    GIVE_UP = "give_up"
    ROLL_BACK = "roll_back"
    DELETE = "delete"
    ASK_AGAIN = "ask_again"


class StepState(StrEnum):
    STARTED = "started"
    DONE = "done"
    STOPPED = "stopped"


class Verdict(StrEnum):
    """How a change ended."""

    FIXED = "fixed"
    NOT_FIXED = "not fixed"
    CANT_TELL = "can't tell"
    ROLLED_BACK = "rolled back"
    DONE = "done"
    EXPIRED = "expired"  # approved, and not started in time
    GIVEN_UP = "given up"  # it had stopped, and a person ended it
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Decision:
    """Who approved or denied which exact plan."""

    change_id: str
    digest: str
    action: Action
    approver: str
    policy: str
    decided_at: datetime
    decide_by: datetime  # when the proposal expires
    start_by: datetime
    write_until: datetime  # nothing is written under this decision at or after it
    signature: str  # the bot's HMAC over all other fields


@dataclass(frozen=True, slots=True)
class Start:
    """A run of a change began, so its approval is used."""

    at: datetime
    line_id: str  # of the audit line that records the start
    signature: str  # the bot's HMAC over it, the change and its plan's digest


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """What happened to one step."""

    step: int
    state: StepState
    started_at: datetime
    updated_at: datetime
    before: Mapping[str, Any] | None = None  # the writable properties before the first write
    after: Mapping[str, Any] | None = None
    note: str = ""
    attempts: int = 0  # that ended in waiting
    writes: int = 0  # to Azure since a person last started or resumed the change
    exposed_seconds: float | None = None  # the longest time from a last read to the answer of the write
    reported: tuple[str, ...] = ()  # operation ids of others' writes that people were notified of
    may_be_written: bool = False  # set before the first write, cleared when Azure refused it
    is_wait_notified: bool = False  # people know that the step waits

    @property
    def was_written(self) -> bool:
        """Whether the step changed something in Azure, as far as anybody can know."""
        return self.may_be_written or self.writes > 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict with its reason and the figures that support it, one sentence each."""

    verdict: Verdict
    reason: str
    figures: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()  # what to do next
    commands: tuple[str, ...] = ()  # for a person to run


@dataclass(frozen=True, slots=True)
class Change:
    id: str
    cluster_id: ArmId
    cluster_name: str
    state: ChangeState
    plan: Plan
    proposed_at: datetime
    expires_at: datetime
    requested_by: str
    incident_id: str | None = None
    due_at: datetime | None = None  # of the next check; None in a final state, or while a person must act
    decision: Decision | None = None
    step: int = 0  # the number of steps that are done
    applied_at: datetime | None = None
    verify_from: datetime | None = None
    stop_reason: str = ""
    outcome: Outcome | None = None
    start: Start | None = None  # of the newest run: after a stop, when it was resumed
    waits_for: str = ""  # why an approved change does not start yet, as people were notified
    not_before: datetime | None = None  # nothing is written earlier: Azure asked for it, or a pause between subnets
    reason: Incident | None = None  # the incident as it was when this was proposed
    stop_commands: tuple[str, ...] = ()  # show and mend what it stopped for

    @property
    def current_step(self) -> Step:
        """The step to do next. Raises IndexError when all are done."""
        return self.plan.steps[self.step]

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
        """Whether resources that it created, and that nothing uses, may exist.

        A roll-back keeps the gateway and its public IPs, a reservation makes public IPs for later, and a change that
        ended half way may have made any of them.
        """
        kind = self.plan.kind
        if self.state in (ChangeState.ROLLED_BACK, ChangeState.DONE):
            return kind in (PlanKind.DETACH_NAT_GATEWAY, PlanKind.RESERVE_PUBLIC_IPS)
        is_unfinished = self.state in (ChangeState.FAILED, ChangeState.SUPERSEDED)
        return is_unfinished and self.is_begun and kind is not PlanKind.DETACH_NAT_GATEWAY
