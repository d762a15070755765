"""Microsoft's own worker runtime for Python, which needs Python 3.13, with what is deployed and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.virtualenv import Virtualenv, find_python

RUNTIME = "azure-functions-runtime==1.3.0"
DRIVER = Path(__file__).with_name("runtime_driver.py")


@dataclass(frozen=True)
class Runtime:
    """The runtime in a virtualenv of its own."""

    virtualenv: Virtualenv

    def run(self, app_folder: Path, settings: Mapping[str, str], *invocations: dict[str, Any]) -> dict[str, Any]:
        """Indexes the app in a new process, runs the invocations one after the other; see the driver for the report."""
        # -P: nothing but the virtualenv and the app's folder may be found.
        done = subprocess.run(
            [self.virtualenv.python, "-P", DRIVER, app_folder],
            input=json.dumps(invocations),
            cwd=app_folder,
            env={"PATH": os.defpath, "HOME": os.environ.get("HOME", "/"), **settings},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        report: dict[str, Any] = json.loads(done.stdout)
        return report


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    python = find_python("3.13")
    if python is None:
        pytest.skip("there is no Python 3.13 here, which Microsoft's worker runtime needs")
    virtualenv = Virtualenv.make(python, tmp_path_factory.mktemp("runtime") / "venv")
    virtualenv.install("-r", "requirements.txt")
    virtualenv.install(RUNTIME, "-c", "constraints.txt")
    return Runtime(virtualenv)
