"""Azure's health events beside a look: read once, in the background, and never waited for at length.

They are evidence only. A workspace that answers slowly, or not at all, must not hold up what the metrics say: whoever
wants to know waits a few seconds, within the look's deadline, and goes on without.
"""

from __future__ import annotations

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

log = logging.getLogger("snatbot.look")
MAX_WAIT_SECONDS = 3.0

Events = Mapping[str, tuple[HealthEvent, ...]]


class HealthEventReader:
    """Keeps the newest reading, which the parts of one fleet share. Safe to share between threads."""

    def __init__(self, source: HealthEventLog) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._reading: tuple[Window, Future[Events]] | None = None

    def begin(self, judged: Window, deadline: Deadline) -> Future[Events]:
        """The whole workspace's events around ``judged``, by load balancer id in lower case; begun only once."""
        window = Window(judged.end - LOOK_BACK, judged.end + MINUTE)
        with self._lock:
            if self._reading is None or self._reading[0] != window:
                reading: Future[Events] = Future()
                self._reading = window, reading
                work = threading.Thread(target=self._read, args=(window, deadline, reading), daemon=True)
                work.start()
            return self._reading[1]

    def _read(self, window: Window, deadline: Deadline, reading: Future[Events]) -> None:
        try:
            with within(deadline):
                reading.set_result(self._source.read_events(window, deadline.seconds_left))
        except AzureError as error:
            log.warning("health events could not be read: %s. %s", error, error.remedy)
            reading.set_result({})
        except BaseException as error:
            reading.set_exception(error)
            raise


def in_time(reading: Future[Events], deadline: Deadline) -> Events:
    """What has come by now, or in a moment; nothing when it hasn't."""
    try:
        return reading.result(min(MAX_WAIT_SECONDS, deadline.seconds_left))
    except TimeoutError:
        log.warning("health events did not come in time; this look goes without them")
        return {}
