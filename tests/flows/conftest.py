"""The storage that flows remember with: a table of its own for each test."""

from __future__ import annotations

from tests.store.conftest import records, signs, tables

__all__ = ["records", "signs", "tables"]
