"""Bicep files as far as they can be checked without Bicep's compiler: what each declares, and what it refers to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pycep

from tests.support.deployed import ROOT

INFRA = ROOT / "infra"
_DECLARED = re.compile(r"^(?:param|var|resource|module) (\w+)", re.MULTILINE)
_LOOP = re.compile(r"\[for (\w+) in ")
_COMMENT = re.compile(r"(?<![:'])//.*$", re.MULTILINE)
_STRING = re.compile(r"'(?:[^'\\]|\\.)*'")
_INTERPOLATED = re.compile(r"\$\{([^{}]*)\}")
_NAME = re.compile(r"(?<![\w.@?])([A-Za-z_]\w*)\b(?!\s*[:(])")
_KEYWORDS = {"targetScope", "param", "var", "resource", "module", "output", "existing", "if", "for", "in"}
_KEYWORDS |= {"true", "false", "null", "string", "int", "bool", "object", "array", "secure"}


@dataclass(frozen=True)
class Bicep:
    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def parsed(self) -> dict[str, dict[str, Any]]:
        return {**pycep.BicepParser().parse(text=self.text)}  # type: ignore[dict-item]

    @property
    def resources(self) -> dict[str, Any]:
        """By symbol: ``type``, ``api_version``, ``existing`` and ``config``, also of conditions and loops."""
        return self.parsed.get("resources", {})

    @property
    def modules(self) -> dict[str, Any]:
        return self.parsed.get("modules", {})

    @property
    def parameters(self) -> dict[str, Any]:
        return self.parsed.get("parameters", {})

    @property
    def outputs(self) -> dict[str, Any]:
        return self.parsed.get("outputs", {})

    def undeclared(self) -> set[str]:
        """Names that are used and that the file does not declare."""
        code = _COMMENT.sub("", self.text)
        expressions = [_STRING.sub(" ", code)]
        expressions += [part for text in _STRING.findall(code) for part in _INTERPOLATED.findall(text)]
        used = {name for text in expressions for name in _NAME.findall(re.sub(_STRING, " ", text))}
        declared = {*_DECLARED.findall(code), *_LOOP.findall(code)}
        return used - declared - _KEYWORDS - set(self.outputs)

    def references(self) -> Iterator[tuple[str, str]]:
        """(symbol, path) of each ``symbol.outputs.name`` or ``symbol.properties.path``."""
        yield from re.findall(r"\b(\w+)\.((?:outputs|properties)(?:\.\w+)+)", _COMMENT.sub("", self.text))


def body(declared: Mapping[str, Any]) -> dict[str, Any]:
    """The object itself, of a plain, conditional or looped resource or module."""
    config = declared["config"]
    while "config" in config and not {"name", "params"} & config.keys():
        config = config["config"]
    found: dict[str, Any] = config
    return found


def bicep_files() -> list[Bicep]:
    return [Bicep(path) for path in sorted(INFRA.rglob("*.bicep"))]
