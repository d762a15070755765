"""The deployed tree: git's files without those in .funcignore."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from pathspec import GitIgnoreSpec

ROOT = Path(__file__).resolve().parents[2]


def left_out(path: str) -> bool:
    """True if .funcignore keeps this file (relative, with slashes) out of what is deployed."""
    lines = (ROOT / ".funcignore").read_text(encoding="utf-8").splitlines()
    return GitIgnoreSpec.from_lines(lines).match_file(path)


def deployed_files() -> list[str]:
    """The files that are deployed, relative to the root: of those that git tracks or would take."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return sorted(path for path in set(listed) if (ROOT / path).is_file() and not left_out(path))


def copy_deployed(folder: Path) -> Path:
    """Copies the deployed tree into `folder`."""
    for path in deployed_files():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, target)
    return folder
