"""Messages between the host and its worker processes, over a pipe."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True)
class HttpCall:
    method: str
    url: str
    headers: dict[str, str]
    query: dict[str, str]
    route_values: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class QueueCall:
    id: str
    body: bytes
    dequeue_count: int
    inserted_on: datetime | None
    expires_on: datetime | None
    next_visible_on: datetime | None
    pop_receipt: str


@dataclass(frozen=True)
class TimerCall:
    past_due: bool
    last: datetime | None
    next: datetime | None


Call = HttpCall | QueueCall | TimerCall


@dataclass(frozen=True)
class Begin:
    """Host to worker, once, first. `environment` is all that the process has."""

    app_folder: Path
    environment: dict[str, str]
    clock_file: Path
    longest_sleep: float


@dataclass(frozen=True)
class Invocation:
    """Host to worker: run this function."""

    id: str
    function: str
    call: Call


@dataclass(frozen=True)
class HttpAnswer:
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True)
class Outcome:
    """Worker to host: how it went."""

    id: str
    error: str | None = None
    """The traceback, if the function raised."""
    answer: HttpAnswer | None = None
    outputs: tuple[tuple[str, bytes], ...] = ()
    """Queue messages to send: the name of the output, and a body."""


@dataclass(frozen=True)
class Index:
    """Worker to host, once, first: the app's functions (name, bindings in the shape of function.json)."""

    functions: tuple[tuple[str, str], ...]
    """Of each, its name and its function.json as text."""


@dataclass(frozen=True)
class LoadError:
    """Worker to host, instead of an Index: the app could not be loaded."""

    error: str
