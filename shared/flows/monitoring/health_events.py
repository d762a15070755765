"""Read Azure's health events in the background of a scan, once, with a short wait.

They are evidence only. A slow or silent workspace must not delay the metrics: a scan waits a few seconds, within its
deadline, and continues without them.
"""

import logging
import threading
from collections.abc import Mapping
from concurrent.futures import Future

from ...cloud.deadline import Deadline, within
from ...cloud.errors import AzureError
from ...cloud.logs import HealthEventLog
from ...core.detection.health_events import LOOK_BACK
from ...model.health_event import HealthEvent
from ...model.metric import MINUTE, Window
from ...model.text import Text

log = logging.getLogger("snatbot.scan")
MAX_WAIT_SECONDS = 3.0

Events = Mapping[str, tuple[HealthEvent, ...]]  # by load balancer id in lower case


class HealthEventReader:
    """Keeps the newest reading for all shards of a fleet. Safe to share between threads."""

    def __init__(self, source: HealthEventLog) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._reading: tuple[Window, Future[Events]] | None = None
        self.problem: Text | None = None  # why the last reading failed, empty if it did not; None before any reading

    def begin(self, scanned: Window, deadline: Deadline) -> Future[Events]:
        """Start to read the workspace's events around ``scanned``, unless a reading is in progress."""
        window = Window(scanned.end - LOOK_BACK, scanned.end + MINUTE)
        with self._lock:
            if self._reading is None or self._reading[0] != window:
                reading: Future[Events] = Future()
                self._reading = window, reading
                threading.Thread(target=self._read, args=(window, deadline, reading), daemon=True).start()
            return self._reading[1]

    def wait(self, scanned: Window, deadline: Deadline) -> Events:
        """The events that arrive in time, else none."""
        try:
            return self.begin(scanned, deadline).result(min(MAX_WAIT_SECONDS, deadline.seconds_left))
        except TimeoutError:
            log.warning("health events did not arrive in time; this scan continues without them")
            return {}

    def _read(self, window: Window, deadline: Deadline, reading: Future[Events]) -> None:
        try:
            with within(deadline):
                events = self._source.read_events(window, deadline.seconds_left)
            self.problem = Text("")
            reading.set_result(events)
        except AzureError as error:
            self.problem = Text("health events could not be read: {error}", error=error.text_with_remedy)
            log.warning("%s", self.problem)
            reading.set_result({})
        except BaseException as error:
            reading.set_exception(error)
            raise
