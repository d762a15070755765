"""The audit's events have names that can be translated."""

from __future__ import annotations

import pytest

from shared.model.audit import ALL_STOPPED, ENDED, GIVEN_UP, RESUMED, STARTED, STOP_LIFTED, step_done
from shared.web.event_labels import event_label
from shared.wording.render import translated

EVENTS = sorted({*ENDED, ALL_STOPPED, GIVEN_UP, RESUMED, STARTED, STOP_LIFTED, step_done(6), "incident opened"})


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_is_named_in_the_readers_language(event: str) -> None:
    label = event_label(event)
    assert label == event[0].upper() + event[1:]
    assert translated(label, "es") != label


def test_an_event_of_another_release_is_shown_as_it_is() -> None:
    assert event_label("moon landed") == "Moon landed"
