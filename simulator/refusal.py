"""Refusals of the simulated services, declared once: the same object is raised and documented.

Every refusal of a write, and of what Resource Manager checks before it, is raised from its declaration,
and every declaration is in the published table (`python -m simulator.refusal_table` prints it). Where no
recording, document or public report shows Azure's code or status, the table says that it is assumed;
no client should depend on that part.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import AksError, ArmError, ServiceError

DECLARED: list[Refusal] = []


@dataclass(frozen=True)
class Refusal:
    """An error answer of a service."""

    status: int
    code: str
    when: str
    """The condition, as a clause."""
    source: str
    """The public document, recording or report that shows it, or the reason to believe it."""
    detail: str = ""
    """The code in `details[0]`, where clients decide by that."""
    assumed: str = ""
    """The part of the answer that nobody has shown ("code", "status", ...); empty when none."""
    aks: bool = False

    def error(
        self,
        message: str,
        *,
        details: Sequence[Mapping[str, Any]] | None = (),
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> ServiceError:
        """The answer as an exception."""
        if self.aks:
            return AksError(self.status, self.code, message, headers=headers)
        if self.detail and not details:
            details = [{"code": self.detail, "message": message}]
        return ArmError(self.status, self.code, message, details=details, headers=headers, extra=extra)


def declare(status: int, code: str, when: str, source: str, **more: Any) -> Refusal:
    """Declare a refusal and add it to the table. Refusals with the same code need different conditions."""
    made = Refusal(status, code, when, source, **more)
    if any((other.code, other.when) == (code, when) for other in DECLARED):
        raise ValueError(f"refusal {code} is declared twice for: {when}")
    DECLARED.append(made)
    return made


def declare_table(path: Path) -> dict[str, Refusal]:
    """The refusals of a JSON file, by the names that code has for them, entered in the table."""
    return {name: declare(**entry) for name, entry in json.loads(path.read_text("utf-8")).items()}
