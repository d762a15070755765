"""A measurement in a process of its own, which prints its result as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def run_module(module: str, environment: Mapping[str, str], *arguments: str, given: str = "") -> Any:
    """``module`` of this package; ``given`` is its standard input. Raises RuntimeError with its error output."""
    done = subprocess.run(
        [sys.executable, "-m", f"{__package__}.{module}", *arguments],
        env={**os.environ, **environment},
        cwd=ROOT,
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join([module, *arguments])}: {done.stderr.strip()}")
    return json.loads(done.stdout)
