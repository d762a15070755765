"""An assertion about all of nothing holds whatever is broken."""

from __future__ import annotations

from collections.abc import Iterable


def every(found: Iterable[object]) -> bool:
    """As ``all``, of at least one."""
    checked = list(found)
    return bool(checked) and all(checked)
