"""Results of queries, kept for their later pages.

Later pages show the result from when the query ran, and a large result is computed once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, Any]]
MOST_KEPT = 4


class Cursors:
    """The results of the last few queries that had more than a page, by query and caller."""

    def __init__(self) -> None:
        self._kept: OrderedDict[object, Rows] = OrderedDict()

    def keep(self, asked: object, rows: Rows) -> None:
        self._kept.pop(asked, None)
        self._kept[asked] = rows
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)

    def get(self, asked: object) -> Rows | None:
        return self._kept.get(asked)
