"""A list ends: it leads nowhere twice, and not on for ever."""

from __future__ import annotations

import pytest

from shared.cloud.errors import Unavailable, UnexpectedAnswer
from shared.cloud.paging import LIST_SECONDS, MOST_PAGES, Pages

pytestmark = pytest.mark.disable_socket


def test_pages_are_bounded() -> None:
    pages = Pages("GET /x")
    for number in range(MOST_PAGES):
        pages.turn(str(number))
    with pytest.raises(UnexpectedAnswer, match="no end after 500 pages"):
        pages.turn("one more")


def test_no_page_is_read_twice() -> None:
    pages = Pages("GET /x")
    pages.turn("a")
    pages.turn("b")
    with pytest.raises(UnexpectedAnswer, match="leads back"):
        pages.turn("a")


def test_a_list_has_a_time_to_end_in() -> None:
    now = 0.0
    pages = Pages("GET /x", lambda: now)
    pages.turn("a")
    now = LIST_SECONDS
    with pytest.raises(Unavailable, match="not over after 300 seconds"):
        pages.turn("b")
