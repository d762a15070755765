"""The host's side of a worker process: starts it when first needed, sends it work, replaces it when it ends."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from devhost.errors import FunctionFailedError, StartError, WorkerGoneError
from devhost.messages import Begin, Index, Invocation, LoadError, Outcome
from devhost.template import Copy, inherited_environment, template

STOP_TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True)
class WorkerOptions:
    """Settings that all workers of a host share."""

    app_folder: Path
    settings: Mapping[str, str]
    clock_file: Path
    log_folder: Path
    longest_sleep: float

    def begin(self) -> Begin:
        environment = {**inherited_environment(), **self.settings}
        return Begin(self.app_folder, environment, self.clock_file, self.longest_sleep)


class Worker:
    """One instance: at most one process at a time. Safe to use from many threads."""

    def __init__(self, name: str, options: WorkerOptions) -> None:
        self.name = name
        self.log_file = options.log_folder / f"worker-{name}.log"
        self._options = options
        self._lock = threading.Lock()
        self._process: Copy | None = None
        self._connection: Connection | None = None
        self._receiver: threading.Thread | None = None
        self._waiting: dict[str, Future[Outcome]] = {}
        self._stopped = False

    @property
    def pid(self) -> int | None:
        """The running process's id, or None."""
        process = self._process
        return process.pid if process is not None and self._connection is not None else None

    def start(self) -> Index:
        """Starts the process and returns the app's functions.

        Raises StartError with the traceback if the app can't be loaded.
        """
        with self._lock:
            return self._start()

    def run(self, invocation: Invocation, timeout: timedelta) -> Outcome:
        """Runs one function and waits for its outcome.

        Raises WorkerGoneError if the process ends first, FunctionFailedError if `timeout` passes; then the process is
        ended, and what else it was doing with it, as the real host does.
        """
        future: Future[Outcome] = Future()
        with self._lock:
            if self._connection is None:
                self._start()
            assert self._connection is not None
            self._waiting[invocation.id] = future
            try:
                self._connection.send(invocation)
            except OSError as error:
                del self._waiting[invocation.id]
                raise WorkerGoneError(f"worker {self.name} ended before it took {invocation.function}") from error
        try:
            return future.result(timeout.total_seconds())
        except TimeoutError as error:
            self.kill()
            raise FunctionFailedError(
                f"{invocation.function} did not end within functionTimeout ({timeout})"
            ) from error

    def kill(self) -> None:
        """Ends the process at once, even while it runs a function. The next run starts a new process."""
        process, receiver = self._process, self._receiver
        if process is not None and receiver is not None:
            if self._connection is not None:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
            receiver.join(STOP_TIMEOUT_SECONDS)

    def stop(self) -> None:
        """Ends the process for good."""
        with self._lock:
            self._stopped = True
        self.kill()

    def _start(self) -> Index:
        if self._stopped:
            raise WorkerGoneError(f"worker {self.name} was stopped")
        ours, theirs = socket.socketpair()
        with theirs, self.log_file.open("ab") as log:
            self._process = template().fork(theirs, log)
        connection = Connection(ours.detach())
        try:
            connection.send(self._options.begin())
            first: Index | LoadError = connection.recv()
        except (EOFError, OSError):
            first = LoadError(f"the worker ended with status {self._process.wait()}; see {self.log_file}")
        if isinstance(first, LoadError):
            connection.close()
            self._process.wait()
            raise StartError(f"{self._options.app_folder} could not be loaded:\n{first.error}")
        self._connection = connection
        self._receiver = threading.Thread(target=self._receive, args=(connection, self._process), daemon=True)
        self._receiver.start()
        return first

    def _receive(self, connection: Connection, process: Copy) -> None:
        """Delivers outcomes until the process ends, then fails all calls that still wait."""
        while True:
            try:
                outcome: Outcome = connection.recv()
            except (EOFError, OSError):
                break
            with self._lock:
                future = self._waiting.pop(outcome.id)
            future.set_result(outcome)
        status = process.wait()
        with self._lock:
            abandoned, self._waiting = self._waiting, {}
            self._connection = None
            connection.close()
        for future in abandoned.values():
            future.set_exception(WorkerGoneError(f"worker {self.name} ended with status {status} before it answered"))
