"""Limits for reading a list page by page: each page names the next, so a list could be endless."""

from collections.abc import Callable
from time import monotonic as real_monotonic
from urllib.parse import urljoin

from ..model.text import Text
from .deadline import Deadline
from .errors import Unavailable, UnexpectedAnswer

MOST_PAGES = 500
LIST_SECONDS = 300.0


def resolve_link(address: str, link: str) -> str:
    """Resolve a link in the answer of ``address``; unchanged when it can't be parsed."""
    try:
        return urljoin(address, link)
    except ValueError:
        return link


class Pages:
    """The pages of one list. ``operation`` names it in errors."""

    def __init__(self, operation: str, monotonic: Callable[[], float] = real_monotonic) -> None:
        self.operation = operation
        self._seen: set[str] = set()
        self._deadline = Deadline(LIST_SECONDS, monotonic)

    def turn(self, page: str) -> None:
        """Call before reading the page with this link or token. Raises AzureError for a loop or an endless list."""
        if page in self._seen:
            raise UnexpectedAnswer(self.operation, Text("the list leads back to a page already read"), status=200)
        if len(self._seen) == MOST_PAGES:
            raise UnexpectedAnswer(
                self.operation, Text("the list has no end after {pages} pages", pages=MOST_PAGES), status=200
            )
        if self._deadline.is_over:
            raise Unavailable(
                self.operation, Text("the list was not over after {seconds} seconds", seconds=round(LIST_SECONDS))
            )
        self._seen.add(page)
