"""Microsoft.Network's refusals (`refusals.json`). The rules are in the module of each resource type."""

from __future__ import annotations

from pathlib import Path

from ...refusal import Refusal, declare_table

_TABLE = declare_table(Path(__file__).with_name("refusals.json"))


def __getattr__(name: str) -> Refusal:
    if name not in _TABLE:
        raise AttributeError(name)
    return _TABLE[name]
