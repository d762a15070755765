"""How figures, times and lists are written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.formatting import capital, clip, count, duration, listed, marked, number, percent, sentence, sentences, utc

NBSP = "\u00a0"


def test_times_are_told_in_utc_whatever_zone_they_come_in() -> None:
    assert utc(datetime(2026, 11, 22, 19, 5, 59, tzinfo=UTC)) == "2026-11-22 19:05 UTC"
    assert utc(datetime(2026, 11, 22, 20, 5, tzinfo=timezone(timedelta(hours=1)))) == "2026-11-22 19:05 UTC"


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=-5), "less than a minute"),
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=24, seconds=40), "24 minutes"),
        (timedelta(hours=1, minutes=5), "1 hour 5 minutes"),
        (timedelta(hours=2), "2 hours"),
        (timedelta(days=2, hours=3, minutes=4), "2 days 3 hours"),
        (timedelta(days=1, minutes=30), "1 day"),
    ],
)
def test_a_duration_is_told_in_its_two_largest_units(length: timedelta, words: str) -> None:
    assert duration(length) == words


def test_counts_have_thousands_and_the_right_noun() -> None:
    assert number(1234567) == "1,234,567"
    assert count(1, "node") == "1 node"
    assert count(0, "node") == "0 nodes"
    assert count(1204, "entry", "entries") == "1,204 entries"


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (182, 1000, "18.2"),
        (1, 4, "25.0"),
        (0, 10, "0.0"),
        (10, 10, "100.0"),
        (1, 1_000_000, "<0.1"),
        (999_999, 1_000_000, ">99.9"),
    ],
)
def test_a_share_is_never_rounded_to_all_or_nothing(part: int, whole: int, text: str) -> None:
    assert percent(part, whole) == f"{text}{NBSP}%"


def test_a_share_of_nothing_is_no_number() -> None:
    assert percent(0, 0) == "–"


def test_long_lists_say_how_many_more_there_are() -> None:
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(list("abcdefg")) == "a, b, c, d, e and 2 more"


@given(st.text(), st.integers(1, 50))
def test_clipping_keeps_the_limit_and_shows_the_cut(text: str, limit: int) -> None:
    clipped = clip(text, limit)
    assert len(clipped) <= limit
    assert clipped == text if len(text) <= limit else clipped.endswith("…")


def test_sentences_end_once() -> None:
    assert sentence(" it failed ") == "it failed."
    assert sentence("Really?") == "Really?"
    assert sentence("") == ""
    assert capital("snat Port") == "Snat Port"
    assert capital("") == ""


@pytest.mark.parametrize(
    "text", ["aks-user: full", "az network vnet", "`quux` is full", "10.0.0.4 fails", "iOS", "vnet1"]
)
def test_a_name_or_a_command_begins_a_sentence_as_it_is(text: str) -> None:
    assert capital(text) == text


@pytest.mark.parametrize("text", ["run `az login`", "it is 203.0.113.1", "see /subscriptions/s1", "of pip-1a", "x=y"])
def test_no_full_stop_follows_what_somebody_may_copy(text: str) -> None:
    assert sentence(text) == text
    assert sentences(text, "then go on").endswith(" – Then go on.")


def test_sentences_follow_each_other() -> None:
    assert sentences("it failed", "", "look at it!", "now") == "It failed. Look at it! Now."
    assert marked(["a", "b"]) == "`a` and `b`"
