"""Azurite, Microsoft's storage emulator, as a child process on free loopback ports.

It runs on the project's own Node. It ends with its parent process, even if that is killed (see
``exit_with_parent.cjs``), so no emulator is ever left behind.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from devhost import node
from devhost.errors import StartError

SERVICES = ("Blob", "Queue", "Table")
STOP_TIMEOUT_SECONDS = 5.0

# The emulator's only account and its key are published: Azure docs, "Use the Azurite emulator".
_ACCOUNT = "devstoreaccount1"
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_LISTENING = re.compile(r"Azurite (\w+) service is successfully listening at (http://\S+)")


class Azurite:
    """A running emulator."""

    def __init__(self, process: subprocess.Popen[str], endpoints: dict[str, str]) -> None:
        self._process = process
        self.endpoints = endpoints
        """Base URL of each service ("Blob", "Queue", "Table"), with the account's name as its path."""

    @classmethod
    @contextmanager
    def start(cls, folder: Path) -> Iterator[Self]:
        """Starts an emulator that keeps its data in `folder`, and stops it at the end.

        Data from an earlier run in the same folder is kept. Raises StartError, with what the program printed,
        if it ends before all three services listen.
        """
        folder.mkdir(parents=True, exist_ok=True)
        process = subprocess.Popen(
            _command(folder), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            yield cls(process, _endpoints(process))
        finally:
            _stop(process)

    @property
    def connection_string(self) -> str:
        """The connection string of the emulator's account."""
        endpoints = "".join(f"{name}Endpoint={url};" for name, url in self.endpoints.items())
        return f"DefaultEndpointsProtocol=http;AccountName={_ACCOUNT};AccountKey={_KEY};{endpoints}"

    @property
    def pid(self) -> int:
        """The process id, for tests that kill the storage."""
        return self._process.pid


def _command(folder: Path) -> list[str]:
    script = node.PACKAGES / "azurite" / "dist" / "src" / "azurite.js"
    if not script.exists():
        raise StartError("Azurite is not installed in node_modules; run `make setup`")
    ports = [option for name in SERVICES for option in (f"--{name.lower()}Port", "0")]
    # Idle connections stay open: the default of 5 s now and then closes one just as a client reuses it.
    patience = [option for name in SERVICES for option in (f"--{name.lower()}KeepAliveTimeout", "120")]
    preload = Path(__file__).with_name("exit_with_parent.cjs")
    flags = ["--silent", "--skipApiVersionCheck", "--disableTelemetry", "--location", str(folder)]
    return [str(node.NODE), "--require", str(preload), str(script), *ports, *patience, *flags]


def _endpoints(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    endpoints: dict[str, str] = {}
    printed = []
    for line in process.stdout:
        printed.append(line)
        if match := _LISTENING.search(line):
            endpoints[match[1]] = f"{match[2]}/{_ACCOUNT}"
        if len(endpoints) == len(SERVICES):
            return endpoints
    raise StartError(f"Azurite ended with status {process.wait()} before it listened:\n{''.join(printed)}")


def _stop(process: subprocess.Popen[str]) -> None:
    try:
        # This closes its standard input; it then saves its data and exits.
        process.communicate(timeout=STOP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
