"""A package that was built for another Python says so, in the log and as health."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import azure.functions as func
import pytest

from shared.build import VERSION_FILE, python_mismatch
from shared.triggers import http_health

RUNS = "{}.{}".format(*sys.version_info[:2])


def test_a_checkout_and_a_package_for_this_python_are_fine(tmp_path: Path) -> None:
    assert python_mismatch(str(tmp_path)) is None
    (tmp_path / VERSION_FILE).write_text(f"{RUNS}\n")
    assert python_mismatch(str(tmp_path)) is None


def test_a_package_for_another_python_is_not(tmp_path: Path) -> None:
    (tmp_path / VERSION_FILE).write_text("3.9\n")
    assert python_mismatch(str(tmp_path)) == f"the package was built for Python 3.9 and Python {RUNS} runs it"


def test_health_says_so_without_importing_what_would_fail(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / VERSION_FILE).write_text("3.9\n")
    monkeypatch.setattr(http_health, "python_mismatch", lambda: python_mismatch(str(tmp_path)))
    monkeypatch.setitem(sys.modules, "shared.app", None)  # importing it raises
    request = func.HttpRequest("GET", "/api/health/details", body=b"")
    details = http_health.health_details.build().get_user_function()
    answer = details(request)
    assert answer.status_code == 503
    assert "Python 3.9" in json.loads(answer.get_body())["problems"][0]
