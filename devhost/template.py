"""A process that has loaded the libraries which take long to load, and forks: its copies are ready almost at once.

The host starts its workers so, three for one alarm. Azure's start cold: tests/first_calls and tests/host try that.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn

from devhost.errors import StartError

ROOT = Path(__file__).resolve().parent.parent
INHERITED = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL")
LIBRARIES = (
    "azure.core.pipeline.transport._requests_basic",
    "azure.core.rest._requests_basic",
    "azure.core.rest._http_response_impl",
    "azure.data.tables",
    "azure.functions",
    "azure.identity",
    "devhost.worker",
    "jinja2",
    "microsoft_teams.cards",
    "msal",
    "msgspec",
    "pydantic",
    "requests",
    "slack_sdk.models.blocks",
)
_NUMBER = 4  # bytes


def inherited_environment() -> dict[str, str]:
    """Of this machine's environment what any program needs; the time is UTC, as in Azure."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ} | {"TZ": "UTC", "PYTHONUNBUFFERED": "1"}


class Copy:
    """A process that was forked."""

    def __init__(self, status: socket.socket) -> None:
        self._status = status
        self._lock = threading.Lock()
        self._ended: int | None = None
        self.pid = _read(status)

    def wait(self) -> int:
        """The exit status once it has ended, negative for a signal."""
        with self._lock:
            if self._ended is None:
                self._ended = _read(self._status)
                self._status.close()
            return self._ended


class Template:
    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-m", "devhost.template", str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=inherited_environment(),
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for the host, which then ends its workers
            )
        self._socket = ours
        self._lock = threading.Lock()
        atexit.register(self.close)

    def fork(self, pipe: socket.socket, log: IO[bytes]) -> Copy:
        """A copy in which `worker.main` has the other end of the pipe, and whose output goes to the log."""
        ours, theirs = socket.socketpair()
        with theirs, self._lock:
            socket.send_fds(self._socket, [b"."], [pipe.fileno(), log.fileno(), theirs.fileno()])
        return Copy(ours)

    def close(self) -> None:
        self._socket.close()
        self._process.wait()


@cache
def template() -> Template:
    """The one of this process; it ends with it."""
    return Template()


def _read(status: socket.socket) -> int:
    found = status.recv(_NUMBER)
    if not found:
        raise StartError("the process from which workers are forked has ended")
    return int.from_bytes(found, "big", signed=True)


def _nurse(pipe: int, log: int, status: int) -> NoReturn:
    """Forks once more, and tells the process id and then the exit status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        os.close(status)
        os.setsid()
        for output in (1, 2):
            os.dup2(log, output)
        _run(lambda: _work(pipe))
    for mine in (pipe, log):
        os.close(mine)
    with socket.socket(fileno=status) as told:
        told.send(pid.to_bytes(_NUMBER, "big", signed=True))
        ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        told.send(ended.to_bytes(_NUMBER, "big", signed=True))
    os._exit(0)


def _work(pipe: int) -> None:
    from devhost.worker import main

    main(Connection(pipe))


def _run(work: Callable[[], None]) -> NoReturn:
    """No copy returns into what it was copied from."""
    try:
        work()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def _reap(_signal: int, _frame: FrameType | None) -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def main() -> None:
    for library in LIBRARIES:
        with suppress(ImportError):
            importlib.import_module(library)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, _reap)
    asked = socket.socket(fileno=int(sys.argv[1]))
    while descriptors := socket.recv_fds(asked, 1, 3)[1]:
        if os.fork() == 0:
            asked.close()
            _run(lambda: _nurse(*descriptors))
        for descriptor in descriptors:
            os.close(descriptor)


if __name__ == "__main__":
    main()
