"""Setup on machines of all sorts: it takes a Python that runs, or says in one line what is missing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from devhost import setup

FIND_PYTHON = Path(setup.__file__).with_name("find_python.sh")


def _python(folder: Path, name: str, version: str | None, has_venv: bool = True) -> None:
    """Puts a pretended Python on a PATH: one of `version`, or one that doesn't run if that is None."""
    answer = f'case "$2" in *ensurepip*) exit {0 if has_venv else 1};; *) echo {version};; esac'
    command = folder / name
    command.write_text(f"#!/bin/sh\n{answer if version else 'echo pyenv: not installed >&2; exit 127'}\n")
    command.chmod(0o755)


def _find(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", FIND_PYTHON], env={"PATH": str(folder), **environment}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("version", ["3.11.0", "3.12.4", "3.13.9", "3.14.1"])
def test_takes_each_supported_python(tmp_path: Path, version: str) -> None:
    _python(tmp_path, "python3", version)
    assert _find(tmp_path).stdout == "python3\n"


def test_passes_over_a_python_that_does_not_run_or_is_too_old(tmp_path: Path) -> None:
    _python(tmp_path, "python3", "3.9.2")
    _python(tmp_path, "python3.14", None)
    _python(tmp_path, "python3.12", "3.12.1")
    assert _find(tmp_path).stdout == "python3.12\n"


@pytest.mark.parametrize("version", ["2.7.18", "3.10.13", "3.15.0", "4.0.0"])
def test_any_other_python_gets_one_line_that_says_what_was_found_and_what_is_needed(
    tmp_path: Path, version: str
) -> None:
    _python(tmp_path, "python3", version)
    answer = _find(tmp_path)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.splitlines() == [
        f"snatbot needs Python 3.11, 3.12, 3.13 or 3.14; found: python3 is {version}."
        " Install one, or name it: make setup PYTHON=/path/to/python"
    ]


def test_no_python_at_all_gets_one_line(tmp_path: Path) -> None:
    assert "found: none that runs." in _find(tmp_path).stderr
    assert len(_find(tmp_path).stderr.splitlines()) == 1


def test_a_python_without_venv_is_passed_over_and_named(tmp_path: Path) -> None:
    _python(tmp_path, "python3", "3.11.2", has_venv=False)
    assert "python3 is 3.11.2 without venv and pip (on Debian and Ubuntu: apt-get install" in _find(tmp_path).stderr


def test_a_python_can_be_named(tmp_path: Path) -> None:
    _python(tmp_path, "python3", "3.11.7")
    _python(tmp_path, "mine", "3.13.0")
    assert _find(tmp_path, PYTHON="mine").stdout == "mine\n"


def test_pip_does_the_work_where_uv_cannot_be_had() -> None:
    commands = []

    def run(*command: str) -> None:
        commands.append(command)
        if setup.UV in command:
            raise subprocess.CalledProcessError(1, command)

    setup.install_python_packages(run)
    assert commands[-1][1:4] == ("-m", "pip", "install")
    assert commands[-1][-2:] == ("-r", "requirements-dev.txt")


def test_node_packages_are_left_alone_once_installed_and_bundled_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, installed = tmp_path / "lock", tmp_path / "installed"
    monkeypatch.setattr(setup, "NODE_LOCK", lock)
    monkeypatch.setattr(setup, "NODE_INSTALLED", installed)
    runs: list[tuple[str, ...]] = []
    for text in ("one", "one", "two"):
        lock.write_text(text)
        setup.install_node_packages(lambda *command: runs.append(command))
    assert [command[3] for command in runs] == ["ci", "run", "run", "ci", "run"]


def test_the_log_holds_each_command_and_what_it_printed(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w+", encoding="utf-8") as log:
        run = setup.runner(log)
        with pytest.raises(subprocess.CalledProcessError):
            run("sh", "-c", "echo told; echo why >&2; exit 3")
        log.seek(0)
        assert log.read().splitlines() == ["$ sh -c echo told; echo why >&2; exit 3", "told", "why"]


def test_a_failure_shows_the_end_of_the_log_and_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(run: setup.Run) -> None:
        run("sh", "-c", "for i in $(seq 50); do echo line $i; done; exit 1")

    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(setup, "LOG", tmp_path / "logs" / "setup.log")
    monkeypatch.setattr(setup, "READY", tmp_path / "ready")
    monkeypatch.setattr(setup, "STAGES", (("cheese", fail), ("never", lambda _: pytest.fail("went on"))))
    assert setup.main() == 1
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "Setting up (1/2): cheese … failed after 0 s"
    assert "  line 50" in printed
    assert "  line 1" not in printed
    assert printed[-1] == "Setup failed while installing: cheese. The whole log: logs/setup.log"
    assert not (tmp_path / "ready").exists()


def test_success_is_one_line_a_stage_and_leaves_the_mark_that_make_looks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup, "LOG", tmp_path / "setup.log")
    monkeypatch.setattr(setup, "READY", tmp_path / "ready")
    monkeypatch.setattr(setup, "STAGES", (("a", lambda _: None), ("b", lambda _: None)))
    assert setup.main() == 0
    assert capsys.readouterr().out.splitlines() == ["Setting up (1/2): a … 0 s", "Setting up (2/2): b … 0 s"]
    assert (tmp_path / "ready").exists()


def test_a_broken_virtualenv_counts_as_none(tmp_path: Path) -> None:
    assert not setup.works(tmp_path / "bin" / "python")
    assert setup.works(setup.PYTHON)
