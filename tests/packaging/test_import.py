"""Cold start: what importing and indexing the function app loads."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.conftest import Measured
from tests.support.deployed import ROOT

HEAVY = (
    "azure.identity",
    "azure.mgmt",
    "azure.data",
    "azure.core",
    "msal",
    "requests",
    "pydantic",
    "jinja2",
    "slack_sdk",
)
MOST_OF_ITS_OWN = 30  # modules beside those of azure.functions; 29 when this was written
_INDEX = """
import json, sys, time
started = time.perf_counter()
import azure.functions
before = set(sys.modules)
import function_app
functions = function_app.app.get_functions()
seconds = time.perf_counter() - started
own = [name for name in sys.modules if name not in before]
print(json.dumps({"modules": sorted(sys.modules), "own": own, "functions": len(functions), "seconds": seconds}))
"""


def test_importing_and_indexing_loads_nothing_heavy(measured: Measured) -> None:
    done = subprocess.run([sys.executable, "-c", _INDEX], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    measured("import and indexing of function_app", seen["seconds"], "s")
    assert seen["functions"] > 0
    assert len(seen["own"]) <= MOST_OF_ITS_OWN, seen["own"]
    assert [
        name for name in seen["modules"] if name.startswith(tuple(f"{each}." for each in HEAVY)) or name in HEAVY
    ] == []
