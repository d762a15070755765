"""Scenario files: finding and reading them.

A scenario is a YAML file: by path, or by the name of one in `simulator/scenarios/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "scenarios"


class ScenarioError(ValueError):
    """A scenario can't be used; the message is one line that says where and why."""


def names() -> list[str]:
    """The scenarios that come with the simulator."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def find(name_or_path: str) -> Path:
    """The scenario's file."""
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml"):
        if path.is_file():
            return path
        raise ScenarioError(f"there is no scenario file {name_or_path}")
    if name_or_path in names():
        return FOLDER / f"{name_or_path}.yaml"
    raise ScenarioError(f"there is no scenario {name_or_path!r}; there are {', '.join(names())}, or give a .yaml file")


def load(name_or_path: str) -> Mapping[str, Any]:
    """A scenario's content, as its file says it."""
    path = find(name_or_path)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark is not None else ""
        raise ScenarioError(f"{path}{line}: {getattr(error, 'problem', error)}") from error
    if not isinstance(content, dict):
        raise ScenarioError(f"{path}: a scenario is a mapping with 'clusters'")
    return {"name": path.stem} | content
