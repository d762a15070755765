"""A worker process: imports function_app.py and runs its functions at the host's request.

Like Microsoft's worker for Python it appends the app's folder to the import path, runs handlers in a thread pool
(``PYTHON_THREADPOOL_THREAD_COUNT``), and leaves sending queue outputs to the host. It ends with the host.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import azure.functions as func

from devhost.clock import FileClock
from devhost.conversion import OutputSlot, queue_messages, to_answer, to_argument
from devhost.errors import StartError, UnsupportedError
from devhost.functions import RETURN
from devhost.messages import Begin, HttpCall, Index, Invocation, LoadError, Outcome

ROOT = Path(__file__).resolve().parent.parent


class LoadedFunction:
    """One function of the app: the handler, and what to pass to it."""

    def __init__(self, handler: Callable[..., Any], bindings: list[dict[str, Any]]) -> None:
        if asyncio.iscoroutinefunction(handler):
            raise UnsupportedError(f"{handler.__name__} is async; this host runs sync handlers only")
        self._handler = handler
        self._trigger = next(binding["name"] for binding in bindings if binding["type"].endswith("Trigger"))
        self._outputs = [binding["name"] for binding in bindings if binding["type"] == "queue"]
        self._may_return = any(binding["name"] == RETURN for binding in bindings)
        self._takes_context = "context" in inspect.signature(handler).parameters

    def run(self, invocation: Invocation) -> Outcome:
        """Calls the handler. Its exception, or an invalid return value, becomes the outcome's error."""
        slots = {name: OutputSlot() for name in self._outputs if name != RETURN}
        arguments: dict[str, Any] = {self._trigger: to_argument(invocation.call), **slots}
        if self._takes_context:
            arguments["context"] = SimpleNamespace(invocation_id=invocation.id, function_name=invocation.function)
        try:
            returned = self._handler(**arguments)
            if returned is not None and not self._may_return:
                raise TypeError(f"{invocation.function} returned a value but has no $return binding")
            values = [(name, slot.get()) for name, slot in slots.items()]
            if RETURN in self._outputs:
                values.append((RETURN, returned))
            outputs = tuple((name, body) for name, value in values for body in queue_messages(value))
            answer = to_answer(returned) if isinstance(invocation.call, HttpCall) else None
        except Exception:
            return Outcome(invocation.id, error=traceback.format_exc())
        return Outcome(invocation.id, answer=answer, outputs=outputs)


def load(app_folder: Path, clock: FileClock) -> tuple[Index, dict[str, LoadedFunction]]:
    """Imports function_app.py from the folder and indexes it with its own decorators."""
    # The app may import this repository's modules only through its own folder.
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() not in (ROOT, app_folder)]
    sys.path.append(str(app_folder))
    _install_clock(app_folder, clock)
    index: list[tuple[str, str]] = []
    loaded: dict[str, LoadedFunction] = {}
    for function in _function_app().get_functions():
        name, description = str(function.get_function_name()), function.get_function_json()
        index.append((name, description))
        loaded[name] = LoadedFunction(function.get_user_function(), json.loads(description)["bindings"])
    return Index(tuple(index)), loaded


def _function_app() -> func.FunctionApp:
    """Finds the FunctionApp in function_app.py, under any name; as in Azure, several are an error."""
    values = vars(importlib.import_module("function_app")).values()
    apps = {id(value): value for value in values if isinstance(value, func.FunctionApp)}
    if len(apps) != 1:
        raise StartError(f"function_app.py holds {len(apps)} FunctionApps; there must be one")
    return next(iter(apps.values()))


def _install_clock(app_folder: Path, clock: FileClock) -> None:
    """Installs this host's clock in an app that has ``shared.app.use_clock``; no other code here refers to the app."""
    if (app_folder / "shared" / "app.py").exists():
        use_clock = getattr(importlib.import_module("shared.app"), "use_clock", None)
        if use_clock is not None:
            use_clock(clock)


def serve(connection: Connection, app_folder: Path, clock: FileClock, threads: int | None) -> None:
    """Loads the app, then answers invocations until the host is gone."""
    try:
        index, functions = load(app_folder, clock)
    except BaseException:
        connection.send(LoadError(traceback.format_exc()))
        raise
    connection.send(index)
    import_lock = threading.Lock()

    def run(invocation: Invocation) -> None:
        outcome = functions[invocation.function].run(invocation)
        with import_lock:
            connection.send(outcome)

    pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="handler")
    while True:
        try:
            pool.submit(run, connection.recv())
        except (EOFError, OSError):
            # Don't wait for running handlers: the host no longer reads their outcomes.
            os._exit(0)


def main(connection: Connection) -> None:
    begin: Begin = connection.recv()
    os.environ.clear()
    os.environ.update(begin.environment)
    time.tzset()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    count = os.environ.get("PYTHON_THREADPOOL_THREAD_COUNT")
    clock = FileClock(begin.clock_file, begin.longest_sleep)
    serve(connection, begin.app_folder.resolve(), clock, int(count) if count else None)
