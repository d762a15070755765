"""What the two deployed requirement files install: as this environment has it, and in a fresh virtualenv."""

from __future__ import annotations

import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.deployed import ROOT
from tests.support.thorough import slow
from tests.support.virtualenv import Virtualenv, find_python, pin_lines

MINE = "{}.{}".format(*sys.version_info[:2])


def installed(requirements: list[Requirement]) -> dict[str, str]:
    """Version by normalised name of what these need, and what that needs, as it is installed here."""
    found: dict[str, str] = {}
    left = [(each, extra) for each in requirements for extra in ("", *each.extras)]
    seen = set[tuple[str, str]]()
    while left:
        requirement, extra = left.pop()
        name = canonicalize_name(requirement.name)
        if (name, extra) in seen or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        seen.add((name, extra))
        here = distribution(name)
        found[str(name)] = here.version
        for needed in map(Requirement, here.requires or ()):
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                needed.marker = None
                left += [(needed, more) for more in ("", *needed.extras)]
    return found


def test_the_constraints_are_exactly_what_the_requirements_lead_to() -> None:
    direct = [Requirement(line) for line in pin_lines(ROOT / "requirements.txt")]
    pinned = [Requirement(line) for line in pin_lines(ROOT / "constraints.txt")]
    assert installed(direct) == {
        str(canonicalize_name(each.name)): str(each.specifier).removeprefix("==")
        for each in pinned
        if each.marker is None or each.marker.evaluate()
    }


@slow
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_requirements_install_exactly_the_constraints(version: str, tmp_path: Path) -> None:
    python = Path(sys.executable) if version == MINE else find_python(version)
    if python is None:
        pytest.skip(f"there is no Python {version} here")
    virtualenv = Virtualenv.make(python, tmp_path / "venv")
    virtualenv.install("-r", "requirements.txt")
    assert virtualenv.installed() == virtualenv.pinned(ROOT / "constraints.txt")
