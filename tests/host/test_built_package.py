"""What `make package` builds: the same bytes twice, and it runs in Microsoft's runtime with its own files only."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from devhost.package import PYTHON, SITE_PACKAGES, build
from tests.host.conftest import RUNTIME, Runtime
from tests.support.thorough import slow
from tests.support.virtualenv import Virtualenv, find_python

pytestmark = [slow, pytest.mark.host]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    """The runtime without any dependency: it finds azure.functions in the package."""
    python = find_python(PYTHON)
    if python is None:
        pytest.skip(f"there is no Python {PYTHON} here")
    virtualenv = Virtualenv.make(python, tmp_path_factory.mktemp("bare") / "venv")
    virtualenv.install("--no-deps", RUNTIME, "azurefunctions-extensions-base==1.2.0")
    return Runtime(virtualenv)


def _settings(app: Path) -> Mapping[str, str]:
    return {"PYTHONPATH": str(app / SITE_PACKAGES)}


def test_the_same_files_give_the_same_bytes(package: Path, tmp_path: Path) -> None:
    build(tmp_path)
    assert (tmp_path / "snatbot.zip").read_bytes() == (package.parent / "snatbot.zip").read_bytes()


def test_every_module_is_imported_with_nothing_but_the_package(bare: Runtime, package: Path) -> None:
    """-I: no environment, no user's packages; of the virtualenv nothing is installed that the app needs."""
    program = (
        f"import sys; sys.path[:0] = [{str(package)!r}, {str(package / SITE_PACKAGES)!r}]\n"
        "import function_app, importlib, pkgutil, shared\n"
        "names = [found.name for found in pkgutil.walk_packages(shared.__path__, 'shared.')]\n"
        "for name in names:\n"
        "    if '.cli' not in name: importlib.import_module(name)\n"
        "print(len(function_app.app.get_functions()))"
    )
    ran = subprocess.run(
        [bare.virtualenv.python, "-I", "-c", program], env={}, cwd="/", capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert int(ran.stdout) > 20


def test_it_runs_in_microsofts_runtime_with_its_own_dependencies(bare: Runtime, package: Path) -> None:
    request = {"function": "health", "input": {"req": {"http": {"method": "GET"}}}}
    report = bare.run(package, _settings(package), request)
    assert report["failure"] is None
    assert "watch" in report["functions"]
    answer = report["results"][0]["return_value"]["http"]
    assert json.loads(answer["body"]["bytes"])["status"] == "misconfigured"  # nothing is set here


def test_a_package_for_another_python_says_so_there(bare: Runtime, package: Path, tmp_path: Path) -> None:
    app = shutil.copytree(package, tmp_path / "app")
    (app / ".python_version").write_text("3.12\n")
    request = {"function": "health_details", "input": {"req": {"http": {"method": "GET"}}}}
    report = bare.run(app, _settings(app), request)
    answer = report["results"][0]["return_value"]["http"]
    assert "built for Python 3.12" in json.loads(answer["body"]["bytes"])["problems"][0]
