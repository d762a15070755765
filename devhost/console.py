"""The demo's output: a few marked lines on the terminal, and files in one folder."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any


class Teller:
    def __init__(self, folder: Path) -> None:
        """The demo writes its files to `folder`."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def chapter(self, title: str) -> None:
        print(f"\n── {title} {'─' * max(4, 92 - len(title))}", flush=True)

    def say(self, text: str = "") -> None:
        print(text, flush=True)

    def quote(self, lines: Iterable[str]) -> None:
        """Prints the app's output, marked by a bar."""
        for line in lines:
            print(f"  │ {line}".rstrip(), flush=True)

    def keep(self, name: str, content: str | bytes | dict[str, Any] | list[Any]) -> Path:
        """Writes a file of the demo's output; JSON for a dict or a list."""
        path = self.folder / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, str):
            path.write_text(content, "utf-8")
        else:
            path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")
        return path


def fail(reason: str) -> int:
    """Prints the failure; returns the demo's exit code."""
    print(f"\nThe demo stopped: {reason}", file=sys.stderr, flush=True)
    return 1
