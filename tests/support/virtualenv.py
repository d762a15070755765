"""Fresh virtualenvs for tests of what is deployed."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.deployed import ROOT

# setuptools up to Python 3.11
_FROM_THE_START = ("pip", "setuptools")
_DESCRIBE = """
import importlib.metadata, json
from pip._vendor.packaging.markers import default_environment
print(json.dumps({
    "installed": {each.metadata["Name"]: each.version for each in importlib.metadata.distributions()},
    "markers": default_environment(),
}))
"""


@dataclass(frozen=True)
class Virtualenv:
    """A virtualenv with nothing but pip in it at first."""

    folder: Path

    @classmethod
    def make(cls, python: Path, folder: Path) -> Virtualenv:
        subprocess.run([python, "-m", "venv", folder], check=True, capture_output=True)
        return cls(folder)

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def install(self, *arguments: str) -> None:
        """Installs with uv where there is one, with pip otherwise. Raises AssertionError with what was printed."""
        uv = ROOT / ".venv" / "bin" / "uv"
        python = str(self.python)
        pip = [str(uv), "pip", "install", "--python", python] if uv.exists() else [python, "-m", "pip", "install"]
        done = subprocess.run([*pip, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def installed(self) -> dict[str, str]:
        """Version by normalised name of all that is installed, but for what a new virtualenv holds."""
        installed = self._describe()["installed"].items()
        return {str(canonicalize_name(name)): version for name, version in installed if name not in _FROM_THE_START}

    def pinned(self, file: Path) -> dict[str, str]:
        """Version by normalised name of the ``==`` lines in `file` whose markers are true for this Python."""
        markers: Mapping[str, str] = self._describe()["markers"]
        requirements = [Requirement(line) for line in pin_lines(file)]
        return {
            str(canonicalize_name(each.name)): str(each.specifier).removeprefix("==")
            for each in requirements
            if each.marker is None or each.marker.evaluate(dict(markers))
        }

    def _describe(self) -> dict[str, Any]:
        done = subprocess.run([self.python, "-c", _DESCRIBE], capture_output=True, text=True, check=True)
        description: dict[str, Any] = json.loads(done.stdout)
        return description


def pin_lines(file: Path) -> list[str]:
    """The requirements in a file, without comments and options."""
    lines = [line.partition(" #")[0].strip() for line in file.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line and not line.startswith(("#", "-"))]


def find_python(version: str) -> Path | None:
    """A Python of that version ("3.13") that runs: on PATH, or one that pyenv has installed."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [Path(f"python{version}"), *sorted(pyenv.glob(f"{version}.*/bin/python"))]
    check = f"import sys, venv, ensurepip; sys.exit('%d.%d' % sys.version_info[:2] != {version!r})"
    for candidate in candidates:
        try:
            found = subprocess.run([candidate, "-c", check], capture_output=True, check=False).returncode == 0
        except OSError:
            continue
        if found:
            return candidate
    return None
