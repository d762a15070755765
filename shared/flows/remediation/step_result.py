"""What the steps of a plan share: their results, the permit to write, and how Azure's errors become results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ...cloud.errors import (
    AzureError,
    Conflict,
    PreconditionFailed,
    SignInFailed,
    Throttled,
    Unavailable,
    UnexpectedAnswer,
)
from ...formatting import sentences

RECHECK_AFTER = timedelta(minutes=1)
SUBNET_WAIT_SECONDS = 3.0
_BUSY_WAIT_SECONDS = 15.0
_MOST_WRITES = 3


@dataclass(frozen=True, slots=True)
class Done:
    note: str
    after: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    seconds: float
    note: str
    has_written: bool = False  # a write was sent, and its effect is to be read
    exposed_seconds: float | None = None  # from the last read of a subnet to the answer of its write
    limit: timedelta | None = None  # how long the step may wait; None as any step
    asked_seconds: float = 0.0  # how long Azure asks for no write


@dataclass(frozen=True, slots=True)
class Stop:
    """Something is not as approved, or Azure refuses: a person must act."""

    reason: str
    commands: tuple[str, ...] = ()  # show and mend it
    may_be_written: bool = False  # the answer to a write could not be understood


Result = Done | Wait | Stop


@dataclass(frozen=True, slots=True)
class WritePermit:
    """What a step needs in order to write."""

    acquire: Callable[[], None]  # before each write; raises when the claim is lost, or the stop switch is set
    wall: Callable[[], datetime]
    request_id: str  # names the step's writes in the activity log
    writes: int = 0  # made for this step so far
    was_tried: bool = False  # what is broken now may be our own doing
    precondition: Callable[[], Result | None] = lambda: None  # before each write: a Wait or a Stop holds it back

    @property
    def is_used_up(self) -> bool:
        return self.writes >= _MOST_WRITES


def with_azure_trouble(step: Callable[[], Result]) -> Result:
    """What waiting can cure becomes Wait, what it can't becomes Stop with Azure's words."""
    try:
        return step()
    except Throttled as error:
        return _as_asked(error, "Azure throttled the requests")
    except Conflict as error:
        if error.is_transient:
            return _as_asked(error, f"another operation is running ({error.reason})")
        return Stop(str(error))
    except PreconditionFailed:
        return Wait(SUBNET_WAIT_SECONDS, "somebody wrote to the virtual network in between; reading again")
    except Unavailable as error:
        return _as_asked(error, "Azure did not answer; reading what happened")
    except SignInFailed as error:
        # A token that expired, or an identity endpoint that is not there: the next try asks for a new one.
        return Wait(_BUSY_WAIT_SECONDS, f"Azure did not accept the identity ({error.code or error.message})")
    except AzureError as error:
        return Stop(sentences(str(error), error.remedy), may_be_written=isinstance(error, UnexpectedAnswer))


def _as_asked(error: AzureError, note: str) -> Wait:
    asked = error.retry_after_seconds or 0.0
    return Wait(asked or _BUSY_WAIT_SECONDS, note, asked_seconds=asked)
