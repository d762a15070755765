"""Reads YAML with each value's line number, for error messages."""

from __future__ import annotations

from typing import Any

import yaml

Path = tuple[str | int, ...]
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C, where PyYAML was built with it


class YamlError(ValueError):
    """Not YAML, or not plain YAML; `line` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class Lines:
    """Finds the line of a path such as ("clusters", 0, "pools"); of its nearest parent when it has none."""

    def __init__(self) -> None:
        self._lines: dict[Path, int] = {(): 1}

    def note(self, path: Path, line: int) -> None:
        self._lines.setdefault(path, line)

    def __getitem__(self, path: Path) -> int:
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]


def load(text: str) -> tuple[Any, Lines]:
    """The content, and its lines."""
    lines = Lines()
    try:
        node = yaml.compose(text, Loader=_LOADER)
        content = yaml.load(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlError(str(error.problem or error.context), mark.line + 1 if mark else 1) from error
    except yaml.YAMLError as error:
        raise YamlError(str(error), 1) from error
    if node is not None:
        _walk(node, (), lines)
    return content, lines


def _walk(node: yaml.Node, path: Path, lines: Lines) -> None:
    lines.note(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.tag == "tag:yaml.org,2002:bool":
                raise YamlError(
                    f"{key.value!r} is a truth value in YAML, not a name; quote it", key.start_mark.line + 1
                )
            below = (*path, str(key.value))
            lines.note(below, key.start_mark.line + 1)
            _walk(value, below, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(value, (*path, index), lines)
