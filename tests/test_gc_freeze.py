"""What is loaded is kept from the garbage collector once a process."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from shared import gc_freeze


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gc_freeze, "_is_kept", False)


def test_it_is_kept_once(fresh: None) -> None:
    try:
        gc_freeze.freeze_loaded_modules()
        kept = gc.get_freeze_count()
        assert kept > 1000
        held = [[number] for number in range(1000)]
        gc_freeze.freeze_loaded_modules()
        assert gc.get_freeze_count() <= kept, "what came later is still collected"
        assert len(held) == 1000
    finally:
        gc.unfreeze()


def test_nothing_is_kept_by_importing_it() -> None:
    code = "import gc; before = gc.get_freeze_count(); import shared.gc_freeze; assert gc.get_freeze_count() == before"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
