"""The storage emulator as tests get it: it works with the real clients, keeps its data, and is never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueServiceClient

from devhost import node
from devhost.azurite import Azurite
from devhost.errors import StartError

pytestmark = pytest.mark.azurite


def test_serves_tables_and_queues_to_the_real_clients(azurite: str) -> None:
    with TableServiceClient.from_connection_string(azurite) as tables:
        table = tables.create_table_if_not_exists("azuritetest")
        table.upsert_entity({"PartitionKey": "p", "RowKey": "r", "Word": "hello"})
        assert table.get_entity("p", "r")["Word"] == "hello"
        table.close()
    with QueueServiceClient.from_connection_string(azurite) as queues, queues.create_queue("azurite-test") as queue:
        queue.send_message("hello")
        assert [message.content for message in queue.receive_messages()] == ["hello"]


def test_keeps_its_data_in_its_folder(tmp_path: Path) -> None:
    with Azurite.start(tmp_path) as first, TableServiceClient.from_connection_string(first.connection_string) as tables:
        tables.create_table("kept").close()
    with Azurite.start(tmp_path) as again, TableServiceClient.from_connection_string(again.connection_string) as tables:
        assert [table.name for table in tables.list_tables()] == ["kept"]


def test_ends_when_the_process_that_started_it_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from devhost.azurite import Azurite\n"
        "with Azurite.start(Path(sys.argv[1])) as emulator: print(emulator.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script, tmp_path], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert _runs(pid)
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while _runs(pid):
        assert time.monotonic() < deadline, f"the emulator (pid {pid}) outlived its parent"
        time.sleep(0.05)


def test_says_what_to_do_when_it_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node, "PACKAGES", tmp_path)
    with pytest.raises(StartError, match="make setup"), Azurite.start(tmp_path):
        pass


def test_shows_what_it_printed_when_it_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "azurite" / "dist" / "src" / "azurite.js"
    script.parent.mkdir(parents=True)
    script.write_text("console.log('no room left'); process.exit(3)")
    monkeypatch.setattr(node, "PACKAGES", tmp_path)
    with pytest.raises(StartError, match=r"status 3(?s:.*)no room left"), Azurite.start(tmp_path):
        pass


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that ended stays a zombie until its parent, here whoever adopted it, takes note.
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
