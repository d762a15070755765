"""Queue messages: hints to look somewhere, never facts. They carry a key and a schema number."""

from __future__ import annotations

import json
import re

from ..errors import BadInput

SCHEMA = 1
_KEY = re.compile(r"[0-9a-z]{1,64}")


def deliver_message(partition: str) -> str:
    return json.dumps({"schema": SCHEMA, "partition": partition})


def advance_message(partition: str, change_id: str) -> str:
    return json.dumps({"schema": SCHEMA, "partition": partition, "change": change_id})


def offer_message(partition: str, incident_id: str) -> str:
    return json.dumps({"schema": SCHEMA, "partition": partition, "incident": incident_id})


def measure_message(part: str, tick: str) -> str:
    return json.dumps({"schema": SCHEMA, "part": part, "tick": tick})


def read_message(body: bytes, *names: str) -> tuple[str, ...]:
    """The named keys. Raises BadInput, without the body in the message, when it is no hint that this app wrote."""
    try:
        hint = json.loads(body)
        values = tuple(hint[name] for name in names)
    except (ValueError, KeyError, TypeError):
        raise BadInput(f"a queue message is not a hint with {' and '.join(names)}") from None
    if hint.get("schema") != SCHEMA or not all(isinstance(value, str) and _KEY.fullmatch(value) for value in values):
        raise BadInput(f"a queue message has another schema than {SCHEMA}, or keys that are none")
    return values
