"""Takes messages from one queue to one instance of the function that it triggers.

Deliveries are at least once, several at a time. A message that fails stays hidden for ``visibilityTimeout`` and comes
again, up to ``maxDequeueCount`` times, then goes to ``<queue>-poison``. When the worker dies the message stays hidden
for what is left of ten minutes. Azure docs: "Azure Queue storage trigger for Azure Functions".

An empty queue is read less and less often, as in Azure, until the host wakes the listener: what the app sends does so.

Not as in Azure: the ten minutes are not renewed while a function runs, and they and ``visibilityTimeout`` are over
early when the host's clock jumps past them.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from azure.core.exceptions import AzureError, HttpResponseError
from azure.storage.queue import QueueMessage

from devhost.activity import Activity
from devhost.clock import FileClock
from devhost.errors import DevHostError, WorkerGoneError
from devhost.functions import QueueTrigger
from devhost.hostjson import HostSettings
from devhost.messages import QueueCall
from devhost.storage import POISON_SUFFIX, Queues

HIDDEN_WHILE_RUNNING = timedelta(minutes=10)
IDLE_SECONDS = (0.5, 8.0)
DELAY_SECONDS_MAX = 1.0
FETCH_LIMIT = 32


@dataclass(frozen=True)
class Disorder:
    """Rare deliveries that Azure allows, on demand for tests."""

    double: bool = False
    """Every message is delivered twice at once."""
    reorder: bool = False
    """Every message waits for a random part of a second before its function is called."""


NO_DISORDER = Disorder()


class QueueListener:
    """Polls a queue in a thread of its own."""

    def __init__(
        self,
        trigger: QueueTrigger,
        run: Callable[[QueueCall], None],
        queues: Queues,
        settings: HostSettings,
        clock: FileClock,
        activity: Activity,
        disorder: Disorder,
        log: Callable[[str], None],
    ) -> None:
        self.queue_name = trigger.queue
        self._trigger = trigger
        self._run = run
        self._queues = queues
        self._settings = settings
        self._clock = clock
        self._activity = activity
        self._disorder = disorder
        self._log = log
        self._queue = queues.create(trigger.connection, trigger.queue)
        self._random = random.Random(trigger.queue)
        self._hidden: dict[str, tuple[datetime, QueueMessage]] = {}
        self._handled = 0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        capacity = settings.batch_size + settings.new_batch_threshold
        self._pool = ThreadPoolExecutor(capacity * (2 if disorder.double else 1), thread_name_prefix=trigger.queue)
        self._thread = threading.Thread(target=self._poll, name=f"listener-{trigger.queue}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Polls the queue now instead of at the next interval."""
        self._wake.set()

    def stop(self) -> None:
        """Fetches no more."""
        self._stopping = True
        self.wake()

    def join(self) -> None:
        """Waits, after `stop`, for the messages being handled."""
        if self._thread.ident is not None:
            self._thread.join()
        self._pool.shutdown()

    def messages_left(self) -> int:
        """How many messages the queue holds, hidden ones included."""
        return self._queue.get_queue_properties().approximate_message_count or 0

    def _poll(self) -> None:
        shortest, longest = IDLE_SECONDS
        idle = shortest
        while not self._stopping:
            # Read first: if the clock jumps after this line, an empty fetch is out of date.
            version = self._activity.version
            try:
                self._show_again()
                fetched = self._fetch(version)
            except AzureError as error:
                self._log(f"queue {self.queue_name}: {error}")
                fetched = 0
            if fetched:
                idle = shortest
                continue
            idle = shortest if self._wake.wait(idle) else min(2 * idle, longest)
            self._wake.clear()

    def _fetch(self, version: int) -> int:
        with self._lock:
            if self._handled > self._settings.new_batch_threshold:
                return 0
        batch = list(
            self._queue.receive_messages(
                max_messages=min(self._settings.batch_size, FETCH_LIMIT),
                visibility_timeout=int(HIDDEN_WHILE_RUNNING.total_seconds()),
            )
        )
        if not batch:
            self._activity.found_empty(self, version)
        for message in batch:
            with self._lock:
                self._handled += 1
                self._hidden.pop(message.id, None)
            self._activity.begin()  # counted before the pool starts the thread: the host would appear idle until then
            self._pool.submit(self._handle, message)
        return len(batch)

    def _handle(self, message: QueueMessage) -> None:
        try:
            self._deliver(message)
        except AzureError as error:
            self._log(f"queue {self.queue_name}, message {message.id}: {error}")
        finally:
            with self._lock:
                self._handled -= 1
            self._activity.end()
            self.wake()

    def _deliver(self, message: QueueMessage) -> None:
        if self._disorder.reorder:
            time.sleep(self._random.uniform(0, DELAY_SECONDS_MAX))
        count = message.dequeue_count or 0
        if count > self._settings.max_dequeue_count:
            self._to_poison(message)
            return
        try:
            call = self._call(message)
        except ValueError as error:
            self._log(f"queue {self.queue_name}, message {message.id} is not base64: {error}")
            self._to_poison(message)
            return
        try:
            self._run_function(call)
        except WorkerGoneError:
            # As when a machine dies: the message stays hidden until its visibility timeout ends.
            self._note_hidden(message, HIDDEN_WHILE_RUNNING)
        except DevHostError:
            if count >= self._settings.max_dequeue_count:
                self._to_poison(message)
            else:
                self._hide(message, self._settings.visibility_timeout)
        else:
            self._queue.delete_message(message)

    def _run_function(self, call: QueueCall) -> None:
        """Delivers once, or twice at the same time; fails if one delivery does."""
        second = self._pool.submit(self._run, call) if self._disorder.double else None
        try:
            self._run(call)
        finally:
            if second is not None:
                second.result()

    def _call(self, message: QueueMessage) -> QueueCall:
        return QueueCall(
            id=message.id,
            body=self._queues.decode(message.content),
            dequeue_count=message.dequeue_count or 0,
            inserted_on=message.inserted_on,
            expires_on=message.expires_on,
            next_visible_on=message.next_visible_on,
            pop_receipt=message.pop_receipt or "",
        )

    def _to_poison(self, message: QueueMessage) -> None:
        name = f"{self.queue_name}{POISON_SUFFIX}"
        self._queues.create(self._trigger.connection, name).send_message(message.content)
        self._queue.delete_message(message)
        self._log(f"queue {self.queue_name}: message {message.id} moved to {name}")

    def _hide(self, message: QueueMessage, delay: timedelta) -> None:
        changed = self._queue.update_message(message, visibility_timeout=int(delay.total_seconds()))
        message.pop_receipt = changed.pop_receipt
        self._note_hidden(message, delay)

    def _note_hidden(self, message: QueueMessage, delay: timedelta) -> None:
        with self._lock:
            self._hidden[message.id] = (self._clock.now() + delay, message)

    def _show_again(self) -> None:
        """Makes messages visible whose delay is over by the host's clock; storage doesn't follow its jumps."""
        now = self._clock.now()
        with self._lock:
            due = [message for until, message in self._hidden.values() if until <= now]
            for message in due:
                del self._hidden[message.id]
        for message in due:
            with suppress(HttpResponseError):  # it became visible and another instance took it
                self._queue.update_message(message, visibility_timeout=0)
