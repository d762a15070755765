"""What is deployed: the app and what it needs to run, and nothing else."""

from __future__ import annotations

import re

import pytest

from devhost.package import source_files
from tests.support.deployed import ROOT, deployed_files, left_out
from tests.support.virtualenv import pin_lines

TOP_LEVEL = {"function_app.py", "host.json", "requirements.txt", "constraints.txt", "shared", "LICENSE"}


def test_the_app_is_deployed_whole() -> None:
    files = deployed_files()
    assert {path.partition("/")[0] for path in files} == TOP_LEVEL
    kept = {str(path.relative_to(ROOT)) for path in (ROOT / "shared").rglob("*") if path.is_file()}
    assert {path for path in kept if "__pycache__" not in path} == {
        path for path in files if path.startswith("shared/")
    }


@pytest.mark.parametrize(
    "path",
    [
        "simulator/server.py",
        "devhost/host.py",
        "tests/conftest.py",
        "docs/adr/0001.md",
        "bench/run.py",
        "infra/main.bicep",
        "azure.yaml",
        "pyproject.toml",
        "Makefile",
        "package.json",
        "package-lock.json",
        "requirements-dev.txt",
        "README.md",
        "local.settings.json",
        "local.settings.sample.json",
        ".venv/bin/python",
        ".git/config",
        ".ci/run",
        ".cache/setup.log",
        "node_modules/azurite/package.json",
        "demo-output/message.json",
        "shared/__pycache__/app.cpython-313.pyc",
    ],
)
def test_what_only_development_needs_is_left_out(path: str) -> None:
    assert left_out(path)


def test_make_package_takes_the_same_files() -> None:
    assert source_files() == deployed_files()


def test_every_deployed_dependency_is_exact() -> None:
    for file in ("requirements.txt", "constraints.txt"):
        for line in pin_lines(ROOT / file):
            assert re.match(r"[A-Za-z0-9._-]+==[\w.]+( ; .+)?$", line), f"{file}: {line} is no exact pin"


def test_the_requirements_use_the_constraints() -> None:
    assert "-c constraints.txt" in (ROOT / "requirements.txt").read_text().splitlines()
