"""What the simulated services refuse, declared once: the same object is raised and documented.

Every refusal of a write, and of what Resource Manager checks before it, is raised from its declaration,
and every declaration is in the published table (`python -m simulator.refusal` prints it). Where no
recording, document or public report shows Azure's code or status, the table says that it is assumed;
no client should depend on that part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import AksError, ArmError, ServiceError

RECORDED = "recorded traffic"
_DECLARED: list[Refusal] = []


@dataclass(frozen=True)
class Refusal:
    """An answer that says no.

    detail: the code in `details[0]`, where that is the telling one.
    when: what makes the service say so, as a clause.
    source: the public document, recording or report that shows it, or why it is believed.
    assumed: which part of the answer nobody has shown ("code", "status", ...); empty when none.
    """

    status: int
    code: str
    when: str
    source: str
    detail: str = ""
    assumed: str = ""
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
    """A refusal, entered in the table. Two with the same code must say when each is meant."""
    made = Refusal(status, code, when, source, **more)
    if any((each.code, each.when) == (code, when) for each in _DECLARED):
        raise ValueError(f"refusal {code} is declared twice for: {when}")
    _DECLARED.append(made)
    return made


def declared() -> list[Refusal]:
    """All refusals, by code."""
    from . import app  # noqa: F401  # loads every service, which declares its refusals

    return sorted(_DECLARED, key=lambda each: (each.code.lower(), each.when))


def table() -> str:
    """The published page, in Markdown."""
    lines = [
        "# What the simulator refuses",
        "",
        "Generated from the code by `python -m simulator.refusal`; a test keeps it in step.",
        "",
        "Each refusal is what Azure was recorded or documented to answer, or what somebody reported in public.",
        "Where the last column names a part of the answer, that part is **assumed**: nobody has shown it, so a",
        "client must not depend on it.",
        "",
        "| Status | Code | When | Source | Assumed |",
        "| --- | --- | --- | --- | --- |",
    ]
    for each in declared():
        code = f"`{each.code}`" + (f" / `{each.detail}`" if each.detail else "")
        assumed = f"*{each.assumed}*" if each.assumed else ""
        lines.append(f"| {each.status} | {code} | {each.when} | {each.source} | {assumed} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    from simulator.refusal import table as published  # the module that the services declare in

    print(published(), end="")
