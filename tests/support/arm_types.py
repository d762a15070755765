"""Azure's resource types as Bicep's compiler knows them: an excerpt of github.com/Azure/bicep-types-az (MIT).

``arm_types.json`` has, for each type and version that infra/ uses, the objects that infra/ opens: every property with
its flags (R required, O read-only) and, where the type is a closed list, the values allowed. Regenerate it with

    python -m tests.support.arm_types PATH_OF_A_CLONE_OF_BICEP_TYPES_AZ
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.bicep import bicep_files, body

EXCERPT = Path(__file__).with_name("arm_types.json")
BY_CODE = {"parent", "scope", "dependsOn"}  # of Bicep, not of the resource


@cache
def excerpt() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(EXCERPT.read_text(encoding="utf-8"))
    return found


def problems(type_name: str, config: Mapping[str, Any], symbols: set[str]) -> Iterator[str]:
    """What Bicep's compiler would say of a resource's properties."""
    yield from _problems(excerpt()[type_name], "", {k: v for k, v in config.items() if k not in BY_CODE}, symbols)


def _problems(known: Mapping[str, Any], path: str, given: Mapping[str, Any], symbols: set[str]) -> Iterator[str]:
    given = {name.strip("'"): value for name, value in given.items()}
    for name, about in known.items():
        if "R" in about.get("flags", "") and name not in given and name not in ("apiVersion", "type"):
            yield f"{path}{name} is required"
    for name, value in given.items():
        about = known.get(name, known.get("*"))
        if about is None:
            yield f"{path}{name} does not exist"
        elif "O" in about.get("flags", ""):
            yield f"{path}{name} is read-only"
        elif isinstance(value, str) and "values" in about and value not in {*about["values"], *symbols}:
            yield f"{path}{name} is {value}, none of {about['values']}"
        else:
            for part in value if isinstance(value, list) else [value]:
                if isinstance(part, dict) and not {"function", "operator", "value"} & part.keys():
                    if "opened" in about:
                        yield from _problems(about["opened"], f"{path}{name}.", part, symbols)
                    elif not about.get("any"):
                        yield f"{path}{name} is not in the excerpt: regenerate it"


class _Types:
    """One ``types.json`` of the clone."""

    def __init__(self, clone: str, type_name: str) -> None:
        namespace, _, version = type_name.partition("@")
        folder = f"{namespace.partition('/')[0].lower()}/{version}/types.json"
        listed = _git(clone, "ls-tree", "-r", "--name-only", "HEAD", "generated").splitlines()
        for path in (path for path in listed if path.endswith(f"/{folder}")):
            self._types = json.loads(_git(clone, "show", f"HEAD:{path}"))
            for found in self._types:
                if found.get("$type") == "ResourceType" and found["name"].lower() == type_name.lower():
                    self.body = self._at(found["body"])
                    return
        raise LookupError(f"{type_name} is not in {clone}")

    def _at(self, reference: Mapping[str, str]) -> dict[str, Any]:
        found: dict[str, Any] = self._types[int(reference["$ref"].rpartition("/")[2])]
        return found

    def describe(self, kind: dict[str, Any], given: Any) -> dict[str, Any]:
        """The properties of an object type, with those objects opened that ``given`` opens."""
        properties = dict(kind.get("baseProperties", kind.get("properties", {})))
        for variant in kind.get("elements", {}).values() if kind["$type"] == "DiscriminatedObjectType" else ():
            properties |= self._at(variant)["properties"]
        found = {name: self._property(about, given, name) for name, about in sorted(properties.items())}
        if "additionalProperties" in kind:
            found["*"] = {"any": True}
        return found

    def _property(self, about: dict[str, Any], given: Any, name: str) -> dict[str, Any]:
        flags = "".join(letter for bit, letter in ((1, "R"), (2, "O")) if about.get("flags", 0) & bit)
        kind = self._at(about["type"])
        described: dict[str, Any] = {"flags": flags} if flags else {}
        if kind["$type"] == "UnionType":
            members = [self._at(member) for member in kind["elements"]]
            if all(member["$type"] == "StringLiteralType" for member in members):
                described["values"] = sorted(member["value"] for member in members)
        if kind["$type"] == "AnyType":
            described["any"] = True
        value = given.get(name, given.get(f"'{name}'")) if isinstance(given, dict) else None
        if kind["$type"] == "ArrayType":
            kind = self._at(kind["itemType"])
            value = value[0] if isinstance(value, list) and value else value
        if kind["$type"].endswith("ObjectType") and (
            isinstance(value, dict) or name in ("properties", "primaryEndpoints")
        ):
            described["opened"] = self.describe(kind, value or {})
        return described


def _git(clone: str, *arguments: str) -> str:
    return subprocess.run(["git", "-C", clone, *arguments], capture_output=True, text=True, check=True).stdout


def regenerate(clone: str) -> None:
    found: dict[str, Any] = {}
    for file in bicep_files():
        for resource in file.resources.values():
            name = f"{resource['type']}@{resource['api_version']}"
            types = _Types(clone, name)
            described = types.describe(types.body, body(resource))
            if name not in found or not resource["existing"]:
                found[name] = described
    lines = [f'"{name}": {json.dumps(found[name], sort_keys=True)}' for name in sorted(found)]
    EXCERPT.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    regenerate(sys.argv[1])
