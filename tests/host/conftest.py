"""Microsoft's own worker runtime for Python, which needs Python 3.13, with what is deployed and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from shared.ids import new_id
from tests.support.deployed import ROOT
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
    """Kept in .cache for as long as the same is installed."""
    python = find_python("3.13")
    if python is None:
        pytest.skip("there is no Python 3.13 here, which Microsoft's worker runtime needs")
    pins = [(ROOT / name).read_text("utf-8") for name in ("requirements.txt", "constraints.txt")]
    folder = ROOT / ".cache" / "runtime" / sha256("\n".join([str(python), RUNTIME, *pins]).encode()).hexdigest()[:12]
    if not folder.exists():
        made = Virtualenv.make(python, tmp_path_factory.mktemp("runtime") / "venv")
        made.install("-r", "requirements.txt")
        made.install(RUNTIME, "-c", "constraints.txt")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):  # another worker was faster
            shutil.copytree(made.folder, partial := folder.with_name(new_id()), symlinks=True)
            partial.rename(folder)
    return Runtime(Virtualenv(folder))
