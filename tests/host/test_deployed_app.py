"""The deployed tree in Microsoft's runtime: it is indexed there, with what requirements.txt installs and no more."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deployed import ROOT, copy_deployed
from tests.host.conftest import Runtime

pytestmark = pytest.mark.host
_NAMES = "import json, function_app as f; print(json.dumps([e.get_function_name() for e in f.app.get_functions()]))"


def test_the_runtime_indexes_every_function(runtime: Runtime, tmp_path: Path) -> None:
    here = subprocess.run([sys.executable, "-c", _NAMES], cwd=ROOT, capture_output=True, text=True, check=True)
    report = runtime.run(copy_deployed(tmp_path / "app"), {})
    assert report["failure"] is None
    assert report["functions"] == sorted(json.loads(here.stdout))
    assert {"watch", "deliver", "deliver_poison", "check", "health"} <= set(report["functions"])


def test_a_module_that_is_not_deployed_is_missed(runtime: Runtime, tmp_path: Path) -> None:
    app = copy_deployed(tmp_path / "app")
    (app / "shared" / "settings.py").unlink()
    with (app / "function_app.py").open("a") as file:
        file.write("import shared.settings\n")
    report = runtime.run(app, {})
    assert report["functions"] == []
    assert "shared.settings" in report["failure"]["message"]
