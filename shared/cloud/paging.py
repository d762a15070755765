"""How far a list is followed, page after page: an answer decides where it goes on, so it could go on for ever."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic as real_monotonic
from urllib.parse import urljoin

from .deadline import Deadline
from .errors import Unavailable, UnexpectedAnswer

MOST_PAGES = 500
LIST_SECONDS = 300.0


def resolve_link(address: str, link: str) -> str:
    """Where a link in the answer of ``address`` leads; as it is when it can't be read."""
    try:
        return urljoin(address, link)
    except ValueError:
        return link


class Pages:
    """Of one list; ``operation`` is what its errors are about."""

    def __init__(self, operation: str, monotonic: Callable[[], float] = real_monotonic) -> None:
        self.operation = operation
        self._seen: set[str] = set()
        self._deadline = Deadline(LIST_SECONDS, monotonic)

    def turn(self, page: str) -> None:
        """To the page with this link or token. Raises AzureError when it was read already, or the list has no end."""
        if page in self._seen:
            raise UnexpectedAnswer(self.operation, "the list leads back to a page already read", status=200)
        if len(self._seen) == MOST_PAGES:
            raise UnexpectedAnswer(self.operation, f"the list has no end after {MOST_PAGES} pages", status=200)
        if self._deadline.is_over:
            raise Unavailable(self.operation, f"the list was not over after {LIST_SECONDS:.0f} seconds")
        self._seen.add(page)
