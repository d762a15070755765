"""Storage errors as types, and the second try after a conflict. Azure's exceptions do not leave this folder."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from ..errors import SnatbotError
from ..model.text import Text, arranged


class StoreError(SnatbotError):
    """Base of storage errors."""


class StoreConflict(StoreError):
    """Another writer wrote the record first. Nothing of this transaction was written; read again."""


class StoreRefused(StoreError):
    """Storage rejects this write, for example because the record is too large. A retry does not help."""


class StoreUnavailable(StoreError):
    """Storage did not answer, or rejected this app's identity. The write may or may not have happened."""


@contextmanager
def translated(operation: str, row: str = "") -> Iterator[None]:
    """Convert Azure's exceptions to this module's. The message names ``operation``, and the row by its key's start."""
    from azure.core.exceptions import AzureError, HttpResponseError

    try:
        yield
    except HttpResponseError as error:
        what = _named(operation, row)
        raise _of_answer(what, error.status_code or 0, str(getattr(error, "error_code", None) or "")) from error
    except AzureError as error:
        reason = Text(
            "{operation}: storage could not be reached ({error})",
            operation=_named(operation, row),
            error=type(error).__name__,
        )
        raise StoreUnavailable(reason) from error


def _named(operation: str, row: str) -> Text:
    return arranged("{parts:words}", parts=(operation, row.partition("-")[0]))


def _of_answer(what: Text, status: int, code: str) -> StoreError:
    """A missing row means that another writer deleted it; a missing table is an error."""
    if status in (409, 412) or (status == 404 and code != "TableNotFound"):
        return StoreConflict(Text("{operation}: changed by somebody else", operation=what))
    answer = arranged("{parts:words}", parts=(str(status), code))
    answered = Text("{operation}: storage answered {answer}", operation=what, answer=answer)
    return StoreRefused(answered) if status in (400, 413) else StoreUnavailable(answered)


TRIES = 3
T = TypeVar("T")


def retry_on_conflict(read_and_write: Callable[[], T], tries: int = TRIES) -> T:
    """The result of the first call without a conflict. Raises the last StoreConflict."""
    for _ in range(tries - 1):
        try:
            return read_and_write()
        except StoreConflict:
            continue
    return read_and_write()
