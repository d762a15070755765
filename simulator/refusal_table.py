"""The published table of all that the simulated services refuse (`python -m simulator.refusal_table` prints it)."""

from __future__ import annotations

from . import app  # noqa: F401  # loads every service, which declares its refusals
from .refusal import DECLARED, Refusal


def declared() -> list[Refusal]:
    """All refusals, by code."""
    return sorted(DECLARED, key=lambda refusal: (refusal.code.lower(), refusal.when))


def table() -> str:
    """The published page, in Markdown."""
    lines = [
        "# What the simulator refuses",
        "",
        "Generated from the code by `python -m simulator.refusal_table`; a test keeps it in step.",
        "",
        "Each refusal is what Azure was recorded or documented to answer, or what somebody reported in public.",
        "Where the last column names a part of the answer, that part is **assumed**: nobody has shown it, so a",
        "client must not depend on it.",
        "",
        "| Status | Code | When | Source | Assumed |",
        "| --- | --- | --- | --- | --- |",
    ]
    for refusal in declared():
        code = f"`{refusal.code}`" + (f" / `{refusal.detail}`" if refusal.detail else "")
        assumed = f"*{refusal.assumed}*" if refusal.assumed else ""
        lines.append(f"| {refusal.status} | {code} | {refusal.when} | {refusal.source} | {assumed} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(), end="")
