"""What can go wrong with storage, as types. Azure's exceptions do not leave this room."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import SnatbotError


class StoreError(SnatbotError):
    """Base of storage errors."""


class StoreConflict(StoreError):
    """Somebody else wrote the record first. Nothing of this transaction was written; read again."""


class StoreRefused(StoreError):
    """Storage does not take this one write, such as a record that is too large. Trying again is of no use."""


class StoreUnavailable(StoreError):
    """Storage did not answer, or refused this app's identity. Whether a write happened may be unknown."""


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turns Azure's exceptions into this room's. ``what`` names the operation for the message."""
    from azure.core.exceptions import AzureError, HttpResponseError

    try:
        yield
    except HttpResponseError as error:
        raise _of_answer(what, error.status_code or 0, str(getattr(error, "error_code", None) or "")) from error
    except AzureError as error:
        raise StoreUnavailable(f"{what}: storage could not be reached ({type(error).__name__})") from error


def _of_answer(what: str, status: int, code: str) -> StoreError:
    """A row that is gone was changed by somebody else as well; a table that is gone is trouble."""
    if status in (409, 412) or (status == 404 and code != "TableNotFound"):
        return StoreConflict(f"{what}: changed by somebody else")
    answered = f"{what}: storage answered {status} {code}".rstrip()
    return StoreRefused(answered) if status in (400, 413) else StoreUnavailable(answered)
