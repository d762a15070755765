"""What the two deployed requirement files install, in a fresh virtualenv."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.deployed import ROOT
from tests.support.virtualenv import Virtualenv, find_python


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_requirements_install_exactly_the_constraints(version: str, tmp_path: Path) -> None:
    mine = "{}.{}".format(*sys.version_info[:2])
    python = Path(sys.executable) if version == mine else find_python(version)
    if python is None:
        pytest.skip(f"there is no Python {version} here")
    virtualenv = Virtualenv.make(python, tmp_path / "venv")
    virtualenv.install("-r", "requirements.txt")
    assert virtualenv.installed() == virtualenv.pinned(ROOT / "constraints.txt")
