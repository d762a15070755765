"""What the two deployed requirement files install, in a fresh virtualenv."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.deployed import ROOT
from tests.support.thorough import sample
from tests.support.virtualenv import Virtualenv, find_python

MINE = "{}.{}".format(*sys.version_info[:2])


@pytest.mark.parametrize("version", sample(["3.11", "3.12", "3.13", "3.14"], MINE))
def test_requirements_install_exactly_the_constraints(version: str, tmp_path: Path) -> None:
    python = Path(sys.executable) if version == MINE else find_python(version)
    if python is None:
        pytest.skip(f"there is no Python {version} here")
    virtualenv = Virtualenv.make(python, tmp_path / "venv")
    virtualenv.install("-r", "requirements.txt")
    assert virtualenv.installed() == virtualenv.pinned(ROOT / "constraints.txt")
