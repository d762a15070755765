"""The local host: starts what a function app needs and calls its functions as Azure would.

Shaped like the Flex Consumption plan: all HTTP functions share one process, every timer or queue function has its own
(started when first needed), so nothing in memory is shared between them.
"""

from __future__ import annotations

import json
import math
import secrets
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Self

from devhost.activity import Activity
from devhost.clock import FileClock
from devhost.errors import DevHostError, DrainTimeoutError, StartError
from devhost.frontend import Frontend, Keys
from devhost.functions import Function, HttpTrigger, QueueTrigger, TimerTrigger, parse_function
from devhost.hostjson import read_host_json
from devhost.invoker import HostLog, Invoker
from devhost.listener import NO_DISORDER, Disorder, QueueListener
from devhost.messages import HttpAnswer, HttpCall, QueueCall, TimerCall
from devhost.process import Worker, WorkerOptions
from devhost.routes import routes
from devhost.schedule import Schedule
from devhost.server import HttpServer
from devhost.storage import Queues
from devhost.timer import TimerListener

HTTP_WORKER = "http"
HTTP_CALLS_AT_ONCE = 64
GRACE_SECONDS = 5.0

Settings = Mapping[str, str] | Callable[[str], Mapping[str, str]]


class DevHost:
    """A running host; `start` makes one."""

    def __init__(
        self,
        app_folder: Path,
        settings: Mapping[str, str],
        server: HttpServer,
        work_folder: Path,
        clock_file: Path,
        longest_sleep: float = math.inf,
    ) -> None:
        self.function_key = secrets.token_urlsafe()
        self.master_key = secrets.token_urlsafe()
        self.base_url = server.base_url
        self.work_folder = work_folder
        self.functions: dict[str, Function] = {}
        """What the app declares, by name."""
        self._settings = settings
        self._server = server
        self._clock = FileClock(clock_file)
        self._options = WorkerOptions(app_folder, settings, clock_file, work_folder, longest_sleep)
        self._host_json = read_host_json(app_folder)
        self._log = HostLog(work_folder / "host.log")
        self._activity = Activity()
        self._queues = Queues(settings, self._host_json.base64_messages)
        self._invoker = Invoker(self._host_json, self._queues, self._activity, self._log, self._wake)
        self._pool = ThreadPoolExecutor(HTTP_CALLS_AT_ONCE, thread_name_prefix="call")
        self._workers: dict[str, list[Worker]] = {}
        self._listeners: list[QueueListener] = []
        self._timers: list[TimerListener] = []

    @classmethod
    @contextmanager
    def start(
        cls,
        app_folder: Path,
        settings: Settings,
        storage: str,
        *,
        manual_timers: bool = True,
        instances: Mapping[str, int] | None = None,
        disorder: Disorder = NO_DISORDER,
        http_timeout_seconds: float = 230.0,
        port: int = 0,
        work_folder: Path | None = None,
        clock_file: Path | None = None,
        longest_sleep: float = math.inf,
        tls: ssl.SSLContext | None = None,
    ) -> Iterator[Self]:
        """Runs the function app in `app_folder` and stops it at the end.

        `settings` are the app settings, or a function that makes them once the base URL is known. `storage` is the
        connection string for ``AzureWebJobsStorage``. With `manual_timers` a timer runs only by `run_timer` or the
        admin call. `instances` is how many processes a queue function has, by name; one unless named. An answer later
        than `http_timeout_seconds` is a 502 (Azure docs: "Function app time-out duration"). `port` 0 takes a free one.
        `work_folder` gets logs and the status of timers, `clock_file` the clock's offset; both go with the host if not
        given. The app's clock waits `longest_sleep` seconds at most, however long it is asked to. `tls` is for https.

        Raises StartError if the app can't be loaded, UnsupportedError for what this host can't do.
        """
        with ExitStack() as stack:
            folder = work_folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="devhost-")))
            folder.mkdir(parents=True, exist_ok=True)
            server = HttpServer(port, tls)
            stack.callback(server.stop)
            defaults = {
                "FUNCTIONS_WORKER_RUNTIME": "python",
                "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
                "WEBSITE_HOSTNAME": server.address,
                "AzureWebJobsStorage": storage,
            }
            given = settings(server.base_url) if callable(settings) else settings
            clock_file = clock_file or folder / "clock"
            host = cls(
                app_folder.resolve(),
                {**defaults, **given},
                server,
                folder.resolve(),
                clock_file.resolve(),
                longest_sleep,
            )
            stack.callback(host.stop)
            host._load(instances or {}, disorder)
            host._begin(manual_timers, http_timeout_seconds)
            yield host

    @property
    def settings(self) -> Mapping[str, str]:
        """The app settings, as the app's processes have them."""
        return self._settings

    @property
    def route_prefix(self) -> str:
        """The path prefix of every HTTP function, from host.json."""
        return self._host_json.route_prefix

    def run_timer(self, name: str) -> None:
        """Runs a timer function now and waits until it has ended.

        Raises FunctionFailedError with the function's traceback if it fails, WorkerGoneError if its process ends.
        """
        function = self._function(name, TimerTrigger)
        self._invoker.invoke(function, self._workers[name][0], TimerCall(past_due=False, last=None, next=None))

    def drain(self, timeout_seconds: float = 60.0) -> dict[str, int]:
        """Waits until no function runs and no queue with a trigger has a visible message.

        Returns how many messages are left in which queue: those hidden until their next delivery, after a failure.
        Raises DrainTimeoutError on timeout.
        """
        self._activity.happened()
        idle = self._activity.wait_until_idle(len(self._listeners), timeout_seconds, self._wake)
        left = {listener.queue_name: listener.messages_left() for listener in self._listeners}
        left = {queue: count for queue, count in left.items() if count}
        if not idle:
            raise DrainTimeoutError(f"not idle after {timeout_seconds:.0f} s; messages left: {left}\n{self.logs()}")
        return left

    def advance_clock(self, seconds: float) -> None:
        """Moves the app's domain time ahead; see `FileClock`."""
        self._clock.advance(seconds)
        self._activity.happened()
        self._wake()

    def worker_pids(self, name: str) -> list[int]:
        """The running processes of a timer or queue function, or of "http"."""
        return [worker.pid for worker in self._workers[name] if worker.pid is not None]

    def kill_workers(self, name: str) -> None:
        """Kills the processes of a timer or queue function, or of "http", even while they run a function."""
        for worker in self._workers[name]:
            worker.kill()

    def logs(self) -> str:
        """The log of the host and its workers."""
        files = sorted(self.work_folder.glob("*.log"))
        return "\n".join(f"--- {file.name}\n{file.read_text(errors='replace')}" for file in files)

    def stop(self) -> None:
        """Stops the host; running functions get a few seconds to finish."""
        self._server.stop()
        pollers: list[TimerListener | QueueListener] = [*self._timers, *self._listeners]
        for poller in pollers:
            poller.stop()
        self._activity.wait_until_nothing_runs(GRACE_SECONDS)
        for worker in self._all_workers():
            worker.stop()
        for poller in pollers:
            poller.join()
        self._pool.shutdown()
        self._queues.close()

    def _load(self, instances: Mapping[str, int], disorder: Disorder) -> None:
        http_worker = Worker(HTTP_WORKER, self._options)
        self._workers[HTTP_WORKER] = [http_worker]
        for name, description in http_worker.start().functions:
            function = parse_function(name, json.loads(description)["bindings"], self._settings)
            self.functions[name] = function
            if isinstance(function.trigger, HttpTrigger):
                continue
            count = instances.get(name, 1) if isinstance(function.trigger, QueueTrigger) else 1
            self._workers[name] = [Worker(name if n == 0 else f"{name}-{n + 1}", self._options) for n in range(count)]
            if isinstance(function.trigger, QueueTrigger):
                for worker in self._workers[name]:
                    self._listeners.append(self._listener(function, function.trigger, worker, disorder))
        queued = {name for name, each in self.functions.items() if isinstance(each.trigger, QueueTrigger)}
        if unknown := instances.keys() - queued:
            raise StartError(f"instances names {', '.join(sorted(unknown))}; the queue functions are {sorted(queued)}")

    def _listener(self, function: Function, trigger: QueueTrigger, worker: Worker, disorder: Disorder) -> QueueListener:
        def run(call: QueueCall) -> None:
            self._invoker.invoke(function, worker, call)

        return QueueListener(
            trigger, run, self._queues, self._host_json, self._clock, self._activity, disorder, self._log
        )

    def _timer(self, name: str, trigger: TimerTrigger) -> TimerListener:
        def run(call: TimerCall) -> None:
            self._invoker.invoke(self.functions[name], self._workers[name][0], call)

        return TimerListener(Schedule(trigger.schedule), run, self._clock, self.work_folder / f"timer-{name}.json")

    def _begin(self, manual_timers: bool, http_timeout_seconds: float) -> None:
        timers = [
            (name, each.trigger) for name, each in self.functions.items() if isinstance(each.trigger, TimerTrigger)
        ]
        # Created even if they don't run: an invalid schedule must fail here, not in Azure.
        made = [self._timer(name, trigger) for name, trigger in timers]
        self._timers = [] if manual_timers else made
        pollers: list[TimerListener | QueueListener] = [*self._timers, *self._listeners]
        for poller in pollers:
            poller.start()
        table = routes(self.functions.values(), self.route_prefix)
        keys = Keys(self.function_key, self.master_key)
        self._server.start(Frontend(table, keys, http_timeout_seconds, self._call_http, self._run_now))

    def _call_http(self, function: Function, call: HttpCall) -> Future[HttpAnswer]:
        def run() -> HttpAnswer:
            outcome = self._invoker.invoke(function, self._workers[HTTP_WORKER][0], call)
            assert outcome.answer is not None
            return outcome.answer

        return self._pool.submit(run)

    def _run_now(self, name: str, value: str) -> bool:
        """Starts a timer or queue function, for the admin call. False if there is none of that name."""
        function = self.functions.get(name)
        if function is None or isinstance(function.trigger, HttpTrigger):
            return False
        call = TimerCall(past_due=False, last=None, next=None) if isinstance(function.trigger, TimerTrigger) else None

        def run() -> None:
            try:
                with suppress(DevHostError):  # the log has it, and no caller waits
                    self._invoker.invoke(function, self._workers[name][0], call or _message(value))
            finally:
                self._activity.end()

        self._activity.begin()
        threading.Thread(target=run, daemon=True).start()
        return True

    def _function(self, name: str, kind: type[TimerTrigger]) -> Function:
        function = self.functions.get(name)
        if function is None or not isinstance(function.trigger, kind):
            timers = [each.name for each in self.functions.values() if isinstance(each.trigger, kind)]
            raise StartError(f"there is no timer function {name!r}; there are: {', '.join(timers) or 'none'}")
        return function

    def _all_workers(self) -> list[Worker]:
        return [worker for several in self._workers.values() for worker in several]

    def _wake(self) -> None:
        for listener in self._listeners:
            listener.wake()


def _message(body: str) -> QueueCall:
    return QueueCall("", body.encode(), 1, None, None, None, "")
