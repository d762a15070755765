"""The Python that the deployed package was built for (``make package``), against the one that runs it."""

# Every cold start would load pathlib for this alone.
# ruff: noqa: PTH100, PTH118, PTH120, PTH123

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .model.text import Text

VERSION_FILE = ".python_version"  # beside function_app.py
_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def built_for(folder: str = _FOLDER) -> str:
    """Such as 3.13; empty in a checkout."""
    try:
        with open(os.path.join(folder, VERSION_FILE), encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return ""


def python_mismatch(folder: str = _FOLDER) -> Text | None:
    """None if they are the same, or in a checkout. Otherwise compiled dependencies can't be imported."""
    built, runs = built_for(folder), f"{sys.version_info.major}.{sys.version_info.minor}"
    if built in ("", runs):
        return None
    from .model.text import Text

    return Text("the package was built for Python {built_for} and Python {runs} runs it", built_for=built, runs=runs)
