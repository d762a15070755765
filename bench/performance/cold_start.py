"""The start-up cost of a new process: loading and indexing the app, and the imports of one scan.

Run as a program with a task's name, each in a process of its own:

    index            import function_app and index its functions; JSON: seconds, CPU seconds, functions, modules
    modules          a healthy check against the simulator named by the settings; JSON: the modules that it loaded
    imports          modules' names on standard input: index first, then import them; JSON: seconds, CPU seconds
    functions        import azure.functions, which every app loads; JSON: seconds, CPU seconds

Goals are held against processor seconds, by those of `functions` in the same pair: loading waits for nothing but the
processor, which others may be using too.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
import time
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from .child import run_module

HEAVY = ("azure.identity", "azure.mgmt", "azure.data", "msal", "requests", "pydantic", "jinja2", "slack_sdk")
"""What indexing must not load; times depend on the machine, this doesn't."""
NEVER_BY_CHECK = "azure.mgmt.network"
PAIRS = 7


def measure(environment: Mapping[str, str]) -> dict[str, Any]:
    """``environment``: the settings of an app whose check finds a healthy cluster."""
    modules = run_module("cold_start", environment, "modules")
    names = json.dumps(modules)
    indexed, imports, functions = [], [], []
    for _ in range(PAIRS):
        functions.append(run_module("cold_start", environment, "functions"))
        indexed.append(run_module("cold_start", environment, "index"))
        imports.append(run_module("cold_start", environment, "imports", given=names))
    return {
        "index_seconds": median(run["seconds"] for run in indexed),
        "index_cpu_seconds": median(run["cpu_seconds"] for run in indexed),
        "functions": indexed[0]["functions"],
        "heavy_after_index": loaded(HEAVY, indexed[0]["modules"]),
        "check_import_seconds": median(run["seconds"] for run in imports),
        "check_import_cpu_seconds": median(run["cpu_seconds"] for run in imports),
        "functions_cpu_seconds": median(run["cpu_seconds"] for run in functions),
        "index_times": _times(indexed, functions),
        "check_import_times": _times(imports, functions),
        "check_modules": len(modules),
        "never_by_check": loaded([NEVER_BY_CHECK], modules),
    }


def loaded(names: Sequence[str], modules: Sequence[str]) -> list[str]:
    return [name for name in names if any(module == name or module.startswith(f"{name}.") for module in modules)]


def _times(runs: Sequence[Mapping[str, Any]], functions: Sequence[Mapping[str, Any]]) -> list[float]:
    return [run["cpu_seconds"] / base["cpu_seconds"] for run, base in zip(runs, functions, strict=True)]


def _functions() -> dict[str, float]:
    began, cpu = time.perf_counter(), time.process_time()
    importlib.import_module("azure.functions")
    return {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu}


def _index() -> dict[str, Any]:
    began, cpu = time.perf_counter(), time.process_time()
    function_app = importlib.import_module("function_app")
    functions = function_app.app.get_functions()
    return {
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - cpu,
        "functions": len(functions),
        "modules": sorted(sys.modules),
    }


def _modules() -> list[str]:
    _index()
    before = set(sys.modules)
    from datetime import UTC, datetime

    from shared import app

    report = app.current().check.all(datetime.now(UTC))
    if any(assessment.alarms for assessment in report.assessments) or not report.assessments:
        raise SystemExit(f"a healthy check was expected, not {report}")
    return [name for name in sys.modules if name not in before]


def _imports(names: Sequence[str]) -> dict[str, float]:
    _index()
    began, cpu = time.perf_counter(), time.process_time()
    for name in names:
        with contextlib.suppress(ImportError):  # some exist only inside another module
            importlib.import_module(name)
    return {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu}


if __name__ == "__main__":
    tasks = {
        "index": _index,
        "modules": _modules,
        "imports": lambda: _imports(json.load(sys.stdin)),
        "functions": _functions,
    }
    print(json.dumps(tasks[sys.argv[1]]()))
