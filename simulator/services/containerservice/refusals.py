"""Refusals of cluster updates, by AKS and by Resource Manager (`refusals.json`)."""

from __future__ import annotations

from pathlib import Path

from ...refusal import Refusal, declare_table

_TABLE = declare_table(Path(__file__).with_name("refusals.json"))


def __getattr__(name: str) -> Refusal:
    if name not in _TABLE:
        raise AttributeError(name)
    return _TABLE[name]
