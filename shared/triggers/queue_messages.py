"""Queue messages hold a schema number and the keys of table rows, never the data itself."""

import json
import re
from typing import TypedDict

from ..errors import BadInput
from ..model.text import verbatim

SCHEMA = 1
_KEY = re.compile(r"[0-9a-z]{1,64}")


class QueueBinding(TypedDict):
    queue_name: str
    connection: str


def queue(name: str) -> QueueBinding:
    """The arguments of a queue binding."""
    return {"queue_name": f"%QUEUE_PREFIX%-{name}", "connection": "AzureWebJobsStorage"}


def message(**keys: str) -> str:
    """Such as ``message(partition=…, change=…)``."""
    return json.dumps({"schema": SCHEMA, **keys})


def read_message(body: bytes, *names: str) -> tuple[str, ...]:
    """The named keys. Raises BadInput, without quoting the message, if this app did not write it."""
    try:
        found = json.loads(body)
        values = tuple(found[name] for name in names)
    except (ValueError, KeyError, TypeError):
        raise BadInput(verbatim(f"a queue message does not hold {' and '.join(names)}")) from None
    if found.get("schema") != SCHEMA or not all(isinstance(key, str) and _KEY.fullmatch(key) for key in values):
        raise BadInput(verbatim(f"a queue message has another schema than {SCHEMA}, or keys that cannot be keys"))
    return values
