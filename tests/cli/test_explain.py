"""``snatbot explain``: a table of pods and destinations, without settings or storage."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from shared.app import App
from shared.cli.__main__ import main
from tests.support.gadget_output import TIME_WAIT, sockets


def no_app() -> App:
    raise AssertionError("explain needs no App")


def test_it_prints_who_holds_the_ports_and_what_cures_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "sockets.json"
    file.write_text(json.dumps([*sockets(150, state=TIME_WAIT), *sockets(50, "20.60.1.1", pod="b"), {}]))
    assert main(["explain", "--file", str(file)], no_app) == 1
    out = capsys.readouterr().out
    assert "200 connections to the Internet hold at least 150 TCP and 0 UDP ports" in out
    assert re.search(r"shop/checkout-6d5b9-x1 +52\.168\.1\.9:443/tcp +150 +75\.0.% +0 +pooling", out)
    assert re.search(r"shop/b +20\.60\.1\.1:443/tcp +50 +25\.0.% +0 +pooling", out)
    assert "each request opens its own" in out
    assert "1 entry could not be read" in out
    assert "Private endpoint: unknown." in out


def test_fine_without_many_connections_and_more_rows_are_counted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    output = json.dumps([row for number in range(35) for row in sockets(2, f"20.60.1.{number + 1}")])
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(output.encode())))
    assert main(["explain", "--file", "-"], no_app) == 0
    assert "and 5 rows with fewer connections" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "Error from server (NotFound)"])
def test_bad_input_is_said(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "sockets.json"
    file.write_text(text)
    assert main(["explain", "--file", str(file)], no_app) == 2
    assert "not the JSON of `snapshot_socket`" in capsys.readouterr().err
    assert main(["explain", "--file", str(tmp_path / "none")], no_app) == 2
    assert "can't be read: No such file or directory" in capsys.readouterr().err
