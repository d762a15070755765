"""Runs one invocation from beginning to end: worker, then outputs, then a line in the log."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from azure.core.exceptions import AzureError

from devhost.activity import Activity
from devhost.errors import DevHostError, FunctionFailedError
from devhost.functions import Function
from devhost.hostjson import HostSettings
from devhost.messages import Call, Invocation, Outcome
from devhost.process import Worker
from devhost.storage import Queues


class HostLog:
    """The host's own log: a line for each invocation and each error. Safe to use from many threads."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = threading.Lock()

    def __call__(self, line: str) -> None:
        with self._lock, self.file.open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ} {line}\n")


class Invoker:
    """Calls functions, and sends their queue messages only after success."""

    def __init__(
        self,
        settings: HostSettings,
        queues: Queues,
        activity: Activity,
        log: Callable[[str], None],
        sent: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._queues = queues
        self._activity = activity
        self._log = log
        self._sent = sent

    def invoke(self, function: Function, worker: Worker, call: Call) -> Outcome:
        """Runs `function` and returns its outcome, its outputs sent.

        Raises FunctionFailedError if it raised, took too long, or an output could not be sent; WorkerGoneError if the
        process ended first.
        """
        invocation = Invocation(str(uuid.uuid4()), function.name, call)
        started = time.monotonic()
        with self._activity.working():
            try:
                outcome = worker.run(invocation, self._settings.function_timeout)
                if outcome.error is not None:
                    raise FunctionFailedError(f"{function.name} raised:\n{outcome.error}")
                self._send(function, outcome)
            except DevHostError as error:
                self._log_outcome(invocation, f"failed: {error}", started)
                raise
            self._log_outcome(invocation, "succeeded", started)
            return outcome

    def _send(self, function: Function, outcome: Outcome) -> None:
        outputs = {output.argument: output for output in function.outputs}
        for argument, body in outcome.outputs:
            output = outputs[argument]
            try:
                self._queues.send(output.connection, output.queue, body)
            except (AzureError, ValueError) as error:
                raise FunctionFailedError(
                    f"{function.name}: its output to the queue {output.queue} could not be sent: {error}"
                ) from error
        if outcome.outputs:
            self._sent()

    def _log_outcome(self, invocation: Invocation, outcome: str, started: float) -> None:
        milliseconds = (time.monotonic() - started) * 1000
        self._log(f"{invocation.function} {invocation.id} {milliseconds:.0f} ms {outcome}")
