"""The audit trail, and messages that wait for delivery."""

from dataclasses import dataclass
from datetime import date, datetime

from .change import FINAL_STATES, ChangeState

STARTED = "change started"
EVERY_CHANGE = "all changes"  # the subject of a stop of all
ALL_STOPPED = "all changes stopped"
STOP_LIFTED = "stop of all changes lifted"
RESUMED = "change resumed"
GIVEN_UP = "change given up"
PROBE_KEY_CREATED = "probe key created"
PROBE_KEY_REVOKED = "probe key revoked"
SOCKETS_PASTED = "sockets pasted"


def step_done(step: int) -> str:
    """The event name of a finished step, counted from 0."""
    return f"step {step + 1} done"


def now_is(state: ChangeState) -> str:
    """The event name of a change that entered a state."""
    return f"change {state.value}"


ENDED = frozenset(now_is(state) for state in FINAL_STATES)


@dataclass(frozen=True, slots=True)
class AuditLine:
    """A line of the audit trail. Events that code depends on have a name above."""

    id: str
    at: datetime
    actor: str  # a person, or snatbot
    event: str
    subject: str  # id of an incident or a change
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The last line of a partition's chain: its number, from 1, and its hash."""

    sequence: int
    hash: str


@dataclass(frozen=True, slots=True)
class SealedHead:
    partition: str
    sequence: int
    hash: str


@dataclass(frozen=True, slots=True)
class DayRoot:
    """The heads of all partitions as they were sealed on a UTC day."""

    day: date
    hash: str  # over all heads
    heads: tuple[SealedHead, ...]


@dataclass(frozen=True, slots=True)
class PolicyInForce:
    """The approval policy that was last audited."""

    policy: str


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One message for one channel."""

    id: str
    cluster_name: str
    channel: str  # its name; empty: routes decide at delivery
    payload: str  # JSON, in the same format for every kind of channel
    created_at: datetime
    due_at: datetime | None  # wall time; None: delivery was given up
    attempts: int = 0
    last_error: str = ""
    refusals: int = 0


@dataclass(frozen=True, slots=True)
class NotifiedChannels:
    """The channels that got a message about a subject: they get its later messages too, whatever ROUTES say then."""

    subject: str
    channels: tuple[str, ...]
    notified_at: datetime


@dataclass(frozen=True, slots=True)
class ChatPost:
    """The message of a subject in a chat, which later messages rewrite."""

    subject: str  # id of an incident or a change
    channel: str  # as in OutboxMessage
    place: str  # the chat's own id of its channel
    ts: str  # the chat's id of the message; empty: deleted
    first_id: str  # the OutboxMessage that it was first posted for
    shown_at: datetime  # when the OutboxMessage that it shows was created
