"""``snatbot stop`` and ``start``: who and why are kept."""

from __future__ import annotations

import pytest

from shared.store.stop_switch import StopFlag
from tests.support.terminal import NOW, FakeSwitch, run


def test_stop_is_kept_with_who_and_why_and_lifted_again() -> None:
    switch = FakeSwitch()
    assert run("stop", "--by", " Maria Ortega ", "--reason", "freeze", switch=switch) == 0
    assert switch.flag == StopFlag(True, "Maria Ortega", "freeze", NOW)
    assert run("start", "--by", "Maria Ortega", switch=switch) == 0
    assert switch.flag == StopFlag(False, "Maria Ortega", "", NOW)


def test_a_stop_by_nobody_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    switch = FakeSwitch()
    assert run("stop", "--by", "  ", switch=switch) == 2
    assert "by is empty" in capsys.readouterr().err
    assert not switch.flag.is_set
