"""One way in which an answer differs from the recorded one."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .values import shape_of


class Kind(StrEnum):
    """The kind of difference. `MISSING` is recorded but not simulated, `EXTRA` simulated but not recorded."""

    STATUS = "status"
    MISSING = "missing"
    EXTRA = "extra"
    CASING = "casing"
    TYPE = "type"
    VALUE = "value"
    LENGTH = "length"


@dataclass(frozen=True)
class Difference:
    """`where` is `status`, `header name`, or a path in the body such as `properties.subnets[].id`."""

    kind: Kind
    where: str
    recorded: str = ""
    simulated: str = ""

    def __str__(self) -> str:
        if self.kind in (Kind.MISSING, Kind.EXTRA):
            return f"{self.kind} {self.where}"
        label = self.where if self.kind in (Kind.STATUS, Kind.VALUE) else f"{self.where} ({self.kind})"
        return f"{label}: {self.recorded} → {self.simulated}" if self.recorded or self.simulated else label


_PLAIN = re.compile(r"[A-Za-z0-9 ._:;%-]{1,40}")


def shown(value: Any) -> str:
    """A value for a report: short plain words and numbers, never recorded content."""
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    if not isinstance(value, str) or not _PLAIN.fullmatch(value):
        return "…"
    shape = shape_of(value)
    return value if shape in (None, "number", "version") else f"({shape})"
