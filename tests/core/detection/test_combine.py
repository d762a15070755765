"""Several readings of one cluster as one: no failure is lost, and no minute is clean by half."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.core.detection.combine import combined
from shared.model.reading import DoesNotApply, Idle, Unmeasured
from shared.model.text import Text
from tests.support.builders import at, minutes, window

CLEAN = minutes(0, 5)
FAILING = minutes(0, 5, {2: 4})
IDLE = Idle(window())
REFUSED = Unmeasured(Text("refused"))


def test_nothing_cannot_be_combined() -> None:
    with pytest.raises(ValueError, match="no reading to combine"):
        combined([])


def test_an_idle_reading_beside_a_clean_one_changes_nothing() -> None:
    assert combined([IDLE, CLEAN]) == CLEAN
    assert combined([IDLE, IDLE]) == IDLE
    assert combined([DoesNotApply(Text("stopped"))]) == DoesNotApply(Text("stopped"))


def test_unmeasured_beside_a_clean_reading_is_unmeasured() -> None:
    assert combined([CLEAN, REFUSED]) == combined([IDLE, REFUSED]) == REFUSED


def test_unmeasured_beside_failures_leaves_the_failures_and_no_clean_minute() -> None:
    assert combined([FAILING, REFUSED]) == replace(FAILING, measured_minutes=1, clean_minutes=())


def test_failures_add_up_and_a_minute_is_clean_only_where_nothing_failed() -> None:
    found = combined([FAILING, minutes(0, 5, {3: 2})])
    assert found == replace(
        FAILING,
        failed=6,
        successful=2 * FAILING.successful,
        failed_minutes=(at(2), at(3)),
        clean_minutes=(at(0), at(1), at(4)),
        nodes=(*FAILING.nodes, *minutes(0, 5, {3: 2}).nodes),
    )
