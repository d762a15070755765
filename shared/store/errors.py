"""Storage errors as types. Azure's exceptions do not leave this folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import SnatbotError


class StoreError(SnatbotError):
    """Base of storage errors."""


class StoreConflict(StoreError):
    """Another writer wrote the record first. Nothing of this transaction was written; read again."""


class StoreRefused(StoreError):
    """Storage rejects this write, for example because the record is too large. A retry does not help."""


class StoreUnavailable(StoreError):
    """Storage did not answer, or rejected this app's identity. The write may or may not have happened."""


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Convert Azure's exceptions to this module's. ``what`` names the operation in the message."""
    from azure.core.exceptions import AzureError, HttpResponseError

    try:
        yield
    except HttpResponseError as error:
        raise _of_answer(what, error.status_code or 0, str(getattr(error, "error_code", None) or "")) from error
    except AzureError as error:
        raise StoreUnavailable(f"{what}: storage could not be reached ({type(error).__name__})") from error


def _of_answer(what: str, status: int, code: str) -> StoreError:
    """A missing row means that another writer deleted it; a missing table is an error."""
    if status in (409, 412) or (status == 404 and code != "TableNotFound"):
        return StoreConflict(f"{what}: changed by somebody else")
    answered = f"{what}: storage answered {status} {code}".rstrip()
    return StoreRefused(answered) if status in (400, 413) else StoreUnavailable(answered)
