"""A pod that runs the egress probe's script: the shell's clock and sleep are the test's, everything else is real."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from shared.web.export.probe_manifest import SCRIPT

APPLETS = ("cat", "date", "rm", "sed", "sleep")
KEY = "snatprobe_000000000000_secret"
NODE_PORTS = 1024
_PRELUDE = """
echo 1764335000 >../clock
sleep() {
    echo "$1" >>../sleeps
    echo $(($(cat ../clock) + $1)) >../clock
    [ "$(sed -n '$=' ../sleeps)" -lt ROUNDS ] || exit 0
}
date() { cat ../clock; }
curl() { command curl "$@" OPTIONS; }
"""


def shells() -> list[Any]:
    """The script's interpreter, by the name of a test."""
    no_busybox = pytest.mark.skipif(shutil.which("busybox") is None, reason="install busybox to test in its shell")
    return [pytest.param(("busybox", "ash"), id="busybox", marks=no_busybox), pytest.param(("sh",), id="sh")]


class ProbePod:
    """Each ``run`` is a new pod, in its own empty directory."""

    def __init__(self, folder: Path, shell: Sequence[str]) -> None:
        if shutil.which("curl") is None:
            pytest.skip("install curl to test the egress probe's script")
        self.work, self._folder, self._shell = folder / "work", folder, shell
        self.script = SCRIPT
        self._path = folder / "bin"
        self._path.mkdir()
        for name in (*APPLETS, "curl", shell[0]):
            is_applet = shell[0] == "busybox" and name in APPLETS
            (self._path / name).symlink_to(str(shutil.which("busybox" if is_applet else name)))
        (folder / "key").write_text(KEY)

    def run(
        self, url: str, *targets: str, rounds: int = 1, options: str = "--connect-timeout 2", ports: int = NODE_PORTS
    ) -> str:
        """What it prints. The pod ends when it would sleep after so many rounds."""
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir()
        for name in ("sleeps", "clock"):
            (self._folder / name).unlink(missing_ok=True)
        prelude = _PRELUDE.replace("ROUNDS", str(rounds + 1)).replace("OPTIONS", options)
        (self._folder / "prelude.sh").write_text(prelude)
        ran = subprocess.run(
            [*self._shell, "-c", f". ../prelude.sh; . {self.script}"],
            cwd=self.work,
            env={
                "PATH": str(self._path),
                "PROBE_URL": url,
                "PROBE_TARGETS": " ".join(targets),
                "PROBE_NODE_PORTS": str(ports),
                "PROBE_KEY_FILE": str(self._folder / "key"),
                "PROBE_NODE": "aks-user-1-vmss000002",
                "PROBE_POD": "snatbot-probe-x1",
                "https_proxy": "http://127.0.0.1:9",
                "http_proxy": "http://127.0.0.1:9",
                "LC_ALL": os.environ.get("LC_ALL", "C"),
            },
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert ran.returncode == 0, ran.stderr
        # A shell may say which of its programs was ended because a file grew too large.
        assert not ran.stderr.replace("File size limit exceeded", "").strip(), ran.stderr
        return ran.stdout

    @property
    def sleeps(self) -> list[int]:
        """Seconds of each pause, the first of them before the first round."""
        return [int(line) for line in (self._folder / "sleeps").read_text().split()]

    @property
    def waiting(self) -> int:
        """Reports that were not delivered."""
        return len(list(self.work.glob("report.*")))


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
