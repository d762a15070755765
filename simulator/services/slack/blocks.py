"""Slack's validation of blocks: limits from its Block Kit reference (`schemas.json`), messages from public reports
("[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
"no more than 50 items allowed", "unsupported type: ...", "missing required field: ...", "must provide an object",
"invalid additional property: ...", "invalid url", "`action_id` ... already exists"); the others are assumed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...noise import stable_uuid

MOST_BLOCKS = 50
MOST_BLOCKS_OF_A_VIEW = 100
MOST_CHARTS = 2
NEWER = ("table", "data_table", "data_visualization")
"""What a workspace may not have yet (Slack changelog: August 2025 to June 2026)."""
TABLES = ("table", "data_table")
SCHEMAS: Mapping[str, Any] = json.loads(Path(__file__).with_name("schemas.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Problem:
    """An error in a payload: its JSON pointer and its message."""

    pointer: str
    message: str

    def __str__(self) -> str:
        return f"{self.message} [json-pointer:{self.pointer}]"


def find_problems(blocks: Any, newer: Collection[str], at: str = "/blocks", most: int = MOST_BLOCKS) -> list[Problem]:
    """Slack's validation errors for a list of blocks; `newer` are the newer block types that the workspace has."""
    items = {"type": "object", "required": ["type"]}
    found = _checked({"type": "array", "maxItems": most, "items": items}, blocks, at)
    if found:
        return found
    for index, block in enumerate(blocks):
        kind, here = block["type"], f"{at}/{index}"
        if kind not in SCHEMAS["blocks"] or (kind in NEWER and kind not in newer):
            found.append(Problem(f"{here}/type", f"unsupported type: {kind}"))
        else:
            found += _checked(_schema(kind), block, here) or _of_parts(block, here)
    found += _repeated("block_id", blocks, at)
    if sum(block["type"] == "data_visualization" for block in blocks) > MOST_CHARTS:
        found.append(Problem(at, "too many data_visualization blocks"))
    return found


def _schema(kind: str) -> dict[str, Any]:
    schema = SCHEMAS["blocks"][kind]
    common = {"type": {}, "block_id": {"$ref": "#/$defs/id"}}
    return {
        **schema,
        "$defs": SCHEMAS["$defs"],
        "properties": common | schema["properties"],
        "additionalProperties": False,
    }


def _of_parts(block: Mapping[str, Any], at: str) -> list[Problem]:
    """Errors that depend on several parts of a block."""
    if block["type"] == "data_table" and len({len(row) for row in block["rows"]}) > 1:
        return [Problem(f"{at}/rows", "all rows must have the same number of cells")]
    return _repeated("action_id", block["elements"], f"{at}/elements") if block["type"] == "actions" else []


def _repeated(key: str, things: list[dict[str, Any]], at: str) -> list[Problem]:
    names = [each.get(key) for each in things]
    return [
        Problem(f"{at}/{index}/{key}", f'`{key}` "{name}" already exists')
        for index, name in enumerate(names)
        if name is not None and name in names[:index]
    ]


def _checked(schema: Mapping[str, Any], value: Any, at: str) -> list[Problem]:
    from jsonschema import Draft202012Validator

    found = [each for error in Draft202012Validator(schema).iter_errors(value) for each in _problems(error, at)]
    return list(dict.fromkeys(found))


def _problems(error: Any, at: str) -> Iterator[Problem]:
    pointer = "/".join([at, *map(str, error.absolute_path)])
    limit, value = error.validator_value, error.instance
    if error.validator in ("maxLength", "minLength") and pointer.endswith("/text/text"):
        yield Problem(pointer.removesuffix("/text"), "failed to match all allowed schemas")
    match error.validator:
        case "required":
            yield from (Problem(pointer, f"missing required field: {name}") for name in limit if name not in value)
        case "additionalProperties":
            known = error.schema["properties"]
            yield from (Problem(pointer, f"invalid additional property: {name}") for name in value if name not in known)
        case "pattern" if pointer.endswith("/url"):
            yield Problem(pointer, "invalid url")
        case "enum" if pointer.endswith("/type"):
            yield Problem(pointer, f"unsupported type: {value}")
        case "maxItems":
            yield Problem(pointer, f"no more than {limit} items allowed")
        case "maxLength":
            yield Problem(pointer, f"must be less than {limit + 1} characters")
        case "minLength":
            yield Problem(pointer, f"must be more than {limit - 1} characters")
        case "type":
            yield Problem(pointer, f"must provide a{'n' if limit[0] in 'aeio' else ''} {limit}")
        case _:
            yield Problem(pointer, "failed to match all allowed schemas")


def with_ids(blocks: list[dict[str, Any]], *names: object) -> list[dict[str, Any]]:
    """The blocks with the ids that Slack gives those that have none."""

    def named(thing: dict[str, Any], key: str, *place: object) -> dict[str, Any]:
        return {key: stable_uuid(*names, *place)[:5]} | thing

    made = []
    for index, block in enumerate(blocks):
        block = named(block, "block_id", index)
        if block["type"] == "actions":
            block["elements"] = [named(each, "action_id", index, at) for at, each in enumerate(block["elements"])]
        elif "accessory" in block:
            block["accessory"] = named(block["accessory"], "action_id", index)
        made.append(block)
    return made
