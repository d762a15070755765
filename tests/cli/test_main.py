"""The terminal as a program: errors, usage, and what needs storage."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared import __version__
from shared.app import App
from shared.cli.__main__ import main
from shared.cli.output import Waiting
from shared.cloud.errors import SignInFailed, Unavailable
from shared.errors import BadInput, MisconfiguredError, NotFoundHere
from shared.model.text import Text
from tests.support.every import every
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
    for arguments in (("check",), ("plan", "x")):
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


def test_who_is_not_signed_in_reads_what_to_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DETECTOR_CLIENT_ID", raising=False)
    no_token = Check(error=SignInFailed("POST /resources", "DefaultAzureCredential failed.\nAttempted: …", status=0))
    assert run("check", check=no_token) == 2
    assert capsys.readouterr() == ("", "snatbot: not signed in to Azure: run `az login`\n")
    refused = Check(error=SignInFailed("POST /resources", "the token has expired", status=401))
    assert run("check", check=refused) == 2
    assert "the token has expired" in capsys.readouterr().err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_who_waits_for_two_seconds_sees_for_what_and_only_on_a_terminal() -> None:
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        waiting.count(50, 100)
        return len(waits) == 3

    for out in (Terminal(), io.StringIO()):
        waiting = Waiting(out, "en", wait)
        waiting.start()
        waiting.end()
        waiting.end()
        line = "\r50 of 100 clusters …\x1b[K"
        assert out.getvalue() == (f"{line}{line}\r\x1b[K" if out.isatty() else "")
    assert waits == [2.0, 0.5, 0.5]


def test_nothing_is_written_if_the_answer_comes_at_once() -> None:
    out = Terminal()
    waiting = Waiting(out, "en", lambda seconds: True)
    waiting.start()
    waiting.end()
    assert out.getvalue() == ""


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert (caught.value.code, capsys.readouterr().out) == (0, f"snatbot {__version__}\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_a_shell_completes_each_command(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    assert main(["--print-completion", shell]) == 0
    out = capsys.readouterr().out
    assert every(command in out for command in ("check", "silences", "unsilence", "start"))
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=out, text=True, check=True)


def test_completion_without_its_package_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["--print-completion", "bash"]) == 2
    assert "shtab" in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ran = subprocess.run(
        [sys.executable, "-m", "shared.cli", "settings"], cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, text=True
    )
    os.close(writer)
    assert (ran.returncode, ran.stderr) == (0, "")
