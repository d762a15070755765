"""Timer functions: by hand and by schedule, without overlap or retry, late, and on a clock that jumps."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import requests

from devhost.errors import FunctionFailedError, StartError
from devhost.host import DevHost
from tests.devhost.conftest import SAMPLE_APP, Sample, StartSample
from tests.support.every import every

pytestmark = pytest.mark.azurite
EVERY_HOUR = "0 0 * * * *"
HOUR = 3600


def test_a_timer_runs_when_told_to_and_its_outputs_are_sent(start_sample: StartSample) -> None:
    sample = start_sample({"TICK_SENDS": '["one", "two"]'})
    sample.host.run_timer("tick")
    assert sample.host.drain() == {}
    assert sorted(sample.bodies("work")) == ["one", "two"]
    assert [entry["past_due"] for entry in sample.journal("tick")] == [False]


def test_a_process_is_kept_between_runs(sample: Sample) -> None:
    sample.host.run_timer("tick")
    sample.host.run_timer("tick")
    assert [entry["calls_here"] for entry in sample.journal("tick")] == [1, 2]


def test_a_timer_that_fails_raises_its_traceback(sample: Sample) -> None:
    with pytest.raises(FunctionFailedError, match=r"broken raised:\n(?s:.*)RuntimeError: as ever"):
        sample.host.run_timer("broken")


def test_a_value_that_no_binding_takes_is_an_error(sample: Sample) -> None:
    with pytest.raises(FunctionFailedError, match=r"returned a value but has no \$return binding"):
        sample.host.run_timer("returns_too_much")


def test_a_timer_whose_process_is_killed_says_so(start_sample: StartSample) -> None:
    sample = start_sample({"TICK_WAITS": "1"})
    url = f"{sample.host.base_url}/admin/functions/tick?code={sample.host.master_key}"
    requests.post(url, timeout=30)
    sample.wait_for(1, "tick")
    sample.host.kill_workers("tick")
    sample.host.drain()
    assert "worker tick ended with status -9 before it answered" in sample.host.logs()


def test_only_a_timer_can_be_run_by_name(sample: Sample) -> None:
    with pytest.raises(StartError, match="no timer function 'echo'; there are: tick, broken, returns_too_much"):
        sample.host.run_timer("echo")


def test_manual_timers_never_run_by_themselves(start_sample: StartSample) -> None:
    sample = start_sample({"TICK_SCHEDULE": EVERY_HOUR})
    sample.host.advance_clock(5 * HOUR)
    sample.host.run_timer("tick")
    assert len(sample.journal("tick")) == 1


def test_a_schedule_is_followed(start_sample: StartSample) -> None:
    sample = start_sample({"TICK_SCHEDULE": EVERY_HOUR}, manual_timers=False)
    for hour in (1, 2, 3):
        sample.host.advance_clock(HOUR)
        sample.wait_for(hour, "tick")
    assert [entry["past_due"] for entry in sample.journal("tick")] == [False] * 3


def test_runs_never_overlap(start_sample: StartSample) -> None:
    sample = start_sample({"TICK_SCHEDULE": EVERY_HOUR, "TICK_SECONDS": "0.2"}, manual_timers=False)
    for hour in (1, 2, 3):
        sample.host.advance_clock(HOUR)
        sample.wait_for(hour, "tick")
    started = [entry["at"] for entry in sample.journal("tick")]
    assert len(started) == 3
    assert every(later - earlier >= 0.2 for earlier, later in pairwise(started))


def test_times_that_a_jump_of_the_clock_misses_make_one_run(start_sample: StartSample, tmp_path: Path) -> None:
    sample = start_sample({"TICK_SCHEDULE": EVERY_HOUR}, manual_timers=False, work_folder=tmp_path)
    sample.host.advance_clock(5 * HOUR)
    sample.wait_for(1, "tick")
    sample.host.stop()
    assert len(sample.journal("tick")) == 1
    saved = json.loads((tmp_path / "timer-tick.json").read_text())
    assert datetime.fromisoformat(saved["next"]) > datetime.fromisoformat(saved["last"])
    assert datetime.fromisoformat(saved["last"]) > datetime.now(UTC) + timedelta(hours=4)


def test_the_first_run_after_the_host_was_down_is_past_due(start_sample: StartSample, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    status = {"last": (now - timedelta(hours=2)).isoformat(), "next": (now - timedelta(hours=1)).isoformat()}
    (tmp_path / "timer-tick.json").write_text(json.dumps(status))
    sample = start_sample({"TICK_SCHEDULE": EVERY_HOUR}, manual_timers=False, work_folder=tmp_path)
    sample.wait_for(1, "tick")
    sample.host.stop()
    assert [entry["past_due"] for entry in sample.journal("tick")] == [True]
    saved = json.loads((tmp_path / "timer-tick.json").read_text())
    assert datetime.fromisoformat(saved["next"]) > now


def test_a_schedule_that_is_none_is_refused_even_if_timers_are_manual(start_sample: StartSample) -> None:
    with pytest.raises(StartError, match="schedule 'every minute' has 2 fields"):
        start_sample({"TICK_SCHEDULE": "every minute"})


def test_a_setting_that_a_binding_names_must_be_there(azurite: str) -> None:
    with pytest.raises(StartError, match="needs the app setting"), DevHost.start(SAMPLE_APP, {"PREFIX": "x"}, azurite):
        pass


def test_every_process_follows_the_clock(sample: Sample) -> None:
    def now() -> datetime:
        return datetime.fromisoformat(requests.get(f"{sample.host.base_url}/api/now", timeout=30).text)

    assert abs(now() - datetime.now(UTC)) < timedelta(seconds=10)
    sample.host.advance_clock(3600)
    assert timedelta(seconds=3590) < now() - datetime.now(UTC) < timedelta(seconds=3610)
