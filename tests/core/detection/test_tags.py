"""Tags that can't be used leave the usual values, and are named."""

from __future__ import annotations

import pytest

from shared.core.detection.tags import TagRules, read_tags


@pytest.mark.parametrize(
    "tags",
    [
        {"snatbot-pressure-warn": "95"},
        {"snatbot-pressure-high": "70"},
        {"snatbot-pressure-warn": "80", "snatbot-pressure-high": "80"},
        {"snatbot-pressure-warn": "0"},
        {"snatbot-exhaustion-minutes": "-5"},
        {"snatbot-watch": "maybe"},
        {"snatbot-maintenance": "whenever"},
        {"snatbot-nat-capacity": "½"},
    ],
)
def test_contradictory_or_unreadable_tags_leave_the_usual_values(tags: dict[str, str]) -> None:
    rules = read_tags(tags, TagRules())
    assert rules.problems
    assert (rules.thresholds, rules.is_watched, rules.maintenance) == (
        TagRules().thresholds,
        True,
        TagRules().maintenance,
    )


def test_one_bad_tag_does_not_spoil_the_others() -> None:
    rules = read_tags({"snatbot-pressure-warn": "95", "snatbot-datapath": "99"}, TagRules())
    assert (rules.thresholds.datapath_percent, rules.thresholds.pressure_warn_percent) == (99, 75)
    assert len(rules.problems) == 1
