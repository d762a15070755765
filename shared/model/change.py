"""A change answers an incident: it is a plan with its decision, its journal and its outcome."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from .incident import Incident
from .plan import Plan, PlanKind, Step
from .reading import MinuteSeries
from .resource_id import ArmId
from .text import Text


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
    FIXED = "fixed"
    NOT_FIXED = "not fixed"
    CANT_TELL = "can't tell"
    ROLLED_BACK = "rolled back"
    DONE = "done"
    EXPIRED = "expired"  # approved, but not started in time
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
    write_until: datetime  # exclusive: no write under this decision from this time on
    signature: str  # the bot's HMAC over all other fields
    object_id: str = ""  # of the person who decided last, in lower case; empty: the holder of a link
    role_as_of: datetime | None = None  # when their app roles were last seen


@dataclass(frozen=True, slots=True)
class Approval:
    """The first of two people's approvals: it alone starts nothing."""

    object_id: str  # in lower case
    approver: str
    policy: str
    approved_at: datetime
    signature: str  # the bot's HMAC over all of it, the change and its plan's digest
    role_as_of: datetime | None = None  # when the person's app roles were last seen


@dataclass(frozen=True, slots=True)
class Start:
    """The start of a run of a change, which uses up its approval."""

    at: datetime
    line_id: str  # id of the audit line that records the start
    signature: str  # the bot's HMAC over the start, the change and the plan's digest


@dataclass(frozen=True, slots=True)
class JournalEntry:
    step: int
    state: StepState
    started_at: datetime
    updated_at: datetime
    before: Mapping[str, Any] | None = None  # writable properties before the first write
    after: Mapping[str, Any] | None = None
    note: Text = Text("")
    attempts: int = 0  # attempts that ended in waiting
    writes: int = 0  # writes to Azure since a person last started or resumed the change
    exposed_seconds: float | None = None  # the longest time from a last read to the answer of the write
    reported: tuple[str, ...] = ()  # operation ids of others' writes that people were notified of
    may_be_written: bool = False  # set before the first write, cleared if Azure refused it
    is_wait_notified: bool = False  # people were notified that the step waits

    @property
    def was_written(self) -> bool:
        """Whether the step may have changed something in Azure."""
        return self.may_be_written or self.writes > 0


@dataclass(frozen=True, slots=True)
class JournalHead:
    """What the journal holds: the signatures of its rows, in the order of the steps."""

    rows: tuple[str, ...]
    signature: str  # the bot's HMAC over them and the change


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict with its reason and the figures that support it, one sentence each."""

    verdict: Verdict
    reason: Text
    figures: tuple[Text, ...] = ()
    advice: tuple[Text, ...] = ()  # what to do next
    commands: tuple[Text, ...] = ()  # commands for a person, with comments
    attempted: MinuteSeries | None = None  # new connections on the NAT gateway, in the judged window


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
    due_at: datetime | None = None  # when it is processed next; None in a final state, or while a person must act
    decision: Decision | None = None
    approvals: tuple[Approval, ...] = ()  # while one more person must approve
    step: int = 0  # number of steps that are done
    applied_at: datetime | None = None
    verify_from: datetime | None = None
    stop_reason: Text = Text("")
    outcome: Outcome | None = None
    start: Start | None = None  # of the newest run; resuming starts a new run
    waits_for: Text = Text("")  # why an approved change does not start yet, as last notified
    not_before: datetime | None = None  # no write before this time: Azure asked for a delay, or a pause between subnets
    reason: Incident | None = None  # the incident at the time of the proposal
    stop_commands: tuple[Text, ...] = ()  # commands that show and repair what it stopped for
    journal_head: JournalHead | None = None  # None: it never started
    key_missing_since: datetime | None = None  # a key that this app does not hold signed what must be verified

    @property
    def current_step(self) -> Step:
        """The next step. Raises IndexError if all are done."""
        return self.plan.steps[self.step]

    @property
    def started_at(self) -> datetime | None:
        return self.start.at if self.start else None

    @property
    def is_begun(self) -> bool:
        """Whether it may have written something."""
        return self.start is not None or self.step > 0

    @property
    def leaves_something(self) -> bool:
        """Whether unused resources that it created may exist.

        A rollback keeps the gateway and its public IPs, a reservation creates public IPs for later, and a change that
        ended early may have created any of them.
        """
        kind = self.plan.kind
        if self.state in (ChangeState.ROLLED_BACK, ChangeState.DONE):
            return kind in (PlanKind.DETACH_NAT_GATEWAY, PlanKind.RESERVE_PUBLIC_IPS)
        is_unfinished = self.state in (ChangeState.FAILED, ChangeState.SUPERSEDED)
        return is_unfinished and self.is_begun and kind is not PlanKind.DETACH_NAT_GATEWAY
