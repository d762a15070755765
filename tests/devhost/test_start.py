"""Starting and stopping: apps that can't be run are refused with the reason; nothing is left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from devhost.__main__ import read_settings
from devhost.azurite import Azurite
from devhost.clock import FileClock
from devhost.errors import DevHostError, FunctionFailedError, StartError
from devhost.host import DevHost
from tests.devhost.conftest import SAMPLE_APP, Sample

pytestmark = pytest.mark.azurite
NO_STORAGE = "UseDevelopmentStorage=true"


def _app(folder: Path, code: str) -> Path:
    (folder / "host.json").write_text('{"version": "2.0"}')
    (folder / "function_app.py").write_text(f"import azure.functions as func\n{code}\n")
    return folder


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import nothing_of_that_name", "No module named 'nothing_of_that_name'"),
        ("import simulator", "No module named 'simulator'"),
        ("import tests", "No module named 'tests'"),
        ("x = 1", "holds 0 FunctionApps"),
        ("a = func.FunctionApp()\nb = func.FunctionApp()", "holds 2 FunctionApps"),
        ("import sys\nsys.exit('gone')", "SystemExit: gone"),
        ("import os\nos._exit(7)", "ended with status 7"),
        ("app = func.FunctionApp()\n@app.route('x')\nasync def x(req): pass", "sync handlers only"),
        ("app = func.FunctionApp()\n@app.blob_trigger('b', 'p', 'C')\ndef x(b): pass", "type blobTrigger"),
        (
            "app = func.FunctionApp()\n@app.queue_trigger('m', 'q', 'Storage')\ndef x(m): pass",
            "the app setting Storage holds no storage connection string",
        ),
    ],
)
def test_an_app_that_cannot_be_run_is_refused_with_the_reason(tmp_path: Path, code: str, message: str) -> None:
    with pytest.raises(DevHostError, match=message), DevHost.start(_app(tmp_path, code), {}, NO_STORAGE):
        pass


def test_settings_can_be_made_from_the_address(tmp_path: Path) -> None:
    code = """import os
app = func.FunctionApp()
@app.route('own', auth_level=func.AuthLevel.ANONYMOUS)
def own(req): return os.environ['PUBLIC']"""
    with DevHost.start(_app(tmp_path, code), lambda base_url: {"PUBLIC": base_url}, NO_STORAGE) as host:
        assert requests.get(f"{host.base_url}/api/own", timeout=30).text == host.base_url


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = pytest.raises(StartError, match=f"port {port} can't be listened on")
        with refused, DevHost.start(SAMPLE_APP, {}, NO_STORAGE, port=port):
            pass


def test_a_host_leaves_no_process(azurite: str, tmp_path: Path) -> None:
    settings = {"PREFIX": "start", "TICK_SCHEDULE": "0 0 0 1 1 *", "SAMPLE_JOURNAL": str(tmp_path / "journal")}
    with DevHost.start(SAMPLE_APP, settings, azurite) as host:
        host.run_timer("tick")
        pids = [*host.worker_pids("http"), *host.worker_pids("tick")]
        assert len(pids) == 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_storage_that_goes_away_fails_calls_and_does_not_hold_up_the_end(tmp_path: Path) -> None:
    settings = {"PREFIX": "down", "TICK_SCHEDULE": "0 0 0 1 1 *", "SAMPLE_JOURNAL": str(tmp_path / "journal")}
    with Azurite.start(tmp_path / "azurite") as emulator, ExitStack() as stack:
        host = stack.enter_context(
            DevHost.start(SAMPLE_APP, {**settings, "TICK_SENDS": '["one"]'}, emulator.connection_string)
        )
        os.kill(emulator.pid, signal.SIGKILL)
        with pytest.raises(FunctionFailedError, match="its output to the queue down-work could not be sent"):
            host.run_timer("tick")
        while "queue down-work: " not in host.logs():  # the poller says so at its next look; else the test times out
            time.sleep(0.1)
        started = time.monotonic()
        host.stop()
        assert time.monotonic() - started < 60, "with the retries of azure.core it takes minutes"


def test_a_host_can_be_stopped_twice(sample: Sample) -> None:
    sample.host.stop()
    sample.host.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(sample.host.base_url, timeout=5)


def test_the_command_runs_an_app_until_it_is_told_to_stop(tmp_path: Path) -> None:
    settings = {"PREFIX": "main", "TICK_SCHEDULE": "0 0 0 1 1 *", "SAMPLE_JOURNAL": str(tmp_path / "journal")}
    (tmp_path / "settings.json").write_text(json.dumps({"IsEncrypted": False, "Values": settings}))
    command = [sys.executable, "-m", "devhost", str(SAMPLE_APP), "--settings", str(tmp_path / "settings.json")]
    command += ["--port", "0", "--work-folder", str(tmp_path / "work"), "--manual-timers"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(18)]
        address = next(line for line in lines if line.startswith("  literal: GET")).split()[2]
        assert requests.get(address, timeout=30).text == "the literal one"
        assert any(line == "  work: queue main-work\n" for line in lines)
        assert any(line == "  tick: timer 0 0 0 1 1 *\n" for line in lines)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def test_the_command_says_in_one_line_what_is_wrong(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "devhost", str(tmp_path), "--settings", str(tmp_path / "none.json")]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert len(answer.stderr.splitlines()) == 1
    assert "none.json is not a settings file" in answer.stderr


def test_no_settings_file_means_no_settings(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "local.settings.json", required=False) == {}


def test_the_clock_waits_as_long_as_it_is_asked_to_unless_that_is_limited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("devhost.clock.time.sleep", waits.append)
    FileClock(tmp_path / "clock").sleep(15)
    FileClock(tmp_path / "clock", longest_sleep=0.5).sleep(15)
    assert waits == [15, 0.5]


def test_the_clock_goes_only_ahead_and_all_who_read_the_file_see_it(tmp_path: Path) -> None:
    one, other = FileClock(tmp_path / "clock"), FileClock(tmp_path / "clock")
    assert one.offset_seconds() == 0
    one.advance(90)
    other.advance(0.5)
    assert one.offset_seconds() == other.offset_seconds() == 90.5
    assert 89 < (one.now() - one.wall()).total_seconds() < 92
    with pytest.raises(ValueError, match="can't move the clock by -1 s"):
        one.advance(-1)
