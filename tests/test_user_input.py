"""What people give is taken, or refused with what would be right; never changed in silence."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import user_input
from shared.errors import BadInput


@pytest.mark.parametrize(("given", "value"), [("5", 5), (" 1440 ", 1440), ("007", 7)])
def test_a_whole_number_is_read(given: str, value: int) -> None:
    assert user_input.whole_number("window", given, 1, 1440) == value


@pytest.mark.parametrize("given", ["", "0", "1441", "-1", "1.5", "²", "٣", "1_0", "9" * 5000])
def test_any_other_number_is_refused_with_the_range(given: str) -> None:
    with pytest.raises(BadInput, match=r"^window is .*; it must be a whole number, 1 to 1440$"):
        user_input.whole_number("window", given, 1, 1440)


def test_a_moment_has_a_zone_and_a_plus_sign_may_arrive_as_a_blank() -> None:
    assert user_input.moment("until", "2026-12-24T18:00 02:00") == datetime(2026, 12, 24, 16, tzinfo=UTC)
    for text in ("2026-12-24T18:00", "tomorrow", "0001-01-01T00:00+14:00", "2026-12-24T18:00Z" + "0" * 40):
        with pytest.raises(BadInput, match="time with zone"):
            user_input.moment("until", text)


def test_a_choice_is_the_first_when_nothing_is_given_and_has_no_case() -> None:
    assert user_input.choice("as", "", ("json", "page")) == "json"
    assert user_input.choice("as", " PAGE ", ("json", "page")) == "page"
    with pytest.raises(BadInput, match="leave it out, or give json or page"):
        user_input.choice("as", "pdf", ("json", "page"))


def test_who_asks_and_which_cluster_must_be_named() -> None:
    assert user_input.person(" Maria   Ortega ") == "Maria Ortega"
    assert user_input.selector({"cluster": "shop-prod"}) == "shop-prod"
    with pytest.raises(BadInput, match="by is empty"):
        user_input.person(" ")
    with pytest.raises(BadInput, match="cluster is missing"):
        user_input.selector({})


def test_a_text_that_is_too_long_or_has_invisible_characters_is_refused() -> None:
    with pytest.raises(BadInput, match="reason has 501 characters; at most 500 are taken"):
        user_input.text("reason", "x" * 501, 500)
    with pytest.raises(BadInput, match="can't be seen"):
        user_input.text("reason", "a\u202eb", 500)


@given(st.text())
def test_what_is_shown_in_a_message_is_short_and_on_one_line(given: str) -> None:
    shown = user_input.shown(given)
    assert len(shown) <= 60 * 10 + 2, "a character becomes at most ten when it is spelled out"
    assert "\n" not in shown
