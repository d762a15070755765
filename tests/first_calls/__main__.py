"""In a fresh process: the first calls of one function, all at once, each with arguments of its own.

Reads a JSON object from stdin: ``function``, and ``calls``, each with the ``body`` of a message and the ``params`` of a
request. Writes, for each call that raised, the exceptions from the last to the first.
"""

from __future__ import annotations

import json
import sys
import threading
from importlib.machinery import SourceFileLoader
from types import ModuleType, SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import azure.functions as func

import function_app
from shared.first_use import import_lock

# Loaded by azure.core at a process's first answer, from one place.
_ONE_WAY_IN = ("azure.core.rest._requests_basic", "azure.core.rest._http_response_impl")


def _arguments(function: Any, call: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for binding in function.get_bindings():
        if binding.type == "queueTrigger":
            found[binding.name] = SimpleNamespace(get_body=lambda: json.dumps(call["body"]).encode(), id="1")
        elif binding.type == "httpTrigger":
            method = binding.get_dict_repr()["methods"][0].value
            found[binding.name] = func.HttpRequest(
                method,
                "https://snatbot.example.com/",
                params=call["params"],
                route_params={"change_id": call["body"]["change"]},
                headers={"Origin": "https://snatbot.example.com"},
                body=urlencode(call["params"]).encode(),
            )
        elif binding.name != "$return":
            found[binding.name] = SimpleNamespace(set=lambda _value: None)
    return found


def _chain(error: BaseException | None) -> list[str]:
    told = []
    while error is not None:
        told.append(f"{type(error).__name__}: {error}")
        error = error.__cause__ or error.__context__
    return told


def _watch_imports() -> list[str]:
    """Packages that a thread loads without holding the lock that lets one thread at a time do so, as they come."""
    execute, found = SourceFileLoader.exec_module, []

    def execute_seen(self: SourceFileLoader, module: ModuleType) -> None:
        is_foreign = "site-packages" in (module.__file__ or "")
        if is_foreign and module.__name__ not in _ONE_WAY_IN and not import_lock._is_owned():  # type: ignore[attr-defined]
            found.append(module.__name__)
        execute(self, module)

    SourceFileLoader.exec_module = execute_seen  # type: ignore[assignment, method-assign]
    return found


def main() -> None:
    asked = json.load(sys.stdin)
    unguarded = _watch_imports()
    function = next(one for one in function_app.app.get_functions() if one.get_function_name() == asked["function"])
    together = threading.Barrier(len(asked["calls"]))
    raised: list[list[str]] = []

    def first_call(call: dict[str, Any]) -> None:
        arguments = _arguments(function, call)
        together.wait()
        try:
            function.get_user_function()(**arguments)
        except Exception as error:
            raised.append(_chain(error))

    threads = [threading.Thread(target=first_call, args=(call,)) for call in asked["calls"]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.stdout.write(json.dumps({"raised": raised, "unguarded": unguarded}))


if __name__ == "__main__":
    main()
