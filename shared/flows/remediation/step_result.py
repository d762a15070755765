"""What the steps share: results, the permit to write, and the mapping of Azure's errors to results."""

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
from ...model.text import Text

RECHECK_AFTER = timedelta(minutes=1)
SUBNET_WAIT_SECONDS = 3.0
_BUSY_WAIT_SECONDS = 15.0
_MOST_WRITES = 3


@dataclass(frozen=True, slots=True)
class Done:
    note: Text
    after: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    seconds: float
    note: Text
    has_written: bool = False  # a write was sent, and its effect must be read
    exposed_seconds: float | None = None  # from the last read of a subnet to the answer of its write
    limit: timedelta | None = None  # the step's time limit; None: the usual limit
    asked_seconds: float = 0.0  # how long Azure asks to send no write


@dataclass(frozen=True, slots=True)
class Stop:
    """Something differs from the approved plan, or Azure refuses: a person must act."""

    reason: Text
    commands: tuple[str, ...] = ()  # commands that show and repair it
    may_be_written: bool = False  # the write's answer could not be parsed


Result = Done | Wait | Stop


@dataclass(frozen=True, slots=True)
class WritePermit:
    """What a step needs in order to write."""

    acquire: Callable[[], None]  # before each write; raises if the claim is lost or the stop switch is set
    wall: Callable[[], datetime]
    request_id: str  # client request id of the step's writes
    writes: int = 0  # writes of this step so far
    was_tried: bool = False  # an earlier attempt of this step may have caused a failed state
    precondition: Callable[[], Result | None] = lambda: None  # before each write; a Wait or a Stop prevents the write

    @property
    def is_used_up(self) -> bool:
        return self.writes >= _MOST_WRITES


def with_azure_trouble(step: Callable[[], Result]) -> Result:
    """Map Azure's errors: Wait if waiting helps, else Stop with Azure's message."""
    try:
        return step()
    except Throttled as error:
        return _as_asked(error, Text("Azure throttled the requests"))
    except Conflict as error:
        if error.is_transient:
            return _as_asked(error, Text("another operation is running ({reason})", reason=error.reason))
        return Stop(error.text)
    except PreconditionFailed:
        return Wait(SUBNET_WAIT_SECONDS, Text("somebody wrote to the virtual network in between; reading again"))
    except Unavailable as error:
        return _as_asked(error, Text("Azure did not answer; reading what happened"))
    except SignInFailed as error:
        # A token expired, or the identity endpoint does not answer: the next attempt requests a new token.
        return Wait(
            _BUSY_WAIT_SECONDS, Text("Azure did not accept the identity ({reason})", reason=error.code or error.message)
        )
    except AzureError as error:
        return Stop(sentences(error.text, error.remedy), may_be_written=isinstance(error, UnexpectedAnswer))


def _as_asked(error: AzureError, note: Text) -> Wait:
    asked = error.retry_after_seconds or 0.0
    return Wait(asked or _BUSY_WAIT_SECONDS, note, asked_seconds=asked)
