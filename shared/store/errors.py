"""What can go wrong with storage, as types. Azure's exceptions do not leave this room."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import SnatbotError


class StoreError(SnatbotError):
    """Base of storage errors."""


class StoreConflict(StoreError):
    """Somebody else wrote the record first. Nothing of this transaction was written; read again."""


class StoreUnavailable(StoreError):
    """Storage did not answer, or refused this app's identity. Whether a write happened may be unknown."""


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turns Azure's exceptions into this room's. ``what`` names the operation for the message."""
    from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceModifiedError
    from azure.data.tables import TableTransactionError

    try:
        yield
    except (ResourceModifiedError, ResourceExistsError) as error:
        raise StoreConflict(f"{what}: changed by somebody else") from error
    except TableTransactionError as error:
        code = str(getattr(error, "error_code", ""))  # set by the SDK from the answer's body
        if error.status_code in (409, 412) or code in ("UpdateConditionNotSatisfied", "EntityAlreadyExists"):
            raise StoreConflict(f"{what}: changed by somebody else") from error
        raise StoreUnavailable(f"{what}: storage answered {error.status_code} {code}") from error
    except HttpResponseError as error:
        if error.status_code in (409, 412):
            raise StoreConflict(f"{what}: changed by somebody else") from error
        raise StoreUnavailable(f"{what}: storage answered {error.status_code}") from error
    except AzureError as error:
        raise StoreUnavailable(f"{what}: storage could not be reached ({type(error).__name__})") from error
