"""The terminal as a program: errors, usage, and what needs storage."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from shared.app import App
from shared.cli.__main__ import main
from shared.cloud.errors import Unavailable
from shared.errors import BadInput, MisconfiguredError, NotFoundHere
from shared.model.text import Text
from tests.support.terminal import HEALTHY, Check, assessed, run

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "error",
    [
        NotFoundHere(Text("no cluster 'x' that this app's identity may read")),
        BadInput(Text("window is 0 minutes; it must be 1 to 1440")),
        Unavailable("GET /subscriptions", "the connection was\nrefused"),
    ],
)
def test_an_error_is_one_clear_line_and_exits_with_two(capsys: pytest.CaptureFixture[str], error: Exception) -> None:
    for arguments in (("check",), ("plan", "--cluster", "x")):
        assert run(*arguments, check=Check(error=error)) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        assert shown.err == f"snatbot: {' '.join(str(error).split())}\n"


def test_wrong_settings_are_named_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def misconfigured() -> App:
        raise MisconfiguredError({"WINDOW_MINUTES": "must be 1 to 60"})

    assert main(["check"], misconfigured) == 2
    assert capsys.readouterr().err == "snatbot: 1 setting cannot be used: WINDOW_MINUTES: must be 1 to 60\n"


@pytest.mark.parametrize("arguments", [[], ["look"], ["plan"], ["stop"], ["check", "--window", "soon"]])
def test_wrong_usage_exits_with_two(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: snatbot" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["settings"], 0, "| `REMEDIATION` | `off` |"),
        (["--help"], 0, "Exit codes"),
        (["stop", "--by", "Ada"], 2, "AzureWebJobsStorage"),
    ],
)
def test_it_runs_as_a_program(arguments: list[str], code: int, said: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "shared.cli", *arguments], cwd=ROOT, env={}, capture_output=True, text=True
    )
    assert ran.returncode == code
    assert said in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr


def test_looking_needs_no_storage_and_everything_else_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shared.app._app", None)
    monkeypatch.delenv("AzureWebJobsStorage", raising=False)
    monkeypatch.setenv("ARM_ENDPOINT", "https://127.0.0.1:9")
    assert main(["stop", "--by", "Ada"]) == 2
    assert "AzureWebJobsStorage: must be set" in capsys.readouterr().err
    monkeypatch.setattr("shared.app.App.check", Check(assessed(HEALTHY)))
    assert main(["check"]) == 0


@pytest.mark.parametrize(
    ("arguments", "variables", "expected"),
    [
        (["--lang", "es"], {}, "22/11/2026 18:57 UTC"),
        ([], {"LANGUAGE": "", "LC_ALL": "es_ES.UTF-8"}, "22/11/2026 18:57 UTC"),
        (["--lang", "en"], {"LANGUAGE": "es"}, "2026-11-22 18:57 UTC"),
    ],
)
def test_it_speaks_the_language_of_its_user(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    variables: dict[str, str],
    expected: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for line in (["check", *arguments], [*arguments, "check"]):
        assert run(*line, check=Check(assessed(HEALTHY))) == 0
        assert expected in capsys.readouterr().out
