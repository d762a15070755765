"""The keys and content of the audit's rows."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from ..core.audit.chain import Line, Proof
from ..model.audit import AuditLine, ChainHead, DayRoot
from .codec import load
from .due_index import sortable
from .table import Row

LINE, HEAD, ROOT = "audit", "chain", "root"


def as_record(line: Line) -> AuditLine | None:
    """None: it can't be read."""
    try:
        return load(AuditLine, line.content.partition(" ")[2])
    except ValueError:
        return None


def row_of_line(line: AuditLine) -> Row:
    """Its key sorts by age."""
    return Row(f"{LINE}-{sortable(line.at)}-{line.id}", line, None, {"kind": "audit"})


def sequence_of(row: Any) -> int:
    """0: the line has no place in the chain."""
    found = row.get("sequence")
    return max(found, 0) if isinstance(found, int) and not isinstance(found, bool) else 0


def root_key(day: date) -> str:
    return f"{ROOT}-{day:%Y%m%d}"


def day_of(row: Any) -> str:
    return str(row["RowKey"]).split("-")[1]


@dataclass(frozen=True, slots=True)
class ProvenHead:
    head: ChainHead
    proof: Proof
    etag: str


@dataclass(frozen=True, slots=True)
class ProvenRoot:
    day: str  # by its rows' keys
    root: DayRoot | None  # None: a row can't be read
    proof: Proof
