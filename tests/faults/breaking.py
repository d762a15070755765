"""Breaking one HTTP call of this process: every call to Azure and to storage passes here and is counted.

All clients of the app send through ``requests``, so this is the lowest place that they share.
"""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import requests

from shared.store.due_index import DueIndex, Key

Send = Callable[[], requests.Response]
OUTAGE_SECONDS = 20 * 60


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP call. ``kind`` is what it is to, such as ``PUT subnets`` or ``storage commit``."""

    number: int
    kind: str

    @property
    def is_storage(self) -> bool:
        return self.kind.startswith("storage")

    @property
    def is_write(self) -> bool:
        return self.kind.startswith(("PUT ", "DELETE ")) or self.kind in ("storage commit", "storage write")


def kind_of(method: str, url: str) -> str:
    path = unquote(urlsplit(url).path)
    if "/devstoreaccount1" in path:
        return f"storage {_storage_kind(method, path)}"
    if path.startswith("/msi/"):
        return "token"
    types = re.findall(r"/([A-Za-z]+)(?:/[^/]+)?", path.partition("/providers/Microsoft.")[2].partition("/")[2])
    if "/Microsoft.Insights/metrics" in path:
        return f"{method} metrics"
    return f"{method} {_resource_type(path) or (types[-1] if types else path)}"


def _storage_kind(method: str, path: str) -> str:
    if path.endswith("/$batch"):
        return "commit"
    if path.endswith("/Tables"):
        return "table"
    if method == "GET":
        return "query" if path.endswith("()") else "read"
    return "write"


def _resource_type(path: str) -> str:
    parts = path.rpartition("/providers/")[2].split("/")
    types = parts[1::2]
    return types[-1] if types else ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What happens at one call. ``answer`` is sent back in its place; ``raised`` before or after it had its effect."""

    name: str
    kill: str = ""  # before or after
    raised: str = ""  # before or after
    answer: tuple[int, Mapping[str, str], Any] | None = None
    operation: Mapping[str, Any] | None = None
    times: int = 1
    outage: bool = False


class WrongCall(BaseException):
    """No code under test may take this for trouble of its own."""


class Breaker:
    """Strikes at the call with this number. ``seconds_now`` is domain time, for outages.

    Raises WrongCall in the process's own code when that call is another than expected: the cell would prove nothing.
    """

    def __init__(
        self,
        at: Call,
        trouble: Trouble | None,
        add_fault: Callable[[Mapping[str, Any]], None],
        seconds_now: Callable[[], float],
    ) -> None:
        self.calls: list[Call] = []
        self._at = at
        self._trouble = trouble
        self._add_fault = add_fault
        self._seconds_now = seconds_now
        self._left = trouble.times if trouble else 0
        self._down_until: float | None = None
        self._is_storage = False
        self._is_paused = False

    @property
    def has_struck(self) -> bool:
        """As often as it should. Azure may still be down."""
        return self._trouble is not None and self._left == 0

    @property
    def is_over(self) -> bool:
        """Whether what was to go wrong has gone wrong, all of it."""
        is_up = self._down_until is None or self._seconds_now() >= self._down_until
        return self.has_struck and is_up

    def install(self) -> None:
        """From now on, for the rest of this process."""
        send = requests.Session.send

        def broken(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
            return self._call(request, lambda: send(session, request, **options))

        requests.Session.send = broken  # type: ignore[method-assign, assignment]
        # Which entries the index of what is due doubts depends on wall time: its calls have no fixed number.
        find_due = DueIndex.due

        def uncounted(index: DueIndex, prefixes: tuple[str, ...], at: datetime, most: int) -> tuple[Key, ...]:
            self._is_paused = True
            try:
                return find_due(index, prefixes, at, most)
            finally:
                self._is_paused = False

        DueIndex.due = uncounted  # type: ignore[method-assign, assignment]

    def _call(self, request: requests.PreparedRequest, send: Send) -> requests.Response:
        if self._is_paused:
            return send()
        call = Call(len(self.calls) + 1, kind_of(request.method or "", request.url or ""))
        self.calls.append(call)
        trouble = self._trouble
        if trouble is None or call.number < self._at.number:
            return send()
        if call.number == self._at.number and call.kind != self._at.kind:
            raise WrongCall(f"call {call.number} was {call.kind}, not {self._at.kind}")
        if self._down_until is not None:
            if not call.is_storage and self._seconds_now() < self._down_until:
                raise requests.ConnectionError("Azure is down")
            return send()
        # What was broken once and is repeated is broken again, until `times` are used up.
        if self._left == 0 or (call.number > self._at.number and call.is_storage != self._is_storage):
            return send()
        self._left -= 1
        self._is_storage = call.is_storage
        return self._strike(trouble, request, send)

    def _strike(self, trouble: Trouble, request: requests.PreparedRequest, send: Send) -> requests.Response:
        if trouble.kill == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        if trouble.kill == "after":
            send()
            os.kill(os.getpid(), signal.SIGKILL)
        if trouble.outage:
            self._down_until = self._seconds_now() + OUTAGE_SECONDS
            raise requests.ConnectionError("Azure is down")
        if trouble.raised == "after":
            send()
        if trouble.raised:
            raise requests.ReadTimeout("no answer")
        if trouble.operation is not None:
            match = {"method": request.method, "path": re.escape(urlsplit(request.url or "").path)}
            self._add_fault({"match": match, "times": 1, "then": {"operation": trouble.operation}})
            return send()
        assert trouble.answer is not None
        return _answer(request, *trouble.answer)


def _answer(request: requests.PreparedRequest, status: int, headers: Mapping[str, str], body: Any) -> requests.Response:
    import io

    from urllib3 import HTTPResponse

    content = json.dumps(body).encode()
    response = requests.Response()
    response.status_code = status
    response.reason = "Broken"
    response.headers.update({"Content-Type": "application/json", "Content-Length": str(len(content)), **headers})
    response.raw = HTTPResponse(io.BytesIO(content), status=status, headers=response.headers, preload_content=False)
    response.request = request
    response.url = request.url or ""
    return response
