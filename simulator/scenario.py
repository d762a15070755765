"""Scenario files: finding, reading and checking them.

A scenario is a YAML file: by path, or by the name of one in `simulator/scenarios/`. It is checked against
`scenario.schema.json` and for broken references; an error is one line with the file, the line and the problem.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from . import yamllines
from .faults import SCHEMA_FILE
from .references import Problem, reference_problems

FOLDER = Path(__file__).parent / "scenarios"

Content = Mapping[str, Any]


class ScenarioError(ValueError):
    """A scenario is invalid; the message is one line with the place and the reason."""


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


def load(name_or_path: str) -> Content:
    """A scenario's content, checked."""
    path = find(name_or_path)
    return parse(path.read_text(encoding="utf-8"), str(path), path.stem)


def parse(text: str, file: str, name: str) -> Content:
    """Parse a scenario's text; `file` is its name in errors."""
    try:
        content, lines = yamllines.load(text)
    except yamllines.YamlError as error:
        raise ScenarioError(f"{file}:{error.line}: {error}") from error
    for path, message in check(content):
        where = _spelled(path)
        raise ScenarioError(f"{file}:{lines[path]}: {where + ': ' if where else ''}{message}")
    return {"name": name} | dict(content)


def schema() -> dict[str, Any]:
    """The JSON Schema of scenario files."""
    read: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return read


def check(content: Any) -> Iterator[Problem]:
    """A scenario's problems: first its shape, then its references."""
    found = list(_shape_problems(content))
    yield from found
    if not found:
        yield from reference_problems(content)


def _spelled(path: yamllines.Path) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else (f".{step}" if text else step)
    return text


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema(), format_checker=Draft202012Validator.FORMAT_CHECKER)


def _shape_problems(content: Any) -> Iterator[Problem]:
    errors = _validator().iter_errors(content)
    for error in sorted(errors, key=lambda each: (len(each.absolute_path), str(each.absolute_path))):
        path = tuple(error.absolute_path)
        if error.validator == "additionalProperties" and isinstance(error.instance, dict):
            known = sorted(error.schema.get("properties", {}))
            for name in sorted(set(error.instance) - set(known), key=str):
                yield (*path, str(name)), f"is not known here; known are {', '.join(known)}"
        else:
            yield path, error.message
