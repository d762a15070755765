"""Runs a function app on this machine until Ctrl-C: ``python -m devhost [FOLDER]``.

The app settings come from ``local.settings.json`` in the folder (its ``Values``), as for ``func start``. If they hold
no storage connection string, or ``UseDevelopmentStorage=true``, Azurite is started too.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

from devhost.azurite import Azurite
from devhost.errors import DevHostError, StartError
from devhost.functions import Function, HttpTrigger, QueueTrigger
from devhost.host import DevHost
from devhost.listener import Disorder

SETTINGS_FILE = "local.settings.json"
STORAGE = "AzureWebJobsStorage"


def arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m devhost", description="Run a function app on this machine.")
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path(), help="with function_app.py and host.json (here)"
    )
    parser.add_argument("--settings", type=Path, help=f"a file like {SETTINGS_FILE} (the one in the folder)")
    parser.add_argument("--port", type=int, default=7071, help="0 takes a free one (7071)")
    parser.add_argument("--work-folder", type=Path, default=Path(".cache/devhost"), help="logs, clock, timers, storage")
    parser.add_argument("--manual-timers", action="store_true", help="run timers by POST /admin/functions/NAME only")
    parser.add_argument("--queue-double", action="store_true", help="deliver every queue message twice at once")
    parser.add_argument("--queue-reorder", action="store_true", help="deliver queue messages out of order")
    return parser.parse_args(given)


def read_settings(file: Path, required: bool) -> dict[str, str]:
    """The ``Values`` of a settings file. Raises StartError if it can't be read, or must be there and isn't."""
    if not file.exists() and not required:
        return {}
    try:
        values = json.loads(file.read_text(encoding="utf-8"))["Values"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StartError(f"{file} is not a settings file with Values: {error!r}") from error
    return {name: str(value) for name, value in values.items()}


def describe(function: Function, base_url: str, prefix: str) -> str:
    """One line for a person: what calls this function."""
    match function.trigger:
        case HttpTrigger(route, methods, level):
            return f"  {function.name}: {', '.join(sorted(methods))} {base_url}/{prefix}/{route} ({level})"
        case QueueTrigger(queue, _):
            return f"  {function.name}: queue {queue}"
        case timer:
            return f"  {function.name}: timer {timer.schedule}"


def run(options: argparse.Namespace, stop: threading.Event) -> None:
    """Runs the app until `stop` is set."""
    settings_file: Path = options.settings or options.folder / SETTINGS_FILE
    settings = read_settings(settings_file, required=options.settings is not None)
    with ExitStack() as stack:
        if "AccountName=" not in settings.get(STORAGE, ""):
            emulator = stack.enter_context(Azurite.start(options.work_folder / "azurite"))
            settings[STORAGE] = emulator.connection_string
        host = stack.enter_context(
            DevHost.start(
                options.folder,
                settings,
                settings[STORAGE],
                manual_timers=options.manual_timers,
                disorder=Disorder(options.queue_double, options.queue_reorder),
                port=options.port,
                work_folder=options.work_folder,
            )
        )
        print(*(describe(each, host.base_url, host.route_prefix) for each in host.functions.values()), sep="\n")
        print(f"function key {host.function_key}\nmaster key {host.master_key}\nlogs in {host.work_folder}", flush=True)
        stop.wait()


def main() -> int:
    stop = threading.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, lambda *_: stop.set())
    try:
        run(arguments(sys.argv[1:]), stop)
    except (DevHostError, OSError) as error:
        print(f"devhost: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
