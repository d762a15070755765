"""The deployed tree in Microsoft's runtime: it is indexed there, with what requirements.txt installs and no more."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.host.conftest import Runtime
from tests.support.deployed import ROOT, copy_deployed

pytestmark = pytest.mark.host
_NAMES = "import json, function_app as f; print(json.dumps([e.get_function_name() for e in f.app.get_functions()]))"

# Handlers import late what is heavy, so that indexing alone doesn't show what is missing.
_IMPORT_ALL = """
import ast, importlib, pathlib, sys
modules = set()
for file in pathlib.Path("shared").rglob("*.py"):
    parts = list(file.with_suffix("").parts)
    package = parts[:-1]
    modules.add(".".join(package if parts[-1] == "__init__" else parts))
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            modules.add(node.module)
for module in sorted(modules):
    if module.partition(".")[0] not in ("rich", "shtab"):  # the wheel's; the terminal does without them
        importlib.import_module(module)
print(len(modules))
"""


def test_the_runtime_indexes_every_function(runtime: Runtime, tmp_path: Path) -> None:
    here = subprocess.run([sys.executable, "-c", _NAMES], cwd=ROOT, capture_output=True, text=True, check=True)
    report = runtime.run(copy_deployed(tmp_path / "app"), {})
    assert report["failure"] is None
    assert report["functions"] == sorted(json.loads(here.stdout))
    assert {"watch", "deliver", "deliver_poison", "check", "health"} <= set(report["functions"])


def test_a_handler_runs_there_and_says_what_is_not_set(runtime: Runtime, tmp_path: Path) -> None:
    request = {"function": "health", "input": {"req": {"http": {"method": "GET"}}}}
    report = runtime.run(copy_deployed(tmp_path / "app"), {}, request)
    answer = report["results"][0]["return_value"]["http"]
    assert answer["status_code"] == "503"
    assert json.loads(answer["body"]["bytes"])["status"] == "misconfigured"


def test_every_module_finds_what_it_imports(runtime: Runtime, tmp_path: Path) -> None:
    app = copy_deployed(tmp_path / "app")
    done = subprocess.run(
        [runtime.virtualenv.python, "-c", _IMPORT_ALL], cwd=app, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 20


def test_a_module_that_is_not_deployed_is_missed(runtime: Runtime, tmp_path: Path) -> None:
    app = copy_deployed(tmp_path / "app")
    (app / "shared" / "settings.py").unlink()
    with (app / "function_app.py").open("a") as file:
        file.write("import shared.settings\n")
    report = runtime.run(app, {})
    assert report["functions"] == []
    assert "shared.settings" in report["failure"]["message"]
