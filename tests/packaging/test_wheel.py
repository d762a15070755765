"""The wheel: it holds ``snatbot`` only, and its console script runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from shared import __version__
from tests.support.deployed import ROOT
from tests.support.thorough import slow
from tests.support.virtualenv import Virtualenv, pin_lines


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "build", "--quiet", "--wheel", "--out-dir", folder, ROOT], check=True)
    (built,) = folder.glob("*.whl")
    return built


def test_it_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"snatbot"}
    files = {str(path.relative_to(ROOT / "shared")) for path in (ROOT / "shared").rglob("*") if path.is_file()}
    shipped = {name.removeprefix("snatbot/") for name in names if name.startswith("snatbot/")}
    assert shipped == {name for name in files if "__pycache__" not in name}


def test_its_console_script_runs_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    (entry,) = tmp_path.glob("*.dist-info/entry_points.txt")
    target = re.search(r"^snatbot = ([\w.]+):(\w+)$", entry.read_text(), re.MULTILINE)
    assert target is not None
    program = f"import sys; from {target[1]} import {target[2]}; sys.argv[0] = 'snatbot'; sys.exit({target[2]}())"
    ran = subprocess.run(
        [sys.executable, "-c", program, "--help"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("usage: snatbot")


@slow
def test_it_installs_and_runs_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    virtualenv = Virtualenv.make(Path(sys.executable), tmp_path / "venv")
    virtualenv.install(str(wheel))
    installed = virtualenv.installed()
    assert installed.pop("snatbot") == __version__
    assert virtualenv.pinned(ROOT / "requirements.txt").items() <= installed.items()
    snatbot = [virtualenv.python.with_name("snatbot")]
    for arguments, code in ((["--help"], 0), (["status"], 2)):  # status: nothing is set here
        ran = subprocess.run([*snatbot, *arguments], cwd=tmp_path, env={}, capture_output=True, text=True, check=False)
        assert (ran.returncode, "Traceback" in ran.stderr) == (code, False), ran.stderr


def test_it_needs_what_the_function_app_deploys_and_what_the_terminal_shows_tables_with() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {line.replace(" ", "").replace("'", '"') for line in project["dependencies"]}
    deployed = {line.replace(" ", "") for line in pin_lines(ROOT / "requirements.txt")}
    assert wanted > deployed
    assert {line.partition("==")[0] for line in wanted - deployed} == {"rich", "shtab"}
    assert wanted - deployed <= set(pin_lines(ROOT / "requirements-dev.txt"))
