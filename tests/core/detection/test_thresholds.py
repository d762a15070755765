"""Thresholds that make sense together."""

from __future__ import annotations

import pytest

from shared.core.detection.thresholds import Thresholds


def test_thresholds_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="must be below the second"):
        Thresholds(pressure_warn_percent=90, pressure_high_percent=90)
